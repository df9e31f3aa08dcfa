"""Ridge logistic regressions of many codes at once, over rows that they share.

All codes take each step together, so that the work is a few products of large matrices: L-BFGS with a history, a scale
and a step length for each code, preconditioned by the curvature along each axis. Source: Nocedal & Wright, Numerical
Optimization, 7.2.
"""

from dataclasses import dataclass

import numpy as np

from models.evidence import Floats, Integers

TOLERANCE = 1e-3  # of the gradient of a summed loss: far below what one row adds
STEPS, MEMORY, HALVINGS = 200, 6, 30
ROUNDING = 1e-6  # of a loss: products of matrices are made in single precision, twice as fast
Made = tuple[Floats, Floats, Floats]  # weights, their loss and its gradient


@dataclass(frozen=True)
class Problem:
    """n rows that c codes share, and what is each code's own.

    vectors: (n, d) float32, best along the axes in which they vary. own: (k, n, c) features of each code's own.
    yes, no: (n, c) weights; 0 and 0 is no row for that code. strength: of which |w|^2 / (2 strength) is the penalty.
    """

    vectors: Floats
    own: Floats
    yes: Floats
    no: Floats
    strength: float

    def loss(self, found: Floats) -> tuple[Floats, Floats]:
        """(c,) penalised log-loss and its gradient (d + k + 1, c) at weights of that shape, the intercept last."""
        width = self.vectors.shape[1]
        logits = self.vectors @ found[:width].astype(np.float32) + found[-1]
        logits += np.einsum("knc,kc->nc", self.own, found[width:-1])
        small = np.exp(-np.abs(logits))
        worst = np.maximum(logits, 0) + np.log1p(small)  # log(1 + exp(logit)), without overflow
        loss = ((self.yes + self.no) * worst - self.yes * logits).sum(axis=0)
        off = (self.yes + self.no) * np.where(logits >= 0, 1, small) / (1 + small) - self.yes
        shared = self.vectors.T @ off.astype(np.float32)
        slope = np.concatenate([shared, np.einsum("knc,nc->kc", self.own, off), off.sum(axis=0)[None]])
        slope[:-1] += found[:-1] / self.strength
        return loss + (found[:-1] ** 2).sum(axis=0) / (2 * self.strength), slope

    def odds(self) -> Floats:
        """(c,) the smoothed share of yes."""
        yes, no = self.yes.sum(axis=0) + 0.5, self.no.sum(axis=0) + 0.5
        return np.asarray(yes / (yes + no))

    def curvature(self) -> Floats:
        """(d + k + 1, c) roughly the second derivative along each axis, where nothing is known but the odds."""
        rows = self.yes + self.no
        spread = self.odds() * (1 - self.odds())
        shared = (self.vectors**2).sum(axis=0)[:, None] * rows.mean(axis=0)
        own = np.einsum("knc,nc->kc", self.own**2, rows)
        return np.concatenate([spread * np.concatenate([shared, own]) + 1 / self.strength, spread * rows.sum(0)[None]])


def solve(problem: Problem) -> Floats:
    """(d + k + 1, c) the weights of least penalised loss, the intercept last.

    A code whose rows are all of one kind has no weights, and its smoothed log-odds for an intercept.
    """
    odds = problem.odds()
    found = np.zeros((problem.vectors.shape[1] + len(problem.own) + 1, len(odds)))
    found[-1] = np.log(odds / (1 - odds))
    open_ = np.flatnonzero(problem.yes.any(axis=0) & problem.no.any(axis=0))
    if len(open_):
        found[:, open_] = _descended(_of(problem, open_), found[:, open_])
    return found


def _of(problem: Problem, codes: Integers) -> Problem:
    return Problem(
        problem.vectors, problem.own[:, :, codes], problem.yes[:, codes], problem.no[:, codes], problem.strength
    )


def _descended(problem: Problem, found: Floats) -> Floats:
    history = _History(problem.curvature())
    loss, slope = problem.loss(found)
    for _ in range(STEPS):
        if (np.abs(slope) < TOLERANCE).all():
            break
        step = history.step(slope)
        moved = found - step
        lower, turned = problem.loss(moved)
        _shorten(problem, found, loss, step, (step * slope).sum(axis=0), (moved, lower, turned))
        history.add(moved - found, turned - slope)
        found, loss, slope = moved, lower, turned
    return found


def _shorten(problem: Problem, found: Floats, loss: Floats, step: Floats, gain: Floats, made: Made) -> None:
    """Halve the steps of the codes whose loss fell by too little of what the slope promised; `made` is put right."""
    moved, lower, turned = made
    codes, length = np.arange(len(loss)), 1.0
    for _ in range(HALVINGS):
        codes = codes[lower[codes] > (loss - 1e-4 * length * gain + ROUNDING * np.abs(loss))[codes]]
        if not len(codes):
            return
        length /= 2
        moved[:, codes] = found[:, codes] - length * step[:, codes]
        lower[codes], turned[:, codes] = _of(problem, codes).loss(moved[:, codes])


class _History:
    """What the last steps told of the curvature, code by code."""

    def __init__(self, curvature: Floats) -> None:
        self.curvature = curvature
        self.steps: list[tuple[Floats, Floats, Floats]] = []

    def add(self, step: Floats, turn: Floats) -> None:
        along = (step * turn).sum(axis=0)
        self.steps.append((step, turn, np.where(along > 1e-14, 1 / np.maximum(along, 1e-14), 0)))
        del self.steps[:-MEMORY]

    def step(self, slope: Floats) -> Floats:
        """(d + k + 1, c) to be subtracted."""
        left, shares = slope.copy(), []
        for step, turn, inverse in reversed(self.steps):
            shares.append(inverse * (step * left).sum(axis=0))
            left -= shares[-1] * turn
        left /= self.curvature
        if self.steps:
            _, turn, inverse = self.steps[-1]
            scale = inverse * (turn**2 / self.curvature).sum(axis=0)
            left *= np.where(scale > 0, 1 / np.where(scale > 0, scale, 1), 1)
        for (step, turn, inverse), share in zip(self.steps, reversed(shares), strict=True):
            left += (share - inverse * (turn * left).sum(axis=0)) * step
        return left

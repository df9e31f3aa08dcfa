"""How much an adapted encoder counts beside what is learned without it: as it wins out of fold."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.classifier import sigmoid
from models.evidence import Evidence, Flags, Floats

CHANCE, DOUBT = 3.0, 1.0  # log-likelihood that noise seldom wins
STEPS, LONGEST, RIDGE = 30, 1.0, 0.1  # of Newton's method; the ridge keeps it finite where all can be told apart


class Deep(Protocol):
    """What an adapted encoder says of passages, as logits (n, c), c codes in order; nan for a code it did not learn."""

    @property
    def fingerprint(self) -> str:
        """Differs for any two that say different things."""

    def logits(self, evidence: Evidence) -> Floats:
        """Of any passages."""

    def held(self, evidence: Evidence) -> Floats:
        """Of passages that people decided on: nothing of their documents was seen by what says it."""


@dataclass(frozen=True)
class Mix:
    """share: (c,) from 0 to 1, of the adapted encoder in each code's logit."""

    share: Floats

    def of(self, ordinary: Floats, deep: Floats) -> Floats:
        """(n, c) logits out of both; a code in which it has no share keeps its own, to the last bit."""
        return np.where(self.share > 0, ordinary + self.share * (np.nan_to_num(deep) - ordinary), ordinary)


def mixed(ordinary: Floats, deep: Floats, labels: Floats) -> Mix:
    """The mix for logits that were made out of fold, all three (n, c); labels nan for none.

    One share for all codes, since a code's own decisions are too few to tell: that of a logistic regression on both
    logits, in which each code has its own intercept. It is 0 where the second logit explains no more than chance
    would, and for a code of which it explains less.
    """
    known = ~np.isnan(labels) & ~np.isnan(deep)
    target, said = np.nan_to_num(labels), np.nan_to_num(deep)
    share = np.zeros(labels.shape[1])
    there = np.flatnonzero((target * known).any(axis=0))
    both, without = (
        _stacked(np.stack(kinds)[:, :, there], target[:, there], known[:, there])
        for kinds in ((ordinary, said), (ordinary,))
    )
    gain = both.likelihood - without.likelihood
    if both.weights[-1] <= 0 or gain.sum() < CHANCE:
        return Mix(share)
    share[there[gain > -DOUBT]] = both.weights[-1] / both.weights.clip(min=0).sum()
    return Mix(share)


def average_precision(yes: Flags, scores: Floats) -> float:
    """Mean, over the yeses, of the share of yeses among all that score as high; nan without a yes."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.searchsorted(-ranked, -ranked, side="right")  # equal scores come together
    share = np.cumsum(yes[order])[last - 1] / last
    return float(share[yes[order]].mean()) if yes.any() else float("nan")


@dataclass(frozen=True)
class _Stack:
    """weights: (k,). likelihood: (c,) logarithms."""

    weights: Floats
    likelihood: Floats


def _stacked(logits: Floats, target: Floats, known: Flags) -> _Stack:
    """Weights (k,) of logits (k, n, c), the same for all codes, by Newton's method."""
    weights, intercept = np.full(len(logits), 1 / len(logits)), np.zeros(target.shape[1])
    for _ in range(STEPS):
        found = sigmoid(np.tensordot(weights, logits, 1) + intercept)
        off, curve = (found - target) * known, found * (1 - found) * known
        slope = np.concatenate([(logits * off).sum(axis=(1, 2)) + RIDGE * weights, off.sum(axis=0)])
        cross = (logits * curve).sum(axis=1)
        among = np.einsum("inc,jnc,nc->ij", logits, logits, curve)
        second = np.block([[among, cross], [cross.T, np.diag(curve.sum(axis=0))]]) + RIDGE * np.eye(len(slope))
        step = np.linalg.solve(second, slope)
        step /= max(1, np.abs(step).max() / LONGEST)
        weights, intercept = weights - step[: len(weights)], intercept - step[len(weights) :]
    total = np.tensordot(weights, logits, 1) + intercept
    return _Stack(weights, ((target * total - np.logaddexp(0, total)) * known).sum(axis=0))

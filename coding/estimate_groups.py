"""Several estimates beside each other: together, one less the other, and whether they differ by more than chance.

Intervals of sums and differences are made of the intervals of the parts (MOVER). Source: Zou and Donner, Construction
of confidence limits about effect measures, Stat. Med. 27 (2008) 1693-1702; for two shares it is method 10 of Newcombe,
Interval estimation for the difference between independent proportions, Stat. Med. 17 (1998) 873-890.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, hypot, inf
from typing import Protocol

import numpy as np
import numpy.typing as npt

from coding.estimate import ALIKE, LEVEL, Floats, Share, wilson

ROUNDS = 9999


class Estimate(Protocol):
    """Anything with an interval: a share, a count, a difference."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """Its lower bound."""

    @property
    def high(self) -> float:
        """Its upper bound."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many passages, with the interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """One share less another, -1 to 1, with the interval."""

    value: float
    low: float
    high: float


def within(known_yes: float, known_open: float, rest: Share, covered: float) -> Count:
    """How many passages of those covered: what people are known to have said, and the estimated rest.

    known_yes: sum of agreed yeses outside the rest. known_open: passages there that coders differ about, half a yes
    each, and none or all of them at the bounds. covered: passages in all, which the count cannot exceed.
    """
    value = known_yes + known_open / 2 + rest.size * rest.value
    low, high = known_yes + rest.size * rest.low, known_yes + known_open + rest.size * rest.high
    return Count(min(value, covered), min(low, covered), min(high, covered))


def whole(count: Count) -> Count:
    """The same with bounds that are whole passages, rounded outward: no truth lies between two of them."""
    return Count(count.value, floor(count.low + ALIKE), ceil(count.high - ALIKE))


def by_design(drawn: Sequence[tuple[float, int]]) -> list[float]:
    """Weights, of sum 1, of several audits of one population; drawn: of each, passages drawn and passages in its frame.

    They are fixed by the plan and not by what was found. Where an audit read all of its frame, only such count.
    """
    errors = [0.0 if n == size else size**2 * (1 / n - 1 / size) if n else inf for n, size in drawn]
    if 0 in errors:
        return [(error == 0) / errors.count(0) for error in errors]
    total = sum(1 / error for error in errors)
    return [1 / error / total if total else 1 / len(errors) for error in errors]


def combined(estimates: Sequence[Share], weights: Sequence[float]) -> Share:
    """Several uncorrelated estimates of one share of one population, as one.

    weights: of sum 1, chosen before anything was read. ValueError where the populations are not of one size.
    """
    (size,) = {one.size for one in estimates}
    pairs = [(one, w) for one, w in zip(estimates, weights, strict=True) if w > 0]
    noise = sum(w * w / one.effective if one.effective else inf for one, w in pairs)
    value, low, high = (min(bound, 1.0) for bound in _together(estimates, weights))
    return Share(
        value,
        low,
        high,
        n=sum(one.n for one in estimates),
        positives=sum(one.positives for one in estimates),
        size=size,
        weight=sum(w * one.weight for one, w in pairs),
        variance=sum(w * w * one.variance for one, w in pairs),
        effective=1 / noise if noise else inf,
        method="combined",
        few=all(one.few for one in estimates),
    )


def combined_counts(counts: Sequence[Count], weights: Sequence[float]) -> Count:
    """The same of counts, which may each have people's known answers beside an audit of their own."""
    return Count(*_together(counts, weights))


def _together(estimates: Sequence[Estimate], weights: Sequence[float]) -> tuple[float, float, float]:
    pairs = list(zip(estimates, weights, strict=True))
    value = sum(w * one.value for one, w in pairs)
    low = value - hypot(*(w * (one.value - one.low) for one, w in pairs))
    return value, max(0.0, low), value + hypot(*(w * (one.high - one.value) for one, w in pairs))


def at_least(parts: Sequence[tuple[float, Share]], level: float = LEVEL) -> float:
    """The lower bound of a sum of shares, each so many times: Wilson's, of as many readings as have its variance.

    For sums of many shares of few yeses each: the bounds of these are nearer than twice their error, since no share is
    below 0, and so would the bound be that is put together of them.
    """
    counted = sum(times * share.value for times, share in parts)
    size = sum(times for times, share in parts if share.effective < inf)
    sure = sum(times * share.value for times, share in parts if share.effective == inf)
    variances = (times**2 * share.value * (1 - share.value) / (share.effective or ALIKE) for times, share in parts)
    variance, value = sum(variances), (counted - sure) / size if size else 0.0
    if not variance or not 0 < value < 1:
        return counted
    return sure + size * wilson(value, value * (1 - value) * size**2 / variance, level)[0]


def difference(one: Estimate, other: Estimate) -> Difference:
    """One less the other, of samples that have nothing in common."""
    value = one.value - other.value
    low = value - hypot(one.value - one.low, other.high - other.value)
    high = value + hypot(one.high - one.value, other.value - other.low)
    return Difference(value, low, high)


def joint(level: float, several: int) -> float:
    """The level at which each of several intervals is made, so that all hold at once at this level (Bonferroni)."""
    return 1 - (1 - level) / max(several, 1)


def holm(p: Sequence[float]) -> list[float]:
    """Each p, so that one below 0.05 is below it among all of them.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6 (1979) 65-70.
    """
    order = sorted(range(len(p)), key=p.__getitem__)
    adjusted, last = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        last = adjusted[at] = min(1.0, max(last, (len(p) - rank) * p[at]))
    return adjusted


def error_differs(residuals: Floats, groups: npt.NDArray[np.int64], seed: int, rounds: int = ROUNDS) -> float:
    """p of the hypothesis that what people said less the score has one mean in all groups, by permutation.

    residuals: (n,), y - f. groups: (n,), of each, from 0. 1 where there is nothing to compare. Where a small group has
    far more yeses than the others it is somewhat too small. Source: Chung and Romano, Exact and asymptotically
    robust permutation tests, Ann. Stat. 41 (2013) 484-507, with one residual of all added to each group's variance.
    """
    rng = np.random.default_rng(seed)
    members = np.eye(int(groups.max(initial=0)) + 1)[groups]
    members = members[:, members.any(axis=0)]
    if members.shape[1] < 2 or np.ptp(residuals) == 0:
        return 1.0
    least = _apart(residuals[None], members)[0] * (1 - 1e-9)
    found, block = 0, max(1, 2_000_000 // len(residuals))
    for start in range(0, rounds, block):
        shuffled = rng.permuted(np.tile(residuals, (min(block, rounds - start), 1)), axis=1)
        found += int((_apart(shuffled, members) >= least).sum())
    return (found + 1) / (rounds + 1)


def _apart(residuals: Floats, members: Floats) -> Floats:
    """(rounds,): how far apart the groups' means are, each by its own variance (Welch), of residuals (rounds, n)."""
    n = members.sum(axis=0)
    means = residuals @ members / n
    spread = np.maximum(residuals**2 @ members / n - means**2, 0) * n
    weight = n * n / (spread + residuals.var(axis=1, keepdims=True))
    middle = (weight * means).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    return np.asarray((weight * (means - middle) ** 2).sum(axis=1))

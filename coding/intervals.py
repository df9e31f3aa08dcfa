"""How sure agreement is: documents are drawn again and again, and the measures taken of each draw.

What people say in one document hangs together, so documents are drawn and not passages. Percentile intervals; Source:
Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13, and Field and Welsh, J. R. Stat. Soc. B 69 (2007)
369-390, for whole clusters. Below some twenty documents they are a little short: of 8, about 90 % hold the truth.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coding.agreement import (
    BY_PERCENT,
    BY_POSITIVE,
    MISSING,
    UNREAD,
    Floats,
    Labels,
    Measure,
    Undefined,
    by_ac1,
    by_alpha,
    by_kappa,
    masi,
    read,
    table,
)

DRAWS = 1000
BOUNDS = (2.5, 97.5)  # per cent of the draws below each bound
POSITIVES = 5  # passages with a yes, without which there is no interval
DOCUMENTS = 8  # documents, without which there is none
LOST = 0.05  # share of the draws in which a measure may be undefined and still have an interval
BY_ALPHA = by_alpha(1 - np.eye(2))
MEASURES = {
    "alpha": BY_ALPHA,
    "kappa": by_kappa(),
    "positive": BY_POSITIVE,
    "percent": BY_PERCENT,
    "ac1": by_ac1(),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the bounds that 95 % of the draws of documents lie between."""

    value: float | Undefined
    interval: tuple[float, float] | Undefined


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is said of one code.

    passages: read by two coders or more. documents: that those are in. positives: of the passages, those with a yes.
    prevalence: share of yes among the decisions in them.
    """

    passages: int
    documents: int
    positives: int
    prevalence: float | Undefined
    alpha: Estimate
    kappa: Estimate
    positive: Estimate
    percent: Estimate
    ac1: Estimate


def resampled(documents: int, seed: int, draws: int = DRAWS) -> Floats:
    """(draws, documents): how often each document comes when as many are drawn with replacement."""
    rng = np.random.default_rng(seed)
    rows = [np.bincount(rng.integers(documents, size=documents), minlength=documents) for _ in range(draws)]
    return np.array(rows, dtype=np.float64)


def agreement(labels: npt.ArrayLike, documents: npt.ArrayLike, draws: Floats) -> Agreement:
    """Everything about one code, with intervals.

    labels: (passages, coders), 1, 0 and MISSING. documents: (passages,), of each passage the column of `draws`.
    """
    said, where = _of_two(labels, documents)
    return Agreement(
        passages=len(said),
        documents=len(np.unique(where)),
        positives=int((said == 1).any(axis=1).sum()),
        prevalence=float((said == 1).sum() / (said != MISSING).sum()) if len(said) else Undefined(UNREAD),
        **{name: _estimate(measure, said, where, draws) for name, measure in MEASURES.items()},
    )


def mean_alpha(codes: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]], draws: Floats) -> tuple[Estimate, int]:
    """The mean of alpha over codes, each (labels, documents) as `agreement` takes them; and of how many codes.

    Codes whose alpha is undefined are left out; in a draw, those whose alpha is undefined in it.
    """
    tables = [_of_two(labels, documents) for labels, documents in codes]
    known = [(said, where, value) for said, where in tables if isinstance(value := BY_ALPHA.of(said), float)]
    if not known:
        none = Undefined("alpha is defined for none of the codes")
        return Estimate(none, none), 0
    mean = float(np.mean([value for _, _, value in known]))
    if few := next((why for said, where, _ in known if (why := _too_few(said, where))), ""):
        return Estimate(mean, Undefined(f"{few} of one of the codes")), len(known)
    drawn = np.stack([_drawn(BY_ALPHA, said, where, draws) for said, where, _ in known])
    defined = ~np.isnan(drawn)
    with np.errstate(invalid="ignore"):
        means = np.where(defined, drawn, 0.0).sum(axis=0) / defined.sum(axis=0)
    return Estimate(mean, _between(means)), len(known)


def set_alpha(
    sets: Sequence[Sequence[AbstractSet[str] | None]], documents: npt.ArrayLike, draws: Floats
) -> tuple[Estimate, int]:
    """Krippendorff's alpha over sets of codes with MASI distance; and how many passages two coders have read.

    sets: of each passage one set a coder, empty for no code, None for one who did not read it.
    """
    numbers: dict[AbstractSet[str], int] = {frozenset(): 0}
    rows = [[MISSING if s is None else numbers.setdefault(frozenset(s), len(numbers)) for s in row] for row in sets]
    said, where = _of_two(rows, documents)
    return _estimate(by_alpha(masi(list(numbers))), said, where, draws), len(said)


def _of_two(labels: npt.ArrayLike, documents: npt.ArrayLike) -> tuple[Labels, Labels]:
    """The passages that two coders have read, and their documents."""
    said, where = table(labels), np.asarray(documents, dtype=np.int64)
    both = read(said)
    return said[both], where[both]


def _drawn(measure: Measure, labels: Labels, documents: Labels, draws: Floats) -> Floats:
    """(draws,): the measure in each draw of documents, nan where it is undefined there."""
    terms = measure.terms(labels)
    sums = np.zeros((draws.shape[1], terms.shape[1]))
    np.add.at(sums, documents, terms)
    return measure.over(draws @ sums)


def _estimate(measure: Measure, labels: Labels, documents: Labels, draws: Floats) -> Estimate:
    value = measure.of(labels)
    if isinstance(value, Undefined):
        return Estimate(value, value)
    if few := _too_few(labels, documents):
        return Estimate(value, Undefined(few))
    return Estimate(value, _between(_drawn(measure, labels, documents, draws)))


def _too_few(labels: Labels, documents: Labels) -> str:
    """What there is too little of for an interval, "" where there is enough."""
    if (labels > 0).any(axis=1).sum() < POSITIVES:
        return f"fewer than {POSITIVES} positives"
    if labels.max(initial=0) == 1 and (labels == 0).any(axis=1).sum() < POSITIVES:
        return f"fewer than {POSITIVES} negatives"
    return f"fewer than {DOCUMENTS} documents" * (len(np.unique(documents)) < DOCUMENTS)


def _between(drawn: Floats) -> tuple[float, float] | Undefined:
    """The bounds that 95 % of the draws lie between."""
    known = drawn[~np.isnan(drawn)]
    if len(known) < (1 - LOST) * len(drawn):
        return Undefined("in too many draws of the documents there is no such number")
    low, high = map(float, np.percentile(known, BOUNDS))
    return Undefined("nobody differs, so drawing the documents again says nothing") if low == high else (low, high)

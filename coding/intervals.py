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
class Sample:
    """What was said of one code. labels: a row a passage, or several, and a column a coder: 1, 0 and MISSING.

    documents: of each row, the column of the draws. passages: of each row its passage; () where each has one row.
    """

    labels: Sequence[Sequence[int]]
    documents: Sequence[int]
    passages: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is said of one code.

    passages: read by two coders or more. documents: that those are in. positives: of the passages, those with a yes.
    prevalence: share of yes among the labels.
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
    rows = [np.bincount(rng.integers(max(documents, 1), size=documents), minlength=documents) for _ in range(draws)]
    return np.array(rows, dtype=np.float64)


def agreement(sample: Sample, draws: Floats) -> Agreement:
    """Everything about one code, with intervals; draws: of `resampled`."""
    rows = _of_two(sample)
    said = rows.labels
    return Agreement(
        passages=len(np.unique(rows.passages)),
        documents=len(np.unique(rows.documents)),
        positives=rows.with_label(said == 1),
        prevalence=float((said == 1).sum() / (said != MISSING).sum()) if len(said) else Undefined(UNREAD),
        **{name: _estimate(measure, rows, draws) for name, measure in MEASURES.items()},
    )


def mean_alpha(codes: Sequence[Sample], draws: Floats) -> tuple[Estimate, int]:
    """The mean of alpha over codes, and of how many codes it is.

    Codes whose alpha is undefined are left out; in a draw, those whose alpha is undefined in it.
    """
    tables = map(_of_two, codes)
    known = [(rows, value) for rows in tables if isinstance(value := BY_ALPHA.of(rows.labels), float)]
    if not known:
        none = Undefined("alpha is defined for none of the codes")
        return Estimate(none, none), 0
    mean = float(np.mean([value for _, value in known]))
    if few := next(filter(None, (_too_few(rows) for rows, _ in known)), ""):
        return Estimate(mean, Undefined(f"{few} of one of the codes")), len(known)
    drawn = np.stack([_drawn(BY_ALPHA, rows, draws) for rows, _ in known])
    defined = ~np.isnan(drawn)
    with np.errstate(invalid="ignore"):
        means = np.where(defined, drawn, 0.0).sum(axis=0) / defined.sum(axis=0)
    return Estimate(mean, _between(means)), len(known)


def set_alpha(
    sets: Sequence[Sequence[AbstractSet[str] | None]],
    documents: Sequence[int],
    draws: Floats,
    passages: Sequence[int] = (),
) -> Estimate:
    """Krippendorff's alpha over sets of codes, with MASI distance.

    sets: as the labels of a Sample, empty for no code, None for a coder who did not read the passage.
    """
    numbers: dict[AbstractSet[str], int] = {frozenset(): 0}
    labels = [[MISSING if s is None else numbers.setdefault(frozenset(s), len(numbers)) for s in row] for row in sets]
    return _estimate(by_alpha(masi(list(numbers))), _of_two(Sample(labels, documents, passages)), draws)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A sample as arrays, without the rows that only one has read."""

    labels: Labels
    documents: Labels
    passages: Labels

    def with_label(self, wanted: npt.NDArray[np.bool_]) -> int:
        """How many passages have one of these labels."""
        return len(np.unique(self.passages[wanted.any(axis=1)]))


def _of_two(sample: Sample) -> _Rows:
    labels = table(sample.labels)
    both = read(labels)
    passages = sample.passages or range(len(labels))
    return _Rows(labels[both], *(np.asarray(each, dtype=np.int64)[both] for each in (sample.documents, passages)))


def _drawn(measure: Measure, rows: _Rows, draws: Floats) -> Floats:
    """(draws,): the measure in each draw of documents, nan where it is undefined there."""
    terms = measure.terms(rows.labels)
    sums = np.zeros((draws.shape[1], terms.shape[1]))
    np.add.at(sums, rows.documents, terms)
    return measure.over(draws @ sums)


def _estimate(measure: Measure, rows: _Rows, draws: Floats) -> Estimate:
    value = measure.of(rows.labels)
    if isinstance(value, Undefined):
        return Estimate(value, value)
    if few := _too_few(rows):
        return Estimate(value, Undefined(few))
    return Estimate(value, _between(_drawn(measure, rows, draws)))


def _too_few(rows: _Rows) -> str:
    """What there is too little of for an interval, "" where there is enough."""
    if rows.with_label(rows.labels > 0) < POSITIVES:
        return f"fewer than {POSITIVES} positives"
    if rows.labels.max(initial=0) == 1 and rows.with_label(rows.labels == 0) < POSITIVES:
        return f"fewer than {POSITIVES} negatives"
    return f"fewer than {DOCUMENTS} documents" * (len(np.unique(rows.documents)) < DOCUMENTS)


def _between(drawn: Floats) -> tuple[float, float] | Undefined:
    """The bounds that 95 % of the draws lie between."""
    known = drawn[~np.isnan(drawn)]
    if len(known) < (1 - LOST) * len(drawn):
        return Undefined("in too many draws of the documents there is no such number")
    low, high = map(float, np.percentile(known, BOUNDS))
    return Undefined("nobody differs, so drawing the documents again says nothing") if low == high else (low, high)

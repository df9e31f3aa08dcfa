"""How sure agreement is: documents are drawn again and again, and the measures taken of each draw.

What people say in one document hangs together, so documents are drawn and not passages. Percentile intervals; Source:
Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13, and Field and Welsh, J. R. Stat. Soc. B 69 (2007)
369-390, for whole clusters. Below some twenty documents they are a little short: of 8, about 90 % hold the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

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
    masi_of,
    read,
    table,
)

DRAWS = 1000
BOUNDS = (2.5, 97.5)  # per cent of the draws below each bound
POSITIVES = 5  # passages with a yes, without which there is no interval
DOCUMENTS = 8  # documents, without which there is none
LOST = 0.05  # share of the draws in which a measure may be undefined and still have an interval
BY_ALPHA = by_alpha(1 - np.eye(2))
NONE = Undefined("alpha is defined for none of the codes")
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
    """What was said of one code in some passages. coders: of each coder a label for each passage, 1, 0 or MISSING.

    documents: of each passage, its document's column in the draws. passages: their keys. machine: its label for each.
    Wherever a function is told `beside`, each reading of a coder is compared with the machine, else coders are.
    """

    coders: Sequence[Sequence[int]]
    documents: Sequence[int]
    passages: Sequence[int]
    machine: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is said of one code.

    passages: read by two or more. documents: that those are in. positives: of the passages, those with a yes.
    prevalence: share of yes, the machine's own beside it. differ: keys of the passages in which readers differ.
    """

    passages: int
    documents: int
    positives: int
    prevalence: float | Undefined
    differ: tuple[int, ...]
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


def agreement(sample: Sample, draws: Floats, beside: bool = False) -> Agreement:
    """Everything about one code, with intervals; draws: of `resampled`."""
    rows = _rows(sample, beside)
    said = rows.labels[:, 1:] if beside else rows.labels
    few = _too_few(rows)
    differ = (rows.labels == 1).any(axis=1) & (rows.labels == 0).any(axis=1)
    return Agreement(
        passages=len(np.unique(rows.passages)),
        documents=len(np.unique(rows.documents)),
        positives=rows.with_label(rows.labels == 1),
        prevalence=float((said == 1).sum() / (said != MISSING).sum()) if len(said) else Undefined(UNREAD),
        differ=tuple(np.unique(rows.passages[differ]).tolist()),
        **{name: _estimate(measure, rows, draws, few) for name, measure in MEASURES.items()},
    )


def mean_alpha(codes: Sequence[Sample], draws: Floats, beside: bool = False) -> tuple[Estimate, int]:
    """The mean of alpha over codes, and of how many codes it is.

    Codes whose alpha is undefined are left out; in a draw, those whose alpha is undefined in it.
    """
    tables = [_rows(sample, beside) for sample in codes]
    known = [(rows, value) for rows in tables if isinstance(value := BY_ALPHA.of(rows.labels), float)]
    if not known:
        return Estimate(NONE, NONE), 0
    mean = float(np.mean([value for _, value in known]))
    if few := next(filter(None, (_too_few(rows) for rows, _ in known)), ""):
        return Estimate(mean, Undefined(f"{few} of one of the codes")), len(known)
    drawn = np.stack([_drawn(BY_ALPHA, BY_ALPHA.terms(rows.labels), rows, draws) for rows, _ in known])
    defined = ~np.isnan(drawn)
    with np.errstate(invalid="ignore"):
        means = np.where(defined, drawn, 0.0).sum(axis=0) / defined.sum(axis=0)
    return Estimate(mean, _between(means)), len(known)


def set_alpha(codes: Sequence[Sample], draws: Floats, beside: bool = False) -> tuple[Estimate, int]:
    """Krippendorff's alpha over sets of codes, with MASI distance, and of how many passages it is.

    codes: each with the same coders. The sets of a passage are of the codes that all who read it have decided.
    """
    if not codes:
        return Estimate(NONE, NONE), 0
    rows, apart = _sets(codes, beside)
    return _estimate(by_alpha(apart), rows, draws, _too_few(rows)), len(np.unique(rows.passages))


def pairs(codes: Sequence[Sample]) -> dict[tuple[int, int], tuple[int, int, float | Undefined]]:
    """Of every two coders, by number, the machine last: passages, codes with an alpha, and the mean of those."""
    tables = [table([*sample.coders, *([sample.machine] if sample.machine else [])]).T for sample in codes]
    found = {}
    for one, other in combinations(range(max((said.shape[1] for said in tables), default=0)), 2):
        two = [said[:, [one, other]] for said in tables]
        values = [value for said in two if isinstance(value := BY_ALPHA.of(said), float)]
        passages = max(int(read(said).sum()) for said in two)
        found[one, other] = (passages, len(values), float(np.mean(values)) if values else NONE)
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """A sample as arrays, without the rows that only one has read: a row a passage, or a reading beside the machine."""

    labels: Labels
    documents: Labels
    passages: Labels

    def with_label(self, wanted: npt.NDArray[np.bool_]) -> int:
        """How many passages have one of these labels."""
        return len(np.unique(self.passages[wanted.any(axis=1)]))


def _rows(sample: Sample, beside: bool) -> _Rows:
    labels = table(sample.coders).T
    documents, passages, machine = map(_array, (sample.documents, sample.passages, sample.machine))
    if beside:
        passage, coder = np.nonzero(labels != MISSING)
        labels = np.column_stack([labels[passage, coder], machine[passage]])
        documents, passages = documents[passage], passages[passage]
    both = read(labels)
    return _Rows(labels[both], documents[both], passages[both])


def _sets(codes: Sequence[Sample], beside: bool) -> tuple[_Rows, Floats]:
    """Sets of codes as numbered labels, and how far apart they are."""
    passages = np.unique(np.concatenate([_array([]), *(_array(sample.passages) for sample in codes)]))
    coders = max((len(sample.coders) for sample in codes), default=0)
    said = np.full((len(passages), coders + 1, len(codes)), MISSING, dtype=np.int8)  # the last is the machine
    documents = np.zeros(len(passages), dtype=np.int64)
    for number, sample in enumerate(codes):
        at = np.searchsorted(passages, _array(sample.passages))
        documents[at] = sample.documents
        said[at, :coders, number] = table(sample.coders).T
        said[at, coders, number] = sample.machine if beside else MISSING
    known = said != MISSING
    reader = known.any(axis=2)
    common = (known | ~reader[:, :, None]).all(axis=1)
    reader &= (common & known.any(axis=1)).any(axis=1)[:, None]
    sets = (said == 1) & common[:, None, :]
    members = sets.reshape(-1, len(codes))
    packed = np.packbits(np.vstack([np.zeros_like(members[:1]), members]), axis=1)  # the empty set is number 0
    different, number_of = np.unique(packed, axis=0, return_inverse=True)
    labels = np.where(reader, number_of.reshape(-1)[1:].reshape(reader.shape), MISSING)
    of_coder = [column.tolist() for column in labels[:, :coders].T]
    numbered = Sample(of_coder, documents.tolist(), passages.tolist(), labels[:, coders].tolist())
    has = np.unpackbits(different, axis=1, count=len(codes)).astype(np.float64)
    return _rows(numbered, beside), masi_of(has)


def _array(numbers: Sequence[int]) -> Labels:
    return np.asarray(numbers, dtype=np.int64)


def _drawn(measure: Measure, terms: Floats, rows: _Rows, draws: Floats) -> Floats:
    """(draws,): the measure in each draw of documents, nan where it is undefined there."""
    order = np.argsort(rows.documents, kind="stable")
    present, starts = np.unique(rows.documents[order], return_index=True)
    sums = np.zeros((draws.shape[1], terms.shape[1]))
    sums[present] = np.add.reduceat(terms[order], starts, axis=0)
    return measure.over(draws @ sums)


def _estimate(measure: Measure, rows: _Rows, draws: Floats, few: str) -> Estimate:
    terms = measure.terms(rows.labels)
    value = measure.at(terms.sum(axis=0))
    if isinstance(value, Undefined):
        return Estimate(value, value)
    if few:
        return Estimate(value, Undefined(few))
    return Estimate(value, _between(_drawn(measure, terms, rows, draws)))


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

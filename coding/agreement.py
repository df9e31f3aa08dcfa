"""How far coders agree: labels in, and out a number, or a sentence that says why there is none.

`labels` is everywhere an array (passages, coders) of whole numbers from 0, MISSING where a coder did not read the
passage; for yes and no, 1 and 0. Every measure is made of terms that add up over passages, so that drawing documents
again (coding/intervals.py) is one product of matrices.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

MISSING = -1

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNREAD = "no passage was read by two coders"
SAME = "every decision is the same, so chance agreement is total"
SEVERAL = "kappa is for two coders, and these are more"
NO_YES = "nobody said yes"


@dataclass(frozen=True, slots=True)
class Undefined:
    """There is no such number. why: the reason in words, without a full stop."""

    why: str


@dataclass(frozen=True, slots=True)
class Measure:
    """terms: of labels, (passages, t), what adds up. value: of sums (..., t), (...), nan where there is none.

    why: of the sums of all passages, the reason that there is none.
    """

    terms: Callable[[Labels], Floats]
    value: Callable[[Floats], Floats]
    why: Callable[[Floats], str]

    def of(self, labels: Labels) -> float | Undefined:
        """The number for these labels."""
        return self.at(self.terms(labels).sum(axis=0))

    def at(self, sums: Floats) -> float | Undefined:
        """The number for the sums of all passages."""
        value = float(self.over(sums))
        return Undefined(self.why(sums)) if np.isnan(value) else value

    def over(self, sums: Floats) -> Floats:
        """The numbers for many sums at once, nan where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.value(sums)


def alpha(labels: npt.ArrayLike, distance: Floats | None = None) -> float | Undefined:
    """Krippendorff's alpha, of any number of coders who need not all have read everything.

    distance: (labels, labels), 0 on the diagonal; None = nominal, 1 between any two that differ.
    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011); Content Analysis, 4th ed. (2019), ch. 12.
    """
    said = table(labels)
    return by_alpha(1 - np.eye(_size(said)) if distance is None else distance).of(said)


def kappa(labels: npt.ArrayLike) -> float | Undefined:
    """Cohen's kappa of two coders, on the passages that both read.

    Source: Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960) 37-46.
    """
    said = table(labels)
    return by_kappa(_size(said)).of(said)


def positive_agreement(labels: npt.ArrayLike) -> float | Undefined:
    """Of the yeses (label 1), the share that another coder of the passage gave too: with two coders, their F1.

    With more it is over all pairs of coders, each pair weighing as many yeses as it has.
    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), ch. 18; Hripcsak
    and Rothschild, J. Am. Med. Inform. Assoc. 12 (2005) 296-298, for its being F1.
    """
    return BY_POSITIVE.of(table(labels))


def percent_agreement(labels: npt.ArrayLike) -> float | Undefined:
    """Share of the pairs of coders who say the same of a passage, on average over the passages; from 0 to 1.

    Source: Fleiss, Measuring nominal scale agreement among many raters, Psychol. Bull. 76 (1971) 378-382.
    """
    return BY_PERCENT.of(table(labels))


def ac1(labels: npt.ArrayLike) -> float | Undefined:
    """Gwet's AC1, of any number of coders. It flatters rare codes: to be read beside alpha, never alone.

    Source: Gwet, Computing inter-rater reliability and its variance in the presence of high agreement, Br. J. Math.
    Stat. Psychol. 61 (2008) 29-48.
    """
    said = table(labels)
    return by_ac1(_size(said)).of(said)


def masi(sets: Sequence[AbstractSet[str]]) -> Floats:
    """Distance of each set from each, (n, n): 1 - Jaccard x (1 equal, 2/3 one within the other, 1/3 overlap, 0 apart).

    Two empty sets are equal; an empty one is apart from every other.
    Source: Passonneau, Measuring Agreement on Set-valued Items (MASI), LREC 2006.
    """
    items = sorted(set().union(*sets))
    has = [[item in one for item in items] for one in sets]
    return masi_of(np.array(has, dtype=np.float64).reshape(len(sets), len(items)))


def masi_of(has: Floats) -> Floats:
    """The same for sets as rows, (n, items): 1 where the set has the item, 0 where not."""
    both, size = has @ has.T, has.sum(axis=1)
    either = size[:, None] + size - both
    shape = np.select([both == either, both == np.minimum(size[:, None], size)], [1.0, 2 / 3], 1 / 3)
    jaccard = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    return np.asarray(1 - jaccard * shape)


def table(labels: npt.ArrayLike) -> Labels:
    """Labels as an array, (0, 0) where there are none."""
    said = np.asarray(labels, dtype=np.int64)
    return said if said.ndim == 2 else said.reshape(0, 0)


def read(labels: Labels) -> npt.NDArray[np.bool_]:
    """(passages,): those that two coders or more have read."""
    return np.asarray((labels != MISSING).sum(axis=1) >= 2)


def by_alpha(apart: Floats) -> Measure:
    """Alpha of labels that are this far apart; a passage's disagreement, then how many coders gave each label."""

    def terms(labels: Labels) -> Floats:
        count = _counts(labels, len(apart)) * read(labels)[:, None]
        pairs = np.zeros(len(labels))
        for one, other in combinations(_packed(labels).T, 2):
            pairs += np.where(other != MISSING, apart[one, other] + apart[other, one], 0)
        return np.column_stack([pairs / np.maximum(count.sum(axis=1) - 1, 1), count])

    def value(sums: Floats) -> Floats:
        observed, count = sums[..., 0], sums[..., 1:]
        expected = ((count @ apart) * count).sum(axis=-1)
        return np.asarray(1 - observed * (count.sum(axis=-1) - 1) / expected)

    return Measure(terms, value, lambda sums: SAME if sums.any() else UNREAD)


def by_kappa(size: int = 2) -> Measure:
    """Kappa of so many labels; a passage's place in the table of both coders, then whether there are others."""

    def terms(labels: Labels) -> Floats:
        both = read(labels)[:, None]
        if labels.shape[1] != 2:
            return np.column_stack([np.zeros((len(labels), size * size)), both])
        cell = labels[:, :1] * size + labels[:, 1:]
        return np.column_stack([(cell == np.arange(size * size)) & both, np.zeros(len(labels))])

    def value(sums: Floats) -> Floats:
        cells = sums[..., :-1]
        shares = (cells / cells.sum(axis=-1, keepdims=True)).reshape(*cells.shape[:-1], size, size)
        observed = np.trace(shares, axis1=-2, axis2=-1)
        expected = (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1)
        return np.asarray((observed - expected) / (1 - expected))

    return Measure(terms, value, lambda sums: SEVERAL if sums[-1] else SAME if sums.any() else UNREAD)


def by_ac1(size: int = 2) -> Measure:
    """AC1 of so many labels; the agreement in a passage, then whether it was read at all, and each label's share."""

    def terms(labels: Labels) -> Floats:
        count = _counts(labels, size)
        total = count.sum(axis=1)
        return np.column_stack([_percent(labels), total > 0, count / np.maximum(total, 1)[:, None]])

    def value(sums: Floats) -> Floats:
        observed = sums[..., 0] / sums[..., 1]
        share = sums[..., 3:] / sums[..., 2, None]
        expected = (share * (1 - share)).sum(axis=-1) / (size - 1)
        return np.asarray((observed - expected) / (1 - expected))

    return Measure(terms, value, lambda sums: UNREAD)


def _percent(labels: Labels) -> Floats:
    count = _counts(labels, _size(labels))
    total = count.sum(axis=1)
    same = (count * (count - 1)).sum(axis=1) / np.maximum(total * (total - 1), 1)
    return np.column_stack([same, read(labels)])


def _positive(labels: Labels) -> Floats:
    yes, total = (labels == 1).sum(axis=1, dtype=float), (labels != MISSING).sum(axis=1)
    return np.column_stack([yes * (yes - 1), yes * (total - 1), read(labels)])


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


BY_PERCENT = Measure(_percent, _ratio, lambda sums: UNREAD)
BY_POSITIVE = Measure(_positive, _ratio, lambda sums: NO_YES if sums[2] else UNREAD)


def _size(labels: Labels) -> int:
    """How many labels there are: at least yes and no."""
    return max(2, int(labels.max(initial=0)) + 1)


def _counts(labels: Labels, size: int) -> Floats:
    """(passages, size): how many coders gave each label."""
    cells = (np.arange(len(labels)) * size)[:, None] + labels
    count = np.bincount(cells[labels != MISSING], minlength=len(labels) * size)
    return count.reshape(len(labels), size).astype(np.float64)


def _packed(labels: Labels) -> Labels:
    """Each passage's labels side by side, in no order, MISSING after them; no wider than the most of one passage."""
    most = int((labels != MISSING).sum(axis=1).max(initial=0))
    return np.asarray(-np.sort(-labels, axis=1)[:, :most])

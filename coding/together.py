"""Codes together: how many passages hold two codes at once, and how many would if neither had to do with the other.

A pair is estimated as a code is, of the same audits: said yes where both are, and scored by the product of the scores,
which was fixed before the draw as they were. Codes nested in each other are no pair: they are always together.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from coding.auditing import Counting
from coding.audits import Audit
from coding.estimate import POSITIVES, Floats
from coding.frames import Scored
from coding.layers import Estimated
from coding.repeated import known
from coding.study import Study


@dataclass(frozen=True, slots=True)
class Pair:
    """Two codes in the order of the codebook.

    agreed: passages in which people agree on both, a number of what was read. value, low, high: passages that hold
    both, with 95 % confidence; None where the audits do not support it. covered, uncovered: passages that they speak
    of, and not. read: passages of audits. expected: as many would hold both if neither had to do with the other; None
    without estimates. why: there is no interval. stale: what it does not know of.
    """

    one: str
    other: str
    agreed: int
    value: float | None
    low: float | None
    high: float | None
    covered: float
    uncovered: float
    read: int
    expected: float | None
    why: str
    stale: tuple[str, ...]

    @property
    def times(self) -> float | None:
        """How many times as many as expected; None without an estimate, or where none are expected."""
        return self.value / self.expected if self.value is not None and self.expected else None

    @property
    def surely(self) -> float:
        """The same of the lower bound, 0 for None: pairs are put in order by it."""
        return self.low / self.expected if self.low is not None and self.expected else 0.0


@dataclass(frozen=True, slots=True)
class Together:
    """Every pair of codes, and of each code alone the estimate (None without one), in the order of the codebook."""

    codes: Mapping[str, float | None]
    pairs: tuple[Pair, ...]


def together(study: Study, once: bool = False) -> Together:
    """How many passages hold two codes at once; once: each of so many copies of a text is a part of one."""
    with study.store.database.reading() as connection:
        return paired(Counting(study, connection, known(study, connection).weights if once else None))


def paired(counting: Counting) -> Together:
    """The same of what was read once."""
    codebook, everything = counting.study.codebook, counting.corpus.everything
    alone = {code: counting.estimated(code, "", everything) for code in codebook.by_id}
    pairs = (pair for pair in combinations(alone, 2) if pair[0] not in codebook.above(pair[1]))
    found = tuple(_pair(counting, alone[one], alone[other]) for one, other in pairs)
    return Together({code: one.value for code, one in alone.items()}, found)


def _pair(counting: Counting, one: Estimated, other: Estimated) -> Pair:
    name = f"{one.code} and {other.code}"
    both = _joint(counting, name, one.code, other.code)
    found = both.estimated(name, "", counting.corpus.everything)
    parts = [part for layer in found.layers for part in layer]
    yes, why, expected = sum(part.share.positives for part in parts), found.why, None
    if parts and yes < POSITIVES:
        why = f"fewer than {POSITIVES} passages of the audits hold both"
    if found.value is not None and one.value is not None and other.value is not None:
        expected = one.value / one.covered * other.value / other.covered * found.covered
    return Pair(
        one=one.code,
        other=other.code,
        agreed=int((both.corpus.agreed[name] == 1).sum()),
        value=None if why else found.value,
        low=None if why else found.low,
        high=None if why else found.high,
        covered=found.covered,
        uncovered=found.uncovered,
        read=sum(part.share.n for part in parts),
        expected=expected,
        why=why,
        stale=found.stale,
    )


def _joint(counting: Counting, name: str, one: str, other: str) -> Counting:
    """What an estimate of both codes at once rests on, as if they were one."""
    both = copy(counting)
    both.corpus = replace(counting.corpus, agreed={name: _and(*(counting.corpus.agreed[id] for id in (one, other)))})
    both.audits = [_of_both(audit, name, one, other) for audit in counting.audits]
    both.earlier = {name: sum(counting.earlier.get(id, 0) for id in (one, other))}
    return both


def _and(one: Floats, other: Floats) -> Floats:
    """What people agree on of both: a no to either is a no, and where neither is, what is open or undecided is so."""
    yes = np.where((one == 1) & (other == 1), 1.0, np.where(np.isnan(one) | np.isnan(other), np.nan, 0.5))
    return np.where((one == 0) | (other == 0), 0.0, yes)


def _of_both(audit: Audit, name: str, one: str, other: str) -> Audit:
    said, scores = {name: audit.said[one] * audit.said[other]}, audit.frame.scores
    old = frozenset([name] if audit.old & {one, other} else [])
    joint = {}
    if one in scores and other in scores:
        joint[name] = Scored(scores[one].kind, 1.0, scores[one].values * scores[other].values)
    codes = frozenset([name] if {one, other} <= audit.codes else [])
    gone = {name: audit.gone[one] * audit.gone[other]} if audit.gone else {}
    return replace(audit, said=said, old=old, codes=codes, gone=gone, frame=replace(audit.frame, scores=joint))

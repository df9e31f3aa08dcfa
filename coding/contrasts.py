"""Groups of documents against each other: how far apart their shares are, and whether the machine errs alike in all.

A share is of the passages that the estimate covers, without those added since that the queue chose. Samples of
different groups have nothing in common, so intervals of differences are made of the groups' own; and again wider, so
that all of them hold at once. Beside them stands whether the machine errs alike in all groups (coding/erring.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from coding.agreement import Undefined
from coding.auditing import Counting, groups
from coding.audits import Flags
from coding.erring import Erring, errors
from coding.estimate import LEVEL
from coding.estimate_groups import Count, Difference, difference, joint
from coding.layers import Estimated
from coding.repeated import known
from coding.study import Study
from coding.units import NO_VALUE
from corpus.errors import EvidenceError

IN_PAIRS = 6  # groups that are compared two by two; of more, each with all others together
GROUPS = 30  # groups, at most
OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class Stand:
    """How a code stands in one group, or in all others. share: of the passages covered, None where nothing supports it.

    covered, uncovered: passages that it speaks of, and not. read: passages of audits. why: there is no share. stale:
    what it does not know of.
    """

    group: str
    share: Count | None
    covered: float
    uncovered: float
    read: int
    why: str
    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contrast:
    """One group less another: with 95 % confidence, and so that all that are told together hold at once with it."""

    one: Stand
    other: Stand
    alone: Difference | None
    jointly: Difference | None

    @property
    def holds(self) -> bool:
        """Whether they differ, whatever else was compared."""
        return _apart(self.jointly)

    @property
    def differs(self) -> bool:
        """Whether they differ, had nothing else been compared."""
        return _apart(self.alone)

    @property
    def why(self) -> str:
        """Why there is no difference to tell; "" where there is."""
        return self.one.why or self.other.why


@dataclass(frozen=True, slots=True)
class Line:
    """One code: stands by group, the differences, and how the machine errs."""

    code: str
    stands: tuple[Stand, ...]
    contrasts: tuple[Contrast, ...]
    machine: Erring | Undefined


@dataclass(frozen=True, slots=True)
class Compared:
    """Groups of an attribute against each other, code by code.

    several: differences that have an interval. left_out: passages of documents without the attribute.
    """

    attribute: str
    groups: tuple[str, ...]
    lines: tuple[Line, ...]
    several: int
    left_out: int

    @property
    def tested(self) -> int:
        """Codes of which the machine's errors were compared."""
        return sum(isinstance(line.machine, Erring) for line in self.lines)


def compare(study: Study, by: str, once: bool = False) -> Compared:
    """The groups of an attribute against each other; once: each of so many copies of a text is a part of one.

    EvidenceError for an attribute there is not, or that cannot be compared.
    """
    with study.store.database.reading() as connection:
        if by not in (names := study.store.attribute_names(connection)):
            raise EvidenceError(f"no document has an attribute '{by}': there are {', '.join(names) or 'none'}")
        counting = Counting(study, connection, known(study, connection).weights if once else None)
        return compared(counting, by, groups(connection, counting.corpus, by))


def compared(counting: Counting, by: str, found: Mapping[str, Flags]) -> Compared:
    """The same of what was read once. found: by group, which passages are in it.

    EvidenceError for fewer than two groups, or more than GROUPS. Documents without the attribute are left out, but
    where there is only one group besides.
    """
    left = found.get(NO_VALUE)
    named = {name: flags for name, flags in found.items() if name != NO_VALUE or len(found) == 2}
    if not 2 <= len(named) <= GROUPS:
        advice = "nothing to compare" if len(named) < 2 else f"more than the {GROUPS} that can be compared"
        raise EvidenceError(f"the attribute '{by}' has {len(named)} values, which is {advice}: give another one")
    machine = errors(counting, named)
    told = _contrasts(counting, named)
    several = sum(_uncertain(one.alone) for contrasts in told.values() for one in contrasts)
    lines = tuple(Line(code, _stands_of(contrasts), contrasts, machine[code]) for code, contrasts in told.items())
    out = int(left.sum()) if left is not None and NO_VALUE not in named else 0
    return Compared(by, tuple(named), lines, several, out)


def _contrasts(counting: Counting, named: Mapping[str, Flags]) -> dict[str, tuple[Contrast, ...]]:
    """By code; the joint level is by how many differences are uncertain, which the design decides and no answer."""
    sides, pairs = _sides(named)
    codes = counting.study.codebook.by_id

    def stands(code: str, level: float) -> list[Stand]:
        return [_stand(_of_drawn(counting, code, name, flags, level)) for name, flags in sides]

    alone = {code: stands(code, LEVEL) for code in codes}
    first = {code: [_less(each[i], each[j]) for i, j in pairs] for code, each in alone.items()}
    level = joint(LEVEL, sum(_uncertain(one) for each in first.values() for one in each))
    found = {}
    for code, each in alone.items():
        wide = stands(code, level) if any(map(_uncertain, first[code])) else each
        rows = zip(pairs, first[code], strict=True)
        found[code] = tuple(Contrast(each[i], each[j], one, one and _less(wide[i], wide[j])) for (i, j), one in rows)
    return found


def _sides(named: Mapping[str, Flags]) -> tuple[list[tuple[str, Flags]], list[tuple[int, int]]]:
    """What is compared, and which with which: two by two, or where groups are many each with all others."""
    sides = list(named.items())
    if len(sides) <= IN_PAIRS:
        return sides, list(combinations(range(len(sides)), 2))
    everything = np.logical_or.reduce([flags for _, flags in sides])
    others = [(OTHERS, everything & ~flags) for _, flags in sides]
    return [*sides, *others], [(place, place + len(sides)) for place in range(len(sides))]


def _of_drawn(counting: Counting, code: str, name: str, group: Flags, level: float) -> Estimated:
    """The estimate of a group, of which what was added since the audits is left out if it is read in part.

    A count gains by each yes that the queue finds there, and a share would take what was chosen for what there is.
    """
    whole = counting.estimated(code, name, group, level)
    since = group & (counting.there(code, counting.speaking(code)) == 0)
    if whole.value is None or not np.isnan(counting.corpus.agreed[code][since]).any():
        return whole
    drawn = counting.estimated(code, name, group & ~since, level)
    return replace(drawn, uncovered=whole.uncovered + whole.covered - drawn.covered, stale=whole.stale)


def _stands_of(contrasts: Sequence[Contrast]) -> tuple[Stand, ...]:
    """Of each group once, in order."""
    both = {side.group: side for one in contrasts for side in (one.one, one.other) if side.group != OTHERS}
    return tuple(both.values())


def _stand(one: Estimated) -> Stand:
    share = None
    if one.value is not None and one.low is not None and one.high is not None:
        share = Count(*(number / one.covered for number in (one.value, one.low, one.high)))
    read = sum(part.share.n for layer in one.layers for part in layer)
    return Stand(one.group, share, one.covered, one.uncovered, read, one.why, one.stale)


def _less(one: Stand, other: Stand) -> Difference | None:
    return difference(one.share, other.share) if one.share and other.share else None


def _uncertain(one: Difference | None) -> bool:
    return one is not None and one.low < one.high


def _apart(one: Difference | None) -> bool:
    return one is not None and not one.low <= 0 <= one.high

"""Two copies' rows on the same place made one: which are new here, and which are said again so that the later holds.

What holds of a lane is its newest row. A copy whose row the other has, too, has nothing to say that the other did not
know, so the other's holds; where neither knew the other's row, the later one by time does. This is the same whichever
copy is merged into which.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID, uuid5

AGAIN = UUID("6f1d2c0e-5a0b-4d0c-9d0e-0c4f2b7a9e11")  # the space of names of `another`


class Said(Protocol):
    """What a row tells of itself; rows with equal content are equal."""

    @property
    def time(self) -> str:
        """ISO 8601, UTC."""

    @property
    def act(self) -> str | None:
        """What it was saved in; None in ledgers of before there were acts."""


Row = TypeVar("Row", bound=Said)
Lane = tuple[Any, ...]


@dataclass(frozen=True)
class Rules(Generic[Row]):
    """lanes: where a row counts, each with its rank before it; what holds of a higher rank is said again last.

    age: sorts rows by time, and equal times in a way that is the same in both copies. again: the row said once more.
    """

    lanes: Callable[[Row], Sequence[Lane]]
    age: Callable[[Row], Any]
    again: Callable[[Row], Row]


@dataclass
class Joined(Generic[Row]):
    """new: positions of the other's rows that are not here. again: rows to add after them.

    both: (ours, theirs, the one that holds) where neither copy knew the other's row.
    """

    new: list[int] = field(default_factory=list)
    again: list[Row] = field(default_factory=list)
    both: list[tuple[Row, Row, Row]] = field(default_factory=list)


def join(ours: Sequence[Row], theirs: Sequence[Row], rules: Rules[Row]) -> Joined[Row]:
    """What our rows on one place need so that the other's are among them, and the right one holds of every lane.

    Rows of an act are known by their content; those without one too, but as many as there are.
    """
    done = Joined[Row](new=_new(ours, theirs))
    here, there = set(ours), set(theirs)
    mine, yours = _holding(ours, rules), _holding(theirs, rules)
    holds = _holding([*ours, *(theirs[number] for number in done.new)], rules)
    wanted: dict[Lane, Row] = {}
    for lane, row in yours.items():
        own = mine.get(lane, row)
        apart = row != own and (own in there) == (row in here)
        known = own if row in here else row
        wanted[lane] = max(own, row, key=rules.age) if apart else known
        if apart and lane[0] and own not in there:
            done.both.append((own, row, wanted[lane]))
    for lane in sorted(wanted):
        row = wanted[lane]
        if holds[lane] != row:
            done.again.append(rules.again(row))
            holds.update(dict.fromkeys(rules.lanes(row), row))
    return done


def another(name: str) -> str:
    """An act for a row that is said again and cannot keep its own: the same for the same name."""
    return uuid5(AGAIN, name).hex


def _new(ours: Sequence[Row], theirs: Sequence[Row]) -> list[int]:
    here = set(ours)
    unnamed = Counter(row for row in ours if row.act is None)
    new = []
    for number, row in enumerate(theirs):
        if row.act is None:
            unnamed[row] -= 1
        if row not in here or unnamed[row] < 0:
            new.append(number)
    return new


def _holding(rows: Sequence[Row], rules: Rules[Row]) -> dict[Lane, Row]:
    return {lane: row for row in rows for lane in rules.lanes(row)}

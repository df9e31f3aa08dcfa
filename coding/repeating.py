"""Saying the yes of a merged code again for the code that it went into: new rows in each coder's name, none moved."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from coding.codebook import Codebook
from coding.ledger import ADJUDICATED, COLUMNS, DECISIONS, HELD, OWN, Decision, new_act, record
from corpus.database import Connection, select

Place = tuple[int, int, str, str]  # passage, lane, whose it is there, code
Row = tuple[int, Decision]  # with its number in the ledger


@dataclass(frozen=True, slots=True)
class Repeated:
    """Numbers of decisions. yes: said again; over: those of them that had a no for the code that was merged into.

    already: had a yes there. kept: said no there after their yes, and that stands. acts: (coder, act) to undo it by.
    asked: whether it was asked for.
    """

    yes: int = 0
    over: int = 0
    already: int = 0
    kept: int = 0
    acts: tuple[tuple[str, str], ...] = ()
    asked: bool = field(default=False, compare=False)


def repeat(connection: Connection, codebook: Codebook, source: str, target: str) -> Repeated:
    """For each coder whose yes for `source` holds, a yes for `target` and the codes above it; so for adjudications.

    A no for `target` that was said with that yes or before it gives way: whoever reads a passage says no to every code
    that is not ticked, and meant a code that `source` was not yet in. One that was said after it stays. What was said
    within a draw stays what it was. Done again, nothing is added.
    """
    wanted = (target, *codebook.above(target))
    there = dict(_held(connection, wanted))
    rows: list[Decision] = []
    done: Counter[str] = Counter()
    for (passage, lane, coder, _), (number, row) in _held(connection, [source]):
        if not row.value:
            continue
        found = {code: _became(there.get((passage, lane, coder, code)), number, row) for code in wanted}
        done[found[target]] += 1
        if found[target] not in ("new", "over"):
            continue
        yes = replace(
            row,
            codebook=codebook.version,
            why="adjudication" if lane == ADJUDICATED else "import",  # no reading of theirs, which they would undo
            draw=None,
            probability=None,
            seconds=None,
            time="",
            act=new_act(),
            undoes=None,
        )
        rows.append(replace(yes, code=target))
        plain = replace(yes, quote_start=None, quote_end=None)
        rows += [replace(plain, code=code) for code in wanted[1:] if found[code] in ("new", "over")]
    record(connection, rows)
    acts = tuple((row.coder, str(row.act)) for row in rows if row.code == target)
    return Repeated(len(acts), done["over"], done["already"], done["kept"], acts, asked=True)


def _held(connection: Connection, codes: Sequence[str]) -> Iterator[tuple[Place, Row]]:
    """What holds of these codes, of each coder and settled, in passages that count now and in those that may again."""
    place = (HELD.c.passage, HELD.c.lane, HELD.c.coder, HELD.c.code)
    held = select(*place, DECISIONS.c.id, *COLUMNS).join_from(HELD, DECISIONS, HELD.c.decision == DECISIONS.c.id)
    held = held.where(HELD.c.lane.in_((OWN, ADJUDICATED)), HELD.c.code.in_(codes), HELD.c.value.is_not(None))
    for passage, lane, coder, code, number, *row in connection.execute(held.order_by(DECISIONS.c.id)):
        yield (passage, lane, coder, code), (number, Decision(*row))


def _became(there: Row | None, number: int, yes: Decision) -> str:
    """What is to become of a yes, numbered so, where this is said of the code that it goes to."""
    if there is None:
        return "new"
    if there[1].value:
        return "already"
    with_it = yes.act is not None and there[1].act == yes.act
    return "over" if with_it or there[0] < number else "kept"

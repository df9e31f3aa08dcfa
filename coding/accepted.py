"""What was accepted without reading: passages that hold a code by a certificate, until somebody decides on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from coding import frames, versions
from coding.codebook import Codebook
from coding.draws import CLOSINGS, DRAWN, DRAWS
from coding.ledger import HELD, now
from corpus.database import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    func,
    insert,
    listed,
    metadata,
    select,
)
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

SOURCE = "accepted unread"  # where a value comes from, beside those that people gave
ATTEMPTS = 30  # more share out a doubt that no certificate can be had for

PROPOSALS = Table(
    "proposals",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("precision", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("cuts", Text, nullable=False),
)
ACCEPTANCES = Table(
    "acceptances",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("time", String(32), nullable=False),
)
WITHDRAWALS = Table(
    "withdrawals",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("time", String(32), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sets of what is suggested for a code, each within the next, of which the largest that passes is accepted.

    draw: the audit of the largest, whose frame ranks its passages. precision: the share promised to hold, with this
    confidence, of which the attempt-th may use up its part of the doubt. cuts: sizes of the sets, rising. codebook: the
    version when it was drawn. size: of the accepted one, 0 where none was. accepted, withdrawn, closed: when; None for
    not.
    """

    draw: int
    code: str
    precision: float
    confidence: float
    attempt: int
    cuts: tuple[int, ...]
    codebook: str
    size: int
    accepted: str | None
    withdrawn: str | None
    closed: str | None

    @property
    def open(self) -> bool:
        """Whether its audit is to decide it still."""
        return not (self.accepted or self.withdrawn or self.closed)

    @property
    def holds(self) -> bool:
        """Whether something of it is accepted."""
        return bool(self.size) and not self.withdrawn


def proposals(connection: Connection, code: str | None = None) -> list[Proposal]:
    """Every proposal, oldest first; code: of this one alone."""
    tables: Any = PROPOSALS.join(DRAWS, DRAWS.c.id == PROPOSALS.c.draw)
    for table in (ACCEPTANCES, WITHDRAWALS, CLOSINGS):
        tables = tables.outerjoin(table, table.c.draw == PROPOSALS.c.draw)
    columns = (*PROPOSALS.c, DRAWS.c.code, DRAWS.c.codebook, func.coalesce(ACCEPTANCES.c.size, 0).label("size"))
    times = (
        ACCEPTANCES.c.time.label("accepted"),
        WITHDRAWALS.c.time.label("withdrawn"),
        CLOSINGS.c.time.label("closed"),
    )
    rows = connection.execute(select(*columns, *times).select_from(tables).order_by(PROPOSALS.c.draw))
    found = [Proposal(**{**row._asdict(), "cuts": tuple(json.loads(row.cuts))}) for row in rows]
    return [one for one in found if code in (None, one.code)]


def propose(connection: Connection, draw: int, promise: tuple[float, float], attempt: int, cuts: Sequence[int]) -> None:
    """Write down what an audit of suggestions is to decide, before it is read. promise: precision, confidence."""
    row = {"draw": draw, "precision": promise[0], "confidence": promise[1], "attempt": attempt}
    connection.execute(insert(PROPOSALS).values(cuts=json.dumps(cuts), **row))


def accept(connection: Connection, draw: int, size: int) -> None:
    """Accept the `size` likeliest passages of a proposal; 0 where no set of it passed."""
    connection.execute(insert(ACCEPTANCES).values(draw=draw, size=size, time=now()))


def withdraw(connection: Connection, code: str) -> list[Proposal]:
    """Take back all that is accepted for a code; what was. EvidenceError where nothing is."""
    found = [one for one in proposals(connection, code) if one.holds]
    if not found:
        raise EvidenceError(f"nothing is accepted unread for {code}: `themis accept {code}` proposes what could be")
    for one in found:
        connection.execute(insert(WITHDRAWALS).values(draw=one.draw, time=now()))
    return found


def standing(connection: Connection, code: str | None = None) -> list[tuple[Proposal, set[int]]]:
    """What is accepted and was not taken back: of each proposal, the live passages that hold its code unread.

    A passage that somebody has decided the code on is no longer one of them.
    """
    return [(one, _unread(connection, one)) for one in proposals(connection, code) if one.holds]


def unread(connection: Connection, code: str | None = None) -> dict[str, set[int]]:
    """By code, the live passages that hold it unread: accepted, not taken back, and decided by nobody since."""
    found: dict[str, set[int]] = {}
    for one, keys in standing(connection, code):
        found.setdefault(one.code, set()).update(keys)
    return found


def marks(connection: Connection, codebook: Codebook) -> dict[int, dict[str, Proposal]]:
    """By passage, the codes of the codebook that it holds unread, each with the newest proposal that says so."""
    found: dict[int, dict[str, Proposal]] = {}
    for one, keys in standing(connection):
        for key in keys if one.code in codebook.by_id else ():
            found.setdefault(key, {})[one.code] = one
    return found


def stale(connection: Connection, codebook: Codebook) -> set[int]:
    """Draws of the proposals whose code means another thing now than when they were drawn, or is gone."""
    then = versions.meanings(connection)
    now = {code.id: versions.meaning(code) for code in codebook.codes}
    found = proposals(connection)
    return {one.draw for one in found if one.code not in now or then[one.codebook].get(one.code) != now[one.code]}


def adopt(here: Connection, there: Connection, numbers: Mapping[int, int]) -> tuple[int, int]:
    """Take over what another copy proposed, accepted and took back, with its draws: (rows added, proposals left).

    numbers: of its draws, here. A proposal is left where passages of it are not here, or it is none that this program
    writes. Attempts on a code have numbers of their own: one whose number is taken here is the next one, and what was
    accepted of it there, with a larger part of the doubt, is not taken over: it is to be tested here.
    """
    added = left = 0
    for row in there.execute(select(PROPOSALS).order_by(PROPOSALS.c.draw)).all():
        if row.draw not in numbers:
            left += 1
            continue
        draw = numbers[row.draw]
        known = {one.draw: one for one in proposals(here)}
        if draw not in known:
            if not _is_sound(here, row, draw):
                left += 1
                continue
            code = here.execute(select(DRAWS.c.code).where(DRAWS.c.id == draw)).scalar_one()
            taken = {one.attempt for one in known.values() if one.code == code}
            attempt = max(taken) + 1 if row.attempt in taken else row.attempt
            propose(here, draw, (row.precision, row.confidence), attempt, json.loads(row.cuts))
            added += 1
        added += _follow(here, there, row, next(one for one in proposals(here) if one.draw == draw))
    return added, left


def _follow(here: Connection, there: Connection, row: Any, own: Proposal) -> int:
    """Add what became of a proposal there, where nothing did here; how many rows."""
    said = there.execute(select(ACCEPTANCES.c.size, ACCEPTANCES.c.time).where(ACCEPTANCES.c.draw == row.draw)).first()
    back = there.execute(select(WITHDRAWALS.c.time).where(WITHDRAWALS.c.draw == row.draw)).scalar()
    done = 0
    if said and own.open and row.attempt == own.attempt and said.size in (0, *own.cuts):
        here.execute(insert(ACCEPTANCES).values(draw=own.draw, size=said.size, time=said.time))
        done += 1
    if back and not own.withdrawn:
        here.execute(insert(WITHDRAWALS).values(draw=own.draw, time=back))
        done += 1
    return done


def _is_sound(here: Connection, row: Any, draw: int) -> bool:
    """Whether a proposal of another copy is one that this program writes, and all of its passages are here."""
    frame = frames.frame(here, draw)
    keys = frame.passages.tolist() if frame else []
    drawn = list(here.execute(select(DRAWN.c.passage).where(DRAWN.c.draw == draw)).scalars())
    made = here.execute(select(DRAWS).where(DRAWS.c.id == draw)).one()
    audit = made.code is not None and (made.kind, made.unit) == ("audit", "passage")
    whole = len(set(keys)) == len(keys) == made.population and len(drawn) == made.size
    return audit and whole and set(drawn) <= set(keys) and _is_promise(row, len(keys))


def _is_promise(row: Any, size: int) -> bool:
    try:
        cuts = json.loads(row.cuts)
        numbers = all(isinstance(one, int) and one > 0 for one in (*cuts, row.attempt)) and row.attempt <= ATTEMPTS
        shares = all(isfinite(one) and 0 < one < 1 for one in (row.precision, row.confidence))
    except (TypeError, ValueError):
        return False
    return numbers and shares and cuts == sorted(set(cuts)) and cuts[-1:] == [size]


def _unread(connection: Connection, one: Proposal) -> set[int]:
    frame = frames.frame(connection, one.draw)
    ranked = listed(frame.passages[: one.size].tolist() if frame else [])
    decided = select(HELD.c.passage).where(HELD.c.code == one.code, HELD.c.value.is_not(None))
    live = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, PASSAGES.c.id.in_(ranked))
    return set(connection.execute(live.where(PASSAGES.c.id.not_in(decided))).scalars())

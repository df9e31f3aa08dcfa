"""What was accepted without reading: passages that hold a code by a certificate, until somebody decides on them."""

import json
from dataclasses import dataclass

from coding import frames
from coding.draws import DRAWS
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
    metadata,
    select,
)
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

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
    confidence, of which the attempt-th may use up its part of the doubt. cuts: sizes of the sets, rising. size: of the
    accepted one, 0 where none was. accepted, withdrawn: when; None for not.
    """

    draw: int
    code: str
    precision: float
    confidence: float
    attempt: int
    cuts: tuple[int, ...]
    size: int
    accepted: str | None
    withdrawn: str | None


def proposals(connection: Connection) -> list[Proposal]:
    """Every proposal, oldest first."""
    tables = PROPOSALS.join(DRAWS, DRAWS.c.id == PROPOSALS.c.draw).outerjoin(
        ACCEPTANCES, ACCEPTANCES.c.draw == PROPOSALS.c.draw
    )
    tables = tables.outerjoin(WITHDRAWALS, WITHDRAWALS.c.draw == PROPOSALS.c.draw)
    columns = (*PROPOSALS.c, DRAWS.c.code, func.coalesce(ACCEPTANCES.c.size, 0).label("size"))
    query = select(*columns, ACCEPTANCES.c.time.label("accepted"), WITHDRAWALS.c.time.label("withdrawn"))
    rows = connection.execute(query.select_from(tables).order_by(PROPOSALS.c.draw))
    return [Proposal(**{**row._asdict(), "cuts": tuple(json.loads(row.cuts))}) for row in rows]


def propose(
    connection: Connection, draw: int, promise: tuple[float, float], attempt: int, cuts: tuple[int, ...]
) -> None:
    """Write down what an audit of suggestions is to decide, before it is read. promise: precision, confidence."""
    row = {"draw": draw, "precision": promise[0], "confidence": promise[1], "attempt": attempt}
    connection.execute(insert(PROPOSALS).values(cuts=json.dumps(cuts), **row))


def accept(connection: Connection, draw: int, size: int) -> None:
    """Accept the `size` likeliest passages of a proposal; 0 where no set of it passed."""
    connection.execute(insert(ACCEPTANCES).values(draw=draw, size=size, time=now()))


def withdraw(connection: Connection, code: str) -> list[Proposal]:
    """Take back all that is accepted for a code; what was. EvidenceError where nothing is."""
    found = [one for one in proposals(connection) if one.code == code and one.size and not one.withdrawn]
    if not found:
        raise EvidenceError(f"nothing is accepted unread for {code}: `themis accept {code}` proposes what could be")
    for one in found:
        connection.execute(insert(WITHDRAWALS).values(draw=one.draw, time=now()))
    return found


def unread(connection: Connection, code: str | None = None) -> dict[str, set[int]]:
    """By code, the live passages that hold it unread: accepted, not taken back, and decided by nobody since."""
    found: dict[str, set[int]] = {}
    for one in proposals(connection):
        if one.size and not one.withdrawn and code in (None, one.code):
            frame = frames.frame(connection, one.draw)
            ranked = frame.passages[: one.size].tolist() if frame else []
            found.setdefault(one.code, set()).update(ranked)
    if not found:
        return {}
    live = set(connection.execute(select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)).scalars())
    for id, keys in found.items():
        decided = select(HELD.c.passage).where(HELD.c.code == id, HELD.c.value.is_not(None))
        keys &= live
        keys -= set(connection.execute(decided).scalars())
    return found

"""Draws for audits, double coding and re-reading: kept with seed and probabilities, and read blind."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import lt
from time import time
from typing import Any

from coding.ledger import HELD, now
from corpus.database import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    metadata,
    or_,
    select,
)
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

REREAD = "reread"  # the kind of a draw of what a coder has read before: chosen, so that no number rests on it
WHY = {"audit": "audit", "double": "double", REREAD: "manual"}  # what the ledger says of a reading in each kind of draw
RANK = "rank"  # the unit of an audit for one code: of its strata by rank the higher are read more
LEASE = 15 * 60  # seconds for which a passage that is read once is kept for the coder who has it open

DRAWS = Table(
    "draws",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(36), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("coders", Text, nullable=False),
    Column("every", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("population", Integer, nullable=False),
    Column("seed", Text, nullable=False),
    Column("codebook", String(64), ForeignKey("codebooks.version"), nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("made", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("unit", Text, nullable=False, server_default="passage"),
    Column("units", Integer),
    Column("of_units", Integer),
    Column("code", String(64)),
)
DRAWN = Table(
    "drawn",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("passage", Integer, ForeignKey("passages.id"), nullable=False),
    Column("probability", Float, nullable=False),
)
CLOSINGS = Table(
    "closings",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("time", String(32), nullable=False),
)
CLAIMS = Table(
    "claims",
    metadata,
    Column("draw", Integer, primary_key=True),
    Column("passage", Integer, ForeignKey("passages.id"), primary_key=True),
    Column("coder", Text, primary_key=True),
    Column("time", Float, nullable=False),
    Column("skipped", Boolean, nullable=False),
)
_PLACES = DRAWN.join(PASSAGES).join(DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Draw:
    """A simple random sample without replacement of `size` of `population` passages; of a re-reading half of it is.

    kind: "audit", "double" or REREAD. coders: who reads it, () = whoever comes. every: each coder reads each passage,
    else each passage is read once. seed: what the choice was made with. codebook, decisions: the version, and the
    newest row of the ledger, when it was drawn. unit: what was drawn, "passage", or whole "document"s, "speaker"s or
    the documents of an attribute's value, `units` of `of_units` of them (None for passages); or RANK: passages, more
    of those that rank high for `code`. Of any other unit, `code` says that the audit is of what is suggested for it
    and not of everything; None for the others. closed: when it was given up, None while it asks to be read.
    """

    id: int
    key: str
    kind: str
    coders: tuple[str, ...]
    every: bool
    size: int
    population: int
    seed: str
    codebook: str
    decisions: int
    made: str
    note: str
    unit: str = "passage"
    units: int | None = None
    of_units: int | None = None
    code: str | None = None
    closed: str | None = None


def draws(connection: Connection) -> list[Draw]:
    """Every draw, oldest first."""
    closed = CLOSINGS.c.time.label("closed")
    query = select(*DRAWS.c, closed).select_from(DRAWS.outerjoin(CLOSINGS)).order_by(DRAWS.c.id)
    return [Draw(**{**row._asdict(), "coders": tuple(json.loads(row.coders))}) for row in connection.execute(query)]


def is_sound(row: Any) -> bool:
    """Whether a row of another copy's draws is one that this program writes."""
    try:
        coders = json.loads(row.coders)
        datetime.fromisoformat(row.made)
    except (TypeError, ValueError, RecursionError):
        return False
    whole = row.unit != "passage" and not (row.unit == RANK and row.code)
    units = (row.units, row.of_units)
    numbers = (row.size, row.population, *(units if whole else ()))
    named = isinstance(coders, list) and all(isinstance(one, str) for one in (row.unit, row.seed, row.note, *coders))
    counted = all(isinstance(one, int) and one > 0 for one in numbers) and (whole or units == (None, None))
    return row.kind in WHY and named and counted and bool(row.size <= row.population)


def close(connection: Connection, id: int) -> Draw:
    """Give up a draw: what was read in it stays, the rest is asked of nobody. EvidenceError for a closed one."""
    draw = find(connection, id)
    if draw.closed:
        raise EvidenceError(f"draw {id} was closed already, on {draw.closed[:10]}")
    connection.execute(insert(CLOSINGS).values(draw=id, time=now()))
    return draw


def find(connection: Connection, id: int) -> Draw:
    """One draw by its number; EvidenceError where there is none."""
    found = [draw for draw in draws(connection) if draw.id == id]
    if not found:
        raise EvidenceError(f"there is no draw {id}: `themis audit` and `themis double` make one")
    return found[0]


def asks(draw: Draw, coder: str) -> bool:
    """Whether a coder is one of those who are to read a draw."""
    return not draw.closed and (not draw.coders or coder in draw.coders)


def drawn(connection: Connection, draw: int) -> list[tuple[int, float]]:
    """(passage, probability) of a draw's passages that are still live, in the order in which they are read."""
    query = select(DRAWN.c.passage, DRAWN.c.probability).where(DRAWN.c.draw == draw, LIVE).order_by(DRAWN.c.position)
    rows = connection.execute(query.select_from(_PLACES))
    return [(row.passage, row.probability) for row in rows]


def readers(connection: Connection, draw: int) -> dict[int, set[str]]:
    """Who has read each passage of a draw; a passage that nobody has read is not in it."""
    query = select(HELD.c.passage, HELD.c.coder).where(HELD.c.lane == draw, HELD.c.value.is_not(None)).distinct()
    inside = HELD.c.passage.in_(select(DRAWN.c.passage).where(DRAWN.c.draw == draw))
    found: dict[int, set[str]] = {}
    for row in connection.execute(query.where(inside)):
        found.setdefault(row.passage, set()).add(row.coder)
    return found


def progress(connection: Connection, draw: Draw, coder: str | None = None) -> tuple[int, int]:
    """(read, to read in all): of one coder where each reads each passage, of everybody otherwise."""
    counted = select(func.count(), func.count(func.nullif(_unread(draw, coder), False))).select_from(_PLACES)
    total, left = connection.execute(counted.where(DRAWN.c.draw == draw.id, LIVE)).one()
    return total - left, total


def probability(connection: Connection, draw: int, passage: int) -> float | None:
    """That of a passage of a draw; None where it is not in it, or not live."""
    query = select(DRAWN.c.probability).select_from(_PLACES).where(DRAWN.c.draw == draw, DRAWN.c.passage == passage)
    return connection.execute(query.where(LIVE)).scalar()


def sealed(connection: Connection, coder: str, among: Collection[int] | None = None) -> set[int]:
    """Passages that a coder is to judge unled: of draws that ask this coder, those not yet read as the draw asks.

    Nothing that the machine or another coder said of these may reach this coder. among: only of these.
    """
    return _left(connection, [draw for draw in draws(connection) if asks(draw, coder)], among)


def following(connection: Connection, draw: Draw, coder: str, but: int | None = None) -> tuple[int, float] | None:
    """(passage, probability) that this coder reads next, None at the end; skipped ones come last, as they were skipped.

    What another coder has open is left to that coder for LEASE seconds, where each passage is read once.
    but: a passage not to take, the one just skipped.
    """
    query = select(DRAWN.c.passage, DRAWN.c.probability).select_from(_PLACES).where(DRAWN.c.draw == draw.id, LIVE)
    query = query.where(_unread(draw, coder))
    if not draw.every:
        query = query.where(DRAWN.c.passage.not_in(_taken(draw.id, coder)))
    last = [DRAWN.c.passage == but] * (but is not None)
    own = and_(CLAIMS.c.draw == draw.id, CLAIMS.c.coder == coder, CLAIMS.c.skipped)
    put_off = select(CLAIMS.c.time).where(own, CLAIMS.c.passage == DRAWN.c.passage).scalar_subquery()
    query = query.order_by(*last, func.coalesce(put_off, 0), DRAWN.c.position)
    row = connection.execute(query.limit(1)).first()
    return (row.passage, row.probability) if row else None


def awaited(connection: Connection, among: Collection[int] | None = None) -> set[int]:
    """Passages of every draw that are not read yet as it asks: no queue may offer them. among: only of these."""
    return _left(connection, draws(connection), among)


def unfinished(connection: Connection) -> set[int]:
    """All passages, read or not, of draws that are still to be read to the end."""
    open_ = [one.id for one in draws(connection) if not one.closed and lt(*progress(connection, one))]
    return set(connection.execute(select(DRAWN.c.passage).where(DRAWN.c.draw.in_(open_))).scalars())


def taken(connection: Connection, draw: int, coder: str) -> set[int]:
    """Passages that other coders have open; draw 0 is the review queue."""
    return set(connection.execute(_taken(draw, coder)).scalars())


def skipped(connection: Connection, draw: int, coder: str) -> dict[int, float]:
    """Passages that a coder has put off, each with when; draw 0 is the review queue."""
    own = and_(CLAIMS.c.draw == draw, CLAIMS.c.coder == coder, CLAIMS.c.skipped)
    return {row.passage: row.time for row in connection.execute(select(CLAIMS).where(own))}


def claim(connection: Connection, draw: int, passage: int, coder: str, skipped: bool = False) -> None:
    """Note that a coder has a passage open, or has put it off; draw 0 is the review queue."""
    own = and_(CLAIMS.c.draw == draw, CLAIMS.c.passage == passage, CLAIMS.c.coder == coder)
    connection.execute(delete(CLAIMS).where(own))
    row = {"draw": draw, "passage": passage, "coder": coder, "time": time(), "skipped": skipped}
    connection.execute(insert(CLAIMS).values(**row))


def _unread(draw: Draw, coder: str | None = None) -> ColumnElement[bool]:
    """That a drawn passage is not read as its draw asks; or, of a coder where each reads each, not by this one.

    The database looks at no more than the first row of what was said, and hands out none: reading goes on beside it.
    """
    said = select(HELD.c.passage).where(HELD.c.passage == DRAWN.c.passage, HELD.c.lane == draw.id)
    said = said.where(HELD.c.value.is_not(None)).correlate(DRAWN)
    if not (draw.every and (coder or draw.coders)):
        return ~said.exists()
    return or_(*(~said.where(HELD.c.coder == one).exists() for one in ([coder] if coder else draw.coders)))


def _left(connection: Connection, of: Iterable[Draw], among: Collection[int] | None) -> set[int]:
    """Passages of these draws that are not read yet as they ask."""
    found: set[int] = set()
    for draw in (one for one in of if not one.closed):
        query = select(DRAWN.c.passage).select_from(_PLACES).where(DRAWN.c.draw == draw.id, LIVE, _unread(draw))
        if among is not None:
            query = query.where(DRAWN.c.passage.in_(among))
        found.update(connection.execute(query).scalars())
    return found


def _taken(draw: int, coder: str) -> Select[Any]:
    others = and_(CLAIMS.c.draw == draw, CLAIMS.c.coder != coder, ~CLAIMS.c.skipped, CLAIMS.c.time > time() - LEASE)
    return select(CLAIMS.c.passage).where(others)

"""The review queue on disk: what to read next, why, and what the machine suggests of it; it is replaced as a whole."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from coding.draws import CLOSINGS, DRAWN
from coding.ledger import HELD, now
from corpus.database import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    added_key,
    delete,
    insert,
    metadata,
    select,
)
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

QUEUES = Table(
    "queues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("decisions", Integer, nullable=False),
    Column("changes", Text, nullable=False),
    Column("made", String(32), nullable=False),
)
QUEUED = Table(
    "queued",
    metadata,
    Column("queue", Integer, ForeignKey("queues.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("passage", Integer, ForeignKey("passages.id"), nullable=False),
    Column("why", String(16), nullable=False),
    Column("code", String(64)),
    Column("suggestions", Text, nullable=False),
)
READ = select(HELD.c.passage).where(HELD.c.value.is_not(None))  # passages that somebody has decided a code of
_OPEN = DRAWN.c.draw.not_in(select(CLOSINGS.c.draw))
SET_APART = select(DRAWN.c.passage).where(_OPEN)  # passages of draws: they are read blind, or were


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue.

    decisions: newest row of the ledger that it was learned from. changes: what changed since the last one, sentences.
    """

    id: int
    decisions: int
    changes: tuple[str, ...]
    made: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion as it is shown.

    sentence: which of the passage's own carried it, 0 for the first, -1 for none. because: "definition", "example" or
    "decided", and text the words of it; "" and "" where nothing is named.
    """

    code: str
    score: float
    suggested: bool
    sentence: int
    because: str
    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A passage (by key) to read. why: "certain", "uncertain" or "diverse". code: which it is for, None for none."""

    passage: int
    why: str
    code: str | None
    suggestions: tuple[Shown, ...]


def replace(connection: Connection, decisions: int, changes: Sequence[str], queued: Iterable[Queued]) -> int:
    """Write a queue in place of the one that was there; its number, higher than any before."""
    written = {"decisions": decisions, "changes": json.dumps(list(changes), ensure_ascii=False), "made": now()}
    queue = added_key(connection.execute(insert(QUEUES).values(**written)))
    rows = [{"queue": queue, "position": position, **_row(one)} for position, one in enumerate(queued)]
    if rows:
        connection.execute(insert(QUEUED), rows)
    connection.execute(delete(QUEUED).where(QUEUED.c.queue < queue))
    connection.execute(delete(QUEUES).where(QUEUES.c.id < queue))
    return queue


def latest(connection: Connection) -> Queue | None:
    """The queue that stands, None before the first."""
    row = connection.execute(select(QUEUES).order_by(QUEUES.c.id.desc())).first()
    return Queue(row.id, row.decisions, tuple(json.loads(row.changes)), row.made) if row else None


def rows(connection: Connection, queue: int) -> list[Queued]:
    """All that a queue offers, in order; none where it has been replaced."""
    found = connection.execute(select(QUEUED).where(QUEUED.c.queue == queue).order_by(QUEUED.c.position))
    return [_queued(row) for row in found]


def waiting(connection: Connection, queue: int, most: int | None = None) -> list[int]:
    """Keys of the first `most` (None: all) passages of a queue that are still live, unread and in no draw, in order."""
    query = select(QUEUED.c.passage).select_from(QUEUED.join(PASSAGES).join(DOCUMENTS))
    held = HELD.c.passage == QUEUED.c.passage, HELD.c.value.is_not(None)
    unread = ~select(HELD.c.passage).where(*held).exists()
    undrawn = ~select(DRAWN.c.passage).where(DRAWN.c.passage == QUEUED.c.passage, _OPEN).exists()
    query = query.where(QUEUED.c.queue == queue, LIVE, unread, undrawn)
    return list(connection.execute(query.order_by(QUEUED.c.position).limit(most)).scalars())


def of_passage(connection: Connection, passage: int) -> Queued | None:
    """Why a passage is in the queue that stands, and what is suggested of it; None where it is not in it."""
    query = select(QUEUED).where(QUEUED.c.passage == passage).order_by(QUEUED.c.queue.desc())
    row = connection.execute(query).first()
    return _queued(row) if row else None


def _row(queued: Queued) -> dict[str, Any]:
    shown = [[getattr(one, name) for name in Shown.__slots__] for one in queued.suggestions]
    place = {"passage": queued.passage, "why": queued.why, "code": queued.code}
    return {**place, "suggestions": json.dumps(shown, ensure_ascii=False)}


def _queued(row: Any) -> Queued:
    shown = json.loads(row.suggestions)
    return Queued(row.passage, row.why, row.code, tuple(Shown(*one) for one in shown))

"""What is counted: passages, documents, speakers, or the values of an attribute, such as organisations."""

from collections.abc import Collection
from typing import Any

from corpus.database import Connection, and_, func, listed, select
from corpus.errors import EvidenceError
from corpus.tables import ATTRIBUTES, DOCUMENTS, LIVE, PASSAGES, TURNS

UNITS = ("passage", "document", "speaker")
NO_VALUE = "(none)"  # the group of documents without an attribute

Unit = tuple[int, int | str | None]  # a document, and what of it: a passage, all of it, or a speaker


def several(unit: str) -> str:
    """What more than one of a unit are called."""
    return f"{unit}s" if unit in UNITS else f"values of {unit}"


def check(connection: Connection, unit: str) -> None:
    """EvidenceError for what is neither one of UNITS nor an attribute of some document."""
    known = select(ATTRIBUTES.c.name).distinct().order_by(ATTRIBUTES.c.name)
    names = [*UNITS, *connection.execute(known).scalars()]
    if unit not in names:
        raise EvidenceError(f"'{unit}' is no counting unit: choose {', '.join(names)}")


def sizes(connection: Connection, unit: str) -> dict[Unit, int]:
    """How many live passages each unit has; where passages are counted, each document.

    A person who speaks in two documents is two speakers, since a name ("Participant 1") is not an identity; a document
    without speakers is one. The value of an attribute is one unit in however many documents, told by the first of them;
    documents without the attribute are in none.
    """
    pair, tables = columns(unit)
    query = select(*pair, func.count()).select_from(tables).where(LIVE).group_by(*pair)
    return {(document, part): size for document, part, size in connection.execute(query)}


def places(connection: Connection, unit: str, passages: Collection[int] | None = None) -> dict[int, Unit]:
    """The unit that each of these passages (None: each live one) is in, or is; those in none are left out."""
    (document, part), tables = columns(unit)
    query = select(PASSAGES.c.id, document, PASSAGES.c.id if unit == "passage" else part).select_from(tables)
    within = LIVE if passages is None else PASSAGES.c.id.in_(listed(passages))
    return {key: (where, what) for key, where, what in connection.execute(query.where(within))}


def columns(unit: str) -> tuple[tuple[Any, Any], Any]:
    """The columns that tell units apart, of passages their documents only; and the tables they are in."""
    tables: Any = PASSAGES.join(DOCUMENTS)
    if unit in ("passage", "document"):
        return (PASSAGES.c.document, PASSAGES.c.document), tables
    if unit == "speaker":
        turn = and_(TURNS.c.document == PASSAGES.c.document, TURNS.c.number == PASSAGES.c.turn)
        return (PASSAGES.c.document, TURNS.c.speaker), tables.join(TURNS, turn)
    mine = and_(ATTRIBUTES.c.document == DOCUMENTS.c.id, ATTRIBUTES.c.name == unit)
    first = select(ATTRIBUTES.c.value, func.min(DOCUMENTS.c.id).label("document")).join(DOCUMENTS)
    first = first.where(ATTRIBUTES.c.name == unit, DOCUMENTS.c.live).group_by(ATTRIBUTES.c.value)
    told = first.subquery()
    tables = tables.join(ATTRIBUTES, mine).join(told, told.c.value == ATTRIBUTES.c.value)
    return (told.c.document, ATTRIBUTES.c.value), tables

"""The study on disk: sources, documents, turns and passages, kept by place."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from corpus.database import (
    Column,
    Connection,
    Database,
    Table,
    added_key,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage, SetAside, Turn
from corpus.tables import ATTRIBUTES, DOCUMENTS, LEFT_OUT, LIVE, PASSAGES, SETTINGS, SOURCES, TURNS

CHUNK = 64  # documents in memory at a time; a hearing day of 40,000 words is a quarter of a megabyte


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as the study keeps it: keys are the database's own, and mean nothing outside this study.

    passages: (key, passage) in the order of the text.
    """

    key: int
    document: Document
    passages: tuple[tuple[int, Passage], ...]


class Store:
    """The documents of one study; every statement runs in a transaction that the caller opened on `database`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def settings(self) -> dict[str, str]:
        """The study's own settings, by name."""
        with self.database.reading() as connection:
            return dict(connection.execute(select(SETTINGS.c.name, SETTINGS.c.value)).all())

    def configure(self, connection: Connection, settings: dict[str, str]) -> None:
        """Write settings, in place of any of the same name."""
        connection.execute(delete(SETTINGS).where(SETTINGS.c.name.in_(settings)))
        if settings:
            connection.execute(insert(SETTINGS), [{"name": name, "value": value} for name, value in settings.items()])

    def source(self, connection: Connection, name: str) -> tuple[int, str] | None:
        """Key and SHA-256 of the file of that name, None where none was added."""
        row = connection.execute(select(SOURCES.c.id, SOURCES.c.sha256).where(SOURCES.c.name == name)).first()
        return (row.id, row.sha256) if row else None

    def names_of_content(self, connection: Connection, sha256: str) -> list[str]:
        """Names under which exactly this content was added."""
        return list(connection.execute(select(SOURCES.c.name).where(SOURCES.c.sha256 == sha256)).scalars())

    def add_source(self, connection: Connection, name: str, sha256: str) -> int:
        """Record a file, or that a file of this name now has this content; its key."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if known := self.source(connection, name):
            connection.execute(update(SOURCES).where(SOURCES.c.id == known[0]).values(sha256=sha256, added=now))
            return known[0]
        return added_key(connection.execute(insert(SOURCES).values(name=name, sha256=sha256, added=now)))

    def add(
        self, connection: Connection, source: int, documents: Sequence[tuple[Document, Sequence[Passage]]]
    ) -> list[int]:
        """Keep documents with their turns, attributes and passages; their keys, in order."""
        first = connection.execute(select(func.coalesce(func.max(DOCUMENTS.c.id), 0))).scalar_one() + 1
        for start in range(0, len(documents), CHUNK):
            keyed = list(enumerate(documents[start : start + CHUNK], start=first + start))
            _insert(connection, DOCUMENTS, (_document_row(key, source, document) for key, (document, _) in keyed))
            _insert(
                connection, ATTRIBUTES, (row for key, (d, _) in keyed for row in _attribute_rows(key, d.attributes))
            )
            _insert(connection, TURNS, (row for key, (document, _) in keyed for row in _turn_rows(key, document)))
            _insert(connection, PASSAGES, (row for key, (_, passages) in keyed for row in _passage_rows(key, passages)))
        return list(range(first, first + len(documents)))

    def leave_out(self, connection: Connection, source: str, items: Iterable[SetAside]) -> None:
        """Record what was set aside of one file, in place of what an earlier attempt at it recorded."""
        connection.execute(delete(LEFT_OUT).where(LEFT_OUT.c.source == source))
        _insert(connection, LEFT_OUT, ({"source": source, **asdict(item)} for item in items))

    def left_out(self, connection: Connection) -> list[SetAside]:
        """Everything that was read and not kept, file by file."""
        columns = (LEFT_OUT.c.name, LEFT_OUT.c.place, LEFT_OUT.c.reason)
        return [SetAside(*row) for row in connection.execute(select(*columns).order_by(LEFT_OUT.c.id))]

    def retire(self, connection: Connection, key: int) -> None:
        """Take a document out of every count and list; its text, and what people decided in it, stay on disk."""
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == key).values(live=False))

    def describe(self, connection: Connection, key: int, attributes: dict[str, str]) -> None:
        """Give a document these attributes in place of those it had."""
        connection.execute(delete(ATTRIBUTES).where(ATTRIBUTES.c.document == key))
        _insert(connection, ATTRIBUTES, _attribute_rows(key, attributes))

    def resplit(self, connection: Connection, key: int, passages: Sequence[Passage]) -> None:
        """Give a document other passages: one at the same place keeps its key, one that is gone is retired."""
        connection.execute(update(PASSAGES).where(PASSAGES.c.document == key).values(live=False))
        columns = (PASSAGES.c.start, PASSAGES.c.end, PASSAGES.c.id)
        known = {
            (row[0], row[1]): row[2] for row in connection.execute(select(*columns).where(PASSAGES.c.document == key))
        }
        kept = [{"key": known[place], "spans": _spans(p)} for p in passages if (place := (p.start, p.end)) in known]
        if kept:
            again = update(PASSAGES).where(PASSAGES.c.id == bindparam("key"))
            connection.execute(again.values(live=True, sentences=bindparam("spans")), kept)
        _insert(connection, PASSAGES, _passage_rows(key, [p for p in passages if (p.start, p.end) not in known]))

    def documents_of(self, connection: Connection, source: int) -> dict[str, int]:
        """Keys of the live documents that came from one file, by name."""
        query = select(DOCUMENTS.c.name, DOCUMENTS.c.id).where(DOCUMENTS.c.source == source, DOCUMENTS.c.live)
        return dict(connection.execute(query).all())

    def retired_of(self, connection: Connection, source: int) -> dict[str, list[int]]:
        """Keys of the retired documents that came from one file, by name, the newest first."""
        query = select(DOCUMENTS.c.name, DOCUMENTS.c.id).where(
            DOCUMENTS.c.source == source, DOCUMENTS.c.live.is_(False)
        )
        found: dict[str, list[int]] = {}
        for row in connection.execute(query.order_by(DOCUMENTS.c.id.desc())):
            found.setdefault(row.name, []).append(row.id)
        return found

    def names(self, connection: Connection) -> dict[str, int]:
        """Keys of all live documents by name, in the order they were added."""
        query = select(DOCUMENTS.c.name, DOCUMENTS.c.id).where(DOCUMENTS.c.live).order_by(DOCUMENTS.c.id)
        return dict(connection.execute(query).all())

    def places_in_order(self, connection: Connection) -> list[tuple[int, str, int]]:
        """(key, document, start) of all live passages, by the document's name: the same however they came in."""
        columns = (PASSAGES.c.id, DOCUMENTS.c.name, PASSAGES.c.start)
        query = select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
        return sorted((tuple(row) for row in connection.execute(query)), key=lambda row: row[1:])

    def passage_keys(self, connection: Connection) -> list[int]:
        """Keys of all live passages, in order."""
        query = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE).order_by(PASSAGES.c.id)
        return list(connection.execute(query).scalars())

    def holding(self, connection: Connection, passages: Sequence[int]) -> set[int]:
        """Keys of the documents that these passages lie in."""
        found: set[int] = set()
        for start in range(0, len(passages), 500):
            chunk = passages[start : start + 500]
            found.update(connection.execute(select(PASSAGES.c.document).where(PASSAGES.c.id.in_(chunk))).scalars())
        return found

    def attribute_names(self, connection: Connection) -> list[str]:
        """Every attribute that some live document has, in alphabetical order."""
        query = select(ATTRIBUTES.c.name).select_from(ATTRIBUTES.join(DOCUMENTS)).where(DOCUMENTS.c.live).distinct()
        return sorted(connection.execute(query).scalars())

    def kept(self, connection: Connection, keys: Iterable[int] | None = None) -> Iterator[Kept]:
        """The live documents, or those of the keys given, in the order they were added, a few in memory at a time."""
        wanted = list(self.names(connection).values()) if keys is None else sorted(keys)
        for start in range(0, len(wanted), CHUNK):
            yield from self._chunk(connection, wanted[start : start + CHUNK])

    def document(self, connection: Connection, name: str) -> Kept:
        """One live document by its name; EvidenceError where there is none."""
        key = connection.execute(select(DOCUMENTS.c.id).where(DOCUMENTS.c.name == name, DOCUMENTS.c.live)).scalar()
        if key is None:
            raise EvidenceError(f"the study has no document '{name}': `themis documents` lists them")
        return next(self._chunk(connection, [key]))

    def of_key(self, connection: Connection, key: int) -> Kept:
        """One document by its key, a retired one too."""
        return next(self._chunk(connection, [key]))

    def places(self, connection: Connection, key: int) -> dict[tuple[int, ...], int]:
        """Keys of a document's live passages by (start, end)."""
        columns = (PASSAGES.c.start, PASSAGES.c.end, PASSAGES.c.id)
        rows = connection.execute(select(*columns).where(PASSAGES.c.document == key, PASSAGES.c.live))
        return {(row.start, row.end): row.id for row in rows}

    def words(self, connection: Connection, passage: int) -> str:
        """The words of a passage by its key, of another unit or in a retired document too."""
        columns = (PASSAGES.c.start, PASSAGES.c.end, DOCUMENTS.c.text)
        query = select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(PASSAGES.c.id == passage)
        row = connection.execute(query).one()
        return str(row.text[row.start : row.end])

    def size(self, connection: Connection) -> tuple[int, int]:
        """How many live documents and passages the study has."""
        documents = select(func.count()).select_from(DOCUMENTS).where(DOCUMENTS.c.live)
        passages = select(func.count()).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
        return connection.execute(documents).scalar_one(), connection.execute(passages).scalar_one()

    def _chunk(self, connection: Connection, keys: list[int]) -> Iterator[Kept]:
        attributes = _by_document(connection, ATTRIBUTES, ATTRIBUTES.c.name, keys)
        turns = _by_document(connection, TURNS, TURNS.c.number, keys)
        passages = _by_document(connection, PASSAGES, PASSAGES.c.start, keys)
        for row in connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(keys)).order_by(DOCUMENTS.c.id)):
            document = Document(
                name=row.name,
                text=row.text,
                turns=tuple(Turn(*turn[1:]) for turn in turns.get(row.id, [])),
                attributes={a.name: a.value for a in attributes.get(row.id, [])},
                notes=tuple(json.loads(row.notes)),
            )
            by_number = {turn.number: turn for turn in document.turns}
            live = (p for p in passages.get(row.id, []) if p.live)
            yield Kept(row.id, document, tuple((p.id, _passage(document, by_number[p.turn], p)) for p in live))


def create(folder: Path) -> Store:
    """A new study's database in `folder`."""
    return Store(Database.create(folder / "study.db"))


def open_store(folder: Path) -> Store:
    """The study's database in `folder`, at the newest schema."""
    return Store(Database.open(folder / "study.db"))


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    if rows := list(rows):
        connection.execute(insert(table), rows)


def _by_document(connection: Connection, table: Table, order: Column[Any], keys: list[int]) -> dict[int, list[Any]]:
    rows = connection.execute(select(table).where(table.c.document.in_(keys)).order_by(table.c.document, order))
    document = attrgetter("document")
    return {key: list(group) for key, group in groupby(rows, document)}


def _document_row(key: int, source: int, document: Document) -> dict[str, Any]:
    notes = json.dumps(document.notes, ensure_ascii=False)
    sha256 = hashlib.sha256(document.text.encode()).hexdigest()
    place = {"id": key, "source": source, "name": document.name, "live": True}
    return {**place, "text": document.text, "sha256": sha256, "notes": notes}


def _attribute_rows(key: int, attributes: dict[str, str]) -> Iterator[dict[str, Any]]:
    return ({"document": key, "name": name, "value": value} for name, value in attributes.items())


def _turn_rows(key: int, document: Document) -> Iterator[dict[str, Any]]:
    return ({"document": key, **{name: getattr(turn, name) for name in Turn.__slots__}} for turn in document.turns)


def _passage_rows(key: int, passages: Iterable[Passage]) -> Iterator[dict[str, Any]]:
    for p in passages:
        place = {"document": key, "start": p.start, "end": p.end, "turn": p.turn}
        yield {**place, "sentences": _spans(p), "live": True}


def _spans(passage: Passage) -> str:
    return " ".join(f"{start}-{end}" for start, end in passage.sentences)


def _passage(document: Document, turn: Turn, row: Any) -> Passage:
    spans = (span.split("-") for span in row.sentences.split())
    return Passage(
        document=document.name,
        start=row.start,
        end=row.end,
        text=document.text[row.start : row.end],
        turn=row.turn,
        speaker=turn.speaker,
        role=turn.role,
        sentences=tuple((int(start), int(end)) for start, end in spans),
    )

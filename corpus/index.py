"""Where words stand in the live passages: an index in a file of its own, a cache that can be deleted at any time.

It is brought up to date when it is asked, in one transaction: documents that are new are added, and where any went, or
was cut anew, all is indexed again (seconds). What cannot be kept on disk is kept in memory.
"""

import json
import os
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from corpus.database import Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES, SETTINGS
from corpus.terms import Phrase, folded

FORMAT = 1  # of the index: another number makes all anew
CHUNK = 64  # documents in memory at a time
PATIENCE = 120  # seconds to wait for another program that is building it
RANKED = 20_000  # passages that are ranked: what stands in more of them does not tell them apart
CUTTING = ("code_interviewer", "language", "limit", "unit")  # settings that say what a passage is
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # the last: tables that are not ours


class Index:
    """The words of a study's live passages; threads and processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._open: sqlite3.Connection | None = None

    def find(
        self, study: Connection, wanted: Sequence[Phrase], unwanted: Sequence[Phrase], most: int, ranked: bool
    ) -> tuple[int, list[tuple[int, int]], bool]:
        """How many live passages have all that is wanted; (document, start) of the first; whether they are ranked.

        study: a connection to the study, whose state is what is searched. ranked: the likeliest first (bm25), unless
        there are more than RANKED; else in the order of the documents. unwanted: what none of them may have.
        """
        with self._lock:
            for mend in (self._anew, self._in_memory):
                try:
                    return self._find(study, _expression(wanted, unwanted), most, ranked)
                except (sqlite3.Error, OSError) as error:
                    mend(error)
            return self._find(study, _expression(wanted, unwanted), most, ranked)

    def clear(self) -> None:
        """Forget everything, so that the next question makes it anew."""
        with self._lock:
            try:
                with self._transaction("immediate") as words:
                    words.execute("delete from state")
            except (sqlite3.Error, OSError) as error:
                self._in_memory(error)

    def _find(
        self, study: Connection, expression: str, most: int, ranked: bool
    ) -> tuple[int, list[tuple[int, int]], bool]:
        basis = _basis(study)
        with self._transaction("deferred") as words:
            if _kept(words) == basis:
                return _asked(words, expression, most, ranked)
        with self._transaction("immediate") as words:
            if (before := _kept(words)) != basis:
                _update(words, study, before)
                words.execute("delete from state")
                words.execute("insert into state values (?)", (json.dumps(basis),))
            return _asked(words, expression, most, ranked)

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        words = self._open = self._open or _opened(self.path)
        words.execute(f"begin {kind}")
        try:
            yield words
        except BaseException:
            words.rollback()
            raise
        words.commit()

    def _anew(self, error: Exception) -> None:
        """Begin with an empty file where this one is damaged."""
        self._close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            with suppress(OSError):
                for suffix in ("", "-journal"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _in_memory(self, error: Exception) -> None:
        """Do without the file: its place cannot be written, or another program does not let go of it."""
        self._close()
        self._open = _opened(None)

    def _close(self) -> None:
        if self._open:
            self._open.close()
        self._open = None


def _opened(path: Path | None) -> sqlite3.Connection:
    if path and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path or ":memory:", PATIENCE, isolation_level=None, check_same_thread=False)
    if connection.execute("select count(*) from sqlite_master").fetchone()[0] == 0:
        connection.executescript(
            """begin immediate;
            create table if not exists state (basis text);
            create virtual table if not exists words using fts5(text, content='', tokenize='ascii', prefix='1 2 3');
            commit;"""
        )
    return connection


def _expression(wanted: Sequence[Phrase], unwanted: Sequence[Phrase]) -> str:
    """The question as FTS5 writes it; terms hold nothing that it could take for syntax."""
    must, never = ([f'"{" ".join(p.terms)}"{" *" if p.prefix else ""}' for p in some] for some in (wanted, unwanted))
    return f"({' AND '.join(must)}) NOT ({' OR '.join(never)})" if never else " AND ".join(must)


def _asked(
    words: sqlite3.Connection, expression: str, most: int, ranked: bool
) -> tuple[int, list[tuple[int, int]], bool]:
    total = words.execute("select count(*) from words where words match ?", (expression,)).fetchone()[0]
    ranked = ranked and total <= RANKED
    order = "rank, rowid" if ranked else "rowid"
    rows = words.execute(f"select rowid from words where words match ? order by {order} limit ?", (expression, most))
    return total, [(row[0] >> 32, row[0] & 0xFFFFFFFF) for row in rows], ranked


def _kept(words: sqlite3.Connection) -> list[Any]:
    """The basis that the index was made on, [] where it was not made."""
    with suppress(ValueError):
        for (basis,) in words.execute("select basis from state"):
            return list(json.loads(basis))
    return []


def _basis(study: Connection, upto: int | None = None) -> list[Any]:
    """What tells one set of live passages from another, its last item the newest document; of documents up to that."""
    live = select(func.count(), func.coalesce(func.sum(DOCUMENTS.c.id), 0), func.coalesce(func.max(DOCUMENTS.c.id), 0))
    live = live.where(DOCUMENTS.c.live)
    count, keys, last = study.execute(live if upto is None else live.where(DOCUMENTS.c.id <= upto)).one()
    text = study.execute(select(DOCUMENTS.c.sha256).where(DOCUMENTS.c.id == last)).scalar()
    cutting = select(SETTINGS.c.name, SETTINGS.c.value).where(SETTINGS.c.name.in_(CUTTING)).order_by(SETTINGS.c.name)
    settings = [list(row) for row in study.execute(cutting)]
    return [FORMAT, unicodedata.unidata_version, settings, text, count, keys, last]


def _update(words: sqlite3.Connection, study: Connection, before: list[Any]) -> None:
    """Add the new documents where nothing else changed since `before`, or index everything."""
    whole = not before or _basis(study, before[-1]) != before
    if whole:
        words.execute("insert into words(words) values ('delete-all')")
    rows = _rows(study, 0 if whole else before[-1])
    words.executemany("insert into words(rowid, text) values (?, ?)", rows)


def _rows(study: Connection, after: int) -> Iterator[tuple[int, str]]:
    """(place in one number, terms) of the live passages of every document after that one, in order."""
    wanted = select(DOCUMENTS.c.id).where(DOCUMENTS.c.live, DOCUMENTS.c.id > after).order_by(DOCUMENTS.c.id)
    keys = study.execute(wanted).scalars().all()
    for first in range(0, len(keys), CHUNK):
        chunk = DOCUMENTS.c.id.in_(keys[first : first + CHUNK])
        texts = dict(study.execute(select(DOCUMENTS.c.id, DOCUMENTS.c.text).where(chunk)).all())
        places = select(DOCUMENTS.c.id, PASSAGES.c.start, PASSAGES.c.end).select_from(PASSAGES.join(DOCUMENTS))
        for document, start, end in study.execute(places.where(chunk, LIVE).order_by(DOCUMENTS.c.id, PASSAGES.c.start)):
            yield document << 32 | start, folded(texts[document][start:end])

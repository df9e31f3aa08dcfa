"""The study's database: one door to SQLAlchemy and Alembic, one way to open, one way to write.

Each room declares its own tables on `metadata` and writes its own statements with the names re-exported here.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from corpus.errors import EvidenceError

__all__ = [
    "Boolean",
    "Column",
    "ColumnElement",
    "Connection",
    "Database",
    "Float",
    "ForeignKey",
    "Integer",
    "LargeBinary",
    "Select",
    "String",
    "Table",
    "Text",
    "UniqueConstraint",
    "added_key",
    "and_",
    "bindparam",
    "delete",
    "func",
    "insert",
    "listed",
    "metadata",
    "or_",
    "select",
    "update",
]

HEAD = "0005"  # the newest revision in corpus/migrations/versions
MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE = 30  # seconds to wait for another program that is writing
REMEDIES = {  # by SQLite's result code: what a person can do; every other code is a mistake of ours, with its traceback
    sqlite3.SQLITE_BUSY: "another program is using it, so close that one or wait, and try again",
    sqlite3.SQLITE_LOCKED: "another program is using it, so close that one or wait, and try again",
    sqlite3.SQLITE_PROTOCOL: "another program is using it, so close that one or wait, and try again",
    sqlite3.SQLITE_FULL: "make room on the disk, and try again",
    sqlite3.SQLITE_IOERR: "the disk may be full, failing or gone, so look at it, and try again",
    sqlite3.SQLITE_READONLY: "copy the study's folder to a place where you may write",
    sqlite3.SQLITE_PERM: "copy the study's folder to a place where you may read and write",
    sqlite3.SQLITE_CANTOPEN: "copy the study's folder to a place where you may read and write",
    sqlite3.SQLITE_CORRUPT: "it is damaged, so restore a copy of it",
    sqlite3.SQLITE_NOTADB: "it is not a Themis study, so restore a copy of it",
}

metadata = MetaData()


class Database:
    """An open SQLite file at the newest schema; `reading()` and `writing()` are its only two ways in."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._writer = RLock()  # SQLite lets threads that find another one writing sleep, up to 0.1 s; this wakes them

    @classmethod
    def create(cls, path: Path) -> "Database":
        """A new, empty database, readable by its owner only; it is there whole or not at all.

        EvidenceError where a file is already there, or none can be made.
        """
        if path.exists():
            raise EvidenceError(f"{path} is there already: choose another folder, or use the study in it")
        part = path.with_name(f"{path.name}.part")
        with _files(path, "made"), _sqlite(path, "made"):
            _remove(part)  # what an attempt that was killed left behind
            try:
                os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                _migrate(part)
                part.rename(path)
            finally:
                _remove(part)
        return cls(path, _engine(path))

    @classmethod
    def open(cls, path: Path) -> "Database":
        """The database at `path`, brought to the newest schema first (a copy is made before anything changes).

        Where nothing can be written it is open for reading. EvidenceError where it is no SQLite file, no study,
        damaged, made by a newer Themis, or cannot be read, or is of an older schema and cannot be written.
        """
        if not path.is_file():
            raise EvidenceError(f"there is no study at {path.parent}: make one with `themis init {path.parent}`")
        database = cls(path, _engine(path, immutable=_is_immutable(path)))
        try:
            if database._revision() != HEAD:
                with _files(path, "brought up to date"), _sqlite(path, "brought up to date"):
                    _copy(path, path.with_name(f"{path.name}.before-{HEAD}"))
                    _migrate(path)
            database._check_schema()
        except EvidenceError:
            database.close()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the study from beginning to end; EvidenceError where it is unreadable."""
        with _sqlite(self.path, "read"), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, lasting: bool = True) -> Iterator[Connection]:
        """One transaction: all of it is on disk when the block ends, none of it if the block raises.

        lasting: False for what a power cut may take and nobody would miss, which does not wait for the disk.
        EvidenceError where the place or the disk does not take it, or another program keeps the study to itself.
        """
        with (
            self._turn(),
            _sqlite(self.path, "written, and nothing was changed"),
            self._engine.connect().execution_options(write=True, lasting=lasting) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Among the threads that write; not waited for longer than another program is, or they would add up."""
        if not self._writer.acquire(timeout=PATIENCE):
            busy = REMEDIES[sqlite3.SQLITE_BUSY]
            raise EvidenceError(f"{self.path} could not be written, and nothing was changed: {busy}")
        try:
            yield
        finally:
            self._writer.release()

    def close(self) -> None:
        """Close every connection (SQLite then folds its write-ahead log into the file)."""
        self._engine.dispose()

    def _revision(self) -> str:
        """The schema revision; EvidenceError where the file is no study, or of a schema we do not know."""
        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise EvidenceError(f"{self.path} is not a Themis study: restore a copy of it")
            revision = connection.execute(text("select version_num from alembic_version")).scalar()
        if revision not in {file.stem.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}:
            raise EvidenceError(
                f"{self.path} was made by a newer Themis (schema {revision or 'none'}): upgrade this one first"
            )
        return str(revision)

    def _check_schema(self) -> None:
        with self.reading() as connection:
            columns = inspect(connection).get_multi_columns()
        found = {(table, column["name"]) for (_, table), rows in columns.items() for column in rows}
        wanted = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
        if missing := sorted(wanted - found):
            table, column = missing[0]
            raise EvidenceError(
                f"{self.path} lacks {table}.{column}: it was changed by another program; restore a copy of it"
            )


def listed(values: Iterable[str | int]) -> Select[Any]:
    """A list of any length as one value of a statement, for `in_`."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


def added_key(result: Any) -> int:
    """Key of the row that an insert of one row added."""
    return int(result.inserted_primary_key[0])


def _engine(path: Path, immutable: bool = False) -> Engine:
    """Connections to one file; an immutable one is read without the lock and log files that SQLite keeps beside it."""
    url = URL.create("sqlite", database=str(path.absolute()))
    pragmas = ["foreign_keys=ON", "synchronous=FULL"]
    if immutable:
        url = url.set(database=path.absolute().as_uri(), query={"immutable": "1", "uri": "true"})
    else:
        pragmas.append("journal_mode=WAL")
    engine = create_engine(url, connect_args={"timeout": PATIENCE, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver guesses
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        if write:
            lasting = connection.get_execution_options().get("lasting", True)
            connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _is_immutable(path: Path) -> bool:
    """Whether SQLite has no place for the files that it keeps beside the study, and no log was left to be read."""
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("select count(*) from sqlite_master")
    except DBAPIError as error:
        no_place = _code(error) in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
        return no_place and not path.with_name(f"{path.name}-wal").exists()
    finally:
        engine.dispose()
    return False


def _code(error: DBAPIError | sqlite3.Error) -> int:
    """SQLite's primary result code, 0 where the error is not SQLite's own."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)) & 0xFF


@contextmanager
def _sqlite(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        if (remedy := REMEDIES.get(_code(error))) is None:
            raise
        said = getattr(error, "orig", error)
        raise EvidenceError(f"{path} could not be {done} ({said}): {remedy}") from error


@contextmanager
def _files(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "see to it that you may write in its folder and that the disk has room"
        raise EvidenceError(f"{path} could not be {done} ({error.strerror}): {remedy}") from error


def _remove(path: Path) -> None:
    """Remove a database and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(path: Path, to: Path) -> None:
    os.close(os.open(to, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def _migrate(path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = _engine(path)
    try:
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
    finally:
        engine.dispose()

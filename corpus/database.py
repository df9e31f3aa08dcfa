"""The study's database: one door to SQLAlchemy and Alembic, one way to open, one way to write.

Each room declares its own tables on `metadata` and writes its own statements with the names re-exported here.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from corpus.errors import EvidenceError

__all__ = [
    "Boolean",
    "Column",
    "Connection",
    "Database",
    "Float",
    "ForeignKey",
    "Index",
    "Integer",
    "Row",
    "String",
    "Table",
    "Text",
    "UniqueConstraint",
    "added_key",
    "and_",
    "bindparam",
    "case",
    "delete",
    "exists",
    "func",
    "insert",
    "metadata",
    "or_",
    "select",
    "update",
]

HEAD = "0002"  # the newest revision in corpus/migrations/versions
MIGRATIONS = Path(__file__).parent / "migrations"

metadata = MetaData()


class Database:
    """An open SQLite file at the newest schema; `reading()` and `writing()` are its only two ways in."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine

    @classmethod
    def create(cls, path: Path) -> "Database":
        """A new, empty database, readable by its owner only; EvidenceError where a file is already there."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise EvidenceError(f"{path} is there already: choose another folder, or use the study in it") from None
        _migrate(path)
        return cls(path, _engine(path))

    @classmethod
    def open(cls, path: Path) -> "Database":
        """The database at `path`, brought to the newest schema first (a copy is made before anything changes).

        EvidenceError where it is no SQLite file, no study, damaged, or made by a newer Themis.
        """
        revision = _revision(path)
        if revision != HEAD:
            _copy(path, path.with_name(f"{path.name}.before-{HEAD}"))
            _migrate(path)
        database = cls(path, _engine(path))
        database._check_schema()
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the study from beginning to end."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is on disk when the block ends, none of it if the block raises."""
        with self._engine.connect().execution_options(write=True) as connection:
            try:
                with connection.begin():
                    yield connection
            except OperationalError as error:
                raise EvidenceError(f"{self.path} could not be written: {error.orig}; nothing was changed") from error

    def close(self) -> None:
        """Close every connection (SQLite then folds its write-ahead log into the file)."""
        self._engine.dispose()

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


def added_key(result: Any) -> int:
    """Key of the row that an insert of one row added."""
    return int(result.inserted_primary_key[0])


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver guesses
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _revision(path: Path) -> str:
    """The schema revision of a study file; EvidenceError where it is none, or one we do not know."""
    if not path.is_file():
        raise EvidenceError(f"there is no study at {path.parent}: make one with `themis init {path.parent}`")
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            row = connection.execute(text("select version_num from alembic_version")).first()
    except DatabaseError as error:
        raise EvidenceError(f"{path} is not a Themis study ({error.orig}): restore a copy of it") from error
    finally:
        engine.dispose()
    revision = row[0] if row else ""
    known = sorted(file.stem.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if revision not in known:
        raise EvidenceError(f"{path} was made by a newer Themis (schema {revision or 'none'}): upgrade this one first")
    return str(revision)


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
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
    engine.dispose()

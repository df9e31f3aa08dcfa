"""What is stored comes back, once, at its place; the file is private, checked and copied before it changes."""

import sqlite3
import stat
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import ledger, suggestions
from corpus import database
from corpus.database import Database, metadata
from corpus.errors import EvidenceError
from corpus.passage import Document, Turn
from corpus.split import Splitting, passages
from corpus.store import create, open_store

assert ledger.DECISIONS.metadata is suggestions.RUNS.metadata is metadata  # every room's tables are known here


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), min_size=1),
    attributes=st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=3),
)
def test_a_document_comes_back_as_it_was_kept(tmp_path_factory, lines, attributes):
    store = create(tmp_path_factory.mktemp("study"))
    text = "\n".join(lines)
    turns, offset = [], 0
    for number, line in enumerate(lines, start=1):
        left = offset + len(line) - len(line.lstrip())
        turns.append(Turn(number, "Mair", None, left, left + len(line.strip()), time=number / 3))
        offset += len(line) + 1
    document = Document("a.txt", text, tuple(turns), dict(sorted(attributes.items())), ("a note",))
    cut = passages(document, Splitting())
    with store.database.writing() as connection:
        store.add(connection, store.add_source(connection, "a.txt", "0" * 64), [(document, cut)])
    store.database.close()
    with (again := open_store(store.database.path.parent)).database.reading() as connection:
        (kept,) = again.kept(connection)
    again.database.close()
    assert kept.document == document
    assert tuple(passage for _, passage in kept.passages) == cut


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    store = create(tmp_path)

    def half():
        with store.database.writing() as connection:
            store.add_source(connection, "a.txt", "0" * 64)
            store.document(connection, "no such document")

    with pytest.raises(EvidenceError):
        half()
    with store.database.reading() as connection:
        assert store.source(connection, "a.txt") is None


def test_the_file_is_for_its_owner_only_and_keeps_its_promises(tmp_path):
    store = create(tmp_path)
    assert stat.S_IMODE((tmp_path / "study.db").stat().st_mode) == 0o600
    with store.database.reading() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")]
    assert pragmas == ["wal", 1]


def test_the_migrations_make_the_tables_that_the_rooms_declare(tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with Database.create(tmp_path / "study.db").reading() as connection:
        context = MigrationContext.configure(connection)
        found = [change for change in compare_metadata(context, metadata) if "index" not in change[0]]
    assert found == []


def old_study(path):
    """A database as the first version of the program made it."""
    head, database.HEAD = database.HEAD, "0001"
    try:
        Database.create(path).close()
    finally:
        database.HEAD = head
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("insert into settings values ('unit', 'sentence')")
        connection.commit()


def test_an_older_study_is_copied_and_then_migrated(tmp_path):
    old_study(tmp_path / "study.db")
    store = open_store(tmp_path)
    assert store.settings() == {"unit": "sentence"}
    copy = tmp_path / "study.db.before-0002"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
        assert connection.execute("select * from settings").fetchall() == [("unit", "sentence")]
    assert "decisions" not in tables


def test_the_newest_revision_is_the_one_the_program_wants():
    versions = sorted(path.stem.split("_")[0] for path in (database.MIGRATIONS / "versions").glob("0*.py"))
    assert versions[-1] == database.HEAD


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("update alembic_version set version_num = '9999'", "was made by a newer Themis"),
        ("drop table alembic_version", "is not a Themis study"),
        ("alter table documents drop column notes", "lacks documents.notes"),
    ],
)
def test_a_study_of_another_shape_is_refused(tmp_path, damage, sentence):
    create(tmp_path).database.close()
    with closing(sqlite3.connect(tmp_path / "study.db")) as connection:
        connection.execute(damage)
        connection.commit()
    with pytest.raises(EvidenceError, match=sentence):
        open_store(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "study.db").write_bytes(b"not a database at all, but long enough to look at" * 20)
    with pytest.raises(EvidenceError, match="is not a Themis study"):
        open_store(tmp_path)

"""What is stored comes back, once, at its place; the file is private, checked and copied before it changes."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from coding import accepted, draws, frames, ledger, memos, queue, reviewers, suggestions
from corpus import database
from corpus.database import Database, metadata
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage, Turn
from corpus.split import Splitting, passages
from corpus.store import create, open_store
from corpus.tables import DOCUMENTS

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
    assert draws.DRAWS in (tables := list(metadata.sorted_tables))
    assert {accepted.PROPOSALS, frames.FRAMES, memos.MEMOS, queue.QUEUES, reviewers.REVIEWERS, suggestions.RUNS} <= set(
        tables
    )
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with Database.create(tmp_path / "study.db").reading() as connection:
        context = MigrationContext.configure(connection)
        found = [change for change in compare_metadata(context, metadata) if "index" not in change[0]]
    assert found == []


def old_study(path, revision="0001"):
    """A database as an earlier version of the program made it."""
    head, database.HEAD = database.HEAD, revision
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
    copy = tmp_path / "study.db.before-0005"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
        assert connection.execute("select * from settings").fetchall() == [("unit", "sentence")]
    assert "decisions" not in tables


def test_decisions_made_before_are_held_after_a_migration(tmp_path):
    old_study(tmp_path / "study.db", "0002")
    rows = [  # coder, code, value, why, draw
        ("anna", "money", 1, "manual", None),
        ("anna", "money", 0, "double", 7),
        ("ben", "money", 1, "import", None),
        ("ben", "money", None, "import", None),
        ("ben", "voice", 1, "adjudication", None),
    ]
    with closing(sqlite3.connect(tmp_path / "study.db")) as connection:
        connection.execute("insert into sources values (1, 'a.txt', '', '')")
        connection.execute("insert into documents values (1, 1, 'a.txt', 'We waited.', '', '[]', 1)")
        connection.execute("insert into passages values (1, 1, 0, 10, 1, '0-10', 1)")
        connection.execute("insert into codebooks values ('1', '{}', '')")
        connection.executemany(
            "insert into decisions (coder, passage, code, value, codebook, why, draw, suggestions_visible, time)"
            " values (?, 1, ?, ?, '1', ?, ?, 0, '')",
            rows,
        )
        connection.commit()
    open_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "study.db")) as connection:
        found = connection.execute("select lane, coder, code, decision, value from held order by 1, 2, 3").fetchall()
    assert found == [
        (-1, "", "voice", 5, 1),
        (0, "anna", "money", 2, 0),
        (0, "ben", "money", 4, None),
        (7, "anna", "money", 2, 0),
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("memos", "text"),
        ("flags", "note"),
        ("draws", "note"),
        ("drawn", "probability"),
        ("frames", "passages"),
        ("frozen", "scores"),
        ("proposals", "cuts"),
        ("acceptances", "size"),
        ("withdrawals", "time"),
    ],
)
def test_what_people_noted_and_what_was_drawn_is_never_changed(decided, table, column):
    connection, _ = decided
    connection.execute("insert into memos values (1, 'a', 'anna', null, null, null, 'words', '', null)")
    connection.execute("insert into flags values (1, 'a', 'anna', 1, null, 1, '', '')")
    draw = "1, 'k', 'audit', '[]', 0, 1, 1, '1', '1', 0, '', '', 'passage', null, null, null"
    connection.execute(f"insert into draws values ({draw})")
    connection.execute("insert into drawn values (1, 0, 1, 1.0)")
    connection.execute("insert into frames values (1, x'00', x'00', '', '')")
    connection.execute("insert into frozen values (1, 'money', 'score', 0.5, x'00')")
    connection.execute("insert into proposals values (1, 0.9, 0.9, 1, '[]')")
    connection.execute("insert into acceptances values (1, 2, '')")
    connection.execute("insert into withdrawals values (1, '')")
    before = connection.execute(f"select * from {table}").fetchall()
    for statement in (
        f"update {table} set {column} = 0",
        f"delete from {table}",
        f"replace into {table} select * from {table}",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} are never changed"):
            connection.execute(statement)
    assert connection.execute(f"select * from {table}").fetchall() == before


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


def keep(store, name="a.txt", text="We waited nine months."):
    """One document of one turn and one passage; the key of the passage."""
    document = Document(name, text, (Turn(1, None, None, 0, len(text)),))
    cut = [Passage(name, 0, len(text), text, 1, None, None, ((0, len(text)),))]
    with store.database.writing() as connection:
        store.add(connection, store.add_source(connection, name, "0" * 64), [(document, cut)])
        return store.passage_keys(connection)[-1]


@contextmanager
def file_size_limit(most):
    """Files cannot grow beyond this many bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def place():
    """A folder that every user can reach, which the temporary folders of a test run are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def read_only(folder):
    """Nothing in the folder can be written; the administrator, who can always write, becomes nobody."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.mark.parametrize("name", ["what? 50% #1", "100%25", "a?mode=memory&b", "file:x?uri=true", "Tŷ'r Ddraig"])
def test_a_study_is_kept_in_the_folder_it_was_given_whatever_its_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = Path(name)
    folder.mkdir()
    store = create(folder)
    keep(store)
    assert {path.name for path in folder.iterdir()} == {"study.db", "study.db-wal", "study.db-shm"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    store.database.close()
    open_store(folder).database.close()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [name, f"{name}/study.db"]


def test_a_study_that_cannot_be_written_opens_for_reading(place):
    store = create(place)
    keep(store)
    store.database.close()
    with read_only(place):
        store = open_store(place)
        with store.database.reading() as connection:
            assert list(store.names(connection)) == ["a.txt"]
        with pytest.raises(EvidenceError, match=r"nothing was changed .*copy the study's folder to a place"):
            keep(store, "b.txt")
        store.database.close()
    assert [path.name for path in place.iterdir()] == ["study.db"]


def test_an_older_study_that_cannot_be_written_says_what_to_do(place):
    old_study(place / "study.db")
    with (
        read_only(place),
        pytest.raises(EvidenceError, match=r"could not be brought up to date .*may write in its folder"),
    ):
        open_store(place)


def test_a_study_that_was_not_closed_is_not_read_without_its_log(tmp_path, place):
    store = create(tmp_path)
    keep(store)
    for name in ("study.db", "study.db-wal"):
        (place / name).write_bytes((tmp_path / name).read_bytes())
    store.database.close()
    with read_only(place), pytest.raises(EvidenceError, match=r"could not be read .*copy the study's folder"):
        open_store(place)


def test_a_study_that_another_program_holds_is_not_called_damaged(tmp_path, monkeypatch):
    create(tmp_path).database.close()
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    with closing(sqlite3.connect(tmp_path / "study.db", isolation_level=None)) as other:
        other.execute("pragma locking_mode=exclusive")
        other.execute("begin exclusive")
        with pytest.raises(
            EvidenceError, match=r"could not be read \(database is locked\): another program is using it"
        ):
            open_store(tmp_path)
        other.execute("rollback")
    open_store(tmp_path).database.close()


def test_damage_that_shows_while_reading_is_one_sentence(tmp_path):
    store = create(tmp_path)
    keep(store)
    store.database.close()
    with closing(sqlite3.connect(tmp_path / "study.db")) as connection:
        page = connection.execute("select rootpage from sqlite_master where name = 'documents'").fetchone()[0]
        size = connection.execute("pragma page_size").fetchone()[0]
    with (tmp_path / "study.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    damaged = open_store(tmp_path)

    def texts():
        with damaged.database.reading() as connection:
            return list(damaged.kept(connection))

    with pytest.raises(EvidenceError, match=r"could not be read \(database disk image is malformed\).*restore a copy"):
        texts()
    damaged.database.close()


def test_a_mistake_in_a_statement_is_no_user_error(tmp_path):
    store = create(tmp_path)
    with (
        pytest.raises(Exception, match="no such table: nowhere") as caught,
        store.database.reading() as connection,
    ):
        connection.exec_driver_sql("select * from nowhere")
    assert not isinstance(caught.value, EvidenceError)


def test_a_full_disk_changes_nothing_and_says_so(tmp_path):
    store = create(tmp_path)
    keep(store)

    @event.listens_for(store.database._engine, "begin")
    def _full(connection):
        connection.exec_driver_sql("pragma max_page_count = 1")  # SQLite takes the pages there are now for the most

    with pytest.raises(EvidenceError, match=r"nothing was changed \(database or disk is full\): make room"):
        keep(store, "b.txt", "so much more " * 10_000)
    event.remove(store.database._engine, "begin", _full)
    with store.database.reading() as connection:
        assert list(store.names(connection)) == ["a.txt"]
    keep(store, "b.txt")


def test_a_disk_that_fails_while_writing_is_one_sentence(tmp_path):
    store = create(tmp_path)
    with (
        pytest.raises(EvidenceError, match=r"nothing was changed \(disk I/O error\): the disk may be full"),
        file_size_limit(200_000),
    ):
        keep(store, text="so much more " * 100_000)
    keep(store)


@pytest.mark.parametrize("most", [0, 4096, 60_000])
def test_a_study_that_the_disk_has_no_room_for_is_not_made(tmp_path, most):
    create(tmp_path / ".").database.close()  # whatever is imported late is there
    folder = tmp_path / "study"
    folder.mkdir()
    with pytest.raises(EvidenceError, match=r"study.db could not be made"), file_size_limit(most):
        create(folder)
    assert list(folder.iterdir()) == []
    create(folder).database.close()


KILLED = """
import resource, signal, sys
from pathlib import Path
import alembic.command, alembic.runtime.migration, alembic.autogenerate
from corpus.database import Database
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
Database.create(Path(sys.argv[1]) / "study.db")
"""


def test_a_creation_that_was_killed_leaves_no_study_and_can_be_done_again(tmp_path):
    call = [sys.executable, "-B", "-c", KILLED, str(tmp_path)]
    done = subprocess.run(call, cwd=Path(__file__).parent.parent, check=False)
    assert done.returncode == -signal.SIGXFSZ
    left = sorted(path.name for path in tmp_path.iterdir())
    assert "study.db.part" in left
    assert "study.db" not in left
    store = create(tmp_path)
    keep(store)
    store.database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["study.db"]


def test_a_study_is_not_made_over_another(tmp_path):
    keep(store := create(tmp_path))
    store.database.close()
    with pytest.raises(EvidenceError, match="is there already"):
        create(tmp_path)
    with (again := open_store(tmp_path)).database.reading() as connection:
        assert list(again.names(connection)) == ["a.txt"]
    again.database.close()


def plans(connection, run):
    """The query plans of every statement that `run` sends."""
    raw = connection.connection.driver_connection
    sent = []
    raw.set_trace_callback(sent.append)
    run()
    raw.set_trace_callback(None)
    return [row[3] for statement in sent for row in raw.execute(f"explain query plan {statement}")]


def test_a_live_document_is_found_by_its_name_in_an_index(tmp_path):
    store = create(tmp_path)
    query = database.select(DOCUMENTS.c.id).where(DOCUMENTS.c.name == "a.txt", DOCUMENTS.c.live)
    with store.database.reading() as connection:
        assert plans(connection, lambda: connection.execute(query).all()) == [
            "SEARCH documents USING INDEX documents_live_name (name=?)"
        ]


def test_the_suggestions_for_a_passage_are_found_by_their_key(tmp_path):
    store = create(tmp_path)
    columns = suggestions.SUGGESTIONS.c
    query = database.select(columns.code).where(columns.run == 1, columns.passage.in_([1, 2]))
    with store.database.reading() as connection:
        assert plans(connection, lambda: connection.execute(query).all()) == [
            "SEARCH suggestions USING PRIMARY KEY (run=? AND passage=?)"
        ]


@pytest.fixture
def decided(tmp_path):
    """A study with one decision, open to any statement, and the decision."""
    store = create(tmp_path)
    key = keep(store)
    with store.database.writing() as connection:
        connection.execute(database.insert(ledger.CODEBOOKS).values(version="1", content="{}", added=""))
        ledger.record(connection, [ledger.Decision("anna", key, "money", True, "1")])
    store.database.close()
    with closing(sqlite3.connect(tmp_path / "study.db", isolation_level=None)) as connection:
        yield connection, connection.execute("select * from decisions").fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "update decisions set value = 0",
        "delete from decisions",
        "replace into decisions select id, coder, passage, code, 0, quote_start, quote_end, codebook, why, draw,"
        " probability, suggestions_visible, seconds, time, act, undoes, reason from decisions",
        "insert into decisions select * from decisions where true on conflict (id) do update set value = 0",
    ],
)
def test_no_program_can_change_a_decision(decided, statement):
    connection, before = decided
    with pytest.raises(sqlite3.IntegrityError, match="decisions are never changed"):
        connection.execute(statement)
    assert connection.execute("select * from decisions").fetchall() == before


def test_a_decision_was_made_for_one_of_the_known_reasons(decided, tmp_path):
    connection, ((_, _, passage, *_),) = decided
    store = open_store(tmp_path)

    def record(*reasons):
        with store.database.writing() as connection:
            ledger.record(
                connection, [ledger.Decision("anna", passage, "money", True, "1", why=why) for why in reasons]
            )

    record(*ledger.WHY)
    with pytest.raises(IntegrityError, match="decisions_why"):
        record("whim")
    found = connection.execute("select why from decisions order by id").fetchall()
    assert [why for (why,) in found] == ["manual", *ledger.WHY]

"""Two copies of a study coded apart become one: nothing lost, nothing twice, the same whichever takes the other."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import cli
from coding import acts, drawing, draws, ledger, memos, reviewers
from coding.joining import join
from coding.ledger import ADJUDICATED, COLUMNS, DECISIONS, Decision
from coding.merge import RULES, Both, merge
from coding.places import MISSING, OTHER_TEXT, OTHER_UNIT
from coding.study import Study, add, configure, create_study, open_study
from corpus.database import select
from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.tables import DOCUMENTS, PASSAGES

TIMES = [f"2026-11-0{day}T10:00:00+00:00" for day in range(1, 8)]


def copy_of(study: Study, folder: Path) -> Study:
    """The study's files in another folder, as a colleague takes them along."""
    study.store.database.close()
    folder.mkdir()
    for name in ("study.db", "codebook.yml"):
        shutil.copyfile(study.folder / name, folder / name)
    return open_study(folder)


def rows(study):
    """Every decision as it is in any copy: passages by id, draws by key, without numbers."""
    with study.store.database.reading() as connection:
        return seen(connection, connection.execute(select(*COLUMNS).order_by(DECISIONS.c.id)))


def seen(connection, found):
    columns = (PASSAGES.c.id, DOCUMENTS.c.name, PASSAGES.c.start, PASSAGES.c.end)
    places = connection.execute(select(*columns).select_from(PASSAGES.join(DOCUMENTS)))
    ids = {row.id: f"{row.name}:{row.start}-{row.end}" for row in places}
    keys = {draw.id: draw.key for draw in draws.draws(connection)}
    decisions = [row if isinstance(row, Decision) else Decision(*row) for row in found]
    return [replace(row, passage=ids[row.passage], draw=keys.get(row.draw)) for row in decisions]


def state(study):
    """What holds: of coders, settled, within each draw, and what is agreed."""
    with study.store.database.reading() as connection:
        current = {(d.coder, d.passage, d.code): d for d in seen(connection, ledger.current(connection))}
        settled = {(d.passage, d.code): d for d in seen(connection, ledger.adjudicated(connection))}
        drawn = {
            draw.key: {(d.coder, d.passage, d.code): d for d in seen(connection, ledger.in_draw(connection, draw.id))}
            for draw in draws.draws(connection)
        }
        places = {p.id: key for one in study.store.kept(connection) for key, p in one.passages}
        agreed = dict(ledger.agreed(connection, study.codebook))
        return current, settled, drawn, {id: agreed[key] for id, key in places.items() if key in agreed}


def nameless(found):
    """The state without acts, which a row that had none gets when it is said again."""
    current, settled, drawn, agreed = found

    def plain(held):
        return {key: replace(row, act=None) for key, row in held.items()}

    return plain(current), plain(settled), {key: plain(held) for key, held in drawn.items()}, agreed


def keys(study):
    with study.store.database.reading() as connection:
        return [p[0] for one in study.store.kept(connection) for p in one.passages]


def record(study, *decisions):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        ledger.record(connection, decisions)


def say(study, coder, passage, code, value, time, **more):
    more.setdefault("act", ledger.new_act())
    record(study, Decision(coder, keys(study)[passage], code, value, study.codebook.version, time=TIMES[time], **more))


@pytest.fixture
def pair(study, tmp_path):
    """Two copies of a study of nine passages, coded apart from then on."""
    return study, copy_of(study, tmp_path / "other")


def test_what_two_coders_decided_apart_is_together_after_a_merge(pair):
    here, there = pair
    say(here, "anna", 0, "money", True, 1)
    say(there, "ben", 0, "money", False, 2, seconds=4.5, suggestions_visible=True, quote_start=1, quote_end=4)
    say(there, "ben", 1, "voice", True, 3)
    theirs = rows(there)
    done = merge(here, there.folder)
    assert (done.read, done.added, done.already, done.again, done.both, done.set_aside) == (2, 2, 0, 0, [], [])
    assert rows(here)[1:] == theirs
    assert [values["money"] for values in state(here)[3].values() if "money" in values] == [0.5]


SAID = st.tuples(
    st.sampled_from(["anna", "ben"]),
    st.integers(0, 1),  # passage
    st.sampled_from(["money", "voice"]),
    st.sampled_from([True, False, None]),
    st.integers(0, 6),  # time
    st.sampled_from(["plain", "plain", "plain", "old", "settled", "drawn", "drawn here"]),
)
SIDES = st.lists(st.tuples(st.sampled_from("ab"), SAID), max_size=10)


def speak(study, said):
    coder, passage, code, value, time, kind = said
    more = {}
    if kind == "old":
        more["act"] = None
    if kind == "settled":
        more |= {"why": "adjudication", "reason": "slip"}
    if kind.startswith("drawn"):
        with study.store.database.reading() as connection:
            found = draws.draws(connection)
        more |= {"why": "double", "draw": (found[0] if kind == "drawn" else found[-1]).id, "probability": 0.5}
    say(study, coder, passage, code, value, time, **more)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A study of nine passages with a draw in it."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "themes.yml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "a.txt").write_text("\n\n".join(["We waited."] * 9), encoding="utf-8")
    study = create_study(folder / "study", folder / "themes.yml")
    add(study, [folder / "a.txt"])
    drawing.draw_double(study, 1, ["anna", "ben"])
    study.store.database.close()
    return study.folder


CODEBOOK = """
title: Two
codes:
  - {id: money, name: Money, definition: Money is short.}
  - {id: voice, name: Voice, definition: Nobody listens.}
"""


def drawn_apart(base, folder, common, apart):
    """Two copies with a common beginning and a draw of their own each, and what was said in each of them since."""
    first = copy_of(open_study(base), folder / "first")
    for said in common:
        speak(first, said)
    copies = {"a": copy_of(first, folder / "a"), "b": copy_of(first, folder / "b")}
    first.store.database.close()
    for study in copies.values():
        drawing.draw_audit(study, 1)
    for side, said in apart:
        speak(copies[side], said)
    return copies["a"], copies["b"]


@settings(max_examples=8, deadline=None)
@given(common=st.lists(SAID, max_size=5), apart=SIDES, later=SIDES)
def test_a_merge_is_the_same_whichever_copy_takes_the_other(base, tmp_path_factory, common, apart, later):
    folder = tmp_path_factory.mktemp("pair")
    a, b = drawn_apart(base, folder, common, apart)
    both = copy_of(a, folder / "ab"), copy_of(b, folder / "ba")
    check_merged(both[0], a, b)
    check_merged(both[1], b, a)
    assert nameless(state(both[0])) == nameless(state(both[1]))
    for side, said in later:  # work goes on in the copies that were merged, and they are merged again
        speak(both[side == "b"], said)
    again = copy_of(both[0], folder / "abb"), copy_of(both[1], folder / "baa")
    check_merged(again[0], both[0], both[1])
    check_merged(again[1], both[1], both[0])
    assert nameless(state(again[0])) == nameless(state(again[1]))
    for study in (a, b, *both, *again):
        study.store.database.close()


def check_merged(merged, ours, theirs):
    """Merge theirs into `merged`, which is as ours: every row of both is there, ours first; twice adds nothing."""
    done = merge(merged, theirs.folder)
    before, after = rows(ours), rows(merged)
    assert after[: len(before)] == before
    assert not Counter({row for row in rows(theirs) if row.act}) - Counter({row for row in after if row.act})
    assert not Counter(row for row in rows(theirs) if not row.act) - Counter(row for row in after if not row.act)
    assert len(after) == len(before) + done.added + done.again
    assert done.read == done.added + done.already == len(rows(theirs))
    held = state(merged)
    again = merge(merged, theirs.folder)
    assert (again.added, again.again, again.both, rows(merged)) == (0, 0, [], after)
    assert state(merged) == held


def written(said, number):
    """A row as `say` writes it, in the ledger of a test that has no database."""
    coder, passage, code, value, time, kind = said
    act = None if kind == "old" else f"act {number}"
    draw = {"drawn": 1, "drawn here": 2}.get(kind)
    why = "adjudication" if kind == "settled" else "manual"
    return Decision(coder, passage, code, value, "v", why, draw=draw, time=TIMES[time], act=act)


def joined(ours, theirs):
    """Our rows after a merge of theirs, on one passage, and what both had decided."""
    done = join(ours, theirs, RULES)
    return [*ours, *(theirs[number] for number in done.new), *done.again], done.both


def holding(ledger):
    """What holds of every lane, apart from the acts, which a row that had none gets when it is said again."""
    return {lane: replace(row, act=None) for row in ledger for lane in RULES.lanes(row)}


ONE_PLACE = SAID.map(lambda said: (said[0], 0, *said[2:]))
ONE_PLACE_SIDES = st.lists(st.tuples(st.sampled_from("ab"), ONE_PLACE), max_size=10)


@settings(max_examples=500, deadline=None)
@given(common=st.lists(ONE_PLACE, max_size=5), rounds=st.lists(ONE_PLACE_SIDES, min_size=1, max_size=3))
def test_ledgers_that_are_joined_hold_the_same_whichever_takes_the_other(common, rounds):
    number = count()
    first = [written(said, next(number)) for said in common]
    a, b = list(first), list(first)
    for one in rounds:
        for side, said in one:
            (a if side == "a" else b).append(written(said, next(number)))
        ab, ba = joined(a, b)[0], joined(b, a)[0]
        assert holding(ab) == holding(ba)
        assert (ab[: len(a)], ba[: len(b)]) == (a, b)
        assert set(ab) >= set(b)
        assert not Counter(row for row in b if not row.act) - Counter(ab)
        assert joined(ab, b) == (ab, [])
        assert holding(joined(ab, ba)[0]) == holding(ab) == holding(joined(ba, ab)[0])
        a, b = ab, ba


@settings(max_examples=500, deadline=None)
@given(common=st.lists(ONE_PLACE, max_size=5), apart=ONE_PLACE_SIDES)
def test_of_what_one_coder_decided_in_both_copies_the_later_holds(common, apart):
    number = count()
    first = [written(said, next(number)) for said in common]
    sides: dict = {"a": [], "b": []}
    for side, said in apart:
        sides[side].append(replace(written(said, next(number)), act=f"act {next(number)}"))
    merged, both = joined([*first, *sides["a"]], [*first, *sides["b"]])
    began, in_a, in_b, held = map(last_rows, (first, sides["a"], sides["b"], merged))
    assert held.keys() == began.keys() | in_a.keys() | in_b.keys()
    for lane, row in held.items():
        ends = [rows[lane] for rows in (in_a, in_b) if lane in rows] or [began[lane]]
        assert row in [end for end in ends if end.time == max(end.time for end in ends)]
    shared = in_a.keys() & in_b.keys()
    assert {RULES.lanes(ours)[0]: (ours, *rest) for ours, *rest in both} == {
        lane: (in_a[lane], in_b[lane], held[lane]) for lane in shared
    }


def last_rows(ledger):
    """The newest row of each coder, and of what was settled, by code."""
    return {RULES.lanes(row)[0]: row for row in ledger}


def test_an_older_decision_that_comes_later_is_kept_and_does_not_hold(pair):
    here, there = pair
    say(here, "anna", 0, "money", True, 5)
    say(there, "anna", 0, "money", False, 2)
    say(there, "anna", 0, "voice", True, 2)
    done = merge(here, there.folder)
    (first, *_) = (id for id in state(here)[3])
    assert done.both == [Both("anna", first, "money", theirs=False)]
    assert (done.added, done.again) == (2, 1)
    assert [(row.code, row.value, row.time) for row in rows(here)] == [
        ("money", True, TIMES[5]),
        ("money", False, TIMES[2]),
        ("voice", True, TIMES[2]),
        ("money", True, TIMES[5]),
    ]
    back = merge(there, here.folder)
    assert (back.added, back.again, back.both) == (2, 0, [])
    assert state(there) == state(here)


def test_what_was_known_there_and_changed_here_is_not_brought_back(pair):
    here, there = pair
    say(there, "anna", 0, "money", True, 5)
    merge(here, there.folder)
    say(here, "anna", 0, "money", False, 1)  # with an older time, as an import has
    assert merge(here, there.folder).both == []
    assert [row.value for row in state(here)[0].values()] == [False]
    merge(there, here.folder)
    assert [row.value for row in state(there)[0].values()] == [False]


def test_an_act_can_be_undone_after_a_merge(pair):
    here, there = pair
    key = keys(here)[0]
    act = ledger.new_act()
    with here.store.database.writing() as connection:
        ledger.keep(connection, here.codebook)
        acts.save(connection, "anna", acts.Reading(act, key, frozenset({"voice"}), "manual"), here.codebook, "x" * 50)
    say(there, "anna", 0, "voice", False, 1)
    merge(here, there.folder)
    with here.store.database.writing() as connection:
        assert acts.undoable(connection, "anna", ["manual"]) == act
        acts.undo(connection, "anna", act)
    assert {row.code: row.value for row in state(here)[0].values()} == {"voice": False}


def test_rows_of_before_there_were_acts_are_added_as_often_as_they_were_said(pair):
    here, there = pair
    for value in (True, False, True, False):
        say(there, "anna", 0, "money", value, 1, act=None)
    say(here, "anna", 0, "money", True, 1, act=None)
    done = merge(here, there.folder)
    assert (done.added, done.already, done.again) == (3, 1, 0)
    assert [row.value for row in rows(here)] == [True, False, True, False]


def test_settlements_of_both_copies_are_one_lane(pair):
    here, there = pair
    say(here, "lead", 0, "money", True, 3, why="adjudication", reason="slip")
    say(there, "other", 0, "money", False, 4, why="adjudication", reason="edge")
    merge(here, there.folder)
    merge(there, here.folder)
    assert state(here) == state(there)
    assert [(row.coder, row.value, row.reason) for row in state(here)[1].values()] == [("other", False, "edge")]


def test_draws_of_both_copies_keep_what_was_read_in_them(pair):
    here, there = pair
    ours, theirs = drawing.draw_audit(here, 2), drawing.draw_double(there, 3, ["Anna", "ben"])
    assert ours.id == theirs.id
    say(here, "anna", 0, "money", True, 1)
    with there.store.database.reading() as connection:
        passages = draws.drawn(connection, theirs.id)
    number = keys(there).index(passages[0][0])
    say(there, "ben", number, "money", True, 2, why="double", draw=theirs.id, probability=passages[0][1])
    done = merge(here, there.folder)
    assert done.draws == 1
    with here.store.database.reading() as connection:
        first, second = draws.draws(connection)
        assert draws.drawn(connection, second.id) == passages  # the keys of a copy are those of its original
        assert [(row.coder, row.value) for row in ledger.in_draw(connection, second.id)] == [("ben", True)]
        assert list(ledger.in_draw(connection, first.id)) == []
    assert (second.id, second.coders) == (2, ("anna", "ben"))
    assert replace(second, id=1, coders=("Anna", "ben"), decisions=0) == theirs
    assert merge(here, there.folder).draws == 0


def test_memos_and_flags_come_along_and_the_later_flag_holds(pair):
    here, there = pair
    with here.store.database.writing() as connection:
        old = memos.add(connection, "anna", "A note.", passage=keys(here)[0])
    merge(there, here.folder)
    document = next(iter(documents(there).values()))
    with there.store.database.writing() as connection:
        memos.add(connection, "ben", "A better note.", passage=keys(there)[0], replaces=old)
        memos.add(connection, "ben", "On the document.", document=document)
        memos.add(connection, "ben", "On a code.", code="money")
    flag(here, "anna", True, 1)
    flag(there, "anna", False, 2)
    flag(there, "ben", True, 2)
    flag(here, "ben", False, 3)
    done = merge(here, there.folder)
    assert (done.memos, done.flags) == (3, 2)
    with here.store.database.reading() as connection:
        assert [m.text for m in memos.standing(connection)] == ["A better note.", "On the document.", "On a code."]
        assert memos.raised(connection) == []
    merge(there, here.folder)
    with there.store.database.reading() as connection:
        assert memos.raised(connection) == []
    assert merge(here, there.folder).flags == 1  # the one that was raised again there
    for study in pair:
        again = merge(study, pair[study is here].folder)
        assert (again.memos, again.flags) == (0, 0)


def flag(study, coder, raised, time):
    from corpus.database import insert

    row = {"act": ledger.new_act(), "coder": coder, "passage": keys(study)[0], "raised": raised, "note": ""}
    with study.store.database.writing() as connection:
        connection.execute(insert(memos.FLAGS).values(**row, time=TIMES[time]))


def documents(study):
    with study.store.database.reading() as connection:
        return study.store.names(connection)


def test_reviewers_come_along_by_name_without_their_links(pair):
    here, there = pair
    with here.store.database.writing() as connection:
        reviewers.add(connection, "Cai")
        reviewers.remove(connection, "Cai")
    with there.store.database.writing() as connection:
        secret = reviewers.add(connection, "ben", lead=True)
        reviewers.add(connection, "cai")
        reviewers.add(connection, "Dai")
        reviewers.remove(connection, "Dai")
    assert merge(here, there.folder).reviewers == ["ben"]
    with here.store.database.reading() as connection:
        assert [(r.name, r.lead) for r in reviewers.listed(connection)] == [("ben", False)]
        assert reviewers.who(connection, secret) is None
    assert merge(here, there.folder).reviewers == []


def test_a_coder_in_other_capitals_is_the_same_coder(pair):
    here, there = pair
    say(here, "Anna", 0, "money", True, 1)
    say(there, "anna", 0, "money", False, 2)
    merge(here, there.folder)
    assert [(row.coder, row.value) for row in state(here)[0].values()] == [("Anna", False)]
    assert merge(here, there.folder).added == 0


def test_what_has_no_place_here_is_set_aside_and_told(pair, tmp_path):
    here, there = pair
    (tmp_path / "extra.txt").write_text("Only they have this.\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("And this, unread.\n", encoding="utf-8")
    add(there, [tmp_path / "extra.txt", tmp_path / "more.txt"])
    (tmp_path / "submission.md").write_text("Our choir is no more.\n\nWe like the new kitchen.\n", encoding="utf-8")
    add(there, [tmp_path / "submission.md"], replace=True)
    there = configure(there, {"unit": "sentence"})
    number = {p.text: n for n, p in enumerate(passages(there))}
    for text in ("Only they have this.", "Our choir is no more.", "We like the new kitchen."):
        say(there, "ben", number[text], "money", True, 1)
    say(there, "ben", number["Nobody asked us before they decided."], "voice", True, 1)
    with there.store.database.writing() as connection:
        memos.add(connection, "ben", "Hm.", passage=keys(there)[number["Only they have this."]])
    done = merge(here, there.folder)
    assert done.set_aside == [
        SetAside("extra.txt", "1 memos, 1 decisions", MISSING),
        SetAside("interview.txt", "1 decisions", OTHER_UNIT),
        SetAside("submission.md", "2 decisions", OTHER_TEXT),
    ]
    assert (done.missing, done.read, done.added, done.memos) == (["extra.txt", "more.txt"], 4, 0, 0)
    add(here, [tmp_path / "extra.txt"])
    done = merge(here, there.folder)
    assert (done.added, done.memos, done.missing) == (1, 1, ["more.txt"])


def passages(study):
    with study.store.database.reading() as connection:
        return [p for one in study.store.kept(connection) for _, p in one.passages]


def test_decisions_find_their_text_under_other_keys_and_on_texts_that_are_retired(study, tmp_path, transcripts):
    there = create_study(tmp_path / "other", study.folder / "codebook.yml")
    for name in ("survey.csv", "submission.md", "interview.txt"):
        add(there, [transcripts / name])
    assert documents(there) != documents(study)
    number = [p.text for p in passages(there)].index("We like the new kitchen.")
    say(there, "ben", number, "money", True, 1)
    (transcripts / "submission.md").write_text("Something else.\n", encoding="utf-8")
    add(study, [transcripts / "submission.md"], replace=True)
    done = merge(study, there.folder)
    assert (done.added, done.set_aside) == (1, [])
    assert rows(study) == rows(there)
    assert state(study)[0] == {}


def test_codebooks_that_differ_are_told_and_their_decisions_come_along(pair):
    here, there = pair
    text = (there.folder / "codebook.yml").read_text(encoding="utf-8")
    (there.folder / "codebook.yml").write_text(text.replace("id: voice", "id: silence"), encoding="utf-8")
    there = open_study(there.folder)
    say(there, "ben", 0, "silence", True, 1)
    done = merge(here, there.folder)
    assert (done.lines, done.unknown, done.versions) == (2, {"silence": 1}, 1)
    assert (here.folder / "codebook.yml").read_text(encoding="utf-8") == text
    with here.store.database.reading() as connection:
        assert ledger.orphans(connection, here.codebook) == {"silence": 1}
        assert [book.version for _, book in ledger.codebooks(connection)] == [there.codebook.version]
    (there.folder / "codebook.yml").write_text("codes: nonsense", encoding="utf-8")
    assert merge(here, there.folder).lines is None


def test_the_other_copy_is_never_changed(pair):
    here, there = pair
    say(there, "ben", 0, "money", True, 1)  # and its log is not folded in yet
    before = {path.name: path.read_bytes() for path in there.folder.iterdir() if path.is_file()}
    assert "study.db-wal" in before
    assert merge(here, there.folder).added == 1
    after = {path.name: path.read_bytes() for path in there.folder.iterdir() if path.is_file()}
    assert after == before
    there.store.database.close()


def test_a_copy_that_cannot_be_written_and_one_of_an_older_schema_are_merged(study, tmp_path):
    from alembic import command
    from alembic.config import Config

    from corpus import database

    folder = tmp_path / "old"
    there = copy_of(study, folder)
    there.store.database.close()
    (folder / "study.db").unlink()
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    engine = database._engine(folder / "study.db")
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    with (
        closing(sqlite3.connect(study.folder / "study.db")) as ours,
        closing(sqlite3.connect(folder / "study.db")) as old,
    ):
        for table in ("sources", "documents", "passages"):
            found = ours.execute(f"select * from {table}").fetchall()
            old.executemany(f"insert into {table} values ({','.join('?' * len(found[0]))})", found)
        old.execute("insert into codebooks values ('v', ?, ?)", (study.codebook.to_json(), TIMES[0]))
        old.execute(
            "insert into decisions (coder, passage, code, value, codebook, why, suggestions_visible, time) "
            "values ('ben', ?, 'money', 1, 'v', 'manual', 0, ?)",
            (keys(study)[0], TIMES[1]),
        )
        old.commit()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tmp_path.chmod(0o755)
    done = merge(study, folder)
    assert (done.added, {path.name: path.read_bytes() for path in folder.iterdir()}) == (1, before)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder.mkdir(), r"there is no study in .*other: give the folder"),
        (lambda folder: None, r"there is no study in .*other"),
        (lambda folder: (folder.mkdir(), (folder / "study.db").write_bytes(b"x" * 5000)), r"other/study.db could not"),
    ],
)
def test_what_is_no_study_is_one_sentence(study, tmp_path, make, said):
    make(tmp_path / "other")
    with pytest.raises(EvidenceError, match=said):
        merge(study, tmp_path / "other")


def test_a_study_is_not_merged_into_itself(study, tmp_path):
    (tmp_path / "link").symlink_to(study.folder)
    with pytest.raises(EvidenceError, match="is this study"):
        merge(study, tmp_path / "link")


def test_rows_that_another_program_spoilt_are_set_aside(pair):
    here, there = pair
    say(there, "ben", 0, "money", True, 1)
    say(there, "ben", 1, "money", True, 1, quote_start=3, quote_end=9999)
    say(there, "ben", 2, "money", True, 1)
    there.store.database.close()
    with closing(sqlite3.connect(there.folder / "study.db")) as connection:
        connection.execute("drop trigger decisions_no_update")
        connection.execute("update decisions set time = 'yesterday' where id = 3")
        connection.commit()
    done = merge(here, there.folder)
    assert (done.read, done.added, len(done.set_aside)) == (3, 1, 1)
    assert done.set_aside[0].place == "2 decisions"


KILLED = """
import os, signal, sys
from coding import ledger
from coding.merge import merge
from coding.study import open_study
recorded = ledger.record
def record(*given):
    recorded(*given)
    os.kill(os.getpid(), signal.SIGKILL)
ledger.record = record
merge(open_study(sys.argv[1]), sys.argv[2])
"""


def test_a_merge_that_is_killed_changes_nothing(pair):
    here, there = pair
    say(here, "anna", 0, "money", True, 1)
    say(there, "ben", 0, "money", True, 1)
    drawing.draw_audit(there, 2)
    before = rows(here)
    command = [sys.executable, "-c", KILLED, str(here.folder), str(there.folder)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert rows(here) == before
    with here.store.database.reading() as connection:
        assert draws.draws(connection) == []
    assert merge(here, there.folder).added == 1


def test_what_holds_is_what_the_database_keeps(pair):
    """The rows that are said again go through the same triggers as any other."""
    here, there = pair
    say(here, "anna", 0, "money", True, 5)
    say(there, "anna", 0, "money", False, 2)
    merge(here, there.folder)
    with here.store.database.reading() as connection:
        assert list(ledger.current(connection)) == list(ledger.current(connection, upto=ledger.last(connection)))
        assert list(ledger.adjudicated(connection)) == [] == ledger.of_passages(connection, keys(here), ADJUDICATED)


def test_the_command_tells_what_became_of_everything(pair, tmp_path):
    here, there = pair
    (tmp_path / "extra.txt").write_text("Only they have this.\n", encoding="utf-8")
    add(there, [tmp_path / "extra.txt"])
    say(here, "anna", 0, "money", True, 5)
    say(there, "anna", 0, "money", False, 6)
    say(there, "ben", 9, "weather", True, 6)
    say(there, "ben", 0, "weather", True, 6)
    with there.store.database.writing() as connection:
        reviewers.add(connection, "ben")
        memos.add(connection, "ben", "Hm.")

    def themis(*words):
        result = CliRunner().invoke(cli.main, ["merge", "--study", str(here.folder), *map(str, words)])
        return result.exit_code, result.output.splitlines()

    first = passages(here)[0].id
    assert themis(there.folder) == (
        0,
        [
            f"  set aside: extra.txt, 1 decisions: {MISSING}",
            "Only there: extra.txt.",
            f"Read 3 decisions of {there.folder}: 2 added, 0 already here, 1 set aside.",
            "Added too: 1 memos.",
            "New reviewers: ben. `themis reviewers link NAME` makes a link for one of them.",
            "1 were decided differently in the two copies by the same coder, or settled differently: the later holds "
            "(1 times the other copy's, 0 times this one's).",
            f"  anna, {first}, money: the other holds",
            "1 of those added are on 'weather', which the codebook here does not have: they do not count.",
            "Next: themis agree; themis code; themis counts",
        ],
    )
    assert themis(tmp_path)[0] == 1

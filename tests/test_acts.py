"""Saving, undoing and redoing: what holds is what a person would say holds, whatever came in which order."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coding import acts, ledger
from coding.acts import Reading
from coding.ledger import HELD, Decision, new_act
from corpus.database import insert, select
from corpus.errors import EvidenceError
from corpus.tables import PASSAGES

MODES = {"manual": None, "double": 1}  # why, and the draw it is read in


def reading(passage, *yes, why="manual", **more):
    return Reading(new_act(), passage, frozenset(yes), why, draw=MODES[why], **more)


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return list(connection.execute(select(PASSAGES.c.id).order_by(PASSAGES.c.id)).scalars())


def save(study, coder, one):
    with study.store.database.writing() as connection:
        text = study.store.words(connection, one.passage)
        return acts.save(connection, coder, one, study.codebook, text)


def undo(study, coder, act):
    with study.store.database.writing() as connection:
        return acts.undo(connection, coder, act)


def held(study, lane=ledger.OWN):
    """{(coder, passage): codes that hold}, of passages with a decision that holds."""
    with study.store.database.reading() as connection:
        rows = connection.execute(select(HELD).where(HELD.c.lane == lane, HELD.c.value.is_not(None)))
        found = {}
        for row in rows:
            found.setdefault((row.coder, row.passage), set()).update({row.code} if row.value else ())
        return found


def rows(study):
    with study.store.database.reading() as connection:
        return [Decision(*row) for row in connection.execute(select(*ledger.COLUMNS).order_by(ledger.DECISIONS.c.id))]


def test_a_reading_answers_every_code_and_a_nested_yes_is_a_yes_above(study, keys):
    one = reading(keys[0], "late", quotes={"late": (0, 4)}, seconds=12.5)
    assert save(study, "anna", one) == 3
    assert [(r.coder, r.code, r.value, r.quote_start, r.quote_end, r.seconds, r.act) for r in rows(study)] == [
        ("anna", "money", True, None, None, 12.5, one.act),
        ("anna", "late", True, 0, 4, 12.5, one.act),
        ("anna", "voice", False, None, None, 12.5, one.act),
    ]


def test_the_same_act_is_saved_once_however_often_it_comes(study, keys):
    one = reading(keys[0], "voice")
    assert [save(study, "anna", one) for _ in range(3)] == [3, 0, 0]
    assert len(rows(study)) == 3


def test_reading_again_adds_only_what_is_new(study, keys):
    save(study, "anna", reading(keys[0], "voice"))
    assert save(study, "anna", reading(keys[0], "voice")) == 0
    assert save(study, "anna", reading(keys[0], "money")) == 2
    assert save(study, "ben", reading(keys[0], "money")) == 3


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        ({"yes": ("weather",)}, "has no code 'weather'"),
        ({"yes": ("money",), "quotes": {"money": (3, 3)}}, "outside the passage"),
        ({"yes": ("money",), "quotes": {"money": (-1, 3)}}, "outside the passage"),
        ({"yes": ("money",), "quotes": {"money": (0, 10_000)}}, "outside the passage"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(study, keys, one, sentence):
    yes = one.pop("yes")
    with pytest.raises(EvidenceError, match=sentence):
        save(study, "anna", reading(keys[0], *yes, **one))
    assert rows(study) == []


def test_nobody_undoes_what_another_did_or_nobody_did(study, keys):
    one = reading(keys[0], "voice")
    save(study, "anna", one)
    for coder, act in (("ben", one.act), ("anna", new_act())):
        with pytest.raises(EvidenceError, match="no such act of yours"):
            undo(study, coder, act)


def test_undoing_twice_says_that_nothing_is_left(study, keys):
    one = reading(keys[0], "voice")
    save(study, "anna", one)
    undo(study, "anna", one.act)
    with pytest.raises(EvidenceError, match="nothing of this holds"):
        undo(study, "anna", one.act)
    assert held(study) == {}


def test_an_undo_in_a_draw_leaves_the_passage_unread_there(study, keys):
    one = reading(keys[0], "voice", why="double")
    save(study, "anna", one)
    assert held(study, lane=1) == {("anna", keys[0]): {"voice"}}
    undo(study, "anna", one.act)
    assert (held(study, lane=1), held(study)) == ({}, {})


def test_an_undo_in_a_draw_brings_back_what_was_said_outside_it(study, keys):
    save(study, "anna", reading(keys[0], "money"))
    one = reading(keys[0], "voice", why="double")
    save(study, "anna", one)
    undo(study, "anna", one.act)
    assert (held(study, lane=1), held(study)) == ({}, {("anna", keys[0]): {"money"}})


def test_what_was_said_blind_in_a_draw_stays_when_it_is_changed_elsewhere(study, keys):
    save(study, "anna", reading(keys[0], "voice", why="double"))
    later = reading(keys[0], "money")
    save(study, "anna", later)
    assert held(study, lane=1) == {("anna", keys[0]): {"voice"}}
    assert held(study) == {("anna", keys[0]): {"money"}}
    undo(study, "anna", later.act)
    assert held(study) == held(study, lane=1) == {("anna", keys[0]): {"voice"}}


def test_an_adjudication_does_not_replace_what_its_author_said(study, keys):
    version = study.codebook.version
    save(study, "anna", reading(keys[0], "voice"))
    save(study, "ben", reading(keys[0]))
    with study.store.database.writing() as connection:
        settled = Decision("anna", keys[0], "voice", False, version, why="adjudication", act=new_act(), reason="slip")
        ledger.record(connection, [settled])
    assert held(study)["anna", keys[0]] == {"voice"}
    with study.store.database.reading() as connection:
        assert dict(ledger.agreed(connection, study.codebook))[keys[0]] == {"money": 0.0, "late": 0.0, "voice": 0.0}
    undo(study, "anna", settled.act)
    with study.store.database.reading() as connection:
        assert dict(ledger.agreed(connection, study.codebook))[keys[0]]["voice"] == 0.5


@dataclass
class Person:
    """What one coder's acts come to, by the plain rules of a pile: undo takes the top off, redo puts it back."""

    pile: list[tuple[int, frozenset[str], str]] = field(default_factory=list)
    undone: list[tuple[int, frozenset[str], str]] = field(default_factory=list)

    def state(self):
        return {passage: set(codes) for passage, codes, _ in self.pile}


CODES = st.sets(st.sampled_from(["money", "late", "voice"])).map(
    lambda codes: frozenset(codes | ({"money"} if "late" in codes else set()))
)
STEP = st.one_of(
    st.tuples(st.just("save"), st.sampled_from(["anna", "ben"]), st.integers(0, 2), CODES),
    st.tuples(st.just("undo"), st.sampled_from(["anna", "ben"])),
    st.tuples(st.just("redo"), st.sampled_from(["anna", "ben"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
def test_undo_and_redo_are_a_pile(study, keys, steps):
    """Each example goes on with the same ledger under new names, so that nothing has to be cleared."""
    people = {name: Person() for name in ("anna", "ben")}
    own = {name: f"{name}-{new_act()}" for name in people}
    for kind, name, *rest in steps:
        person = people[name]
        if kind == "save":
            passage, codes = keys[rest[0]], rest[1]
            if person.state().get(passage) == set(codes):
                continue  # nothing new is said, so nothing is saved
            one = reading(passage, *codes)
            save(study, own[name], one)
            person.pile.append((passage, codes, one.act))
            person.undone.clear()
            continue
        with study.store.database.writing() as connection:
            find = acts.undoable if kind == "undo" else acts.redoable
            act = find(connection, own[name], ["manual"])
            source, target = (person.pile, person.undone) if kind == "undo" else (person.undone, person.pile)
            assert (act is not None) == bool(source)
            if act:
                acts.undo(connection, own[name], act)
                target.append(source.pop())
    found = held(study)
    for name, person in people.items():
        assert {passage: codes for (coder, passage), codes in found.items() if coder == own[name]} == person.state()


ROW = st.tuples(
    st.sampled_from(["anna", "ben"]),
    st.integers(0, 2),
    st.sampled_from(["money", "voice"]),
    st.sampled_from([True, False, None]),
    st.sampled_from(["manual", "adjudication", "double"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(ROW, max_size=20))
def test_what_holds_is_kept_as_it_would_be_found_by_searching(study, keys, said):
    version = study.codebook.version
    with study.store.database.writing() as connection:
        new = [
            Decision(coder, keys[place], code, value, version, why=why, draw=1 if why == "double" else None)
            for coder, place, code, value, why in said
        ]
        ledger.record(connection, new)
    expected = {}
    for row in rows(study):
        settled = row.why == "adjudication"
        expected[row.passage, -1 if settled else 0, "" if settled else row.coder, row.code] = row.value
        if row.draw is not None:
            expected[row.passage, row.draw, row.coder, row.code] = row.value
    with study.store.database.reading() as connection:
        found = {(r.passage, r.lane, r.coder, r.code): r.value for r in connection.execute(select(HELD))}
        assert found == expected
        newest = ledger.last(connection)
        for since in (ledger.current, ledger.adjudicated):
            assert list(since(connection)) == list(since(connection, upto=newest))
    if newest:
        with study.store.database.writing() as connection:  # one more, so that `upto` has to be searched for
            before = {f: list(f(connection)) for f in (ledger.current, ledger.adjudicated)}
            connection.execute(insert(ledger.DECISIONS), [{**vars_of(rows_last(connection)), "coder": "carol"}])
            for since, what in before.items():
                assert list(since(connection, upto=newest)) == what


def rows_last(connection):
    newest = select(*ledger.COLUMNS).order_by(ledger.DECISIONS.c.id.desc()).limit(1)
    return Decision(*connection.execute(newest).one())


def vars_of(decision):
    return {name: getattr(decision, name) for name in Decision.__slots__}


TURN = st.one_of(
    st.tuples(st.just("save"), CODES, st.sampled_from(list(MODES))),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(TURN, min_size=3, max_size=10))
def test_whichever_act_is_undone_there_holds_in_each_lane_what_was_said_last_of_the_others(study, keys, turns):
    """Undo and redo in any order: the ledger's plain rows but for the acts that are undone, the newest of each lane."""
    coder, saved, undone = f"anna-{new_act()}", [], {}

    def wanted(without):
        plain = [row for row in rows(study) if row.coder == coder and row.undoes is None and row.act not in without]
        return {(lane, row.code): row.value for row in plain for lane in {0, row.draw or 0}}

    for kind, *rest in turns:
        if kind == "save":
            one = reading(keys[0], *rest[0], why=rest[1])
            saved += [one.act] * bool(save(study, coder, one))
        elif saved:
            act = saved[rest[0] % len(saved)]
            after = {name: by for name, by in undone.items() if name != act} | ({} if act in undone else {act: ""})
            try:
                made = undo(study, coder, undone.get(act, act))
            except EvidenceError:
                assert wanted(undone) == wanted(after)
            else:
                undone = {name: by or str(made[0].act) for name, by in after.items()}
    with study.store.database.reading() as connection:
        found = connection.execute(select(HELD).where(HELD.c.coder == coder, HELD.c.value.is_not(None)))
        assert {(row.lane, row.code): row.value for row in found} == wanted(undone)


def test_an_undo_in_a_draw_leaves_what_was_said_outside_it_since(study, keys):
    one = reading(keys[0], "money", why="double")
    save(study, "anna", one)
    save(study, "anna", reading(keys[0], "voice"))
    undo(study, "anna", one.act)
    assert (held(study, lane=1), held(study)) == ({}, {("anna", keys[0]): {"voice"}})


def test_what_was_said_blind_stays_when_a_later_change_is_undone_and_brought_back(study, keys):
    save(study, "anna", reading(keys[0], "voice", why="double"))
    later = reading(keys[0], "money")
    save(study, "anna", later)
    undo(study, "anna", undo(study, "anna", later.act)[0].act)
    assert held(study, lane=1) == {("anna", keys[0]): {"voice"}}
    assert held(study) == {("anna", keys[0]): {"money"}}


def test_an_undo_of_what_changed_an_import_is_brought_back_as_the_reading_that_it_was(study, keys):
    with study.store.database.writing() as connection:
        ledger.record(connection, [Decision("anna", keys[0], "money", True, study.codebook.version, why="import")])
    one = reading(keys[0])
    save(study, "anna", one)
    gone = undo(study, "anna", one.act)
    with study.store.database.reading() as connection:
        assert acts.redoable(connection, "anna", ["manual"]) == gone[0].act

"""Differences are found as the ledger has them, settled by a row of their own, and taken back whole."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coding import acts, adjudicating, agree, drawing, draws, ledger, memos
from coding.acts import Reading
from coding.adjudicating import Agreed, Outcome, Settlement, settle, take_back
from coding.codebook import Codebook
from coding.differences import ALL, OPEN, SETTLED, Differing, Only, find, pairs, totals
from coding.export.rows import KINDS
from coding.hearing import Saying, Verdict, hear
from coding.ledger import ADJUDICATED, Decision, new_act
from coding.study import add, create_study
from corpus.errors import EvidenceError


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


def decide(study, *rows, **how):
    with study.store.database.writing() as connection:
        version = study.codebook.version
        ledger.record(connection, [Decision(who, key, code, value, version, **how) for who, key, code, value in rows])


def read(study, coder, passage, *yes, draw=None):
    with study.store.database.writing() as connection:
        why = "double" if draw else "diverse"
        reading = Reading(new_act(), passage, frozenset(yes), why, draw=draw, probability=1.0 if draw else None)
        acts.save(connection, coder, reading, study.codebook, "x" * 100)


def reading(study, ask, *arguments, **how):
    with study.store.database.reading() as connection:
        return ask(connection, *arguments, **how)


def differences(study, **only):
    """{passage: {code: settled}} of what is found, in its order."""
    found = reading(study, find, study.codebook, Only(**only))
    return {case.passage: {code.code: code.settled for code in case.codes} for case in found.cases}


def one(study, passage, code="voice", value=True, reason="slip", coder="carla", **how):
    what = Settlement(new_act(), passage, (Outcome(code, value, reason, **how),))
    settle(study, coder, what)
    return what.act


def rows(study):
    """All adjudications, in order."""
    query = ledger.select(*ledger.COLUMNS).where(ledger.DECISIONS.c.why == "adjudication")
    with study.store.database.reading() as connection:
        return [Decision(*row) for row in connection.execute(query.order_by(ledger.DECISIONS.c.id))]


def test_differences_come_with_the_lowest_agreement_first_then_the_rarer_code(study, keys):
    decide(study, *((who, keys[3], "money", True) for who in ("anna", "ben")))  # money is the commoner code
    for code, there in (("money", keys[0]), ("voice", keys[1])):
        decide(study, ("anna", there, code, True), ("ben", there, code, False))
        decide(study, ("anna", there, "late", False), ("ben", there, "late", False))
    decide(study, ("anna", keys[2], "voice", True), ("ben", keys[2], "voice", False), ("anna", keys[2], "late", True))
    found = reading(study, find, study.codebook)
    place = "interview.txt"
    assert [(case.passage, case.document, case.same, case.compared, case.codes) for case in found.cases] == [
        (keys[2], place, 0, 1, (Differing("voice", None),)),
        (keys[1], place, 1, 2, (Differing("voice", None),)),
        (keys[0], place, 1, 2, (Differing("money", None),)),
    ]
    assert found.cases[0].words.startswith("The volunteers are wonderful.")
    assert (found.total, found.open, found.settled) == (3, 3, 0)


def test_a_yes_for_a_nested_code_differs_from_a_no_above_it(study, keys):
    decide(study, ("anna", keys[0], "late", True), ("ben", keys[0], "money", False))
    decide(study, ("anna", keys[1], "late", True), ("anna", keys[1], "money", False), ("ben", keys[1], "money", False))
    assert differences(study) == {keys[0]: {"money": None}}
    heard = reading(study, lambda connection: hear(study, connection, keys[0]))
    assert [(said.coder, said.value, said.through) for said in heard.disputes[0].said] == [
        ("anna", True, "late"),
        ("ben", False, None),
    ]


def test_only_what_is_asked_for_is_found(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False), ("carl", keys[0], "voice", True))
    decide(study, ("anna", keys[1], "money", True), ("carl", keys[1], "money", False))
    one(study, keys[1], "money")
    both = {keys[0]: {"voice": None}, keys[1]: {"money": True}}
    assert differences(study) == differences(study, state=OPEN) == {keys[0]: {"voice": None}}
    assert differences(study, state=SETTLED) == {keys[1]: {"money": True}}
    assert differences(study, state=ALL) == both
    assert differences(study, state=ALL, code="money") == {keys[1]: {"money": True}}
    assert differences(study, state=ALL, coders=("anna", "ben")) == {keys[0]: {"voice": None}}
    assert differences(study, state=ALL, coders=("anna", "carl")) == {keys[1]: {"money": True}}
    assert differences(study, state=ALL, draw=1) == {}
    found = reading(study, find, study.codebook, Only(state=SETTLED), most=0)
    assert (found.cases, found.total, found.open, found.settled) == ((), 1, 1, 1)
    assert reading(study, pairs) == [("anna", "ben"), ("anna", "carl"), ("ben", "carl")]


def test_what_is_not_the_codebooks_or_not_live_is_no_difference(study, keys, tmp_path):
    decide(study, ("anna", keys[0], "weather", True), ("ben", keys[0], "weather", False))
    assert differences(study, state=ALL) == {}
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    with study.store.database.writing() as connection:
        study.store.retire(connection, study.store.names(connection)["interview.txt"])
    assert differences(study, state=ALL) == {}
    assert reading(study, totals, study.codebook)["voice"] == {}
    with pytest.raises(EvidenceError, match="counts no more"):
        one(study, keys[0])


def drawn_double(study):
    draw = drawing.draw_double(study, 3, ["anna", "ben"])
    return draw, [key for key, _ in reading(study, draws.drawn, draw.id)]


def test_a_passage_of_a_draw_is_sealed_until_all_its_coders_have_read_it(study, keys):
    draw, passages = drawn_double(study)
    decide(study, ("carl", passages[0], "money", False))
    read(study, "anna", passages[0], "money", draw=draw.id)
    assert differences(study, state=ALL) == {}
    assert reading(study, totals, study.codebook)["money"] == {}
    with pytest.raises(EvidenceError, match="still to be read blind"):
        one(study, passages[0], "money")
    with pytest.raises(EvidenceError, match="still to be read blind"):
        reading(study, lambda connection: hear(study, connection, passages[0]))
    read(study, "ben", passages[0], draw=draw.id)
    assert differences(study, draw=draw.id) == {passages[0]: {"money": None}}
    assert differences(study, draw=draw.id + 1) == {}
    audit = drawing.draw_audit(study, 1)
    waiting = reading(study, draws.drawn, audit.id)[0][0]
    decide(study, ("anna", waiting, "money", True), ("ben", waiting, "money", False))
    assert waiting not in differences(study, state=ALL)


def test_what_everybody_said_is_heard_side_by_side(study, keys):
    old = study.codebook
    earlier = Codebook.from_json(old.to_json().replace("Nobody listens to the smaller party.", "Nobody listens."))
    with study.store.database.writing() as connection:
        ledger.keep(connection, earlier)
        how = {
            "why": "certain",
            "suggestions_visible": True,
            "seconds": 3.5,
            "quote_start": 0,
            "quote_end": 6,
            "time": "t",
        }
        ledger.record(connection, [Decision("anna", keys[1], "voice", True, earlier.version, **how)])
        ledger.record(connection, [Decision("ben", keys[1], "voice", False, old.version, time="u")])
        ledger.record(connection, [Decision(who, keys[1], "money", True, old.version) for who in ("anna", "ben")])
        memos.add(connection, "ben", "Hm.", passage=keys[1], code="voice", act="m1")
        memos.flag(connection, "anna", keys[1], "Doubtful", act="f1")
    heard = reading(study, lambda connection: hear(study, connection, keys[1]))
    changed = ("~ definition was 'Nobody listens.', is 'Nobody listens to the smaller party.'",)
    assert [(dispute.code, dispute.said, dispute.settled, dispute.history) for dispute in heard.disputes] == [
        (
            "voice",
            (
                Saying("anna", True, None, (0, 6), "t", "certain", True, 3.5, changed),
                Saying("ben", False, None, None, "u", "manual", False, None, ()),
            ),
            None,
            (),
        )
    ]
    assert (heard.both, heard.coders) == (("money",), ("anna", "ben"))
    assert [(memo.author, memo.text, memo.code) for memo in heard.memos] == [("ben", "Hm.", "voice")]
    assert [(flag.author, flag.text) for flag in heard.flags] == [("anna", "Doubtful")]


def test_an_outcome_is_a_row_with_its_reason_and_decides_what_is_agreed(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    what = Settlement("a1", keys[0], (Outcome("voice", False, "gap", "Say who.", flag=True),), seconds=4.0)
    assert settle(study, "anna", what) == 1
    assert settle(study, "anna", what) == 0
    (row,) = rows(study)
    assert row == Decision(
        coder="anna",
        passage=keys[0],
        code="voice",
        value=False,
        codebook=study.codebook.version,
        why="adjudication",
        seconds=4.0,
        time=row.time,
        act="a1",
        reason="gap",
    )
    assert reading(study, lambda c: dict(ledger.agreed(c, study.codebook))) == {keys[0]: {"voice": 0.0}}
    assert reading(study, lambda c: dict(ledger.by_coder(c, study.codebook))) == {
        keys[0]: {"voice": {"anna": True, "ben": False}}
    }
    (memo,), (flag,) = reading(study, memos.on_passages, [keys[0]])[keys[0]], reading(study, memos.raised)
    assert (memo.author, memo.text, memo.passage, memo.code) == ("anna", "Say who.", keys[0], "voice")
    assert (flag.coder, flag.passage, flag.code, flag.note) == ("anna", keys[0], "voice", "Say who.")


def test_a_mind_is_changed_by_another_row_and_everything_is_told(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    one(study, keys[0], value=True, coder="carla")
    one(study, keys[0], value=False, coder="dan", reason="honest")
    take_back(study, "dan")
    dispute = reading(study, lambda c: hear(study, c, keys[0])).disputes[0]
    assert dispute.settled is True
    history = [(verdict.coder, verdict.value, verdict.reason) for verdict in dispute.history]
    assert history[:2] == [("carla", True, "slip"), ("dan", False, "honest")]
    assert len(rows(study)) == len(history)
    assert isinstance(dispute.history[0], Verdict)


def test_what_was_settled_can_be_settled_anew_when_the_coders_agree(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    one(study, keys[0], value=False)
    decide(study, ("ben", keys[0], "voice", True))
    assert [dispute.code for dispute in reading(study, lambda c: hear(study, c, keys[0])).disputes] == ["voice"]
    one(study, keys[0], value=True)
    assert [row.value for row in rows(study)] == [False, True]


def test_undo_takes_outcomes_note_and_flag_back(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    decide(study, ("anna", keys[0], "money", True), ("ben", keys[0], "money", False))
    outcomes = (Outcome("voice", True, "edge", "A note", flag=True), Outcome("money", False, "slip"))
    settle(study, "carla", Settlement("a1", keys[0], outcomes))
    assert differences(study) == {}
    assert take_back(study, "carla", new="u1") == Settlement("a1", keys[0], outcomes)
    assert differences(study) == {keys[0]: {"voice": None, "money": None}}
    assert reading(study, memos.standing) == reading(study, memos.raised) == []
    number = len(rows(study))
    take_back(study, "carla", new="u1")  # sent twice
    assert len(rows(study)) == number
    assert take_back(study, "carla") is None
    assert take_back(study, "ben") is None


def test_undo_is_for_ones_own_settlements_only(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    act = one(study, keys[0])
    with pytest.raises(EvidenceError, match="no such act of yours"):
        take_back(study, "dan", act)
    read(study, "anna", keys[1], "voice")
    own = reading(study, acts.undoable, "anna", ("diverse",))
    with pytest.raises(EvidenceError, match="no settlement"):
        take_back(study, "anna", own)
    assert len(rows(study)) == 1


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), "one outcome for each code"),
        ((Outcome("voice", True, "slip"), Outcome("voice", False, "slip")), "one outcome for each code"),
        ((Outcome("voice", True, "because"),), "'because' is no reason"),
        ((Outcome("voice", True, ""),), "is no reason"),
        ((Outcome("money", True, "slip"),), "do not differ on 'Money'"),
        ((Outcome("weather", True, "slip"),), "do not differ on 'weather'"),
        ((Outcome("voice", True, "slip", "x" * 20_001),), "a memo has between"),
    ],
)
def test_what_cannot_be_settled_leaves_nothing_behind(study, keys, outcomes, said):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    with pytest.raises(EvidenceError, match=said):
        settle(study, "carla", Settlement(new_act(), keys[0], outcomes))
    with pytest.raises(EvidenceError, match="the codebook changed"):
        settle(study, "carla", Settlement(new_act(), keys[0], (Outcome("voice", True, "slip"),), codebook="old"))
    assert rows(study) == []


def test_outcomes_hold_together(study, keys):
    for code in ("money", "late"):
        decide(study, ("anna", keys[0], code, True), ("ben", keys[0], code, False))
    one(study, keys[0], "money", False)
    with pytest.raises(EvidenceError, match="'Late payment' is a part of 'Money'"):
        one(study, keys[0], "late", True)
    settle(
        study, "carla", Settlement(new_act(), keys[0], (Outcome("late", True, "slip"), Outcome("money", True, "slip")))
    )
    with pytest.raises(EvidenceError, match="'Late payment' is a part of 'Money'"):
        one(study, keys[0], "money", False)


def test_codes_that_exclude_each_other_are_not_both_settled_as_yes(tmp_path, codebook_file, transcripts):
    text = codebook_file.read_text(encoding="utf-8").replace("never_with: []", "never_with: [money]")
    codebook_file.write_text(text, encoding="utf-8")
    study = create_study(tmp_path / "apart", codebook_file)
    add(study, [transcripts])
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        key = study.store.passage_keys(connection)[0]
    decide(study, ("anna", key, "money", True), ("ben", key, "money", False))
    decide(study, ("anna", key, "voice", False), ("ben", key, "voice", True))
    one(study, key, "voice", True)
    with pytest.raises(EvidenceError, match="exclude each other"):
        one(study, key, "money", True)


def test_a_yes_that_is_settled_for_a_nested_code_settles_those_above(study, keys):
    for code in ("money", "late"):
        decide(study, ("anna", keys[0], code, True), ("ben", keys[0], code, False))
    one(study, keys[0], "late", True)
    assert differences(study) == {}
    assert differences(study, state=SETTLED) == {keys[0]: {"late": True, "money": True}}
    assert reading(study, totals, study.codebook)["money"] == {"adjudicated": 1}


def test_every_value_says_where_it_comes_from(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    decide(study, ("anna", keys[1], "voice", True), ("ben", keys[1], "voice", True))
    decide(study, ("anna", keys[2], "voice", False), ("ben", keys[2], "voice", True), quote_start=2, quote_end=9)
    decide(study, ("ben", keys[3], "late", True))
    one(study, keys[2], reason="edge")
    assert reading(study, lambda c: list(adjudicating.agreed(c, study.codebook))) == [
        Agreed(keys[0], "voice", None, "unresolved", ("anna", "ben")),
        Agreed(keys[1], "voice", True, "unanimous", ("anna", "ben")),
        Agreed(keys[2], "voice", True, "adjudicated", ("anna", "ben"), "edge", ((2, 9),)),
        Agreed(keys[3], "late", True, "one", ("ben",)),
        Agreed(keys[3], "money", True, "one", ("ben",)),
    ]
    assert reading(study, totals, study.codebook) == {
        "money": {"one": 1},
        "late": {"one": 1},
        "voice": {"unresolved": 1, "unanimous": 1, "adjudicated": 1},
    }


def test_agreement_is_what_it_was_when_everything_is_settled(study, keys):
    draw, passages = drawn_double(study)
    for passage in passages:
        read(study, "anna", passage, "money", draw=draw.id)
        read(study, "ben", passage, "voice", draw=draw.id)
    before = reading(study, lambda c: repr(agree.compare(study, c)))
    for passage in passages:
        settle(
            study,
            "anna",
            Settlement(new_act(), passage, (Outcome("money", False, "slip"), Outcome("voice", True, "slip"))),
        )
    assert differences(study) == {}
    assert reading(study, lambda c: repr(agree.compare(study, c))) == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["anna", "ben", "carl", "settle", "undo"]),
        st.integers(0, 2),
        st.sampled_from(["money", "late", "voice"]),
        st.sampled_from([True, False, None]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_the_database_finds_is_what_the_ledger_says(tmp_path, transcripts, codebook_file, steps):
    study = create_study(tmp_path / uuid4().hex, codebook_file)
    add(study, [transcripts / "interview.txt"])
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
    for who, number, code, value in steps:
        if who == "undo":
            take_back(study, "dana")
        elif who == "settle":
            try:
                one(study, keys[number], code, bool(value), coder="dana")
            except EvidenceError:
                continue
        else:
            decide(study, (who, keys[number], code, value))
    with study.store.database.reading() as connection:
        said = {
            (passage, code): set(values.values())
            for passage, by_code in ledger.by_coder(connection, study.codebook)
            for code, values in by_code.items()
        }
        values = {
            (passage, code): value
            for passage, by_code in ledger.agreed(connection, study.codebook)
            for code, value in by_code.items()
        }
        lane = ledger.of_passages(connection, keys, ADJUDICATED)
        settled = {
            (row.passage, code)
            for row in lane
            for code in (row.code, *(study.codebook.above(row.code) if row.value else ()))
        }
        differ = {place for place, found in said.items() if len(found) > 1}
        expected = {place: bool(values[place]) if place in settled else None for place in differ}
        found = find(connection, study.codebook, Only(state=ALL)).cases
        listed = {
            one.passage: (one.source, one.value)
            for one in adjudicating.agreed(connection, study.codebook)
            if one.code == "money"
        }
        sources = [source for source, _ in listed.values()]
        counted = totals(connection, study.codebook)["money"]
    assert {(case.passage, code.code): code.settled for case in found for code in case.codes} == expected
    assert counted == {source: sources.count(source) for source in set(sources)}
    study.store.database.close()


def test_the_agreed_values_are_exported_as_tidy_rows(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False), quote_start=0, quote_end=4)
    decide(study, ("anna", keys[1], "voice", True), ("ben", keys[1], "voice", False))
    one(study, keys[0], reason="edge")
    with study.store.database.reading() as connection:
        table = KINDS["agreed"](study, connection)
        found = list(table.rows)
    assert [list(row) for row in found] == [list(table.columns)] * 2
    assert {name: found[0][name] for name in list(table.columns)[4:10]} == {
        "code": "voice",
        "value": "yes",
        "source": "adjudicated",
        "coders": "anna; ben",
        "reason": "edge",
        "quote": "They",
    }
    assert [found[1][name] for name in ("value", "source", "reason", "quote")] == [None, "unresolved", None, None]


def test_who_settled_otherwise_after_another_takes_one_after_the_other_back(study, keys):
    for key in keys[:2]:
        decide(study, ("anna", key, "voice", True), ("ben", key, "voice", False))
    first = one(study, keys[1], coder="ben")
    one(study, keys[0], value=True, coder="anna")
    second = one(study, keys[0], value=False, coder="ben")
    assert take_back(study, "ben").act == second
    assert reading(study, lambda c: dict(ledger.agreed(c, study.codebook)))[keys[0]]["voice"] == 1.0
    assert take_back(study, "ben").act == first
    assert [(row.coder, row.value) for row in reading(study, lambda c: list(ledger.adjudicated(c)))] == [("anna", True)]


def test_what_was_settled_stays_in_the_list_when_all_coders_say_the_contrary_by_now(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    one(study, keys[0], value=True)
    decide(study, ("anna", keys[0], "voice", False))
    assert differences(study, state=SETTLED) == {keys[0]: {"voice": True}}
    assert differences(study) == {}
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", True))
    assert differences(study, state=ALL) == {}

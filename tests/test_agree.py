"""What is compared: blind readings of random draws, the machine on the same passages, and no reading besides."""

from dataclasses import replace

import pytest

from coding import agreement as measure
from coding import drawing, draws, ledger, suggestions
from coding.agree import FEWEST, MACHINE, Pair, compare, differing
from coding.agreement import MISSING, UNREAD, Undefined
from coding.codebook import Code, Codebook
from coding.ledger import Decision
from coding.study import Study, add
from coding.suggestions import Basis, Suggestion
from corpus.errors import EvidenceError

ANNA = [True, True, False, False, True, False]
BEN = [True, False, False, False, True, True]


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return [key for key, _, _ in study.store.places_in_order(connection)]


@pytest.fixture
def double(study, keys):
    """A draw of six passages for anna and ben, and its passages."""
    draw = drawing.draw_double(study, 6, ["anna", "ben"])
    with study.store.database.reading() as connection:
        return draw.id, [key for key, _ in draws.drawn(connection, draw.id)]


def say(study, who, keys, values, code="voice", **how):
    with study.store.database.writing() as connection:
        version = study.codebook.version
        rows = [Decision(who, k, code, v, version, **how) for k, v in zip(keys, values, strict=True) if v is not ...]
        ledger.record(connection, rows)


def suggest(study, marked, kind="score", left_out=(), unknown=()):
    with study.store.database.writing() as connection:
        codes = [code for code in study.codebook.by_id if code not in unknown]
        run = suggestions.begin(connection, Basis("b", "e", study.codebook.version, 0, "0", 1))
        suggestions.describe(connection, run, dict.fromkeys(codes, (kind, 0.5)), [])
        passages = [key for key in study.store.passage_keys(connection) if key not in left_out]
        pairs = [(key, code) for key in passages for code in codes]
        suggestions.write(connection, run, (Suggestion(k, c, 0.5, (k, c) in marked, 0, -1) for k, c in pairs))
        suggestions.finish(connection, run)


def told(study, *coders):
    with study.store.database.reading() as connection:
        return compare(study, connection, coders)


def line(study, code="voice", *coders):
    return {one.code: one for one in told(study, *coders).lines}[code]


def listed(study, code="voice", *coders):
    with study.store.database.reading() as connection:
        return differing(study, connection, code, coders)


def test_blind_readings_of_a_draw_are_compared(study, double):
    draw, drawn = double
    how = {"why": "double", "draw": draw}
    say(study, "anna", drawn, ANNA, **how)
    say(study, "ben", drawn, BEN, **how)
    found = told(study)
    assert (found.blind, found.coders, found.waiting) == (True, ("anna", "ben"), 0)
    people = line(study).people
    labels = list(zip(map(int, ANNA), map(int, BEN), strict=True))
    assert (people.passages, people.positives, people.prevalence) == (6, 4, 0.5)
    assert (people.alpha.value, people.kappa.value) == (measure.alpha(labels), measure.kappa(labels))
    assert people.differ == tuple(sorted((drawn[1], drawn[5])))
    assert line(study, "money").people.alpha.value == Undefined(UNREAD)
    assert (found.over_people.mean.value, found.over_people.codes) == (measure.alpha(labels), 1)
    assert (found.over_machine, found.over_audit, line(study).machine) == (None, None, None)


def test_what_was_said_outside_the_draw_or_led_or_settled_does_not_count(study, keys, double):
    draw, drawn = double
    how = {"why": "double", "draw": draw}
    say(study, "anna", drawn, ANNA, **how)
    say(study, "ben", drawn, BEN, **how)
    wanted = line(study).people
    say(study, "ben", drawn, ANNA)  # changed afterwards
    say(study, "carl", drawn, ANNA, why="certain", suggestions_visible=True)
    say(study, "anna", drawn, [not value for value in ANNA], why="adjudication")
    say(study, "anna", [key for key in keys if key not in drawn], [True] * (len(keys) - 6))
    say(study, "carl", drawn, ANNA, **how, suggestions_visible=True)
    assert line(study).people == wanted
    say(study, "ben", drawn[1:2], [True], **how)  # corrected within the draw
    say(study, "ben", drawn[5:], [None], **how)  # and taken back there
    assert line(study).people.differ == ()
    assert line(study).people.passages == 5


def test_without_a_draw_it_is_what_two_have_read_and_the_result_says_so(study, keys):
    say(study, "anna", keys[:6], ANNA, why="import")
    assert told(study).coders == ()
    say(study, "ben", keys[:6], BEN, why="import")
    say(study, "ben", keys[6:8], [True, True], why="import")
    found = told(study)
    assert (found.blind, found.coders) == (False, ("anna", "ben"))
    assert (line(study).people.passages, line(study).people.differ) == (6, (keys[1], keys[5]))
    draw = drawing.draw_double(study, FEWEST, ["carl", "dora"])
    assert (told(study).blind, told(study).waiting) == (False, FEWEST)
    with study.store.database.reading() as connection:
        both = [key for key, _ in draws.drawn(connection, draw.id)]
    how = {"why": "double", "draw": draw.id}
    say(study, "carl", both, [True] * FEWEST, **how)
    say(study, "dora", both[1:], [True] * (FEWEST - 1), **how)
    assert told(study).blind is False  # a few are no replacement for what two have read anyhow
    say(study, "dora", both[:1], [True], **how)
    assert (told(study).blind, told(study).coders) == (True, ("carl", "dora"))
    assert (told(study, "anna", "ben").blind, told(study, "anna", "ben").coders) == (False, ("anna", "ben"))


def test_the_machine_stands_beside_people_on_the_same_passages(study, keys, double):
    draw, drawn = double
    suggest(study, {(drawn[0], "voice"), (drawn[5], "voice"), (drawn[2], "money")}, left_out=drawn[3:4])
    how = {"why": "double", "draw": draw}
    say(study, "anna", drawn, ANNA, **how)
    say(study, "ben", drawn, BEN, **how)
    say(study, "anna", [key for key in keys if key not in drawn], [True] * (len(keys) - 6))
    machine = line(study).machine
    own = [1, 0, 0, MISSING, 0, 1]
    rows = [[int(yes), m] for a, b, m in zip(ANNA, BEN, own, strict=True) for yes in (a, b)]
    assert machine.alpha.value == pytest.approx(measure.alpha(rows))
    assert machine.kappa.value == pytest.approx(measure.kappa(rows))
    assert (machine.passages, machine.prevalence) == (5, 0.4)
    assert machine.differ == tuple(sorted((drawn[1], drawn[4], drawn[5])))
    assert line(study).kind == "score"
    found = told(study)
    assert found.over_machine.mean.value == machine.alpha.value
    labels = [[int(a), int(b)] for a, b in zip(ANNA, BEN, strict=True)]
    a, b = ([[yes[who], m] for yes, m in zip(labels, own, strict=True)] for who in (0, 1))
    assert found.pairs == (
        Pair("anna", "ben", 6, 1, measure.alpha(labels)),
        Pair("anna", MACHINE, 5, 1, measure.alpha(a)),
        Pair("ben", MACHINE, 5, 1, measure.alpha(b)),
    )


def test_of_a_code_that_it_does_not_know_the_machine_says_nothing(study, keys):
    suggest(study, set(), unknown=["voice"])
    say(study, "anna", keys[:6], ANNA)
    say(study, "ben", keys[:6], BEN)
    assert (line(study).kind, line(study).machine.passages, line(study).machine.differ) == ("", 0, ())
    assert {one.machine for one in listed(study)[0]} == {None}


def test_an_audit_is_told_apart(study, keys):
    draw = drawing.draw_audit(study, 4)
    with study.store.database.reading() as connection:
        drawn = [key for key, _ in draws.drawn(connection, draw.id)]
    suggest(study, {(drawn[1], "voice")}, kind="likeness")
    say(study, "anna", drawn[:2], [True, False], why="audit", draw=draw.id)
    say(study, "ben", drawn[2:], [False, False], why="audit", draw=draw.id)
    found = told(study)
    assert (found.coders, found.over_machine) == ((), None)
    assert (line(study).audit.passages, line(study).audit.differ) == (4, tuple(sorted(drawn[:2])))
    assert line(study).kind == "likeness"
    assert found.over_audit.mean.value == measure.alpha([[1, 0], [0, 1], [0, 0], [0, 0]])
    assert {passage.key for passage in listed(study)[0]} == set(drawn[:2])


def test_a_yes_for_a_nested_code_is_a_yes_above(study, keys):
    say(study, "anna", keys[:2], [True, True], code="late")
    say(study, "ben", keys[:2], [True, False], code="money")
    assert line(study, "money").people.differ == (keys[1],)
    assert line(study, "late").people.passages == 0
    assert [(one.code, one.depth) for one in told(study).lines] == [("money", 0), ("late", 1), ("voice", 0)]


def test_sets_are_compared_over_the_codes_that_all_have_decided(study, keys):
    for code, anna, ben in (("voice", ANNA, BEN), ("money", BEN, [..., *BEN[1:]])):
        say(study, "anna", keys[:6], anna, code=code)
        say(study, "ben", keys[:6], ben, code=code)
    sets = [set(), {"v"}, {"m"}, {"v", "m"}]
    pairs = [(1, 1), *((a + 2 * b, 3 * b) for a, b in zip(ANNA[1:], BEN[1:], strict=True))]
    assert told(study).over_people.sets.value == pytest.approx(measure.alpha(pairs, measure.masi(sets)))
    assert told(study).over_people.passages == 6
    mean = (measure.alpha(list(zip(map(int, ANNA), map(int, BEN), strict=True))) + 1) / 2
    assert told(study).over_people.mean.value == pytest.approx(mean)


def test_intervals_are_over_documents(study, keys, tmp_path):
    for number in range(12):
        (tmp_path / f"more{number}.md").write_text("First they said this.\n\nThen they said that.\n")
    add(study, [tmp_path / f"more{number}.md" for number in range(12)])
    with study.store.database.reading() as connection:
        places = study.store.places_in_order(connection)
    more = [key for key, name, _ in places if name.startswith("more")]
    say(study, "anna", more, [True, False] * 12)
    say(study, "ben", more, [True, False] * 9 + [False, True] * 3)
    people = line(study).people
    assert (people.passages, people.documents) == (24, 12)
    low, high = people.alpha.interval
    assert low < people.alpha.value < high
    assert told(study).over_people.mean == people.alpha
    assert told(study) == told(study)


def test_each_disagreement_is_listed_with_what_each_said(study, keys):
    suggest(study, {(keys[0], "voice"), (keys[3], "voice")})
    say(study, "anna", keys[:4], [True, True, False, False])
    say(study, "ben", keys[:4], [True, False, False, False])
    say(study, "carl", keys[1:2], [True], why="adjudication")
    with study.store.database.reading() as connection:
        words = {key: study.store.words(connection, key) for key in keys}
    found, sealed = listed(study, "Voice")
    seen = [(one.key, one.text, one.yes, one.no, one.machine, one.settled, one.people) for one in found]
    assert seen == [
        (keys[1], words[keys[1]], ("anna",), ("ben",), False, True, True),
        (keys[3], words[keys[3]], (), ("anna", "ben"), True, None, False),
    ]
    assert sealed == 0
    assert {one.key for one in found} == {*line(study).people.differ, *line(study).machine.differ}


def test_a_passage_that_somebody_has_still_to_read_blind_is_not_listed(study, keys):
    draw = drawing.draw_double(study, 2, ["anna", "ben", "carl"])
    with study.store.database.reading() as connection:
        drawn = [key for key, _ in draws.drawn(connection, draw.id)]
    for who, values in (("anna", [True, True]), ("ben", [False, False]), ("carl", [True, ...])):
        say(study, who, drawn, values, why="double", draw=draw.id)
    found, sealed = listed(study)
    assert ([one.key for one in found], sealed) == ([drawn[0]], 1)
    assert told(study).waiting == 1
    assert line(study).people.kappa.value == Undefined(measure.SEVERAL)
    assert isinstance(line(study, "voice", "anna", "Ben").people.kappa.value, float)


def test_decisions_under_another_meaning_are_told(study, keys):
    say(study, "anna", keys[:6], ANNA)
    voice = study.codebook.by_id["voice"]
    changed = Study(study.folder, study.store)
    other = replace(voice, definition="Nobody listens.")
    changed.__dict__["codebook"] = codebook = Codebook("", (study.codebook.by_id["money"], other))
    with study.store.database.writing() as connection:
        ledger.keep(connection, codebook)
    say(changed, "ben", keys[:6], BEN)
    one = line(changed)
    assert (one.decisions, one.earlier, one.meanings) == (12, 6, 2)
    shown = Study(study.folder, study.store)
    shown.__dict__["codebook"] = Codebook("", (replace(other, examples=("Nobody asked us.",)),))
    assert (line(shown).earlier, line(shown).meanings) == (6, 2)
    back = line(study)
    assert (back.decisions, back.earlier, back.meanings) == (12, 6, 2)
    gone = Study(study.folder, study.store)
    gone.__dict__["codebook"] = Codebook("", (Code("new", "New", "New."),))
    assert told(gone).coders == ()


def test_retired_passages_are_not_compared(study, keys):
    say(study, "anna", keys, [True] * len(keys))
    say(study, "ben", keys, [False] * len(keys))
    with study.store.database.writing() as connection:
        study.store.retire(connection, study.store.names(connection)["submission.md"])
    assert line(study).people.passages == len(keys) - 3


@pytest.mark.parametrize(
    ("coders", "sentence"),
    [
        (("anna", "tom"), "there are no decisions of 'tom': there are those of anna"),
        (("Anna", "anna"), "'anna' alone agrees with nobody: name two coders or more"),
    ],
)
def test_coders_are_known_and_more_than_one(study, keys, coders, sentence):
    say(study, "anna", keys[:1], [True])
    with pytest.raises(EvidenceError, match=sentence):
        told(study, *coders)

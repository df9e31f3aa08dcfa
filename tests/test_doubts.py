"""What looks like a slip is told to be read again beside as many others, blind, and no number rests on that reading."""

import random
import shutil
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from browser import link_of, served
from click.testing import CliRunner
from coding_page import Reviewer
from conftest import Words, with_encoder
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from test_workbook import FIRST, answer
from twins import opened

from cli import main
from coding import acts, agree, draws, ledger, rereading
from coding.accepting import candidates, listed
from coding.acts import Reading
from coding.counts import counts
from coding.doubts import Decided, doubts, misleading
from coding.drawing import draw_audit, draw_double
from coding.draws import REREAD, WHY
from coding.export.review import give
from coding.importing import import_decisions
from coding.learner import Learner
from coding.ledger import COLUMNS, DECISIONS, Decision, new_act
from coding.merge import merge
from coding.page import learning
from coding.rereading import Odd, draw_reread, outcomes
from coding.review import Desk
from coding.run import code
from coding.study import add, create_study, open_study
from corpus.database import select
from corpus.errors import EvidenceError
from models.doubts import Book, leanings, oddness

BOOK = """
title: Three themes
codes:
  - id: money
    name: Money
    definition: The grant money came late.
    examples: [The grant came late., The money of the grant came late., We sing in the choir.]
  - id: voice
    name: Voice
    definition: Nobody asked our view.
    examples: [Nobody asked us., Our view was not asked.]
  - id: choir
    name: Choir
    definition: We sing in the choir.
    examples: [We sing., The choir sings with us.]
"""
SAID = {
    "money": "The grant money came late again, week {}.",
    "voice": "Nobody ever asked our own view, week {}.",
    "choir": "We all sing in the old choir, week {}.",
}
DOCUMENTS, EACH, READ = 12, 10, 90
SLIPS = (4, 31, 58, 77)  # places of passages of which anna says another thing than holds


def truth(place):
    return list(SAID)[place % 3]


def slipped(place):
    return list(SAID)[(place + 1) % 3] if place in SLIPS else truth(place)


def read(study, who, key, yes, draw=None, why="manual"):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        one = Reading(new_act(), key, frozenset(yes), why, draw=draw)
        acts.save(connection, who, one, study.codebook, study.store.words(connection, key))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Anna has read most of it and slipped a few times; the folder of it, closed."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "book.yml").write_text(BOOK, encoding="utf-8")
    texts = folder / "texts"
    texts.mkdir()
    for n in range(DOCUMENTS):
        own = (SAID[truth(place)].format(place) for place in range(n * EACH, (n + 1) * EACH))
        (texts / f"d{n:02}.md").write_text("\n\n".join(own), encoding="utf-8")
    study = with_encoder(create_study(folder / "study", folder / "book.yml"), Words())
    add(study, [texts])
    for place, key in enumerate(keys_of(study)[:READ]):
        read(study, "anna", key, {slipped(place)})
    code(study)
    study.store.database.close()
    return study.folder


@pytest.fixture
def study(base, tmp_path):
    shutil.copytree(base, tmp_path / "study")
    return with_encoder(open_study(tmp_path / "study"), Words())


def keys_of(study):
    with study.store.database.reading() as connection:
        return [key for key, _, _ in study.store.places_in_order(connection)]


def oddest(study, most):
    """(code, place in the corpus, said) of what looks most like a slip."""
    place = {key: number for number, key in enumerate(keys_of(study))}
    return {(slip.code, place[slip.key], slip.value) for slip in doubts(study, most=most).slips}


def wrong(*places):
    """The decisions that are wrong in these passages."""
    return {(code, place, slipped(place) == code) for place in places for code in {truth(place), slipped(place)}}


def drawn(study, draw):
    with study.store.database.reading() as connection:
        return [key for key, _ in draws.drawn(connection, draw.id)]


def again(study, draw, say, coder="anna"):
    """Read all of a draw: `say` gives the code of a passage by its place."""
    desk, place = Desk(study), {key: number for number, key in enumerate(keys_of(study))}
    sitting = desk.sitting(coder, draw.kind, draw.id)
    while card := desk.following(sitting):
        desk.save(sitting, Reading(new_act(), card.passage, frozenset({say(place[card.passage])}), card.why))


# What is odd


def test_a_decision_is_as_odd_as_its_score_is_far_beyond_the_cut():
    scores, cuts = np.array([[0.9, 0.2], [0.1, 0.5]]), np.array([0.5, 0.2])
    said = np.array([[0.0, 1.0], [1.0, np.nan]])
    expected = [[logit(0.9), 0.0], [-logit(0.1), np.nan]]
    np.testing.assert_allclose(oddness(scores, cuts, said), expected)
    np.testing.assert_array_equal(oddness(scores, cuts, np.full((2, 2), 0.5)), np.full((2, 2), np.nan))


@given(st.floats(0, 1), st.floats(0, 1))
def test_of_two_answers_one_is_as_odd_as_the_other_is_plain(score, cut):
    yes, no = (float(oddness(np.array([[score]]), np.array([cut]), np.array([[said]]))[0, 0]) for said in (1.0, 0.0))
    assert yes == -no
    assert np.isfinite(yes)


def unit(*rows):
    vectors = np.array(rows, dtype=float)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def test_an_example_of_another_code_leans_to_it_and_is_no_part_of_what_it_is_compared_with():
    east, north, up = np.eye(3)
    examples = unit(east, east + 0.1 * north, north, north, north + 0.1 * east)
    definitions, yes = unit(east, north, up), np.zeros((3, 3))
    book = Book(examples, np.array([0, 0, 0, 1, 1]), definitions, yes, np.eye(3, dtype=bool))
    odd, other = leanings(book)
    assert (odd > 0).tolist() == [False, False, True, False, False]
    assert other[2] == 1
    alone = Book(unit(north), np.array([0]), unit(east, north, up), yes, np.eye(3, dtype=bool))
    np.testing.assert_allclose(leanings(alone)[0], [1.0])  # were it compared with itself, it would be 1 - 1 / sqrt(2)
    decided = replace(alone, yes=np.stack([north, north * 0, north * 0]))
    np.testing.assert_allclose(leanings(decided)[0], [1 - 1 / np.sqrt(2)])  # what people decided speaks for it


def test_codes_above_and_below_are_no_other_code():
    east, north, _ = np.eye(3)
    kin = np.array([[True, True], [True, True]])
    odd, other = leanings(Book(unit(north), np.array([0]), unit(east, north), np.zeros((2, 3)), kin))
    assert (np.isnan(odd).tolist(), other.tolist()) == ([True], [-1])


# Which decisions are told


def test_slips_are_told_first(study):
    first = oddest(study, len(SLIPS))
    assert first < wrong(*SLIPS)
    assert {place for _, place, _ in first} == set(SLIPS)
    found = doubts(study)
    assert (found.judged, found.young, found.apart) == (3 * READ, (), 0)
    (one,) = (slip for slip in found.slips if slip.value and slip.key == keys_of(study)[31])
    assert (one.code, one.coders, one.near) == ("choir", ("anna",), 10)
    assert one.otherwise >= 9
    assert (one.passage, one.text) == ("d03.md:42-82", SAID["voice"].format(31))
    assert [like.value for like in one.like] == [False, False]
    assert all("Nobody ever asked" in like.text for like in one.like)


def test_one_code_and_the_oddest_few_can_be_asked_for(study):
    found = doubts(study, "voice", most=1)
    assert [slip.code for slip in found.slips] == ["voice"]
    assert (found.found > 0, found.judged) == (True, READ)


def test_what_several_said_alike_comes_after_what_one_said(study):
    first = doubts(study).slips[0]
    place = keys_of(study).index(first.key)
    read(study, "ben", first.key, {slipped(place)})
    found = doubts(study).slips
    assert [slip.coders for slip in found] == [("anna",)] * (len(found) - 2) + [("anna", "ben")] * 2


def test_what_coders_differ_on_or_settled_is_no_slip_of_anybody(study):
    first, second, third, _ = (keys_of(study)[place] for place in SLIPS)
    read(study, "ben", first, {truth(SLIPS[0])})
    with study.store.database.writing() as connection:
        version = study.codebook.version
        ledger.record(
            connection,
            [
                Decision("cat", second, code, slipped(SLIPS[1]) == code, version, "adjudication", reason="slip")
                for code in study.codebook.by_id
            ],
        )
    assert {place for _, place, _ in oddest(study, 2)} == set(SLIPS[2:])
    assert not {first, second} & {slip.key for slip in doubts(study, most=0).slips}
    assert third in {slip.key for slip in doubts(study).slips}


def test_nothing_is_told_of_an_audit_that_is_not_read_to_the_end(study):
    """Whoever reads on would know by it what the machine says of what they have read."""
    unread = keys_of(study)[READ:]
    audit = draw_audit(study)
    assert sorted(drawn(study, audit)) == sorted(unread)
    first = drawn(study, audit)[:12]
    desk = Desk(study)
    sitting = desk.sitting("anna", "audit")
    place = {key: number for number, key in enumerate(keys_of(study))}
    for key in first:
        other = list(SAID)[(place[key] + 1) % 3]
        desk.save(sitting, Reading(new_act(), key, frozenset({other}), "audit"))
    found = doubts(study, most=0)
    assert found.apart == len(unread)
    assert not {slip.key for slip in found.slips} & set(unread)
    told = {like.passage for slip in found.slips for like in slip.like}
    with study.store.database.writing() as connection:
        draws.close(connection, audit.id)
    open_ = doubts(study, most=0)
    assert open_.apart == 0
    assert set(first) & {slip.key for slip in open_.slips}
    assert told


def test_an_empty_study_has_nothing_to_tell(empty):
    for asked in (doubts, misleading):
        with pytest.raises(EvidenceError, match="no passages yet"):
            asked(empty)


def test_a_young_study_has_nothing_to_tell(study):
    with study.store.database.writing() as connection:
        version = study.codebook.version
        back = [
            Decision("anna", key, id, None, version) for key in keys_of(study)[:READ] for id in study.codebook.by_id
        ]
        ledger.record(connection, back)
    found = doubts(study)
    assert (found.slips, found.judged, found.young) == ((), 0, ("money", "voice", "choir"))
    assert misleading(study).looked == 7


def test_an_example_of_another_code_is_told_first(study):
    found = misleading(study)
    assert (found.looked, found.told[0].code, found.told[0].text, found.told[0].other) == (
        7,
        "money",
        "We sing in the choir.",
        "choir",
    )
    assert (found.told[0].yes, found.told[0].near) == (0, 10)
    assert all("choir" in like.text for like in found.told[0].like)
    assert misleading(study, "voice").looked == 2


# Reading again


def roles(study, draw):
    """(code, place, said then) of what is suspected, and of the others."""
    from coding import frames

    place = {key: number for number, key in enumerate(keys_of(study))}
    with study.store.database.reading() as connection:
        frame = frames.frame(connection, draw.id)
    found = {True: set(), False: set()}
    for id, scored in frame.scores.items():
        for key, role in zip(frame.passages.tolist(), scored.values.tolist(), strict=True):
            if role:
                suspected, said = rereading.MEANT[role]
                found[suspected].add((id, place[key], said))
    return found


def test_half_is_suspected_and_the_rest_is_like_it(study):
    draw = draw_reread(study, 9, "anna")
    assert (draw.kind, draw.coders, draw.every, draw.size, draw.population) == (REREAD, ("anna",), True, 8, READ)
    found = roles(study, draw)
    assert found[True] < wrong(*SLIPS)
    assert {place for _, place, _ in found[True]} == set(SLIPS)
    assert not {place for _, place, _ in found[False]} & set(SLIPS)
    assert Counter((id, said) for id, _, said in found[True]) == Counter((id, said) for id, _, said in found[False])
    assert all((slipped(place) == id) == said for id, place, said in found[True] | found[False])
    assert {place for kind in found.values() for _, place, _ in kind} == {
        keys_of(study).index(key) for key in drawn(study, draw)
    }


@given(st.integers(0, 50))
def test_who_is_read_beside_a_suspect_is_of_its_kind_and_suspected_of_nothing(seed):
    own = [
        Decided("money", 1, ("anna",), value=True, odd=3.0),  # no other yes for money is plain
        Decided("voice", 1, ("anna",), value=True, odd=-1.0),
        Decided("voice", 2, ("anna",), value=True, odd=2.0),
        Decided("voice", 3, ("anna",), value=True, odd=-2.0),
        Decided("voice", 4, ("anna",), value=True, odd=-3.0),
        Decided("voice", 5, ("anna",), value=False, odd=-3.0),
    ]
    suspected, others = rereading._chosen(own, 2, None, random.Random(seed))
    assert suspected == own[2:3]
    assert others in ([(own[3], 0.5)], [(own[4], 0.5)])


def test_chance_and_nothing_else_says_which_others_are_read(study, tmp_path):
    shutil.copytree(study.folder, tmp_path / "copy")
    copy = with_encoder(open_study(tmp_path / "copy"), Words())
    first, second = draw_reread(study, 8, "anna"), draw_reread(copy, 8, "anna")
    assert (drawn(study, first), first.seed) == (drawn(copy, second), second.seed)
    with study.store.database.writing() as connection:
        draws.close(connection, first.id)
    third = draw_reread(study, 8, "anna")
    assert roles(study, third)[True] == roles(copy, second)[True]
    assert roles(study, third)[False] != roles(copy, second)[False]


def test_one_code_alone_can_be_suspected(study):
    found = roles(study, draw_reread(study, 8, "anna", "voice"))
    assert {id for id, _, _ in found[True] | found[False]} == {"voice"}


def test_a_reading_again_is_blind_to_what_was_said_before_and_to_the_machine(study):
    draw = draw_reread(study, 8, "anna")
    desk = Desk(study)
    card = desk.following(desk.sitting("anna", REREAD))
    assert (card.hints, card.mine, card.wanted, card.read) == (None, {}, None, False)
    with pytest.raises(EvidenceError, match="drawn to be read blind"):
        desk.card(desk.sitting("anna"), card.passage)
    with pytest.raises(EvidenceError, match="no reread draw"):
        desk.sitting("ben", REREAD)
    with study.store.database.reading() as connection:
        assert draws.sealed(connection, "anna") == set(drawn(study, draw))
    assert not set(drawn(study, draw)) & {slip.key for slip in doubts(study, most=0).slips}


def test_what_is_said_again_holds_and_is_not_suspected_any_more(study):
    draw = draw_reread(study, 8, "anna")
    again(study, draw, slipped)  # all of it as before
    assert not {slip.key for slip in doubts(study, most=0).slips} & set(drawn(study, draw))
    with study.store.database.reading() as connection:
        columns = (DECISIONS.c.why, DECISIONS.c.suggestions_visible)
        said = connection.execute(select(*columns).where(DECISIONS.c.draw == draw.id).distinct()).all()
    assert [tuple(row) for row in said] == [(WHY[REREAD], False)]


def test_a_change_of_mind_is_the_coder_s_newest_word(study):
    again(study, draw_reread(study, 8, "anna"), truth)
    with study.store.database.reading() as connection:
        agreed = dict(ledger.agreed(connection, study.codebook))
    for place, key in enumerate(keys_of(study)[:READ]):
        assert agreed[key] == {id: float(truth(place) == id) for id in SAID}


@pytest.mark.parametrize(
    ("size", "coder", "sentence"),
    [(1, "anna", "two passages or more"), (4, "zoe", "'zoe' has decided nothing yet that can be judged")],
)
def test_what_cannot_be_drawn_is_refused(study, size, coder, sentence):
    with pytest.raises(EvidenceError, match=sentence):
        draw_reread(study, size, coder)


# What became of it


def test_what_was_changed_is_told_of_both_halves_when_all_is_read(study):
    draw = draw_reread(study, 8, "anna")
    (waiting,) = outcomes(study)
    assert (waiting.read, waiting.total, waiting.suspected, waiting.others) == (0, 8, None, None)
    again(study, draw, truth)
    (found,) = outcomes(study)
    assert [(part.read, part.changed) for part in (found.suspected, found.others)] == [(4, 4), (4, 0)]
    assert (found.suspected.low, found.others.high) == pytest.approx((0.5101, 0.4899), abs=1e-4)  # Wilson's of 4 of 4
    assert found.better == pytest.approx((1 - np.hypot(0.4899, 0.4899), 1.0), abs=1e-4)
    assert found.left is None


def test_the_interval_of_a_difference_is_newcombe_s():
    """Newcombe (1998), table II, (a) and (b), method 10: 56/70 - 48/80 and 9/10 - 3/10."""
    for one, other, expected in (((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090))):
        parts = (rereading._part([True] * yes + [False] * (n - yes)) for yes, n in (one, other))
        assert rereading._more(*parts) == pytest.approx(expected, abs=5e-5)


def test_what_is_left_is_of_all_that_the_others_were_drawn_from():
    others = [rereading._Again(("money", False), False, n < 3, 12 / 60) for n in range(12)]
    left = rereading._left(others)
    assert (left.size, left.value) == (60, pytest.approx(0.25))
    assert 0.05 < left.low < 0.25 < left.high < 0.6
    assert rereading._left(others[:9]) is None
    few = [rereading._Again(("voice", True), False, False, 1.0)] * 2
    assert rereading._left([*others, *few]).size == 62


def test_one_that_is_given_up_tells_what_was_read(study):
    draw = draw_reread(study, 8, "anna")
    desk = Desk(study)
    sitting = desk.sitting("anna", REREAD)
    card = desk.following(sitting)
    desk.save(sitting, Reading(new_act(), card.passage, frozenset(), card.why))
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    (found,) = outcomes(study)
    assert (found.read, found.suspected.read + found.others.read) == (1, 1)
    assert found.better is None


def test_another_copy_of_the_study_knows_what_became_of_it(study, tmp_path):
    shutil.copytree(study.folder, tmp_path / "copy")
    copy = with_encoder(open_study(tmp_path / "copy"), Words())
    again(copy, draw_reread(copy, 8, "anna"), truth)
    copy.store.database.close()
    merge(study, tmp_path / "copy")
    (found,) = outcomes(study)
    assert [(part.read, part.changed) for part in (found.suspected, found.others)] == [(4, 4), (4, 0)]


# No number rests on it


def numbers(study):
    """Everything that is counted, certified and agreed on."""
    with study.store.database.reading() as connection:
        compared = agree.compare(study, connection)
        waiting = candidates(study, connection, "money")
    return [counts(study), counts(study, unit="document"), compared, waiting, listed(study)]


@pytest.fixture
def audited(study):
    """With an audit that was read to the end, in which anna slips, and another reader of some of it."""
    audit = draw_audit(study, 12)
    place = {key: number for number, key in enumerate(keys_of(study))}
    first = place[drawn(study, audit)[0]]
    again(study, audit, lambda one: list(SAID)[(one + 1) % 3] if one == first else truth(one))
    for number, key in enumerate(keys_of(study)[:40]):  # he slips where she does, once, and once where she does not
        said = slipped(number) if number == SLIPS[0] else "choir" if number == 7 else truth(number)
        read(study, "ben", key, {said})
    return study, first


def as_before(study):
    """What anna said last, by place."""
    with study.store.database.reading() as connection:
        said = {row.passage: row.code for row in ledger.current(connection) if row.coder == "anna" and row.value}
    return {place: said[key] for place, key in enumerate(keys_of(study)) if key in said}.__getitem__


def test_neither_counts_nor_certificates_nor_agreement_know_of_a_reading_again(audited):
    study, _ = audited
    before = numbers(study)
    said, draw = as_before(study), draw_reread(study, 8, "anna")
    assert numbers(study) == before
    again(study, draw, said)
    assert numbers(study) == before


def test_agreement_keeps_what_was_said_before_the_machine_chose_what_to_read_again(audited):
    study, _ = audited
    with study.store.database.reading() as connection:
        before = agree.compare(study, connection)
    again(study, draw_reread(study, 40, "anna"), truth)
    with study.store.database.reading() as connection:
        after = agree.compare(study, connection)
        said = dict(ledger.agreed(connection, study.codebook))
    assert 0.5 in said[keys_of(study)[SLIPS[0]]].values()  # they differ there now
    assert after == before
    assert not before.blind
    assert before.over_people.mean.value < 1


def test_double_coding_keeps_what_was_said_in_it(audited):
    study, _ = audited
    double = draw_double(study, 8, ["anna", "cat"])
    again(study, double, slipped, "anna")
    again(study, double, truth, "cat")
    with study.store.database.reading() as connection:
        before = agree.compare(study, connection)
    again(study, draw_reread(study, 8, "anna"), truth)
    with study.store.database.reading() as connection:
        assert agree.compare(study, connection) == before


def test_an_audit_keeps_what_was_said_in_it(audited):
    study, first = audited
    draw = draw_reread(study, 8, "anna")
    assert first in {place for _, place, _ in roles(study, draw)[True]}
    before = counts(study)
    again(study, draw, truth)
    after = counts(study)
    shares = [
        [part.share for one in found for layer in one.estimate.layers for part in layer] for found in (before, after)
    ]
    assert shares[0] == shares[1]
    assert len(shares[0]) == 3
    assert [one.decided_yes for one in after] != [one.decided_yes for one in before]


# The ways to it


def test_the_shell_lists_draws_and_tells_what_became_of_it(study, monkeypatch):
    monkeypatch.setattr("coding.study.open_study", lambda _: study)  # which has the encoder that is fast

    def told(*words):
        found = CliRunner().invoke(main, ["doubts", *words])
        assert found.exit_code == 0, found.output
        return found.output

    listed = told("--most", "3")
    assert "decisions look like slips" in listed
    assert "more that look less odd: --most 0 prints all." in listed
    assert listed.count("[yes: anna]") + listed.count("[no: anna]") == 3
    assert "    nearer to Choir (choir)" in told("--examples", "money")
    assert "Draw 1: 8 passages that anna has read before" in told("--reread", "8", "--coder", "ANNA")
    assert "): 0 of 8 passages read." in told()
    with study.store.database.reading() as connection:
        (draw,) = draws.draws(connection)
    again(study, draw, truth)
    assert "of the suspected 4 of 4 were changed (51 % to 100 %); of the others 0 of 4 were changed" in told()
    refused = CliRunner().invoke(main, ["doubts", "--reread", "8", "--examples"])
    assert (refused.exit_code, "not both" in refused.output) == (2, True)
    refused = CliRunner().invoke(main, ["doubts", "--coder", "anna"])
    assert (refused.exit_code, "--coder goes with --reread" in refused.output) == (2, True)
    assert "reread" in CliRunner().invoke(main, ["audit", "--list"]).output


def test_a_workbook_brings_a_reading_again_home(study, tmp_path):
    draw = draw_reread(study, 4, "anna")
    path = tmp_path / "again.xlsx"
    assert give(study, path, "anna", draw=draw.id).rows == 4
    answer(path, *((FIRST + row, name, "no") for row in range(4) for name in SAID))
    assert import_decisions(study, path).recorded == 12
    (found,) = outcomes(study)
    assert (found.read, found.suspected.read, found.others.read) == (4, 2, 2)
    with study.store.database.reading() as connection:
        rows = connection.execute(select(*COLUMNS).where(DECISIONS.c.draw == draw.id)).all()
    assert {(Decision(*row).why, Decision(*row).suggestions_visible) for row in rows} == {("manual", False)}


def test_the_page_has_a_view_for_it(study):
    draw = draw_reread(study, 4, "anna")
    with served(study) as link:
        anna, ben = Reviewer(link_of(study, "anna", link)), Reviewer(link_of(study, "ben", link))
        assert "No passages are waiting for you to read again" in ben.get("/reread")
        assert "4 to read" in anna.get("/")
        assert [name for name, one in {"anna": anna, "ben": ben}.items() if 'href="/reread"' in one.get("/")] == [
            "anna"
        ]
        assert 'href="/reread"' not in anna.get("/review")
        card = anna.get("/api/code/next", mode=REREAD)["card"]
        assert (card["hints"], card["mine"], card["why"], card["draw"]) == (None, {}, REREAD, draw.id)
        assert anna.save(card, "money")["progress"] == {"read": 1, "total": 4}
        assert [one["passage"] for one in anna.get("/api/code/recent", mode=REREAD)] == [card["passage"]]
        assert anna.post("/api/code/undo", mode=REREAD, act=new_act())["card"]["passage"] == card["passage"]
        assert "Re-reading 1" in anna.get("/progress")


def test_those_who_lead_see_in_the_page_what_looks_odd(study, monkeypatch):
    monkeypatch.setattr(learning, "Learner", lambda folder: Learner(folder, partial(opened, folder)))
    with served(study) as link:
        ada, ben = Reviewer(link), Reviewer(link_of(study, "ben", link))
        while 'id="waiting"' in (page := ada.get("/codebook/doubts")):
            pass
        assert "Decisions that look like slips" in page
        assert SAID["voice"].format(31) in page
        assert "nearer to Choir" in page
        assert ben.ask("/codebook/doubts")[0] == 403
        assert "/codebook/doubts" in ada.get("/codebook")


def test_what_looks_odd_is_worked_out_again_when_something_was_decided(study):
    odd = Odd(study)
    first, examples, became = odd.found()
    assert odd.found()[0] is first
    assert (first, examples, became) == (doubts(study), misleading(study), [])
    again(study, draw_reread(study, 8, "anna"), truth)
    assert odd.found() == (doubts(study), misleading(study), outcomes(study))
    assert odd.found()[0] != first

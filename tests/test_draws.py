"""Draws are random, made once, read as they ask, and nothing of a passage is told before it was read."""

import re
from collections import Counter

import pytest

from coding import drawing, draws, ledger, memos, queue, reviewers
from coding.acts import Reading
from coding.drawing import draw_audit, draw_double, size_for
from coding.ledger import Decision, new_act
from coding.queue import Queued, Shown
from coding.review import Desk
from coding.run import code
from coding.study import Study, open_study
from corpus.context import context
from corpus.errors import EvidenceError


@pytest.fixture
def desk(study):
    return Desk(study)


def read(desk, sitting, *yes):
    """Read the next passage; its key."""
    card = desk.following(sitting)
    desk.save(sitting, Reading(new_act(), card.passage, frozenset(yes), card.why))
    return card.passage


def passages(study, draw):
    with study.store.database.reading() as connection:
        return draws.drawn(connection, draw.id)


def keys_of(study):
    with study.store.database.reading() as connection:
        return study.store.passage_keys(connection)


def test_a_draw_is_kept_whole_and_comes_out_the_same_for_the_same_seed(study, tmp_path):
    draw = draw_audit(study, 4)
    total = len(keys_of(study))
    assert (draw.size, draw.population, draw.every, draw.coders) == (4, total, False, ())
    assert re.fullmatch("20240229:audit:0:[0-9a-f]{8}", draw.seed)
    assert [probability for _, probability in passages(study, draw)] == [4 / total] * 4
    study.store.database.close()
    again = open_study(study.folder)
    with again.store.database.reading() as connection:
        assert draws.draws(connection) == [draw]
        ids = {key: place for key, *place in again.store.places_in_order(connection)}
        found = [ids[key] for key, _ in draws.drawn(connection, draw.id)]
    assert found == [ids[key] for key, _ in passages(study, draw)]
    assert len({key for key, _ in passages(study, draw)}) == 4


def test_every_passage_is_as_likely_to_be_drawn(study):
    found = Counter()
    for seed in range(300):
        fresh = Study(study.folder, study.store)
        fresh.__dict__["settings"] = {**study.settings, "seed": str(seed)}
        with study.store.database.reading() as connection:
            population, _ = drawing.unread(fresh, connection)
            source = drawing.Source(population)
            found.update(drawing._random(fresh, connection, drawing.Made("audit"), source, population, 2))
    total = len(keys_of(study))
    expected = 300 * 2 / total
    chi2 = sum((found[key] - expected) ** 2 / expected for key in keys_of(study))
    assert chi2 < 3 * total  # far below what a draw that prefers some passages makes


def test_more_than_there_are_draws_all(study):
    draw = draw_audit(study, 10_000)
    assert draw.size == draw.population == len(keys_of(study))
    assert {probability for _, probability in passages(study, draw)} == {1.0}
    with pytest.raises(EvidenceError, match="nothing is left to draw"):
        draw_audit(study, 1)


def test_an_audit_leaves_out_what_was_read_to_the_end_and_only_that(study):
    first, second, *_ = keys_of(study)
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        whole = [Decision("anna", first, id, False, version) for id in study.codebook.by_id]
        ledger.record(connection, [*whole, Decision("anna", second, "money", True, version)])
    found = {key for key, _ in passages(study, draw_audit(study, 10_000))}
    assert found == set(keys_of(study)) - {first}


def test_double_coding_leaves_out_what_either_has_read(study):
    first, second, third, *_ = keys_of(study)
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        said = [("anna", first), ("BEN", second), ("carol", third)]
        ledger.record(connection, [Decision(who, key, "money", True, study.codebook.version) for who, key in said])
    draw = draw_double(study, 10_000, ["Anna", "ben", "ANNA"])
    assert draw.coders == ("anna", "BEN")
    assert {key for key, _ in passages(study, draw)} == set(keys_of(study)) - {first, second}


def test_a_reviewer_who_comes_later_is_the_coder_whom_a_draw_asks_for(study, desk):
    draw = draw_double(study, 2, ["anna", "ben"])
    with study.store.database.writing() as connection:
        name = reviewers.who(connection, reviewers.add(connection, "Anna")).name
    assert desk.following(desk.sitting(name, "double")).passage == passages(study, draw)[0][0]


@pytest.mark.parametrize("coders", [[], ["anna"], ["anna", "Anna "]])
def test_one_coder_is_no_double_coding(study, coders):
    with pytest.raises(EvidenceError, match="two coders or more"):
        draw_double(study, 5, coders)


@pytest.mark.parametrize(
    ("precision", "share", "population", "size"),
    [
        (0.03, 0.5, 10**9, 1068),
        (0.05, 0.5, 10**9, 385),
        (0.03, 0.5, 5000, 880),
        (0.01, 0.5, 100, 99),
        (0.1, 0.5, 0, 0),
    ],
)
def test_the_size_for_a_precision_is_the_textbook_s(precision, share, population, size):
    assert size_for(precision, share, population) == size


def test_each_passage_of_an_audit_is_read_once_by_whoever_comes(study, desk):
    draw = draw_audit(study, 5)
    anna, ben = desk.sitting("anna", "audit"), desk.sitting("ben", "audit")
    first, second = desk.following(anna).passage, desk.following(ben).passage
    assert first != second  # what anna has open is not ben's
    assert desk.following(anna).passage == first  # and stays hers
    order = [read(desk, sitting) for sitting in (anna, ben, anna, ben, ben)]
    assert sorted(order) == sorted(key for key, _ in passages(study, draw))
    assert (desk.following(anna), desk.following(ben)) == (None, None)
    assert [task.read for task in desk.tasks("anna")] == [5, 5]


def test_what_was_left_open_comes_to_another_after_a_while(study, desk, monkeypatch):
    draw_audit(study, 1)
    anna, ben = desk.sitting("anna", "audit"), desk.sitting("ben", "audit")
    passage = desk.following(anna).passage
    assert desk.following(ben) is None
    monkeypatch.setattr(draws, "LEASE", -1)
    assert desk.following(ben).passage == passage


def test_every_coder_reads_every_passage_of_a_double_draw(study, desk):
    draw = draw_double(study, 3, ["anna", "ben"])
    anna, ben = (desk.sitting(name, "double") for name in ("anna", "ben"))
    assert [read(desk, anna) for _ in range(3)] == [read(desk, ben) for _ in range(3)]
    assert (desk.following(anna), desk.following(ben)) == (None, None)
    with study.store.database.reading() as connection:
        assert draws.progress(connection, draw) == (3, 3)
    with pytest.raises(EvidenceError, match="no double draw"):
        desk.sitting("carol", "double")


def test_a_reading_in_a_draw_carries_the_draw_and_its_probability(study, desk):
    draw = draw_audit(study, 2)
    passage = read(desk, desk.sitting("anna", "audit"), "voice")
    with study.store.database.reading() as connection:
        found = ledger.of_passages(connection, [passage])
    probability = 2 / len(keys_of(study))
    kept = {(d.why, d.draw, d.probability, d.suggestions_visible) for d in found}
    assert kept == {("audit", draw.id, probability, False)}


def test_a_skipped_passage_comes_last_and_survives_a_restart(study, desk):
    draw_audit(study, 3)
    sitting = desk.sitting("anna", "audit")
    first = desk.following(sitting).passage
    desk.skip(sitting, first)
    again = Desk(open_study(study.folder))
    assert [read(again, sitting) for _ in range(3)][-1] == first


@pytest.mark.parametrize("mode", ["audit", "review"])
def test_who_skips_everything_goes_round_and_round(study, desk, mode):
    if mode == "audit":
        draw_audit(study, 4)
    sitting = desk.sitting("anna", mode)
    order, card = [], desk.following(sitting)
    for _ in range(3 * (4 if mode == "audit" else len(keys_of(study)))):
        order.append(card.passage)
        desk.skip(sitting, card.passage)
        card = desk.following(sitting, but=card.passage)
    once = len(order) // 3
    assert len(set(order)) == once
    assert order == order[:once] * 3


def test_an_undone_reading_comes_again(study, desk):
    draw_audit(study, 2)
    sitting = desk.sitting("anna", "audit")
    passage = read(desk, sitting, "voice")
    assert desk.undo(sitting).passage == passage
    assert desk.following(sitting).passage == passage
    assert desk.redo(sitting).passage == passage
    assert desk.following(sitting).passage != passage


def test_a_passage_not_of_the_draw_is_refused(study, desk):
    draw = draw_audit(study, 2)
    sitting = desk.sitting("anna", "audit")
    other = next(key for key in keys_of(study) if key not in dict(passages(study, draw)))
    with pytest.raises(EvidenceError, match="is not in draw"):
        desk.save(sitting, Reading(new_act(), other, frozenset(), "audit"))
    with pytest.raises(EvidenceError, match="is not in draw"):
        desk.card(sitting, other)


def test_the_queue_never_offers_what_is_drawn_or_read(study, desk):
    code(study)
    draw = draw_double(study, 3, ["anna", "ben"])
    carol = desk.sitting("carol")
    found = []
    while desk.following(carol):
        found.append(read(desk, carol))
    assert sorted(found) == sorted(set(keys_of(study)) - set(dict(passages(study, draw))))


def test_a_sealed_passage_shows_nothing_until_it_is_read_as_the_draw_asks(study, desk):
    code(study)
    draw = draw_double(study, 2, ["anna", "ben"])
    (first, _), (second, _) = passages(study, draw)
    sealed = {}

    def look(name):
        with study.store.database.reading() as connection:
            sealed[name] = draws.sealed(connection, name)

    read(desk, desk.sitting("anna", "double"))
    for name in ("anna", "ben", "carol"):
        look(name)
    assert sealed == {"anna": {first, second}, "ben": {first, second}, "carol": set()}
    with pytest.raises(EvidenceError, match="drawn to be read blind"):
        desk.card(desk.sitting("anna"), first)
    read(desk, desk.sitting("ben", "double"))
    look("ben")
    assert sealed["ben"] == {second}
    assert desk.card(desk.sitting("anna"), first).passage == first


def test_a_blind_card_holds_nothing_of_the_machine_or_of_others(study, desk):
    code(study)
    draw = draw_double(study, 2, ["anna", "ben"])
    passage = passages(study, draw)[0][0]
    with study.store.database.writing() as connection:
        memos.add(connection, "ben", "Ben thinks of money", passage=passage)
        memos.flag(connection, "ben", passage, "Ben doubts")
        memos.add(connection, "anna", "My own", passage=passage)
    ben, anna = desk.sitting("ben", "double"), desk.sitting("anna", "double")
    desk.save(ben, Reading(new_act(), passage, frozenset({"voice"}), "double"))
    card = desk.card(anna, passage)
    assert (card.hints, card.wanted, card.mine, card.flags) == (None, None, {}, ())
    assert [memo.text for memo in card.memos] == ["My own"]
    assert desk.card(ben, passage).mine["voice"].value


def test_a_reason_that_quotes_a_sealed_passage_is_not_told(study, desk):
    """Its being quoted as an example of a code would say what another coder decided of it."""
    draw = draw_double(study, 2, ["anna", "ben"])
    sealed = passages(study, draw)[0][0]
    other = next(key for key in keys_of(study) if key not in dict(passages(study, draw)))
    with study.store.database.writing() as connection:
        reason = f"“Nobody asked us” ({context(connection, sealed).id})"
        shown = (Shown("voice", 2.5, True, 0, "decided", reason), Shown("money", 2.5, True, -1, "example", "Late"))
        queue.replace(connection, 0, [], [Queued(other, "certain", "voice", shown)])
    anna, carol = (desk.card(desk.sitting(name), other).hints for name in ("anna", "carol"))
    assert [(hint.code, hint.because, hint.text) for hint in carol] == [
        ("voice", "decided", reason),
        ("money", "example", "Late"),
    ]
    assert [(hint.code, hint.because, hint.text) for hint in anna] == [("voice", "", ""), ("money", "example", "Late")]
    assert repr(anna).count(str(context_id(study, sealed))) == 0


def context_id(study, passage):
    with study.store.database.reading() as connection:
        return context(connection, passage).id


def test_a_closed_draw_asks_nobody_any_more_and_keeps_what_was_read(study, desk):
    code(study)
    draw = draw_double(study, 3, ["anna", "bne"])
    first = read(desk, desk.sitting("anna", "double"), "voice")
    with study.store.database.writing() as connection:
        assert draws.close(connection, draw.id).id == draw.id
        assert draws.sealed(connection, "anna") == draws.awaited(connection) == set()
        assert {d.draw for d in ledger.of_passages(connection, [first])} == {draw.id}
        with pytest.raises(EvidenceError, match="was closed already"):
            draws.close(connection, draw.id)
    with pytest.raises(EvidenceError, match="no double draw"):
        desk.sitting("anna", "double")
    assert [task.mode for task in desk.tasks("anna")] == ["review"]
    found, carol = [], desk.sitting("carol")
    while desk.following(carol):
        found.append(read(desk, carol))
    assert sorted(found) == sorted(set(keys_of(study)) - {first})


def test_a_reading_saved_while_its_passage_was_drawn_is_not_lost(study, desk):
    sitting = desk.sitting("anna")
    card = desk.following(sitting)
    draw_audit(study, 10_000)
    saved = desk.save(sitting, Reading(new_act(), card.passage, frozenset({"voice"}), card.why))
    assert saved.rows == 3
    with study.store.database.reading() as connection:
        assert card.passage in draws.sealed(connection, "anna")  # the audit still asks for an unled reading


def test_an_empty_study_has_nothing_to_draw_from(empty):
    with pytest.raises(EvidenceError, match="the study has no passages yet"):
        draw_audit(empty, 5)

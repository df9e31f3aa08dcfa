"""Estimates rest on what was drawn, as it was drawn, and on nothing else."""

import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor

import numpy as np
import pytest
from reading_audits import decide, read, some, suggest, survey

from coding import draws, ledger
from coding.auditing import Counting
from coding.certified import Recall, recall
from coding.certify import missed
from coding.drawing import draw_audit, draw_double, draw_ranked
from coding.estimate import Sample, audited, human, stopped
from coding.estimate_designs import ranked, stratified
from coding.estimate_groups import by_design, combined_counts, within
from coding.layers import Part, total
from coding.ledger import Decision
from coding.merge import merge
from coding.study import configure, open_study, remove
from corpus.errors import EvidenceError


@pytest.fixture
def world(empty, tmp_path):
    """400 passages, every tenth about money; a machine that is mostly right."""
    truth = some(400, 0.1, seed=3)
    keys = survey(empty, tmp_path, truth)
    truth = dict(zip(keys, truth, strict=True))
    chance = random.Random(5)
    scores = {
        key: {"money": round(min(1, max(0, 0.6 * bool(said) + chance.random() * 0.5)), 3)}
        for key, said in truth.items()
    }
    suggest(empty, scores)
    return empty, truth, {key: np.float32(one["money"]) for key, one in scores.items()}


def found(study, by=None, code="money"):
    with study.store.database.reading() as connection:
        found = Counting(study, connection).estimates(connection, by)
        return {one.group: one for one in found if one.code == code}


def money(study):
    return found(study)[""]


def bounds(one):
    return one.low, one.value, one.high


def outward(low, value, high):
    """Bounds as whole passages."""
    return pytest.approx([floor(low + 1e-9), value, ceil(high - 1e-9)])


def as_drawn(truth, scores, keys, population):
    y = np.array([float("money" in truth[key]) for key in keys])
    f = np.array([float(scores[key]) for key in keys])
    return audited(Sample(y, f, float(np.mean([float(scores[key]) for key in population])), len(population)))


def test_an_audit_of_everything_unread_is_the_textbook_s(world):
    study, truth, scores = world
    keys = read(study, draw_audit(study, 120), truth)
    share = as_drawn(truth, scores, keys, truth)
    one = money(study)
    assert bounds(one) == outward(*(400 * part for part in (share.low, share.value, share.high)))
    assert (one.covered, one.uncovered, one.draws, one.why, one.stale) == (400, 0, (1,), "", ())
    assert one.low <= sum(map(len, truth.values())) <= one.high


def test_what_was_read_before_is_known_and_the_audit_speaks_of_the_rest(world):
    study, truth, scores = world
    first = sorted(truth, key=lambda key: -scores[key])[:50]
    decide(study, truth, first)
    keys = read(study, draw_audit(study, 100), truth)
    rest = [key for key in truth if key not in first]
    share = as_drawn(truth, scores, keys, rest)
    yes = sum(len(truth[key]) for key in first)
    assert bounds(money(study)) == outward(*(yes + 350 * part for part in (share.low, share.value, share.high)))


def test_what_is_read_after_an_audit_is_no_sample_and_bounds_the_count_only(world):
    study, truth, scores = world
    keys = read(study, draw_audit(study, 100), truth)
    before = bounds(money(study))
    picked = [key for key in sorted(truth, key=lambda key: -scores[key]) if key not in keys][:40]
    decide(study, truth, picked, "ben")
    yes = sum(len(truth[key]) for key in {*picked, *keys})
    no = len({*picked, *keys}) - yes
    assert bounds(money(study)) == pytest.approx([min(max(part, yes), 400 - no) for part in before])


def test_a_later_run_that_learned_from_the_audit_changes_nothing(world):
    study, truth, _ = world
    read(study, draw_audit(study, 100), truth)
    before = found(study)
    suggest(study, {key: {"money": float(bool(said))} for key, said in truth.items()})
    assert found(study) == before


def test_without_a_run_before_the_draw_people_count_alone(empty, tmp_path):
    truth = some(300, 0.2, seed=1)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    draw = draw_audit(empty, 100)
    suggest(empty, {key: {"money": float(bool(said))} for key, said in truth.items()})
    keys = read(empty, draw, truth)
    y = np.array([float(bool(truth[key])) for key in keys])
    share = human(Sample(y, np.zeros(100), 0.0, 300))
    assert bounds(money(empty)) == outward(*(300 * part for part in (share.low, share.value, share.high)))


def test_two_audits_are_put_together_by_their_design(world):
    study, truth, scores = world
    first = read(study, draw_audit(study, 100), truth)
    between = [key for key in sorted(truth, key=lambda key: -scores[key]) if key not in first][:30]
    decide(study, truth, between, "ben")
    second = read(study, draw_audit(study, 80), truth)
    assert not set(second) & {*first, *between}
    rest = [key for key in truth if key not in {*first, *between}]
    one = within(0, 0, as_drawn(truth, scores, first, truth), 400)
    known = sum(len(truth[key]) for key in {*first, *between})
    two = within(known, 0, as_drawn(truth, scores, second, rest), 400)
    count = combined_counts([one, two], by_design([(100, 400), (80, 270)]))
    yes = known + sum(len(truth[key]) for key in second)
    no = 210 - yes
    assert bounds(money(study)) == pytest.approx(
        [min(max(part, yes), 400 - no) for part in (floor(count.low), count.value, ceil(count.high))]
    )
    assert money(study).draws == (1, 2)


def test_documents_added_since_are_not_covered_until_an_audit_draws_from_them(world, tmp_path):
    study, truth, _ = world
    read(study, draw_audit(study, 100), truth)
    before = money(study)
    more = some(200, 0.5, seed=9)
    added = dict(zip(survey(study, tmp_path, more, "more.csv"), more, strict=True))
    stale = money(study)
    assert (bounds(stale), stale.covered, stale.uncovered) == (bounds(before), 400, 200)
    assert stale.stale == (
        "200 passages were added since the last audit and are not covered: `themis audit` draws from them too.",
    )
    truth |= added
    read(study, draw_audit(study, 150), truth)
    now = money(study)
    assert (now.covered, now.uncovered, now.stale, [len(layer) for layer in now.layers]) == (600, 0, (), [1, 2])
    assert [part.share.size for layer in now.layers for part in layer] == [200, 400, 300]
    assert now.low <= sum(map(len, truth.values())) <= now.high


def test_documents_that_are_removed_leave_population_and_sample(world):
    study, truth, scores = world
    keys = read(study, draw_audit(study, 150), truth)
    gone = list(truth)[:100]
    with study.store.database.reading() as connection:
        documents = study.store.holding(connection, gone)
        names = [name for name, key in study.store.names(connection).items() if key in documents]
    remove(study, names)
    left = [key for key in truth if key not in gone]
    share = as_drawn(truth, scores, [key for key in keys if key in left], left)
    back = human(as_sample(truth, keys, 300 + sum(key in gone for key in keys)))
    yes = sum(len(truth[key]) for key in keys if key in gone)
    low, high = (bound * back.size - yes for bound in (back.low, back.high))
    assert bounds(money(study)) == outward(min(300 * share.low, low), 300 * share.value, max(300 * share.high, high))


def test_groups_are_estimated_of_their_own_passages(world):
    study, truth, scores = world
    keys = read(study, draw_audit(study, 200), truth)
    order = list(truth)
    groups = found(study, "Size")
    assert list(groups) == ["large", "small"]
    for number, name in enumerate(("small", "large")):
        mine = set(order[number::2])
        share = as_drawn(truth, scores, [key for key in keys if key in mine], mine)
        assert bounds(groups[name]) == outward(*(200 * part for part in (share.low, share.value, share.high)))


def test_copies_are_counted_once_by_their_weights(world):
    study, truth, scores = world
    keys = read(study, draw_audit(study, 200), truth)
    order = sorted(truth)
    w = {key: 0.25 if place < 80 else 1.0 for place, key in enumerate(order)}
    y = np.array([w[key] * ("money" in truth[key]) for key in keys])
    f = np.array([w[key] * float(scores[key]) for key in keys])
    share = audited(Sample(y, f, float(np.mean([w[key] * float(scores[key]) for key in order])), 400))
    with study.store.database.reading() as connection:
        counting = Counting(study, connection, lambda keys: [w[key] for key in keys])
        one = next(e for e in counting.estimates(connection) if e.code == "money")
    assert bounds(one) == pytest.approx([400 * part for part in (share.low, share.value, share.high)])
    assert one.covered == 340


def test_coders_who_differ_widen_what_is_known(world):
    study, truth, _ = world
    first = list(truth)[:40]
    decide(study, truth, first)
    decide(study, {key: set() if truth[key] else {"money"} for key in first}, first[:10], "ben")
    read(study, draw_audit(study, 100), truth)
    (layer,) = money(study).layers
    agreed = sum(len(truth[key]) for key in first[10:])
    assert [(part.known, part.known_yes, part.known_open) for part in layer] == [(40, agreed, 10)]
    share = layer[0].share
    assert bounds(money(study)) == pytest.approx(
        [floor(agreed + 360 * share.low), agreed + 5 + 360 * share.value, ceil(agreed + 10 + 360 * share.high)]
    )


def test_everything_read_is_counted_without_an_audit_or_doubt(world):
    study, truth, _ = world
    decide(study, truth, list(truth))
    assert bounds(money(study)) == (40, 40, 40)


def reasons(study):
    one = money(study)
    assert one.value is one.low is one.high is None
    return one.why


def test_nothing_but_an_audit_gives_an_interval(world):
    study, truth, _ = world
    assert reasons(study) == "there is no random audit: `themis audit`"
    decide(study, truth, list(truth)[:300])
    assert reasons(study) == "there is no random audit: `themis audit`"
    double = draw_double(study, 60, ["ben", "cat"])
    for coder in ("ben", "cat"):
        with study.store.database.reading() as connection:
            keys = [key for key, _ in draws.drawn(connection, double.id)]
        decide(study, truth, keys, coder, double)
    assert reasons(study) == "there is no random audit: `themis audit`"


def test_an_audit_that_is_read_in_part_gives_none_and_one_that_is_closed_the_part_in_order(world):
    study, truth, _ = world
    draw = draw_audit(study, 100)
    keys = read(study, draw, truth, most=60)
    assert reasons(study) == "audit 1 is not read to the end (60 of 100): read it with `themis review`"
    with study.store.database.reading() as connection:
        late = [key for key, _ in draws.drawn(connection, draw.id)][61:]
    decide(study, truth, late, draw=draw)  # all but one, the first after sixty
    assert reasons(study) == "audit 1 is not read to the end (99 of 100): read it with `themis review`"
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    share = stopped(as_sample(truth, keys, 400), 0.975)
    low, value, high = 400 * share.low, 400 * share.value, 400 * share.high
    yes = sum(len(truth[key]) for key in {*keys, *late})
    assert bounds(money(study)) == pytest.approx([max(low, yes), max(value, yes), high])


def as_sample(truth, keys, size):
    return Sample(np.array([float("money" in truth[key]) for key in keys]), np.zeros(len(keys)), 0.0, size)


def test_after_an_audit_that_was_given_up_the_next_one_is_reckoned_as_if_it_might_be_too(world):
    study, truth, _ = world
    first = draw_audit(study, 100)
    given_up = read(study, first, truth, most=30)
    with study.store.database.writing() as connection:
        draws.close(connection, first.id)
    whole = read(study, draw_audit(study, 120), truth)
    one, two = stopped(as_sample(truth, given_up, 400), 0.975), stopped(as_sample(truth, whole, 370), 0.9875)
    known = sum(len(truth[key]) for key in given_up)
    low = max(400 * one.low, known + 370 * two.low)
    high = min(400 * one.high, known + 370 * two.high)
    yes = known + sum(len(truth[key]) for key in whole)
    found = money(study)
    assert (found.low, found.high) == pytest.approx([max(low, yes), min(high, 400 - 150 + yes)])
    assert found.draws == (1, 2)


def test_who_gives_up_audits_until_one_pleases_gains_nothing(empty, tmp_path):
    """Thirty who read until it looks like many, give up after twenty where it does not, and draw again, five times."""
    truth = some(300, 0.15, seed=2)
    keys = survey(empty, tmp_path, truth)
    truth = dict(zip(keys, truth, strict=True))
    empty.store.database.close()
    held = []
    for seed in range(30):
        folder = tmp_path / str(seed)
        shutil.copytree(empty.folder, folder)
        study = configure(open_study(folder), {"seed": str(seed)})
        for _ in range(5):
            draw = draw_audit(study, 60)
            with study.store.database.reading() as connection:
                order = [key for key, _ in draws.drawn(connection, draw.id)]
            if sum(bool(truth[key]) for key in order[:20]) >= 4:
                read(study, draw, truth)
                break
            read(study, draw, truth, most=20)
            with study.store.database.writing() as connection:
                draws.close(connection, draw.id)
        one = money(study)
        held.append(one.low <= 45 <= one.high)
        study.store.database.close()
    assert np.mean(held) >= 0.93


def test_an_audit_that_was_closed_unread_gives_none(world):
    study, _, _ = world
    draw = draw_audit(study, 100)
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    assert reasons(study) == "audit 1 was closed before it was read: `themis audit`"


def test_what_is_settled_or_changed_after_the_audit_does_not_move_the_sample(world):
    study, truth, _ = world
    keys = read(study, draw_audit(study, 200), truth)
    before = money(study)
    unsure = [key for key in keys if truth[key]][:10]
    decide(study, {key: set() for key in unsure}, unsure)  # the same coder, later, elsewhere
    assert money(study).layers == before.layers


def test_a_code_that_came_later_has_no_interval_until_it_is_audited(world):
    study, truth, _ = world
    read(study, draw_audit(study, 100), truth)
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text() + "  - id: cake\n    name: Cake\n    definition: Cake is served.\n")
    later = study.latest()
    assert found(later, code="cake")[""].why == "audit 1 was read without this code: `themis audit`"
    assert money(later).value is not None


def test_a_changed_definition_is_said_until_a_new_audit_knows_it(world):
    study, truth, _ = world
    read(study, draw_audit(study, 100), truth)
    before = bounds(money(study))
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Money is short or late.", "Money is late."))
    later = study.latest()
    assert bounds(money(later)) == before
    assert money(later).stale == (
        "The code's meaning has changed since audit 1 was read: `themis audit` draws a new one.",
    )
    assert found(later, code="voice")[""].stale == ()
    read(later, draw_audit(later, 100), truth)
    now = money(later)
    assert now.draws == (2,)
    assert found(later, code="voice")[""].draws == (1, 2)


def test_a_draw_of_an_earlier_version_of_the_program_says_so(world):
    study, truth, _ = world
    read(study, draw_audit(study, 100), truth)
    with study.store.database.writing() as connection:
        connection.exec_driver_sql("drop trigger frames_no_delete")
        connection.exec_driver_sql("delete from frames")
    assert reasons(study) == "audit 1 was drawn by an earlier version: `themis audit`"


def test_the_whole_protocol_holds_as_often_as_it_says(empty, tmp_path):
    """The likeliest are read first, then an audit, of which there are forty, each in a copy of the study."""
    chance = random.Random(11)
    keys = survey(empty, tmp_path, [set()] * 400)
    scores = {key: {"money": chance.random(), "voice": chance.random()} for key in keys}
    suggest(empty, scores)
    truth = {key: {code for code, p in scores[key].items() if chance.random() < p * p * 0.4} for key in keys}
    decide(empty, truth, sorted(keys, key=lambda key: -scores[key]["money"])[:60])
    empty.store.database.close()
    hits, narrower = [], []
    for seed in range(40):
        folder = tmp_path / str(seed)
        shutil.copytree(empty.folder, folder)
        study = configure(open_study(folder), {"seed": str(seed)})
        read(study, draw_audit(study, 100), truth)
        for code in ("money", "voice"):
            one = found(study, code=code)[""]
            hits.append(one.low <= sum(code in said for said in truth.values()) <= one.high)
            narrower.append(one.high - one.low)
        study.store.database.close()
    assert 0.9 <= np.mean(hits) <= 1
    assert np.mean(narrower) < 80  # of 400


def test_what_was_decided_in_part_before_the_draw_stands_in_for_the_scores(empty, tmp_path):
    truth = some(300, 0.2, seed=1)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    imported = list(truth)[:200]
    decide(empty, truth, imported, "old", codes=["money"])
    keys = read(empty, draw_audit(empty, 100), truth)
    f = {key: float(key in imported and bool(truth[key])) for key in truth}
    y = np.array([float(bool(truth[key])) for key in keys])
    share = audited(Sample(y, np.array([f[key] for key in keys]), sum(f.values()) / 300, 300))
    yes, no = (sum(bool(truth[key]) == said for key in {*imported, *keys}) for said in (True, False))
    parts = floor(300 * share.low), 300 * share.value, ceil(300 * share.high)
    bounded = [min(max(part, yes), 300 - no) for part in parts]
    assert bounds(money(empty)) == pytest.approx(bounded)


def by_rank(truth, scores, keys, population):
    stratum = dict(zip(population, ranked(np.array([scores[key] for key in population])).tolist(), strict=True))
    sizes = np.bincount(list(stratum.values())).astype(float)
    y = np.array([float("money" in truth[key]) for key in keys])
    return stratified(y, np.array([stratum[key] for key in keys]), sizes)


def test_an_audit_for_one_code_reads_its_higher_ranks_more_and_is_weighed_so(world):
    study, truth, scores = world
    draw = draw_ranked(study, "money", 100)
    keys = read(study, draw, truth)
    share = by_rank(truth, scores, keys, list(truth))
    assert bounds(money(study)) == outward(*(400 * part for part in (share.low, share.value, share.high)))
    with study.store.database.reading() as connection:
        drawn = draws.drawn(connection, draw.id)
    top = sorted(truth, key=lambda key: -scores[key])
    assert sorted({probability for _, probability in drawn}) == pytest.approx([55 / 320, 25 / 60, 20 / 20])
    assert {key for key, probability in drawn if probability == 1} == set(top[:20])
    assert [key for key, _ in drawn] != sorted(keys, key=lambda key: -scores[key])


def test_an_audit_for_one_code_says_nothing_of_another_and_certifies_nothing(world):
    study, truth, _ = world
    read(study, draw_ranked(study, "money", 100), truth)
    assert found(study, code="voice")[""].why == "there is no random audit: `themis audit`"
    with study.store.database.reading() as connection:
        counting = Counting(study, connection)
    assert recall(counting, "money") is None
    assert recall(counting, "voice") is None


def test_an_audit_for_one_code_is_put_together_with_one_of_all(world):
    study, truth, scores = world
    first = read(study, draw_audit(study, 100), truth)
    second = read(study, draw_ranked(study, "money", 60), truth)
    rest = [key for key in truth if key not in first]
    one = within(0, 0, as_drawn(truth, scores, first, truth), 400)
    known = sum(len(truth[key]) for key in first)
    two = within(known, 0, by_rank(truth, scores, second, rest), 400)
    count = combined_counts([one, two], by_design([(100, 400), (60, 300)]))
    yes = known + sum(len(truth[key]) for key in second)
    parts = floor(count.low), count.value, ceil(count.high)
    expected = [min(max(part, yes), 400 - 160 + yes) for part in parts]
    assert bounds(money(study)) == pytest.approx(expected)


def test_strata_stay_what_they_were_when_documents_go(world):
    study, truth, scores = world
    keys = read(study, draw_ranked(study, "money", 100), truth)
    gone = sorted(truth, key=lambda key: -scores[key])[:15]
    stratum = dict(zip(truth, ranked(np.array([scores[key] for key in truth])).tolist(), strict=True))
    with study.store.database.reading() as connection:
        documents = study.store.holding(connection, gone)
        names = [name for name, key in study.store.names(connection).items() if key in documents]
    remove(study, names)
    left = [key for key in truth if key not in gone]
    y = np.array([float("money" in truth[key]) for key in keys if key in left])
    strata = np.array([stratum[key] for key in keys if key in left])
    sizes = np.bincount([stratum[key] for key in left]).astype(float)
    share = stratified(y, strata, sizes)
    assert bounds(money(study)) == outward(*(385 * part for part in (share.low, share.value, share.high)))


def test_an_audit_for_a_code_needs_something_that_ranks_it(empty, tmp_path):
    survey(empty, tmp_path, [set()] * 50)
    with pytest.raises(EvidenceError, match="nothing was suggested for money yet, so nothing ranks its passages"):
        draw_ranked(empty, "money", 20)


def certificate(study, code="money"):
    with study.store.database.reading() as connection:
        return recall(Counting(study, connection), code)


def test_a_certificate_takes_what_was_added_since_for_missed_until_somebody_reads_it(world, tmp_path):
    study, truth, _ = world
    keys = read(study, draw_audit(study, 300), truth)
    found = sum(len(truth[key]) for key in keys)
    most = missed(400, 300, found, 0.95)
    assert certificate(study) == Recall(most - found, found / most, 0.9, 1, 1)
    more = some(50, 0.5, seed=9)
    truth |= (added := dict(zip(survey(study, tmp_path, more, "more.csv"), more, strict=True)))
    assert certificate(study) == Recall(most - found + 50, found / (most + 50), 0.9, 1, 1)
    yes = [key for key in added if added[key]][:20]
    decide(study, truth, yes)  # only what holds it, as the queue would
    decide(study, {key: set() for key in yes}, yes[:5], "ben")
    assert certificate(study) == Recall(most - found + 35, (found + 15) / (most + 50), 0.9, 1, 1)
    assert certificate(study).recall <= (found + 15) / sum(map(len, truth.values()))


def test_a_certificate_of_a_closed_audit_takes_what_was_not_read_for_yes(world):
    study, truth, _ = world
    draw = draw_audit(study, 300)
    keys = read(study, draw, truth, most=280)
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    found = sum(len(truth[key]) for key in keys)
    most = missed(400, 300, found + 20, 0.95)
    assert certificate(study) == Recall(most - found, found / most, 0.9, 1, 1)


def test_audits_that_two_copies_drew_by_one_chance_are_not_two(empty, tmp_path):
    truth = some(400, 0.2, seed=3)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    empty.store.database.close()
    here, there = (open_study(shutil.copytree(empty.folder, tmp_path / name)) for name in ("here", "there"))
    keys = read(here, draw_audit(here, 80), truth)
    alone = money(here)
    assert read(there, draw_audit(there, 80), truth, coder="ben") == keys
    there.store.database.close()
    merge(here, there.folder)
    both = money(here)
    assert (bounds(both), both.layers) == (bounds(alone), alone.layers)
    assert both.stale == ("Not in it is audit 2, which another copy drew by the chance of audit 1.",)


def test_an_audit_with_empty_cells_says_how_to_fill_them(world):
    study, truth, _ = world
    draw = draw_audit(study, 50)
    with study.store.database.reading() as connection:
        keys = [key for key, _ in draws.drawn(connection, draw.id)]
    decide(study, truth, keys[:2], draw=draw, codes=["voice"])
    decide(study, truth, keys[2:], draw=draw)
    assert reasons(study) == (
        "audit 1 has 2 passages without an answer for this code: fill in the empty cells of its workbook and import it "
        "again, or `themis audit`"
    )
    assert found(study, code="voice")[""].value is not None


def test_many_layers_of_few_yeses_each_do_not_promise_too_many():
    """Eight layers of 500 with 10 yeses each, of which 50 are read: the lower bound misses as rarely as it says."""
    rng = np.random.default_rng(1)
    shares = {}
    for yes in range(11):
        shares[yes] = human(Sample(np.repeat([1.0, 0.0], [yes, 50 - yes]), np.zeros(50), 0.0, 500))
    drawn = rng.hypergeometric(10, 490, 50, (1000, 8)).tolist()
    found = [total([(Part(1, "", 0, 0.0, 0.0, shares[yes], 0.0, 500.0),) for yes in one], 0.0, 0.0) for one in drawn]
    assert np.mean([floor(one.low) > 80 for one in found]) < 0.035
    assert np.mean([one.low <= 80 <= one.high for one in found]) > 0.95
    mirrored = {
        yes: replace(one, value=1 - one.value, low=1 - one.high, high=1 - one.low) for yes, one in shares.items()
    }
    for one, yes in zip(found, drawn, strict=True):
        other = total([(Part(1, "", 0, 0.0, 0.0, mirrored[k], 0.0, 500.0),) for k in yes], 0.0, 0.0)
        assert (other.low, other.high) == pytest.approx((4000 - one.high, min(4000 - one.low, 4000)))


def test_what_was_read_before_a_code_was_thought_of_is_known_by_no_audit_of_it(world):
    """Half of what was read then has the new code, a twentieth of the rest; a later audit draws from both."""
    study, truth, _ = world
    first = list(truth)[:100]
    cake = {key: {"cake"} if place % (2 if key in first else 20) == 0 else set() for place, key in enumerate(truth)}
    decide(study, cake, first)
    draw = draw_audit(study, 60)
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text() + "  - id: cake\n    name: Cake\n    definition: Cake is served.\n")
    later = study.latest()
    one = read(later, draw, cake)
    two = read(later, draw_audit(later, 90), cake)
    counted = found(later, code="cake")[""]
    size = {1: 300, 2: 240}
    yes = {number: sum(len(cake[key]) for key in keys if key not in first) for number, keys in ((1, one), (2, two))}
    n = {1: 60, 2: len({*two} - {*first})}
    late, old = sorted(counted.layers, key=len)
    assert [(part.draw, part.known, part.share.n, part.share.size, part.share.positives) for part in late] == [
        (2, 0, len({*two} & {*first}), 100, sum(len(cake[key]) for key in two if key in first))
    ]
    assert [(part.draw, part.known, part.share.n, part.share.size, part.share.positives) for part in old] == [
        (number, 300 - size[number], n[number], size[number], yes[number]) for number in (1, 2)
    ]
    assert (counted.covered, counted.uncovered) == (400, 0)


def test_who_removes_the_documents_in_which_an_audit_found_most_gains_nothing(empty, tmp_path):
    truth = some(300, 0.15, seed=2)
    keys = survey(empty, tmp_path, truth)
    truth = dict(zip(keys, truth, strict=True))
    empty.store.database.close()
    held, certified = [], []
    for seed in range(20):
        folder = tmp_path / str(seed)
        shutil.copytree(empty.folder, folder)
        study = configure(open_study(folder), {"seed": str(seed)})
        found_in = [key for key in read(study, draw_audit(study, 80), truth) if truth[key]]
        with study.store.database.reading() as connection:
            documents = study.store.holding(connection, found_in)
            names = [name for name, key in study.store.names(connection).items() if key in documents]
        remove(study, names)
        one = money(study)
        held.append(one.low <= 45 - len(found_in) <= one.high)
        with study.store.database.reading() as connection:
            certain = recall(Counting(study, connection), "money")
        certified.append(certain.missed >= 45 - len(found_in))  # of those that are left nobody has found one
        study.store.database.close()
    assert np.mean(held) >= 0.9
    assert np.mean(certified) >= 0.9


def test_answers_that_were_changed_since_move_neither_the_interval_nor_the_certificate(world):
    study, truth, _ = world
    draw = draw_audit(study, 200)
    keys = read(study, draw, truth)
    with study.store.database.reading() as connection:
        before = money(study), recall(Counting(study, connection), "money")
    late = (datetime.now(UTC) + timedelta(minutes=10)).isoformat(timespec="seconds")
    other = Decision("anna", 0, "money", True, study.codebook.version, "audit", draw=draw.id, time=late)
    with study.store.database.writing() as connection:
        ledger.record(connection, [replace(other, passage=key) for key in keys[:60]])
    with study.store.database.reading() as connection:
        after = money(study), recall(Counting(study, connection), "money")
    changed = sum(not truth[key] for key in keys[:60])
    assert (bounds(after[0]), after[1]) == (bounds(before[0]), before[1])
    said = f"{changed} passages of audit 1 were answered otherwise later: what was said first counts."
    assert (after[0].stale, found(study, code="voice")[""].stale) == ((said,), ())

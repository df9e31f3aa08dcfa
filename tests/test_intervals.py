"""Intervals hold the truth about as often as they say, and are not given where they cannot be."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import agreement as measure
from coding.agreement import MISSING, SAME, UNREAD, Undefined
from coding.intervals import Estimate, Sample, agreement, mean_alpha, pairs, resampled, set_alpha


def sample(labels, documents, passages=None, machine=()):
    """A sample of labels (passages, coders)."""
    columns = [list(map(int, column)) for column in zip(*labels, strict=True)]
    return Sample(columns, list(map(int, documents)), list(passages or range(len(labels))), machine)


def study(documents, seed, passages=15):
    """Two coders who mostly see the same, of passages that hang together within documents."""
    rng = np.random.default_rng(seed)
    theme = rng.normal(size=(documents, passages)) * 1.2 + rng.normal(size=(documents, 1)) * 0.6 - 1
    said = [theme + rng.normal(size=theme.shape) * 0.6 > 0 for _ in range(2)]
    labels = np.stack(said, axis=-1).reshape(-1, 2).astype(int)
    return labels, np.repeat(np.arange(documents), passages)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    truth = measure.alpha(study(60_000, 0)[0])
    held = 0
    for seed in range(1, 201):
        labels, where = study(30, seed)
        low, high = agreement(sample(labels, where), resampled(30, seed, 400)).alpha.interval
        held += low <= truth <= high
    assert 0.9 <= held / 200 <= 0.99


def test_documents_are_drawn_and_not_passages():
    labels, where = study(30, 1)
    low, high = agreement(sample(labels, where), resampled(30, 1)).alpha.interval
    many = np.repeat(labels, 50, axis=0), np.repeat(where, 50)
    assert agreement(sample(*many), resampled(30, 1)).alpha.interval == pytest.approx((low, high), abs=0.01)


def test_a_draw_is_what_the_measures_say_of_the_documents_drawn():
    labels, where = study(12, 2)
    draws = resampled(12, 5, 40)
    assert draws.sum(axis=1).tolist() == [12] * 40
    again = [
        labels[np.concatenate([np.flatnonzero(where == d) for d in np.repeat(range(12), times)])]
        for times in draws.astype(int)
    ]
    found = agreement(sample(labels, where), draws)
    for name, of in [
        ("alpha", measure.alpha),
        ("kappa", measure.kappa),
        ("ac1", measure.ac1),
        ("positive", measure.positive_agreement),
        ("percent", measure.percent_agreement),
    ]:
        wanted = tuple(np.percentile([of(one) for one in again], (2.5, 97.5)))
        assert getattr(found, name) == Estimate(pytest.approx(of(labels)), pytest.approx(wanted)), name


def test_the_same_seed_gives_the_same_interval():
    assert (resampled(9, 4) == resampled(9, 4)).all()
    assert (resampled(9, 4) != resampled(9, 5)).any()


def test_what_there_is_too_little_of_is_named():
    def interval(labels, documents=20):
        found = agreement(sample(labels, [i % documents for i in range(len(labels))]), resampled(documents, 1))
        return found.alpha.interval, found.positives

    yes, no, differ = [1, 1], [0, 0], [1, 0]
    assert interval([yes] * 3 + [differ] + [no] * 30) == (Undefined("fewer than 5 positives"), 4)
    assert interval([yes] * 30 + [differ] + [no] * 3) == (Undefined("fewer than 5 negatives"), 31)
    assert interval([yes, differ, no] * 10, 7) == (Undefined("fewer than 8 documents"), 20)
    assert interval([yes, no] * 10) == (Undefined("nobody differs, so drawing the documents again says nothing"), 10)
    assert interval([no] * 10) == (Undefined(SAME), 0)
    assert interval([[1, MISSING]] * 10) == (Undefined(UNREAD), 0)


def test_a_measure_that_most_draws_lack_has_no_interval():
    found = agreement(sample([[1, 1], [1, 0]] * 3 + [[0, 0]] * 6, range(12)), np.eye(12)[np.arange(120) % 12])
    assert found.alpha.interval == Undefined("in too many draws of the documents there is no such number")


def test_numbers_are_of_passages_that_two_have_read():
    found = agreement(sample([[1, 1, 0], [1, MISSING, MISSING], [0, 0, MISSING]], [0, 1, 2]), resampled(3, 1))
    assert (found.passages, found.documents, found.positives, found.prevalence) == (2, 2, 1, pytest.approx(0.4))
    nothing = agreement(sample([], []), resampled(1, 1))
    assert (nothing.passages, nothing.prevalence, nothing.alpha.value) == (0, Undefined(UNREAD), Undefined(UNREAD))


def test_beside_the_machine_each_reading_is_a_row_and_each_passage_counts_once():
    people, machine = [[1, 1], [1, 0], [0, MISSING]] * 4, [1, 0, 0] * 3 + [0, MISSING, 1]
    found = agreement(sample(people, range(12), range(20, 32), machine), resampled(12, 1), beside=True)
    rows = [[yes, own] for said, own in zip(people, machine, strict=True) for yes in said if MISSING not in (yes, own)]
    read = [own for (_, other), own in zip(people, machine, strict=True) for _ in range(1 + (other != MISSING))]
    own = [label for label in read if label != MISSING]
    assert (found.passages, found.documents, found.positives) == (11, 11, 8)
    assert found.prevalence == pytest.approx(sum(own) / len(own))
    assert found.differ == (21, 24, 27, 29, 31)
    assert found.kappa.value == pytest.approx(measure.kappa(rows))
    assert found.alpha.value == pytest.approx(measure.alpha(rows))
    few = agreement(sample([[1, 1]] * 4 + [[0, 0]] * 8, range(12), machine=[1] * 3 + [0] * 9), resampled(12, 1), True)
    assert (few.positives, few.alpha.interval) == (4, Undefined("fewer than 5 positives"))  # though 8 readings say yes


def test_pairs_are_of_coders_and_of_each_with_the_machine():
    people, machine = [[1, 1, 0], [1, MISSING, 1], [0, 1, MISSING]] * 2, [1, 0, MISSING] * 2
    one, other = sample(people, range(6), machine=machine), sample([[0, 0, 0]] * 6, range(6), machine=[0] * 6)
    columns = [*np.array(people).T, np.array(machine)]
    wanted = {
        (a, b): (6, 1, pytest.approx(measure.alpha(np.stack([columns[a], columns[b]], axis=1))))
        for a, b in itertools.combinations(range(4), 2)
    }
    wanted[1, 3] = (6, 0, Undefined("alpha is defined for none of the codes"))  # in all they share they say yes
    assert pairs([one, other]) == wanted
    assert pairs([other])[0, 1] == (6, 0, Undefined("alpha is defined for none of the codes"))
    assert pairs([]) == {}


def test_the_mean_is_of_the_codes_that_have_an_alpha():
    (one, where), (two, _), draws = study(20, 1), study(20, 2), resampled(20, 1)
    alone = agreement(sample(one, where), draws).alpha
    assert mean_alpha([sample(one, where)], draws) == (alone, 1)
    found, codes = mean_alpha([sample(one, where), sample(two, where), sample([[0, 0]] * 9, range(9))], draws)
    assert (found.value, codes) == (pytest.approx((alone.value + measure.alpha(two)) / 2), 2)
    low, high = found.interval
    assert low < found.value < high
    assert high - low < alone.interval[1] - alone.interval[0]
    assert mean_alpha([], draws)[1] == 0
    rare = sample([[1, 1]] * 2 + [[0, 0]] * 9 + [[1, 0]], range(12))
    assert mean_alpha([sample(one, where), rare], draws)[0].interval == Undefined(
        "fewer than 5 positives of one of the codes"
    )


def of_sets(rows, machine=()):
    """A sample for each of three codes, from the sets that coders give."""
    return [
        sample(
            [[MISSING if one is None else int(code in one) for one in row] for row in rows],
            [number % 20 for number in range(len(rows))],
            machine=[int(code in one) for one in machine],
        )
        for code in "abc"
    ]


def test_sets_of_codes_are_compared_whole():
    rows = [("a", "a"), ("ab", "a"), ("", ""), (None, "a")] * 5
    found, passages = set_alpha(of_sets(rows), resampled(20, 1))
    distance = measure.masi([set(), {"a"}, {"a", "b"}])
    wanted = measure.alpha([[1, 1], [2, 1], [0, 0], [MISSING, 1]] * 5, distance)
    assert (found.value, passages) == (pytest.approx(wanted), 15)
    low, high = found.interval
    assert low < wanted < high
    always, _ = set_alpha(of_sets([("a", "a")] * 15 + [("ab", "a"), ("ab", "ab")] * 2), resampled(20, 1))
    assert isinstance(always.interval, tuple)  # nobody says "no code", and four say more than the rest
    nothing = Undefined("alpha is defined for none of the codes")
    assert set_alpha([], resampled(1, 1)) == (Estimate(nothing, nothing), 0)


@given(st.lists(st.lists(st.none() | st.text("abc", max_size=3), min_size=3, max_size=3), min_size=1, max_size=12))
def test_sets_are_those_of_the_codes(rows):
    sets = [set(), *map(set, ("a", "b", "c", "ab", "ac", "bc", "abc"))]
    labels = [[MISSING if one is None else sets.index(set(one)) for one in row] for row in rows]
    machine = ["ab"] * len(rows)
    beside = [[label, 4] for row in labels for label in row if label != MISSING]
    draws = resampled(20, 1, 2)
    for wanted, found in (
        (labels, set_alpha(of_sets(rows), draws)),
        (beside, set_alpha(of_sets(rows, machine), draws, beside=True)),
    ):
        assert found[0].value == approximately(measure.alpha(wanted, measure.masi(sets)))


def test_a_set_is_of_the_codes_that_all_who_read_the_passage_have_decided():
    first, second = sample([[1, 1], [0, 1]], [0, 1], [7, 8]), sample([[1, MISSING], [1, 0]], [0, 1], [7, 8])
    estimate, passages = set_alpha([first, second], resampled(2, 1))
    wanted = measure.alpha([[0, 0], [1, 0]], measure.masi([{"first"}, {"second"}]))
    assert (estimate.value, passages) == (pytest.approx(wanted), 2)
    apart = sample([[1, MISSING]], [0], [9]), sample([[MISSING, 1]], [0], [9])
    assert set_alpha(apart, resampled(1, 1))[1] == 0


def approximately(value):
    return pytest.approx(value, abs=1e-9) if isinstance(value, float) else value


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_as_many_documents_are_drawn_as_there_are(documents, seed):
    draws = resampled(documents, seed, 10)
    assert draws.shape == (10, documents)
    assert (draws.sum(axis=1) == documents).all()

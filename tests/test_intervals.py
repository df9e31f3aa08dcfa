"""Intervals hold the truth about as often as they say, and are not given where they cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import agreement as measure
from coding.agreement import MISSING, SAME, UNREAD, Undefined
from coding.intervals import Estimate, Sample, agreement, mean_alpha, resampled, set_alpha


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
        low, high = agreement(Sample(labels, where), resampled(30, seed, 400)).alpha.interval
        held += low <= truth <= high
    assert 0.9 <= held / 200 <= 0.99


def test_documents_are_drawn_and_not_passages():
    labels, where = study(30, 1)
    low, high = agreement(Sample(labels, where), resampled(30, 1)).alpha.interval
    many = np.repeat(labels, 50, axis=0), np.repeat(where, 50)
    assert agreement(Sample(*many), resampled(30, 1)).alpha.interval == pytest.approx((low, high), abs=0.01)


def test_a_draw_is_what_the_measures_say_of_the_documents_drawn():
    labels, where = study(12, 2)
    draws = resampled(12, 5, 40)
    assert draws.sum(axis=1).tolist() == [12] * 40
    again = [
        labels[np.concatenate([np.flatnonzero(where == d) for d in np.repeat(range(12), times)])]
        for times in draws.astype(int)
    ]
    found = agreement(Sample(labels, where), draws)
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
        found = agreement(Sample(labels, [i % documents for i in range(len(labels))]), resampled(documents, 1))
        return found.alpha.interval, found.positives

    yes, no, differ = [1, 1], [0, 0], [1, 0]
    assert interval([yes] * 3 + [differ] + [no] * 30) == (Undefined("fewer than 5 positives"), 4)
    assert interval([yes] * 30 + [differ] + [no] * 3) == (Undefined("fewer than 5 negatives"), 31)
    assert interval([yes, differ, no] * 10, 7) == (Undefined("fewer than 8 documents"), 20)
    assert interval([yes, no] * 10) == (Undefined("nobody differs, so drawing the documents again says nothing"), 10)
    assert interval([no] * 10) == (Undefined(SAME), 0)
    assert interval([[1, MISSING]] * 10) == (Undefined(UNREAD), 0)


def test_a_measure_that_most_draws_lack_has_no_interval():
    found = agreement(Sample([[1, 1], [1, 0]] * 3 + [[0, 0]] * 6, range(12)), np.eye(12)[np.arange(120) % 12])
    assert found.alpha.interval == Undefined("in too many draws of the documents there is no such number")


def test_numbers_are_of_passages_that_two_have_read():
    found = agreement(Sample([[1, 1, 0], [1, MISSING, MISSING], [0, 0, MISSING]], [0, 1, 2]), resampled(3, 1))
    assert (found.passages, found.documents, found.positives, found.prevalence) == (2, 2, 1, pytest.approx(0.4))
    nothing = agreement(Sample([], []), resampled(1, 1))
    assert (nothing.passages, nothing.prevalence, nothing.alpha.value) == (0, Undefined(UNREAD), Undefined(UNREAD))


def test_passages_are_counted_once_however_many_rows_they_have():
    labels = [[1, 1], [1, 0], [0, 0]] * 4
    found = agreement(Sample(labels, range(12), [1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8]), resampled(12, 1))
    assert (found.passages, found.positives) == (8, 4)
    assert found.alpha == Estimate(pytest.approx(measure.alpha(labels)), Undefined("fewer than 5 positives"))


def test_the_mean_is_of_the_codes_that_have_an_alpha():
    (one, where), (two, _), draws = study(20, 1), study(20, 2), resampled(20, 1)
    alone = agreement(Sample(one, where), draws).alpha
    assert mean_alpha([Sample(one, where)], draws) == (alone, 1)
    found, codes = mean_alpha([Sample(one, where), Sample(two, where), Sample([[0, 0]] * 9, range(9))], draws)
    assert (found.value, codes) == (pytest.approx((alone.value + measure.alpha(two)) / 2), 2)
    low, high = found.interval
    assert low < found.value < high
    assert high - low < alone.interval[1] - alone.interval[0]
    assert mean_alpha([], draws)[1] == 0
    rare = Sample([[1, 1]] * 2 + [[0, 0]] * 9 + [[1, 0]], range(12))
    assert mean_alpha([Sample(one, where), rare], draws)[0].interval == Undefined(
        "fewer than 5 positives of one of the codes"
    )


def test_sets_of_codes_are_compared_whole():
    a, ab, none = frozenset("a"), frozenset("ab"), frozenset()
    sets = [(a, a), (ab, a), (none, none), (None, a)] * 5
    found = set_alpha(sets, range(20), resampled(20, 1))
    distance = measure.masi([none, a, ab])
    wanted = measure.alpha([[1, 1], [2, 1], [0, 0], [MISSING, 1]] * 5, distance)
    assert found.value == pytest.approx(wanted)
    low, high = found.interval
    assert low < wanted < high
    always = set_alpha([(a, a)] * 15 + [(ab, a), (ab, ab)] * 2, range(19), resampled(19, 1))
    assert isinstance(always.interval, tuple)  # nobody says "no code", and four say more than the rest


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_as_many_documents_are_drawn_as_there_are(documents, seed):
    draws = resampled(documents, seed, 10)
    assert draws.shape == (10, documents)
    assert (draws.sum(axis=1) == documents).all()

"""The ridge regression against its own loss, the folds, and the thresholds worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.classifier import Rows, _best_cut, bounded, fit, folds, sigmoid, thresholds


def rows(count=120, codes=3, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 5))
    likeness = random.normal(size=(2, count, codes))
    targets = (vectors[:, :codes] + likeness[0] + random.normal(size=(count, codes)) > 1).astype(float)
    weights = random.choice([0.0, 0.5, 1.0], size=(count, codes))
    return Rows(vectors, likeness, targets, weights)


@pytest.mark.parametrize("strength", [0.3, 3.0, 30.0])
def test_no_step_in_any_direction_lowers_the_penalised_loss(strength):
    given = rows()
    found = fit(given, strength)

    def loss(linear):
        logits = linear.logits(given.vectors, given.likeness)
        lost = given.weights * (np.logaddexp(0, logits) - given.targets * logits)
        return lost.sum() + ((linear.weights**2).sum() + (linear.likeness**2).sum()) / (2 * strength)

    random = np.random.default_rng(1)
    for name in ("weights", "likeness", "intercept"):
        for size in (0.03, 0.3):
            value = getattr(found, name)
            moved = replace(found, **{name: value + size * random.normal(size=value.shape)})
            assert loss(moved) > loss(found)


def test_half_a_yes_is_a_yes_and_a_no_of_half_the_weight():
    one = Rows(np.ones((1, 2)), np.zeros((2, 1, 1)), np.full((1, 1), 0.5), np.ones((1, 1)))
    two = Rows(np.ones((2, 2)), np.zeros((2, 2, 1)), np.array([[1.0], [0.0]]), np.full((2, 1), 0.5))
    np.testing.assert_allclose(fit(one, 3.0).intercept, fit(two, 3.0).intercept, atol=1e-6)


def test_sparse_vectors_are_fitted_as_dense_ones():
    from scipy.sparse import csr_array

    given = rows()
    nothing = np.empty((0, *given.targets.shape))
    dense = fit(Rows(given.vectors, nothing, given.targets, given.weights), 3.0)
    sparse = fit(Rows(csr_array(given.vectors), nothing, given.targets, given.weights), 3.0)
    np.testing.assert_allclose(sparse.weights, dense.weights, atol=1e-3)
    assert sparse.likeness.shape == (0, 3)


@pytest.mark.parametrize(("target", "odds"), [(1.0, 4.5 / 0.5), (0.0, 0.5 / 4.5)])
def test_a_code_whose_rows_are_all_of_one_kind_is_its_smoothed_odds(target, odds):
    given = Rows(np.ones((5, 2)), np.zeros((2, 5, 1)), np.full((5, 1), target), np.array([[1.0]] * 4 + [[0.0]]))
    found = fit(given, 3.0)
    np.testing.assert_array_equal(found.weights, np.zeros((2, 1)))
    assert found.intercept == pytest.approx(np.log(odds))


def test_rows_without_any_feature_are_their_odds():
    nothing = Rows(np.empty((4, 0)), np.empty((0, 4, 1)), np.array([[1.0], [0.0], [0.0], [0.0]]), np.ones((4, 1)))
    assert fit(nothing, 3.0).plain(np.empty((2, 0))) == pytest.approx(np.log(1.5 / 3.5))


def test_sigmoid_survives_large_logits():
    np.testing.assert_array_equal(sigmoid(np.array([-1e6, 0.0, 1e6])), [0.0, 0.5, 1.0])


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=60))
def test_a_document_is_never_in_two_folds(given_rows):
    groups = np.array([group for group, _ in given_rows])
    labels = np.array([[float(yes)] for _, yes in given_rows])
    found = folds(labels, groups, 5)
    assert all(len(set(found[groups == group])) == 1 for group in set(groups))
    assert set(found) == set(range(min(5, len(set(groups)))))


def test_folds_spread_a_rare_code():
    groups = np.repeat(np.arange(20), 10)
    labels = np.zeros((200, 2))
    labels[[0, 50, 100, 150, 160], 0] = 1
    found = folds(labels, groups, 5)
    assert sorted(found[[0, 50, 100, 150, 160]]) == [0, 1, 2, 3, 4]
    assert np.bincount(found).tolist() == [40] * 5


def test_the_best_cut_by_hand():
    scores = np.array([0.9, 0.8, 0.6, 0.4, 0.2])
    assert _best_cut(scores, np.array([1.0, 1.0, 0.0, 0.0, 0.0])) == pytest.approx(0.7)  # F1 1
    assert _best_cut(scores, np.array([1.0, 0.0, 1.0, 0.0, 0.0])) == pytest.approx(0.5)  # F1 4/5 against 2/3
    assert _best_cut(np.array([0.5, 0.5, 0.1]), np.array([1.0, 0.0, 0.0])) == pytest.approx(0.3)  # equal scores stay


def test_thresholds_move_from_the_safer_cut_to_the_own_one():
    # one code, so pooled = own = 0.7, and as many are suggested as are a yes at 0.7 too
    scores = np.array([[0.9], [0.8], [0.6], [0.4]])
    assert thresholds(scores, np.array([[1.0], [1.0], [0.0], [0.0]])) == pytest.approx(0.7)
    # two codes: pooled, two of three are found at 0.7 (F1 4/5) and all three with two false at 0.15 (F1 3/4)
    both = np.array([[0.9, 0.2], [0.8, 0.1], [0.6, 0.05], [0.4, 0.01]])
    targets = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.nan]])
    pooled, own, even, positives = 0.7, 0.15, 0.15, 1
    expected = (positives * own + 20 * (pooled + even) / 2) / (positives + 20)
    assert thresholds(both, targets)[1] == pytest.approx(expected)


def test_a_code_that_nobody_decided_gets_the_pooled_cut():
    scores = np.array([[0.9, 0.3], [0.2, 0.2]])
    assert thresholds(scores, np.array([[1.0, np.nan], [0.0, np.nan]]))[1] == pytest.approx(0.55)


def test_a_cut_is_raised_to_the_share_that_decisions_give_reason_for():
    unread = np.column_stack([np.linspace(0.01, 1, 100)] * 4)
    unread[50:, 3] = np.nan  # decided: its best half does not count
    targets = np.full((100, 4), np.nan)
    targets[:10, :2] = 1  # 10 yes of 10: (2 * 10 + 100 * 0.13) / (10 + 100) is 0.3
    targets[:, 2] = 0  # 100 no: 0.13 / 2
    targets[:10, 3] = 1
    cuts = bounded(np.array([0.0, 0.9, 0.0, 0.0]), targets, unread, expected=0.13)
    suggested = [(unread[:, code] >= cuts[code]).sum() for code in range(4)]
    assert cuts[1] == 0.9  # never lowered
    assert suggested == [30, 11, 7, 15]


def test_a_corpus_that_was_read_to_the_end_bounds_no_cut():
    assert bounded(np.array([0.2]), np.ones((3, 1)), np.full((3, 1), np.nan), expected=0.05) == pytest.approx([0.2])

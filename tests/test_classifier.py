"""The ridge regression against its own loss and another implementation, and the folds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.axes import Axes, along, among
from models.classifier import PRIOR, Rows, fit, folds, sigmoid
from models.logistic import Problem, solve


def plain(vectors):
    return Axes(vectors, np.zeros(vectors.shape[1]), lambda found: found)


def rows(count=120, codes=3, seed=0):
    """Vectors, and rows of them with all that rows can have: halves of a yes, weights, rows for one code only."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 5))
    likeness = random.normal(size=(2, count, codes))
    targets = (vectors[:, :codes] + likeness[0] + random.normal(size=(count, codes)) > 1).astype(float)
    targets[:5] = 0.5
    weights = random.choice([0.0, 0.5, 1.0], size=(count, codes))
    return vectors, Rows(along(vectors), likeness, weights * targets, weights * (1 - targets))


@pytest.mark.parametrize("strength", [0.3, 3.0, 30.0])
def test_no_step_in_any_direction_lowers_the_penalised_loss(strength):
    vectors, given = rows()
    found = fit(given, strength)

    def loss(linear):
        logits = linear.logits(vectors, given.likeness)
        lost = (given.yes + given.no) * np.logaddexp(0, logits) - given.yes * logits
        return lost.sum() + ((linear.weights**2).sum() + (linear.likeness**2).sum()) / (2 * strength)

    random = np.random.default_rng(1)
    for name in ("weights", "likeness", "intercept"):
        for size in (0.03, 0.3):
            value = getattr(found, name)
            moved = replace(found, **{name: value + size * random.normal(size=value.shape)})
            assert loss(moved) > loss(found)


def test_all_codes_at_once_are_each_code_by_itself_as_scikit_learn_has_it():
    from sklearn.linear_model import LogisticRegression

    vectors, given = rows()
    found = fit(given, 3.0)
    for code in range(3):
        seen = np.column_stack([vectors, PRIOR * given.likeness[:, :, code].T])
        model = LogisticRegression(C=3.0, tol=1e-10, max_iter=10_000)
        kind, weights = np.repeat([1, 0], len(seen)), np.concatenate([given.yes[:, code], given.no[:, code]])
        model.fit(np.concatenate([seen, seen]), kind, weights)
        np.testing.assert_allclose(found.weights[:, code], model.coef_[0][:5], atol=1e-3)
        np.testing.assert_allclose(found.likeness[:, code], model.coef_[0][5:], atol=1e-3)
        assert found.intercept[code] == pytest.approx(model.intercept_[0], abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_a_steep_loss_is_descended_to_its_end(seed):
    random = np.random.default_rng(seed)
    vectors = (random.standard_t(2, size=(80, 12)) * 10.0 ** random.uniform(-2, 2, 12)).astype(np.float32)
    yes = (random.random((80, 4)) < 0.3).astype(float)
    problem = Problem(vectors, np.empty((0, 80, 4)), yes, 1 - yes, 1e3)
    _, slope = problem.loss(solve(problem))
    assert np.abs(slope).max() < 0.05


def test_a_code_is_the_same_whatever_other_codes_are_learned_with_it():
    _, given = rows()
    alone = replace(given, likeness=given.likeness[:, :, :1], yes=given.yes[:, :1], no=given.no[:, :1])
    np.testing.assert_allclose(fit(given, 3.0).weights[:, :1], fit(alone, 3.0).weights, atol=1e-3)


@pytest.mark.parametrize("count", [40, 300])
def test_sparse_rows_are_fitted_as_their_dense_vectors_are(count, monkeypatch):
    from scipy.sparse import csr_array

    vectors, given = rows(count)
    vectors = np.maximum(vectors, 0)  # many zeros, and a mean that is not
    nothing = np.empty((0, *given.yes.shape))
    dense = fit(Rows(plain(vectors), nothing, given.yes, given.no), 3.0)
    monkeypatch.setattr("models.axes.LANDMARKS", 100)  # of 300 rows in 5 dimensions as good as all of them
    sparse = fit(Rows(among(csr_array(vectors)), nothing, given.yes, given.no), 3.0)
    np.testing.assert_allclose(sparse.plain(csr_array(vectors)), dense.plain(vectors), atol=5e-3)
    assert sparse.likeness.shape == (0, 3)


def test_half_a_yes_is_a_yes_and_a_no_of_half_the_weight():
    one = Rows(plain(np.ones((1, 2))), np.zeros((2, 1, 1)), np.full((1, 1), 0.5), np.full((1, 1), 0.5))
    two = Rows(plain(np.ones((2, 2))), np.zeros((2, 2, 1)), np.array([[0.5], [0]]), np.array([[0], [0.5]]))
    np.testing.assert_allclose(fit(one, 3.0).intercept, fit(two, 3.0).intercept, atol=1e-6)


@pytest.mark.parametrize(("yes", "odds"), [(1.0, 4.5 / 0.5), (0.0, 0.5 / 4.5)])
def test_a_code_whose_rows_are_all_of_one_kind_is_its_smoothed_odds(yes, odds):
    weights = np.array([[1.0]] * 4 + [[0.0]])
    found = fit(Rows(plain(np.ones((5, 2))), np.zeros((2, 5, 1)), yes * weights, (1 - yes) * weights), 3.0)
    np.testing.assert_array_equal(found.weights, np.zeros((2, 1)))
    assert found.intercept == pytest.approx(np.log(odds))


def test_rows_without_any_feature_are_their_odds():
    yes = np.array([[1.0], [0.0], [0.0], [0.0]])
    nothing = Rows(plain(np.empty((4, 0))), np.empty((0, 4, 1)), yes, 1 - yes)
    assert fit(nothing, 3.0).plain(np.empty((2, 0))) == pytest.approx(np.log(1 / 3), abs=1e-3)


def test_logits_of_a_thousand_are_no_overflow():
    vectors = 1000 * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    yes = np.array([[1.0], [0.0], [1.0], [0.0]])
    found = fit(Rows(plain(vectors), np.empty((0, 4, 1)), yes, 1 - yes), 1e6)
    np.testing.assert_allclose(sigmoid(found.plain(vectors)), yes, atol=1e-3)


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

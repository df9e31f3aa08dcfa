"""What is learned from: decided and presumed passages and the codebook, with their weights and folds."""

import numpy as np
import pytest

from models import crossfit
from models.crossfit import ALONE, Decided, held_out, prepare
from models.evidence import Evidence, Theme
from models.features import fit_likeness

WIDTH = 8
THEMES = [Theme("a", ("a",), ("a is", "a was"), (), ("a not",)), Theme("b", ("b",), ("b is",))]


def evidence(count, first=0, seed=0):
    vectors = np.random.default_rng(seed + first).normal(size=(count, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = first + np.arange(count)
    return Evidence(keys, [f"text {key}" for key in keys], vectors, vectors, np.arange(count), np.zeros_like(vectors))


def prepared(count=40, labels=None):
    own = evidence(count)
    if labels is None:
        labels = np.column_stack([np.arange(count) % 4 == 0, np.arange(count) % 10 == 0]).astype(float)
        labels[:3] = [[np.nan, 0], [0.5, np.nan], [1, 1]]
    texts = [text for theme in THEMES for text in theme.texts()]
    vectors = dict(zip(texts, evidence(len(texts), 10_000).passages, strict=True))
    background = evidence(150, 1000)
    likeness = fit_likeness(THEMES, vectors, background)
    return prepare(THEMES, vectors, Decided(own, labels, np.arange(count) // 4), background, likeness, 0), likeness


def test_every_row_has_its_weights():
    training, _ = prepared()
    yes, no = training.yes, training.no
    np.testing.assert_array_equal(yes[:4], [[0, 0], [0.5, 0], [1, 1], [0, 0]])
    np.testing.assert_array_equal(no[:4], [[0, 1], [0.5, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(yes[40:140], np.zeros((100, 2)))
    np.testing.assert_array_equal(no[40:140], np.full((100, 2), 0.5))
    np.testing.assert_array_equal(yes[140:], [[0.3, 0], [0.3, 0], [0, 0], [0, 0.3]])  # a is, a was, a not, b is
    np.testing.assert_array_equal(no[140:], [[0, 0], [0, 0], [0.3, 0], [0, 0]])
    np.testing.assert_array_equal(training.likeness[:, 140:], np.zeros((2, 4, 2)))
    assert np.isnan(training.labels[40:]).all()
    assert training.within[140:].tolist() == [ALONE] * 4


def test_words_weigh_half_of_their_most_at_eight_positives():
    labels = np.zeros((40, 2))
    labels[:8, 0] = labels[:24, 1] = 1
    training, _ = prepared(labels=labels)
    assert training.share == pytest.approx([0.65 / 2, 0.65 * 0.75])


def test_of_very_many_decisions_some_stand_for_all(monkeypatch):
    monkeypatch.setattr(crossfit, "ROWS", 60)
    labels = np.zeros((200, 2))
    labels[::10, 0] = labels[5::50, 1] = 1  # 24 passages with a yes, all of which are kept, and 36 of the other 176
    training, likeness = prepared(200, labels)
    assert len(training.yes) == 60 + 100 + 4
    np.testing.assert_allclose(training.yes[:60].sum(axis=0), [20, 4])
    assert (training.yes[:60] + training.no[:60]).sum() == pytest.approx(2 * 200)
    assert len(training.labels) == 300
    assert (held_out(training, likeness)[:200] != 0).all()  # also those that nothing was learned from


def test_many_decisions_that_are_all_a_yes_are_thinned_too(monkeypatch):
    monkeypatch.setattr(crossfit, "ROWS", 60)
    labels = np.ones((200, 2))
    labels[:20] = 0
    training, _ = prepared(200, labels)
    assert len(training.yes) == 60 + 100 + 4
    np.testing.assert_allclose(training.yes[:60].sum(axis=0), [180, 180])
    np.testing.assert_allclose(training.no[:60].sum(axis=0), [20, 20])

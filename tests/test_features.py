"""Likeness to the codebook: what is centred on what, the best sentence, and words as TF-IDF."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence import Evidence, Theme, joined
from models.features import EXCLUDE, INCLUDE, best_at, best_of, centred, fit_likeness
from models.words import fit_words


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def evidence(passages, sentences=None, owner=None, context=None):
    passages = unit(passages)
    count = len(passages)
    return Evidence(
        keys=np.arange(count) * 10,
        texts=[f"passage {row}" for row in range(count)],
        passages=passages,
        sentences=passages if sentences is None else unit(sentences),
        owner=np.arange(count) if owner is None else np.array(owner),
        context=np.zeros_like(passages) if context is None else np.asarray(context, np.float32),
    )


@pytest.fixture
def corpus():
    return evidence(np.random.default_rng(1).normal([2, 0, 0, 0, 0, 0], size=(200, 6)))


def same(first, second):
    assert first.texts == second.texts
    for name in ("keys", "passages", "sentences", "owner", "context"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_likeness_is_zero_on_average_and_one_in_spread_over_the_background(corpus):
    vectors = dict(zip("abc", unit(np.random.default_rng(2).normal(size=(3, 6))), strict=True))
    likeness = fit_likeness([Theme("x", ("a",)), Theme("y", ("b",), exclude=("c",))], vectors, corpus)
    found = likeness.features(corpus).likeness
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found[INCLUDE].std(axis=0), 1, atol=1e-4)
    np.testing.assert_array_equal(found[EXCLUDE, :, 0], 0)


def test_a_passage_on_its_theme_is_most_like_it(corpus):
    vectors = {"up": unit([2, 4, 0, 0, 0, 0]), "side": unit([2, 0, 4, 0, 0, 0])}
    likeness = fit_likeness([Theme("up", ("up",)), Theme("side", ("side",))], vectors, corpus)
    found = likeness.features(evidence([[2, 4, 0, 0, 0, 0], [2, 0, 4, 0, 0, 0]])).likeness[INCLUDE]
    assert found.argmax(axis=1).tolist() == [0, 1]
    assert found.diagonal().min() > 2


def test_what_all_definitions_share_says_nothing(corpus):
    """Definitions are alike in being definitions; many of them are centred on each other, not on the corpus."""
    shared = 4 * np.eye(6)[5]
    names = [f"theme {number}" for number in range(5)]
    vectors = {name: unit(np.eye(6)[number] * 2 + shared) for number, name in enumerate(names)}
    likeness = fit_likeness([Theme(name, (name,)) for name in names], vectors, corpus)
    assert abs(likeness.sides[INCLUDE] @ np.eye(6)[5]).max() < 0.6
    assert abs(unit(np.stack(list(vectors.values()))) @ np.eye(6)[5]).min() > 0.85


def test_one_theme_is_centred_on_the_corpus(corpus):
    vectors = {"only": unit([2, 4, 0, 0, 0, 0])}
    likeness = fit_likeness([Theme("only", ("only",))], vectors, corpus)
    expected = centred(vectors["only"][None], corpus.passages.mean(axis=0))
    np.testing.assert_allclose(likeness.sides[INCLUDE], expected, atol=1e-6)


def test_the_best_sentence_lifts_a_passage(corpus):
    vectors = {"up": unit([2, 4, 0, 0, 0, 0])}
    likeness = fit_likeness([Theme("up", ("up",))], vectors, corpus)
    flat, peak = [2, 0, 1, 0, 0, 0], [2, 4, 0, 0, 0, 0]
    without = likeness.features(evidence([flat], [flat, flat], [0, 0])).likeness[INCLUDE]
    lifted = likeness.features(evidence([flat], [flat, peak], [0, 0])).likeness[INCLUDE]
    assert lifted > without + 0.5


def test_context_turns_the_passage_only_where_there_is_a_question(corpus):
    likeness = fit_likeness([Theme("up", ("up",))], {"up": unit([2, 4, 0, 0, 0, 0])}, corpus)
    question = unit([[2, 4, 0, 0, 0, 0], [2, 4, 0, 0, 0, 0]]) * [[1], [0]]
    block = evidence([[2, 0, 1, 0, 0, 0]] * 2, context=question)
    asked, alone = likeness.features(block).passages
    np.testing.assert_allclose(alone, centred(block.passages, likeness.centre)[1], atol=1e-6)
    toward = centred(question[:1].astype(np.float32), likeness.centre)[0]
    assert asked @ toward > alone @ toward + 0.1


def test_an_example_is_nearer_to_its_like_than_the_mean_of_all_examples_says(corpus):
    """Three examples on one side of a theme: a passage on that side gains more than one on the other."""
    side, other = [2, 4, 3, 0, 0, 0], [2, 4, -3, 0, 0, 0]
    vectors = {"up": unit([2, 4, 0, 0, 0, 0])}
    vectors |= {f"a{number}": unit([*side[:5], number / 10]) for number in range(3)}
    vectors |= {f"b{number}": unit([2, 4, 0, 9, number / 10, 0]) for number in range(9)}
    plain = fit_likeness([Theme("up", ("up",))], vectors, corpus)
    shown = fit_likeness([Theme("up", ("up",), tuple(vectors)[1:])], vectors, corpus)
    block = evidence([side, other])
    gap = [likeness.features(block).likeness[INCLUDE, :, 0] @ [1, -1] for likeness in (plain, shown)]
    assert gap[1] > gap[0] + 0.5


def test_what_a_theme_excludes_is_taken_off_while_nobody_has_decided(corpus):
    vectors = {"up": unit([2, 4, 0, 0, 0, 0]), "not": unit([2, 0, 4, 0, 0, 0])}
    block = evidence([[2, 4, 4, 0, 0, 0]])
    with_side = fit_likeness([Theme("up", ("up",), exclude=("not",))], vectors, corpus).features(block)
    without = fit_likeness([Theme("up", ("up",))], vectors, corpus).features(block)
    np.testing.assert_allclose(with_side.likeness[INCLUDE], without.likeness[INCLUDE])
    assert with_side.undecided()[0] < without.undecided()[0] - 0.2


def test_best_sentence_by_hand():
    values = np.array([[1.0, 5.0], [3.0, 2.0], [7.0, 7.0]])
    owner = np.array([0, 0, 2])
    np.testing.assert_array_equal(best_of(values, owner, np.full((3, 2), -1.0)), [[3, 5], [-1, -1], [7, 7]])
    np.testing.assert_array_equal(best_at(values, owner, 3), [[1, 0], [-1, -1], [0, 0]])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_rows_then_joined_is_the_block_again(counts, data):
    owner = np.repeat(np.arange(len(counts)), counts)
    numbers = np.random.default_rng(len(owner)).normal(size=(len(counts) + len(owner), 4))
    whole = evidence(numbers[: len(counts)], numbers[len(counts) :].reshape(-1, 4), owner)
    cut = data.draw(st.integers(0, len(counts)))
    same(joined(whole.rows(np.arange(cut)), whole.rows(np.arange(cut, len(counts)))), whole)
    turned = whole.rows(np.arange(len(counts))[::-1])
    same(turned.rows(np.arange(len(counts))[::-1]), whole)


TEXTS = [
    "They named us in the bid",
    "named  in the bid,\tnamed and dropped",
    "the bid ÄRGERT is late",
    "Nothing",
    "",
    "a",
]


def test_pieces_of_words_are_those_that_scikit_learn_finds_in_texts():
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = fit_words(TEXTS)
    reference = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    expected = reference.fit_transform(TEXTS).toarray()
    assert words.terms == tuple(reference.get_feature_names_out())
    np.testing.assert_allclose(words.vectors(TEXTS).toarray(), expected, atol=1e-12)
    other = ["Unheard of: bids named late", "ärgert"]
    np.testing.assert_allclose(words.vectors(other).toarray(), reference.transform(other).toarray(), atol=1e-12)


def test_too_many_pieces_are_those_said_most(monkeypatch):
    from sklearn.feature_extraction.text import CountVectorizer

    monkeypatch.setattr("models.words.MOST", 20)
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2)
    total = np.asarray(counter.fit_transform(TEXTS).sum(axis=0))[0]
    said = [total[counter.vocabulary_[term]] for term in fit_words(TEXTS).terms]
    assert sorted(said) == np.sort(total)[-20:].tolist()


@given(st.text("ab cAB", max_size=40))
def test_what_the_words_of_a_text_add_is_the_whole_text(text):
    words = fit_words(["ab abc cab", "a b c ab", "ba cab abba"])
    said, rows = words.of_words(text)
    assert sorted(said) == sorted(set(text.lower().split()))
    np.testing.assert_allclose(rows.toarray().sum(axis=0), words.vectors([text]).toarray()[0], atol=1e-12)


@pytest.mark.parametrize("texts", [[], [""], ["pull", "two"], ["?", "!"]])
def test_texts_that_share_no_term_have_no_words(texts):
    assert fit_words(texts).vectors(["one"]).shape == (1, 0)

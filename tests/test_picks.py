"""What to read next, on made vectors: the mix, whose turn it is, nothing twice, and what it finds of a rare code."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.picks import (
    BATCH,
    CERTAIN,
    DIVERSE,
    MOST,
    NEAR,
    PER_DOCUMENT,
    UNCERTAIN,
    Pick,
    Pool,
    batches,
    shortlist,
    worth,
)

NOTHING = np.empty((0, 16), np.float32)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def made(count=3000, codes=4, documents=40, seed=1, width=16):
    """A pool, its vectors, and a cut that a tenth of the passages reach."""
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(count, width)))
    scores = vectors @ random.normal(size=(width, codes)).astype(np.float32)
    pool = Pool(random.permutation(count), random.integers(0, documents, count), scores)
    return pool, vectors, np.quantile(scores, 0.9, axis=0)


def flat(found):
    return [one for batch in found for one in batch]


def test_every_ten_are_seven_likely_two_hard_to_tell_and_one_different():
    pool, vectors, cuts = made()
    found = batches(pool, vectors, cuts, np.array([3, 3, 3, 3]), NOTHING, seed=5)
    assert [len(batch) for batch in found] == [BATCH] * (MOST // BATCH)
    for batch in found:
        for half in (batch[:10], batch[10:]):
            assert Counter(one.why for one in half) == {CERTAIN: 7, UNCERTAIN: 2, DIVERSE: 1}
    assert all((one.code is None) == (one.why == DIVERSE) for one in flat(found))


def test_the_likely_score_highest_and_the_hard_to_tell_are_nearest_to_the_cut():
    pool, vectors, cuts = made(codes=1)
    first = batches(pool, vectors, cuts, np.array([9]), NOTHING, seed=5)[0]
    ranks = {
        CERTAIN: np.argsort(np.argsort(-pool.scores[:, 0])),
        UNCERTAIN: np.argsort(np.argsort(np.abs(pool.scores[:, 0] - cuts[0]))),
    }
    for why, rank in ranks.items():
        assert max(rank[one.row] for one in first if one.why == why) < 25


def test_the_different_are_drawn_away_from_what_was_read():
    pool, vectors, cuts = made(count=1000)
    near = vectors[:, 0] > 0
    read = unit(vectors[near] + 0.01)
    found = flat(batches(pool, vectors, cuts, np.array([3] * 4), read, seed=5))
    chosen = [near[one.row] for one in found if one.why == DIVERSE]
    assert len(chosen) == 20
    assert sum(chosen) == 0


def test_the_rarest_code_has_most_turns_and_every_code_has_some():
    pool, vectors, cuts = made()
    found = flat(batches(pool, vectors, cuts, np.array([1, 7, 19, 43]), NOTHING, seed=5))
    turns = Counter(one.code for one in found if one.why == CERTAIN)
    assert [turns[code] for code in range(4)] == pytest.approx([74.7, 37.3, 18.7, 9.3], abs=1.5)


def test_a_code_does_not_lose_its_turns_by_its_place_in_the_codebook():
    """The learner asks anew after every batch: over many first batches the last of thirty codes has its share."""
    pool, vectors, cuts = made(codes=30)
    turns = Counter(
        one.code for seed in range(60) for one in batches(pool, vectors, cuts, np.full(30, 2), NOTHING, seed, 20)[0]
    )
    assert min(turns[code] for code in range(30)) >= 20  # of 960, 32 each


def test_a_code_without_a_yes_gets_none_that_are_hard_to_tell():
    pool, vectors, cuts = made(codes=1)
    first = batches(pool, vectors, cuts, np.array([0]), NOTHING, seed=1)[0]
    assert Counter(one.why for one in first) == {CERTAIN: 18, DIVERSE: 2}


def test_what_a_passage_promises_by_hand():
    scores, cuts = np.array([[0.9, 0.1], [0.5, 0.9], [0.4, 0.2], [0.1, 0.8]]), np.array([0.0, 0.5])
    first, second = (1 + (np.arange(4) + 0.5) / 4) ** -2 / (1 + 5), (1 + (np.arange(4) + 0.5) / 3) ** -2 / 5
    own = np.column_stack([first[[0, 1, 2, 3]], second[[3, 0, 2, 1]]])  # ranks; three over a cut at least
    np.testing.assert_allclose(worth(scores, cuts, np.array([1, 0])), own + own.sum(axis=1, keepdims=True))


def test_of_two_passages_alike_for_a_code_the_one_that_serves_another_is_read_first():
    count = 2000
    random = np.random.default_rng(0)
    scores = random.random((count, 2))
    scores[:40, 0] = 2 + random.random(40)  # forty likely ones of the first code,
    scores[::2, 1] += np.where(np.arange(0, count, 2) < 40, 2, 0)  # every second of which is likely for the second too
    pool = Pool(np.arange(count), np.arange(count) % 100, scores)
    vectors = unit(random.normal(size=(count, 16)))
    first = batches(pool, vectors, np.array([2.0, 2.0]), np.array([3, 3]), NOTHING, seed=1)[0]
    likely = [one.row for one in first if one.why == CERTAIN]
    assert all(row < 40 for row in likely)
    assert np.mean([row % 2 == 0 for row in likely]) > 0.65


def test_near_duplicates_are_read_once_and_not_again():
    pool, vectors, cuts = made(count=600)
    vectors[300:] = unit(vectors[:300] + 0.01)
    read = vectors[:40]
    found = [one.row for one in flat(batches(pool, vectors, cuts, np.array([3] * 4), read, seed=5))]
    assert len(found) == MOST
    alike = vectors[found] @ vectors[found].T
    assert (alike[~np.eye(len(found), dtype=bool)] <= NEAR).all()
    assert (vectors[found] @ read.T <= NEAR).all()


def test_all_is_offered_where_little_is_left():
    pool, vectors, cuts = made(count=60, documents=2)
    found = batches(pool, vectors, cuts, np.array([0, 3, 3, 3]), NOTHING, seed=5)
    assert sorted(one.row for one in flat(found)) == list(range(60))
    assert len(found[0]) == BATCH
    assert batches(pool.rows(np.arange(0)), vectors[:0], cuts, np.array([0, 3, 3, 3]), NOTHING, seed=5) == []


def test_a_passage_without_a_vector_is_offered_once():
    pool, vectors, cuts = made(count=30)
    vectors[7] = 0
    found = flat(batches(pool, vectors, cuts, np.array([3] * 4), NOTHING, seed=5))
    assert sorted(one.row for one in found) == list(range(30))


def test_the_shortlist_holds_all_that_can_be_picked():
    pool, vectors, cuts = made(count=20_000)
    positives = np.array([0, 2, 4, 8])
    rows = shortlist(pool, cuts, seed=5)
    assert len(rows) < 4500
    assert (np.diff(rows) > 0).all()
    short = batches(pool.rows(rows), vectors[rows], cuts, positives, NOTHING, seed=5)
    assert [[replace(one, row=int(rows[one.row])) for one in batch] for batch in short] == batches(
        pool, vectors, cuts, positives, NOTHING, seed=5
    )


def test_equal_scores_leave_the_order_of_the_rows_without_a_say():
    pool, vectors, cuts = made()
    pool = replace(pool, scores=np.zeros_like(pool.scores))
    found = batches(pool, vectors, cuts, np.array([0, 2, 4, 8]), NOTHING, seed=5)
    mixed = np.random.default_rng(1).permutation(len(vectors))
    again = batches(pool.rows(mixed), vectors[mixed], cuts, np.array([0, 2, 4, 8]), NOTHING, seed=5)
    assert [int(mixed[one.row]) for one in flat(again)] == [one.row for one in flat(found)]


def test_one_long_document_does_not_hide_the_others():
    pool, vectors, cuts = made(count=8000, codes=1, documents=30)
    documents, scores = pool.documents.copy(), pool.scores.copy()
    documents[:6000], scores[:6000] = 99, scores[:6000] + 100
    pool = Pool(pool.order, documents, scores)
    for batch in batches(pool, vectors, cuts, np.array([9]), NOTHING, seed=5):
        assert sum(documents[one.row] == 99 for one in batch) == PER_DOCUMENT
        assert Counter(one.why for one in batch) == {CERTAIN: 14, UNCERTAIN: 4, DIVERSE: 2}


@given(
    count=st.integers(0, 120),
    documents=st.integers(1, 12),
    positives=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    seed=st.integers(0, 2**32 - 1),
    most=st.integers(1, 60),
)
def test_what_always_holds(count, documents, positives, seed, most):
    pool, vectors, cuts = made(count, len(positives), documents, seed % 100) if count else made(1, len(positives))
    random = np.random.default_rng(seed)
    read = vectors[:: max(1, len(vectors) // 5)]
    found = batches(pool, vectors, cuts, np.array(positives), read, seed, most)
    rows = [one.row for one in flat(found)]
    assert len(set(rows)) == len(rows) <= most
    assert all(0 < len(batch) <= BATCH for batch in found)
    cap = max(PER_DOCUMENT, -(-BATCH // len(np.unique(pool.documents))))
    assert all(max(Counter(pool.documents[one.row] for one in batch).values()) <= cap for batch in found)
    mixed = random.permutation(len(vectors))
    again = batches(pool.rows(mixed), vectors[mixed], cuts, np.array(positives), read, seed, most)
    assert [[Pick(int(mixed[one.row]), one.why, one.code) for one in batch] for batch in again] == found


def test_ten_batches_find_far_more_of_a_rare_code_than_reading_at_random():
    """A code of 2 %, a definition 45 degrees beside it; what learns is the sum of the yes less the mean of the no."""
    random = np.random.default_rng(3)
    code = unit(random.normal(size=32))
    carries = random.random(10_000) < 0.02
    vectors = unit(random.normal(size=(10_000, 32)) / 4 + carries[:, None] * code)
    definition = unit(code + random.normal(size=32) / np.sqrt(32))
    read = np.arange(0)
    for turn in range(10):
        yes, no = vectors[read[carries[read]]], vectors[read[~carries[read]]]
        guide = unit(definition + yes.sum(axis=0) - no.sum(axis=0) / max(1, len(no)))
        left = np.setdiff1d(np.arange(10_000), read)
        pool = Pool(left, left // 100, (vectors[left] @ guide)[:, None])
        cuts = np.quantile(pool.scores, 0.98, axis=0)
        batch = batches(pool, vectors[left], cuts, np.array([len(yes)]), vectors[read], turn, BATCH)[0]
        read = np.append(read, [left[one.row] for one in batch])
    assert len(np.unique(read)) == 200
    assert carries[read].sum() > 10 * 200 * carries.mean()

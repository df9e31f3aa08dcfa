"""The cut between yes and no: each step by hand, and what it does on scores whose truth is known."""

import numpy as np
import pytest

from models.classifier import sigmoid
from models.cuts import _best_cut, _bounded, _logits, _no_more, _shares, calibrated, cuts, likely_best, most, seen_best


def test_the_best_cut_by_hand():
    scores = np.array([0.9, 0.8, 0.6, 0.4, 0.2])
    assert _best_cut(scores, np.array([1.0, 1.0, 0.0, 0.0, 0.0])) == pytest.approx(0.7)  # F1 1
    assert _best_cut(scores, np.array([1.0, 0.0, 1.0, 0.0, 0.0])) == pytest.approx(0.5)  # F1 4/5 against 2/3
    assert _best_cut(np.array([0.5, 0.5, 0.1]), np.array([1.0, 0.0, 0.0])) == pytest.approx(0.3)  # equal scores stay


def test_thresholds_move_from_the_safer_cut_to_the_own_one():
    # one code, so pooled = own = 0.7, and as many are suggested as are a yes at 0.7 too
    scores = np.array([[0.9], [0.8], [0.6], [0.4]])
    assert seen_best(scores, np.array([[1.0], [1.0], [0.0], [0.0]])) == pytest.approx(0.7)
    # two codes: pooled, two of three are found at 0.7 (F1 4/5) and all three with two false at 0.15 (F1 3/4)
    both = np.array([[0.9, 0.2], [0.8, 0.1], [0.6, 0.05], [0.4, 0.01]])
    targets = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.nan]])
    pooled, own, even, positives = 0.7, 0.15, 0.15, 1
    expected = (positives * own + 20 * (pooled + even) / 2) / (positives + 20)
    assert seen_best(both, targets)[1] == pytest.approx(expected)


def test_a_code_that_nobody_decided_gets_the_pooled_cut():
    scores = np.array([[0.9, 0.3], [0.2, 0.2]])
    assert seen_best(scores, np.array([[1.0, np.nan], [0.0, np.nan]]))[1] == pytest.approx(0.55)


def test_few_decisions_are_believed_as_if_a_hundred_more_were_as_expected():
    targets = np.full((100, 3), np.nan)
    targets[:10, 0] = 1
    targets[:, 1] = 0
    assert _shares(targets, 0.05) == pytest.approx([15 / 110, 5 / 200, 0.05])


def test_a_cut_is_raised_to_the_share_that_is_believed_and_never_lowered():
    unread = np.column_stack([np.linspace(0.01, 1, 100)] * 4)
    unread[50:, 3] = np.nan  # decided: its best half does not count
    found = _bounded(np.array([0.0, 0.9, 0.0, 0.0]), np.array([0.3, 0.3, 0.07, 0.3]), unread)
    assert [(unread[:, code] >= found[code]).sum() for code in range(4)] == [30, 11, 7, 15]
    assert found[1] == 0.9


def test_a_corpus_that_was_read_to_the_end_bounds_no_cut():
    assert _bounded(np.array([0.2]), np.array([0.05]), np.full((3, 1), np.nan)) == pytest.approx([0.2])


def test_a_code_is_at_most_as_frequent_as_passages_that_score_as_its_yes_do():
    unread = np.concatenate([np.full(90, 0.1), np.full(10, 0.9)])[:, None]
    held, targets = np.array([[0.8], [0.7], [0.05], [0.2]]), np.array([[1.0], [1.0], [1.0], [0.0]])
    # two of three yes are over 0.7, as 10 (and a half) of 100 passages are; one is to be expected below the lowest
    assert most(held, targets, unread) == pytest.approx([0.105 * 4 / 2])
    assert most(held, targets * np.nan, unread) == 1
    assert most(held, targets, unread * np.nan) == 1


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_largest_share_is_hardly_below_the_true_one(share):
    scores, truth = scored(share, 20_000)
    found = most(scores[:4000, None], np.where(truth[:4000], 1.0, np.nan)[:, None], scores[4000:, None])[0]
    assert share * 0.9 < found < min(1, share * 6)


def test_chances_are_lowered_alike_until_the_believed_share_is_their_mean():
    logits = np.array([3.0, 1.0, -1.0, 5.0])
    found = _no_more(logits, 3, 0.25)
    assert found[:3].mean() == pytest.approx(0.25)
    odds = np.log(found / (1 - found)) - logits
    np.testing.assert_allclose(odds, odds[0])  # the last, which is decided, too
    np.testing.assert_array_equal(_no_more(logits, 3, 0.9), sigmoid(logits))  # never raised
    np.testing.assert_array_equal(_no_more(logits, 0, 0.1), sigmoid(logits))


def test_the_likely_cut_is_best_of_all_cuts_by_expected_f1():
    random = np.random.default_rng(0)
    scores = random.normal(size=60)
    chances, weights = sigmoid(2 * scores - 1), random.choice([1.0, 3.0], size=60)

    def expected(cut):
        taken = scores >= cut
        return 2 * (weights * chances)[taken].sum() / (weights[taken].sum() + (weights * chances).sum())

    best = max(expected(cut) for cut in scores)
    assert expected(likely_best(scores, chances, weights)) == pytest.approx(best)


def test_a_calibrated_model_is_cut_at_half_of_its_best_f1():
    scores = np.linspace(-8, 4, 20_000)  # Lipton and others 2014: the best cut of a calibrated score is F1 / 2
    chances = sigmoid(scores)
    cut = likely_best(scores, chances, np.ones(len(scores)))
    best = 2 * chances[scores >= cut].sum() / ((scores >= cut).sum() + chances.sum())
    assert sigmoid(np.array(cut)) == pytest.approx(best / 2, abs=1e-3)


def test_calibration_finds_the_slope_and_the_offsets_that_made_the_labels():
    random = np.random.default_rng(1)
    logits = random.normal(size=(40_000, 2))
    labels = (random.random(logits.shape) < sigmoid(0.5 * logits + [0.3, -0.3])).astype(float)
    labels[:100] = np.nan
    slope, offsets = calibrated(logits, labels)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert offsets == pytest.approx([0.3, -0.3], abs=0.05)


def test_few_decisions_hardly_move_an_offset_from_the_pooled_one():
    logits, labels = np.zeros((402, 2)), np.full((402, 2), np.nan)
    labels[:400, 0] = np.arange(400) % 4 == 0
    labels[400:, 1] = 1
    _, offsets = calibrated(logits, labels)
    assert offsets[0] == pytest.approx(np.log(1 / 3), abs=0.05)
    assert offsets[0] < offsets[1] < offsets[0] + 0.5


def scored(share, count, seed=0):
    """Scores of a corpus of which that share carries a code, and the truth: what is said is calibrated."""
    random = np.random.default_rng(seed)
    truth = random.random(count) < share
    logits = np.where(truth, 1.5, -1.5) + 1.7 * random.normal(size=count) + np.log(share / (1 - share))
    return sigmoid(logits), truth


def f1(scores, truth, cut):
    return 2 * (truth & (scores >= cut)).sum() / ((scores >= cut).sum() + truth.sum())


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_with_a_random_sample_the_cut_is_near_the_best_there_is(share):
    scores, truth = scored(share, 3000)
    targets = truth[:500, None].astype(float)
    unread = np.concatenate([np.full(500, np.nan), scores[500:]])[:, None]
    found = cuts(scores[:500, None], targets, unread, 0.05)[0]
    best = max(f1(scores[500:], truth[500:], cut) for cut in np.linspace(0.01, 0.9, 200))
    assert f1(scores[500:], truth[500:], found) >= 0.85 * best


@pytest.mark.parametrize(("yes", "no"), [(4, 4), (8, 4), (20, 10)])
def test_decisions_that_are_mostly_yes_do_not_make_a_rare_code_frequent(yes, no):
    scores, truth = scored(0.05, 3000)
    chosen = np.concatenate([np.flatnonzero(truth)[:yes], np.flatnonzero(~truth)[:no]])
    unread = scores.copy()
    unread[chosen] = np.nan
    held = sigmoid(2 + np.log(scores / (1 - scores)))[chosen]  # learned from such a mixture: too high throughout
    unread = sigmoid(2 + np.log(unread / (1 - unread)))
    found = cuts(held[:, None], truth[chosen, None].astype(float), unread[:, None], 0.05)[0]
    assert (unread >= found).mean() <= 2 * (yes + 5) / (yes + no + 100)


def test_the_cut_is_the_middle_of_the_seen_and_the_likely_one():
    random = np.random.default_rng(3)
    truth = random.random((90, 2)) < [0.3, 0.6]
    held = sigmoid(np.where(truth, 1.0, -1.0) + random.normal(size=truth.shape))
    targets = truth.astype(float)
    targets[:20, 0] = np.nan
    unread = sigmoid(random.normal(-1, 1, (300, 2)))
    unread[:100] = np.nan
    share = np.minimum(_shares(targets, 0.05), np.maximum(most(held, targets, unread), 0.025))
    seen = _bounded(seen_best(held, targets), np.minimum(2 * share, 1), unread)
    slope, offsets = calibrated(_logits(held), targets)
    expected = []
    for code, decided in enumerate(~np.isnan(targets.T)):
        logits = _logits(np.concatenate([unread[100:, code], held[decided, code]]))
        weights = np.repeat([1, 100 / decided.sum()], [200, decided.sum()])
        chances = _no_more(slope * logits + offsets[code], 200, share[code])
        expected.append((_logits(seen[code]) + likely_best(logits, chances, weights)) / 2)
    np.testing.assert_allclose(cuts(held, targets, unread, 0.05), sigmoid(np.array(expected)))


def test_a_rare_code_of_which_half_of_the_decisions_are_a_yes_stays_rare():
    scores, truth = scored(0.02, 4000)
    scores = np.where(truth, np.maximum(scores, 0.2), np.minimum(scores, 0.1))  # told apart well
    chosen = np.concatenate([np.flatnonzero(truth)[:16], np.flatnonzero(~truth)[:16]])
    unread = np.where(np.isin(np.arange(4000), chosen), np.nan, scores)[:, None]
    found = cuts(scores[chosen, None], truth[chosen, None].astype(float), unread, 0.05)[0]
    assert f1(np.nan_to_num(unread[:, 0]), truth & ~np.isnan(unread[:, 0]), found) > 0.8

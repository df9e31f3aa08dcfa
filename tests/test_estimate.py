"""Estimates agree with published examples, and their intervals hold the truth about as often as they say."""

from collections import Counter
from dataclasses import replace
from itertools import combinations, product
from math import comb, exp, factorial, hypot, inf, prod, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import hypergeom
from threadpoolctl import threadpool_limits
from worlds import MODELS, World, held, samples, scores, transcripts, world

from coding import estimate
from coding.agreement import Undefined
from coding.estimate import Sample, Share, audited, cross_fitted, human, ppi, stopped, trusted, wilson
from coding.estimate_designs import (
    ALLOCATION,
    GROUPS,
    Documents,
    by_logit,
    clusters,
    ranked,
    stratified,
    weighted,
)
from coding.estimate_groups import (
    Count,
    at_least,
    by_design,
    combined,
    combined_counts,
    difference,
    error_differs,
    holm,
    joint,
    whole,
    within,
)

PREVALENCES = (0.02, 0.05, 0.2)
HUGE = 10**12  # a population of which no sample is a part worth speaking of


def said(yes, n, size=HUGE):
    """A sample without scores."""
    return Sample(np.repeat([1.0, 0.0], [yes, n - yes]), np.zeros(n), 0.0, size)


def interval(share):
    return share.low, share.high


# One share


@pytest.mark.parametrize(
    ("yes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_published(yes, n, low, high):
    """Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), Table I."""
    assert [round(bound, 4) for bound in wilson(yes / n, n)] == [low, high]
    if yes != 1:  # then the lower bound is another
        assert [round(bound, 4) for bound in interval(human(said(yes, n)))] == [low, high]


def test_wilson_at_its_ends():
    assert (wilson(0.3, inf), wilson(0.3, 0), wilson(0, 10)[0], wilson(1, 10)[1]) == ((0.3, 0.3), (0, 1), 0, 1)
    assert wilson(0.3, 10)[0] < wilson(0.3, 10.5)[0] < wilson(0.3, 11)[0]
    low, high = wilson(0.2, 50, 0.99)
    assert low < wilson(0.2, 50)[0] < wilson(0.2, 50)[1] < high


def test_what_was_read_of_a_small_population_narrows_the_interval():
    """n / (1 - n/N) readings: 50 of 100 count as 100."""
    assert interval(human(said(20, 50, 100))) == pytest.approx(wilson(0.4, 100))
    assert human(said(20, 50, 100)).effective == 100


def test_what_the_answers_rule_out_is_in_no_interval():
    assert human(said(1, 9, 10)).low == 0.1
    assert human(said(9, 10, 12)).high == pytest.approx(11 / 12)


def test_when_all_is_read_nothing_is_estimated():
    sample = Sample(np.array([1.0, 0.0, 0.5]), np.array([0.2, 0.9, 0.1]), 0.4, 3)
    assert audited(sample) == Share(0.5, 0.5, 0.5, 3, 1.5, 3, 0.0, 0.0, inf, "census", False)
    assert audited(said(0, 0, 0)) == Share(0.0, 0.0, 0.0, 0, 0.0, 0, 0.0, 0.0, inf, "census", False)


def test_when_nothing_is_read_anything_is_possible():
    assert audited(said(0, 0, 7)) == Share(0.5, 0.0, 1.0, 0, 0.0, 7, 0.0, 0.25, 0.0, "human", True)


def test_ppi_is_what_its_formulas_say():
    """By hand: lambda 0.2 / 0.4; y - lambda f is 0.55, 0.85, -0.35, -0.05; V+ 0.8 x 0.3 / 4 + 0.8 / 16."""
    y, f = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.3, 0.7, 0.1])
    found = ppi(Sample(y, f, 0.4, 20))
    assert (found.weight, found.value, found.variance) == pytest.approx((0.5, 0.5 * 0.4 + 0.25, 0.06))
    assert found.effective == pytest.approx(0.45 * 0.55 / 0.11)
    assert interval(found) == (0.1, pytest.approx(wilson(0.45, 2.25)[1]))  # 2 of 20 are known to be yes
    assert (found.n, found.positives, found.size, found.method, found.few) == (4, 2, 20, "ppi", True)
    assert [trusted(y, of) for of in (f / 4, -f, 0 * f)] == [1, 0, 0]


def test_scores_of_nothing_leave_only_the_pseudo_error_between():
    """With f = 0, V is p (1 - p) / (n - 1) and V+ has 1/n^2 more."""
    found = ppi(said(30, 100))
    assert (found.value, found.weight) == (0.3, 0)
    assert found.effective == pytest.approx(0.21 / (0.21 / 99 + 1e-4))
    assert audited(said(30, 100)) == human(said(30, 100))


def test_few_yeses_or_noes_are_told_by_people_alone():
    rng = np.random.default_rng(1)
    for yes, few in [(4, True), (5, False), (95, False), (96, True)]:
        plain = said(yes, 100, 1000)
        sample = replace(plain, f=np.clip(0.7 * plain.y + 0.1 * rng.random(100), 0, 1), mean=0.4)
        assert (audited(sample).few, audited(sample).method) == (few, "human" if few else "ppi")
        assert not few or audited(sample) == human(plain)


def test_texts_with_copies_count_by_their_weights():
    """Ten texts twice and ninety once, all yes or no at random: the variance is that of y w, with one pseudo-error."""
    y = np.concatenate([np.repeat([0.5, 0.0], [12, 8]), np.repeat([1.0, 0.0], [9, 71])])
    found = human(Sample(y, np.zeros(100), 0.0, 1000))
    value, variance = 0.15, 0.9 * y.var(ddof=1) / 100
    effective = value * 0.85 / (variance + 0.9e-4)
    assert (found.value, found.positives, found.effective) == pytest.approx((value, 15, effective))
    assert interval(found) == pytest.approx(wilson(value, effective))


# Every sample of a small population


def every_sample(y, f, n):
    for places in combinations(range(len(y)), n):
        yield World(y, f).sample(np.array(places))


def test_value_and_variance_of_the_difference_estimator_are_right_on_average():
    """Over all samples: the mean of the estimates is the truth, that of the variances is their variance."""
    rng = np.random.default_rng(2)
    y = rng.random(11)
    found = [ppi(sample) for sample in every_sample(y, y / 2, 4)]
    assert {share.weight for share in found} == {1.0}
    values = np.array([share.value for share in found])
    assert values.mean() == pytest.approx(y.mean())
    assert np.mean([share.variance for share in found]) == pytest.approx(values.var())


@pytest.mark.parametrize(("size", "n"), [(30, 10), (60, 20), (200, 50)])
def test_wilson_holds_the_truth_of_finite_populations(size, n):
    """By the exact chance of each number of yeses, for every possible truth."""
    bounds = [interval(human(said(yes, n, size))) for yes in range(n + 1)]
    held_by = []
    for truth in range(size + 1):
        chances = [comb(truth, yes) * comb(size - truth, n - yes) / comb(size, n) for yes in range(n + 1)]
        holds = [low <= truth / size + 1e-12 and truth / size - 1e-12 <= high for low, high in bounds]
        held_by.append(sum(chance for chance, one in zip(chances, holds, strict=True) if one))
    assert 0.94 <= np.mean(held_by) <= 0.985
    assert min(held_by) > 0.8


def test_a_score_cannot_bias_the_count_over_all_samples(monkeypatch):
    """Yes and no, any score: what lambda's being estimated costs is small beside the error of the estimates."""
    monkeypatch.setattr(estimate, "POSITIVES", 0)
    rng = np.random.default_rng(3)
    y = np.repeat([1.0, 0.0], [5, 9])
    for f in (rng.random(14), np.clip(0.6 * y + 0.4 * rng.random(14), 0, 1), 1 - y):
        values = np.array([audited(sample).value for sample in every_sample(y, f, 7)])
        assert abs(values.mean() - y.mean()) < 0.15 * values.std()


def test_strata_are_right_on_average():
    """Over all stratified samples of ten passages."""
    y, stratum, plan = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0, 0.0]), np.repeat([0, 1, 2], [3, 3, 4]), (2, 1, 2)
    sizes = np.array([3.0, 3.0, 4.0])
    parts = [combinations(np.flatnonzero(stratum == h), n) for h, n in enumerate(plan)]
    drawn = [np.concatenate(places) for places in product(*parts)]
    values = [stratified(y[places], stratum[places], sizes).value for places in drawn]
    assert len(values) == prod(comb(size, n) for size, n in zip((3, 3, 4), plan, strict=True))
    assert np.mean(values) == pytest.approx(y.mean())


def test_strata_are_what_their_formulas_say():
    """6 of 10 of 40 and 3 of 20 of 160: V = 0.04 x 0.75 x (6.5/11)(4.5/11)/10 + 0.64 x 0.875 x (3.5/21)(17.5/21)/20."""
    y, stratum = np.concatenate([said(6, 10).y, said(3, 20).y]), np.repeat([0, 2], [10, 20])
    found = stratified(y, stratum, np.array([40.0, 0, 160]))
    value, variance = 0.2 * 0.6 + 0.8 * 0.15, 0.04 * 0.75 * 29.25 / 1210 + 0.64 * 0.875 * 61.25 / 8820
    assert (found.value, found.variance, found.few) == (pytest.approx(value), pytest.approx(variance), False)
    assert interval(found) == pytest.approx(wilson(value, value * (1 - value) / variance))
    assert (found.n, found.size, found.positives, found.method) == (30, 200, 9, "stratified")


def test_strata_without_a_yes_are_not_certain():
    """Where yeses are few the share in n_eff is that of the variance: 0.2 x 0.5/11 + 0.8 x 0.5/21."""
    found = stratified(np.zeros(30), np.repeat([0, 1], [10, 20]), np.array([40.0, 160]))
    about, variance = 0.2 / 22 + 0.8 / 42, 0.04 * 0.75 * 5.25 / 1210 + 0.64 * 0.875 * 10.25 / 8820
    assert (found.value, found.low, found.few) == (0, 0, True)
    assert found.high == pytest.approx(wilson(0, about * (1 - about) / variance)[1])


def test_a_stratum_that_nobody_read_is_half_a_yes():
    found = stratified(said(5, 10).y, np.zeros(10, dtype=int), np.array([50.0, 50]))
    assert found.value == 0.5
    assert found.variance == pytest.approx(0.25 * 0.8 * 0.25 / 10 + 0.25 * 0.25)


def test_unequal_probabilities_are_right_on_average(monkeypatch):
    """Over all samples with their chances: of the difference estimator, the value and the variance."""
    monkeypatch.setattr(estimate, "POSITIVES", 0)
    rng = np.random.default_rng(4)
    y, probability = rng.uniform(0.1, 0.5, 9), np.append(rng.uniform(0.5, 0.95, 8), 1)
    chances, shares = [], []
    for inside in product([False, True], repeat=8):
        drawn = np.append(inside, True)
        chances.append(np.where(drawn, probability, 1 - probability).prod())
        shares.append(weighted(World(y, y / 2).sample(np.flatnonzero(drawn)), probability[drawn]))
    values, variances = (np.array([getattr(share, of) for share in shares]) for of in ("value", "variance"))
    assert Counter(share.weight for share in shares) == {1.0: 254, 0.0: 2}
    # Two samples know better than the formula: nothing but the certain one, to which no score can be fitted, and all.
    values[[0, -1]] = (y.sum() + y[-1]) / 18, (y.sum() + (y / probability).sum()) / 18
    variances[[0, -1]] = 0, ((1 - probability) * (y / 2 / probability) ** 2).sum() / 81
    assert (np.sum(chances), np.dot(chances, values)) == pytest.approx((1, y.mean()))
    assert np.dot(chances, variances) == pytest.approx(np.dot(chances, (values - y.mean()) ** 2))


def test_without_scores_unequal_probabilities_are_hajek():
    """Yes where the probability is 1/2, no where it is 1/4: (10 x 2) / (10 x 2 + 10 x 4)."""
    y, probability = np.repeat([1.0, 0.0], 10), np.repeat([0.5, 0.25], 10)
    found = weighted(Sample(y, np.zeros(20), 0.0, 70), probability)
    variance = (10 * 0.5 * (2 / 3 / 0.5) ** 2 + 10 * 0.75 * (1 / 3 / 0.25) ** 2) / 60**2
    assert (found.value, found.variance, found.method) == (pytest.approx(1 / 3), pytest.approx(variance), "weighted")


def test_equal_probabilities_are_a_simple_sample():
    rng = np.random.default_rng(5)
    sample = world(rng, 0.1).drawn(rng, 300)
    one, other = weighted(replace(sample, f=0 * sample.f), np.full(300, 300 / 5000)), human(sample)
    assert interval(one) == pytest.approx(interval(other), abs=1e-3)
    few = said(4, 300, 5000)
    assert interval(weighted(few, np.full(300, 300 / 5000))) == pytest.approx(interval(human(few)))
    scored = replace(few, f=0.9 * few.y + 0.01, mean=0.02)
    assert weighted(scored, np.full(300, 300 / 5000)) == weighted(few, np.full(300, 300 / 5000))


# Whole documents


def of_documents(yes, size=20, documents=100, passages=2000):
    yes = np.asarray(yes, dtype=float)
    return Documents(yes, 0 * yes, np.full(len(yes), float(size)), 0.0, documents, passages)


def test_documents_of_one_length_are_as_the_formula_says():
    """V = (1 - G/D) (D/N)^2 s^2 / G, and one pseudo-error; t on the logit scale."""
    yes = [0, 3, 1, 0, 2, 5, 0, 1, 0, 2] * 2
    found = clusters(of_documents(yes))
    value, variance = sum(yes) / 400, 0.8 * (100 / 2000) ** 2 * np.var(yes, ddof=1) / 20
    noise = variance + 0.8 / 400**2
    assert (found.value, found.variance, found.n) == (pytest.approx(value), pytest.approx(variance), 400)
    half = 2.093024 * sqrt(noise) / (value * (1 - value))  # t of 19 degrees of freedom
    odds = value / (1 - value) * np.exp([-half, half])
    assert interval(found) == pytest.approx(tuple(odds / (1 + odds)), rel=1e-5)


def test_long_documents_count_for_more_as_in_a_jackknife():
    rng = np.random.default_rng(17)
    drawn = transcripts(rng, 0.2).drawn(rng, 30)
    without = [np.delete(drawn.yes, g).sum() / np.delete(drawn.sizes, g).sum() for g in range(30)]
    found = clusters(replace(drawn, scores=0 * drawn.yes, mean=0.0))
    assert found.variance == pytest.approx(0.7 * 29 * np.var(without))


def test_documents_of_unusual_scores_count_for_more():
    rng = np.random.default_rng(18)
    told = []
    for _ in range(20):
        one = transcripts(rng, 0.05, uneven=0.9)
        told += [(clusters(one.drawn(rng, 20)), one.world.truth) for _ in range(40)]
    assert 0.92 <= held(told).coverage <= 0.97


def test_documents_are_refused_where_they_are_few():
    assert clusters(of_documents([1] * (GROUPS - 1))) == Undefined("fewer than 20 whole documents were read")
    assert clusters(of_documents([])) == Undefined("fewer than 20 whole documents were read")
    assert isinstance(clusters(of_documents([1] * GROUPS)), Share)


def test_all_documents_are_a_census_however_few():
    found = clusters(of_documents([3, 1, 0], documents=3, passages=60))
    assert (found.value, *interval(found), found.method, found.few) == (4 / 60, 4 / 60, 4 / 60, "census", False)
    assert (found.variance, found.effective, found.n) == (0, inf, 60)


def test_yeses_in_few_documents_count_each_document_as_one_reading():
    found = clusters(of_documents([9, 9, 9, 9] + [0] * 26))
    assert (found.few, found.weight, found.effective) == (True, 0, pytest.approx(30 / 0.7))
    assert interval(found) == pytest.approx(wilson(36 / 600, 30 / 0.7))
    assert clusters(of_documents([0.4] * 12 + [0.0] * 18)).few  # copies, 4.8 texts in all
    assert clusters(of_documents([20] * 26 + [0] * 4)).few
    assert not clusters(of_documents([20] * 25 + [0] * 5)).few


def test_the_logit_interval_lies_around_the_share():
    """Half is 1.96 x 0.25 / 0.25, and 1 / (1 + e^1.96) 0.1235."""
    assert by_logit(0.5, 0.0625, 10**9) == pytest.approx((0.1235, 0.8765), abs=1e-4)


# Several


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_are_as_published(one, other, low, high):
    """Newcombe, Interval estimation for the difference, Stat. Med. 17 (1998), Table II, method 10."""
    parts = [Count(yes / n, *wilson(yes / n, n)) for yes, n in (one, other)]
    found = difference(*parts)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert found.value == pytest.approx(one[0] / one[1] - other[0] / other[1])


def test_known_and_audit_are_added():
    rest = human(said(10, 100, 1000))
    found = within(40, 6, rest, 1100)
    assert found == Count(43 + 1000 * 0.1, 40 + 1000 * rest.low, 46 + 1000 * rest.high)
    assert within(40, 60, human(said(0, 0, 0)), 100) == Count(70, 40, 100)
    assert within(40, 60, human(said(0, 0, 0)), 90) == Count(70, 40, 90)


def test_several_audits_are_weighed_by_their_plans():
    """1 / (N^2 (1/n - 1/N)): 100 of 1000 and 300 of 900."""
    one, other = 1000**2 * (1 / 100 - 1 / 1000), 900**2 * (1 / 300 - 1 / 900)
    assert by_design([(100, 1000), (300, 900)]) == pytest.approx([other / (one + other), one / (one + other)])
    assert by_design([(100, 1000), (50, 50)]) == [0, 1]
    assert by_design([(0, 1000), (10, 990)]) == [0, 1]
    assert by_design([(0, 1000), (0, 990)]) == [0.5, 0.5]


def test_several_audits_make_one_estimate():
    one, other = human(said(10, 100, 1000)), human(said(24, 300, 1000))
    found, weights = combined([one, other], [0.25, 0.75]), (0.25, 0.75)
    value = 0.25 * 0.1 + 0.75 * 0.08
    low = value - hypot(0.25 * (0.1 - one.low), 0.75 * (0.08 - other.low))
    high = value + hypot(0.25 * (one.high - 0.1), 0.75 * (other.high - 0.08))
    assert (found.value, *interval(found)) == pytest.approx((value, low, high))
    assert (found.n, found.positives, found.size, found.method, found.few) == (400, 34, 1000, "combined", False)
    counts = [Count(*(1000 * each for each in (share.value, *interval(share)))) for share in (one, other)]
    assert combined_counts(counts, weights).high == pytest.approx(1000 * high)
    assert interval(combined([one], [1.0])) == interval(one)
    assert combined([human(said(9, 9, 9))] * 3, [0.33, 0.56, 0.11]).high == 1  # weights of sum 1 + 2e-16
    with pytest.raises(ValueError, match="too many values"):
        combined([one, human(said(1, 10, 999))], weights)


def test_the_bound_of_a_sum_is_that_of_as_many_readings():
    one, none, all_ = human(said(1, 50, 1000)), human(said(0, 50, 1000)), human(said(9, 9, 9))
    together = human(said(4, 400, 8000))
    by_wilson = wilson(0.01, together.effective)[0]
    variances = 4 * 0.02 * 0.98 / one.effective
    n = 0.01 * 0.99 * 64 / variances
    found = at_least([(1000, one)] * 4 + [(1000, none)] * 4)
    assert found == pytest.approx(8000 * wilson(0.01, n)[0]) == pytest.approx(8000 * by_wilson, rel=0.02)
    assert at_least([(1000, one)] * 4 + [(1000, none)] * 4 + [(9, all_)]) == pytest.approx(found + 9)
    assert at_least([(1000, one)], 0.99) == pytest.approx(1000 * wilson(0.02, one.effective, 0.99)[0])
    assert (at_least([(1000, none)] * 2), at_least([(9, all_)]), at_least([])) == (0, 9, 0)


def test_audits_one_after_the_other_hold_the_truth_together():
    """The second is drawn from what the first left."""
    rng = np.random.default_rng(6)
    told = []
    for _ in range(10):
        one = world(rng, 0.05)
        for _ in range(40):
            order = rng.permutation(len(one.y))
            first, rest = audited(one.sample(order[:150])), World(one.y[order[150:]], one.f[order[150:]])
            second = audited(rest.sample(np.arange(250)))
            counts = [within(0, 0, first, 5000), within(one.y[order[:150]].sum(), 0, second, 5000)]
            told.append((combined_counts(counts, by_design([(150, 5000), (250, 4850)])), one.y.sum()))
    assert 0.93 <= held(told).coverage <= 0.99


def test_holm_and_bonferroni():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # p.adjust of R
    assert (holm([0.6, 0.7]), holm([])) == ([1.0, 1.0], [])
    assert (joint(0.95, 5), joint(0.95, 1), joint(0.95, 0)) == pytest.approx((0.99, 0.95, 0.95))


def test_where_the_error_differs_between_groups_it_is_said():
    """Two groups of three: of the twenty ways to choose, the two farthest apart."""
    residuals, groups = np.array([1.0, 1.1, 1.2, 0.0, 0.1, 0.2]), np.array([0, 0, 0, 5, 5, 5])
    assert error_differs(residuals, groups, 1) == pytest.approx(2 / 20, abs=0.01)
    assert error_differs(residuals, groups, 1) == error_differs(residuals, groups, 1)
    assert error_differs(np.arange(40.0), np.arange(40) // 20, 1, 9) == 0.1  # never 0
    assert [error_differs(np.zeros(n), np.arange(n), 1) for n in (0, 1, 6)] == [1, 1, 1]
    assert error_differs(residuals, np.zeros(6, dtype=int), 1) == 1
    rng = np.random.default_rng(7)
    groups = np.repeat([0, 1], [30, 170])
    y = (rng.random(200) < 0.3).astype(float)
    f = np.where(groups == 0, scores(rng, y, 0.3, "over-coding"), scores(rng, y, 0.3))
    assert error_differs(y - f, groups, 1, 999) < 0.01


def test_where_the_error_does_not_differ_it_is_seldom_said():
    rng = np.random.default_rng(8)
    groups, p = np.repeat([0, 1, 2], [20, 60, 120]), []
    for seed in range(200):
        y = (rng.random(200) < 0.05).astype(float)
        p.append(error_differs(y - scores(rng, y, 0.05), groups, seed, 199))
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.09
    assert 0.4 <= np.mean(p) <= 0.6


def test_where_only_the_spread_differs_it_is_not_often_said():
    """A small group with five times the yeses. Of 100 tests at 5 % that compare means alone, 23 would say so."""
    rng = np.random.default_rng(8)
    groups, p = np.repeat([0, 1], [170, 30]), []
    for seed in range(300):
        parts = [(rng.random(n) < share).astype(float) for n, share in ((170, 0.02), (30, 0.1))]
        f = np.concatenate([scores(rng, part, share) for part, share in zip(parts, (0.02, 0.1), strict=True)])
        p.append(error_differs(np.concatenate(parts) - f, groups, seed, 199))
    assert np.mean(np.array(p) <= 0.05) < 0.18


# Anything that can occur

SHARES = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.5, 1e-9, 1 - 1e-9])


YES_NO = st.sampled_from([0.0, 1.0])


@st.composite
def any_sample(draw, answers=YES_NO):
    n = draw(st.integers(0, 30))
    size = n + draw(st.integers(0, 5) | st.integers(0, 10**7))
    f = draw(arrays(float, n, elements=SHARES))
    mean = draw(SHARES) if size > n else float(f.mean()) if n else 0.0
    return Sample(draw(arrays(float, n, elements=answers)), f, mean, size)


def sound(share):
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert (share.variance, share.effective) >= (0, 0)
    assert 0 <= share.weight <= 1


ESTIMATORS = {
    "human": human,
    "ppi": ppi,
    "audited": audited,
    "cross-fitted": lambda sample: cross_fitted(sample, (sample.mean, 0.5), np.arange(len(sample.y)) % 2),
    "weighted": lambda sample: weighted(sample, np.linspace(1e-6, 1, len(sample.y))),
    "stratified": lambda sample: stratified(
        sample.y,
        np.arange(len(sample.y)) % 3,
        np.bincount(np.arange(len(sample.y)) % 3, minlength=4) + np.array([0.0, 1, 2, sample.size - len(sample.y)]),
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@given(sample=any_sample(SHARES) | any_sample())
def test_every_interval_is_one(name, sample):
    sound(ESTIMATORS[name](sample))


@pytest.mark.parametrize("name", ["human", "ppi", "audited"])
@given(sample=any_sample())
def test_yes_and_no_are_alike(name, sample):
    turned = Sample(1 - sample.y, 1 - sample.f, 1 - sample.mean, sample.size)
    if not sample.size:
        return
    one, other = ESTIMATORS[name](sample), ESTIMATORS[name](turned)
    assert (other.low, other.value, other.high) == pytest.approx((1 - one.high, 1 - one.value, 1 - one.low), abs=1e-6)


def test_yes_and_no_are_alike_in_strata_and_documents():
    rng = np.random.default_rng(9)
    drawn = transcripts(rng, 0.1).drawn(rng, 25)
    turned = replace(drawn, yes=drawn.sizes - drawn.yes, scores=drawn.sizes - drawn.scores, mean=1 - drawn.mean)
    one, other = clusters(drawn), clusters(turned)
    assert interval(other) == pytest.approx((1 - one.high, 1 - one.low))
    y, stratum, sizes = (rng.random(60) < 0.3).astype(float), np.arange(60) % 3, np.array([50.0, 200.0, 900.0])
    one, other = stratified(y, stratum, sizes), stratified(1 - y, stratum, sizes)
    assert interval(other) == pytest.approx((1 - one.high, 1 - one.low))


@given(sample=any_sample(), chance=st.randoms())
def test_the_order_of_the_sample_does_not_matter(sample, chance):
    places = list(range(len(sample.y)))
    chance.shuffle(places)
    one, other = audited(sample), audited(replace(sample, y=sample.y[places], f=sample.f[places]))
    assert (other.value, *interval(other)) == pytest.approx((one.value, *interval(one)), abs=1e-6)


@given(sample=any_sample(), times=st.floats(0.5, 2))
def test_the_scale_of_scores_does_not_matter(sample, times):
    scaled = replace(sample, f=times * sample.f, mean=times * sample.mean)
    one, other = ppi(sample), ppi(scaled)
    if 1e-6 < one.weight < 1 and other.weight < 1 and np.ptp(sample.f) > 1e-3:
        assert (other.value, *interval(other)) == pytest.approx((one.value, *interval(one)), abs=1e-6)


@given(
    st.integers(20, 30).flatmap(
        lambda many: st.tuples(
            arrays(float, many, elements=st.integers(1, 40)),
            arrays(float, many, elements=SHARES),
            arrays(float, many, elements=SHARES),
        )
    ),
    SHARES,
    st.integers(0, 1000),
)
def test_every_interval_of_documents_is_one(rows, mean, more):
    sizes, yes, f = rows
    sound(clusters(Documents(sizes * yes, sizes * f, sizes, mean, len(sizes) + more, int(sizes.sum()) + more)))


@given(st.lists(any_sample(), min_size=2, max_size=4), st.floats(0, 50), st.floats(0, 50))
def test_every_interval_of_several_is_one(drawn, yes, differ):
    shares = [audited(replace(sample, size=HUGE)) for sample in drawn]
    weights = by_design([(len(sample.y), HUGE) for sample in drawn])
    sound(combined(shares, weights))
    apart = difference(*shares[:2])
    assert -1 <= apart.low <= apart.value <= apart.high <= 1
    count = within(yes, differ, shares[0], covered := yes + differ + HUGE)
    assert 0 <= count.low <= count.value <= count.high <= covered


def test_strata_are_by_rank():
    assert ranked(np.array([0.1, 0.9, 0.5, 0.5, 0.2]), 0.2, 0.4).tolist() == [2, 0, 1, 1, 2]
    assert Counter(ranked(np.zeros(1000)).tolist()) == {0: 50, 1: 150, 2: 800}
    assert ranked(np.tile([0.0, 1.0], 500), 0.1, 0.4).tolist() == [2, 0] * 100 + [2, 1] * 400
    assert ranked(np.zeros(0)).tolist() == []


# Simulated: METHODS of how often intervals hold the truth


def worlds(seed, many=10, prevalence=0.05, model="calibrated", f1=0.6):
    rng = np.random.default_rng(seed)
    return [world(rng, prevalence, model, f1) for _ in range(many)], rng


def tried(estimator, n, each=40, seed=11, **how):
    populations, rng = worlds(seed, **how)
    return held((estimator(sample), truth) for sample, truth in samples(populations, rng, n, each))


@pytest.mark.parametrize("n", [100, 200, 400])
def test_audits_hold_the_truth_as_often_as_they_say(n):
    """Calibrated, over-confident and over-coding models; 2, 5 and 20 %."""
    found = {at: tried(audited, n, prevalence=at[0], model=at[1]) for at in product(PREVALENCES, MODELS)}
    assert 0.94 <= np.mean([one.coverage for one in found.values()]) <= 0.985
    assert min(one.coverage for one in found.values()) >= 0.92
    assert max(one.below for one in found.values()) <= 0.045


def test_one_audit_serves_many_codes():
    """Ten codes of 1 to 30 %: with scores the widths, as shares of the prevalence, are 0.88 of those without."""
    found, widths = [], []
    for at, prevalence in enumerate(np.geomspace(0.01, 0.3, 10)):
        populations, rng = worlds(20 + at, prevalence=prevalence)
        both = [(human(one), audited(one), truth) for one, truth in samples(populations, rng, 200, 30)]
        alone, helped = (held((row[which], row[2]) for row in both) for which in (0, 1))
        found.append(helped.coverage)
        widths.append((helped.width / prevalence, alone.width / prevalence))
    assert 0.945 <= np.mean(found) <= 0.98
    assert min(found) >= 0.91
    helped, alone = np.mean(widths, axis=0)
    assert helped / alone == pytest.approx(0.88, abs=0.04)


def test_people_and_scores_say_more_than_people_alone():
    """Widths at 5 % in points: of people 6.1, with scores 4.9; half of the readings where the model is good."""
    alone, helped, much = (tried(of, 200, f1=f1) for of, f1 in ((human, 0.6), (audited, 0.6), (audited, 0.8)))
    assert [round(100 * one.width, 1) for one in (alone, helped, much)] == pytest.approx([6.1, 4.9, 3.8], abs=0.2)
    assert max(abs(one.bias) for one in (alone, helped, much)) < 0.002


def test_strata_by_rank_hold_the_truth():
    """5 % and 15 % of the passages read as 20 % and 25 % of the sample: 4.1 points wide at 200."""
    found = {}
    for model in MODELS:
        populations, rng = worlds(12, model=model)
        found[model] = held((by_rank(one, rng, 200), one.truth) for one in populations for _ in range(40))
    assert found["calibrated"].width == pytest.approx(0.041, abs=0.002)
    assert all(0.94 <= one.coverage <= 0.995 for one in found.values())


def by_rank(one, rng, n):
    stratum = ranked(one.f)
    sizes = np.bincount(stratum, minlength=3).astype(float)
    parts = [
        rng.choice(np.flatnonzero(stratum == h), round(n * share), replace=False) for h, share in enumerate(ALLOCATION)
    ]
    places = np.concatenate(parts)
    return stratified(one.y[places], stratum[places], sizes)


@pytest.mark.parametrize("model", MODELS)
def test_unequal_probabilities_hold_the_truth_when_half_of_each_is_equal(model):
    populations, rng = worlds(13, model=model)
    told = []
    for one in populations:
        unsure = np.sqrt(one.f * (1 - one.f))
        probability = np.minimum(200 * (0.5 * unsure / unsure.sum() + 0.5 / len(unsure)), 1)
        for _ in range(40):
            places = np.flatnonzero(rng.random(len(probability)) < probability)
            told.append((weighted(one.sample(places), probability[places]), one.truth))
    assert 0.93 <= held(told).coverage <= 0.995


@pytest.mark.parametrize("uneven", [0.0, 0.5])
@pytest.mark.parametrize("prevalence", PREVALENCES)
def test_whole_documents_hold_the_truth(prevalence, uneven):
    rng = np.random.default_rng(14)
    told, naive = [], []
    for _ in range(12):
        one = transcripts(rng, prevalence, uneven=uneven)
        for _ in range(50):
            drawn = one.drawn(rng, GROUPS)
            told.append((clusters(drawn), one.world.truth))
            passages = said(round(drawn.yes.sum()), round(drawn.sizes.sum()), len(one.where))
            naive.append((human(passages), one.world.truth))
    assert 0.93 <= held(told).coverage <= 0.985
    assert held(naive).coverage < 0.9 < held(told).coverage


def test_after_a_queue_known_and_audit_hold_the_truth():
    """240 read by the queue are no sample, and taken for one they are far off; what was left is audited."""
    populations, rng = worlds(15)
    told, taken = [], []
    for one in populations:
        order = np.argsort(-one.f)
        known, rest = order[:240], World(one.y[order[240:]], one.f[order[240:]])
        for _ in range(40):
            audit = audited(rest.drawn(rng, 200))
            told.append((within(one.y[known].sum(), 0, audit, 5000), one.y.sum()))
            read = one.y[known].sum() + audit.positives
            taken.append((human(said(round(read), 440, 5000)), one.truth))
    assert 0.94 <= held(told).coverage <= 0.99
    assert (held(taken).coverage, held(taken).bias > 0.2) == (0, True)


def test_answers_that_taught_the_scores_need_cross_fitting():
    """Ridge regression on 100 features, learned from the audit itself."""
    rng = np.random.default_rng(16)
    folds = np.arange(200) % 5
    once, crossed = [], []
    for _ in range(6):
        features = rng.normal(size=(2000, 100))
        y = (features[:, :3].sum(axis=1) + rng.normal(size=2000) > 2.2).astype(float)
        for _ in range(30):
            places = rng.choice(2000, 200, replace=False)
            f = learned(features[places], y[places], features)
            once.append((audited(World(y, f).sample(places)), y.mean()))
            crossed.append((cross_fitted(*taught(features, y, places, folds), folds), y.mean()))
    assert held(once).coverage < 0.5
    assert 0.92 <= held(crossed).coverage <= 0.985
    assert abs(held(crossed).bias) < 0.004


@given(any_sample(), st.floats(-1, 1), st.floats(-1, 1))
def test_what_a_model_adds_to_all_its_scores_does_not_matter(sample, one, other):
    fold, means = np.arange(len(sample.y)) % 2, np.array([0.3, 0.6])
    added = replace(sample, f=sample.f + np.array([one, other])[fold])
    found = cross_fitted(sample, means, fold), cross_fitted(added, means + np.array([one, other]), fold)
    assert (found[0].value, *interval(found[0])) == pytest.approx((found[1].value, *interval(found[1])), abs=1e-6)


def taught(features, y, places, folds):
    """The sample with each fold's scores by a model of the others, and each model's mean over what it did not see."""
    f, means = np.zeros(len(places)), []
    for fold in range(5):
        seen = places[folds != fold]
        of_all = learned(features[seen], y[seen], features)
        f[folds == fold] = of_all[places[folds == fold]]
        means.append(np.delete(of_all, seen).mean())
    return Sample(y[places], f, 0.0, len(y)), means


@threadpool_limits.wrap(1, user_api="blas")  # small matrices: threads would only wait for each other
def learned(features, y, wanted):
    weight = np.linalg.solve(features.T @ features + 5 * np.eye(features.shape[1]), features.T @ (y - y.mean()))
    return np.clip(y.mean() + wanted @ weight, 0, 1)


@pytest.mark.parametrize(("yes", "low"), [(1, 0.0513), (2, 0.3554), (3, 0.8177)])
def test_the_lower_bound_of_a_rare_code_is_the_poisson_s(yes, low):
    """Brown, Cai and DasGupta, Stat. Sci. 16 (2001), 4.1.1: with this mean, so many or more come in 5 % of draws."""
    assert human(said(yes, 400)).low == pytest.approx(low / 400, abs=1e-7)
    assert human(said(400 - yes, 400)).high == pytest.approx(1 - low / 400, abs=1e-7)
    fewer = sum(exp(-low) * low**k / factorial(k) for k in range(yes))
    assert 1 - fewer == pytest.approx(0.05, abs=1e-4)


def test_a_rare_code_s_interval_holds_whatever_there_is():
    """Every draw of 100 of 1,000 there can be, bounds as whole passages: Wilson's alone holds 84.9 % at its worst."""
    found = [whole(within(0, 0, human(said(yes, 100, 1000)), 1000)) for yes in range(20)]
    held = [
        sum(hypergeom.pmf(yes, 1000, true, 100) for yes, one in enumerate(found) if one.low <= true <= one.high)
        for true in range(1, 60)
    ]
    assert min(held) > 0.92
    assert np.mean(held) > 0.95


def test_an_interval_that_holds_whenever_one_stops_does_so_exactly():
    """Every order of answers of 14 passages there can be, stopped at the worst moment of each."""
    size = 14
    bounds = {
        (n, yes): stopped(Sample(np.repeat([1.0, 0.0], [yes, n - yes]), np.zeros(n), 0.0, size), 0.8)
        for n in range(1, size)
        for yes in range(n + 1)
    }
    for true in range(size + 1):
        ways = {0: 1}  # of answers so far that never missed, by how many are yes
        for n in range(1, size):
            more = Counter()
            for yes, number in ways.items():
                more[yes + 1] += number * (true - yes)
                more[yes] += number * (size - true - (n - 1 - yes))
            ways = {
                yes: number
                for yes, number in more.items()
                if number > 0 and bounds[n, yes].low - 1e-9 <= true / size <= bounds[n, yes].high + 1e-9
            }
        every = prod(range(2, size + 1))
        assert sum(ways.values()) / every >= 0.8
    assert bounds[13, 3].high - bounds[13, 3].low < 0.2

"""What is said of passages that nobody read is true as often as it says: counted over every draw there can be."""

import itertools
from fractions import Fraction
from functools import cache
from math import ceil, comb, floor, inf, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom
from worlds import world

from coding import certify
from coding.certify import (
    Cut,
    accepted,
    chance,
    cuts,
    lacking,
    largest,
    missed,
    of_attempt,
    readings_for_recall,
    readings_for_width,
    recall,
    share_of_budget,
    tolerated,
)
from coding.estimate import Sample, audited, wilson

CONFIDENCES = (0.7, 0.8, 0.9, 0.95)
confidences = st.sampled_from(CONFIDENCES)
precisions = st.sampled_from((0.5, 0.75, 0.8, 0.9, 0.95, 1.0))


def ways(rings: tuple[int, ...], drawn: tuple[int, ...]) -> int:
    return prod(comb(ring, held) for ring, held in zip(rings, drawn, strict=True))


def draws(rings: tuple[int, ...], n: int) -> list[tuple[int, ...]]:
    """Of every ring how many, in all the ways that n can be drawn."""
    return [held for held in itertools.product(*(range(ring + 1) for ring in rings)) if sum(held) == n]


def test_errors_tolerated_of_250():
    read = (30, 45, 60, 100)
    found = {precision: [tolerated(250, n, precision, 0.9) for n in read] for precision in (0.9, 0.8, 0.95)}
    assert found == {0.9: [0, 1, 3, 6], 0.8: [3, 5, 8, 15], 0.95: [-1, 0, 0, 2]}


def test_the_most_that_4000_unread_can_hold():
    assert {n: [missed(4000, n, found, 0.9) for found in range(4)] for n in (100, 200, 400, 800)} == {
        100: [89, 151, 207, 260],
        200: [44, 75, 103, 130],
        400: [21, 37, 51, 64],
        800: [10, 17, 24, 31],
    }


@given(st.data())
def test_chance_is_the_hypergeometric_one(data):
    size = data.draw(st.integers(1, 60))
    yes, drawn = data.draw(st.integers(0, size)), data.draw(st.integers(0, size))
    most = data.draw(st.integers(-1, drawn + 1))
    assert float(chance(size, yes, drawn, most)) == pytest.approx(hypergeom.cdf(most, size, yes, drawn), abs=1e-12)


def test_a_promise_is_the_number_that_people_mean():
    """One less 0.9 is a little under a tenth, as computers have it."""
    assert tolerated(250, 250, 0.9, 0.9) == 25
    assert tolerated(10, 10, 0.7, 0.9) == 3
    assert tolerated(1000, 1000, 0.999, 0.9) == 1


def test_a_chance_just_as_large_as_allowed_is_enough_and_bounds():
    """One error in ten, nine read: it is missed exactly one time in ten."""
    assert chance(10, 1, 9, 0) == Fraction(1, 10)
    assert tolerated(10, 9, 1.0, 0.9) == 0
    assert tolerated(10, 9, 1.0, 0.901) == -1
    assert missed(10, 9, 0, 0.9) == 0
    assert missed(10, 9, 0, 0.901) == 1


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_the_bound_of_the_missed_holds_as_often_as_it_says_and_is_the_least_that_does(confidence):
    for size, n in itertools.combinations_with_replacement(range(11), 2):
        size, n = max(size, n), min(size, n)
        upper = [missed(size, n, found, confidence) for found in range(n + 1)]
        for yes in range(size + 1):
            held = {found: ways((yes, size - yes), (found, n - found)) for found in range(n + 1)}
            true = sum(count for found, count in held.items() if upper[found] >= yes)
            assert Fraction(true, comb(size, n)) >= Fraction(str(confidence)), (size, n, yes)
        for found, bound in enumerate(upper):
            possible = range(found, size - n + found + 1)
            likely = [yes for yes in possible if chance(size, yes, n, found) > 1 - Fraction(str(confidence))]
            assert bound == max(likely)


@pytest.mark.parametrize("precision", [0.5, 0.75, 0.9])
@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_a_cut_under_the_promise_is_accepted_no_more_often_than_allowed(precision, confidence):
    allowed = 1 - Fraction(str(confidence))
    for size in range(1, 26):
        most = floor(size * (1 - Fraction(str(precision))))
        for n in range(size + 1):
            tolerable = tolerated(size, n, precision, confidence)
            for wrong in range(most + 1, size + 1):
                assert chance(size, wrong, n, tolerable) <= allowed
            assert tolerable == n or chance(size, most + 1, n, tolerable + 1) > allowed


@pytest.mark.parametrize(
    ("rings", "n", "precision", "confidence"),
    [
        ((4, 4, 4), 9, 0.75, 0.8),
        ((4, 4, 4), 6, 0.75, 0.7),
        ((3, 3, 3, 3), 9, 0.6, 0.8),
        ((2, 4, 6), 8, 0.75, 0.7),
        ((1, 1, 4, 4), 5, 0.5, 0.8),
        ((6, 6), 7, 0.8, 0.7),
        ((12,), 8, 0.8, 0.7),
    ],
)
def test_the_whole_sequence_breaks_its_promise_no_more_often_than_it_says(rings, n, precision, confidence):
    """Rings: what each cut adds. Every number of errors in every ring, every draw, every way that errors fall."""
    sizes = list(itertools.accumulate(rings))
    starts = [0, *sizes]

    @cache
    def length(drawn: tuple[int, ...], errors: tuple[int, ...]) -> int:
        ranks = [starts[ring] + place for ring, held in enumerate(drawn) for place in range(held)]
        wrong = [place < errors[ring] for ring, held in enumerate(drawn) for place in range(held)]
        best = largest(accepted(sizes, ranks, wrong, precision, confidence))
        return sizes.index(best.size) + 1 if best else 0

    worst = Fraction(0)
    for errors in itertools.product(*(range(ring + 1) for ring in rings)):
        broken = {0: False}
        for number, size in enumerate(sizes, 1):
            broken[number] = sum(errors[:number]) > size * (1 - Fraction(str(precision)))
        count = 0
        for drawn in draws(rings, n):
            for fallen in itertools.product(*(range(min(e, k) + 1) for e, k in zip(errors, drawn, strict=True))):
                right = tuple(held - bad for held, bad in zip(drawn, fallen, strict=True))
                rest = tuple(ring - bad for ring, bad in zip(rings, errors, strict=True))
                if broken[length(drawn, fallen)]:
                    count += ways(errors, fallen) * ways(rest, right)
        worst = max(worst, Fraction(count, comb(sizes[-1], n)))
    limit = 1 - Fraction(str(confidence))
    assert limit / 5 < worst <= limit


def test_a_sequence_stops_at_the_first_failure_and_leaves_out_what_cannot_pass():
    sizes = [20, 100, 150, 200]
    ranks = [*range(10, 15), *range(20, 85), *range(100, 130), *range(150, 190)]
    wrong = [rank in {21, 22, *range(100, 115)} for rank in ranks]
    found = accepted(sizes, ranks, wrong, 0.9, 0.9)
    assert [(cut.size, cut.audited, cut.errors, cut.tested, cut.passed) for cut in found] == [
        (20, 5, 0, False, False),  # five cannot show it, so they do not fail it
        (100, 70, 2, True, True),
        (150, 100, 17, True, False),
        (200, 140, 17, False, False),
    ]
    assert [cut.p for cut in found] == pytest.approx(
        [hypergeom.cdf(cut.errors, cut.size, cut.size // 10 + 1, cut.audited) for cut in found]
    )
    assert largest(found) == found[1]
    fewer = accepted(sizes, ranks, [rank in {21, *range(100, 103)} for rank in ranks], 0.9, 0.9)
    assert [cut.passed for cut in fewer] == [False, True, True, True]
    late = accepted(sizes, ranks, [rank in range(20, 40) for rank in ranks], 0.9, 0.9)
    assert [cut.tested for cut in late] == [False, True, False, False]
    assert late[3].p > 0.1
    better = accepted(sizes, ranks, [rank in range(20, 26) for rank in ranks], 0.9, 0.9)
    assert better[3].p < 0.1
    assert largest(better) is None  # the largest would have passed, had it been the first


def test_edges_of_cuts():
    assert accepted([5], [], [], 0.9, 0.9) == [Cut(5, 0, 0, 1.0, False, False)]
    assert accepted([2], [0, 1], [False, False], 0.9, 0.9) == [Cut(2, 2, 0, 0.0, True, True)]
    assert accepted([2], [0, 1], [False, True], 0.9, 0.9) == [Cut(2, 2, 1, 1.0, True, False)]
    assert accepted([], [], [], 0.9, 0.9) == []
    assert largest([]) is None
    assert tolerated(0, 0, 0.9, 0.9) == -1
    assert tolerated(30, 0, 0.9, 0.9) == -1
    assert tolerated(30, 30, 1.0, 0.9) == 0
    assert tolerated(30, 26, 1.0, 0.9) == -1


@pytest.mark.parametrize(
    ("sizes", "ranks", "wrong"),
    [
        ([5, 5], [0], [False]),
        ([6, 5], [0], [False]),
        ([5], [5], [False]),
        ([5], [-1], [False]),
        ([5], [0, 0], [False, True]),
        ([5], [0, 1], [False]),
        ([], [0], [False]),
    ],
)
def test_cuts_that_are_no_cuts_are_a_mistake(sizes, ranks, wrong):
    with pytest.raises(ValueError, match="cuts must grow"):
        accepted(sizes, ranks, wrong, 0.9, 0.9)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, 1.5])
def test_a_confidence_is_between_none_and_full(confidence):
    with pytest.raises(ValueError, match="confidence"):
        missed(10, 5, 0, confidence)


@pytest.mark.parametrize("precision", [0.0, -0.5, 1.1])
def test_a_precision_is_above_none(precision):
    with pytest.raises(ValueError, match="precision"):
        tolerated(10, 5, precision, 0.9)


@pytest.mark.parametrize(("unread", "n", "found"), [(5, 6, 0), (5, 4, 5), (5, 4, -1)])
def test_more_than_there_is_cannot_be_found(unread, n, found):
    with pytest.raises(ValueError, match="found of"):
        missed(unread, n, found, 0.9)


def test_whole_numbers_of_arrays_do_not_overflow():
    unread, n, found = np.array([4000, 200, 3])
    assert missed(unread, n, found, 0.9) == 130
    ranks = np.arange(0, 250, 2)
    assert accepted([100, 250], ranks, ranks > 230, 0.9, 0.9) == accepted(
        [100, 250], ranks.tolist(), (ranks > 230).tolist(), 0.9, 0.9
    )


def test_edges_of_the_missed():
    assert missed(0, 0, 0, 0.9) == 0
    assert missed(50, 0, 0, 0.9) == 50
    assert missed(50, 50, 7, 0.9) == 7
    assert missed(50, 20, 20, 0.9) == 50


@given(st.data())
def test_the_missed_grow_with_what_is_found_unread_and_promised_and_shrink_with_what_is_read(data):
    unread = data.draw(st.integers(1, 300))
    n = data.draw(st.integers(1, unread))
    found = data.draw(st.integers(0, n - 1))
    bound = missed(unread, n, found, 0.9)
    assert found <= bound <= unread - n + found
    assert missed(unread, n, found + 1, 0.9) > bound
    assert missed(unread + 1, n, found, 0.9) >= bound
    assert missed(unread, n - 1, found, 0.9) >= bound
    assert missed(unread, n, found, 0.95) >= bound >= missed(unread, n, found, 0.8)


@given(st.integers(1, 200), st.data(), precisions, confidences)
def test_what_is_tolerated_grows_with_what_is_read_and_shrinks_with_what_is_promised(size, data, precision, confidence):
    n = data.draw(st.integers(1, size))
    errors = tolerated(size, n, precision, confidence)
    assert -1 <= errors <= n * (1 - precision) + 1
    assert errors - 1 <= tolerated(size, n - 1, precision, confidence) <= errors
    assert tolerated(size, n, precision, 0.99) <= errors
    assert tolerated(size, n, min(1.0, precision + 0.04), confidence) <= errors


def test_recall_is_of_all_that_can_be():
    assert recall(3, 197, 30) == 200 / 227
    assert recall(0, 0, 0) == 1.0
    assert recall(0, 0, 5) == 0.0
    assert recall(0, 40, 0) == 1.0
    assert recall(7, 10, 5) == 1.0  # read on after the audit, more was found than the bound allowed


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 500))
def test_recall_grows_with_what_is_found_and_shrinks_with_what_can_be(found, outside, upper):
    share = recall(found, outside, upper)
    assert 0 <= share <= 1
    assert recall(found + 1, outside, upper) >= share
    assert recall(found, outside + 1, upper) >= share
    assert recall(found, outside, upper + 1) <= share


def test_attempts_share_what_may_go_wrong():
    assert [share_of_budget(attempt) for attempt in (1, 2, 3, 4)] == [0.5, 0.25, 0.125, 0.0625]
    assert [of_attempt(0.9, attempt) for attempt in (1, 2, 3)] == [0.95, 0.975, 0.9875]
    assert sum(1 - Fraction(str(of_attempt(0.9, attempt))) for attempt in range(1, 30)) < Fraction(1, 10)


@pytest.mark.parametrize(("size", "n", "precision"), [(20, 12, 0.9), (40, 15, 0.8), (30, 25, 0.9)])
def test_however_often_one_tries_the_promise_is_broken_no_more_often_than_it_says(size, n, precision):
    """As bad as it gets: one error too many, and a new draw until the test passes."""
    wrong = floor(size * (1 - Fraction(str(precision)))) + 1

    def broken(confidence_of) -> float:
        held = [
            chance(size, wrong, n, tolerated(size, n, precision, confidence_of(attempt))) for attempt in range(1, 9)
        ]
        return 1 - prod(1 - held_to for held_to in held)

    assert broken(lambda attempt: of_attempt(0.7, attempt)) <= Fraction(3, 10) < broken(lambda _: 0.7)


@given(st.integers(0, 2000), st.integers(0, 400), precisions, confidences)
def test_only_cuts_that_can_pass_are_proposed(size, n, precision, confidence):
    sizes = cuts(size, n, precision, confidence)
    assert len(sizes) <= 4
    assert sizes == tuple(sorted(set(sizes)))
    if sizes:
        whole = sizes[-1]
        assert 0.9 * size <= whole <= size
        n = min(n, whole)
        spread = [ceil(rank * whole / n) for rank in range(n)]
        found = accepted(sizes, spread, [False] * n, precision, confidence)
        assert all(cut.passed for cut in found)


def test_cuts_of_what_the_machine_says_yes_to():
    assert cuts(250, 200, 0.9, 0.95) == (50, 138, 188, 225)
    assert cuts(1000, 60, 0.9, 0.9) == (550, 750, 900)
    assert cuts(1000, 20, 0.9, 0.9) == ()
    assert cuts(0, 20, 0.9, 0.9) == ()
    assert cuts(1, 20, 0.9, 0.9) == (1,)
    assert cuts(1000, 21, 0.9, 0.9) == ()
    assert cuts(1000, 22, 0.9, 0.9) == (900,)


@given(
    st.floats(0, 1),
    st.integers(1, 5000),
    st.data(),
    st.floats(0.001, 0.5),
    st.floats(0.05, 1.0),
    st.sampled_from((0.9, 0.95)),
)
def test_one_reading_less_is_too_wide(share, size, data, goal, gain, level):
    known = data.draw(st.integers(0, size - 1))
    rest = size - known
    n = readings_for_width(share, size, known, goal, gain, level)
    assert 1 <= n <= rest

    def half_width(read: int) -> float:
        low, high = wilson(share, certify.effective(share, read, rest, gain), level)
        return (high - low) / 2 * rest / size

    assert half_width(n) <= goal
    assert n == 1 or half_width(n - 1) > goal
    assert readings_for_width(share, size, known, goal / 2, gain, level) >= n


def test_the_width_that_was_planned_is_the_width_that_comes():
    """Without scores to the last digit; with them no wider, however many are read."""
    for n in (100, 400, 1000):
        y = np.zeros(n)
        y[: n // 20] = 1
        without = audited(Sample(y, np.zeros(n), 0.0, 5000))
        assert readings_for_width(0.05, 5000, 0, (without.high - without.low) / 2) == n
        f = 0.05 + 0.6 * (y - 0.05) + 0.15 * np.cos(np.arange(n))
        scores = audited(Sample(y, f, float(f.mean()), 5000))
        gain = 1 - np.corrcoef(y, f)[0, 1] ** 2
        assert n <= readings_for_width(0.05, 5000, 0, (scores.high - scores.low) / 2, gain) <= 1.15 * n


def test_readings_for_a_width():
    assert readings_for_width(0.05, 5000, 5000, 0.01) == 0
    assert readings_for_width(0.05, 5000, 0, 0.0) == 5000
    assert readings_for_width(0.0, 5000, 0, 0.01) == readings_for_width(1.0, 5000, 0, 0.01)
    human, helped = (readings_for_width(0.05, 5000, 0, 0.02, gain) for gain in (1.0, 0.5))
    assert helped < human
    assert readings_for_width(0.05, 5000, 2500, 0.02) < human
    assert certify.effective(0.2, 10, 10, 0.5) == inf


@given(st.integers(1, 400), st.floats(0, 0.3), st.integers(1, 1500), st.sampled_from((0.5, 0.8, 0.95)), confidences)
def test_one_reading_less_certifies_less(found, share, unread, wanted, confidence):
    n = readings_for_recall(found, share, unread, wanted, confidence)
    more = lacking(found, share, unread, wanted)
    assert (n is None) == (more > 0)
    if n is None:
        after = (found + more - 1) / (found + more - 1 + share * unread)
        assert found + more - 1 < wanted * (found + share * unread) + 1e-6 or after < wanted
        return

    def reached(read: int) -> bool:
        """Whether one more than may be there would be found out, by a draw that finds what is expected."""
        expected = read * share
        allowed = floor((found + expected) / wanted - found + 1e-9)
        one_more = min(unread, allowed + 1)
        odds = hypergeom.cdf([floor(expected), floor(expected) + 1], unread, one_more, read)
        return allowed >= unread or np.interp(expected % 1, [0, 1], odds) <= 1 - confidence + 1e-12

    assert 0 <= n <= unread
    assert reached(n) or n == unread
    assert n == 0 or not reached(n - 1)
    if (n * share).is_integer():
        certified = recall(int(n * share), found, missed(unread, n, int(n * share), confidence))
        assert certified >= wanted or n == unread


def test_readings_for_a_recall():
    assert readings_for_recall(0, 0.01, 4000, 0.8, 0.9) is None
    assert lacking(0, 0.01, 4000, 0.8) == 32
    assert lacking(0, 0.0, 4000, 0.8) == 1  # one at least, or nothing can be said of a share
    assert lacking(0, 0.0, 0, 0.8) == 0
    assert lacking(0, 0.25, 100, 0.56) == 14  # and not 15, which computers make of it
    assert readings_for_recall(0, 0.0, 0, 0.8, 0.9) == 0
    assert readings_for_recall(200, 0.0, 4000, 0.9, 0.9) == 381
    assert missed(4000, 381, 0, 0.9) == 22
    assert missed(4000, 380, 0, 0.9) == 23
    assert readings_for_recall(33, 0.0, 4000, 0.55, 0.9) == 315
    assert missed(4000, 315, 0, 0.9) == 27  # 33 of 60 are 0.55
    assert readings_for_recall(5, 0.0, 10, 1.0, 0.9) == 9  # one in ten is missed one time in ten
    few, many = (readings_for_recall(found, 0.01, 4000, 0.8, 0.9) for found in (500, 200))
    assert few < many
    assert readings_for_recall(200, 0.01, 4000, 0.8, 0.95) > many


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 40), st.sampled_from((200, 400)), confidences)
def test_what_is_known_among_the_unread_is_found_and_may_be_drawn(found, inside, hidden, unread, confidence):
    """The certificate of an audit that finds what is expected, and of one that is a passage smaller."""
    share, wanted = (inside + hidden) / unread, 0.8
    n = readings_for_recall(found, share, unread, wanted, confidence, inside)
    assert (n is None) == (found + inside < min(1, unread) or found + inside < wanted * (found + share * unread) - 1e-9)
    if n and n < unread:
        whole, part = divmod(n * share, 1)
        new = n * hidden / unread
        least = missed(unread, n, int(whole), confidence)
        most = missed(unread, n, int(whole) + (part > 1e-9), confidence)
        known = (found + inside + new) / wanted - found
        assert least <= known + 1  # the chance is between that of one yes less and one more
        if part < 1e-9:
            assert (found + inside + new) / (found + most) >= wanted - 1e-9


def test_readings_for_a_recall_where_some_are_known_among_the_unread():
    assert readings_for_recall(0, 0.05, 1000, 0.8, 0.9) is None
    assert readings_for_recall(0, 0.05, 1000, 0.8, 0.9, 39) is None
    few, many = (readings_for_recall(0, 0.05, 1000, 0.8, 0.9, inside) for inside in (50, 45))
    assert 0 < few < many < 1000
    assert missed(1000, few, few // 20, 0.9) <= 62 < missed(1000, few - 20, few // 20, 0.9)  # 50 of 62 are 0.8


def test_promises_on_simulated_studies():
    """A fair model and a poor one: audits of 100 of the machine's yeses, and of 300 of what is left after 500 read."""
    rng = np.random.default_rng(20)
    studies, broken, held, optimistic, tried = 400, 0, 0, 0, 0
    for number in range(studies):
        f1 = (0.6, 0.8)[number % 2]
        made = world(rng, 0.05, f1=f1)
        yes = made.y[np.argsort(-made.f)] > 0
        sizes = cuts(int((made.f >= f1 / 2).sum()), 100, 0.9, 0.9)
        ranks = rng.permutation(sizes[-1])[:100]
        best = largest(accepted(sizes, ranks.tolist(), (~yes[ranks]).tolist(), 0.9, 0.9))
        tried += best is not None
        broken += best is not None and yes[: best.size].mean() < 0.9
        known, found = int(yes[:500].sum()), int(rng.permutation(yes[500:])[:300].sum())
        true = (known + found) / yes.sum()
        held += recall(found, known, missed(4500, 300, found, 0.9)) <= true
        optimistic += (known + found) / (known + found * 15) > true
    assert tried > 0.4 * studies
    assert broken <= 0.1 * studies
    assert held >= 0.9 * studies
    assert optimistic > 0.4 * studies

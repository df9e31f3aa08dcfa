"""What may be said of passages that nobody has read: a precision, a number missed, each true at a stated confidence.

Every bound is exact: draws are without replacement from a set of known size, so the hypergeometric distribution holds
whatever the model is and however passages resemble each other. It is computed in whole numbers, and a probability that
equals the allowed one is never decided by rounding. Sources: Clopper and Pearson, Biometrika 26 (1934) 404-413, for
turning a test into a bound; Westfall and Krishen, J. Stat. Plan. Inference 99 (2001) 25-40, for tests in a fixed order;
Angelopoulos and others, Learn then Test (2021), for the same on models.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, comb, floor, inf

from coding.estimate import LEVEL, POSITIVES, wilson

# Of the machine's yeses, by rank: among the sets that accept most over weak models and strong ones, with audits of 100
# and 200 (benchmarks/certificates.py --cuts). In the last tenth the machine is least sure: there is nothing to accept.
FRACTIONS = (0.2, 0.55, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Cut:
    """The `size` highest ranked passages, tested with those of them that were audited.

    errors: of the audited. p: of so few errors if the promise did not hold. tested: False where even none would not
    have passed, or a smaller cut has failed. passed: tested, and p small enough.
    """

    size: int
    audited: int
    errors: int
    p: float
    tested: bool
    passed: bool


def accepted(
    sizes: Sequence[int], ranks: Sequence[int], wrong: Sequence[bool], precision: float, confidence: float
) -> list[Cut]:
    """A test of every cut, smallest first, that stops at the first failure: with probability `confidence` no cut that
    passed has a precision under the promise.

    sizes: of the nested cuts, growing, fixed before the audit. ranks: of each audited passage its place in the order,
    from 0, of a draw from the largest cut. wrong: of each, whether the person said no. Every test has the whole error:
    the first promise that is false is reached by one test only. How many fall into a cut says nothing of their errors,
    so a cut with too few of them to pass is left out and not failed.
    """
    places = set(ranks)
    if (
        list(sizes) != sorted(set(sizes))
        or len(places) != len(wrong)
        or not places <= set(range(max(sizes, default=0)))
    ):
        raise ValueError("cuts must grow, and each audited passage must have a place of its own in the largest")
    cuts: list[Cut] = []
    going = True
    for size in sizes:
        inside = [bool(bad) for rank, bad in zip(ranks, wrong, strict=True) if rank < size]
        allowed = tolerated(size, len(inside), precision, confidence)
        tested = going and allowed >= 0
        passed = tested and sum(inside) <= allowed
        going = passed or (going and not tested)
        p = chance(size, _breaking(size, precision), len(inside), sum(inside))
        cuts.append(Cut(size, len(inside), sum(inside), float(p), tested, passed))
    return cuts


def largest(cuts: Sequence[Cut]) -> Cut | None:
    """The largest cut that passed; None where none did."""
    return next((cut for cut in reversed(cuts) if cut.passed), None)


def tolerated(size: int, audited: int, precision: float, confidence: float) -> int:
    """How many errors among so many audited of `size` still show the precision; -1 where not even none does."""
    limit, wrong = _delta(confidence), _breaking(size, precision)
    return bisect_left(range(audited + 1), True, key=lambda errors: chance(size, wrong, audited, errors) > limit) - 1


def missed(unread: int, audited: int, found: int, confidence: float) -> int:
    """The most yeses that the `unread` passages can hold, those found among the audited of them included."""
    if not 0 <= found <= audited <= unread:
        raise ValueError(f"{found} found of {audited} audited of {unread} unread")
    limit = _delta(confidence)
    possible = range(found, unread - audited + found + 1)
    under = bisect_left(possible, True, key=lambda yes: chance(unread, yes, audited, found) <= limit)
    return possible[under - 1]


def recall(found: int, outside: int, upper: int) -> float:
    """The least share of all yeses that people have found.

    found: among the passages that `upper` bounds. outside: known among all others. 1 where there is nothing to find.
    """
    most = outside + max(upper, found)
    return (outside + found) / most if most else 1.0


def share_of_budget(attempt: int) -> float:
    """The share of the error that attempt 1, 2, 3 ... may use: a half, a quarter, an eighth ..., never more than 1."""
    return 0.5**attempt


def of_attempt(confidence: float, attempt: int) -> float:
    """The confidence at which this attempt must test, so that all attempts together keep the one wanted."""
    return float(1 - _delta(confidence) * Fraction(share_of_budget(attempt)))


def cuts(size: int, audited: int, precision: float, confidence: float) -> tuple[int, ...]:
    """Sizes of the nested cuts to propose of `size` ranked passages, the largest being what to draw the audit from.

    Only those that the audited passages expected in them could show if they held no error; none where the audit is too
    small for any.
    """
    sizes = sorted({ceil(size * Fraction(str(part))) for part in FRACTIONS} - {0})
    inside = [cut * min(audited, sizes[-1]) // sizes[-1] for cut in sizes]
    return tuple(
        cut for cut, held in zip(sizes, inside, strict=True) if tolerated(cut, held, precision, confidence) >= 0
    )


def readings_for_width(
    share: float, size: int, known: int, half_width: float, gain: float = 1.0, level: float = LEVEL
) -> int:
    """How many audited passages in all give an interval of this half width or less, a share of the `size` passages.

    share: of yes expected among those not known. known: passages that need no estimate. gain: the variance with scores
    over that without, 1 - rho^2; 1 = no scores. Reckons as coding/estimate.py does, and never with less than it needs.
    """
    rest = size - known

    def enough(audited: int) -> bool:
        low, high = wilson(share, effective(share, audited, rest, gain), level)
        return rest * (high - low) <= 2 * half_width * size

    return least(enough, rest) if rest > 0 else 0


def readings_for_recall(
    found: int, rest_share: float, unread: int, wanted: float, confidence: float, inside: int = 0
) -> int | None:
    """How many audited passages of the unread certify this recall, if the audit finds what is expected.

    found: yeses known outside the unread; inside: those known among them, in passages that were read in part. One
    outside that may be yes or no counts to found, and against inside.
    rest_share: of yes expected among the unread, these included. Where a part of a yes is expected, the chance is taken
    between those of one less and one more. None where too few are found yet (see lacking): then an audit would have to
    find them, which the queue does with fewer readings.
    """
    if lacking(found, rest_share, unread, wanted, inside):
        return None
    limit = float(_delta(confidence))

    def enough(audited: int) -> bool:
        expected = audited * rest_share
        new = max(0.0, expected - audited * max(inside, 0) / unread) if unread else 0.0
        too_many = floor((found + inside + new) / wanted - found + 1e-9) + 1
        if too_many > unread:
            return True
        fewer, more = (float(chance(unread, too_many, audited, floor(expected) + one)) for one in (0, 1))
        return fewer + (more - fewer) * (expected % 1) <= limit + 1e-12

    return 0 if enough(0) else least(enough, unread)


def lacking(found: int, rest_share: float, unread: int, wanted: float, inside: int = 0) -> int:
    """How many more yeses must be found before what is found, at least one, is the wanted share of all expected."""
    wished = ceil(wanted * (found + rest_share * unread) - 1e-9)
    return max(0, max(wished, min(unread, 1)) - found - inside)


def chance(size: int, yes: int, drawn: int, most: int) -> Fraction:
    """The probability that a draw of so many from `size` passages, `yes` of them yeses, holds at most `most` yeses."""
    size, yes, drawn, most = map(int, (size, yes, drawn, most))  # an array's whole numbers would overflow unheard
    few, many = sorted((yes, drawn))  # which of the two is drawn makes no difference, but to the time it takes
    least = max(0, few - (size - many))
    term = comb(many, least) * comb(size - many, few - least)
    ways = 0
    for held in range(least, min(most, few) + 1):
        ways += term
        term = term * (many - held) * (few - held) // ((held + 1) * (size - many - few + held + 1))
    return Fraction(ways, comb(size, few))


def _breaking(size: int, precision: float) -> int:
    """The fewest errors that break the promise: 26 of 250 at 0.9, where 1 - 0.9 as computers have it would give 25."""
    if not 0 < precision <= 1:
        raise ValueError(f"a precision of {precision}")
    return min(size, floor(size * (1 - Fraction(str(precision)))) + 1)


def _delta(confidence: float) -> Fraction:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence}")
    return 1 - Fraction(str(confidence))


def effective(share: float, audited: float, rest: int, gain: float) -> float:
    """Of how many readings the interval is expected to be: with scores, a pseudo-error comes to the variance."""
    rarer, other = sorted((share, 1 - share))
    factor = gain
    if gain < 1:
        factor += 1 / (max(audited * rarer, POSITIVES) * other)
        factor = factor if audited * rarer >= POSITIVES else max(factor, 1.0)
    return audited / (1 - audited / rest) / factor if audited < rest else inf


def least(enough: Callable[[int], bool], most: int) -> int:
    """A number that is enough where one less is not: doubled until it is, then halved between. `most` is always."""
    high = 1
    while high < most and not enough(high):
        high *= 2
    low, high = high // 2 + 1, min(high, most)
    return low + bisect_left(range(low, high), True, key=enough)

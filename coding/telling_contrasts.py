"""What the shell says of groups against each other, and of codes together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from coding.agreement import Undefined
from coding.telling import Telling

if TYPE_CHECKING:
    from coding.contrasts import Compared, Contrast, Line, Stand
    from coding.erring import Erring
    from coding.estimate_groups import Difference
    from coding.together import Pair, Together

NONE = "–"
ROWS = 30  # differences, beyond which only those that are there are shown
MATRIX = 8  # codes that fit into a matrix
PAIRS = 20  # of codes that are listed
SURE = 0.05


def of_compared(found: "Compared") -> Telling:
    """The differences between groups, what of them is chance, and where the machine's errors make them."""
    every = [(line, one) for line in found.lines for one in line.contrasts]
    shown = every if len(every) <= ROWS else [(line, one) for line, one in every if one.differs]
    columns = ("Code", found.attribute, "Share", "Against", "Its share", "Points", "95 %", "All at once")
    rows = [(line.code, *_sides(one), *_points(one.alone), _bounds(one.jointly)) for line, one in shown]
    title = f"Shares of passages, {found.attribute} by {found.attribute}"
    numbers = frozenset({"Points"})
    hidden = len(every) - len(shown)
    after = [f"{hidden:,} differences that may be none are not shown: `themis export differences`."] * bool(hidden)
    after += [*_chance(found), *_erring(found), *_reasons(every), *_stale(found.lines)]
    after += [f"Left out: {found.left_out:,} passages without {found.attribute}."] * bool(found.left_out)
    return Telling((), title, columns, rows, numbers, after)


def of_together(found: "Together") -> Telling:
    """How often codes are together: a matrix of a few codes, or the pairs that are surest to belong together."""
    stale = Counter(sentence for pair in found.pairs for sentence in pair.stale)
    after = [*_expected(found.pairs), *_missing(found)]
    after += [f"Stale, of {_pairs(number, found)}: {sentence}" for sentence, number in stale.items()]
    title = "Passages that hold two codes"
    if len(found.codes) <= MATRIX:
        columns, rows = _matrix(found)
        return Telling((), title, columns, rows, frozenset(columns[1:]), [*_MATRIX, *after])
    best = sorted(found.pairs, key=lambda pair: (-pair.surely, -pair.agreed))
    listed = [_listed(pair) for pair in best[:PAIRS]]
    numbers = ("Both", "Expected", "Times", "Agreed")
    columns = ["Code", "With", "Both", "95 %", "Expected", "Times", "Agreed"]
    left = len(found.pairs) - PAIRS
    more = [f"{left:,} more pairs: `themis export together FILE`."] * (left > 0)
    return Telling((), title, columns, listed, frozenset(numbers), [*more, *_LIST, *after])


_MATRIX = (
    "Below the diagonal: passages with both, with 95 % confidence; (n): n of those that people read, where there is no "
    "interval. Above it: how many times as many as if neither had to do with the other. On it: the code alone.",
)
_LIST = (
    "Both: estimated. Expected: if neither had to do with the other. Agreed: of those that people read. First stand "
    "those whose lower bound is the most times what is expected.",
)


def _sides(one: "Contrast") -> tuple[str, str, str, str]:
    return one.one.group, _share(one.one), one.other.group, _share(one.other)


def _share(stand: "Stand") -> str:
    if stand.share is None:
        return NONE
    return f"{_percent(stand.share.value)} ({_number(stand.share.low)} to {_number(stand.share.high)})"


def _points(one: "Difference | None") -> tuple[str, str]:
    return (f"{_signed(one.value)}", _bounds(one)) if one else (NONE, NONE)


def _bounds(one: "Difference | None") -> str:
    return f"{_signed(one.low)} to {_signed(one.high)}" if one else NONE


def _chance(found: "Compared") -> list[str]:
    """What so many comparisons make of each."""
    if not found.several:
        return []
    alone, jointly = (
        sum(getattr(one, which) for line in found.lines for one in line.contrasts) for which in ("differs", "holds")
    )
    return [
        f"Of {found.several:,} differences {alone:,} look real one by one; of so many intervals "
        f"{_missed(found.several)}. All at once: wider, so that all hold together (Bonferroni); {jointly:,} look real "
        "then.",
    ]


def _missed(intervals: int) -> str:
    about = f"about {intervals / 20:,.0f}" if intervals >= 20 else "fewer than 1"
    return f"{about} will miss by chance"


def _erring(found: "Compared") -> list[str]:
    """Where a table of suggestions would show the machine's errors."""
    told = [(line, line.machine) for line in found.lines if not isinstance(line.machine, Undefined)]
    wrong = [(line, machine) for line, machine in told if machine.corrected < SURE]
    tested = f"Holm over {len(told):,} codes"
    lines = [_error(line, machine, tested) for line, machine in wrong]
    if quiet := len(told) - len(wrong):
        which = f"the {'other ' * bool(wrong)}{quiet:,} codes"
        lines.append(f"No sign that the machine errs more in one group than in another in {which} ({tested}).")
    untold: dict[str, list[str]] = {}
    for line in found.lines:
        if isinstance(line.machine, Undefined):
            untold.setdefault(line.machine.why, []).append(line.code)
    return [*lines, *(f"Not known of the machine's errors in {_some(c)}: {why}." for why, c in untold.items())]


def _error(line: "Line", machine: "Erring", tested: str) -> str:
    """One code of which the machine errs more in one group than in another: the two it makes most different."""
    order = sorted(machine.errors, key=lambda name: machine.suggested.get(name, 0.0))
    least, most = order[0], order[-1]
    shares = {stand.group: stand for stand in line.stands}
    suggested = ", ".join(f"{name} {_percent(machine.suggested.get(name, 0.0))}" for name in (most, least))
    people = ", ".join(_share(shares[name]) for name in (most, least))
    gap = machine.suggested.get(most, 0.0) - machine.suggested.get(least, 0.0)
    made = machine.errors[least].value - machine.errors[most].value
    if made <= 0:
        what = "the machine errs more in one group than in another, and makes the difference too small"
    else:
        what = f"{'most' if made >= gap / 2 else 'part'} of the machine's difference is the machine's error"
    numbers = f"suggested: {suggested}; people: {people}"
    return f"{line.code}: {numbers}: {what} ({_p(machine.corrected)}, {tested})."


def _p(p: float) -> str:
    return f"p = {p:.3f}".replace("0.", ".") if p >= 0.001 else "p < .001"


def _reasons(every: "Sequence[tuple[Line, Contrast]]") -> list[str]:
    """Why there is no difference to tell, each reason once."""
    reasons: dict[str, list[str]] = {}
    for line, one in every:
        if one.why:
            reasons.setdefault(one.why, []).append(line.code)
    return [f"No interval of {_some(codes)}: {why}." for why, codes in reasons.items()]


def _stale(lines: "Sequence[Line]") -> list[str]:
    said: dict[str, list[str]] = {}
    for line in lines:
        for sentence in (sentence for stand in line.stands for sentence in stand.stale):
            said.setdefault(sentence, []).append(line.code)
    return [f"Stale, of {_some(codes)}: {sentence}" for sentence, codes in said.items()]


def _matrix(found: "Together") -> tuple[list[str], list[list[str]]]:
    """Columns and rows: codes by codes, with pairs below the diagonal and what is more than expected above it."""
    pairs = {(pair.one, pair.other): pair for pair in found.pairs}
    codes = list(found.codes)
    rows = []
    for row, code in enumerate(codes):
        cells = [_both(pairs.get((other, code))) for other in codes[:row]]
        cells += [_n(found.codes[code])]
        cells += [_times(pairs.get((code, other))) for other in codes[row + 1 :]]
        rows.append([code, *cells])
    return ["", *codes], rows


def _listed(pair: "Pair") -> list[str]:
    numbers = [_n(pair.value), _range(pair), _n(pair.expected), _times(pair)]
    return [pair.one, pair.other, *numbers, f"{pair.agreed:,}"]


def _both(pair: "Pair | None") -> str:
    if pair is None:
        return "nested"
    return f"({pair.agreed:,})" if pair.value is None else f"{_n(pair.value)} ({_range(pair)})"


def _times(pair: "Pair | None") -> str:
    return f"× {pair.times:.1f}" if pair and pair.times is not None else NONE


def _range(pair: "Pair") -> str:
    return NONE if pair.low is None or pair.high is None else f"{_n(pair.low)} to {_n(pair.high)}"


def _expected(pairs: "Sequence[Pair]") -> list[str]:
    some = sum(pair.value is not None and pair.low != pair.high for pair in pairs)
    if not some:
        return []
    return [
        f"Of {some:,} intervals {_missed(some)}. That two codes are together more often than expected does not say why."
    ]


def _missing(found: "Together") -> list[str]:
    reasons = Counter(pair.why for pair in found.pairs if pair.why)
    return [f"No interval of {_pairs(number, found)}: {why}." for why, number in reasons.items()]


def _pairs(number: int, found: "Together") -> str:
    return f"{number:,} of {len(found.pairs):,} pairs"


def _some(codes: "Iterable[str]") -> str:
    names = list(dict.fromkeys(codes))
    return ", ".join(names[:4]) + f" and {len(names) - 4:,} more" * (len(names) > 4)


def _n(number: float | None) -> str:
    return NONE if number is None else f"{number:,.0f}"


def _number(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 or not share else f"{100 * share:.1f}"


def _percent(share: float) -> str:
    return f"{_number(share)} %"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")

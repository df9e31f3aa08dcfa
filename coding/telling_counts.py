"""What is said of theme counts: the table, a picture of the intervals, and what the numbers are not."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coding.telling import Telling, of_orphans, of_outside, of_quota
from coding.units import several

if TYPE_CHECKING:
    from coding.counts import Count
    from coding.summary import Cautions

ROOM = 120  # characters in a line where nothing says how many there are
WIDTH = 24  # characters of a picture, at most
NONE = "–"
PICTURE = "├─●─┤  × machine"
SHED = ((), ("Of", "Differ", "Open"), (PICTURE,), ("Audit",), ("Notes",))  # what gives way in a narrow window, in turn


@dataclass(frozen=True, slots=True)
class Audited:
    """What counts rest on: of an audit, n read of the size that it was drawn from, by a seed.

    alone: the code that it was drawn for by rank, "" for all.
    """

    draw: int
    seed: str
    n: int
    size: int
    alone: str = ""


def of_counts(
    counts: Sequence["Count"], cautions: "Cautions | None" = None, once: bool = False, room: int = ROOM
) -> Telling:
    """Theme counts with their intervals, and what they are and are not. once: repeated texts are counted once.

    room: how many characters fit beside each other; fewer columns are shown where there is too little.
    """
    unit, by = (counts[0].unit, counts[0].attribute) if counts else ("passage", "")
    names = [["  " * count.depth + count.code, *([count.group] if by else [])] for count in counts]
    head = ["Code", *([by] if by else [])]
    free = room - sum(2 + max(map(len, column)) for column in zip(head, *names, strict=True))
    columns, width = _fitting(counts, free)
    widest = max((end(count) for count in counts), default=0)
    rows = [[*name, *_row(count, columns, widest, width)] for name, count in zip(names, counts, strict=True)]
    title = f"Themes, counted in {several(unit)}" + ", repeated texts once" * once
    left = [name for name in _columns(counts) if name not in columns and name != PICTURE]
    wider = [f"A wider window shows more: {', '.join(left)}."] * bool(left)
    after = [*said(counts, once), *cautioned(cautions), *wider]
    numbers = frozenset(columns) - {"95 %", PICTURE, "Notes"}
    return Telling((), title, [*head, *columns], rows, numbers, after)


def _fitting(counts: Sequence["Count"], free: int) -> tuple[list[str], int]:
    """The columns of numbers that fit into so many characters, and how wide a picture can be."""
    columns, width = _columns(counts), WIDTH
    cells = [_cells(count) for count in counts]
    for shed in SHED:
        columns = [name for name in columns if name not in shed]
        others = [name for name in columns if name != PICTURE]
        taken = sum(max(len(name), *(len(row[name]) for row in cells), 0) for name in others)
        width = min(WIDTH, free + 2 - taken - 2 * len(columns)) if PICTURE in columns else len(PICTURE)
        if width >= len(PICTURE) and taken + 2 * len(others) <= free + 2:
            break
    return columns, max(width, len(PICTURE))


def _columns(counts: Sequence["Count"]) -> list[str]:
    """The columns of numbers; those of the audits are there where one is read."""
    audited = any(count.estimate and count.estimate.value is not None for count in counts)
    more = ["Accepted"] * any(count.accepted for count in counts)
    rest = "Differ" if not counts or counts[0].unit == "passage" else "Open"
    if not audited:
        return ["Suggested", "Unread", "Yes", "No", rest, *more, "Read", "Of"]
    found = ["Found"] * any(count.recall for count in counts)
    notes = ["Notes"] * any(map(noted, counts))
    return ["Count", "95 %", PICTURE, "Yes", rest, *more, "Read", "Of", "Audit", *found, "Machine", *notes]


def _row(count: "Count", columns: Sequence[str], widest: float, width: int) -> list[str]:
    drawn = picture(interval(count), count.suggested, widest, width)
    cells = {**_cells(count), PICTURE: drawn}
    return [cells[name] for name in columns]


def _cells(count: "Count") -> dict[str, str]:
    """The words of each column but the picture."""
    bounds, rest = interval(count), count.read - count.decided_yes - count.decided_no
    return {
        "Suggested": _n(count.suggested),
        "Machine": _n(count.suggested),
        "Unread": _n(count.unread),
        "Yes": _n(count.decided_yes),
        "No": _n(count.decided_no),
        "Differ": _n(rest),
        "Open": _n(rest),
        "Accepted": _n(count.accepted),
        "Read": _n(count.read),
        "Of": _of_all(count),
        "Count": f"{bounds[1]:,.0f}" if bounds else f"≥ {_n(count.decided_yes)}",
        "95 %": f"{bounds[0]:,.0f} to {bounds[2]:,.0f}" if bounds else NONE,
        "Audit": _n(read) if (read := readings(count)) else NONE,
        "Found": f"≥ {percent(count.recall.recall)}" if count.recall else NONE,
        "Notes": ", ".join(noted(count)),
    }


def _of_all(count: "Count") -> str:
    """How many there are; first those that the estimate speaks of, where it does not speak of all."""
    one = count.estimate
    if one is None or one.value is None or not one.uncovered:
        return _n(count.total)
    return f"{one.covered:,.0f} of {_n(count.total)}"


def interval(count: "Count") -> tuple[float, float, float] | None:
    """Low, estimate and high; None where there is no interval."""
    one = count.estimate
    if one is None or one.value is None or one.low is None or one.high is None:
        return None
    return one.low, one.value, one.high


def readings(count: "Count") -> int:
    """How many readings of audits it rests on."""
    return sum(part.share.n for layer in count.estimate.layers for part in layer) if count.estimate else 0


def picture(bounds: tuple[float, float, float] | None, machine: float, widest: float, width: int = WIDTH) -> str:
    """Low, estimate and high as a dot between whiskers, the machine's count as a cross; the line ends at `widest`."""
    line = [" "] * width
    if bounds:
        low, dot, high = (_place(number, widest, width) for number in bounds)
        line[low : high + 1] = "─" * (high + 1 - low)
        line[low], line[high] = "├", "┤"
        line[dot] = "●"
    cross = _place(machine, widest, width)
    line[cross] = "⊗" if line[cross] == "●" else "×"
    return "".join(line)


def said(counts: Sequence["Count"], once: bool = False) -> list[str]:
    """What the numbers rest on, what is missing and how to get it, and what they are not."""
    lines = [*intervals(counts), *drawn(counts), *missing(counts), *stale(counts)]
    return [*lines[:1], *([_CROSS] if any(map(interval, counts)) else []), *lines[1:], *beside(counts, once)]


def beside(counts: Sequence["Count"], once: bool = False) -> list[str]:
    """What the other numbers say, and do not."""
    unit = counts[0].unit if counts else "passage"
    some = [
        (any(count.recall for count in counts), _FOUND),
        (unit != "passage", f"Open: {several(unit)} read in part, or where coders differ."),
        (any(0 < count.read < count.total for count in counts), _PICKED if _picked(counts) else _DRAWN),
        (any(count.accepted for count in counts), _ACCEPTED),
        (once, "Repeated texts of 8 words or more count once: `themis repeated` shows them."),
        (len({count.group for count in counts}) > 1, "Each group is estimated by itself: they need not add up to all."),
    ]
    return [sentence for holds, sentence in some if holds]


_FOUND = (
    "Found: people have found at least this share of all there is, with 90 % confidence, however good the machine is."
)
_PICKED = "Yes: found by people in what they read, most of which was not drawn at random; it says nothing of the rest."
_DRAWN = "Yes: found by people in what they read."
_CROSS = "Machine, ×: its own count, uncorrected."
_ACCEPTED = "Accepted: passages that nobody read, of which as many hold the code as certified: `themis accept --list`."


def _picked(counts: Iterable["Count"]) -> bool:
    """Whether most of what was read was read for another reason than an audit."""
    return any(count.read > 2 * readings(count) for count in counts)


def intervals(counts: Sequence["Count"]) -> list[str]:
    """What an interval says, and a number without one."""
    some = [count.estimate for count in counts if count.estimate and count.estimate.value is not None]
    if not some:
        suggested = "Suggested, not corrected: the machine's count. Unread: those of them that nobody has decided."
        return [suggested] * any(count.suggested for count in counts)
    audited = [one for one in some if one.layers]
    lines = [
        "Count: estimated. In 19 of 20 audits an interval holds what these readers would say of every passage."
    ] * bool(audited)
    if len(audited) < len(some):
        lines.append("Count without an audit: every passage was read; the bounds are what coders differ about.")
    if len(some) < len(counts):
        lines.append("≥: only what people have found, where no interval holds.")
    if any(one.few for one in some):
        lines.append("few: fewer than 5 yes (or no) in the audit, so the interval is by what people said alone.")
    if len(audited) > 1:
        lines.append(f"Of {len(audited)} intervals about {len(audited) / 20:.1f} will miss.")
    if len({count.group for count in counts}) > 1 and audited and counts[0].unit == "passage":
        groups = shlex.quote(counts[0].attribute)
        lines.append(f"Whether groups differ: `themis counts --by {groups} --compare`.")
    return lines


def audits(counts: Iterable["Count"]) -> list[Audited]:
    """Each audit once, with what was read of it in all groups; of the code of which most was read."""
    found: dict[tuple[int, str], dict[str, tuple[int, int]]] = {}
    alone: dict[int, str] = {}
    for count in counts:
        for layer in count.estimate.layers if count.estimate else ():
            for part in layer:
                by_code = found.setdefault((part.draw, part.seed), {})
                n, size = by_code.get(count.code, (0, 0))
                by_code[count.code] = n + part.share.n, size + part.share.size
                if part.share.method == "stratified":
                    alone[part.draw] = count.code
    return [
        Audited(draw, seed, *max(by_code.values()), alone.get(draw, ""))
        for (draw, seed), by_code in sorted(found.items())
    ]


def drawn(counts: Iterable["Count"]) -> list[str]:
    """Each audit: how many of how many, and by what chance."""
    return [
        f"Audit {one.draw}: {_n(one.n)} of {_n(one.size)} read, drawn at random"
        f"{f', by rank for {one.alone} alone,' if one.alone else ''} by seed {one.seed}."
        for one in audits(counts)
    ]


def missing(counts: Iterable["Count"]) -> list[str]:
    """Why there is no interval, each reason once, with the codes and groups that it is the reason of."""
    reasons: dict[str, list[str]] = {}
    for count in counts:
        if count.estimate and count.estimate.value is None:
            where = f"{count.code} ({count.group})" if count.group else count.code
            reasons.setdefault(count.estimate.why, []).append(where)
    everything = len({count.code for count in counts if count.estimate})
    return [f"No interval{_of(codes, everything)}: {why}." for why, codes in reasons.items()]


def stale(counts: Iterable["Count"]) -> list[str]:
    """What the estimates do not know of, each sentence once, with the codes that it is true of."""
    found: dict[str, list[str]] = {}
    for count in counts:
        for sentence in count.estimate.stale if count.estimate else ():
            found.setdefault(sentence, []).append(count.code)
    everything = len({count.code for count in counts})
    return [f"Stale{_of(codes, everything)}: {sentence}" for sentence, codes in found.items()]


def _of(codes: Sequence[str], everything: int) -> str:
    """Of which codes, unless it is all of them."""
    names = list(dict.fromkeys(codes))
    if len(names) >= everything:
        return ""
    return f" of {', '.join(names[:4])}" + f" and {len(names) - 4} more" * (len(names) > 4)


def noted(count: "Count") -> list[str]:
    """What is to be known of its interval, in a word each."""
    one = count.estimate
    return [*(["few"] if one and one.value is not None and one.few else []), *(["stale"] if one and one.stale else [])]


def end(count: "Count") -> float:
    """The greatest number that a picture of it shows."""
    one = count.estimate
    return max(count.suggested, count.decided_yes, one.high if one and one.high is not None else 0)


def _place(number: float, widest: float, width: int) -> int:
    return round((width - 1) * number / widest) if widest else 0


def cautioned(cautions: "Cautions | None") -> list[str]:
    """What holds of all counts of the study."""
    if cautions is None:
        return []
    lines = [*([cautions.stale] if cautions.stale else []), *of_quota(cautions.kinds)]
    return [*lines, *of_orphans(cautions.orphans, cautions.retired), *of_outside(cautions.outside)]


def _n(number: int) -> str:
    return f"{number:,}"


def percent(share: float) -> str:
    """A share that is certified: rounded down."""
    return f"{int(100 * share)} %"

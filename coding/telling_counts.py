"""What is said of theme counts: the table, a picture of the intervals, and what the numbers are not."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from coding.telling import Telling, of_orphans, of_outside, of_quota

if TYPE_CHECKING:
    from coding.auditing import Part
    from coding.counts import Count
    from coding.summary import Cautions

WIDTH = 24  # characters of a picture
NONE = "–"


def of_counts(counts: Sequence["Count"], cautions: "Cautions | None" = None, once: bool = False) -> Telling:
    """Theme counts with their intervals, and what they are and are not. once: repeated texts are counted once."""
    unit, by = (counts[0].unit, counts[0].attribute) if counts else ("passage", "")
    columns = ["Code", *([by] if by else []), *_columns(counts)]
    widest = max((_end(count) for count in counts), default=0)
    rows = [
        ["  " * count.depth + count.code, *([count.group] if by else []), *_cells(count, widest, _columns(counts))]
        for count in counts
    ]
    title = f"Themes, counted in {unit}s" + ", repeated texts once" * once
    numbers = frozenset(columns) - {"Code", by, "95 %", PICTURE, "Notes"}
    return Telling((), title, columns, rows, numbers, [*said(counts, once), *_cautioned(cautions)])


PICTURE = "├─●─┤  × machine"


def _columns(counts: Sequence["Count"]) -> list[str]:
    """The columns of numbers; those of the audits are there where one is read."""
    audited = any(count.estimate and count.estimate.value is not None for count in counts)
    more = [name for name, there in (("Accepted", any(c.accepted for c in counts)),) if there]
    rest = "Differ" if not counts or counts[0].unit == "passage" else "Open"
    if not audited:
        return ["Suggested", "Unread", "Yes", "No", rest, *more, "Read", "Of"]
    found = ["Found"] * any(count.recall for count in counts)
    notes = ["Notes"] * any(_notes(count) for count in counts)
    return ["Count", "95 %", PICTURE, "Yes", rest, *more, "Read", "Of", "Audit", *found, "Machine", *notes]


def _cells(count: "Count", widest: float, columns: Sequence[str]) -> list[str]:
    one, read = count.estimate, count.read
    rest = read - count.decided_yes - count.decided_no
    cells = {
        "Suggested": _n(count.suggested),
        "Machine": _n(count.suggested),
        "Unread": _n(count.unread),
        "Yes": _n(count.decided_yes),
        "No": _n(count.decided_no),
        "Differ": _n(rest),
        "Open": _n(rest),
        "Accepted": _n(count.accepted),
        "Read": _n(read),
        "Of": _n(count.total),
        "Count": f"≥ {_n(count.decided_yes)}",
        "95 %": NONE,
        PICTURE: picture(None, count.suggested, widest),
        "Audit": NONE,
        "Found": f"≥ {_percent(count.recall.recall)}" if count.recall else NONE,
        "Notes": ", ".join(_notes(count)),
    }
    if one and one.value is not None and one.low is not None and one.high is not None:
        cells["Count"] = f"{one.value:,.0f}"
        cells["95 %"] = f"{one.low:,.0f} to {one.high:,.0f}"
        cells[PICTURE] = picture((one.low, one.value, one.high), count.suggested, widest)
        cells["Audit"] = _n(sum(part.share.n for layer in one.layers for part in layer)) if one.layers else NONE
    return [cells[name] for name in columns]


def picture(interval: tuple[float, float, float] | None, machine: float, widest: float) -> str:
    """Low, estimate and high as a dot between whiskers, the machine's count as a cross; the line ends at `widest`."""
    line = [" "] * WIDTH
    if interval:
        low, dot, high = (_place(number, widest) for number in interval)
        line[low : high + 1] = "─" * (high + 1 - low)
        line[low], line[high] = "├", "┤"
        line[dot] = "●"
    cross = _place(machine, widest)
    line[cross] = "⊗" if line[cross] == "●" else "×"
    return "".join(line)


def said(counts: Sequence["Count"], once: bool = False) -> list[str]:
    """What the numbers rest on, what is missing and how to get it, and what they are not."""
    unit = counts[0].unit if counts else "passage"
    beside = [
        (any(count.recall for count in counts), _FOUND),
        (unit != "passage", f"Open: {unit}s read in part, or where coders differ."),
        (any(0 < count.read < count.total for count in counts), _CHOSEN),
        (any(count.accepted for count in counts), _ACCEPTED),
        (once, "Repeated texts count once: `themis repeated` shows them."),
    ]
    lines = [*_intervals(counts), *_audits(counts), *_missing(counts), *_stale(counts)]
    return [*lines, *(sentence for holds, sentence in beside if holds)]


_FOUND = (
    "Found: people have found at least this share of all there is, with 90 % confidence, however good the machine is."
)
_CHOSEN = "Yes and No hold for what people read, most of which was not drawn at random, and say nothing of the rest."
_ACCEPTED = "Accepted: passages that hold a code unread, by a certificate: `themis accept --list`."


def _intervals(counts: Sequence["Count"]) -> list[str]:
    """What an interval says, and a number without one."""
    some = [count.estimate for count in counts if count.estimate and count.estimate.value is not None]
    if not some:
        suggested = "Suggested, not corrected: the machine's count. Unread: those of them that nobody has decided."
        return [suggested] * any(count.suggested for count in counts)
    lines = ["Count: estimated; of 20 audits 19 give an interval that holds the truth. ×: the machine's, uncorrected."]
    if len(some) < len(counts):
        lines.append("≥: only what people have found, where no interval holds.")
    if any(one.few for one in some):
        lines.append("few: fewer than 5 yes (or no) in the audit, so the interval is by what people said alone.")
    if len({count.group for count in counts}) > 1:
        by_chance = max(1, round(len(some) / 20))
        lines.append(f"Of {len(some)} intervals about {by_chance} will miss. Whether groups differ: --compare.")
    return lines


def _audits(counts: Iterable["Count"]) -> list[str]:
    """Each audit once: how many of how many, and by what chance."""
    found: dict[int, Part] = {}
    for count in counts:
        for layer in count.estimate.layers if count.estimate else ():
            for part in layer:
                if part.draw not in found or part.share.size > found[part.draw].share.size:
                    found[part.draw] = part
    return [f"Audit {draw}: drawn at random by seed {part.seed}." for draw, part in sorted(found.items())]


def _missing(counts: Iterable["Count"]) -> list[str]:
    """Why there is no interval, each reason once, with the codes and groups that it is the reason of."""
    reasons: dict[str, list[str]] = {}
    for count in counts:
        if count.estimate and count.estimate.value is None:
            where = f"{count.code} ({count.group})" if count.group else count.code
            reasons.setdefault(count.estimate.why, []).append(where)
    everything = len({count.code for count in counts if count.estimate})
    return [f"No interval{_of(codes, everything)}: {why}." for why, codes in reasons.items()]


def _stale(counts: Iterable["Count"]) -> list[str]:
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


def _notes(count: "Count") -> list[str]:
    one = count.estimate
    return [*(["few"] if one and one.value is not None and one.few else []), *(["stale"] if one and one.stale else [])]


def _end(count: "Count") -> float:
    one = count.estimate
    return max(count.suggested, one.high if one and one.high is not None else 0)


def _place(number: float, widest: float) -> int:
    return round((WIDTH - 1) * number / widest) if widest else 0


def _cautioned(cautions: "Cautions | None") -> list[str]:
    if cautions is None:
        return []
    lines = [*([cautions.stale] if cautions.stale else []), *of_quota(cautions.kinds)]
    return [*lines, *of_orphans(cautions.orphans, cautions.retired), *of_outside(cautions.outside)]


def _n(number: int) -> str:
    return f"{number:,}"


def _percent(share: float) -> str:
    return f"{int(100 * share)} %"

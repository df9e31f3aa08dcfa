"""What audits say, layer by layer, and what that adds up to: numbers in, counts out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import add

from coding.estimate import ALIKE, LEVEL, Share
from coding.estimate_groups import Count, at_least, combined_counts, within

STOPPED = "stopped"  # the method of shares of audits that may have been given up for what they showed


@dataclass(frozen=True, slots=True)
class Part:
    """What one audit says of a code in one layer of a group.

    known: passages of the layer outside its frame, all read before. known_yes, known_open: agreed yeses among them, and
    those that coders differ about. share: of the frame. mean: of the scores over the frame, 0 without any. covered:
    what the layer counts in all. weight: of this audit among the others of the layer.
    """

    draw: int
    seed: str
    known: int
    known_yes: float
    known_open: float
    share: Share
    mean: float
    covered: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Estimated:
    """How many units of a group hold a code: value, low and high with 95 % confidence; None where nothing supports one.

    covered, uncovered: units that it speaks of, and not. layers: what it is the sum of, beside what is certain. why:
    what is missing, and the command that gets it; "" where there is an interval. stale: what it does not know of.
    """

    code: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    covered: float
    uncovered: float
    layers: tuple[tuple[Part, ...], ...] = ()
    why: str = ""
    stale: tuple[str, ...] = ()

    @property
    def few(self) -> bool:
        """Whether an audit has too few yeses, or noes, for the machine's scores to help."""
        return bool(self.layers) and all(part.share.few for layer in self.layers for part in layer)

    @property
    def draws(self) -> tuple[int, ...]:
        """Numbers of the audits that it rests on."""
        return tuple(sorted({part.draw for layer in self.layers for part in layer}))


def certainly(count: Count, least: float, most: float) -> tuple[float, float, float]:
    """Low, value and high with what people have found since; where the audits rule that out, only what is certain."""
    low, high = (least, most) if beyond(count, least, most) else (count.low, count.high)
    low, value, high = (min(max(one, least), most) for one in (low, count.value, high))
    return low, value, high


def beyond(count: Count, least: float, most: float) -> str:
    """A sentence where people have found more, yes or no, than an interval leaves room for; "" where they have not."""
    if least <= count.high + ALIKE and count.low <= most + ALIKE:
        return ""
    return (
        f"People have found {least:,.0f} yes at least and {most:,.0f} at most, and the audits say {count.low:,.0f} to "
        f"{count.high:,.0f}: an audit missed, or was read by another rule. `themis audit` draws a new one."
    )


def overlap(value: float, counts: Sequence[Count]) -> Count:
    """What several intervals leave that all hold at once, with the value; all that is in one, where they part."""
    low, high = max(count.low for count in counts), min(count.high for count in counts)
    if low > high:
        low, high = min(count.low for count in counts), max(count.high for count in counts)
    return Count(min(max(value, low), high), low, high)


def total(layers: Sequence[Sequence[Part]], yes: float, open_: float, level: float = LEVEL) -> Count:
    """The sum of the layers, and of what is certain: agreed yeses, and passages that coders differ about."""
    counts = []
    for parts in layers:
        each = [within(part.known_yes, part.known_open, part.share, part.covered) for part in parts]
        counts.append(combined_counts(each, [part.weight for part in parts]))
        if any(part.share.method == STOPPED for part in parts):
            counts[-1] = overlap(counts[-1].value, each)
    if any(part.share.method == STOPPED for parts in layers for part in parts):
        sums = (sum(getattr(count, name) for count in counts) for name in ("value", "low", "high"))
        return Count(*map(add, sums, (yes + open_ / 2, yes, yes + open_)))
    count, every = combined_counts(counts, [1.0] * len(counts)), [part for parts in layers for part in parts]
    low, high = count.low, count.high
    if len(every) > 1 and any(part.share.few for part in every):
        found = sum(part.weight * part.known_yes for part in every)
        differ = sum(part.weight * part.known_open for part in every)
        rest = [(part.weight * part.share.size, part.share) for part in every]
        none = [(times, replace(share, value=1 - share.value)) for times, share in rest]
        low = min(low, found + at_least(rest, level))
        high = max(high, found + differ + sum(times for times, _ in rest) - at_least(none, level))
    return Count(count.value + yes + open_ / 2, low + yes, high + yes + open_)

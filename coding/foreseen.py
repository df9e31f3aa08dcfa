"""What audits would say that nobody has read yet, put together with those that were read.

An audit to come is taken to find what is expected; everything else is by the formulas of coding/auditing.py.
"""

from dataclasses import dataclass, replace
from math import inf

from coding import certify
from coding.estimate import Share, possible, wilson
from coding.estimate_groups import Count, by_design
from coding.layers import Part, total


@dataclass(frozen=True, slots=True)
class Coming:
    """An audit to come, in one layer. asked: how many of `of` passages are read in it; None: of the new one.

    rest: passages of the layer that it is drawn from, of which this share is expected to be yes. unsure: of the
    variance in these, what is left where people have decided on some of them already. The others as in Part.
    """

    asked: int | None
    of: int
    rest: int
    share: float
    known_yes: float
    known_open: float
    covered: int
    unsure: float = 1.0

    def read(self, new: int) -> float:
        """How many passages of the layer will be read, if the new audit is of so many."""
        return (new if self.asked is None else self.asked) * self.rest / self.of if self.rest else 0.0

    def part(self, new: int, gain: float) -> Part:
        """What it will say. gain: the variance with scores over that without."""
        share = foreseen(self.share, self.read(new), self.rest, gain * self.unsure)
        return Part(0, "", 0, self.known_yes, self.known_open, share, 0.0, self.covered)


@dataclass(frozen=True, slots=True)
class Layer:
    """Passages that the same audits speak of: those that were read, and those to come."""

    read: tuple[Part, ...]
    coming: tuple[Coming, ...]

    def parts(self, new: int, gain: float) -> tuple[Part, ...]:
        """What all of them say, if the new audit is of so many passages; none without any."""
        coming = [one for one in self.coming if one.asked is not None or new]
        parts = [*self.read, *(one.part(new, gain) for one in coming)]
        drawn = [(part.share.n, part.share.size) for part in self.read] + [(one.read(new), one.rest) for one in coming]
        return tuple(replace(part, weight=weight) for part, weight in zip(parts, by_design(drawn), strict=True))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a count will be made of. yes, differ: of passages outside the layers, all of them decided.

    least, most: what people agree on already leaves no less and no more than this.
    """

    layers: tuple[Layer, ...]
    yes: float
    differ: float
    least: float
    most: float

    def count(self, new: int, gain: float) -> Count | None:
        """The count after a new audit of so many passages; None where no audit speaks of some of them."""
        layers = [layer.parts(new, gain) for layer in self.layers]
        if not all(layers):
            return None
        count = total(layers, self.yes, self.differ)
        value, low, high = (min(max(one, self.least), self.most) for one in (count.value, count.low, count.high))
        return Count(value, low, high)


def foreseen(share: float, read: float, size: int, gain: float) -> Share:
    """What an audit shows of a share of so many passages, if it reads so many and finds what is expected."""
    if not size:
        return Share(0.0, 0.0, 0.0, 0, 0.0, 0, 0.0, 0.0, inf, "census", False)
    if not read:
        return Share(share, 0.0, 1.0, 0, 0.0, size, 0.0, 0.25, 0.0, "human", True)
    effective = certify.effective(share, read, size, gain)
    low, high = (possible(one, share * read, (1 - share) * read, size) for one in wilson(share, effective))
    return Share(share, low, high, round(read), share * read, size, 0.0, 0.0, effective, "foreseen", False)

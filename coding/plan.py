"""How many more passages to read: for an interval of a wanted width, or for a certificate of a wanted recall.

One number is guessed for each code: what share of the passages that nobody has decided hold it. An audit to come is
taken to find just that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from statistics import median

import numpy as np

from coding import certified, certify, draws, progress, suggestions
from coding.auditing import Counting
from coding.audits import Audit, Flags
from coding.drawing import unread
from coding.estimate import POSITIVES
from coding.estimate_groups import Count
from coding.foreseen import Coming, Layer, Terms
from coding.frames import READ
from coding.layers import Estimated
from coding.study import Study
from coding.versions import meaning, meanings
from corpus.database import Connection
from corpus.errors import EvidenceError

SMALLEST = 0.5  # yeses: where more were found than audits expect, not none are left, but too few for them to tell


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is planned for. width: half of a 95 % interval, a share of all passages, or of the count where relative.

    recall: the share of all passages with a code that is found for certain. None: not planned for. codes: () for all.
    """

    width: float | None = 0.03
    relative: bool = False
    recall: float | None = 0.8
    confidence: float = certified.CONFIDENCE
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of the passages that nobody has decided a code on.

    share: of them that hold it. basis: what that rests on: "audit", "old" for audits of another meaning of the code,
    "suggested", or "expected" for the setting. gain: the variance of an audit with scores over that without.
    """

    share: float
    basis: str
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """How many more readings a code needs for one goal, "width" or "recall".

    now: what is reached, None where nothing is. more: passages of a new audit, 0 where none is needed; None where no
    audit does it. open: audits that are not read to the end, and do it. undecided, uncovered: passages that nobody
    has decided, and those of them that were added since the last audit. differ: passages that coders differ about.
    lacking: how many more yeses must be found before an audit can certify. suggested: undecided suggestions; reading:
    about how many of them hold what is lacking, None where no audit tells how precise they are.
    """

    code: str
    goal: str
    now: float | None
    more: int | None
    expected: Expected
    open: tuple[int, ...] = ()
    undecided: int = 0
    uncovered: int = 0
    differ: int = 0
    lacking: int = 0
    suggested: int = 0
    reading: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps. passages: that are counted. unread: that an audit would be drawn from. left: unread, by open audit.

    blocked: whether all that is unread waits in open draws. an_hour: passages that coders read, None until timed.
    """

    wanted: Wanted
    steps: tuple[Step, ...]
    passages: int
    unread: int
    left: dict[int, int]
    blocked: bool
    an_hour: int | None

    @property
    def largest(self) -> Step | None:
        """The step that asks for most readings; None where no new audit is needed."""
        return max((step for step in self.steps if step.more), key=lambda step: step.more or 0, default=None)


def width_of(text: str) -> tuple[float, bool]:
    """A width as written, 0.03 of the passages or 20% of the count, and whether it is of the count.

    EvidenceError for one that is neither.
    """
    number, relative = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        width = float(number) / (100 if relative else 1)
    except ValueError:
        width = inf
    if not 0 < width < (1 if relative else 0.5):
        raise EvidenceError(f"a width is a share of the passages, like 0.03, or of the count, like 20%; not '{text}'")
    return width, relative


def plan(study: Study, wanted: Wanted) -> Plan:
    """How many more readings each code needs. EvidenceError for an unknown code, or a study without passages."""
    codes = [study.codebook.find(code) for code in wanted.codes] or list(study.codebook.by_id)
    with study.store.database.reading() as connection:
        if not study.store.size(connection)[1]:
            raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
        planner = Planner(study, connection, wanted)
        speeds = [one.an_hour for one in progress.readers(connection) if one.an_hour]
        population = planner.corpus.keys[planner.unread].tolist()
        blocked = bool(population) and draws.awaited(connection).issuperset(population)
    return Plan(
        wanted,
        tuple(step for code in dict.fromkeys(codes) for step in planner.steps(code)),
        len(planner.unread),
        len(population),
        {audit.draw.id: audit.asked - audit.read for audit in planner.open},
        blocked,
        round(median(speeds)) if speeds else None,
    )


class Planner:
    """What is known now, and what more readings would make of it."""

    def __init__(self, study: Study, connection: Connection, wanted: Wanted) -> None:
        """Everything is read here, once."""
        self.study, self.wanted, self.counting = study, wanted, Counting(study, connection)
        self.corpus = self.counting.corpus
        self.estimates = {one.code: one for one in self.counting.estimates(connection)}
        self.unread = self.corpus.flags(np.array(unread(study, connection)[0], np.int64))
        every = [*self.counting.audits, *self.counting.ranked]
        self.open = [one for one in every if one.read < one.asked and not one.draw.closed]
        self.then, self.now = meanings(connection), {code.id: meaning(code) for code in study.codebook.codes}
        run = suggestions.latest(connection)
        found: dict[str, list[int]] = {code: [] for code in run.kinds} if run else {}
        for one in suggestions.suggested(connection, run.id) if run else ():
            found[one.code].append(one.passage)
        self.suggested = {code: self.corpus.flags(np.array(keys, np.int64)) for code, keys in found.items()}

    def steps(self, code: str) -> Iterator[Step]:
        """What a code needs for each goal."""
        read = [one for one in self.counting.speaking(code) if code not in one.old]
        then = [one for one in self.open if self.then[one.draw.codebook].get(code) == self.now[code]]
        open_ = [one for one in then if one.draw.code in (None, code)]
        agreed, expected = self.corpus.agreed[code], self.expected(code, read)
        undecided = np.isnan(agreed)
        step = Step(
            code,
            "width",
            None,
            0,
            expected,
            undecided=int(undecided.sum()),
            uncovered=round(self.estimates[code].uncovered) if expected.basis == "audit" else 0,
            differ=int((agreed == 0.5).sum()),
            suggested=int(self.suggested[code][undecided].sum()) if code in self.suggested else 0,
        )
        if self.wanted.width is not None:
            yield self.width(step, self.terms(code, read, open_, expected.share), open_)
        if self.wanted.recall is not None:
            simple = [[one for one in found if one.draw.code is None] for found in (read, open_)]
            yield self.recall(replace(step, goal="recall"), *simple)

    def expected(self, code: str, read: Sequence[Audit]) -> Expected:
        """What share of the undecided is yes: by audits if there are any, else by what is suggested, else a setting."""
        agreed, now = self.corpus.agreed[code], self.estimates[code]
        undecided = np.isnan(agreed)
        left = undecided.sum() - now.uncovered
        if now.value is not None and left > 0:
            drawn = sum(part.share.n for layer in now.layers for part in layer)
            share = float(np.clip((now.value - agreed[~undecided].sum()) / left, SMALLEST / (drawn + 1), 1))
            old = not read and self.counting.speaking(code)
            return Expected(share, "old") if old else Expected(share, "audit", self.gain(code, read))
        if code in self.suggested and undecided.any():
            return Expected(float(self.suggested[code][undecided].mean()), "suggested")
        return Expected(float(self.study.settings["expected"]), "expected")

    def gain(self, code: str, read: Sequence[Audit]) -> float:
        """The variance of the newest simple audit with its scores, over that by what people said alone: 1 - rho^2.

        1 where its yeses or noes were too few for the scores, or the scores no help.
        """
        simple = [one for one in read if one.draw.code is None]
        if not simple:
            return 1.0
        share, _ = self.counting.share(code, simple[-1], self.counting.inside[simple[-1].draw.id])
        if share.method != "ppi" or share.few:
            return 1.0
        left = (1 - share.n / share.size) / (share.n - 1)
        p = share.positives / share.n
        return min(1.0, share.variance / (left * p * (1 - p)))

    def terms(self, code: str, read: Sequence[Audit], open_: Sequence[Audit], share: float) -> Terms:
        """What a count will be made of once the open audits are read, and a new one.

        share: of yes among the undecided.
        """
        agreed = self.corpus.agreed[code]
        there = self.counting.there(code, [*read, *open_])
        certain = ~np.isnan(agreed) & (there == 0) & ~self.unread
        layers = []
        for layer in (~certain & (there == signature) for signature in np.unique(there[~certain])):
            inside, before = self.counting.inside, self.counting.before
            speaking = [one for one in open_ if (layer & (inside[one.draw.id] | before(code, one))).any()]
            coming = [self.coming(code, layer, inside[one.draw.id], share, one.asked) for one in speaking]
            coming.append(self.coming(code, layer, self.unread, share))
            layers.append(Layer(self.counting.parts(code, layer, read), tuple(coming)))
        yes, differ, no = (agreed == value for value in (1, 0.5, 0))
        sums = (int(one.sum()) for one in (certain & yes, certain & differ, yes, ~no))
        return Terms(tuple(layers), *sums)

    def coming(self, code: str, layer: Flags, inside: Flags, share: float, asked: int | None = None) -> Coming:
        """What an audit to come is expected to say of a layer. inside: what it is drawn from."""
        rest, known = (self.corpus.agreed[code][layer & where] for where in (inside, ~inside))
        yes = float(np.where(np.isnan(rest), share, rest).mean()) if len(rest) else 0.0
        open_, unsure = float(np.isnan(rest).mean()) if len(rest) else 1.0, 1.0
        if open_ < 1 and 0 < yes < 1:  # what was said of the others stands in for their scores
            unsure = min(1.0, open_ * share * (1 - open_ * share) / (yes * (1 - yes)))
        sums = float((known == 1).sum()), float((known == 0.5).sum())
        return Coming(asked, int(inside.sum()), len(rest), yes, *sums, int(layer.sum()), unsure)

    def width(self, step: Step, terms: Terms, open_: Sequence[Audit]) -> Step:
        """How many passages of a new audit make the interval as narrow as wanted."""

        def enough(new: int) -> bool:
            return self.narrow(self.half(terms.count(new, step.expected.gain)))

        most, half = int(self.unread.sum()), self.half(self.estimates[step.code])
        step = replace(step, now=half)
        if self.narrow(half) and self.known(step):
            return step
        if enough(0):
            return replace(step, open=tuple(one.draw.id for one in open_))
        return replace(step, more=certify.least(enough, most) if enough(most) else None)

    def half(self, count: Estimated | Count | None) -> float | None:
        """Half of an interval, as a share of what is wanted; None where there is no interval."""
        if count is None or count.value is None or count.low is None or count.high is None:
            return None
        whole = count.covered if isinstance(count, Estimated) else len(self.unread)
        of = count.value if self.wanted.relative else whole
        return (count.high - count.low) / 2 / of if of else inf if count.high > count.low else 0.0

    def narrow(self, half: float | None) -> bool:
        """Whether half of an interval is what is wanted."""
        return half is not None and self.wanted.width is not None and half <= self.wanted.width + 1e-9

    def known(self, step: Step) -> bool:
        """Whether what is said of a code now is said of all passages, and of what it means today."""
        return not step.undecided or (step.expected.basis == "audit" and not step.uncovered)

    def recall(self, step: Step, read: Sequence[Audit], open_: Sequence[Audit]) -> Step:
        """How many passages of a new audit certify the share found, or how many more must be found before one can."""
        code, wanted = step.code, self.wanted.recall or 0.0
        agreed = self.corpus.agreed[code]
        yes, undecided = int((agreed == 1).sum()), np.isnan(agreed)
        certain = yes / most if (most := yes + step.undecided + step.differ) else 1.0
        shown = certified.recall(self.counting, code, self.wanted.confidence)
        now = max(shown.recall if shown else 0.0, certain)
        step = replace(step, now=now if shown or not step.undecided or certain >= wanted else None)
        if certain >= wanted or (now >= wanted and self.known(step)):
            return step
        waiting = {one.draw.id for one in self.open}
        attempts = [one.draw.id for one in self.counting.audits if one.read or one.draw.id in waiting]
        for number, one in ((attempts.index(one.draw.id) + 1, one) for one in open_):
            inside = self.counting.inside[one.draw.id]
            need, _ = self.readings(code, inside, step.expected.share, number)
            if need is not None and need <= one.asked and not (undecided & ~inside).any():
                return replace(step, open=(one.draw.id,))
        more, lacking = self.readings(code, self.unread, step.expected.share, len(attempts) + 1)
        if more is not None:
            return replace(step, more=more)
        precision = self.precision(code, read[-1]) if read else 0.0
        reading = ceil(lacking / precision) if precision else None
        return replace(step, more=None, lacking=lacking, reading=reading)

    def readings(self, code: str, inside: Flags, share: float, attempt: int) -> tuple[int | None, int]:
        """How many of these passages certify the recall if they are drawn as this attempt; and how many yeses lack."""
        rest, wanted = self.corpus.agreed[code][inside], self.wanted.recall or 0.0
        outside, known = (int((self.corpus.agreed[code][where] == 1).sum()) for where in (~inside, inside))
        differ = int((self.corpus.agreed[code][~inside] == 0.5).sum())  # they may all be yes, and none is found
        outside, known = outside + differ, known - differ
        expected = float(np.where(np.isnan(rest), share, rest).mean()) if len(rest) else 0.0
        confidence = certify.of_attempt(self.wanted.confidence, attempt)
        need = certify.readings_for_recall(outside, expected, len(rest), wanted, confidence, known)
        return need, certify.lacking(outside, expected, len(rest), wanted, known)

    def precision(self, code: str, audit: Audit) -> float:
        """What share of the suggested in an audit were yes; 0 where they are too few to tell."""
        scored = audit.frame.scores.get(code)
        if scored is None or scored.kind == READ:
            return 0.0
        said = audit.said[code][scored.values[audit.sample] >= np.float32(scored.threshold)]
        return float(said.mean()) if len(said) >= POSITIVES else 0.0

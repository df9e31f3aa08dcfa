"""Reading again: what looks like a slip, and as much that does not, drawn together, and what became of both."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

from coding import drawing, draws, ledger, reviewers, suggestions
from coding.doubts import Decided, Doubts, Examples, Judge, doubts, misleading
from coding.drawing import Made, Source
from coding.draws import REREAD, Draw
from coding.ledger import HELD
from coding.study import Study
from corpus.database import Connection, select
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.estimate import Share
    from coding.frames import Frame

FEWEST = 10  # unsuspected decisions read again, without which nothing is said of the others
ROLES = {(True, True): 1.0, (True, False): 0.75, (False, True): 0.5, (False, False): 0.25}  # (suspected, yes)
MEANT = {role: meant for meant, role in ROLES.items()}
Cell = tuple[str, bool]  # a code and what was said of it


@dataclass(frozen=True, slots=True)
class Part:
    """Decisions that were read again. low, high: 95 % interval of the share that was changed (Wilson)."""

    read: int
    changed: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of those read, what was changed; 0 of none."""
        return self.changed / max(self.read, 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a re-reading. read, total: passages. Parts and the rest are None until it is read or closed.

    better: 95 % interval of how much more of the suspected was changed than of the others. left: the share that would
    be changed of all decisions like the unsuspected ones, that look like no slip; None where too few were read.
    """

    draw: Draw
    read: int
    total: int
    suspected: Part | None = None
    others: Part | None = None
    better: tuple[float, float] | None = None
    left: "Share | None" = None


def draw_reread(study: Study, size: int, coder: str, code: str | None = None) -> Draw:
    """Draw what one coder reads again, blind: the oddest of their decisions, and for each another one by chance.

    That is one of the same code and answer, in a passage of which none of their decisions looks like a slip. size: how
    many passages, an even number; fewer where there are not as many. code: suspect decisions of this one only, by id.
    EvidenceError where the coder has decided nothing that can be judged, or nothing looks like a slip.
    """
    if size < 2:
        raise EvidenceError(
            f"a re-reading has two passages or more, half of them not suspected; this was to have {size}"
        )
    found = Judge(study).decisions()
    with study.store.database.writing() as connection:
        (name,) = reviewers.spelled(connection, [coder])
        closed = draws.unfinished(connection)
        own = [one for one in found if name in one.coders and one.key not in closed]
        if not own:
            raise EvidenceError(
                f"'{name}' has decided nothing yet that can be judged: name another with --coder, or decide some yeses "
                "and noes of a code first"
            )
        made, source = Made(REREAD, (name,), every=True), Source(sorted({one.key for one in own}), scored=_frame(own))
        seed = drawing.seed_of(study, connection, REREAD, source)
        suspected, others = _chosen(own, size // 2, code, random.Random(seed))
        if not suspected:
            raise EvidenceError(f"nothing that '{name}' decided looks like a slip, or nothing can be read beside it")
        roles = {one: ROLES[True, one.value] for one in suspected} | {one: ROLES[False, one.value] for one, _ in others}
        probability = {one.key: 1.0 for one in suspected} | {one.key: share for one, share in others}
        order = random.Random(f"{seed}:order").sample(sorted(probability), len(probability))
        source = replace(source, scored=_frame(own, roles), probability=probability, seed=seed)
        return drawing.keep(study, connection, made, order, source)


def _chosen(
    own: Sequence[Decided], pairs: int, code: str | None, chance: random.Random
) -> tuple[list[Decided], list[tuple[Decided, float]]]:
    """The oddest decisions, one of a passage; and as many others, with the probability that each had to be drawn."""
    odd = {one.key for one in own if one.odd > 0}
    free: dict[Cell, list[Decided]] = {}
    for one in own:
        if one.key not in odd:
            free.setdefault((one.code, one.value), []).append(one)
    room = Counter({cell: len(found) for cell, found in free.items()})
    suspected: dict[int, Decided] = {}
    for one in sorted(own, key=Decided.rank):
        cell = one.code, one.value
        if one.odd > 0 and code in (None, one.code) and one.key not in suspected and room[cell] > 0:
            room[cell] -= 1
            suspected[one.key] = one
        if len(suspected) == pairs:
            break
    others: dict[int, tuple[Decided, float]] = {}
    for cell, number in sorted(Counter((one.code, one.value) for one in suspected.values()).items()):
        left = [one for one in free[cell] if one.key not in others]
        drawn = chance.sample(left, min(number, len(left)))
        others |= {one.key: (one, len(drawn) / len(left)) for one in drawn}
    return list(suspected.values()), list(others.values())


def _frame(own: Iterable[Decided], roles: dict[Decided, float] | None = None) -> "Frame":
    """For the draw, by code and passage: how odd each decision looked, or what those that were drawn are there for."""
    import numpy as np

    from coding.frames import READ, Frame, Scored

    keys = np.array(sorted({one.key for one in own}), np.int64)
    scores = {code: np.zeros(len(keys)) for code in sorted({one.code for one in own})}
    for one in own:
        value = 1 / (1 + np.exp(-one.odd)) if roles is None else roles.get(one, 0.0)
        scores[one.code][np.searchsorted(keys, one.key)] = value
    return Frame(keys, scores={code: Scored(READ, 0.5, values) for code, values in scores.items()})


def outcomes(study: Study) -> list[Outcome]:
    """What became of every re-reading, oldest first."""
    with study.store.database.reading() as connection:
        return [_outcome(connection, one) for one in draws.draws(connection) if one.kind == REREAD]


class Odd:
    """What looks odd in a study, asked for again and again: worked out anew only where something was decided since."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._state: tuple[object, ...] = ()
        self._known: tuple[Doubts, Examples] | None = None

    def found(self) -> tuple[Doubts, Examples, list[Outcome]]:
        """The oddest decisions and examples, and what became of every re-reading. EvidenceError as `doubts`."""
        from coding.pupil import again

        self.study = study = again(self.study)
        with study.store.database.reading() as connection:
            passages, last = suggestions.state_of_passages(connection), ledger.last(connection)
            closed = frozenset(draws.unfinished(connection))
        state = (passages, last, closed, study.codebook.version, study.encoder.fingerprint, *study.settings.values())
        if self._known is None or self._state != state:
            judge = Judge(study)
            self._known, self._state = (doubts(study, judge=judge), misleading(study, judge=judge)), state
        return *self._known, outcomes(study)


def _outcome(connection: Connection, draw: Draw) -> Outcome:
    read, total = draws.progress(connection, draw)
    found = Outcome(draw, read, total)
    if read < total and not draw.closed:
        return found
    again = _again(connection, draw)
    suspected, others = (_part([one.changed for one in again if one.suspected is kind]) for kind in (True, False))
    better = _more(suspected, others) if suspected.read and others.read else None
    left = _left([one for one in again if not one.suspected])
    return replace(found, suspected=suspected, others=others, better=better, left=left)


@dataclass(frozen=True, slots=True)
class _Again:
    """A decision that was read again. probability: that it had to be drawn."""

    cell: Cell
    suspected: bool
    changed: bool
    probability: float


def _again(connection: Connection, draw: Draw) -> list[_Again]:
    from coding import frames

    frame = frames.frame(connection, draw.id)
    if frame is None:
        return []
    said = select(HELD.c.passage, HELD.c.code, HELD.c.value).where(HELD.c.lane == draw.id, HELD.c.value.is_not(None))
    said = said.where(HELD.c.coder.in_(draw.coders))
    now = {(key, code): bool(value) for key, code, value in connection.execute(said)}
    chance = dict(draws.drawn(connection, draw.id))
    found = []
    for code, scored in frame.scores.items():
        for key, role in zip(frame.passages.tolist(), scored.values.tolist(), strict=True):
            if role in MEANT and key in chance and (key, code) in now:
                suspected, before = MEANT[role]
                found.append(_Again((code, before), suspected, now[key, code] != before, chance[key]))
    return found


def _part(changed: Sequence[bool]) -> Part:
    from coding.estimate import wilson

    low, high = wilson(sum(changed) / len(changed), len(changed)) if changed else (0.0, 1.0)
    return Part(len(changed), sum(changed), low, high)


def _more(one: Part, other: Part) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares. Source: Newcombe, Stat. Med. 17 (1998) 873-890, method 10."""
    more = one.share - other.share
    below = sqrt((one.share - one.low) ** 2 + (other.high - other.share) ** 2)
    above = sqrt((one.high - one.share) ** 2 + (other.share - other.low) ** 2)
    return more - below, more + above


def _left(others: Sequence[_Again]) -> "Share | None":
    """Of all decisions like these, which look like no slip, the share that would be changed; by code and answer."""
    import numpy as np

    from coding.estimate_designs import stratified

    if len(others) < FEWEST:
        return None
    cells = sorted({one.cell for one in others})
    stratum = np.array([cells.index(one.cell) for one in others])
    sizes = np.rint(np.bincount(stratum, [1 / one.probability for one in others]))
    return stratified(np.array([float(one.changed) for one in others]), stratum, sizes)

"""Audits as evidence: what was drawn from what, what was read of it in the order drawn, and what was said, blind."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from coding import draws, frames, ledger, units
from coding.codebook import Codebook
from coding.draws import RANK, Draw
from coding.frames import Floats, Frame, Integers
from coding.ledger import Decision
from coding.versions import meaning, meanings
from corpus.database import Connection

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Audit:
    """One random audit, as far as its passages are live.

    frame: the n passages it was drawn from, with the scores of that moment. sample: (s,) rows of the frame, in the
    order drawn: all that was drawn if it was read to the end; of a closed one those before the first that was passed
    over; of an open one that is not read to the end none, since who stops when the numbers please has no sample.
    said: by code, (s,) 1 yes, 0 no, nan without an answer. old: codes of which an answer was given under another
    meaning. read, asked: passages read, and to be read.
    """

    draw: Draw
    frame: Frame
    sample: Integers
    said: dict[str, Floats]
    old: frozenset[str]
    read: int
    asked: int

    def lacks(self, code: str) -> str:
        """Why it says nothing of a code, in a clause; "" where it does."""
        name = f"audit {self.draw.id}"
        if not self.asked:
            return f"nothing that {name} drew is there any more"
        if self.draw.code not in (None, code):
            return f"{name} was drawn for {self.draw.code} alone"
        if not len(self.sample) and self.read < self.asked and not self.draw.closed:
            return f"{name} is not read to the end ({self.read:,} of {self.asked:,})"
        if not len(self.sample):
            return f"{name} was closed before it was read"
        unsaid = int(np.isnan(self.said[code]).sum())
        if unsaid == len(self.sample):
            return f"{name} was read without this code"
        return f"{name} has {unsaid:,} passages without an answer for this code" if unsaid else ""


def audits(connection: Connection, codebook: Codebook, live: Integers) -> list[Audit]:
    """Every random audit of passages or whole units that remembers what it was drawn from, oldest first.

    Audits of what is suggested for one code are no sample of the whole. live: keys of the passages that count.
    """
    found = []
    for draw in draws.draws(connection):
        whole = draw.code is None or draw.unit == RANK
        if draw.kind == "audit" and whole and (frame := frames.frame(connection, draw.id)):
            found.append(_audit(connection, codebook, draw, _living(frame, live)))
    return found


def forgotten(connection: Connection) -> list[int]:
    """Numbers of the audits that an earlier version of the program drew, of which it did not keep from what."""
    kept = set(connection.execute(frames.FRAMES.select().with_only_columns(frames.FRAMES.c.draw)).scalars())
    return [one.id for one in draws.draws(connection) if one.kind == "audit" and one.id not in kept]


def _audit(connection: Connection, codebook: Codebook, draw: Draw, frame: Frame) -> Audit:
    row = {key: number for number, key in enumerate(frame.passages.tolist())}
    order = [key for key, _ in draws.drawn(connection, draw.id) if key in row]
    answers = {key: _first(rows) for key, rows in groupby(ledger.in_draw(connection, draw.id), attrgetter("passage"))}
    read = sum(key in answers for key in order)
    chosen = _unbroken(connection, draw, order, answers) if draw.closed or read == len(order) else []
    then = meanings(connection)
    now = {code.id: meaning(code) for code in codebook.codes}
    said: dict[str, Floats] = {}
    old = set()
    for code in codebook.by_id:
        below = codebook.below(code)
        values = [_said(answers[key], code, below) for key in chosen]
        said[code] = np.array([np.nan if value is None else float(value) for value in values], np.float64)
        if any(then[one.codebook].get(code) != now[code] for key in chosen for one in answers[key] if one.code == code):
            old.add(code)
    sample = np.array([row[key] for key in chosen], np.int64)
    return Audit(draw, frame, sample, said, frozenset(old), read, len(order))


def _first(rows: Iterable[Decision]) -> list[Decision]:
    """What the first reader of a passage says; an audit asks one, and another who read it too changes nothing."""
    answers = list(rows)
    return [one for one in answers if one.coder == answers[0].coder]


def _said(answers: list[Decision], code: str, below: Collection[str]) -> bool | None:
    """Yes or no to a code; a yes to a code nested in it is one where nothing was said of it; None for no answer."""
    own = [one.value for one in answers if one.code == code]
    implied = any(one.value for one in answers if one.code in below)
    return own[0] if own else True if implied else None


def _unbroken(connection: Connection, draw: Draw, order: list[int], answers: Collection[int]) -> list[int]:
    """The passages that were read before the first that was not; where whole units were drawn, of whole units."""
    end = next((place for place, key in enumerate(order) if key not in answers), len(order))
    if draw.unit == "passage" or draw.code or end == len(order):  # an attribute may be called as RANK is
        return order[:end]
    unit = units.places(connection, draw.unit, order)
    return [key for key in order[:end] if unit.get(key) != unit.get(order[end])]


def _living(frame: Frame, live: Integers) -> Frame:
    kept = np.isin(frame.passages, live)
    scores = {code: replace(one, values=one.values[kept]) for code, one in frame.scores.items()}
    strata = None if frame.strata is None else frame.strata[kept]
    known = frame.known[np.isin(frame.known, live)]
    return replace(frame, passages=frame.passages[kept], known=known, scores=scores, strata=strata)

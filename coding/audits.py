"""Audits as evidence: what was drawn from what, what was read of it in the order drawn, and what was said, blind."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from coding import draws, frames, units
from coding.codebook import Codebook
from coding.draws import DRAWN, RANK, Draw
from coding.frames import Floats, Frame, Integers
from coding.ledger import COLUMNS, DECISIONS, Decision
from coding.versions import meaning, meanings
from corpus.database import ColumnElement, Connection, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

Flags = npt.NDArray[np.bool_]
_LEFT = "the bounds leave room for their having gone for what was found in them"
SLIP = timedelta(minutes=5)  # within which an answer is put right; after it, the passage may have been seen elsewhere


@dataclass(frozen=True)
class Audit:
    """One random audit, as far as its passages are live.

    frame: the n passages it was drawn from, with the scores of that moment. sample: (s,) rows of the frame, in the
    order drawn: all that was drawn if it was read to the end; of a closed one those before the first that was passed
    over; of an open one that is not read to the end none, since who stops when the numbers please has no sample.
    said: by code, (s,) 1 yes, 0 no, nan without an answer: what was said first. old: codes of which an answer was given
    under another meaning. read, asked: passages read, and to be read. changed: by code, how many were answered
    otherwise later. twin: the audit that speaks in its place, since copies of the study drew both by one chance; 0 for
    none. codes: those of the codebook when it was drawn, with which what was known by then had been read. gone: by
    code, as said, what was said first of drawn passages that are not live any more.
    """

    draw: Draw
    frame: Frame
    sample: Integers
    said: dict[str, Floats]
    old: frozenset[str]
    read: int
    asked: int
    changed: Mapping[str, int] = field(default_factory=dict)
    twin: int = 0
    codes: frozenset[str] = frozenset()
    gone: dict[str, Floats] = field(default_factory=dict)

    @property
    def stopped(self) -> bool:
        """Whether it was given up after some of it was read, perhaps for what that showed."""
        return bool(self.draw.closed) and 0 < self.read < self.asked

    def taken(self, code: str) -> Floats:
        """What was said first of a code in drawn passages that are not live any more, where it was answered."""
        gone = self.gone.get(code, np.empty(0))
        return gone[~np.isnan(gone)]

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
        if self.twin or unsaid == len(self.sample):
            alike = f"was drawn by the chance of audit {self.twin}, in another copy of the study"
            return f"{name} {alike if self.twin else 'was read without this code'}"
        return f"{name} has {unsaid:,} passages without an answer for this code" if unsaid else ""


def audits(connection: Connection, codebook: Codebook, live: Integers) -> list[Audit]:
    """Every random audit of passages or whole units that remembers what it was drawn from, oldest first.

    Audits of what is suggested for one code are no sample of the whole. live: keys of the passages that count.
    """
    found = []
    for draw in draws.draws(connection):
        ranked = draw.unit == RANK and draw.code is not None
        frame = frames.frame(connection, draw.id) if draw.kind == "audit" and (ranked or draw.code is None) else None
        if frame and ranked == (frame.strata is not None) and len(frame.passages) <= draw.population:
            found.append(_audit(connection, codebook, draw, _living(frame, live)))
    return _apart(found)


def _apart(found: Sequence[Audit]) -> list[Audit]:
    """The same, where of those that copies of the study drew by one seed only the one that was read furthest speaks.

    Two copies that make their next draw choose alike, so that together such audits are hardly more than one of them.
    """
    speaks: dict[tuple[str, str, str | None], Audit] = {}
    for one in sorted(found, key=lambda one: -len(one.sample)):
        speaks.setdefault((one.draw.seed, one.draw.unit, one.draw.code), one)
    by = [speaks[one.draw.seed, one.draw.unit, one.draw.code].draw.id for one in found]
    return [one if one.draw.id == id else replace(one, twin=id) for one, id in zip(found, by, strict=True)]


def forgotten(connection: Connection) -> list[int]:
    """Numbers of the audits that an earlier version of the program drew, of which it did not keep from what."""
    kept = set(connection.execute(frames.FRAMES.select().with_only_columns(frames.FRAMES.c.draw)).scalars())
    return [one.id for one in draws.draws(connection) if one.kind == "audit" and one.id not in kept]


def _audit(connection: Connection, codebook: Codebook, draw: Draw, frame: Frame) -> Audit:
    row = {key: number for number, key in enumerate(frame.passages.tolist())}
    order = [key for key, _ in draws.drawn(connection, draw.id) if key in row]
    answers, changed = _answers(connection, draw.id, LIVE)
    read = sum(key in answers for key in order)
    chosen = _unbroken(connection, draw, order, answers) if draw.closed or read == len(order) else []
    then = meanings(connection)
    now = {code.id: meaning(code) for code in codebook.codes}
    said: dict[str, Floats] = {}
    old = set()
    for code in codebook.by_id:
        below = codebook.below(code)
        said[code] = _numbers(_said(answers[key], code, below) for key in chosen)
        if any(then[one.codebook].get(code) != now[code] for key in chosen for one in answers[key] if one.code == code):
            old.add(code)
    sample = np.array([row[key] for key in chosen], np.int64)
    counts = read, len(order), Counter(code for passage, code in changed if passage in row)
    gone = _gone(connection, codebook, draw.id) if draw.size > len(order) else {}
    return Audit(draw, frame, sample, said, frozenset(old), *counts, codes=frozenset(then[draw.codebook]), gone=gone)


def _gone(connection: Connection, codebook: Codebook, draw: int) -> dict[str, Floats]:
    """By code, what was said first of drawn passages whose documents were removed or replaced since."""
    answers, _ = _answers(connection, draw, ~LIVE)
    found = {}
    for code in codebook.by_id:
        found[code] = _numbers(_said(own, code, codebook.below(code)) for own in answers.values())
    return found


def _numbers(values: Iterable[bool | None]) -> Floats:
    """1 for yes, 0 for no, nan for no answer."""
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)


def _answers(
    connection: Connection, draw: int, where: ColumnElement[bool]
) -> tuple[dict[int, list[Decision]], set[tuple[int, str]]]:
    """By passage, what its first reader said first in a draw; and the passages of which this reader said otherwise.

    An audit asks one, and another who read it too changes nothing. Nor does what is said once a passage is read: from
    then on the page shows what the machine and others say of it, and the counts show what the sample says.
    """
    places = DECISIONS.join(PASSAGES, PASSAGES.c.id == DECISIONS.c.passage).join(DOCUMENTS)
    inside = DECISIONS.c.passage.in_(select(DRAWN.c.passage).where(DRAWN.c.draw == draw))
    query = select(*COLUMNS).select_from(places).where(where, DECISIONS.c.draw == draw, inside)
    rows = connection.execute(query.order_by(DECISIONS.c.passage, DECISIONS.c.time, DECISIONS.c.id))
    answers: dict[int, list[Decision]] = {}
    changed: set[tuple[int, str]] = set()
    for passage, found in groupby((Decision(*row) for row in rows), attrgetter("passage")):
        said: dict[str, dict[str, list[Decision]]] = {}
        for row in found:
            said.setdefault(row.coder, {}).setdefault(row.code, []).append(row)
        for codes in said.values():
            if first := [one for own in codes.values() if (one := _first(own))]:
                answers[passage] = first
                changed |= {(passage, one.code) for one in first if one.value != codes[one.code][-1].value}
                break
    return answers, changed


def _first(rows: Sequence[Decision]) -> Decision | None:
    """Of what one coder said of one code, oldest first, the row that counts; None where it was taken back at once."""
    first, began = None, datetime.min
    for row in rows:
        at = datetime.fromisoformat(row.time).replace(tzinfo=None)
        began = at if first is None else began
        if at - began <= SLIP:
            first = row if row.value is not None else None
    return first


def overlooked(found: Iterable[Audit], code: str, used: Collection[int]) -> list[str]:
    """What an estimate of a code by the audits `used` leaves out of what audits were read, and how to put it right."""
    said = []
    for one in (one for one in found if one.draw.code in (None, code)):
        name = f"audit {one.draw.id}"
        if one.twin in used:
            said.append(f"Not in it is audit {one.draw.id}, which another copy drew by the chance of audit {one.twin}.")
        elif one.read and not len(one.sample):
            how = "it was closed before the first was" if one.draw.closed else "read it to the end with `themis review`"
            said.append(f"Not in it are the {one.read:,} passages of {name} that were read, of {one.asked:,}: {how}.")
        if one.draw.id in used and (gone := one.draw.size - one.asked):
            said.append(
                f"{gone:,} of the {one.draw.size:,} passages that {name} drew are not here any more: "
                + (
                    "if they went for what was found in them, this says too little or too much"
                    if one.draw.code or one.draw.unit != "passage"
                    else _LEFT
                )
                + "; `themis audit` draws a new one."
            )
        if one.draw.id in used and (number := one.changed.get(code, 0)):
            said.append(f"{number:,} passages of {name} were answered otherwise later: what was said first counts.")
        if one.draw.id in used and one.stopped:
            said.append(
                f"Audit {one.draw.id} was given up after {one.read:,} of {one.asked:,}: the bounds hold whenever one "
                "stops, and are wider for it."
            )
    return said


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

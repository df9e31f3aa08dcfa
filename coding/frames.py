"""What a draw was drawn from, and what the machine said of it then: fixed before anything drawn was read.

An estimate rests on these and not on what is live or suggested now: a score that is older than the sample is as good as
any constant, and one that has learned from the sample's answers is not.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from coding.estimate_designs import ranked
from coding.suggestions import SUGGESTIONS, Run
from corpus.database import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    insert,
    metadata,
    select,
)
from corpus.errors import EvidenceError
from models.evidence import SCORE

KEYS, SCORES = "<i8", "<f4"  # how they lie in the database
STRATA = "strata"  # the kind of numbers that are no scores, but say which passages were drawn more often
MOST = 10  # strata
READ = "read"  # the kind of scores that are only what people have said

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FRAMES = Table(
    "frames",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("passages", LargeBinary, nullable=False),
    Column("known", LargeBinary, nullable=False),
    Column("scored", String(32)),
    Column("encoder", Text),
)
FROZEN = Table(
    "frozen",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("scores", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Scored:
    """What the machine said of one code in the passages of a frame: (n,) between 0 and 1, no probability.

    In those that people had decided on by then it is what they said.

    kind: "likeness", "score", or "read" where no run had the code. threshold: the lowest that was suggested.
    """

    kind: str
    threshold: float
    values: Floats


@dataclass(frozen=True)
class Frame:
    """passages: (n,) keys; of an audit of suggestions the likeliest first. known: those that were left out as read.

    scored: when the run ended whose scores these are, with this encoder; None where there was none. strata: (n,) from
    0, of an audit that reads some of them more than others.
    """

    passages: Integers
    known: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    scored: str | None = None
    encoder: str | None = None
    scores: dict[str, Scored] = field(default_factory=dict)
    strata: Integers | None = None


NONE = Frame(np.empty(0, np.int64))


def of_run(connection: Connection, run: Run | None, codes: Sequence[str]) -> Frame:
    """Every passage that a run scored, rising, with what it said of these codes; an empty frame for no run."""
    if run is None:
        return NONE
    mine = SUGGESTIONS.c.run == run.id
    passages = connection.execute(select(SUGGESTIONS.c.passage).where(mine).distinct().order_by(SUGGESTIONS.c.passage))
    keys = np.fromiter(passages.scalars(), np.int64)
    place, order = (SUGGESTIONS.c.passage, SUGGESTIONS.c.code), sorted(run.kinds)
    found = np.fromiter(connection.execute(select(SUGGESTIONS.c.score).where(mine).order_by(*place)).scalars(), float)
    if len(found) != len(keys) * len(order):
        return NONE  # another program changed it
    columns = dict(zip(order, found.reshape(len(keys), len(order)).T, strict=True))
    scores = {code: _between(run.kinds[code], run.thresholds[code], columns[code]) for code in codes if code in columns}
    return Frame(keys, scored=run.finished, encoder=run.basis.encoder, scores=scores)


def with_read(scored: Frame, agreed: Iterable[tuple[int, Mapping[str, float]]]) -> Frame:
    """The same, with what people agree on in place of the scores of passages that they have read in part.

    A code that no run scored is 0 in the others.
    """
    said: dict[str, dict[int, float]] = {}
    for passage, decided in agreed:
        for code, value in decided.items():
            said.setdefault(code, {})[passage] = value
    keys = np.array(sorted({*scored.passages.tolist(), *(key for own in said.values() for key in own)}), np.int64)
    scores = {}
    for code in {**scored.scores, **said}:
        one, own = scored.scores.get(code, Scored(READ, 0.5, np.zeros(len(scored.passages)))), said.get(code, {})
        values = np.full(len(keys), 0.0 if one.kind == READ else np.nan)
        values[np.searchsorted(keys, scored.passages)] = one.values
        values[np.searchsorted(keys, np.array(list(own), np.int64))] = list(own.values())
        scores[code] = replace(one, values=values)
    return replace(scored, passages=keys, scores=scores)


def taken(scored: Frame, passages: Sequence[int], known: Sequence[int]) -> Frame:
    """The frame of these passages, in this order; one that was not scored gets the mean of the others."""
    keys, read = np.array(passages, np.int64), np.array(known, np.int64)
    if not len(scored.passages):
        return Frame(keys, read)
    rows = np.minimum(np.searchsorted(scored.passages, keys), len(scored.passages) - 1)
    there = scored.passages[rows] == keys
    scores = {}
    for code, one in scored.scores.items():
        values = np.where(there, one.values[rows], np.nan)
        if not np.isnan(values).all():
            values[np.isnan(values)] = 0.0 if one.kind == READ else np.nanmean(values)
            scores[code] = Scored(one.kind, one.threshold, values)
    return Frame(keys, read, scored.scored, scored.encoder, scores)


def by_rank(frame: Frame, code: str) -> Frame:
    """The same with strata by rank for a code; EvidenceError where nothing ranks its passages."""
    if code not in frame.scores or frame.scores[code].kind == READ:
        raise EvidenceError(f"nothing was suggested for {code} yet, so nothing ranks its passages: `themis code` first")
    return replace(frame, strata=ranked(frame.scores[code].values))


def digest(frame: Frame) -> str:
    """Eight letters that another frame, or other scores of the passages, would not have."""
    hashed = hashlib.sha256(frame.passages.astype(KEYS).tobytes() + frame.known.astype(KEYS).tobytes())
    for code, one in sorted(frame.scores.items()):
        hundredths = np.rint(one.values * 100)  # another machine reckons the last places of a score otherwise
        hashed.update(code.encode() + hundredths.astype(KEYS).tobytes())
    return hashed.hexdigest()[:8]


def keys(found: Iterable[int | None]) -> Integers:
    """Keys as an array, -1 for None."""
    return np.array([-1 if key is None else key for key in found], np.int64)


def keep(connection: Connection, draw: int, frame: Frame) -> None:
    """Write down what a draw was drawn from."""
    passages, known = (one.astype(KEYS).tobytes() for one in (frame.passages, frame.known))
    row = {"draw": draw, "scored": frame.scored, "encoder": frame.encoder}
    connection.execute(insert(FRAMES).values(passages=passages, known=known, **row))
    for code, one in frame.scores.items():
        said = {"draw": draw, "code": code, "kind": one.kind, "threshold": one.threshold}
        connection.execute(insert(FROZEN).values(scores=one.values.astype(SCORES).tobytes(), **said))
    if frame.strata is not None:
        said = {"draw": draw, "code": "", "kind": STRATA, "threshold": 0.0}
        connection.execute(insert(FROZEN).values(scores=frame.strata.astype(SCORES).tobytes(), **said))


def frame(connection: Connection, draw: int, there: Callable[[Integers], Integers] | None = None) -> Frame | None:
    """What a draw was drawn from; None for one that an earlier version of the program made.

    there: the keys to take in place of the stored ones, -1 for one to leave out; for the frames of another copy.
    What no draw can have written, in a file that another program changed, is left out.
    """
    row = connection.execute(select(FRAMES).where(FRAMES.c.draw == draw)).first()
    if row is None or (len(row.passages) | len(row.known)) % np.dtype(KEYS).itemsize:
        return None
    stored, known = (np.frombuffer(one, KEYS).astype(np.int64) for one in (row.passages, row.known))
    if len(np.unique(np.concatenate([stored, known]))) < len(stored) + len(known):
        return None
    kept, read = (there(stored), there(known)) if there else (stored, known)
    scores, strata = {}, None
    for one in connection.execute(select(FROZEN).where(FROZEN.c.draw == draw)):
        if len(one.scores) == len(stored) * np.dtype(SCORES).itemsize:
            values = np.frombuffer(one.scores, SCORES).astype(np.float64)[kept >= 0]
            if one.kind == STRATA and np.isin(values, range(MOST)).all():
                strata = values.astype(np.int64)
            elif ((values >= 0) & (values <= 1)).all():
                scores[one.code] = Scored(one.kind, one.threshold, values)
    return Frame(kept[kept >= 0], read[read >= 0], row.scored, row.encoder, scores, strata)


def _between(kind: str, threshold: float, scores: Floats) -> Scored:
    """Scores between 0 and 1: a likeness, which is in standard deviations, is 0.5 where it begins to be suggested."""
    if kind == SCORE:
        return Scored(kind, threshold, np.clip(scores, 0, 1))
    return Scored(kind, 0.5, 1 / (1 + np.exp(-np.clip(scores - threshold, -30, 30))))

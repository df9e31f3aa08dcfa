"""What a draw was drawn from, and what the machine said of it then: fixed before anything drawn was read.

An estimate rests on these and not on what is live or suggested now: a score that is older than the sample is as good as
any constant, and one that has learned from the sample's answers is not.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

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
from models.evidence import SCORE

KEYS, SCORES = "<i8", "<f4"  # how they lie in the database

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FRAMES = Table(
    "frames",
    metadata,
    Column("draw", Integer, ForeignKey("draws.id"), primary_key=True),
    Column("passages", LargeBinary, nullable=False),
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

    kind: "likeness" or "score". threshold: the lowest that was suggested.
    """

    kind: str
    threshold: float
    values: Floats


@dataclass(frozen=True)
class Frame:
    """passages: (n,) keys; of an audit of suggestions the likeliest first.

    scored: when the run ended whose scores these are, with this encoder; None where there was none.
    """

    passages: Integers
    scored: str | None = None
    encoder: str | None = None
    scores: dict[str, Scored] = field(default_factory=dict)


NONE = Frame(np.empty(0, np.int64))


def of_run(connection: Connection, run: Run | None, codes: Sequence[str]) -> Frame:
    """Every passage that a run scored, rising, with what it said of these codes; an empty frame for no run."""
    if run is None:
        return NONE
    known = [code for code in codes if code in run.kinds]
    columns = SUGGESTIONS.c.code, SUGGESTIONS.c.passage, SUGGESTIONS.c.score
    rows = connection.execute(select(*columns).where(SUGGESTIONS.c.run == run.id)).all()
    found: dict[str, list[tuple[int, float]]] = {code: [] for code in known}
    for code, passage, score in rows:
        if code in found:
            found[code].append((passage, score))
    keys = np.array(sorted({passage for values in found.values() for passage, _ in values}), np.int64)
    scores = {}
    for code, values in found.items():
        own = np.full(len(keys), np.nan)
        if values:
            passages, numbers = zip(*values, strict=True)
            own[np.searchsorted(keys, passages)] = numbers
        scores[code] = _between(run.kinds[code], run.thresholds[code], own)
    return Frame(keys, run.finished, run.basis.encoder, scores)


def taken(scored: Frame, passages: Sequence[int]) -> Frame:
    """The frame of these passages, in this order; one that was not scored gets the mean of the others."""
    keys = np.array(passages, np.int64)
    if not len(scored.passages):
        return Frame(keys)
    rows = np.minimum(np.searchsorted(scored.passages, keys), len(scored.passages) - 1)
    there = scored.passages[rows] == keys
    scores = {}
    for code, one in scored.scores.items():
        values = np.where(there, one.values[rows], np.nan)
        if not np.isnan(values).all():
            values[np.isnan(values)] = np.nanmean(values)
            scores[code] = Scored(one.kind, one.threshold, values)
    return Frame(keys, scored.scored, scored.encoder, scores)


def keys(found: Iterable[int | None]) -> Integers:
    """Keys as an array, -1 for None."""
    return np.array([-1 if key is None else key for key in found], np.int64)


def keep(connection: Connection, draw: int, frame: Frame) -> None:
    """Write down what a draw was drawn from."""
    row = {"draw": draw, "scored": frame.scored, "encoder": frame.encoder}
    connection.execute(insert(FRAMES).values(passages=frame.passages.astype(KEYS).tobytes(), **row))
    for code, one in frame.scores.items():
        said = {"draw": draw, "code": code, "kind": one.kind, "threshold": one.threshold}
        connection.execute(insert(FROZEN).values(scores=one.values.astype(SCORES).tobytes(), **said))


def frame(connection: Connection, draw: int, there: Callable[[Integers], Integers] | None = None) -> Frame | None:
    """What a draw was drawn from; None for one that an earlier version of the program made.

    there: the keys to take in place of the stored ones, -1 for one to leave out; for the frames of another copy.
    Scores that are none, in a file that another program changed, are left out.
    """
    row = connection.execute(select(FRAMES).where(FRAMES.c.draw == draw)).first()
    if row is None or len(row.passages) % np.dtype(KEYS).itemsize:
        return None
    theirs = np.frombuffer(row.passages, KEYS).astype(np.int64)
    kept = there(theirs) if there else theirs
    scores = {}
    for one in connection.execute(select(FROZEN).where(FROZEN.c.draw == draw)):
        if len(one.scores) == len(theirs) * np.dtype(SCORES).itemsize:
            values = np.frombuffer(one.scores, SCORES).astype(np.float64)
            if ((values >= 0) & (values <= 1)).all():
                scores[one.code] = Scored(one.kind, one.threshold, values[kept >= 0])
    return Frame(kept[kept >= 0], row.scored, row.encoder, scores)


def _between(kind: str, threshold: float, scores: Floats) -> Scored:
    """Scores between 0 and 1: a likeness, which is in standard deviations, is 0.5 where it begins to be suggested."""
    if kind == SCORE:
        return Scored(kind, threshold, np.clip(scores, 0, 1))
    return Scored(kind, 0.5, 1 / (1 + np.exp(-np.clip(scores - threshold, -30, 30))))

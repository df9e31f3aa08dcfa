"""A whole corpus's vectors at hand, so that learning again reads no file: each different text once, in float16."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from models.evidence import Evidence, Floats, Integers
from models.features import centred
from models.vectors import Halves, Vectors, unit

ROOM = 1 << 30  # bytes of vectors held in memory; a larger corpus has them in a file that the system pages in and out
WINDOW = 16384  # texts fetched at a time
BLOCK = 16384  # passages compared with a question at a time


class Said(Protocol):
    """A passage as `remember` takes it; question is "" where it answers none."""

    @property
    def key(self) -> int: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def sentences(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def question(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Memory:
    """n passages with m sentences, and the vectors of their u different texts.

    keys: (n,). texts: n. kept: (u, d) as `Vectors.kept` gives them. own: (n,) row of a passage's vector; question: (n,)
    that of its question, -1 for none; sentences: (m,) of its sentences, from first[i] to first[i + 1].
    """

    keys: Integers
    texts: list[str]
    kept: Halves
    own: Integers
    question: Integers
    sentences: Integers
    first: Integers

    def evidence(self, rows: Integers) -> Evidence:
        """The passages of these rows, in this order, as learning takes them."""
        count = self.first[rows + 1] - self.first[rows]
        owner = np.repeat(np.arange(len(rows)), count)
        place = np.arange(len(owner)) + np.repeat(self.first[rows] - np.cumsum(count) + count, count)
        asked = self.question[rows]
        context = np.zeros((len(rows), self.kept.shape[1]), np.float32)
        context[asked >= 0] = unit(self.kept[asked[asked >= 0]])
        return Evidence(
            keys=self.keys[rows],
            texts=[self.texts[row] for row in rows],
            passages=self.vectors(rows),
            sentences=unit(self.kept[self.sentences[place]]),
            owner=owner,
            context=context,
        )

    def vectors(self, rows: Integers) -> Floats:
        """(n, d) of the passages of these rows."""
        return unit(self.kept[self.own[rows]])


def remember(passages: Iterable[Said], vectors: Vectors, folder: Path) -> Memory:
    """Bring passages to mind, embedding what has no vector yet. folder: for what is too large for memory."""
    rows: dict[str, int] = {}
    keys, texts, own, question, sentences, first = [], [], [], [], [], [0]

    def row(text: str) -> int:
        return rows.setdefault(text, len(rows))

    for passage in passages:
        keys.append(passage.key)
        texts.append(passage.text)
        own.append(row(passage.text))
        question.append(row(passage.question) if passage.question else -1)
        sentences += [row(sentence) for sentence in passage.sentences]
        first.append(len(sentences))
    kept = _fetched(rows, vectors, folder)
    columns = (np.array(column, np.int64) for column in (own, question, sentences, first))
    return Memory(np.array(keys, np.int64), texts, kept, *columns)


def _fetched(texts: dict[str, int], vectors: Vectors, folder: Path) -> Halves:
    stream, start = iter(texts), 0
    found: Halves = np.empty((0, 0), np.float16)
    while window := list(islice(stream, WINDOW)):
        vectors.embed(window)
        some = vectors.kept(window)
        if not start:
            found = _array(len(texts), some.shape[1], folder)
        found[start : start + len(some)] = some
        start += len(some)
    return found


def _array(count: int, width: int, folder: Path) -> Halves:
    if 2 * count * width <= ROOM:
        return np.empty((count, width), np.float16)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.float16, "w+", shape=(count, width))


@dataclass(frozen=True)
class Meanings:
    """Passages to be found by what they mean. keys: (n,). vectors: (n, d), centred, float16. centre: (d,)."""

    keys: Integers
    vectors: Halves
    centre: Floats

    def nearest(self, vector: Floats, most: int) -> list[tuple[int, float]]:
        """(key, cosine) of the passages nearest to a vector (d,), nearest first."""
        wanted = centred(vector[None], self.centre)[0]
        starts = range(0, len(self.keys), BLOCK)
        alike = np.concatenate([self.vectors[start : start + BLOCK].astype(np.float32) @ wanted for start in starts])
        best = np.argsort(-alike, kind="stable")[:most]
        return [(int(self.keys[row]), float(alike[row])) for row in best]


def meanings(passages: Iterable[tuple[int, str]], vectors: Vectors) -> Meanings | None:
    """Those of the passages, by key and text, that have a vector; None where none has. Nothing is embedded."""
    keys: list[int] = []
    parts: list[Halves] = []
    stream = iter(passages)
    while window := list(islice(stream, WINDOW)):
        missing = set(vectors.missing(text for _, text in window))
        there = [(key, text) for key, text in window if text not in missing]
        keys += [key for key, _ in there]
        parts += [vectors.kept([text for _, text in there])] * bool(there)
    if not parts:
        return None
    found = np.concatenate(parts)
    centre = np.asarray(np.mean(found, axis=0, dtype=np.float32))
    for start in range(0, len(found), BLOCK):
        found[start : start + BLOCK] = centred(unit(found[start : start + BLOCK]), centre)
    return Meanings(np.array(keys, np.int64), found, centre)

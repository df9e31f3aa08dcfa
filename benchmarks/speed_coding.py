"""Learning and suggesting from cached vectors, in a process of its own so that its peak memory is its own.

    python -m benchmarks.speed_coding PASSAGES CODES DECISIONS

A passage is two sentences of the inquiry, its vector theirs put together; a code is what is like some sentence.
Prints seconds and megabytes as JSON. The cache of vectors is filled first, by any call, and kept.
"""

import json
import re
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tasks import CACHE, DATA
from models import encoder
from models.evidence import Evidence, Floats, Integers, Theme
from models.learn import learn
from models.vectors import Vectors

FOLDER = CACHE.with_name("benchmark-speed")
SENTENCES = 6000
MOST = 100_000
BLOCK, BACKGROUND, WINDOW = 2048, 2000, 16384  # as `themis code` has them
DOCUMENT = 100  # passages of one
MARK = " … "
SPLIT = re.compile(r"(?<=[.?!])\s+")


def sentences() -> list[str]:
    """Of the inquiry, distinct, in the order of their files."""
    found: dict[str, None] = {}
    with tarfile.open(DATA / "post_office_inquiry.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                said = archive.extractfile(member).read().decode()
                found.update((one.strip(), None) for one in SPLIT.split(said) if 30 < len(one) < 250)
            if len(found) >= SENTENCES:
                break
    return list(found)[:SENTENCES]


class Pairs:
    """The encoder of passages that are made of two sentences whose vectors are known."""

    def __init__(self, own: list[str], vectors: Floats) -> None:
        self.fingerprint = "0" * 15 + "p"
        self._at = dict(zip(own, vectors, strict=True))

    def encode(self, texts: Sequence[str], progress: object = None) -> Any:
        found = np.stack([np.sum([self._at[part] for part in text.split(MARK)], axis=0) for text in texts])
        return found / np.linalg.norm(found, axis=1, keepdims=True)


class Corpus:
    """Passages by their number; nothing of them is held but the sentences that they are made of."""

    def __init__(self, own: list[str], passages: int) -> None:
        self.own = own
        self.pairs = np.random.default_rng(1).integers(0, len(own), (MOST, 2))[:passages]

    def text(self, row: int) -> str:
        first, second = self.pairs[row]
        return f"{self.own[first]}{MARK}{self.own[second]}"

    def evidence(self, rows: Integers, vectors: Vectors) -> Evidence:
        texts = [self.text(row) for row in rows]
        parts = [self.own[one] for row in rows for one in self.pairs[row]]
        own = vectors.get(texts)
        return Evidence(rows, texts, own, vectors.get(parts), np.repeat(np.arange(len(rows)), 2), np.zeros_like(own))


def filled(own: list[str]) -> tuple[Vectors, Floats]:
    """The vectors of all passages and sentences, made where they are missing; those of the sentences."""
    real = Vectors(CACHE, encoder.load())
    real.embed(own)
    known = real.get(own)
    vectors = Vectors(FOLDER, Pairs(own, known))
    done = FOLDER / "filled"
    if not done.exists():
        corpus = Corpus(own, MOST)
        vectors.embed([*own, *map(corpus.text, range(MOST))])
        done.touch()
    return vectors, known


def decided(corpus: Corpus, codes: Integers, known: Floats, count: int) -> tuple[Integers, Floats]:
    """Rows that people decided on, a third of them found because they carry a code; (n, c) what was said."""
    random = np.random.default_rng(2)
    some = np.sort(random.choice(len(corpus.pairs), min(len(corpus.pairs), 4 * count), replace=False))
    like = np.maximum(*(known[corpus.pairs[some, side]] @ known[codes].T for side in (0, 1)))
    like += random.normal(0, 0.05, like.shape)  # people differ
    yes = like >= np.quantile(like, 1 - np.geomspace(0.15, 0.01, len(codes)), axis=0).diagonal()
    weight = np.where(yes.any(axis=1), 3.0, 1.0)
    chosen = np.sort(random.choice(len(some), count, replace=False, p=weight / weight.sum()))
    return some[chosen], yes[chosen].astype(float)


def blocks(passages: int) -> Iterator[Integers]:
    for start in range(0, passages, BLOCK):
        yield np.arange(start, min(start + BLOCK, passages))


def measured(passages: int, count: int, decisions: int) -> dict[str, float]:
    """Seconds of each step; megabytes before the first and at most."""
    own = sentences()
    vectors, known = filled(own)
    codes = np.random.default_rng(3).choice(len(own), count, replace=False)
    themes = [Theme(f"code-{code}", (own[code],)) for code in codes]
    corpus = Corpus(own, passages)
    rows, labels = decided(corpus, codes, known, decisions)
    sample = np.sort(np.random.default_rng(4).choice(passages, BACKGROUND, replace=False))
    found: dict[str, float] = {"before": _peak()}
    begun = time.perf_counter()
    given = corpus.evidence(rows, vectors), labels, rows // DOCUMENT, corpus.evidence(sample, vectors)
    texts = [theme.definition[0] for theme in themes]
    told = dict(zip(texts, vectors.get(texts), strict=True))
    found["read"] = time.perf_counter() - begun
    begun = time.perf_counter()
    model = learn(themes, told, *given)
    found["learn"] = time.perf_counter() - begun
    found |= {"fetch": 0.0, "score": 0.0, "suggested": 0}
    for block in blocks(passages):
        begun = time.perf_counter()
        evidence = corpus.evidence(block, vectors)
        fetched = time.perf_counter()
        found["suggested"] += int(model.score(evidence).suggested.sum())
        found["fetch"] += fetched - begun
        found["score"] += time.perf_counter() - fetched
    return found | {"peak": _peak()}


def _peak() -> int:
    """Of this process alone: what `resource` tells begins with its parent's."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:4]))))

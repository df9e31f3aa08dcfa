"""What reading finds when the program's own queue says what is read next, from the codebook alone, beside other orders.

Used by benchmarks.accuracy: each passage of a pool is read once, in an order; the positives found and the macro-F1 on
the test of what is learned from the first of them are told at several shares of the pool.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.labelled import Item, Labelled, ordered, study_of
from benchmarks.peers import Question, Said
from benchmarks.tasks import CACHE, Case
from models import encoder
from models.encoder import Progress
from models.evidence import Floats, Integers
from models.vectors import Vectors

SHARES = (0.02, 0.05, 0.1, 0.2, 0.3)
MOST = 1500  # passages of a pool
QUEUE, ALIKE, RANDOM, BEST = "our queue", "most similar first", "at random", "at best, by the labels"
ORDERS = (QUEUE, ALIKE, RANDOM, BEST)


class Cached:
    """The program's encoder, which takes from the benchmarks' cache what is there."""

    def __init__(self) -> None:
        self._vectors = Vectors(CACHE, encoder.load())
        self.fingerprint = self._vectors.encoder.fingerprint

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        self._vectors.embed(texts, progress)
        return self._vectors.get(texts)


def narrowed(case: Case, seed: int) -> Case:
    """The same with a random sample of its pool, in the order of documents."""
    pool = np.random.default_rng(seed).permutation(case.pool)[:MOST]
    pool = pool[np.lexsort([pool, case.data.documents[pool]])]
    return Case(case.data, pool, case.test)


def order(case: Case, name: str, seed: int) -> Integers:
    """Rows of the pool in the order that they are read, as many as the largest share, or as the queue has."""
    most = round(max(SHARES) * len(case.pool))
    ways = {QUEUE: _queue, ALIKE: _alike, RANDOM: _random, BEST: _best}
    return ways[name](case, most, seed)[:most]


def curve(
    case: Case, read: Integers, learn: Callable[[Question], Callable[[Integers], Said]], seed: int
) -> Iterator[dict]:
    """At each share: the part of each code's positives that was found, its mean, and the macro-F1 learned from them."""
    labels = case.data.labels
    there = np.flatnonzero((labels[case.pool] == 1).any(axis=0))
    for share in SHARES:
        rows = np.sort(read[: round(share * len(case.pool))])
        hits, all_of = ((labels[some] == 1).sum(axis=0)[there] for some in (rows, case.pool))
        said = learn(Question(case, rows, seed))(case.test)
        yield {
            "share": share,
            "recall": float((hits / all_of).mean()),
            "positives": float(hits.sum() / all_of.sum()),
            "macro": _macro(labels[case.test], said),
        }


def _macro(labels: Floats, said: Said) -> float:
    from benchmarks.accuracy import figures

    return figures(labels, said)["macro"]


def _queue(case: Case, most: int, seed: int) -> Integers:
    """By a study of the pool's passages, learned anew after each batch."""
    data, rows = case.data, case.pool
    names = [theme.definition[0] for theme in data.themes]
    items = tuple(
        Item(
            f"d{data.documents[row]}",
            data.evidence.texts[row],
            frozenset(name for name, label in zip(names, data.labels[row], strict=True) if label == 1),
        )
        for row in rows
    )
    said = (". ".join(theme.definition[1:]) for theme in data.themes)
    own = Labelled(items, tuple((name, line or name) for name, line in zip(names, said, strict=True)))
    place = Path(tempfile.mkdtemp())
    try:
        return rows[ordered(study_of(own, place / "made", Cached()), own, most, seed, place / "read")]
    finally:
        shutil.rmtree(place)


def _random(case: Case, most: int, seed: int) -> Integers:
    return np.random.default_rng(seed).permutation(case.pool)


def _best(case: Case, most: int, seed: int) -> Integers:
    """What finds most, which only who knows the labels can read first."""
    yes = case.data.labels[case.pool] == 1
    worth = (yes / np.maximum(yes.sum(axis=0), 1)).sum(axis=1)
    return case.pool[np.argsort(-worth, kind="stable")]


def _alike(case: Case, most: int, seed: int) -> Integers:
    """The code's most alike by cosine to its definition, the codes taking turns."""
    data = case.data
    own = np.stack([np.mean([data.vectors[line] for line in theme.definition], axis=0) for theme in data.themes])
    ranked = np.argsort(-(data.evidence.passages[case.pool] @ own.T), axis=0, kind="stable")
    return case.pool[np.array(list(dict.fromkeys(ranked.ravel().tolist())))]

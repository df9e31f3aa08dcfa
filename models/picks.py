"""What to read next: batches that mix the likeliest, the hardest to tell, and some that are like nothing read so far.

Codes take turns, the rarest oftenest, and in its turn a code gets the passage that promises most to it and to the
others; of near-duplicates one stands for all; no document fills a batch. Everything follows from the seed, and nothing
from the order of the rows. Source: METHODS 5; the mix is by what it finds, see docs/measured.md.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from models.evidence import Flags, Floats, Integers

CERTAIN, UNCERTAIN, DIVERSE = "certain", "uncertain", "diverse"
ROUND = (CERTAIN, CERTAIN, UNCERTAIN, CERTAIN, CERTAIN, DIVERSE, CERTAIN, CERTAIN, UNCERTAIN, CERTAIN)
INSTEAD = {  # where a kind has nothing left
    CERTAIN: (CERTAIN, UNCERTAIN, DIVERSE),
    UNCERTAIN: (UNCERTAIN, CERTAIN, DIVERSE),
    DIVERSE: (DIVERSE, CERTAIN, UNCERTAIN),
}
BATCH, MOST = 20, 200
SMOOTHING = 5  # a code's turns are as 1 / (positives + SMOOTHING)
NEAR = 0.95  # cosine over which one passage stands for another
PER_DOCUMENT = 4  # of a batch, more only where there are few documents
BLOCK = 1024  # of what was read, compared at a time
TOP = 300  # passages in line for a code, in each of the two kinds
SAMPLE = 2000  # unread passages that the different ones are chosen from
FEWEST = 3  # passages over a cut, at least, for the chances of a code


@dataclass(frozen=True)
class Pool:
    """n unread passages under c codes.

    order: (n,) distinct numbers, by which ties and chance go. documents: (n,) numbers. scores: (n, c), of any scale.
    """

    order: Integers
    documents: Integers
    scores: Floats

    def rows(self, chosen: Integers) -> "Pool":
        """The passages of these rows, in this order."""
        return Pool(self.order[chosen], self.documents[chosen], self.scores[chosen])


@dataclass(frozen=True)
class Pick:
    """A passage to read. row: in the pool. why: CERTAIN, UNCERTAIN or DIVERSE. code: column, None where for no code."""

    row: int
    why: str
    code: int | None


def shortlist(pool: Pool, cuts: Floats, seed: int, top: int = TOP) -> Integers:
    """Rows, rising, of all that `batches` can choose of: each code's likeliest and nearest to its cut, and a sample.

    cuts: (c,) on the scale of the pool's scores. n may be large: nothing is made that is larger than the scores.
    """
    order = np.argsort(pool.order)
    ordered = pool.rows(order)
    lines = [*_lines(ordered, -ordered.scores, top), *_lines(ordered, np.abs(ordered.scores - cuts), top)]
    return np.unique(order[np.concatenate([*lines, _sample(ordered, seed)])])


def worth(scores: Floats, cuts: Floats, positives: Integers) -> Floats:
    """(n, c) what reading each passage promises in the turn of each code, of scores (n, c) on any scale.

    As much by that code's chance as by all of them together, the code with the fewest yes counting most: one passage is
    read for all codes. A chance goes by rank, since scores may be no probabilities: it is a quarter at the cut, and
    counts for the others among the first TOP only.
    """
    rank = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0)
    over = np.clip((scores >= cuts).sum(axis=0), FEWEST, TOP)
    chances = (1 + (rank + 0.5) / over) ** -2.0 / (positives + SMOOTHING)
    return np.asarray(chances + np.where(rank < TOP, chances, 0).sum(axis=1, keepdims=True))


def batches(  # noqa: PLR0913 - all that it decides by
    pool: Pool, vectors: Floats, cuts: Floats, positives: Integers, read: Floats, seed: int, most: int = MOST
) -> list[list[Pick]]:
    """Up to `most` passages, in batches of BATCH where enough is left.

    vectors: (n, d) of length 1. cuts: (c,). positives: (c,) passages that people said yes to; where it is 0 the code
    has no uncertain ones. read: (r, d) vectors of what was read.
    """
    rows = shortlist(pool, cuts, seed)
    rows = rows[np.argsort(pool.order[rows])]  # from here on the order of the rows is gone
    short, own, random = pool.rows(rows), np.asarray(vectors[rows], np.float32), np.random.default_rng(seed)
    likely = worth(short.scores, cuts, positives)
    certain, uncertain = _lines(short, -likely, TOP), _lines(short, np.abs(short.scores - cuts), TOP)
    uncertain = [line[: TOP * bool(yes)] for line, yes in zip(uncertain, positives, strict=True)]
    turns = {kind: _Turns(1 / (positives + SMOOTHING), random) for kind in (CERTAIN, UNCERTAIN)}
    left = _Left(own, short.documents, _cap(pool.documents))
    left.passed(np.asarray(read, np.float32))
    queue = _Queue({CERTAIN: certain, UNCERTAIN: uncertain}, turns, _sample(short, seed), left, random)
    found: list[list[Pick]] = []
    while batch := queue.batch(min(BATCH, most)):
        found.append([Pick(int(rows[one.row]), one.why, one.code) for one in batch])
        most -= len(batch)
    return found


class _Left:
    """What can still be picked: not taken, not nearly the same as what was read or taken, not one document's all."""

    def __init__(self, vectors: Floats, documents: Integers, cap: int) -> None:
        self.vectors, self.documents, self.cap = vectors, documents, cap
        self.nearest = np.zeros(len(vectors), np.float32)  # highest cosine to what was read or taken, 0 at least
        self.full = np.zeros(len(vectors), bool)  # of a document that the batch has enough of
        self.count: Counter[int] = Counter()

    def passed(self, read: Floats) -> None:
        for start in range(0, len(read), BLOCK):
            alike = self.vectors @ read[start : start + BLOCK].T
            self.nearest = np.maximum(self.nearest, alike.max(axis=1))

    def take(self, row: int) -> None:
        document = self.documents[row]
        self.count[document] += 1
        if self.count[document] >= self.cap:
            self.full |= self.documents == document
        self.passed(self.vectors[row : row + 1])
        self.nearest[row] = 1  # a vector of zeros is not even near itself

    def open(self, rows: Integers) -> Flags:
        return (self.nearest[rows] <= NEAR) & ~self.full[rows]

    def new_batch(self) -> None:
        self.count.clear()
        self.full[:] = False


class _Turns:
    """Whose turn it is: each code as often as its weight says, beginning anywhere, so that no order favours one."""

    def __init__(self, weights: Floats, random: np.random.Generator) -> None:
        self.step = 1 / weights
        self.next = random.random(len(weights)) * self.step

    def in_turn(self) -> list[int]:
        return [int(code) for code in np.argsort(self.next, kind="stable")]

    def served(self, code: int) -> None:
        self.next[code] += self.step[code]


@dataclass(frozen=True)
class _Queue:
    lines: dict[str, list[Integers]]
    turns: dict[str, _Turns]
    sample: Integers
    left: _Left
    random: np.random.Generator

    def batch(self, size: int) -> list[Pick]:
        """Up to `size` picks, in the order of ROUND."""
        self.left.new_batch()
        picks: list[Pick] = []
        for place in range(size):
            kinds = INSTEAD[ROUND[place % len(ROUND)]]
            found = next((one for kind in kinds if (one := self._next(kind))), None)
            if found is None:
                break
            self.left.take(found.row)
            picks.append(found)
        return picks

    def _next(self, kind: str) -> Pick | None:
        if kind == DIVERSE:
            return self._different()
        for code in self.turns[kind].in_turn():
            line = self.lines[kind][code]
            if (free := self.left.open(line)).any():
                self.turns[kind].served(code)
                return Pick(int(line[free.argmax()]), kind, code)
        return None

    def _different(self) -> Pick | None:
        """By chance, the unlike the oftener: k-means++ over what was read and picked."""
        apart = np.where(self.left.open(self.sample), 1 - self.left.nearest[self.sample], 0).astype(float)
        if not len(apart) or apart.sum() == 0:
            return None
        return Pick(int(self.sample[self.random.choice(len(apart), p=apart / apart.sum())]), DIVERSE, None)


def _lines(pool: Pool, distance: Floats, top: int) -> list[Integers]:
    """For each code the `top` rows of the least distance (n, c), no more of one document than a queue can take."""
    each = _cap(pool.documents) * MOST // BATCH
    return [_first(pool.documents, np.argsort(column, kind="stable"), each, top) for column in distance.T]


def _first(documents: Integers, ranked: Integers, each: int, top: int) -> Integers:
    """The first `top` of the ranked rows, at most `each` of one document."""
    for some in (4 * top, len(ranked)):  # the first few nearly always do
        chosen = ranked[:some][_place(documents[ranked[:some]]) < each]
        if len(chosen) >= top:
            break
    return chosen[:top]


def _cap(documents: Integers) -> int:
    return max(PER_DOCUMENT, -(-BATCH // max(1, len(np.unique(documents)))))


def _sample(pool: Pool, seed: int) -> Integers:
    """Rows that chance and nothing else gives, the same whatever else is in the pool."""
    mixed = pool.order.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.sort(np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")[:SAMPLE])


def _place(groups: Integers) -> Integers:
    """(n,) how many of the same group come before each."""
    order = np.argsort(groups, kind="stable")
    _, start, count = np.unique(groups[order], return_index=True, return_counts=True)
    place = np.empty(len(groups), np.int64)
    place[order] = np.arange(len(groups)) - np.repeat(start, count)
    return place

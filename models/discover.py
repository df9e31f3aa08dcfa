"""Groups of passages that say nearly the same and hold when the passages are drawn again: themes nobody has named yet.

Passages are joined by their mean cosine (average linkage), from below, until no two groups are alike enough: so what is
like nothing else stays alone, and no number of groups has to be guessed. What is measured of it: docs/discover.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evidence import Floats, Integers

MOST = 3000  # passages that are grouped; more are only given to the groups that are found
PAIRED = 1000  # passages of which all pairs are looked at
SHARE = 0.04  # of all pairs of passages that are alike enough to be one group,
LOWEST, HIGHEST = 0.15, 0.3  # within these cosines: two that are all but unrelated stay apart, and near ones do not
LEAST, DOCUMENTS = 5, 3  # passages and documents of a group
RERUNS, OVERLAP, HOLDS = 20, 0.5, 0.6  # a group is kept that has more than this overlap in this share of the reruns
NEAR = 0.9  # cosine over which one passage shows no more than another
WORDS, COMMON = 8, 0.1  # a word that this share of the other passages has tells nothing


@dataclass(frozen=True)
class Group:
    """Passages that say nearly the same. rows: the most central first. held: share of the reruns in which it was there.

    middle: (d,) mean of their vectors; its cosine with a vector is that vector's mean cosine to them, times its length.
    """

    rows: Integers
    held: float
    middle: Floats

    @property
    def close(self) -> float:
        """Mean cosine between its passages, each with itself among them."""
        return float(self.middle @ self.middle)


def enough(vectors: Floats) -> float:
    """The mean cosine over which two groups of these passages are one: long or varied ones are less alike than short.

    vectors: (n, d) of length 1, centred.
    """
    some = vectors[:: len(vectors) // PAIRED + 1]
    pairs = (some @ some.T)[~np.eye(len(some), dtype=bool)]
    return min(HIGHEST, max(LOWEST, float(np.quantile(pairs, 1 - SHARE)))) if len(pairs) else HIGHEST


def groups(vectors: Floats, documents: Integers, least: float, seed: int) -> list[Group]:
    """The groups of n passages, those of many and close ones first; none where nothing holds together.

    vectors: (n, d) of length 1, centred. documents: (n,) numbers. least: what is `enough`. n is MOST at most: memory
    goes with its square.
    """
    alike = np.asarray(vectors @ vectors.T, np.float32)
    found = _large_enough(_linked(alike.copy(), least), documents)
    held = _held(alike, found, least, np.random.default_rng(seed))
    kept = [_group(vectors, rows, share) for rows, share in zip(found, held, strict=True) if share >= HOLDS]
    return sorted(kept, key=lambda group: (-len(group.rows) * group.close, group.rows[0]))


def nearest(vectors: Floats, found: Sequence[Group], least: float) -> Integers:
    """(n,) which of one or more groups each of these vectors belongs to, -1 where it is not alike enough to any."""
    alike = vectors @ np.stack([group.middle for group in found]).T
    best = alike.argmax(axis=1)
    return np.where(alike[np.arange(len(best)), best] >= least, best, -1)


def central(vectors: Floats, group: Group, count: int) -> Integers:
    """Up to `count` rows of a group that stand for it: the most central, none nearly the same as another."""
    chosen: list[int] = []
    for row in group.rows.tolist():
        if len(chosen) < count and all(vectors[row] @ vectors[other] <= NEAR for other in chosen):
            chosen.append(row)
    return np.array(chosen, np.int64)


def telling(words: Sequence[Sequence[str]], found: Sequence[Group], count: int = WORDS) -> list[list[str]]:
    """For each group the words that many of its passages have and few of the others: class-based TF-IDF.

    words: those of each of the n passages. A word counts once in a passage; one that a single passage of the group has
    is left out, and so is one that is COMMON elsewhere.
    """
    everywhere = Counter(word for own in words for word in set(own))
    told = []
    for group in found:
        inside = Counter(word for row in group.rows for word in set(words[row]))
        size, rest = len(group.rows), len(words) - len(group.rows)
        others = {word: (everywhere[word] - times + 1) / (rest + 2) for word, times in inside.items() if times > 1}
        weight = {
            word: inside[word] / size * np.log(inside[word] / size / share)
            for word, share in others.items()
            if share < COMMON
        }
        ranked = sorted(weight, key=lambda word: (-weight[word], word))
        told.append([word for word in ranked[:count] if weight[word] > 0])
    return told


def _group(vectors: Floats, rows: Integers, held: float) -> Group:
    middle = vectors[rows].mean(axis=0)
    return Group(rows[np.argsort(-(vectors[rows] @ middle), kind="stable")], held, middle)


def _large_enough(label: Integers, documents: Integers) -> list[Integers]:
    """Rows of each group of enough passages and documents."""
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [rows for rows in parts if len(rows) >= LEAST and len(np.unique(documents[rows])) >= DOCUMENTS]


def _held(alike: Floats, found: Sequence[Integers], least: float, random: np.random.Generator) -> Floats:
    """For each group the share of reruns, on passages drawn with replacement, that have one like it (Jaccard).

    Of its passages only those count that were drawn; where that is one alone, there was no group to be found.
    """
    hits = np.zeros(len(found))
    for _ in range(RERUNS if found else 0):
        drawn = np.unique(random.integers(len(alike), size=len(alike)))
        label = np.full(len(alike), -1, np.int64)
        label[drawn] = _linked(alike[np.ix_(drawn, drawn)], least)
        size = np.bincount(label[drawn], minlength=len(alike))
        for number, rows in enumerate(found):
            there = label[rows][label[rows] >= 0]
            shared = np.bincount(there, minlength=len(alike))
            overlap = shared / np.maximum(size + len(there) - shared, 1)
            hits[number] += len(there) > 1 and overlap.max() > OVERLAP
    return hits / RERUNS


def _linked(alike: Floats, least: float) -> Integers:
    """(n,) number of each row's group: average linkage while the mean cosine is `least` or more. alike is used up.

    By chains of nearest neighbours: as joining never brings others nearer, a pair that are each other's nearest can be
    joined at once, and a row without a near enough neighbour never will have one.
    """
    np.fill_diagonal(alike, -np.inf)
    label, size, chain = np.arange(len(alike)), np.ones(len(alike)), list[int]()
    open_ = np.ones(len(alike), bool)
    while chain or open_.any():
        last = chain[-1] if chain else int(open_.argmax())
        near = int(alike[last].argmax())
        if len(chain) > 1 and alike[last, chain[-2]] >= alike[last, near]:
            near = chain[-2]
        if alike[last, near] < least:  # the first of a chain: what points to a row is near enough to it
            open_[last], alike[last], alike[:, last], chain = False, -np.inf, -np.inf, []
        elif len(chain) > 1 and near == chain[-2]:
            _join(alike, size, last, near)
            label[label == last], open_[last] = near, False
            chain = chain[:-2]
        else:
            chain = [*(chain or [last]), near]
    return label


def _join(alike: Floats, size: Floats, gone: int, kept: int) -> None:
    """Make one of two groups, in the place of `kept`."""
    total = size[gone] + size[kept]
    both = (alike[gone] * (size[gone] / total) + alike[kept] * (size[kept] / total)).astype(alike.dtype)
    alike[kept], alike[:, kept] = both, both
    alike[gone], alike[:, gone], alike[kept, kept] = -np.inf, -np.inf, -np.inf
    size[kept] = total

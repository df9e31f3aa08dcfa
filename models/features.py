"""How alike a passage is to each theme of the codebook, before anyone has decided anything.

Vectors are centred on the corpus, which removes what all its passages share. A theme has two sides: what it includes
(definition and examples) and what it excludes (near-misses); an encoder does not read a "not", so they stay apart.
Likeness is counted in standard deviations over a random background of the corpus, for the passage and for its best
sentence. Source: METHODS 1.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evidence import Evidence, Floats, Integers, Theme

PASSAGE, SENTENCE = 0, 1
INCLUDE, EXCLUDE = 0, 1


@dataclass(frozen=True)
class Likeness:
    """The codebook as directions in a corpus's vector space.

    centre: (d,) mean of the background's passages.
    sides: (2, c, d) include and exclude prototypes of length 1; a zero row where a theme has no such text.
    mean, spread: (2, 2, c) of the background's cosines, by unit (passage, sentence), side and code.
    """

    centre: Floats
    sides: Floats
    mean: Floats
    spread: Floats

    def measure(self, evidence: Evidence) -> Floats:
        """(2, 2, n, c) standard deviations over the background, by unit, side, passage and code."""
        return (self._cosines(evidence) - self.mean[:, :, None]) / self.spread[:, :, None]

    def sentence(self, evidence: Evidence) -> Floats:
        """(m, c) likeness of each sentence to what each theme includes."""
        cosines = centred(evidence.sentences, self.centre) @ self.sides[INCLUDE].T
        return np.asarray((cosines - self.mean[SENTENCE, INCLUDE]) / self.spread[SENTENCE, INCLUDE])

    def _cosines(self, evidence: Evidence) -> Floats:
        passages = centred(evidence.passages, self.centre)
        sentences = centred(evidence.sentences, self.centre)
        whole = np.stack([passages @ side.T for side in self.sides])
        best = np.stack(
            [best_of(sentences @ side.T, evidence.owner, like) for side, like in zip(self.sides, whole, strict=True)]
        )
        return np.stack([whole, best])


def fit_likeness(themes: Sequence[Theme], vectors: Mapping[str, Floats], background: Evidence) -> Likeness:
    """The codebook's directions, and what is usual in the background."""
    centre = background.passages.mean(axis=0)
    include = [_prototype([*theme.definition, *theme.examples], vectors, centre) for theme in themes]
    exclude = [_prototype([*theme.exclude, *theme.near_misses], vectors, centre) for theme in themes]
    sides = np.stack([np.stack(include), np.stack(exclude)])
    nothing = np.zeros((2, 2, len(themes)), np.float32)
    cosines = Likeness(centre, sides, nothing, nothing + 1)._cosines(background)
    spread = cosines.std(axis=2)
    return Likeness(centre, sides, cosines.mean(axis=2), np.where(spread > 0, spread, 1).astype(np.float32))


def centred(vectors: Floats, centre: Floats) -> Floats:
    """Unit vectors after the centre is taken away; a zero row (no vector) stays zero."""
    there = vectors.any(axis=1, keepdims=True)
    moved = np.where(there, vectors - centre, 0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0, lengths, 1), np.float32)


def best_of(values: Floats, owner: Integers, without: Floats) -> Floats:
    """(n, c) the highest of each passage's sentences in values (m, c); the row of `without` where it has none."""
    best = np.array(without, copy=True)
    owners, first = np.unique(owner, return_index=True)
    if len(owners):
        best[owners] = np.maximum.reduceat(values, first, axis=0)
    return best


def best_at(values: Floats, owner: Integers, count: int) -> Integers:
    """(count, c) which of its own sentences each passage's highest value in (m, c) is; -1 where it has none."""
    at = np.full((count, values.shape[1]), -1, np.int64)
    owners, first = np.unique(owner, return_index=True)
    for row, start, end in zip(owners, first, [*first[1:], len(owner)], strict=True):
        at[row] = values[start:end].argmax(axis=0)
    return at


def _prototype(texts: Sequence[str], vectors: Mapping[str, Floats], centre: Floats) -> Floats:
    if not texts:
        return np.zeros_like(centre)
    mean = centred(np.stack([vectors[text] for text in texts]), centre).mean(axis=0)
    length = np.linalg.norm(mean)
    return np.asarray(mean / length if length > 0 else mean, np.float32)

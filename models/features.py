"""How alike a passage is to each theme of the codebook, before anyone has decided anything.

Vectors are centred on the corpus, which removes what all its passages share. A theme has two sides, what it includes
and what it excludes: an encoder does not read a "not", so they stay apart. Likeness is counted in standard deviations
over a random background of the corpus, the mean of the passage's and of its best sentence's. Source: METHODS 1.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evidence import Evidence, Floats, Integers, Theme

INCLUDE, EXCLUDE = 0, 1


@dataclass(frozen=True)
class Features:
    """What the classifier sees of n passages with m sentences under c codes; a likeness's first axis is the side.

    passages: (n, d) and sentences: (m, d), centred. owner: (m,) row of each sentence's passage.
    likeness: (2, n, c). sentence_likeness: (2, m, c).
    """

    passages: Floats
    sentences: Floats
    owner: Integers
    likeness: Floats
    sentence_likeness: Floats


@dataclass(frozen=True)
class Likeness:
    """The codebook as directions in a corpus's vector space.

    centre: (d,) mean of the background's passages.
    sides: (2, c, d) include and exclude prototypes of length 1; a zero row where a theme has no such text.
    mean, spread: (2, 2, c) of the background's cosines: side, then passage or best sentence, then code.
    """

    centre: Floats
    sides: Floats
    mean: Floats
    spread: Floats

    def features(self, evidence: Evidence, context: float = 0.0) -> Features:
        """Vectors and likeness of a block; context is how much of the question's vector is added to the passage's."""
        passages = centred(evidence.passages, self.centre)
        sentences = centred(evidence.sentences, self.centre)
        mean, spread = self.mean[:, :, None], self.spread[:, :, None]
        whole = (passages @ self.sides.transpose(0, 2, 1) - mean[:, 0]) / spread[:, 0]
        parts = sentences @ self.sides.transpose(0, 2, 1)
        best = np.stack(
            [best_of(part, evidence.owner, passages @ side.T) for part, side in zip(parts, self.sides, strict=True)]
        )
        likeness = (whole + (best - mean[:, 1]) / spread[:, 1]) / 2
        if context:
            added = passages + context * centred(evidence.context, self.centre)
            passages = centred(added, np.zeros_like(self.centre))
        return Features(passages, sentences, evidence.owner, likeness, (parts - mean[:, 1]) / spread[:, 1])


def fit_likeness(themes: Sequence[Theme], vectors: Mapping[str, Floats], background: Evidence) -> Likeness:
    """The codebook's directions, and what is usual in the background."""
    centre = background.passages.mean(axis=0)

    def side(*kinds: Sequence[Sequence[str]]) -> Floats:
        found = sum(_contrast(texts, vectors, centre) for texts in kinds)
        return centred(np.asarray(found), np.zeros_like(centre))

    include = side([theme.definition for theme in themes], [theme.examples for theme in themes])
    exclude = side([theme.exclude for theme in themes], [theme.near_misses for theme in themes])
    passages = centred(background.passages, centre)
    sentences = centred(background.sentences, centre)
    mean, spread = [], []
    for prototypes in (include, exclude):
        whole = passages @ prototypes.T
        both = np.stack([whole, best_of(sentences @ prototypes.T, background.owner, whole)])
        mean.append(both.mean(axis=1))
        spread.append(both.std(axis=1))
    spreads = np.stack(spread)
    return Likeness(centre, np.stack([include, exclude]), np.stack(mean), np.where(spreads > 0, spreads, 1))


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
    for row, start, end in zip(owners, first, np.searchsorted(owner, owners, side="right"), strict=True):
        at[row] = values[start:end].argmax(axis=0)
    return at


def _contrast(texts: Sequence[Sequence[str]], vectors: Mapping[str, Floats], centre: Floats) -> Floats:
    """(c, d) what sets each theme's texts apart from the other themes' texts of that kind; a zero row where none.

    All definitions are alike in being definitions, so their own mean is taken away, with the corpus's mean counted as
    one theme more: a single theme is centred on the corpus, many are centred on each other.
    """
    means = np.zeros((len(texts), len(centre)), np.float32)
    for row, own in enumerate(texts):
        if own:
            means[row] = np.mean([vectors[text] for text in own], axis=0)
    common = (means.sum(axis=0) + centre) / (means.any(axis=1).sum() + 1)
    return centred(means, common)

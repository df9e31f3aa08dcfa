"""How alike a passage is to each theme of the codebook, before anyone has decided anything.

Vectors are centred on the corpus, which removes what all its passages share. A theme has two sides, what it includes
and what it excludes: an encoder does not read a "not", so they stay apart. Likeness is counted in standard deviations
over a random background of the corpus, the mean of the passage's and of its best sentence's. Source: METHODS 1.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.evidence import Evidence, Floats, Integers, Theme

INCLUDE, EXCLUDE, NEAR = 0, 1, 2
NEAREST, NEAR_SHARE = 3, 0.3  # so many examples nearest to a passage speak for that part of its likeness
AGAINST = 0.25  # of what a theme excludes, taken off while nobody has decided how much that tells
CONTEXT = 0.2  # of the question's vector, added to its answer's


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

    def undecided(self) -> tuple[Floats, Floats]:
        """(n, c) of passages and (m, c) of sentences: likeness to what is included, less some of what is excluded."""
        whole, parts = self.likeness, self.sentence_likeness
        return whole[INCLUDE] - AGAINST * whole[EXCLUDE], parts[INCLUDE] - AGAINST * parts[EXCLUDE]


@dataclass(frozen=True)
class Likeness:
    """The codebook as directions in a corpus's vector space.

    centre: (d,) mean of the background's passages.
    sides: (2, c, d) include and exclude prototypes of length 1; a zero row where a theme has no such text.
    examples: (e, d), centred, of the theme in column code: (e,).
    mean, spread: (3, 2, c) of the background: include, exclude, examples; then passage or best sentence; then code.
    """

    centre: Floats
    sides: Floats
    examples: Floats
    code: Integers
    mean: Floats
    spread: Floats

    def features(self, evidence: Evidence) -> Features:
        """Vectors and likeness of a block."""
        passages, sentences = _vectors(evidence, self.centre)
        whole, parts = self._cosines(passages), self._cosines(sentences)
        best = _best(parts, evidence.owner, whole)
        mean, spread = self.mean[:, :, None], self.spread[:, :, None]
        likeness = ((whole - mean[:, 0]) / spread[:, 0] + (best - mean[:, 1]) / spread[:, 1]) / 2
        return Features(
            passages, sentences, evidence.owner, self._sides(likeness), self._sides((parts - mean[:, 1]) / spread[:, 1])
        )

    def on(self, background: Evidence) -> "Likeness":
        """The same directions, counted in standard deviations over this background."""
        passages, sentences = _vectors(background, self.centre)
        whole = self._cosines(passages)
        both = np.stack([whole, _best(self._cosines(sentences), background.owner, whole)], axis=1)
        spread = both.std(axis=2)
        return replace(self, mean=both.mean(axis=2), spread=np.where(spread > 0, spread, 1))

    def _cosines(self, vectors: Floats) -> Floats:
        """(3, n, c) cosines to both prototypes, and the mean one to the nearest few examples."""
        found = np.zeros((3, len(vectors), self.sides.shape[1]))
        found[: len(self.sides)] = vectors @ self.sides.transpose(0, 2, 1)
        for column in np.unique(self.code):
            alike = np.sort(vectors @ self.examples[self.code == column].T, axis=1)
            found[NEAR, :, column] = alike[:, -NEAREST:].mean(axis=1)
        return found

    def _sides(self, likeness: Floats) -> Floats:
        share = NEAR_SHARE * np.isin(np.arange(likeness.shape[2]), self.code)
        include = (1 - share) * likeness[INCLUDE] + share * likeness[NEAR]
        return np.stack([include, likeness[EXCLUDE]])


def fit_likeness(themes: Sequence[Theme], vectors: Mapping[str, Floats], background: Evidence) -> Likeness:
    """The codebook's directions, and what is usual in the background."""
    centre = background.passages.mean(axis=0)

    def side(*kinds: Sequence[Sequence[str]]) -> Floats:
        found = sum(_contrast(texts, vectors, centre) for texts in kinds)
        return centred(np.asarray(found), np.zeros_like(centre))

    include = side([theme.definition for theme in themes], [theme.examples for theme in themes])
    exclude = side([theme.exclude for theme in themes], [theme.near_misses for theme in themes])
    own = [vectors[text] for theme in themes for text in theme.examples]
    examples = centred(np.stack(own), centre) if own else np.empty((0, len(centre)), np.float32)
    code = np.repeat(np.arange(len(themes)), [len(theme.examples) for theme in themes])
    nothing = np.zeros((3, 2, len(themes)))
    return Likeness(centre, np.stack([include, exclude]), examples, code, nothing, nothing + 1).on(background)


def _vectors(evidence: Evidence, centre: Floats) -> tuple[Floats, Floats]:
    """Centred passages, each with some of its question, and centred sentences."""
    turned = centred(evidence.passages, centre) + CONTEXT * centred(evidence.context, centre)
    return centred(turned, np.zeros_like(centre)), centred(evidence.sentences, centre)


def _best(parts: Floats, owner: Integers, whole: Floats) -> Floats:
    return np.stack([best_of(part, owner, without) for part, without in zip(parts, whole, strict=True)])


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

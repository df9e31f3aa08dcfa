"""Training on what people decided, and the scores of it from models that did not see the document it is in.

Those out-of-fold scores set the thresholds, and they are the only scores ever given for a passage that was trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.classifier import Linear, Rows, fit, folds
from models.evidence import Evidence, Floats, Integers, Theme, joined
from models.features import Features, Likeness, centred
from models.words import Words, fit_words

FOLDS = 5
STRENGTH = 3.0  # choosing it by cross-validation was slower and no better: see docs/measured.md
PRESUMED, PRESUMED_WEIGHT = 100, 0.5  # unread passages taken for a no of every code
CODEBOOK_WEIGHT = 0.3  # of an example or a near-miss beside a decided passage
WORDS_STRENGTH, WORDS_SHARE, WORDS_HALF = 10.0, 0.5, 16  # words weigh 0.25 at 16 positives, 0.5 at many


@dataclass(frozen=True)
class Blend:
    """A model of vectors and a model of words; share: (c,) of the words in each code's logit."""

    linear: Linear
    words: Words
    counts: Linear
    share: Floats

    def passages(self, features: Features, words: Any) -> Floats:
        """(n, c) logits; words: (n, v) as `Words.vectors` gives them."""
        return (1 - self.share) * self.linear.passages(features) + self.share * self.counts.plain(words)


@dataclass(frozen=True)
class Training:
    """All that is learned from: n passages, the decided ones first, then the codebook's b examples and near-misses.

    labels: (n, c), nan for passages that nobody decided on. targets, weights: (n + b, c). fold: (n,).
    codebook: (b, d) centred. words: of the corpus; counts: (n + b, v) its vectors. share: (c,) as in `Blend`.
    """

    evidence: Evidence
    labels: Floats
    targets: Floats
    weights: Floats
    fold: Integers
    codebook: Floats
    words: Words
    counts: Any
    share: Floats

    def vector_rows(self, features: Features) -> Rows:
        """Passages and codebook as vectors; a codebook text's likeness to itself says nothing, so it has none."""
        nothing = np.zeros((2, *self.targets[len(self.labels) :].shape))
        return Rows(
            np.concatenate([features.passages, self.codebook]),
            np.concatenate([features.likeness, nothing], axis=1),
            self.targets,
            self.weights,
        )

    def word_rows(self) -> Rows:
        """Passages and codebook as words."""
        return Rows(self.counts, np.empty((0, *self.targets.shape)), self.targets, self.weights)

    def fitted(self, likeness: Likeness) -> Blend:
        """The models of all of it."""
        linear = fit(self.vector_rows(likeness.features(self.evidence)), STRENGTH)
        return Blend(linear, self.words, fit(self.word_rows(), WORDS_STRENGTH), self.share)


def prepare(labelled: Evidence, labels: Floats, groups: Integers, background: Evidence, seed: int) -> Training:
    """Decided passages, and a random few of the unread ones taken for a no; `with_codebook` adds the rest."""
    unread = np.flatnonzero(~np.isin(background.keys, labelled.keys))
    drawn = np.sort(np.random.default_rng(seed).permutation(unread)[:PRESUMED])
    presumed = background.rows(drawn)
    nothing = np.full((len(drawn), labels.shape[1]), np.nan)
    fold = folds(labels, groups if len(np.unique(groups)) > 1 else np.arange(len(labels)), FOLDS)
    # neighbours in a document have neighbouring keys, so whole stretches of keys go into one fold
    stretch = np.argsort(np.argsort(presumed.keys)) * (fold.max() + 1) // max(1, len(drawn))
    positives = np.nansum(labels, axis=0)
    evidence = joined(labelled, presumed)
    words = fit_words([*labelled.texts, *(background.texts[row] for row in unread)])
    return Training(
        evidence,
        np.concatenate([labels, nothing]),
        np.concatenate([np.nan_to_num(labels), np.zeros_like(nothing)]),
        np.concatenate([(~np.isnan(labels)).astype(float), np.full_like(nothing, PRESUMED_WEIGHT)]),
        np.concatenate([fold, stretch]),
        np.empty((0, labelled.passages.shape[1])),
        words,
        words.vectors(evidence.texts),
        WORDS_SHARE * positives / (positives + WORDS_HALF),
    )


def with_codebook(
    training: Training, themes: Sequence[Theme], vectors: Mapping[str, Floats], likeness: Likeness
) -> Training:
    """Examples as a yes and near-misses as a no, each for its own code, added to what is learned from."""
    texts: list[str] = []
    targets, weights = [training.targets], [training.weights]
    for column, theme in enumerate(themes):
        own = np.zeros((len(theme.examples) + len(theme.near_misses), len(themes)))
        weights.append(own.copy())
        weights[-1][:, column] = CODEBOOK_WEIGHT
        own[: len(theme.examples), column] = 1
        targets.append(own)
        texts += [*theme.examples, *theme.near_misses]
    if not texts:
        return training
    return Training(
        training.evidence,
        training.labels,
        np.concatenate(targets),
        np.concatenate(weights),
        training.fold,
        centred(np.stack([vectors[text] for text in texts]), likeness.centre),
        training.words,
        training.words.vectors([*training.evidence.texts, *texts]),
        training.share,
    )


def held_out(training: Training, likeness: Likeness) -> Floats:
    """(n, c) logits of each passage from a blend that saw nothing of its fold."""
    features = likeness.features(training.evidence)
    vectors, words = training.vector_rows(features), training.word_rows()
    logits = np.zeros(training.labels.shape)
    for fold in range(int(training.fold.max()) + 1):
        out = np.flatnonzero(training.fold == fold)
        inside = np.concatenate([training.fold != fold, np.ones(len(training.codebook), bool)])
        linear, counts = fit(vectors.where(inside), STRENGTH), fit(words.where(inside), WORDS_STRENGTH)
        blend = Blend(linear, training.words, counts, training.share)
        logits[out] = blend.passages(features, training.counts[: len(logits)])[out]
    return logits

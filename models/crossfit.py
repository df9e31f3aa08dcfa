"""Training on what people decided, and the scores of it from models that did not see the document it is in.

Those out-of-fold scores choose how strongly the models are held to the codebook and whether the question is read with
the answer, they set the thresholds, and they are the only scores ever given for a passage that was trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.classifier import Linear, Rows, fit, folds, log_loss
from models.evidence import Evidence, Floats, Integers, Theme, joined
from models.features import Features, Likeness, centred
from models.words import Words, fit_words

FOLDS = 5
STRENGTH = 3.0  # choosing it by cross-validation was slower and no better: see docs/measured-models.md
CONTEXTS = (0.0, 0.3)  # how much of the question's vector is added to the answer's
ENOUGH = 16  # positives, all codes together, from which cross-validation says whether the question helps
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
        return Rows(self.counts, np.zeros((2, *self.targets.shape)), self.targets, self.weights)

    def fitted(self, likeness: Likeness, context: float) -> Blend:
        """The models of all of it."""
        linear = fit(self.vector_rows(likeness.features(self.evidence, context)), STRENGTH)
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
    words = fit_words([*labelled.texts, *(background.texts[row] for row in unread)], labelled.texts)
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


def held_out(training: Training, likeness: Likeness) -> tuple[float, Floats]:
    """How much of the question to read with the answer, and the out-of-fold logits (n, c) of that.

    It is what gives the least log-loss over all that people decided.
    """
    enough = np.nansum(training.labels == 1) >= ENOUGH and training.evidence.context.any()
    words = _words_apart(training)
    tried = [
        (context, _vectors_apart(training, likeness, context)) for context in (CONTEXTS if enough else CONTEXTS[:1])
    ]
    blended = [(context, (1 - training.share) * found + training.share * words) for context, found in tried]
    return min(blended, key=lambda one: log_loss(one[1], training.labels))


def _vectors_apart(training: Training, likeness: Likeness, context: float) -> Floats:
    features = likeness.features(training.evidence, context)
    rows = training.vector_rows(features)
    logits = np.zeros(training.labels.shape)
    for fold in range(int(training.fold.max()) + 1):
        out = training.fold == fold
        logits[out] = fit(rows.where(_inside(training, fold)), STRENGTH).passages(features)[out]
    return logits


def _words_apart(training: Training) -> Floats:
    rows = training.word_rows()
    logits = np.zeros(training.labels.shape)
    for fold in range(int(training.fold.max()) + 1):
        out = np.flatnonzero(training.fold == fold)
        logits[out] = fit(rows.where(_inside(training, fold)), WORDS_STRENGTH).plain(training.counts[out])
    return logits


def _inside(training: Training, fold: int) -> Any:
    codebook = np.ones(len(training.codebook), bool)
    return np.concatenate([training.fold != fold, codebook])

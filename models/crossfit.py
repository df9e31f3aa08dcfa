"""Scores of what people decided, from models that did not see the document it is in.

They choose how strongly the models are held to the codebook and whether the question is read with the answer, they set
the thresholds, and they are the only scores ever given for a passage that was trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.classifier import Linear, Rows, fit, folds, log_loss
from models.evidence import Evidence, Floats, Integers, Theme
from models.features import Features, Likeness, centred

FOLDS = 5
STRENGTH, STRENGTHS = 3.0, (0.3, 1.0, 3.0, 10.0, 30.0)
CONTEXTS = (0.0, 0.3)  # how much of the question's vector is added to the answer's
ENOUGH = 16  # positives, all codes together, from which the settings are chosen by cross-validation
PRESUMED, PRESUMED_WEIGHT = 100, 0.5  # unread passages taken for a no of every code
CODEBOOK_WEIGHT = 0.3  # of an example or a near-miss beside a decided passage


@dataclass(frozen=True)
class Training:
    """All that is learned from.

    evidence: n passages, the decided ones first. labels: (n, c), nan for the others. targets, weights: (n, c).
    fold: (n,). codebook: examples and near-misses, in training in every fold.
    """

    evidence: Evidence
    labels: Floats
    targets: Floats
    weights: Floats
    fold: Integers
    codebook: Rows

    def rows(self, features: Features) -> Rows:
        """The passages and the codebook as training rows."""
        return Rows(
            np.concatenate([features.passages, self.codebook.vectors]),
            np.concatenate([features.likeness, self.codebook.likeness], axis=1),
            np.concatenate([self.targets, self.codebook.targets]),
            np.concatenate([self.weights, self.codebook.weights]),
        )

    def fitted(self, likeness: Likeness, strength: float, context: float) -> Linear:
        """The model of all of it."""
        return fit(self.rows(likeness.features(self.evidence, context)), strength)


@dataclass(frozen=True)
class Held:
    """Out-of-fold logits (n, c) of one setting."""

    strength: float
    context: float
    logits: Floats


def prepare(
    labelled: Evidence, labels: Floats, groups: Integers, background: Evidence, codebook: Rows, seed: int
) -> Training:
    """Decided passages, and a random few of the unread ones taken for a no."""
    unread = np.flatnonzero(~np.isin(background.keys, labelled.keys))
    drawn = np.sort(np.random.default_rng(seed).permutation(unread)[:PRESUMED])
    presumed = background.rows(drawn)
    nothing = np.full((len(drawn), labels.shape[1]), np.nan)
    apart = groups if len(np.unique(groups)) > 1 else np.arange(len(labels))
    fold = folds(labels, apart, FOLDS)
    # neighbours in a document have neighbouring keys, so whole stretches of keys go into one fold
    stretch = np.argsort(np.argsort(presumed.keys)) * (fold.max() + 1) // max(1, len(drawn))
    return Training(
        joined(labelled, presumed),
        np.concatenate([labels, nothing]),
        np.concatenate([np.nan_to_num(labels), np.zeros_like(nothing)]),
        np.concatenate([(~np.isnan(labels)).astype(float), np.full_like(nothing, PRESUMED_WEIGHT)]),
        np.concatenate([fold, stretch]),
        codebook,
    )


def joined(first: Evidence, second: Evidence) -> Evidence:
    """The passages of both, first's before second's."""
    return Evidence(
        np.concatenate([first.keys, second.keys]),
        [*first.texts, *second.texts],
        np.concatenate([first.passages, second.passages]),
        np.concatenate([first.sentences, second.sentences]),
        np.concatenate([first.owner, second.owner + len(first.keys)]),
        np.concatenate([first.context, second.context]),
    )


def codebook_rows(themes: Sequence[Theme], vectors: Mapping[str, Floats], likeness: Likeness) -> Rows:
    """Examples as a yes and near-misses as a no, each for its own code; their likeness to themselves is left out."""
    texts, columns, targets = [], [], []
    for column, theme in enumerate(themes):
        own = [(text, 1.0) for text in theme.examples] + [(text, 0.0) for text in theme.near_misses]
        texts += [vectors[text] for text, _ in own]
        targets += [target for _, target in own]
        columns += [column] * len(own)
    shape = (len(texts), len(themes))
    weights = np.zeros(shape)
    weights[np.arange(len(texts)), columns] = CODEBOOK_WEIGHT
    found = centred(np.stack(texts), likeness.centre) if texts else np.empty((0, len(likeness.centre)))
    return Rows(found, np.zeros((2, *shape)), np.repeat(targets, len(themes)).reshape(shape), weights)


def held_out(training: Training, likeness: Likeness) -> Held:
    """The out-of-fold logits under the best setting: least pooled log-loss over what people decided."""
    enough = np.nansum(training.labels == 1) >= ENOUGH
    strengths = STRENGTHS if enough else (STRENGTH,)
    contexts = CONTEXTS if enough and training.evidence.context.any() else CONTEXTS[:1]
    tried = [held for context in contexts for held in _each_strength(training, likeness, context, strengths)]
    return min(tried, key=lambda held: log_loss(held.logits, training.labels))


def _each_strength(training: Training, likeness: Likeness, context: float, strengths: Sequence[float]) -> list[Held]:
    features = likeness.features(training.evidence, context)
    rows = training.rows(features)
    logits = np.zeros((len(strengths), *training.labels.shape))
    for fold in range(int(training.fold.max()) + 1):
        out = training.fold == fold
        inside = np.concatenate([~out, np.ones(len(training.codebook.targets), bool)])
        linear = None
        for at, strength in enumerate(strengths):
            linear = fit(rows.where(inside), strength, linear)
            logits[at, out] = linear.passages(features)[out]
    return [Held(strength, context, found) for strength, found in zip(strengths, logits, strict=True)]

"""Training on what people decided, and the scores of it from models that did not see the document it is in.

Those out-of-fold scores set the thresholds, and they are the only scores ever given for a passage that was trained on.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.axes import Axes, along, among
from models.classifier import Linear, Rows, fit, folds
from models.evidence import Evidence, Flags, Floats, Integers, Theme, joined
from models.features import Features, Likeness, centred
from models.words import Words, fit_words

FOLDS = 5
STRENGTH = 3.0  # choosing it by cross-validation was slower and no better: see docs/measured.md
PRESUMED, PRESUMED_WEIGHT = 100, 0.5  # unread passages taken for a no of every code
CODEBOOK_WEIGHT = 0.3  # of an example or a near-miss beside a decided passage
WORDS_STRENGTH, WORDS_SHARE, WORDS_HALF = 10.0, 0.65, 8  # words weigh half of WORDS_SHARE at 8 positives
ROWS = 6000  # decided passages learned from, at most
ALONE = -1  # the fold of what is in none


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
    """All that is learned from: m of the n passages given, then the codebook's b examples and near-misses.

    evidence, labels (n, c), fold (n,), pieces (n, v): every passage given, the decided ones first; labels are nan where
    nobody decided, pieces as `Words.vectors` has them. vectors, counts: the m + b rows' axes; likeness: (2, m + b, c).
    yes, no: (m + b, c) weights. within: (m + b,) fold of each, ALONE for the codebook. share: (c,) as in `Blend`.
    """

    evidence: Evidence
    labels: Floats
    fold: Integers
    pieces: Any
    vectors: Axes
    likeness: Floats
    words: Words
    counts: Axes
    yes: Floats
    no: Floats
    within: Integers
    share: Floats

    def fitted(self, without: int | None = None) -> Blend:
        """The models of all of it, or of all that is not in a fold."""
        inside = self.within != without if without is not None else np.ones(len(self.within), bool)
        linear = fit(Rows(self.vectors, self.likeness, self.yes, self.no).where(inside), STRENGTH)
        nothing = np.empty((0, *self.yes.shape))
        counts = fit(Rows(self.counts, nothing, self.yes, self.no).where(inside), WORDS_STRENGTH)
        return Blend(linear, self.words, counts, self.share)


@dataclass(frozen=True)
class Decided:
    """n passages that people decided on. labels: (n, c), nan where nobody did. groups: (n,) their documents."""

    evidence: Evidence
    labels: Floats
    groups: Integers


def prepare(
    themes: Sequence[Theme],
    vectors: Mapping[str, Floats],
    decided: Decided,
    background: Evidence,
    likeness: Likeness,
    seed: int,
) -> Training:
    """Decided passages, a random few of the unread ones taken for a no, and the codebook's examples and near-misses."""
    unread = np.flatnonzero(~np.isin(background.keys, decided.evidence.keys))
    drawn = np.sort(np.random.default_rng(seed).permutation(unread)[:PRESUMED])
    presumed = background.rows(drawn)
    evidence, labels = joined(decided.evidence, presumed), decided.labels
    fold = np.concatenate([_folds(decided), _stretches(decided, presumed)])
    rows, weights = _learned_from(labels, seed)
    given = np.concatenate([rows, np.arange(len(labels), len(evidence.keys))])
    own = evidence if len(given) == len(evidence.keys) else evidence.rows(given)
    texts, book_yes, book_no = _codebook(themes)
    none = np.zeros((len(drawn), labels.shape[1]))
    features = likeness.features(own)
    book = centred(np.stack([vectors[text] for text in texts]), likeness.centre) if texts else features.passages[:0]
    words = fit_words([*own.texts, *(background.texts[row] for row in unread)])
    pieces = words.vectors([*evidence.texts, *texts])
    positives = np.nansum(labels, axis=0)
    return Training(
        evidence=evidence,
        labels=np.concatenate([labels, none + np.nan]),
        fold=fold,
        pieces=pieces[: len(evidence.keys)],
        vectors=along(np.concatenate([features.passages, book])),
        # a codebook text's likeness to itself says nothing, so it has none
        likeness=np.concatenate([features.likeness, np.zeros((2, *book_yes.shape))], axis=1),
        words=words,
        counts=among(pieces[np.concatenate([given, np.arange(len(evidence.keys), pieces.shape[0])])], seed),
        yes=np.concatenate([np.nan_to_num(labels[rows]) * weights, none, book_yes]),
        no=np.concatenate([np.nan_to_num(1 - labels[rows]) * weights, none + PRESUMED_WEIGHT, book_no]),
        within=np.concatenate([fold[given], np.full(len(texts), ALONE)]),
        share=WORDS_SHARE * positives / (positives + WORDS_HALF),
    )


def held_out(training: Training, likeness: Likeness) -> Floats:
    """(n, c) logits of each passage from a blend that saw nothing of its fold."""
    logits = np.zeros(training.labels.shape)

    def held(fold: int) -> None:
        out = np.flatnonzero(training.fold == fold)
        features = likeness.features(training.evidence.rows(out))
        logits[out] = training.fitted(without=fold).passages(features, training.pieces[out])

    with ThreadPoolExecutor(min(FOLDS, os.cpu_count() or 1)) as pool:
        list(pool.map(held, range(int(training.fold.max()) + 1)))
    return logits


def _folds(decided: Decided) -> Integers:
    groups = decided.groups if len(np.unique(decided.groups)) > 1 else np.arange(len(decided.groups))
    return folds(decided.labels, groups, FOLDS)


def _stretches(decided: Decided, presumed: Evidence) -> Integers:
    """Folds of passages without a document: neighbours in one have neighbouring keys, so whole stretches of keys."""
    count = min(FOLDS, len(np.unique(decided.groups)) if len(np.unique(decided.groups)) > 1 else len(decided.groups))
    return np.asarray(np.argsort(np.argsort(presumed.keys)) * count // max(1, len(presumed.keys)))


def _learned_from(labels: Floats, seed: int) -> tuple[Integers, Floats]:
    """Which m decided passages are learned from, and the weight (m, 1) of each.

    Of very many, first those with a yes, in which there is most to learn, and of the rest some that stand for all.
    """
    if len(labels) <= ROWS:
        return np.arange(len(labels)), np.ones((len(labels), 1))
    mixed = np.random.default_rng(seed).permutation(len(labels))
    positive = np.nansum(labels, axis=1)[mixed] > 0
    kept: list[Integers] = []
    weights: list[Floats] = []
    for rows in (mixed[positive], mixed[~positive]):
        some = rows[: max(ROWS // 2, ROWS - len(mixed) + len(rows))]
        kept.append(some)
        weights.append(np.full(len(some), len(rows) / max(1, len(some))))
    order = np.argsort(np.concatenate(kept))
    return np.concatenate(kept)[order], np.concatenate(weights)[order, None]


def _codebook(themes: Sequence[Theme]) -> tuple[list[str], Floats, Floats]:
    """The b examples and near-misses of a codebook, and (b, c) weights of their yes and no, each for its own code."""
    texts = [text for theme in themes for text in (*theme.examples, *theme.near_misses)]
    own = np.repeat(np.eye(len(themes)), [len(theme.examples) + len(theme.near_misses) for theme in themes], axis=0)
    yes: list[Flags] = [np.arange(len(t.examples) + len(t.near_misses)) < len(t.examples) for t in themes]
    said = np.concatenate([*yes, np.empty(0, bool)])[:, None]
    return texts, CODEBOOK_WEIGHT * own * said, CODEBOOK_WEIGHT * own * ~said

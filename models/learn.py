"""The models room's story: a codebook, what people decided and a sample of the corpus in; a model that scores out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.classifier import sigmoid
from models.crossfit import Blend, Decided, Training, held_out, prepare
from models.cuts import cuts
from models.evidence import LIKENESS, SCORE, Evidence, Flags, Floats, Integers, Reason, Scores, Theme
from models.explain import Library, gather
from models.features import Features, Likeness, best_at, fit_likeness
from models.mixing import Deep, Mix, mixed

__all__ = ["LIKENESS", "SCORE", "Evidence", "Model", "Reason", "Scores", "Theme", "learn"]
FEWEST = 4  # decisions of either kind before a code is learned: see docs/measured.md


@dataclass(frozen=True)
class Trained:
    """What people's decisions added to the likeness.

    columns: (t,) the codes with decisions enough. keys: (k,) rising, the passages trained on. held: (k, t) their scores
    from models that did not see their document. deep: an adapted encoder, mix: (t,) how much it counts; None for none.
    """

    blend: Blend
    columns: Integers
    keys: Integers
    held: Floats
    deep: Deep | None = None
    mix: Mix | None = None

    def score(self, features: Features, evidence: Evidence) -> Floats:
        """(n, t) between 0 and 1: out of fold for passages that were trained on."""
        words = self.blend.words.vectors(evidence.texts)
        logits = self.blend.passages(features, words)[:, self.columns]
        if self.deep and self.mix:
            logits = self.mix.of(logits, self.deep.logits(evidence)[:, self.columns])
        score = sigmoid(logits)
        place = np.minimum(np.searchsorted(self.keys, evidence.keys), len(self.keys) - 1)
        seen = self.keys[place] == evidence.keys
        score[seen] = self.held[place[seen]]
        return score


@dataclass(frozen=True)
class Model:
    """What `learn` found; it holds no corpus, and scores any block of passages.

    codes: c ids. kind: c times "likeness" (standard deviations over the corpus's mean) or "score" (0 to 1, no
    probability), which is what a code has once people decided FEWEST yes and FEWEST no. thresholds: (c,).
    """

    codes: tuple[str, ...]
    kind: tuple[str, ...]
    thresholds: Floats
    likeness: Likeness
    library: Library
    trained: Trained | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The texts and decided passages that a suggestion can rest on; `Scores.because` points into it."""
        return self.library.reasons

    @property
    def adapted(self) -> Floats:
        """(c,) the share that an adapted encoder has in each score; 0 where it wins nothing or there is none."""
        share = np.zeros(len(self.codes))
        if self.trained and self.trained.mix:
            share[self.trained.columns] = self.trained.mix.share
        return share

    def rough(self, evidence: Evidence) -> Floats:
        """(n, c) by vectors alone, for finding what is worth scoring: nearly the order of `score`, on another scale.

        It reads no text, and takes a fifth of the time.
        """
        features = self.likeness.features(evidence)
        score = features.undecided()[0]
        if self.trained:
            score[:, self.trained.columns] = self.trained.blend.linear.passages(features)[:, self.trained.columns]
        return score.astype(np.float32)

    def score(self, evidence: Evidence) -> Scores:
        """Score a block of passages, each by itself: blocks of any size give the same.

        A passage that was learned from gets its out-of-fold score, never the one of a model that saw its document.
        """
        features = self.likeness.features(evidence)
        score, sentences = features.undecided()
        if self.trained:
            columns = self.trained.columns
            score[:, columns] = self.trained.score(features, evidence)
            sentences[:, columns] = self.trained.blend.linear.sentences(features)[:, columns]
        score = score.astype(np.float32)
        sentence = best_at(sentences, evidence.owner, len(evidence.keys))
        because = self.library.nearest(evidence, sentence, self.likeness.centre)
        return Scores(score, score >= self.thresholds, sentence, because)


def learn(  # noqa: PLR0913 - one story, told with all it needs
    themes: Sequence[Theme],
    theme_vectors: Mapping[str, Floats],
    labelled: Evidence,
    labels: Floats,
    groups: Integers,
    background: Evidence,
    seed: int = 0,
    expected: float = 0.05,
    deep: Deep | None = None,
) -> Model:
    """A model of these themes.

    theme_vectors: the vector of every text of every theme. labelled: n passages that people decided on.
    labels: (n, c) 1 yes, 0 no, 0.5 people disagree, nan not decided. groups: (n,) number of each passage's document.
    background: a random sample of the corpus, about 2,000 passages. expected: share of passages that carry a code.
    A code with fewer than FEWEST yes or fewer than FEWEST no stays a likeness, of which that share is suggested. The
    same input and seed give the same model. deep: an encoder adapted to decisions, which counts as it wins out of fold.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, user_api="blas"):  # small matrices: threads would only wait for each other
        likeness = fit_likeness(themes, theme_vectors, background)
        features = likeness.features(background)
        thresholds = np.quantile(features.undecided()[0], 1 - expected, axis=0)
        columns = np.flatnonzero(np.minimum((labels == 1).sum(axis=0), (labels == 0).sum(axis=0)) >= FEWEST)
        trained = None
        if len(columns):
            decided = Decided(labelled, labels, groups)
            training = prepare(themes, theme_vectors, decided, background, likeness, seed)
            trained, held = _trained(training, likeness, columns, deep)
            unread = trained.score(features, background)
            unread[_decided(labelled, labels[:, columns], background)] = np.nan
            thresholds[columns] = cuts(held, training.labels[:, columns], unread, expected)
    kind = tuple(SCORE if column in columns else LIKENESS for column in range(len(themes)))
    library = gather(themes, theme_vectors, labelled, labels == 1, likeness.centre)
    return Model(tuple(theme.id for theme in themes), kind, thresholds, likeness, library, trained)


def _trained(training: Training, likeness: Likeness, columns: Integers, deep: Deep | None) -> tuple[Trained, Floats]:
    logits, mix = held_out(training, likeness)[:, columns], None
    if deep:
        said = deep.held(training.evidence)[:, columns]
        mix = mixed(logits, said, training.labels[:, columns])
        logits = mix.of(logits, said)
    scores = sigmoid(logits)
    order = np.argsort(training.evidence.keys)
    blend = training.fitted()
    trained = Trained(blend, columns, training.evidence.keys[order], scores[order], deep, mix)
    return trained, scores


def _decided(labelled: Evidence, labels: Floats, background: Evidence) -> Flags:
    """(b, c) whether a passage of the background is one that people decided on."""
    keys = [labelled.keys[~np.isnan(column)] for column in labels.T]
    return np.stack([np.isin(background.keys, own) for own in keys], axis=1)

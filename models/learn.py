"""The models room's story: a codebook, what people decided and a sample of the corpus in; a model that scores out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evidence import LIKENESS, SCORE, Evidence, Floats, Integers, Reason, Scores, Theme
from models.explain import Library, gather
from models.features import INCLUDE, Likeness, best_at, fit_likeness

__all__ = ["LIKENESS", "SCORE", "Evidence", "Model", "Reason", "Scores", "Theme", "learn"]


@dataclass(frozen=True)
class Model:
    """What `learn` found; it holds no corpus, and scores any block of passages.

    codes: c ids. kind: c times "likeness" or "score". thresholds: (c,). reasons: what `Scores.because` points into.
    """

    codes: tuple[str, ...]
    kind: tuple[str, ...]
    thresholds: Floats
    likeness: Likeness
    library: Library

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The texts and decided passages that a suggestion can rest on."""
        return self.library.reasons

    def score(self, evidence: Evidence) -> Scores:
        """Score a block of passages, each by itself: blocks of any size give the same."""
        measured = self.likeness.measure(evidence)
        score = measured[:, INCLUDE].mean(axis=0)
        sentence = best_at(self.likeness.sentence(evidence), evidence.owner, len(evidence.keys))
        because = self.library.nearest(evidence, sentence, self.likeness.centre)
        return Scores(score.astype(np.float32), score >= self.thresholds, sentence, because)


def learn(  # noqa: PLR0913 - one story, told with all it needs
    themes: Sequence[Theme],
    theme_vectors: Mapping[str, Floats],
    labelled: Evidence,
    labels: Floats,
    groups: Integers,
    background: Evidence,
    seed: int = 0,
    expected: float = 0.05,
) -> Model:
    """A model of these themes.

    theme_vectors: the vector of every text of every theme. labelled: n passages that people decided on.
    labels: (n, c) 1 yes, 0 no, 0.5 people disagree, nan not decided. groups: (n,) number of each passage's document.
    background: a random sample of the corpus, about 2,000 passages. expected: share of passages that carry a code,
    suggested while a code has no decisions. The same input and seed give the same model.
    """
    likeness = fit_likeness(themes, theme_vectors, background)
    usual = likeness.measure(background)[:, INCLUDE].mean(axis=0)
    thresholds = np.quantile(usual, 1 - expected, axis=0)
    library = gather(themes, theme_vectors, labelled, labels == 1, likeness.centre)
    return Model(tuple(t.id for t in themes), (LIKENESS,) * len(themes), thresholds, likeness, library)

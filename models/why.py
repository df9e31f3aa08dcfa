"""Why a code's score of a passage is what it is: the parts it is the sum of, and what is nearest to the passage."""

from dataclasses import dataclass

import numpy as np

from models.classifier import PRIOR, sigmoid
from models.evidence import SCORE, Evidence, Floats, Integers
from models.features import AGAINST, Features, centred
from models.learn import Model, Trained


@dataclass(frozen=True)
class Parts:
    """A code's score of one passage, taken apart.

    kind: as in `Model.kind`. start: what every passage has. meaning: what its vectors add. include, exclude: what its
    likeness to either side of the codebook adds. terms, words: w of its terms, and what each adds (w,). held: the model
    learned from this passage, so `Model.score` has it from another one that had not; these are the parts of the first.
    """

    kind: str
    start: float
    meaning: float
    include: float
    exclude: float
    terms: tuple[str, ...]
    words: Floats
    held: bool = False

    @property
    def total(self) -> float:
        """The sum of all parts: the logit of a score, or a likeness itself."""
        return self.start + self.meaning + self.include + self.exclude + float(self.words.sum())

    @property
    def score(self) -> float:
        """What the total is on the scale of `Model.score`."""
        return float(sigmoid(np.array(self.total))) if self.kind == SCORE else self.total


def contributions(model: Model, evidence: Evidence, column: int) -> Parts:
    """What adds to the score of the code in this column of one passage: `evidence` has that passage alone."""
    features = model.likeness.features(evidence)
    if model.trained and model.kind[column] == SCORE:
        return _learned(model.trained, features, evidence, column)
    include, exclude = features.likeness[:, 0, column] * (1, -AGAINST)
    return Parts(model.kind[column], 0.0, 0.0, float(include), float(exclude), (), np.empty(0))


def nearest(evidence: Evidence, sentence: int, vectors: Floats, centre: Floats) -> Integers:
    """(r,) the rows of vectors (r, d), centred, from the nearest to one passage, or to that sentence of it, on.

    sentence: -1 for none. `evidence` has that passage alone.
    """
    own = centred(np.concatenate([evidence.passages, evidence.sentences[max(sentence, 0) : sentence + 1]]), centre)
    return np.argsort(-(vectors @ own.T).max(axis=1), kind="stable")


def _learned(trained: Trained, features: Features, evidence: Evidence, column: int) -> Parts:
    """Of the passage and of its best sentence each half, and of its words their share."""
    linear, share = trained.blend.linear, float(trained.blend.share[column])
    vector, likeness = features.passages[0], features.likeness[:, 0, column]
    if len(features.sentences):
        best = int(linear.sentences(features)[:, column].argmax())
        vector = (vector + features.sentences[best]) / 2
        likeness = (likeness + features.sentence_likeness[:, best, column]) / 2
    include, exclude = (1 - share) * PRIOR * linear.likeness[:, column] * likeness
    start = (1 - share) * linear.intercept[column] + share * trained.blend.counts.intercept[column]
    meaning = (1 - share) * (vector @ linear.weights[:, column])
    terms, words = _words(trained, evidence, column)
    held = bool(np.isin(evidence.keys[0], trained.keys))
    return Parts(SCORE, float(start), float(meaning), float(include), float(exclude), terms, share * words, held)


def _words(trained: Trained, evidence: Evidence, column: int) -> tuple[tuple[str, ...], Floats]:
    """The passage's terms, and what each adds to the logit of the model of words."""
    vectors = trained.blend.words.vectors(evidence.texts)
    row = np.asarray(vectors.todense() if hasattr(vectors, "todense") else vectors)[0]
    there = np.flatnonzero(row)
    terms = tuple(trained.blend.words.terms[at] for at in there)
    return terms, row[there] * trained.blend.counts.weights[there, column]

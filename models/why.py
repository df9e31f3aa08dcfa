"""Why a code's score of a passage is what it is: the parts it is the sum of, and what is nearest to the passage."""

from dataclasses import dataclass, replace

import numpy as np

from models.classifier import PRIOR, sigmoid
from models.evidence import SCORE, Evidence, Floats, Integers
from models.features import AGAINST, Features, centred
from models.learn import Model, Trained

PUNCTUATION = ".,;:!?…()[]{}<>/\\|*_\"'“”„«»‘’‹›–—-"  # around a word


@dataclass(frozen=True)
class Parts:
    """A code's score of one passage, taken apart.

    kind: as in `Model.kind`. start: what every passage has. meaning: what its vectors add. include, exclude: what its
    likeness to either side of the codebook adds. terms, words: w of its words, and what each adds (w,). held: the model
    learned from this passage, so `Model.score` has it from another one that had not; these are the parts of the first.
    adapted: what an encoder adds that was adapted to decisions.
    """

    kind: str
    start: float
    meaning: float
    include: float
    exclude: float
    terms: tuple[str, ...]
    words: Floats
    held: bool = False
    adapted: float = 0.0

    @property
    def total(self) -> float:
        """The sum of all parts: the logit of a score, or a likeness itself."""
        return self.start + self.meaning + self.include + self.exclude + self.adapted + float(self.words.sum())

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
    parts = Parts(SCORE, float(start), float(meaning), float(include), float(exclude), terms, share * words, held)
    return _mixed(parts, trained, evidence, column)


def _mixed(parts: Parts, trained: Trained, evidence: Evidence, column: int) -> Parts:
    """With what an adapted encoder adds, where it has a share: all else adds so much the less."""
    at = int(np.searchsorted(trained.columns, column))
    if not (trained.deep and trained.mix and trained.mix.share[at]):
        return parts
    share, said = float(trained.mix.share[at]), float(trained.deep.logits(evidence)[0, column])
    rest = {name: (1 - share) * getattr(parts, name) for name in ("start", "meaning", "include", "exclude", "words")}
    return replace(parts, **rest, adapted=share * said)


def _words(trained: Trained, evidence: Evidence, column: int) -> tuple[tuple[str, ...], Floats]:
    """The passage's words without their punctuation, and what each adds to the logit of the model of words."""
    said, rows = trained.blend.words.of_words(evidence.texts[0])
    adds: dict[str, float] = {}
    for word, value in zip(said, (rows @ trained.blend.counts.weights[:, column]).tolist(), strict=True):
        bare = word.strip(PUNCTUATION) or word
        adds[bare] = adds.get(bare, 0.0) + value
    known = {word: value for word, value in adds.items() if value}
    return tuple(known), np.array(list(known.values()), float)

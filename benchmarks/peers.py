"""What our coder is measured against: what people do with the same vectors, and how each is best done.

A peer learns from the passages asked of it and gives back what scores others. Where there was a choice (C, class
weights, neighbours, cuts) it was made for each peer on the development half: docs/accuracy.md says which.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tasks import Case
from models.evidence import Flags, Floats, Integers

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".themis" / "benchmark-accuracy"
SETFIT = ROOT / ".themis" / "setfit"
INSTALL = (
    "pip install --target .themis/setfit -c constraints.txt --no-deps setfit==1.2.0 datasets evaluate accelerate"
    " multiprocess dill xxhash"
)
SHARE = 0.05  # of passages that is suggested where nobody decided anything: ours expects the same
FOLDS = 5
FEWEST = 3  # positives in the folds before a code has a cut of its own
NEIGHBOURS = 3
Numbers = dict[str, float]


@dataclass(frozen=True)
class Question:
    """A case, and which rows of its pool people decided on."""

    case: Case
    rows: Integers
    seed: int

    @property
    def labels(self) -> Floats:
        return self.case.data.labels[self.rows]

    @property
    def vectors(self) -> Floats:
        return self.case.data.evidence.passages[self.rows]

    @property
    def groups(self) -> Integers:
        """Documents, or passages where there is but one document."""
        own = self.case.data.documents[self.rows]
        return own if len(np.unique(own)) > 1 else np.arange(len(own))

    def texts(self, rows: Integers) -> list[str]:
        return [self.case.data.evidence.texts[row] for row in rows]

    @property
    def fingerprint(self) -> str:
        """Of all that is asked, so that an answer is never taken for that to another question."""
        data, found = self.case.data, hashlib.sha256()
        for part in (self.rows, self.case.pool, self.case.test, data.labels, data.documents):
            found.update(np.ascontiguousarray(part).tobytes())
        texts = [data.evidence.texts, [theme.texts() for theme in data.themes], self.seed]
        found.update(json.dumps(texts).encode())
        return found.hexdigest()[:16]


@dataclass(frozen=True)
class Said:
    """Of n passages and c codes: score, suggested (n, c); probable (c,): which scores are to be read as chances.

    cost: what learning took, where that was in another process.
    """

    score: Floats
    suggested: Flags
    probable: Flags
    cost: Numbers | None = None


Learned = Callable[[Integers], Said]  # what it says of these rows
Peer = Callable[[Question], Learned]


def _said(score: Floats, suggested: Flags, probable: bool = True) -> Said:
    return Said(score, suggested, np.full(score.shape[1], probable))


def words(question: Question, strength: float = 1.0, weight: str | None = "balanced") -> Learned:
    """Words and pairs of words and logistic regression, cut at 0.5: without an encoder or a codebook."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    seen = vectorizer.fit_transform(question.texts(question.rows))
    heads = _heads(seen, question.labels, strength, weight)

    def said(rows: Integers) -> Said:
        score = _scores(heads, vectorizer.transform(question.texts(rows)))
        return _said(score, score >= 0.5)

    return said


def regression(question: Question, strength: float = 10.0, weight: str | None = "balanced") -> Learned:
    """Logistic regression on the frozen vectors, cut at 0.5."""
    heads = _heads(question.vectors, question.labels, strength, weight)

    def said(rows: Integers) -> Said:
        score = _scores(heads, question.case.data.evidence.passages[rows])
        return _said(score, score >= 0.5)

    return said


def with_cuts(question: Question, strength: float = 30.0, weight: str | None = "balanced") -> Learned:
    """The same, each code cut where F1 is best out of fold."""
    from sklearn.model_selection import GroupKFold

    vectors, labels, groups = question.vectors, question.labels, question.groups
    held = np.zeros_like(labels)
    for inside, out in GroupKFold(min(FOLDS, len(np.unique(groups)))).split(vectors, groups=groups):
        held[out] = _scores(_heads(vectors[inside], labels[inside], strength, weight), vectors[out])
    cuts = _cuts(held, labels)
    heads = _heads(vectors, labels, strength, weight)

    def said(rows: Integers) -> Said:
        score = _scores(heads, question.case.data.evidence.passages[rows])
        return _said(score, score >= cuts)

    return said


def neighbours(question: Question, count: int = NEIGHBOURS) -> Learned:
    """The nearest decided passages by cosine vote, weighted by closeness; a yes where at least half do."""
    from sklearn.neighbors import KNeighborsClassifier

    labels, heads = question.labels, []
    for code in range(labels.shape[1]):
        known = np.flatnonzero(~np.isnan(labels[:, code]))
        model = KNeighborsClassifier(min(count, len(known)), metric="cosine", weights="distance")
        heads.append(model.fit(question.vectors[known], labels[known, code].astype(int)) if len(known) else None)

    def said(rows: Integers) -> Said:
        score = _scores(heads, question.case.data.evidence.passages[rows])
        return _said(score, score >= 0.5)

    return said


def to_name(question: Question) -> Learned:
    """Cosine to the code's name."""
    vectors = question.case.data.vectors
    return _alike(question, np.stack([vectors[theme.definition[0]] for theme in question.case.data.themes]))


def to_definition(question: Question) -> Learned:
    """Cosine to the mean of the lines of the code's definition, its name among them."""
    data = question.case.data
    return _alike(
        question, np.stack([np.mean([data.vectors[line] for line in one.definition], axis=0) for one in data.themes])
    )


def _alike(question: Question, codes: Floats) -> Learned:
    """Cut where F1 is best among the decided, or at the share that is expected where none was."""
    passages = question.case.data.evidence.passages
    unit = (codes / np.linalg.norm(codes, axis=1, keepdims=True)).T
    if len(question.rows):
        cuts = _cuts(question.vectors @ unit, question.labels)
    else:
        cuts = np.quantile(passages[question.case.pool] @ unit, 1 - SHARE, axis=0)

    def said(rows: Integers) -> Said:
        score = passages[rows] @ unit
        return _said(score, score >= cuts, probable=False)

    return said


def setfit(question: Question) -> Learned:
    """SetFit as it is, cut at 0.5."""
    score, cost = _setfit(question)
    own = np.ones(score.shape[1], bool)
    return lambda rows: Said(score, score >= 0.5, own, cost)


def setfit_told(question: Question) -> Learned:
    """SetFit told the true share of each code in the pool, which nobody knows, and cut there."""
    score, cost = _setfit(question)
    shares = np.nanmean(question.case.data.labels[question.case.pool], axis=0)
    cuts = np.array([np.quantile(column, 1 - share) for column, share in zip(score.T, shares, strict=True)])
    own = np.ones(score.shape[1], bool)
    return lambda rows: Said(score, score >= cuts, own, cost)


def _setfit(question: Question) -> tuple[Floats, Numbers]:
    """Scores of the test, and what learning took; kept by question. An undecided label is a no: it knows no other."""
    source = (Path(__file__).parent / "setfit_peer.py").read_bytes()
    file = FOLDER / "setfit" / f"{question.fingerprint}-{hashlib.sha256(source).hexdigest()[:8]}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        given, part = file.with_suffix(".json"), file.with_suffix(".part.npz")
        names = [theme.definition[0] for theme in question.case.data.themes]
        labels = np.nan_to_num(question.labels).astype(int).tolist()
        asked = {"texts": question.texts(question.rows), "labels": labels, "asked": question.texts(question.case.test)}
        given.write_text(json.dumps({**asked, "names": names, "seed": question.seed}), "utf-8")
        paths = {"PYTHONPATH": str(SETFIT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.setfit_peer", str(given), str(part)]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | paths, capture_output=True)
        part.rename(file)
        given.unlink()
    kept = np.load(file)
    return kept["score"], {key: float(kept[key]) for key in ("seconds", "processor", "memory", "steps")}


def _heads(seen: Any, labels: Floats, strength: float, weight: str | None) -> list[Any]:
    """One fitted regression for each code, None where only one answer is known."""
    from sklearn.linear_model import LogisticRegression

    found: list[Any] = []
    for column in labels.T:
        known = np.flatnonzero(~np.isnan(column))
        one = len(np.unique(column[known])) < 2
        solver = "lbfgs" if isinstance(seen, np.ndarray) else "liblinear"  # ten times as fast on words
        model = LogisticRegression(C=strength, class_weight=weight, max_iter=1000, solver=solver)
        found.append(None if one else model.fit(seen[known], column[known].astype(int)))
    return found


def _scores(heads: list[Any], vectors: Any) -> Floats:
    columns = [_chance(head, vectors) for head in heads]
    return np.stack(columns, axis=1)


def _chance(head: Any, vectors: Any) -> Floats:
    """Of a yes; 0 where nothing else was ever said."""
    if head is None or 1 not in head.classes_:
        return np.zeros(vectors.shape[0])
    return head.predict_proba(vectors)[:, list(head.classes_).index(1)]


def _cuts(scores: Floats, labels: Floats) -> Floats:
    """(c,) where F1 is best for each code; the cut that is best for all together where a code has few positives."""
    known = ~np.isnan(labels)
    pooled = _cut(scores[known], labels[known])
    cuts = np.full(labels.shape[1], pooled)
    for code in np.flatnonzero(np.nansum(labels, axis=0) >= FEWEST):
        cuts[code] = _cut(scores[known[:, code], code], labels[known[:, code], code])
    return cuts


def _cut(scores: Floats, labels: Floats) -> float:
    from sklearn.metrics import precision_recall_curve

    if not labels.any():
        return 0.5
    precision, recall, cuts = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.argmax(f1[:-1]))
    below = scores[scores < cuts[best]]
    return float((cuts[best] + below.max()) / 2) if len(below) else float(cuts[best])


PEERS: dict[str, Peer] = {
    "TF-IDF + LR": words,
    "embedding + LR": regression,
    "embedding + LR, thresholds": with_cuts,
    "kNN": neighbours,
    "cosine to the name": to_name,
    "cosine to the definition": to_definition,
    "SetFit": setfit,
    "SetFit, told the shares": setfit_told,
}

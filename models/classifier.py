"""One ridge logistic regression per code, and the cut between yes and no.

Each code has its own likeness features beside the vector that all share. They are large against the vector's
coordinates, so the penalty on them is small: with few labels a code's score is its likeness on a new scale, with many
it is a free linear model. Classes are not weighted: the threshold moves instead. Source: METHODS 1.2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evidence import Flags, Floats, Integers
from models.features import Features, best_of

PRIOR = 0.25  # a likeness of one standard deviation beside a vector of length 1
STEPS = 1000  # of the optimiser, at most
SHRINK = 20  # positives at which a code's own threshold weighs as much as the pooled one
ROOM, DOUBT = 2, 100  # see `bounded`


@dataclass(frozen=True)
class Linear:
    """Logits: vectors @ weights + likeness features + intercept. weights: (d, c). likeness: (k, c). intercept: (c,)."""

    weights: Floats
    likeness: Floats
    intercept: Floats

    def logits(self, vectors: Floats, likeness: Floats) -> Floats:
        """(n, c) of vectors (n, d) and likeness (k, n, c)."""
        return np.asarray(self.plain(vectors) + np.einsum("knc,kc->nc", likeness, PRIOR * self.likeness))

    def plain(self, vectors: Any) -> Floats:
        """(n, c) logits without likeness; vectors (n, d) may be sparse."""
        return np.asarray(vectors @ self.weights + self.intercept)

    def sentences(self, features: Features) -> Floats:
        """(m, c) logits of the sentences, each as if it were a passage."""
        return self.logits(features.sentences, features.sentence_likeness)

    def passages(self, features: Features) -> Floats:
        """(n, c) the mean of the passage's logit and its best sentence's."""
        whole = self.logits(features.passages, features.likeness)
        return (whole + best_of(self.sentences(features), features.owner, whole)) / 2


@dataclass(frozen=True)
class Rows:
    """Training rows; a weight of 0 is no row for that code.

    likeness: (k, n, c), k is 2, or 0 where vectors (n, d) are sparse. targets, weights: (n, c), targets from 0 to 1.
    """

    vectors: Any
    likeness: Floats
    targets: Floats
    weights: Floats

    def where(self, chosen: Flags) -> "Rows":
        """The rows where chosen (n,) is true."""
        return Rows(self.vectors[chosen], self.likeness[:, chosen], self.targets[chosen], self.weights[chosen])


def fit(rows: Rows, strength: float) -> Linear:
    """The weights that minimise weighted log-loss plus |w|^2 / (2 strength), code by code."""
    width = rows.vectors.shape[1]
    found = np.stack([_fit_code(rows, column, strength) for column in range(rows.targets.shape[1])], axis=1)
    return Linear(found[:width], found[width:-1], found[-1])


def _fit_code(rows: Rows, column: int, strength: float) -> Floats:
    """Weights of the vector and of the likeness, then the intercept; a target between 0 and 1 is a yes and a no.

    Rows that are all of one kind, or have nothing to tell them apart, leave the intercept alone: the smoothed log-odds.
    """
    from sklearn.linear_model import LogisticRegression

    weights = rows.weights[:, column]
    yes, no = weights * rows.targets[:, column], weights * (1 - rows.targets[:, column])
    chosen = np.concatenate([np.flatnonzero(yes), np.flatnonzero(no)])
    kind = np.repeat([1, 0], [np.count_nonzero(yes), np.count_nonzero(no)])
    seen = rows.vectors[chosen]
    if len(rows.likeness):
        seen = np.column_stack([seen, PRIOR * rows.likeness[:, chosen, column].T]).astype(np.float64)
    if len(np.unique(kind)) < 2 or not seen.shape[1]:
        return np.append(np.zeros(seen.shape[1]), np.log((yes.sum() + 0.5) / (no.sum() + 0.5)))
    model = LogisticRegression(C=strength, max_iter=STEPS)
    model.fit(seen, kind, np.where(kind, yes[chosen], no[chosen]))
    return np.append(model.coef_[0], model.intercept_)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + exp(-logits)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def folds(labels: Floats, groups: Integers, count: int) -> Integers:
    """(n,) fold of each row, 0 to count - 1 or fewer: whole groups, yes and no of every code spread evenly.

    Larger groups are dealt first, each to the fold that has least of what the group brings. No chance is involved.
    scikit-learn's StratifiedGroupKFold takes one label a row, and refuses labels of which no fold could have its own.
    """
    names, group = np.unique(groups, return_inverse=True)
    count = min(count, len(names))
    marks = np.column_stack([labels >= 0.5, np.ones(len(labels))]).astype(float)
    brings = np.zeros((len(names), marks.shape[1]))
    np.add.at(brings, group, marks)
    share = brings / np.maximum(brings.sum(axis=0), 1)
    held = np.zeros((count, marks.shape[1]))
    fold = np.zeros(len(names), np.int64)
    for name in np.argsort(-share.sum(axis=1), kind="stable"):
        fold[name] = int(np.argmin((held * share[name]).sum(axis=1) + 1e-9 * held.sum(axis=1)))
        held[fold[name]] += share[name]
    return np.asarray(fold[group])


def thresholds(scores: Floats, targets: Floats) -> Floats:
    """(c,) each code's cut with the best F1 out of fold, drawn to a safer one where its positives are few.

    The safer one is the middle between the cut that is best for all codes together and the cut at which a code is
    suggested as often as people said yes: the first alone never reaches a rare code's low scores.
    scores, targets: (n, c); targets 1, 0, 0.5 for half a yes, nan for none. A code without a yes gets the pooled cut.
    """
    known = ~np.isnan(targets)
    pooled = _best_cut(scores[known], targets[known])
    cuts = np.full(scores.shape[1], pooled)
    for column in range(scores.shape[1]):
        rows = known[:, column]
        positives = targets[rows, column].sum()
        if positives:
            own = _best_cut(scores[rows, column], targets[rows, column])
            safer = (pooled + _cut_at(scores[rows, column], round(positives))) / 2
            cuts[column] = (positives * own + SHRINK * safer) / (positives + SHRINK)
    return cuts


def bounded(cuts: Floats, targets: Floats, unread: Floats, expected: float) -> Floats:
    """(c,) cuts, raised where more of the undecided passages would be suggested than the decisions give reason for.

    People decide first on what looks like a yes, so that of a few decisions most are, and the best cut among them is
    passed by half the corpus. The share allowed is ROOM times that of the yes, drawn to `expected` as if DOUBT passages
    more had been decided and that share of them been allowed.
    targets: (n, c) as in `thresholds`. unread: (m, c) scores of a sample of the corpus, nan where decided.
    """
    yes, decided = np.nansum(targets, axis=0), (~np.isnan(targets)).sum(axis=0)
    shares = np.minimum((ROOM * yes + DOUBT * expected) / (decided + DOUBT), 1)
    raised = cuts.copy()
    for column, share in enumerate(shares):
        scores = unread[~np.isnan(unread[:, column]), column]
        if len(scores):
            raised[column] = max(cuts[column], np.quantile(scores, 1 - share))
    return raised


def _cut_at(scores: Floats, count: int) -> float:
    """The middle between the count-th highest score and the next."""
    ranked = np.append(np.sort(scores)[::-1], 0.0)
    return float((ranked[max(count, 1) - 1] + ranked[max(count, 1)]) / 2)


def _best_cut(scores: Floats, targets: Floats) -> float:
    """The middle between the last score that is still a yes and the next, where F1 is highest; the lowest such cut."""
    if not len(scores):
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked = np.append(scores[order], 0.0)
    f1 = 2 * np.cumsum(targets[order]) / (np.arange(1, len(order) + 1) + targets.sum())
    f1[ranked[:-1] == ranked[1:]] = -1  # a cut cannot part equal scores
    best = int(np.flatnonzero(f1 == f1.max())[-1])
    return float((ranked[best] + ranked[best + 1]) / 2)

"""One ridge logistic regression per code.

Each code has its own likeness features beside the vector that all share. They are large against the vector's
coordinates, so the penalty on them is small: with few labels a code's score is its likeness on a new scale, with many
it is a free linear model. Classes are not weighted: the threshold moves instead. Source: METHODS 1.2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.axes import Axes
from models.evidence import Flags, Floats, Integers
from models.features import Features, best_of
from models.logistic import Problem, solve

PRIOR = 0.25  # a likeness of one standard deviation beside a vector of length 1


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
    """n training rows of c codes, where yes and no are both 0 it is no row for that code.

    axes: the rows' vectors. likeness: (k, n, c), k is 2, or 0 where there is none. yes, no: (n, c) weights.
    """

    axes: Axes
    likeness: Floats
    yes: Floats
    no: Floats

    def where(self, chosen: Flags) -> "Rows":
        """The rows where chosen (n,) is true."""
        return Rows(self.axes.where(chosen), self.likeness[:, chosen], self.yes[chosen], self.no[chosen])


def fit(rows: Rows, strength: float) -> Linear:
    """The weights that minimise weighted log-loss plus |w|^2 / (2 strength), code by code."""
    found = solve(Problem(rows.axes.rows, PRIOR * rows.likeness, rows.yes, rows.no, strength))
    width = rows.axes.rows.shape[1]
    return Linear(rows.axes.back(found[:width]), found[width:-1], found[-1] - rows.axes.middle @ found[:width])


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

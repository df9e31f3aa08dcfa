"""Training rows in coordinates of their own, in which a ridge regression is small and quickly solved.

Products between rows stay what they were, so the regression is the same one: its weights are turned back afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evidence import Flags, Floats

LANDMARKS = 2000  # rows that many sparse ones are described by
JITTER = 1e-6  # added to a row's product with itself: copies of one text are no trouble then


@dataclass(frozen=True)
class Axes:
    """rows: (n, r) float32, less the middle: (r,). back: turns weights of them (r, c) into those of the vectors."""

    rows: Floats
    middle: Floats
    back: Callable[[Floats], Floats]

    def where(self, chosen: Flags) -> "Axes":
        """The rows where chosen (n,) is true."""
        return Axes(self.rows[chosen], self.middle, self.back)


def along(vectors: Floats) -> Axes:
    """Dense vectors (n, d) along the axes in which they vary, the steepest last."""
    wide = np.asarray(vectors, np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)
    return Axes((wide @ axes).astype(np.float32), np.zeros(len(axes)), lambda found: np.asarray(axes @ found))


def among(vectors: Any, seed: int = 0) -> Axes:
    """Sparse vectors (n, v) by their products with each other, or with LANDMARKS of them where there are more."""
    from scipy.linalg import solve_triangular

    landmarks = vectors
    if vectors.shape[0] > LANDMARKS:
        chosen = np.random.default_rng(seed).permutation(vectors.shape[0])[:LANDMARKS]
        landmarks = vectors[np.sort(chosen)]
    products = (landmarks @ landmarks.T).toarray()
    lower = np.linalg.cholesky(products + JITTER * np.eye(len(products)))
    rows = solve_triangular(lower, (landmarks @ vectors.T).toarray(), lower=True).T

    def back(found: Floats) -> Floats:
        return np.asarray(landmarks.T @ solve_triangular(lower, found, lower=True, trans="T"))

    middle = rows.mean(axis=0)  # what all texts share would take the solver many steps
    return Axes((rows - middle).astype(np.float32), middle, back)

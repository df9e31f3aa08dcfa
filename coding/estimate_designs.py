"""What share of a population people would say yes to, from samples that are not simple: strata, whole documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

from coding.agreement import Undefined
from coding.estimate import (
    ALIKE,
    LEVEL,
    POSITIVES,
    Fitted,
    Floats,
    Sample,
    Share,
    few,
    human,
    possible,
    shown,
    trusted,
    wilson,
)

STRATA = (0.05, 0.15)  # of a population by rank: the top, the middle; the rest is the rest
ALLOCATION = (0.20, 0.25, 0.55)  # of a sample: how much of it is read in each of those
GROUPS = 20  # whole documents, without which there is no interval
MOST = 0.5  # of the spread of all documents' scores, what one counts for: so its error is at most doubled


def ranked(scores: Floats, top: float = STRATA[0], middle: float = STRATA[1]) -> npt.NDArray[np.int64]:
    """The stratum of each by rank: 0 the highest, 1 those below, 2 the rest; of equals the first comes first.

    top, middle: shares of all.
    """
    rank = np.empty(len(scores), dtype=np.int64)
    rank[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.searchsorted(np.rint(np.array([top, top + middle]) * len(scores)), rank, side="right").astype(np.int64)


def stratified(y: Floats, stratum: npt.NDArray[np.int64], sizes: Floats, level: float = LEVEL) -> Share:
    """The share where each stratum has a simple random sample of its own.

    y: (n,), 0 to 1. stratum: (n,), of each, from 0. sizes: of each stratum in the population. A stratum of which
    nothing was read counts as half a yes. A stratum's variance is that of (yes + 1/2) / (n + 1), so that one in which
    nobody said yes is not taken for certain.
    """
    sample = Sample(y, np.zeros(len(y)), 0.0, int(sizes.sum()))
    if len(y) in (0, sample.size):
        return human(sample, level)
    n, yes = (np.bincount(stratum, each, len(sizes))[sizes > 0] for each in (np.ones(len(y)), y))
    parts = sizes[sizes > 0]
    smooth, some, weight = (yes + 0.5) / (n + 1), np.maximum(n, 1), parts / sample.size
    value = float(weight @ np.where(n > 0, yes / some, 0.5))
    variance = float((weight**2 * (1 - n / parts) * smooth * (1 - smooth) / some).sum())
    about = float(weight @ smooth) if few(y) else value
    return shown(sample, Fitted(value, 0.0, variance, about * (1 - about) / variance), "stratified", level)


def weighted(sample: Sample, probability: Floats, level: float = LEVEL) -> Share:
    """The share where each passage was drawn by itself, with its own probability (Poisson sampling).

    probability: (n,), above 0, of each; a score that is too sure of itself does no harm where none is below half of
    what it would be if all were equal. By scores with the difference estimator; without, or where yeses or noes are
    few, with Hajek's. Source: Sarndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), ch. 5 and 6.
    """
    y, odds, left = sample.y, (1 - probability) / probability**2, 1 - len(sample.y) / max(sample.size, 1)
    if left in (0, 1):
        return human(sample, level)
    helps = float(odds @ sample.f**2)
    weight = float(np.clip(odds * y @ sample.f / helps, 0, 1)) if helps > ALIKE and not few(y) else 0.0
    stands = float((1 / probability).sum())  # for how many passages of the population the sample stands
    value = float((y / probability).sum()) / stands
    errors, of = y - value, stands
    if weight > 0:
        errors, of = y - weight * sample.f, float(sample.size)
        value = weight * sample.mean + float((errors / probability).sum()) / of
    alike = stands**2 / float((1 / probability**2).sum()) / left if few(y) else None  # Kish
    return shown(sample, Fitted(value, weight, float(odds @ errors**2) / of**2, alike), "weighted", level)


@dataclass(frozen=True, slots=True)
class Documents:
    """Whole documents, a simple random sample of them, and what people said of one code in all their passages.

    yes: (drawn,), sum of y in each. scores: (drawn,), sum of f. sizes: (drawn,), passages. mean: of f over all
    passages of the population. documents, passages: how many the population has.
    """

    yes: Floats
    scores: Floats
    sizes: Floats
    mean: float
    documents: int
    passages: int


def clusters(sample: Documents, level: float = LEVEL) -> Share | Undefined:
    """The share of passages where whole documents were drawn; none where they are fewer than GROUPS.

    By how the documents differ, with one pseudo-error, on the logit scale with Student's t. Long documents and those of
    unusual scores count for more (a jackknife): of 20 documents, 93 to 97 of 100 intervals then hold the truth, without
    it 92 to 95. Where fewer than POSITIVES documents have a yes (or a no), it is by people alone, and each document
    counts as one reading. n is of passages.
    """
    drawn, read, yes = len(sample.yes), float(sample.sizes.sum()), float(sample.yes.sum())
    if drawn < min(GROUPS, sample.documents) or not read:
        return Undefined(f"fewer than {GROUPS} whole documents were read")
    left = 1 - drawn / sample.documents
    few = left > 0 and min(np.minimum(of, 1).sum() for of in (sample.yes, sample.sizes - sample.yes)) < POSITIVES
    weight, estimate, variance = _of_documents(sample) if left and not few else (0.0, yes / read, 0.0)
    value, noise = possible(estimate, yes, read - yes, sample.passages), variance + left / read**2
    effective = value * (1 - value) / noise if left and not few else drawn / left if left else inf
    bounds = by_logit(value, noise, drawn - 1, level) if left and not few else wilson(value, effective, level)
    low, high = (possible(bound, yes, read - yes, sample.passages) for bound in bounds)
    how = weight, variance, effective, "clusters" if left else "census", bool(few)
    return Share(value, low, high, round(read), yes, sample.passages, *how)


def _of_documents(sample: Documents) -> tuple[float, float, float]:
    """Weight, share and variance, by what each document's answers and scores are above or below their mean."""
    drawn, read = len(sample.yes), sample.sizes.sum()
    said, scores = (one - sample.sizes * one.sum() / read for one in (sample.yes, sample.scores))
    weight = trusted(said, scores)
    leans = np.minimum(scores**2 / (scores @ scores), MOST) if weight > 0 else 0.0
    errors = (said - weight * scores) / (1 - leans) * (1 - 1 / drawn) / (1 - sample.sizes / read)
    value = weight * sample.mean + float((sample.yes - weight * sample.scores).sum() / read)
    return weight, value, float((1 - drawn / sample.documents) * drawn * errors.var(ddof=1) / read**2)


def by_logit(share: float, variance: float, freedom: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of a share, above 0 and below 1, by Student's t on the logit scale."""
    at, half = logit(share), stdtrit(freedom, (1 + level) / 2) * sqrt(variance) / (share * (1 - share))
    return min(share, float(expit(at - half))), max(share, float(expit(at + half)))


def shared(size: int, strata: Sequence[int]) -> list[int]:
    """How many to draw of each stratum, by ALLOCATION; where one has fewer, the rest is drawn of the others.

    No stratum that has two passages or more gets fewer than two while there are so many to draw.
    """
    drawn = [0] * len(strata)
    left = min(size, sum(strata))
    while left:
        room = [number for number, there in enumerate(strata) if drawn[number] < there]
        short = max(room, key=lambda number: (drawn[number] < 2, ALLOCATION[number] / (drawn[number] + 0.5)))
        drawn[short] += 1
        left -= 1
    return drawn

"""What share of a population people would say yes to, from samples that are not simple: strata, whole documents."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

from coding.agreement import Undefined
from coding.estimate import (
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

ALLOCATION = (0.20, 0.25, 0.55)  # of a sample by rank: the share that is read of the top, of the middle, of the rest
GROUPS = 20  # whole documents, without which there is no interval


def stratified(y: Floats, stratum: npt.NDArray[np.int64], sizes: Floats, level: float = LEVEL) -> Share:
    """The share where each stratum has a simple random sample of its own.

    y: (n,), 0 to 1. stratum: (n,), of each, from 0. sizes: of each stratum in the population. A stratum of which
    nothing was read counts as half a yes. A stratum's variance is that of (yes + 1/2) / (n + 1), so that one in which
    nobody said yes is not taken for certain.
    """
    n, yes = (np.bincount(stratum, w, len(sizes)) for w in (np.ones(len(y)), y))
    there = sizes > 0
    n, yes, parts = n[there], yes[there], sizes[there]
    smooth, some = (yes + 0.5) / (n + 1), np.maximum(n, 1)
    weight = parts / max(parts.sum(), 1)
    variance = float((weight**2 * (1 - n / parts) * smooth * (1 - smooth) / some).sum())
    about = float(weight @ smooth)
    effective = about * (1 - about) / variance if variance > 0 else inf
    value = float(weight @ np.where(n > 0, yes / some, 0.5))
    sample = Sample(y, np.zeros(len(y)), 0.0, int(parts.sum()))
    return shown(sample, Fitted(value, 0.0, variance, effective), "stratified", level) if len(y) else human(sample)


def weighted(sample: Sample, probability: Floats, level: float = LEVEL) -> Share:
    """The share where each passage was drawn by itself, with its own probability (Poisson sampling).

    probability: (n,), above 0, of each. By scores with the difference estimator; without, or where yeses are few, with
    Hajek's.
    """
    y, odds, left = sample.y, (1 - probability) / probability**2, 1 - min(len(sample.y) / sample.size, 1)
    if not len(y) or not left:
        return human(sample, level)
    helps = float(odds @ sample.f**2)
    weight = float(np.clip(odds * y @ sample.f / helps, 0, 1)) if helps > 0 and not few(y) else 0.0
    stands = float((1 / probability).sum())  # for how many passages of the population the sample stands
    value = float((y / probability).sum()) / stands
    errors, of = y - value, stands
    if weight:
        errors, of = y - weight * sample.f, float(sample.size)
        value = weight * sample.mean + float((errors / probability).sum()) / of
    alike = stands**2 / float((1 / probability**2).sum()) / left if few(y) else None
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

    By how the documents differ, on the logit scale, with Student's t. Where fewer than POSITIVES documents have a yes
    (or a no), by people alone, and each document counts as one reading.
    """
    drawn, read, yes = len(sample.yes), float(sample.sizes.sum()), float(sample.yes.sum())
    if drawn < min(GROUPS, sample.documents) or not read:
        return Undefined(f"fewer than {GROUPS} whole documents were read")
    left = 1 - drawn / sample.documents
    sure = min((sample.yes > 0).sum(), (sample.yes < sample.sizes).sum()) >= POSITIVES
    said, scores = (one - sample.sizes * one.sum() / read for one in (sample.yes, sample.scores))
    weight = trusted(said, scores) if sure else 0.0
    value = weight * sample.mean + (yes - weight * float(sample.scores.sum())) / read
    value = possible(value, yes, read - yes, sample.passages)
    spread = float((said - weight * scores).var(ddof=1)) if left else 0.0
    variance = left * (sample.documents / sample.passages) ** 2 * spread / drawn
    effective = (value * (1 - value) / variance if variance else inf) if sure or not left else drawn / left
    low, high = by_logit(value, variance, drawn - 1, level) if sure and left else wilson(value, effective, level)
    low, high = (possible(bound, yes, read - yes, sample.passages) for bound in (low, high))
    how = weight, variance, effective, "clusters", not sure
    return Share(value, low, high, round(read), yes, sample.passages, *how)


def by_logit(share: float, variance: float, freedom: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of a share, between 0 and 1, by Student's t on the logit scale."""
    at, half = logit(share), stdtrit(freedom, (1 + level) / 2) * sqrt(variance) / (share * (1 - share))
    return min(share, float(expit(at - half))), max(share, float(expit(at + half)))


def ranked(scores: Floats, top: float, middle: float) -> npt.NDArray[np.int64]:
    """The stratum of each by rank: 0 the so many highest, 1 the next, 2 the rest; of equals the first comes first.

    top, middle: shares of all.
    """
    rank = np.empty(len(scores), dtype=np.int64)
    rank[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.searchsorted(np.array([top, top + middle]) * len(scores), rank, side="right")

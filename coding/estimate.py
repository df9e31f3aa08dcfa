"""What share of a population people would say yes to, from a simple random sample that they have read.

The population is fixed and the sample is what chance chose, so what is said here needs no model of people or of texts.
Scores of a model that saw none of the sample's answers may help (PPI++, which is the regression estimator of surveys):
they can make an interval narrower, and cannot make it wrong. Source: Cassel, Sarndal and Wretman, Biometrika 63 (1976)
615-620; Angelopoulos, Duchi and Zrnic, PPI++ (2023), arXiv 2311.01453.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, log, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv
from scipy.stats import betabinom, hypergeom

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
POSITIVES = 5  # yeses, and noes, without which the scores are left out
ALIKE = 1e-9  # scores that differ by no more say nothing


@dataclass(frozen=True, slots=True)
class Sample:
    """A simple random sample, drawn without replacement from a population, and what people said of one code in it.

    y: (n,), 0 to 1: no 0, yes 1, or yes w for a text that has 1/w copies. f: (n,), 0 to 1, the scores of a model that
    saw none of y, times the same w; zeros where there is no model. mean: of f over the population. size: of the
    population, n or more.
    """

    y: Floats
    f: Floats
    mean: float
    size: int


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share of a population: low <= value <= high, all from 0 to 1.

    n: how many were read, of size; where that is none, value is the middle of all there can be. positives: sum of y.
    weight: how far the scores were trusted, 0 = not at all. variance: of value, without the pseudo-error. effective:
    of how many readings of yes or no the interval is, inf where all were read. method: "ppi", "human", "census",
    "clusters", "stratified", "weighted", "stopped" or "combined". few: too few yeses or noes for the scores to help.
    """

    value: float
    low: float
    high: float
    n: int
    positives: float
    size: int
    weight: float
    variance: float
    effective: float
    method: str
    few: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """What an estimator says: weight and variance as in a Share, and of how many readings its interval is.

    effective: None = of as many as have this variance and that of one pseudo-error.
    """

    value: float
    weight: float
    variance: float
    effective: float | None = None


def wilson(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The interval of a share of n readings; n may be a fraction, 0 (nothing is known) and inf (everything is).

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    if n == inf:
        return share, share
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre, half = share * n + z * z / 2, z * sqrt(share * (1 - share) * n + z * z / 4)
    return max(0.0, min(share, (centre - half) / (n + z * z))), min(1.0, max(share, (centre + half) / (n + z * z)))


def human(sample: Sample, level: float = LEVEL) -> Share:
    """The share by what people said alone: Wilson's interval, narrower the more of the population was read.

    Of one to three yeses (or noes) its end near 0 (or 1) is the Poisson's where that is further out: Wilson's alone
    holds the truth of a rare code in as few as 80 of 100 samples. Where y is not 0 or 1 the interval is by y's
    variance, with one pseudo-error. Source: Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101-133, section 4.1.1.
    """
    n, value = len(sample.y), float(sample.y.mean()) if len(sample.y) else 0.5
    if n in (0, sample.size):
        return _known(sample, value)
    left = 1 - n / sample.size
    if few(sample.y) or np.isin(sample.y, (0, 1)).all():
        said = shown(sample, Fitted(value, 0.0, left * value * (1 - value) / n, n / left), "human", level)
        yes, no = said.positives, float((1 - sample.y).sum())
        low, high = min(said.low, _rare(yes, n, level)), max(said.high, 1 - _rare(no, n, level))
        low, high = (possible(bound, yes, no, sample.size) for bound in (low, high))
        return replace(said, low=low, high=high)
    return shown(sample, Fitted(value, 0.0, left * float(sample.y.var(ddof=1)) / n), "human", level)


def _rare(found: float, n: int, level: float) -> float:
    """The lower bound of a share of which one to three were found among n; 1, which bounds nothing, of any other."""
    return float(gammaincinv(found, 1 - level)) / n if found in (1, 2, 3) else 1.0


def ppi(sample: Sample, level: float = LEVEL) -> Share:
    """The share by what people said and by the scores, as far as the two go together (PPI++).

    The interval is Wilson's, of as many readings as have this variance and that of one pseudo-error.
    """
    n = len(sample.y)
    if n < 2 or n == sample.size:
        return human(sample, level)
    weight = trusted(sample.y, sample.f)
    errors = sample.y - weight * sample.f
    variance = (1 - n / sample.size) * float(errors.var(ddof=1)) / n
    return shown(sample, Fitted(weight * sample.mean + float(errors.mean()), weight, variance), "ppi", level)


def audited(sample: Sample, level: float = LEVEL) -> Share:
    """What is shown of an audit: by people and scores, or by people alone where yeses or noes are few."""
    scored = ppi(sample, level)
    return scored if scored.weight > 0 and not scored.few else human(sample, level)


def stopped(sample: Sample, level: float = LEVEL) -> Share:
    """The share by what people said alone, where they may have stopped reading because of it.

    y is yes or no, in the order drawn. The interval holds with this probability at all moments of the reading together,
    and so whenever it ends. It is every number of yeses under which what was found is no less than 1 - level times as
    likely as under Jeffreys' prior. Source: Waudby-Smith and Ramdas, Confidence sequences for sampling without
    replacement, NeurIPS 33 (2020), section 2 (the prior-posterior-ratio martingale).
    """
    n, value = len(sample.y), float(sample.y.mean()) if len(sample.y) else 0.5
    if n in (0, sample.size):
        return _known(sample, value)
    yes = round(float(sample.y.sum()))
    there = np.arange(yes, sample.size - n + yes + 1)
    likely = hypergeom.logpmf(yes, sample.size, there, n)
    least = betabinom.logpmf(yes, n, 0.5, 0.5) + log(1 - level)
    low, high = there[likely >= least][[0, -1]] / sample.size
    left = 1 - n / sample.size
    how = 0.0, left * value * (1 - value) / n, n / left, "stopped", few(sample.y)
    return Share(value, min(float(low), value), max(float(high), value), n, float(yes), sample.size, *how)


def bereft(share: Share, y: Floats, gone: Floats, by: Callable[[Sample, float], Share], level: float = LEVEL) -> Share:
    """The same with bounds that also hold where passages were taken out of the population for what was said of them.

    gone: (g,), what was said of those that were in the sample. Taken back, they make a sample of what is left and of
    them; their own yeses are then no part of what is left.
    """
    alone = Sample(np.concatenate([y, gone]), np.zeros(len(y) + len(gone)), 0.0, share.size + len(gone))
    back = by(alone, level)
    low, high = ((bound * alone.size - float(gone.sum())) / max(share.size, 1) for bound in (back.low, back.high))
    return replace(share, low=min(share.low, max(low, 0.0)), high=max(share.high, min(high, 1.0)))


def cross_fitted(sample: Sample, means: Sequence[float], fold: npt.NDArray[np.int64], level: float = LEVEL) -> Share:
    """The share where the sample's own answers taught the models, each all of the folds but one, which it scores.

    fold: (n,), of each passage, from 0. means: of each fold's model, over the population without what taught it.
    """
    apart = sample.f - np.asarray(means, dtype=np.float64)[fold]
    return audited(Sample(sample.y, apart, 0.0, sample.size), level)


def trusted(y: Floats, f: Floats) -> float:
    """How far scores are to be trusted, 0 to 1: the weight with which they leave the least variance."""
    apart = f - f.mean()
    return float(np.clip(apart @ (y - y.mean()) / (apart @ apart), 0, 1)) if np.ptp(f) > ALIKE else 0.0


def few(y: Floats) -> bool:
    """Whether yeses or noes are too few for scores to help."""
    return bool(min(round(float(y.sum()), 9), (y == 0).sum()) < POSITIVES)


def shown(sample: Sample, fitted: Fitted, method: str, level: float) -> Share:
    """The share with Wilson's interval, and without what the answers themselves rule out."""
    n, yes, no = len(sample.y), float(sample.y.sum()), float((1 - sample.y).sum())
    value = possible(fitted.value, yes, no, sample.size)
    effective = fitted.effective
    if effective is None:
        effective = value * (1 - value) / (fitted.variance + (1 - n / sample.size) / n**2)
    low, high = (possible(bound, yes, no, sample.size) for bound in wilson(value, effective, level))
    how = fitted.weight, fitted.variance, effective, method, few(sample.y)
    return Share(value, low, high, n, yes, sample.size, *how)


def possible(value: float, yes: float, no: float, size: int) -> float:
    """The value, within what is possible where so many of so many are known to be yes, and no."""
    return min(max(value, yes / size), (size - no) / size)


def _known(sample: Sample, value: float) -> Share:
    """What is said where all were read, or none."""
    if sample.size > len(sample.y):
        return Share(value, 0.0, 1.0, 0, 0.0, sample.size, 0.0, 0.25, 0.0, "human", True)
    value = value if sample.size else 0.0
    return Share(value, value, value, sample.size, float(sample.y.sum()), sample.size, 0.0, 0.0, inf, "census", False)

"""What others print as the interval of a count, for comparison: none of it is used by the program."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from statistics import NormalDist

from coding.estimate import Sample, Share, human, trusted, wilson
from models.evidence import Floats

Z = NormalDist().inv_cdf(0.975)
THRESHOLD = 0.5


def raw(scores: Floats, threshold: float = THRESHOLD) -> tuple[float, float]:
    """The interval of whoever takes what the machine marks for what people would say: Wilson's, of all passages."""
    return wilson(float((scores >= threshold).mean()), len(scores))


def wald(sample: Sample) -> Share:
    """The share in the sample, give or take 1.96 standard errors."""
    own = human(sample)
    return _within(own, own.value, sqrt(own.value * (1 - own.value) / len(sample.y)))


def ppi_wald(sample: Sample) -> Share:
    """PPI++ as it is usually written: with scores, give or take 1.96 standard errors."""
    n, weight = len(sample.y), trusted(sample.y, sample.f)
    errors = sample.y - weight * sample.f
    error = sqrt((1 - n / sample.size) * errors.var(ddof=1) / n)
    return _within(human(sample), weight * sample.mean + float(errors.mean()), error)


def _within(own: Share, value: float, error: float) -> Share:
    return replace(own, value=value, low=value - Z * error, high=value + Z * error, method="wald")


def ppi_python() -> Callable[[Floats, Floats, Floats], tuple[float, float]] | None:
    """(y, f, f of all) -> interval by the library of PPI's authors; None where it is not installed."""
    try:
        from ppi_py import ppi_mean_ci
    except ImportError:
        return None

    def interval(y: Floats, f: Floats, unlabelled: Floats) -> tuple[float, float]:
        low, high = ppi_mean_ci(y, f, unlabelled, alpha=0.05)
        return float(low[0]), float(high[0])

    return interval

"""What others print as the interval of a count, for comparison: none of it is used by the program."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import sqrt
from pathlib import Path
from statistics import NormalDist

from coding.estimate import Sample, Share, human, trusted, wilson
from coding.estimate_groups import Count
from models.evidence import Floats

Z = NormalDist().inv_cdf(0.975)
THRESHOLD = 0.5
FOLDER = Path(__file__).parent.parent / ".themis" / "rivals"
INSTALL = "pip install --target .themis/rivals -c constraints.txt ppi-python==0.2.3"
Interval = Callable[[Floats, Floats, Floats], Count]


def raw(scores: Floats) -> Count:
    """The interval of whoever takes what the machine marks for what people would say: Wilson's, of all passages."""
    share = float((scores >= THRESHOLD).mean())
    return Count(share, *wilson(share, len(scores)))


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


@cache
def ppi_python() -> Interval | None:
    """(y, f, f of the others) -> interval by the library of PPI's authors; None where it is not in FOLDER.

    A folder of its own, out of the way, since the library installs a package named `tests`.
    """
    sys.path.append(str(FOLDER))
    try:
        from ppi_py import ppi_mean_ci
    except ImportError:
        return None
    finally:
        sys.path.remove(str(FOLDER))

    def interval(y: Floats, f: Floats, others: Floats) -> Count:
        low, high = (float(bound[0]) for bound in ppi_mean_ci(y, f, others, alpha=0.05))
        return Count((low + high) / 2, low, high)

    return interval

"""Simulated populations in which the truth is known, and how often intervals hold it.

A latent score is normal, and higher by `separation` where a passage has the code. From it follow the probability that a
calibrated model would give, and what the models give that are not calibrated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr

from coding.estimate import Floats, Sample
from coding.estimate_designs import Documents
from coding.estimate_groups import Estimate

SIZE = 5000
MODELS = {"calibrated": (1.0, 0.0), "over-confident": (2.5, 0.0), "over-coding": (1.0, 1.5)}  # logits: times, plus
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class World:
    """A population. y: (size,), 1 where a passage has the code, else 0. f: (size,), the model's score, 0 to 1."""

    y: Floats
    f: Floats

    @property
    def truth(self) -> float:
        return float(self.y.mean())

    def sample(self, places: npt.NDArray[np.int64]) -> Sample:
        """The sample that is at these places."""
        return Sample(self.y[places], self.f[places], float(self.f.mean()), len(self.y))

    def drawn(self, rng: np.random.Generator, n: int) -> Sample:
        """A simple random sample."""
        return self.sample(rng.choice(len(self.y), n, replace=False, shuffle=False))


@dataclass(frozen=True, slots=True)
class Held:
    """Of many intervals: the share that hold the truth and that lie below it, their mean width and their mean error."""

    coverage: float
    below: float
    width: float
    bias: float


def held(told: Iterable[tuple[Estimate, float]]) -> Held:
    """How often intervals hold the truth; told: each with its own truth."""
    rows = np.array([(one.low - truth, one.value - truth, one.high - truth) for one, truth in told])
    low, error, high = rows.T
    inside = (low <= ROUNDING) & (high >= -ROUNDING)
    return Held(float(inside.mean()), float((high < 0).mean()), float((high - low).mean()), float(error.mean()))


@cache
def separation(prevalence: float, f1: float) -> float:
    """How far apart the latent scores of yes and no are, so that the best threshold has this F1."""
    cuts, low, high = np.linspace(-4, 12, 4001), 0.0, 8.0
    for _ in range(40):
        middle = (low + high) / 2
        right, wrong = prevalence * ndtr(middle - cuts), (1 - prevalence) * ndtr(-cuts)
        low, high = (middle, high) if (2 * right / (right + wrong + prevalence)).max() < f1 else (low, middle)
    return low


def scores(
    rng: np.random.Generator, y: Floats, prevalence: float, model: str = "calibrated", f1: float = 0.6
) -> Floats:
    """What a model says of these passages."""
    apart, (times, plus) = separation(prevalence, f1), MODELS[model]
    latent = rng.normal(size=len(y)) + apart * y
    return np.asarray(expit(times * (apart * latent - apart**2 / 2 + logit(prevalence)) + plus))


def world(
    rng: np.random.Generator, prevalence: float, model: str = "calibrated", f1: float = 0.6, size: int = SIZE
) -> World:
    """A population with about this share of yes."""
    y = (rng.random(size) < prevalence).astype(float)
    return World(y, scores(rng, y, prevalence, model, f1))


def samples(worlds: Iterable[World], rng: np.random.Generator, n: int, each: int) -> Iterator[tuple[Sample, float]]:
    """So many simple random samples of each population, with the truth."""
    for one in worlds:
        for _ in range(each):
            yield one.drawn(rng, n), one.truth


@dataclass(frozen=True, slots=True)
class Transcripts:
    """A population in documents. where: (size,), of each passage, its document, from 0."""

    world: World
    where: npt.NDArray[np.int64]

    def drawn(self, rng: np.random.Generator, many: int) -> Documents:
        """Whole documents, a simple random sample of them."""
        sizes, yes, f = (np.bincount(self.where, of) for of in (np.ones(len(self.where)), self.world.y, self.world.f))
        places = rng.choice(len(sizes), many, replace=False)
        of_all = float(self.world.f.mean()), len(sizes), len(self.where)
        return Documents(yes[places], f[places], sizes[places], *of_all)


def transcripts(
    rng: np.random.Generator,
    prevalence: float,
    model: str = "calibrated",
    documents: int = 100,
    alike: float = 0.06,
    uneven: float = 0.5,
) -> Transcripts:
    """Documents of about 50 passages. alike: correlation within them. uneven: how much their lengths differ."""
    sizes = np.maximum(rng.poisson(50 * rng.lognormal(-(uneven**2) / 2, uneven, documents)), 1)
    where = np.repeat(np.arange(documents), sizes)
    much = 1 / alike - 1
    share = rng.beta(prevalence * much, (1 - prevalence) * much, documents)
    y = (rng.random(len(where)) < share[where]).astype(float)
    return Transcripts(World(y, scores(rng, y, prevalence, model)), where)

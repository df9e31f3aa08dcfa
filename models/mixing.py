"""How much an adapted encoder counts beside what is learned without it: as it wins out of fold."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.evidence import Evidence, Flags, Floats

SHARES = np.arange(11) / 10
SCALES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # an adapted encoder is surer than it should be
SHRINK = 20  # positives at which a code's own loss weighs as much as that of all codes together


class Deep(Protocol):
    """What an adapted encoder says of passages, as logits (n, c), c codes in order; nan for a code it did not learn."""

    @property
    def fingerprint(self) -> str:
        """Differs for any two that say different things."""

    def logits(self, evidence: Evidence) -> Floats:
        """Of any passages."""

    def held(self, evidence: Evidence) -> Floats:
        """Of passages that people decided on: nothing of their documents was seen by what says it."""


@dataclass(frozen=True)
class Mix:
    """share: (c,) from 0 to 1, of the adapted encoder in each code's logit. scale: of its logits beside the others."""

    share: Floats
    scale: float

    def of(self, ordinary: Floats, deep: Floats) -> Floats:
        """(n, c) logits out of both; a code with no share keeps its own, to the last bit."""
        return np.where(self.share > 0, ordinary + self.share * (self.scale * np.nan_to_num(deep) - ordinary), ordinary)


def mixed(ordinary: Floats, deep: Floats, labels: Floats) -> Mix:
    """The mix with the lowest log-loss of logits that were made out of fold, all three (n, c); labels nan for none.

    A code's own loss is drawn to that of all codes together where its yes are few.
    """
    known = ~np.isnan(labels) & ~np.isnan(deep)
    target, there = np.nan_to_num(labels), np.nan_to_num(deep)
    yes = (target * known).sum(axis=0)
    own = np.flatnonzero(yes)
    if not len(own):
        return Mix(np.zeros(labels.shape[1]), 1.0)
    scale = min(SCALES, key=lambda scale: float(_loss(scale * there, target, known).sum()))
    losses = np.stack([_loss(ordinary + s * (scale * there - ordinary), target, known) for s in SHARES])[:, own]
    pooled = losses.sum(axis=1, keepdims=True) / yes[own].sum()
    share = np.zeros(labels.shape[1])
    share[own] = SHARES[np.argmin((losses + SHRINK * pooled) / (yes[own] + SHRINK), axis=0)]
    return Mix(share, scale)


def _loss(logits: Floats, target: Floats, known: Flags) -> Floats:
    """(c,) summed log-loss."""
    return np.asarray(((np.logaddexp(0, logits) - target * logits) * known).sum(axis=0))

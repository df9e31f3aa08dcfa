"""The cut between yes and no, from the scores of few decided passages and of many that nobody has decided.

Two cuts are drawn and their middle taken, for each is wrong in another way. The *seen* one is best for what people
decided; the *likely* one for the whole corpus, if the scores, calibrated on the decisions, are right. People decide
first on what looks like a yes, so neither believes that a code is as frequent as it is among few decisions, nor more
frequent than passages that score as the yes do.
"""

import numpy as np

from models.classifier import sigmoid
from models.evidence import Floats

SHRINK = 20  # positives at which a code's own cut weighs as much as the pooled one
DOUBT = 100  # passages, as if so many had been decided and as expected
ROOM = 2  # times the believed share is suggested at most by the seen cut
LOWEST = 30.0  # that logits are lowered by
STEADY = 10.0  # of calibration's slope, which is one for all codes, towards 1
LEAN = 16.0  # of a code's offset towards the pooled one, in passages that could be either
STEPS = 50
NEAREST = 1e-9  # of a score to 0 and 1


def cuts(held: Floats, targets: Floats, unread: Floats, expected: float) -> Floats:
    """(c,) the lowest score that is suggested.

    held: (n, c) out-of-fold scores of passages. targets: (n, c) 1, 0, 0.5 for half a yes, nan for undecided. unread:
    (m, c) scores of a sample of the corpus, nan where decided. expected: share of passages that carry a code.
    """
    share = np.minimum(_shares(targets, expected), np.maximum(most(held, targets, unread), expected / 2))
    seen = _bounded(seen_best(held, targets), np.minimum(ROOM * share, 1), unread)
    slope, offsets = calibrated(_logits(held), targets)
    found = np.empty(len(share))
    for at, offset in enumerate(offsets):
        decided, open_ = ~np.isnan(targets[:, at]), ~np.isnan(unread[:, at])
        logits = _logits(np.concatenate([unread[open_, at], held[decided, at]]))
        chances = _no_more(slope * logits + offset, int(open_.sum()), share[at])
        # each decided passage stands for so many of those in the sample that were decided
        weights = np.where(np.arange(len(logits)) < open_.sum(), 1, (~open_).sum() / max(1, decided.sum()))
        found[at] = likely_best(logits, chances, weights)
    return sigmoid((_logits(seen) + found) / 2)


def seen_best(scores: Floats, targets: Floats) -> Floats:
    """(c,) each code's cut with the best F1 out of fold, drawn to a safer one where its positives are few.

    The safer one is the middle between the cut that is best for all codes together and the cut at which a code is
    suggested as often as people said yes: the first alone never reaches a rare code's low scores.
    scores, targets: (n, c) as in `cuts`. A code without a yes gets the pooled cut.
    """
    known = ~np.isnan(targets)
    pooled = _best_cut(scores[known], targets[known])
    found = np.full(scores.shape[1], pooled)
    for column in range(scores.shape[1]):
        rows = known[:, column]
        positives = targets[rows, column].sum()
        if positives:
            own = _best_cut(scores[rows, column], targets[rows, column])
            safer = (pooled + _cut_at(scores[rows, column], round(positives))) / 2
            found[column] = (positives * own + SHRINK * safer) / (positives + SHRINK)
    return found


def calibrated(logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """A slope for all codes and an offset for each (c,), by which out-of-fold logits are nearest to what was decided.

    Platt's scaling, its offsets drawn to the one that is best for all codes. logits, targets: (n, c) as in `cuts`.
    """
    known = ~np.isnan(targets)
    scores, said = logits[known], targets[known]
    slope, offset = 1.0, 0.0
    for _ in range(STEPS):
        chance = sigmoid(slope * scores + offset)
        off, spread = chance - said, chance * (1 - chance)
        gradient = np.array([off @ scores + STEADY * (slope - 1), off.sum() + offset])
        mixed = spread @ scores
        curve = np.array([[spread @ scores**2 + STEADY, mixed], [mixed, spread.sum() + 1]])
        step = np.linalg.solve(curve, gradient)
        slope, offset = slope - step[0], offset - step[1]
        if np.abs(step).max() < 1e-6:
            break
    own = [_offset(slope * logits[rows, at] + offset, targets[rows, at]) for at, rows in enumerate(known.T)]
    return float(slope), offset + np.array(own)


def likely_best(scores: Floats, chances: Floats, weights: Floats) -> float:
    """The cut with the best F1 that can be expected of passages (n,) with such chances to be a yes; weights: (n,)."""
    order = np.argsort(-scores, kind="stable")
    taken, hits = np.cumsum(weights[order]), np.cumsum((weights * chances)[order])
    best = int(np.argmax(2 * hits / (taken + hits[-1])))
    return float((scores[order[best]] + scores[order[min(best + 1, len(order) - 1)]]) / 2)


def _offset(logits: Floats, said: Floats) -> float:
    found = 0.0
    for _ in range(STEPS):
        chance = sigmoid(logits + found)
        step = ((chance - said).sum() + LEAN / 4 * found) / ((chance * (1 - chance)).sum() + LEAN / 4)
        found -= float(np.clip(step, -1, 1))
        if abs(step) < 1e-6:
            break
    return found


def _shares(targets: Floats, expected: float) -> Floats:
    """(c,) of the passages that can be believed to carry each code: as if DOUBT more were decided, that many a yes."""
    yes, decided = np.nansum(targets, axis=0), (~np.isnan(targets)).sum(axis=0)
    return np.asarray((yes + DOUBT * expected) / (decided + DOUBT))


def most(held: Floats, targets: Floats, unread: Floats) -> Floats:
    """(c,) the largest share of the corpus that can carry each code, going by how many score as the known yes do.

    Of its own, as large a share as of the known yes is over any score, and no more than all that are over it. Asked
    at the lower half of the yes, as the highest of few is chance; too small where people picked the plainest first.
    Source: Scott, A rate of convergence for mixture proportion estimation (2015).
    held, targets, unread: as in `cuts`; 1 where too little is known.
    """
    found = np.ones(targets.shape[1])
    for at in range(len(found)):
        yes = np.sort(held[targets[:, at] == 1, at])[::-1]
        scores = np.sort(unread[~np.isnan(unread[:, at]), at])
        if not (len(yes) and len(scores)):
            continue
        over = 1 - (np.searchsorted(scores, yes) - 0.5) / len(scores)
        share = over * (len(yes) + 1) / np.arange(1, len(yes) + 1)
        found[at] = min(1, share[(len(yes) - 1) // 2 :].min())
    return found


def _bounded(found: Floats, shares: Floats, unread: Floats) -> Floats:
    """(c,) cuts, raised where more than these shares (c,) of the undecided passages would be suggested."""
    raised = found.copy()
    for column, share in enumerate(shares):
        scores = unread[~np.isnan(unread[:, column]), column]
        if len(scores):
            raised[column] = max(found[column], np.quantile(scores, 1 - share))
    return raised


def _no_more(logits: Floats, count: int, share: float) -> Floats:
    """(n,) chances out of logits, all lowered alike until the mean of the first `count` is at most this share."""
    low, high = -LOWEST, 0.0
    if not count or sigmoid(logits[:count]).mean() <= share:
        return sigmoid(logits)
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if sigmoid(logits[:count] + middle).mean() > share else (middle, high)
    return sigmoid(logits + low)


def _logits(scores: Floats) -> Floats:
    inside = np.clip(scores, NEAREST, 1 - NEAREST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


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

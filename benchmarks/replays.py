"""The whole protocol on real labels with the program's own scores: read by the queue, then audit, then count.

For each of SEEDS seeds the queue is read once, and DRAWS audits are drawn of what it left unread. An audit reads every
code of each passage, and a larger one goes on where a smaller one stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.labelled import SETS, Labelled, Machine, machine
from coding.estimate import Sample, Share, audited, human, wilson
from coding.estimate_groups import whole, within
from models.evidence import Flags, Floats, Integers

READINGS = (0, 240)
AUDITS = (100, 200, 400)
SEEDS, DRAWS = 5, 100
Estimator = Callable[[Sample], Share]


@dataclass(frozen=True)
class Intervals:
    """Of r replays and c codes, in passages. few: where scores were left out, since yes or no were few."""

    low: Floats
    high: Floats
    few: Flags

    def covered(self, truth: Floats) -> Floats:
        """(c,) share of the replays in which the true number (c,) is inside."""
        return ((self.low <= truth + 1e-9) & (truth <= self.high + 1e-9)).mean(axis=0)

    def width(self, size: int) -> Floats:
        """(c,) mean width in percentage points of so many passages."""
        return 100 * (self.high - self.low).mean(axis=0) / size


@dataclass(frozen=True)
class Replayed:
    """What so many readings by the queue and an audit of n gave, code by code.

    ours: by the queue's readings and the audit, scores used. plain: the same without the scores. simple: a simple
    random sample of as many readings in all, no queue. raw: (s, c) what the machine would have counted, seed by seed.
    rho: (s, c) of score and label in what was left unread, nan where all labels are one.
    """

    readings: int
    n: int
    ours: Intervals
    plain: Intervals
    simple: Intervals
    raw: Floats
    rho: Floats


def replayed(
    labels: Floats, machines: list[Machine], n: int, draws: int, seed: int, by: tuple[Estimator, ...] = (audited, human)
) -> Replayed:
    """So many audits of n for each of the machines, which differ in their seeds; by: with scores and without."""
    readings = int(machines[0].read.sum())
    of_audit = [
        intervals(labels, one, audits(np.flatnonzero(~one.read), n, draws, seed + at), by)
        for at, one in enumerate(machines)
    ]
    ours, plain = (_joined([pair[which] for pair in of_audit]) for which in (0, 1))
    unread = Machine(np.zeros(len(labels), bool), np.zeros_like(labels), np.zeros(labels.shape, bool))
    drawn = audits(np.arange(len(labels)), readings + n, len(machines) * draws, seed)
    (simple,) = intervals(labels, unread, drawn, (human,))
    raw = np.array([np.where(one.read[:, None], labels, one.suggested).sum(axis=0) for one in machines])
    rho = np.array([_correlations(one.scores[~one.read], labels[~one.read]) for one in machines])
    return Replayed(readings, n, ours, plain, simple, raw, rho)


def audits(rest: Integers, n: int, draws: int, seed: int) -> Iterator[Integers]:
    """Simple random samples; of one seed, a smaller one is the beginning of a larger one."""
    random = np.random.default_rng(seed)
    return (random.permutation(rest)[:n] for _ in range(draws))


def intervals(labels: Floats, known: Machine, audits: Iterator[Integers], by: tuple[Estimator, ...]) -> list[Intervals]:
    """Known and audit, by each of the estimators."""
    rest = ~known.read
    means, yes, size = known.scores[rest].mean(axis=0), labels[known.read].sum(axis=0).tolist(), int(rest.sum())
    counts: list[list[list[tuple[float, float, bool]]]] = [[] for _ in by]
    for rows in audits:
        y, f = labels[rows].T, known.scores[rows].T
        samples = [Sample(own, score, mean, size) for own, score, mean in zip(y, f, means.tolist(), strict=True)]
        for estimator, found in zip(by, counts, strict=True):
            shares = [estimator(sample) for sample in samples]
            each = [whole(within(said, 0, share, len(labels))) for said, share in zip(yes, shares, strict=True)]
            found.append([(one.low, one.high, share.few) for one, share in zip(each, shares, strict=True)])
    return [Intervals(*np.moveaxis(np.array(found), 2, 0)) for found in counts]


def _joined(parts: list[Intervals]) -> Intervals:
    return Intervals(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("low", "high", "few")))


def _correlations(scores: Floats, labels: Floats) -> Floats:
    pairs = zip(scores.T, labels.T, strict=True)
    return np.array([np.corrcoef(f, y)[0, 1] if np.ptp(y) and np.ptp(f) else np.nan for f, y in pairs])


def raw_covered(done: Replayed, truth: Floats, size: int) -> float:
    """How often the raw count, taken for a share of so many passages read, has the true number in its interval."""
    bounds = np.array([[wilson(one / size, size) for one in counts] for counts in done.raw])
    return float(((bounds[..., 0] <= truth / size) & (truth / size <= bounds[..., 1])).mean())


def table(data: Path, cache: Path, seed: int, sets: Sequence[str], seeds: int = SEEDS) -> Iterator[str]:
    """The lines of three tables: all codes together; what scores gain, by how good they are; code by code."""
    yield HEAD
    codes: list[str] = []
    gains: dict[tuple[int, int], list[Floats]] = {}
    for name in sets:
        labelled = SETS[name](data)
        labels = labelled.labels
        done: dict[tuple[int, int], Replayed] = {}
        for readings in READINGS:
            machines = [machine(name, labelled, readings, seed + at, cache) for at in range(seeds)]
            for n in AUDITS:
                done[readings, n] = replayed(labels, machines, n, DRAWS, seed)
                yield _row(name, done[readings, n], labels)
                gains.setdefault((readings, n), []).append(_gain(done[readings, n], len(labels)))
        codes += _codes(name, labelled, done)
    yield "\n" + GAINS
    for (readings, n), found in gains.items():
        yield from _by_rho(f"{readings} + {n}", np.concatenate(found))
    yield "\n" + CODES
    yield from codes


HEAD = (
    "| data | read, then audited | coverage: mean, worst code | mean width, pp | without scores: coverage, width |"
    " simple random sample of as many: coverage, width | raw machine count: mean error, pp, coverage | mean rho |"
    " scores left out |\n|---|---|---|---|---|---|---|---|---|"
)
BANDS = (-1, 0.25, 0.4, 0.6, 1)
GAINS = (
    "| read, then audited | rho | codes | width, as a share of that without scores | least to most | wider with them |"
    "\n|---|---|---|---|---|---|"
)
CODES = (
    "| data | code | share, % | 0 read: coverage, width | without scores | rho | 240 read: coverage, width |"
    " without scores | simple, 440 | rho | raw count's error, pp, after 0, 240 |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def _row(name: str, done: Replayed, labels: Floats) -> str:
    truth, size = labels.sum(axis=0), len(labels)
    cells = [name, f"{done.readings} + {done.n}"]
    covered = done.ours.covered(truth)
    cells.append(f"{covered.mean():.3f}, {covered.min():.3f}")
    cells.append(f"{done.ours.width(size).mean():.2f}")
    for other in (done.plain, done.simple):
        cells.append(f"{other.covered(truth).mean():.3f}, {other.width(size).mean():.2f}")
    error = 100 * np.abs(done.raw - truth).mean() / size
    cells += [f"{error:.1f}, {raw_covered(done, truth, size):.2f}", f"{np.nanmean(done.rho):.2f}"]
    cells.append(f"{100 * done.ours.few.mean():.0f} %")
    return f"| {' | '.join(cells)} |"


def _gain(done: Replayed, size: int) -> Floats:
    """(c, 2) rho, and the mean width as a share of the width without scores."""
    return np.stack([np.nanmean(done.rho, axis=0), done.ours.width(size) / done.plain.width(size)], axis=1)


def _by_rho(name: str, gains: Floats) -> Iterator[str]:
    for low, high in pairwise(BANDS):
        if len(width := gains[(low <= gains[:, 0]) & (gains[:, 0] < high), 1]):
            band = f"{low} to {high}" if low > -1 else f"below {high}"
            cells = f"{width.mean():.2f}", f"{width.min():.2f} to {width.max():.2f}", (width > 1).sum()
            yield f"| {name} | {band} | {len(width)} | {' | '.join(map(str, cells))} |"


def _codes(name: str, data: Labelled, done: dict[tuple[int, int], Replayed]) -> Iterator[str]:
    labels = data.labels
    truth, size = labels.sum(axis=0), len(labels)
    first, second = done[0, 200], done[240, 200]

    def both(intervals: Intervals) -> list[str]:
        return [f"{a:.3f}, {b:.2f}" for a, b in zip(intervals.covered(truth), intervals.width(size), strict=True)]

    columns = [
        [code for code, _ in data.codes],
        [f"{100 * one / size:.1f}" for one in truth],
        both(first.ours),
        both(first.plain),
        [f"{one:.2f}" for one in np.nanmean(first.rho, axis=0)],
        both(second.ours),
        both(second.plain),
        both(second.simple),
        [f"{one:.2f}" for one in np.nanmean(second.rho, axis=0)],
        [
            f"{a:+.1f}, {b:+.1f}"
            for a, b in zip(*(100 * (d.raw.mean(axis=0) - truth) / size for d in (first, second)), strict=True)
        ],
    ]
    for cells in zip(*columns, strict=True):
        yield f"| {' | '.join((name, *cells))} |"

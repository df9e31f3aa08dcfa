"""Populations of which the truth is known, audited again and again: how often each kind of interval holds it, how wide.

After METHODS 4.3 to 4.5. Everything follows from the seed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rivals import THRESHOLD, ppi_python, ppi_wald, raw, wald
from coding.agreement import Undefined
from coding.estimate import Sample, Share, audited, cross_fitted, human
from coding.estimate_designs import ALLOCATION, Documents, clusters, ranked, stratified
from coding.estimate_groups import within
from models.evidence import Flags, Floats, Integers
from models.picks import BATCH, Pool, batches
from tests.worlds import MODELS, SIZE, World, scored, world

AUDITS = (50, 100, 200, 400)
PREVALENCES = (0.02, 0.05, 0.20)
TEN = np.geomspace(0.01, 0.30, 10)  # prevalences of ten codes that one audit serves
TOP, MIDDLE = 0.05, 0.15  # shares of all, by rank, of the first two strata
WIDTH, APART = 100, 2.2  # of vectors that a model is taught with, and how far yes is from no
READ = 240
DOCUMENTS, EACH, ALIKE = 100, 50, 0.06  # passages of each document; ALIKE: their intraclass correlation
Bounds = tuple[float, float]


class Tally:
    """How often the truth was inside, below and above, and how wide the interval was, each with its mean."""

    def __init__(self) -> None:
        self.rows: list[tuple[bool, float, float]] = []

    def add(self, bounds: Bounds, truth: float, value: float = np.nan) -> None:
        low, high = bounds
        self.rows.append((low - 1e-9 <= truth <= high + 1e-9, 100 * (high - low), 100 * (value - truth)))

    def __str__(self) -> str:
        covered, width, _ = np.mean(self.rows, axis=0)
        return f"{covered:.3f} / {width:.1f}"

    def error(self) -> str:
        return f"{np.mean(self.rows, axis=0)[2]:+.1f}"


def _bounds(share: Share) -> Bounds:
    return share.low, share.high


def intervals(replicates: int, seed: int) -> Iterator[str]:
    """Coverage and width in percentage points, by prevalence, scores, method and size of the audit."""
    yield _head("prevalence", "scores", "method", *(f"n={n}" for n in AUDITS))
    for prevalence in PREVALENCES:
        for at, model in enumerate(MODELS):
            random = np.random.default_rng([seed, round(1000 * prevalence), at])
            found: dict[str, dict[int, Tally]] = {}
            for _ in range(replicates):
                made = world(random, prevalence, model)
                order = random.permutation(SIZE)
                for n in AUDITS:
                    for name, bounds in _by_each(made, order[:n], random):
                        found.setdefault(name, {}).setdefault(n, Tally()).add(bounds, made.truth)
            for name, by in found.items():
                yield _row(f"{100 * prevalence:.0f} %", model, name, *(str(by[n]) for n in AUDITS))


def _by_each(made: World, rows: Integers, random: np.random.Generator) -> Iterator[tuple[str, Bounds]]:
    sample = made.of(rows)
    yield "raw machine count, threshold 0.5", raw(made.f)
    yield "people only, Wald", _bounds(wald(sample))
    yield "people only, Wilson", _bounds(human(sample))
    yield "PPI++, Wald", _bounds(ppi_wald(sample))
    if library := ppi_python():
        unlabelled = np.delete(made.f, rows)
        yield "ppi-python 0.2.3, `ppi_mean_ci`", library(sample.y, sample.f, unlabelled)
    yield "**Themis**", _bounds(audited(sample))
    yield "rank-stratified 20/25/55", _bounds(_by_rank(made, len(rows), random))


def _by_rank(made: World, n: int, random: np.random.Generator) -> Share:
    stratum = ranked(made.f, TOP, MIDDLE)
    sizes = np.bincount(stratum, minlength=len(ALLOCATION)).astype(float)
    parts = [round(n * share) for share in ALLOCATION]
    drawn = [random.choice(np.flatnonzero(stratum == h), part, replace=False) for h, part in enumerate(parts)]
    rows = np.concatenate(drawn)
    return stratified(made.y[rows], stratum[rows], sizes)


def many_codes(replicates: int, seed: int) -> Iterator[str]:
    """One audit that reads ten codes of each passage."""
    yield _head("scores", "n", "method", "mean coverage", "worst of ten", "mean width / prevalence")
    for model in ("calibrated", "over-confident"):
        random = np.random.default_rng([seed, 44, list(MODELS).index(model)])
        found: dict[tuple[int, str], list[list[tuple[bool, float]]]] = {}
        for _ in range(replicates):
            worlds = [world(random, prevalence, model) for prevalence in TEN]
            order = random.permutation(SIZE)
            for n in (200, 400):
                for name, way in (("people only, Wilson", human), ("**Themis**", audited)):
                    shares = [way(one.of(order[:n])) for one in worlds]
                    both = zip(shares, worlds, strict=True)
                    row = [(s.low - 1e-9 <= w.truth <= s.high + 1e-9, s.high - s.low) for s, w in both]
                    found.setdefault((n, name), []).append(row)
        for (n, name), rows in found.items():
            covered, width = np.moveaxis(np.mean(rows, axis=0), 1, 0)
            yield _row(model, n, name, f"{covered.mean():.3f}", f"{covered.min():.3f}", f"{(width / TEN).mean():.2f}")


@dataclass(frozen=True)
class Taught:
    """A population with vectors: y (n,), x (n, WIDTH)."""

    y: Floats
    x: Floats

    def model(self, rows: Integers) -> Callable[[Floats], Floats]:
        """What a ridge logistic regression on these rows says of vectors."""
        from sklearn.linear_model import LogisticRegression

        share = self.y[rows].mean()
        if share in (0, 1):
            return lambda x: np.full(len(x), share)
        fitted = LogisticRegression(max_iter=200).fit(self.x[rows], self.y[rows])
        return lambda x: fitted.predict_proba(x)[:, 1]


def _taught(random: np.random.Generator, prevalence: float = 0.05) -> Taught:
    y = (random.random(SIZE) < prevalence).astype(float)
    x = random.normal(size=(SIZE, WIDTH))
    x[:, 0] += APART * y
    return Taught(y, x)


def double_dipping(replicates: int, seed: int) -> Iterator[str]:
    """A model taught with the audit's own answers, whose scores are then used with them."""
    yield _head("scores of", *(f"n={n}" for n in AUDITS[1:]))
    random, found = np.random.default_rng([seed, 45]), {}
    for _ in range(replicates):
        made = _taught(random)
        order = random.permutation(SIZE)
        for n in AUDITS[1:]:
            for name, share in _dipped(made, order[:n]):
                found.setdefault(name, {}).setdefault(n, Tally()).add(_bounds(share), made.y.mean())
    for name, by in found.items():
        yield _row(name, *(str(by[n]) for n in AUDITS[1:]))


def _dipped(made: Taught, rows: Integers) -> Iterator[tuple[str, Share]]:
    y, scores = made.y[rows], made.model(rows)(made.x)
    yield "the model that the audit taught", audited(Sample(y, scores[rows], float(scores.mean()), SIZE))
    fold, f, means = np.arange(len(rows)) % 5, np.zeros(len(rows)), []
    for one in range(5):
        inside = rows[fold != one]
        said = made.model(inside)(made.x)
        f[fold == one] = said[rows[fold == one]]
        means.append(float(np.delete(said, inside).mean()))
    yield (
        "**five models, each of what it did not see (`cross_fitted`)**",
        cross_fitted(Sample(y, f, 0.0, SIZE), means, fold),
    )
    yield "none: people only, Wilson", human(Sample(y, f, 0.0, SIZE))


def protocol(replicates: int, seed: int) -> Iterator[str]:
    """Read 240 by the queue, learning after each batch, then audit what is left."""
    random, found = np.random.default_rng([seed, 46]), {}
    for _ in range(replicates):
        made = _taught(random)
        read = _queue_read(made, random)
        scores = made.model(np.flatnonzero(read))(made.x)
        for name, bounds, value in _exports(made, read, scores, random):
            found.setdefault(name, Tally()).add(bounds, made.y.mean(), value)
    yield _head("what is exported", "coverage / width, pp", "mean error, pp")
    for name, tally in found.items():
        yield _row(name, tally, tally.error())


def _queue_read(made: Taught, random: np.random.Generator) -> Flags:
    """Which are read: first by a codebook that points roughly the right way, then by what was learned."""
    unit = made.x / np.linalg.norm(made.x, axis=1, keepdims=True)
    read = np.zeros(SIZE, bool)
    pointing = random.normal(size=WIDTH) / np.sqrt(WIDTH)
    pointing[0] += 1
    scores, cut = made.x @ pointing, 2.0
    while (done := int(read.sum())) < READ:
        rest = np.flatnonzero(~read)
        pool = Pool(rest, rest, scores[rest, None])
        yes = np.array([made.y[read].sum()], np.int64)
        (picked,) = batches(pool, unit[rest], np.array([cut]), yes, unit[read], done, min(BATCH, READ - done))
        read[rest[[one.row for one in picked]]] = True
        if min(made.y[read].sum(), (1 - made.y[read]).sum()) >= 4:
            scores, cut = made.model(np.flatnonzero(read))(made.x), THRESHOLD
    return read


def _exports(
    made: Taught, read: Flags, scores: Floats, random: np.random.Generator
) -> Iterator[tuple[str, Bounds, float]]:
    marked, summed = np.where(read, made.y, scores >= THRESHOLD), np.where(read, made.y, scores)
    yield "people's and machine's labels, threshold 0.5", raw(marked), float(marked.mean())
    half = 1.96 * float(summed.std()) / np.sqrt(SIZE)
    yield "people's labels and the sum of scores", (summed.mean() - half, summed.mean() + half), float(summed.mean())
    as_sample = human(Sample(made.y[read], scores[read], 0.0, SIZE))
    yield "all that people read, taken for a sample", _bounds(as_sample), as_sample.value
    order = random.permutation(np.flatnonzero(~read))
    for n in (200, 400):
        sample = Sample(made.y[order[:n]], scores[order[:n]], float(scores[order].mean()), len(order))
        for name, way in (("people only, Wilson", human), ("**Themis**", audited)):
            count = within(float(made.y[read].sum()), 0, way(sample), SIZE)
            yield f"known + audit of {n}, {name}", (count.low / SIZE, count.high / SIZE), count.value / SIZE


def whole_documents(replicates: int, seed: int) -> Iterator[str]:
    """Documents drawn whole, whose passages are alike."""
    drawn = (20, 30, 50)
    random, found = np.random.default_rng([seed, 47]), {}
    for _ in range(replicates):
        more = 1 / ALIKE - 1
        y = (random.random((DOCUMENTS, EACH)) < random.beta(0.05 * more, 0.95 * more, (DOCUMENTS, 1))).astype(float)
        f = scored(random, y.ravel(), 0.05, "calibrated", 0.6).reshape(y.shape)
        order = random.permutation(DOCUMENTS)
        for n in drawn:
            for name, share in _by_document(y, f, order[:n]):
                found.setdefault(name, {}).setdefault(n, Tally()).add(_bounds(share), float(y.mean()))
    yield _head("method", *(f"{n} of {DOCUMENTS} documents" for n in drawn))
    for name, by in found.items():
        yield _row(name, *(str(by[n]) for n in drawn))


def _by_document(y: Floats, f: Floats, rows: Integers) -> Iterator[tuple[str, Share]]:
    passages = Sample(y[rows].ravel(), f[rows].ravel(), float(f.mean()), y.size)
    yield "as if the passages were drawn one by one", audited(passages)
    sizes = np.full(len(rows), float(EACH))
    share = clusters(Documents(y[rows].sum(axis=1), f[rows].sum(axis=1), sizes, float(f.mean()), DOCUMENTS, y.size))
    assert not isinstance(share, Undefined)
    yield "**Themis: whole documents (`clusters`)**", share


def _head(*names: str) -> str:
    return f"{_row(*names)}\n|{'---|' * len(names)}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


TABLES: Sequence[tuple[str, Callable[[int, int], Iterator[str]], int, int]] = (
    # title, table, replicates, replicates where it is quick
    ("Intervals of one code", intervals, 2000, 40),
    ("One audit, ten codes from 1 to 30 %", many_codes, 500, 20),
    ("Scores of a model that the audit taught, 5 %", double_dipping, 500, 20),
    (f"Read {READ} of {SIZE:,} by the queue, then audit, 5 %", protocol, 300, 8),
    (f"Whole documents of {EACH} passages, 5 %, intraclass correlation {ALIKE}", whole_documents, 2000, 100),
)

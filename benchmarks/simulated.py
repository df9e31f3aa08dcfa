"""Populations of which the truth is known, audited again and again: how often each kind of interval holds it, how wide.

After METHODS 4.3 to 4.5. Everything follows from the seed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rivals import THRESHOLD, ppi_python, ppi_wald, raw, wald
from coding.agreement import Undefined
from coding.estimate import Sample, Share, audited, cross_fitted, human
from coding.estimate_designs import ALLOCATION, clusters, ranked, stratified
from coding.estimate_groups import Count, Estimate, within
from models.evidence import Flags, Floats, Integers
from models.picks import BATCH, Pool, batches
from tests.worlds import MODELS, SIZE, Transcripts, World, held, transcripts, world

AUDITS = (50, 100, 200, 400)
PREVALENCES = (0.02, 0.05, 0.20)
TEN = np.geomspace(0.01, 0.30, 10)  # prevalences of ten codes that one audit serves
WIDTH, APART = 100, 2.2  # of vectors that a model is taught with, and how far yes is from no
READ = 240
DOCUMENTS = (20, 30, 50)
Told = list[tuple[Estimate, float]]  # intervals, each with the truth
By = dict[str, dict[int, Told]]  # method, size of the audit


def intervals(replicates: int, seed: int) -> Iterator[str]:
    """Coverage and width in percentage points, by prevalence, scores, method and size of the audit."""
    yield _head("prevalence", "scores", "method", *(f"n={n}" for n in AUDITS))
    for prevalence in PREVALENCES:
        for at, model in enumerate(MODELS):
            random, found = np.random.default_rng([seed, round(1000 * prevalence), at]), {}
            for _ in range(replicates):
                made = world(random, prevalence, model)
                order = random.permutation(SIZE)
                for n in AUDITS:
                    _note(found, n, _by_each(made, order[:n], random), made.truth)
            for cells in _cells(found):
                yield _row(f"{100 * prevalence:.0f} %", model, *cells)


def _note(found: By, n: int, told: Iterable[tuple[str, Estimate]], truth: float) -> None:
    for name, one in told:
        found.setdefault(name, {}).setdefault(n, []).append((one, truth))


def _cells(found: By) -> Iterator[list[str]]:
    for name, by in found.items():
        yield [name, *(f"{one.coverage:.3f} / {100 * one.width:.1f}" for one in map(held, by.values()))]


def _by_each(made: World, rows: Integers, random: np.random.Generator) -> Iterator[tuple[str, Estimate]]:
    sample = made.sample(rows)
    yield "raw machine count, threshold 0.5", raw(made.f)
    yield "people only, Wald", wald(sample)
    yield "people only, Wilson", human(sample)
    yield "PPI++, Wald", ppi_wald(sample)
    if library := ppi_python():
        yield "ppi-python 0.2.3, `ppi_mean_ci`", library(sample.y, sample.f, np.delete(made.f, rows))
    yield "**Themis**", audited(sample)
    yield "rank-stratified 20/25/55", _by_rank(made, len(rows), random)


def _by_rank(made: World, n: int, random: np.random.Generator) -> Share:
    stratum = ranked(made.f)
    parts = [round(n * share) for share in ALLOCATION]
    drawn = [random.choice(np.flatnonzero(stratum == h), part, replace=False) for h, part in enumerate(parts)]
    rows = np.concatenate(drawn)
    return stratified(made.y[rows], stratum[rows], np.bincount(stratum).astype(float))


def many_codes(replicates: int, seed: int) -> Iterator[str]:
    """One audit that reads ten codes of each passage."""
    yield _head("scores", "n", "method", "mean coverage", "worst of ten", "mean width / prevalence")
    for model in ("calibrated", "over-confident"):
        random = np.random.default_rng([seed, 44, list(MODELS).index(model)])
        found: list[By] = [{} for _ in TEN]
        for _ in range(replicates):
            order = random.permutation(SIZE)
            for prevalence, of_code in zip(TEN, found, strict=True):
                made = world(random, prevalence, model)
                for n in (200, 400):
                    sample = made.sample(order[:n])
                    told = (("people only, Wilson", human(sample)), ("**Themis**", audited(sample)))
                    _note(of_code, n, told, made.truth)
        for n in (200, 400):
            for name in found[0]:
                of_ten = [held(of_code[name][n]) for of_code in found]
                covered, width = np.array([(one.coverage, one.width) for one in of_ten]).T
                cells = f"{covered.mean():.3f}", f"{covered.min():.3f}", f"{(width / TEN).mean():.2f}"
                yield _row(model, n, name, *cells)


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
            _note(found, n, _dipped(made, order[:n]), float(made.y.mean()))
    yield from (_row(*cells) for cells in _cells(found))


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
        _note(found, 0, _exports(made, read, scores, random), float(made.y.mean()))
    yield _head("what is exported", "coverage / width, pp", "mean error, pp")
    for cells, by in zip(_cells(found), found.values(), strict=True):
        yield _row(*cells, f"{100 * held(by[0]).bias:+.1f}")


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


def _exports(made: Taught, read: Flags, scores: Floats, random: np.random.Generator) -> Iterator[tuple[str, Estimate]]:
    summed = np.where(read, made.y, scores)
    yield "people's and machine's labels, threshold 0.5", raw(summed)
    middle, half = float(summed.mean()), 1.96 * float(summed.std()) / np.sqrt(SIZE)
    yield "people's labels and the sum of scores", Count(middle, middle - half, middle + half)
    yield "all that people read, taken for a sample", human(Sample(made.y[read], scores[read], 0.0, SIZE))
    order = random.permutation(np.flatnonzero(~read))
    for n in (200, 400):
        sample = Sample(made.y[order[:n]], scores[order[:n]], float(scores[order].mean()), len(order))
        for name, way in (("people only, Wilson", human), ("**Themis**", audited)):
            count = within(float(made.y[read].sum()), 0, way(sample), SIZE)
            share = Count(count.value / SIZE, count.low / SIZE, count.high / SIZE)
            yield f"known + audit of {n}, {name}", share


def whole_documents(replicates: int, seed: int) -> Iterator[str]:
    """Documents drawn whole, whose passages are alike."""
    random, found = np.random.default_rng([seed, 47]), {}
    for _ in range(replicates):
        made = transcripts(random, 0.05)
        for n in DOCUMENTS:
            _note(found, n, _by_document(made, n, random), made.world.truth)
    yield _head("method", *(f"{n} of 100 documents" for n in DOCUMENTS))
    yield from (_row(*cells) for cells in _cells(found))


def _by_document(made: Transcripts, n: int, random: np.random.Generator) -> Iterator[tuple[str, Estimate]]:
    rows = np.flatnonzero(np.isin(made.where, random.choice(made.where.max() + 1, n, replace=False)))
    yield "as if the passages were drawn one by one", audited(made.world.sample(rows))
    share = clusters(made.drawn(random, n))
    assert not isinstance(share, Undefined)
    yield "**Themis: whole documents (`clusters`)**", share


def rare(most: int, seed: int) -> Iterator[str]:
    """Every true number from 1 to `most`, each with every sample that there can be: nothing here is left to chance."""
    from scipy.stats import hypergeom

    yield _head("population", "n", "mean coverage", "worst coverage", "at so many true", "true numbers below 92 %")
    for size in (2000, SIZE, 20_000):
        for n in AUDITS[1:]:
            told = [_people_only(yes, n, size) for yes in range(min(n, most) + 1)]
            ends = size * np.array([(one.low, one.high) for one in told])
            true, yes = np.arange(1, most + 1)[:, None], np.arange(len(ends))
            inside = (ends[:, 0] <= true + 1e-9) & (true <= ends[:, 1] + 1e-9)
            covered = (hypergeom.pmf(yes, size, true, n) * inside).sum(axis=1)
            worst = int(covered.argmin())
            cells = f"{covered.mean():.3f}", f"{covered[worst]:.3f}", worst + 1, (covered < 0.92).sum()
            yield _row(f"{size:,}", n, *cells)


def _people_only(yes: int, n: int, size: int) -> Share:
    return human(Sample((np.arange(n) < yes).astype(float), np.zeros(n), 0.0, size))


def _head(*names: str) -> str:
    return f"{_row(*names)}\n|{'---|' * len(names)}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


TABLES: Sequence[tuple[str, Callable[[int, int], Iterator[str]], int, int]] = (
    # title, table, replicates, replicates where it is quick
    ("Intervals of one code; {:,} replicates", intervals, 2000, 40),
    ("One audit, ten codes from 1 to 30 %; {:,} replicates", many_codes, 500, 20),
    ("Scores of a model that the audit taught, 5 %; {:,} replicates", double_dipping, 500, 20),
    (f"Read {READ} of {SIZE:,} by the queue, then audit, 5 %; {{:,}} replicates", protocol, 300, 8),
    ("Whole documents, 5 %, intraclass correlation 0.06; {:,} replicates", whole_documents, 2000, 100),
    ("Rare codes, people only, exactly: 1 to {} passages have the code", rare, 100, 100),
)

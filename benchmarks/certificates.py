"""How often promises about unread passages are broken: by rules in use and by ours, where the truth is known.

Run from the repository root: python -m benchmarks.certificates [--quick] [--cuts] [--seed 1]
A quick run takes 300 studies of each kind instead of 2,000. --cuts: which cuts to propose, of every three and four.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import ceil

import numpy as np

from coding import certify
from tests.worlds import SIZE, world

PREVALENCE = 0.05
PRECISION = CONFIDENCE = 0.9
MODELS = (0.6, 0.8, 0.9)  # best F1
AUDITS = (100, 200)
STEPS = tuple(round(step / 20, 2) for step in range(2, 21))
NEGATIVES = ((500, 300), (1000, 500))  # read by rank, then audited of the rest

Flags = np.ndarray
tolerated = cache(certify.tolerated)


@dataclass(frozen=True, slots=True)
class Audit:
    """Nested cuts and what was audited of the largest: places in the order, from 0, and whether each was wrong."""

    sizes: Sequence[int]
    ranks: Flags
    wrong: Flags

    def each(self) -> list[tuple[int, int, int]]:
        """Of each cut its size, audited and errors."""
        inside = [self.ranks < size for size in self.sizes]
        return [
            (size, int(own.sum()), int(self.wrong[own].sum())) for size, own in zip(self.sizes, inside, strict=True)
        ]


def naive(audit: Audit) -> int:
    """The largest cut whose audited are as precise as promised."""
    return max((size for size, n, errors in audit.each() if n and errors <= (1 - PRECISION) * n + 1e-9), default=0)


def conformal(audit: Audit) -> int:
    """The same with one error more in one audited more, as conformal risk control has it."""
    each = audit.each()
    return max((size for size, n, errors in each if errors + 1 <= (1 - PRECISION) * (n + 1) + 1e-9), default=0)


def bonferroni(audit: Audit) -> int:
    """The largest cut that passes the exact test, the error divided by the number of cuts."""
    level = round(1 - (1 - CONFIDENCE) / len(audit.sizes), 12)
    return max((size for size, n, errors in audit.each() if errors <= tolerated(size, n, PRECISION, level)), default=0)


def sequence(audit: Audit) -> int:
    """Ours."""
    found = certify.largest(
        certify.accepted(audit.sizes, audit.ranks.tolist(), audit.wrong.tolist(), PRECISION, CONFIDENCE)
    )
    return found.size if found else 0


RULES: dict[str, Callable[[Audit], int]] = {
    "naive": naive,
    "conformal (e+1)/(k+1)": conformal,
    "exact, Bonferroni": bonferroni,
    "**exact, fixed sequence**": sequence,
}


def study(rng: np.random.Generator, f1: float) -> tuple[Flags, int]:
    """Whether each passage has the code, by the machine's rank; and how many are the machine's yeses.

    A calibrated model's best threshold is half its best F1 (Lipton and others 2014).
    """
    made = world(rng, PREVALENCE, f1=f1)
    return made.y[np.argsort(-made.f)] > 0, int((made.f >= f1 / 2).sum())


def accept(rng: np.random.Generator, f1: float) -> dict[tuple[str, int, str], tuple[int, int, float, int]]:
    """One study: of each source, number read and rule: accepted, unread of them, recall through them, 0 or 1 broken."""
    yes, positives = study(rng, f1)
    sizes = certify.cuts(positives, max(AUDITS), PRECISION, CONFIDENCE)
    audits = {("corpus", 200): drawn(rng, yes, SIZE, 200, sizes)}
    for n in AUDITS:
        audits["machine's yeses", n] = drawn(rng, yes, sizes[-1], n, sizes)
    audits["truth", SIZE] = Audit(sizes, np.arange(0), yes[:0])
    found = {}
    for place, audit in audits.items():
        for name, rule in RULES.items() if place[0] != "truth" else [("oracle", lambda _: oracle(yes, sizes))]:
            size = rule(audit)
            unread = size - int((audit.ranks < size).sum())
            found[*place, name] = size, unread, yes[:size].sum() / yes.sum(), int(size > 0 and not kept(yes, size))
    return found


def oracle(yes: Flags, sizes: Sequence[int]) -> int:
    return max((size for size in sizes if kept(yes, size)), default=0)


def kept(yes: Flags, size: int) -> bool:
    return yes[:size].sum() >= PRECISION * size - 1e-9


def drawn(rng: np.random.Generator, yes: Flags, frame: int, n: int, sizes: Sequence[int]) -> Audit:
    """n of the first `frame` passages; those beyond the largest cut are of no use to it."""
    ranks = rng.choice(frame, min(n, frame), replace=False)
    ranks = ranks[ranks < sizes[-1]]
    return Audit(sizes, ranks, ~yes[ranks])


def reject(rng: np.random.Generator, f1: float, read: int, n: int) -> tuple[float, float, float]:
    """One study: certified recall, true recall, and the recall that the audit alone would estimate."""
    yes, _ = study(rng, f1)
    known, rest = int(yes[:read].sum()), yes[read:]
    found = int(rest[rng.choice(len(rest), n, replace=False)].sum())
    upper = certify.missed(len(rest), n, found, CONFIDENCE)
    true = (known + found) / yes.sum()
    return certify.recall(found, known, upper), true, (known + found) / (known + found * len(rest) / n)


def positives_table(studies: int, seed: int) -> None:
    print(f"Accepted without reading: precision at least {PRECISION} with confidence {CONFIDENCE}.\n")
    print("| best F1 | audited | of | rule | P(broken) | accepted | unread of them | recall through them | P(any) |")
    print("|---|---|---|---|---|---|---|---|---|")
    for f1 in MODELS:
        rng = np.random.default_rng([seed, int(f1 * 10)])
        runs = [accept(rng, f1) for _ in range(studies)]
        for source, n, rule in runs[0]:
            size, unread, recall, broken = np.array([run[source, n, rule] for run in runs]).T
            figures = f"{broken.mean():.3f} | {size.mean():.0f} | {unread.mean():.0f} | {recall.mean():.2f}"
            print(f"| {f1} | {n} | {source} | {rule} | {figures} | {(size > 0).mean():.2f} |", flush=True)


def negatives_table(studies: int, seed: int) -> None:
    print(f"\nMissed: recall certified with confidence {CONFIDENCE}.\n")
    print("| best F1 | read by rank | audited | P(certificate true) | certified | true | P(estimate too high) |")
    print("|---|---|---|---|---|---|---|")
    for f1 in MODELS:
        for read, n in NEGATIVES:
            rng = np.random.default_rng([seed, int(f1 * 10), read])
            certified, true, estimated = np.array([reject(rng, f1, read, n) for _ in range(studies)]).T
            figures = f"{(certified <= true).mean():.3f} | {certified.mean():.2f} | {true.mean():.2f}"
            print(f"| {f1} | {read} | {n} | {figures} | {(estimated > true).mean():.2f} |", flush=True)


def passing(rng: np.random.Generator, f1: float, n: int, last: float, level: float) -> tuple[Flags, Flags, Flags]:
    """One study, n drawn of the machine's yeses up to `last`: of each step whether it can pass, does, its recall."""
    yes, positives = study(rng, f1)
    sizes = [ceil(positives * step) for step in STEPS if step <= last]
    each = drawn(rng, yes, sizes[-1], n, sizes).each()
    allowed = np.array([tolerated(size, held, PRECISION, level) for size, held, _ in each])
    errors = np.array([errors for _, _, errors in each])
    return allowed >= 0, errors <= allowed, np.cumsum(yes)[np.array(sizes) - 1] / yes.sum()


def through(steps: Sequence[int], can: Flags, does: Flags, recall: Flags) -> float:
    """Mean recall through the fixed sequence of these steps; arrays (studies, steps)."""
    going, reached = np.ones(len(can), dtype=bool), np.zeros(len(can))
    for step in steps:
        reached = np.where(going & does[:, step], recall[:, step], reached)
        going &= does[:, step] | ~can[:, step]
    return float(reached.mean())


def cuts_table(studies: int, seed: int) -> None:
    """At the confidence itself and at that of a first attempt, which has half of the error."""
    settings = [(f1, n, level) for f1 in MODELS for n in AUDITS for level in (CONFIDENCE, 0.95)]
    figures: dict[tuple[float, ...], list[float]] = {}
    for last in range(2, len(STEPS)):
        sets = [(*low, last) for several in (2, 3) for low in combinations(range(last), several)]
        for f1, n, level in settings:
            rng = np.random.default_rng([seed, int(f1 * 10), n])
            runs = [passing(rng, f1, n, STEPS[last], level) for _ in range(studies)]
            can, does, recall = (np.array(part) for part in zip(*runs, strict=True))
            for steps in sets:
                own = figures.setdefault(tuple(STEPS[step] for step in steps), [])
                own.append(through(steps, can, does, recall))
    ranked = sorted(figures, key=lambda own: -np.mean(figures[own]))
    print(f"Recall through what is accepted: mean of {', '.join(map(str, settings))} (best F1, read, confidence).\n")
    print(f"| place of {len(ranked)} | cuts | mean | each |\n|---|---|---|---|")
    for own in [*ranked[:10], certify.FRACTIONS, (0.25, 0.5, 0.75, 1.0)]:
        each = " ".join(f"{figure:.2f}" for figure in figures[own])
        print(f"| {ranked.index(own) + 1} | {own} | {np.mean(figures[own]):.3f} | {each} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cuts", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    studies = 300 if given.quick else 2000
    print(
        f"{studies} studies of {SIZE} passages, prevalence {PREVALENCE}, cuts {certify.FRACTIONS}, seed {given.seed}.\n"
    )
    for table in [cuts_table] if given.cuts else [positives_table, negatives_table]:
        table(studies, given.seed)


if __name__ == "__main__":
    main()

"""Ours beside its peers on all coding tasks, from no label to all: kept rows, and the tables of docs/accuracy.md.

Run from the repository root: python -m benchmarks.accuracy [--quick], then python -m benchmarks.accuracy --table
A killed run goes on where it stopped, and only what a changed method or task asks for is run again.
"""

import argparse
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import found, peers
from benchmarks.accuracy_table import Kept, queues, tables, written
from benchmarks.labelled import DECIDE
from benchmarks.peers import FOLDER, PEERS, Learned, Numbers, Peer, Question, Said
from benchmarks.tasks import DEVELOPMENT, REPORT, SEEDS, Task, drawn, tasks
from models.evidence import Floats, Integers
from models.learn import SCORE, learn

ROOT = Path(__file__).parent.parent
ROWS = FOLDER / "rows.jsonl"
BUDGETS = {"0": 0, "4": 4, "8": 8, "16": 16, "64": 64, "all": None}
OURS = "Themis"
BACKGROUND = 2000
BINS = 10  # of the calibration error
WITHOUT = {OURS, "cosine to the name", "cosine to the definition", "SetFit", "SetFit, told the shares"}  # labels
ONLY_WITHOUT = {"cosine to the definition"}
SLOW = {"SetFit", "SetFit, told the shares"}
SLOW_SEEDS = 1
QUEUE_SEEDS = 3
SLOW_BUDGETS = ("0", "8", "16", "64")
KEY = ("half", "task", "budget", "seed", "method")  # of a row; the budget of a queue's is its name
QUEUED = ("nhs_px_fft", "anes2008 ds5", "uk_manifestos", "pdpilot_interviews", "sample corpus")
PAGE = ROOT / "docs" / "accuracy.md"
QUICK = ("nhs_px_fft", "anes2008 ds5", "uk_manifestos", "pdpilot_interviews")


def ours(question: Question) -> Learned:
    """What the program learns, with a sample of the pool in place of the corpus."""
    data = question.case.data
    chosen = np.sort(np.random.default_rng(question.seed).permutation(question.case.pool)[:BACKGROUND])
    model = learn(
        data.themes,
        data.vectors,
        data.evidence.rows(question.rows),
        question.labels,
        data.documents[question.rows],
        data.evidence.rows(chosen),
        question.seed,
    )

    def said(rows: Integers) -> Said:
        found = model.score(data.evidence.rows(rows))
        return Said(found.score, found.suggested, np.array(model.kind) == SCORE)

    return said


METHODS: dict[str, Peer] = {OURS: ours, **PEERS}


def answers(method: str, budget: str) -> bool:
    """Whether the method has an answer to so many labels."""
    if method in SLOW and budget not in SLOW_BUDGETS:
        return False
    return method in WITHOUT if budget == "0" else method not in ONLY_WITHOUT


@cache
def source(method: str) -> str:
    """A hash of what the method is made of, as it was when first asked; ours of the modules that learning imports."""
    files = [Path(peers.__file__)]
    if method == OURS:
        files = sorted(_imported("learn", set()))
    if method == found.QUEUE:
        rooms = _imported("learn", set()) | _imported("memory", set()) | _imported("picks", set())
        files = [*sorted(rooms), *(ROOT / "coding" / f"{name}.py" for name in DECIDE), Path(found.__file__)]
    if method in SLOW:
        files = [Path(peers.__file__).with_name("setfit_peer.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _imported(name: str, found: set[Path]) -> set[Path]:
    """The file of this module of the models room, and of all that it imports from there."""
    file = ROOT / "models" / f"{name}.py"
    if file not in found:
        found.add(file)
        for other in re.findall(r"from models\.(\w+) import", file.read_text(encoding="utf-8")):
            _imported(other, found)
    return found


def figures(labels: Floats, said: Said) -> Numbers:
    """Of n test passages, labels (n, c) with nan for what is not scored: over the codes that occur."""
    from sklearn.metrics import average_precision_score

    known = ~np.isnan(labels)
    there = np.flatnonzero((labels == 1).any(axis=0))
    hits = (said.suggested & (labels == 1)).sum(axis=0)
    both = (said.suggested & known).sum(axis=0) + (labels == 1).sum(axis=0)
    precision = [
        average_precision_score(labels[known[:, code], code], said.score[known[:, code], code]) for code in there
    ]
    own = known & said.probable
    return {
        "macro": float((2 * hits / np.maximum(both, 1))[there].mean()),
        "micro": float(2 * hits.sum() / max(1, both.sum())),
        "ap": float(np.mean(precision)),
        "calibration": _calibration(said.score[own], labels[own]),
    }


def _calibration(scores: Floats, labels: Floats) -> float:
    """Mean distance of score and share in bins of as many passages each; nan where no score is to be read so."""
    if len(scores) < BINS:
        return float("nan")
    order = np.argsort(scores, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(len(part) * abs(scores[part].mean() - labels[part].mean()) for part in bins) / len(scores))


def measured(peer: Peer, question: Question) -> Numbers:
    """The figures of one answer, and what learning cost; memory is what was needed over what was there, in MB."""
    before = _memory("VmRSS", reset=True)
    begun, used = time.perf_counter(), time.process_time()
    learned = peer(question)
    cost = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - used}
    cost["memory"] = max(0.0, _memory("VmHWM") - before)
    said = learned(question.case.test)
    cost |= said.cost or {}
    return figures(question.case.data.labels[question.case.test], said) | cost | {"labelled": len(question.rows)}


def _memory(name: str, reset: bool = False) -> float:
    """MB of this process; reset: the peak is counted from now. 0 where the system does not say."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def kept() -> dict[tuple, dict]:
    """The newest row of each half, task, budget, seed and method that is of the method as it now is."""
    now = {method: source(method) for method in (*METHODS, found.QUEUE)}
    there = ROWS.read_text(encoding="utf-8").splitlines() if ROWS.exists() else []
    read = [json.loads(line) for line in there]
    return {tuple(row[name] for name in KEY): row for row in read if row["source"] == now.get(row["method"])}


def keep(row: dict) -> None:
    """One row more, on the disk in one write: several runs may add at once."""
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    with ROWS.open("ab", buffering=0) as file:
        file.write(json.dumps(row).encode() + b"\n")


def reads(half: str, wanted: list[Task], seeds: int) -> Iterator[str]:
    """What reading finds in each order, and what is learned of it; a line for each."""
    have = kept()
    for task in (task for task in wanted if task.name in QUEUED):
        for seed in range(seeds):
            for name in found.ORDERS:
                key = dict(zip(KEY, (half, task.name, name, seed, found.QUEUE), strict=True))
                cases = [] if tuple(key.values()) in have else task.cases(half, seed)
                for case in cases:
                    own = found.narrowed(case, seed)
                    curve = list(found.curve(own, found.order(own, name, seed), ours, seed))
                    keep({**key, "source": source(found.QUEUE), "curve": curve, "pool": len(own.pool)})
                    yield f"{task.name} | {seed} | {name} | " + " | ".join(f"{one['recall']:.3f}" for one in curve)


def run(half: str, wanted: list[Task], budgets: list[str], seeds: int, methods: list[str]) -> Iterator[str]:
    """What is not kept yet, task by task; a line for each."""
    have = kept()
    for task in wanted:
        for seed in range(seeds):
            cases = task.cases(half, seed)
            asked = [(budget, method) for budget in budgets for method in methods if answers(method, budget)]
            for budget, method in asked if cases else []:
                if method in SLOW and seed >= SLOW_SEEDS:
                    continue
                questions = [Question(case, _rows(case, budget, seed), seed) for case in cases]
                print_of = "".join(question.fingerprint for question in questions)
                question = hashlib.sha256(print_of.encode()).hexdigest()[:16]
                key = half, task.name, budget, seed, method
                if key in have and have[key]["question"] == question:
                    continue
                each = [measured(METHODS[method], one) for one in questions]
                told = {name: _mean([one[name] for one in each]) for name in each[0]}
                named = dict(zip(KEY, key, strict=True))
                keep({**named, "source": source(method), "question": question, **told})
                yield f"{task.name} | {budget} | {seed} | {method} | {told['macro']:.3f} | {told['ap']:.3f} | " + (
                    f"{told['seconds']:.1f} s"
                )


def _rows(case, budget: str, seed: int) -> Integers:
    return drawn(case.data.labels, case.pool, BUDGETS[budget], seed)


def _mean(values: list[float]) -> float | None:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=(DEVELOPMENT, REPORT), default=REPORT)
    parser.add_argument("--tasks", help="names that begin so, with | between")
    parser.add_argument("--methods", help="as the table names them, with | between")
    parser.add_argument("--budgets", default="|".join(BUDGETS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--quick", action="store_true", help="four tasks, one seed, three budgets, without SetFit")
    parser.add_argument("--table", action="store_true", help="write docs/accuracy.md from what is kept")
    parser.add_argument("--only", choices=("methods", "queue"))
    given = parser.parse_args()
    if given.table:
        written(PAGE, tabled(given.half))
        return
    threadpool_limits(1, user_api="blas")  # for the peers too
    os.environ["OMP_NUM_THREADS"] = "1"
    methods = given.methods.split("|") if given.methods else list(METHODS)
    wanted = tasks()
    if given.tasks:
        wanted = [task for name in given.tasks.split("|") for task in _named(wanted, name)]
    budgets, seeds = given.budgets.split("|"), given.seeds
    if given.quick:
        wanted, seeds, budgets = [task for task in wanted if task.name in QUICK], 1, ["0", "8", "64"]
        methods = [method for method in methods if method not in SLOW]
    if given.only != "queue":
        for line in run(given.half, wanted, budgets, seeds, methods):
            print(line, flush=True)
    if given.only != "methods" and not given.quick:
        for line in reads(given.half, wanted, min(seeds, QUEUE_SEEDS)):
            print(line, flush=True)
    print(f"All of it is kept in {ROWS.relative_to(ROOT)}; --table writes {PAGE.relative_to(ROOT)}.")


def _named(wanted: list[Task], name: str) -> list[Task]:
    return [task for task in wanted if task.name == name] or [task for task in wanted if task.name.startswith(name)]


def tabled(half: str) -> Iterator[str]:
    """The lines of all tables of this half."""
    rows = [row for row in kept().values() if row["half"] == half]
    methods = Kept((row for row in rows if row["method"] in METHODS), OURS, SLOW, ("SetFit, told the shares",))
    yield from tables(methods, ([task.name for task in tasks()], list(BUDGETS), list(METHODS)))
    yield from queues([row for row in rows if row["method"] == found.QUEUE])


if __name__ == "__main__":
    main()

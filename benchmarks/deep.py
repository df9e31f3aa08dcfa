"""What adapting the encoder to decisions is worth: frozen and adapted on the same rows, tested on other documents.

    python -m benchmarks.deep            # each task and budget; what was adapted is kept in .themis/benchmark-deep
    python -m benchmarks.deep --table    # and writes docs/deep.md from what is kept

The report half of `tasks.py`, its first seed. `--tasks` and `--budgets` choose, by name, with | between.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy import BACKGROUND, BUDGETS, OURS, figures
from benchmarks.accuracy_table import END
from benchmarks.peers import Numbers, Question, Said
from benchmarks.tasks import DEVELOPMENT, REPORT, drawn, tasks
from models import encoder
from models.classifier import folds
from models.deep import FOLDS, Adapted, Deep, Lesson, adapt
from models.evidence import SCORE
from models.learn import FEWEST, learn
from models.vectors import Vectors

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".themis" / "benchmark-deep"
PAGE = ROOT / "docs" / "deep.md"
BEGIN = "<!-- tables: made by python -m benchmarks.deep --table -->"
ASKED = {
    "nhs_px_fft": ("16", "64", "all"),
    "anes2008 ds4": ("16", "64"),
    "pdpilot_interviews": ("all",),
    "sample corpus": ("all",),
}


@dataclass(frozen=True)
class Trial:
    """A task, so many positives of each code, and where what was adapted to them is kept."""

    task: str
    budget: str
    question: Question

    @property
    def folder(self) -> Path:
        return KEPT / f"{self.task} {self.budget} {self.question.fingerprint} {self.lesson.name}".replace(" ", "-")

    @property
    def columns(self) -> np.ndarray:
        labels = self.question.labels
        return np.flatnonzero(np.minimum((labels == 1).sum(axis=0), (labels == 0).sum(axis=0)) >= FEWEST)

    @property
    def lesson(self) -> Lesson:
        labels = self.question.labels[:, self.columns]
        fold = folds(labels, np.unique(self.question.groups, return_inverse=True)[1], FOLDS)
        return Lesson(self.question.texts(self.question.rows), labels, fold, self.question.seed)


def trials(half: str, seed: int, wanted: Sequence[str], budgets: Sequence[str]) -> Iterator[Trial]:
    for task in tasks():
        for budget in ASKED.get(task.name, ()) if task.name in wanted else ():
            for case in task.cases(half, seed) if budget in budgets else ():
                rows = drawn(case.data.labels, case.pool, BUDGETS[budget], seed)
                yield Trial(task.name, budget, Question(case, rows, seed))


def adapted(trial: Trial) -> tuple[Deep, float]:
    """The adapted encoder, and seconds of the processor, all its models together."""
    own, cost = encoder.load(), trial.folder / "cost.json"
    if not cost.exists():
        begun = time.process_time()
        adapt(own, trial.lesson, trial.folder)
        cost.write_text(json.dumps(time.process_time() - begun))
    keys = trial.question.case.data.evidence.keys[trial.question.rows].tolist()
    kept = Vectors(KEPT / "said", Adapted(own, trial.folder))
    fold = dict(zip(keys, trial.lesson.fold.tolist(), strict=True))
    data = trial.question.case.data
    return Deep(kept, len(data.themes), trial.columns, fold), json.loads(cost.read_text())


def tried(trial: Trial, deep: Deep | None) -> tuple[Numbers, np.ndarray]:
    """Figures on the test, and the share of the adapted encoder in each code's score."""
    question, case = trial.question, trial.question.case
    data = case.data
    chosen = np.sort(np.random.default_rng(question.seed).permutation(case.pool)[:BACKGROUND])
    given = (data.themes, data.vectors, data.evidence.rows(question.rows), question.labels)
    about = (data.documents[question.rows], data.evidence.rows(chosen), question.seed)
    model = learn(*given, *about, deep=deep)
    found = model.score(data.evidence.rows(case.test))
    said = Said(found.score, found.suggested, np.array(model.kind) == SCORE)
    return figures(data.labels[case.test], said), model.adapted


def row(trial: Trial) -> dict:
    deep, seconds = adapted(trial)
    (without, _), (with_, share) = tried(trial, None), tried(trial, deep)
    counts = {"rows": len(trial.question.rows), "codes": len(trial.columns), "kept": int((share > 0).sum())}
    name = {"task": trial.task, "budget": trial.budget, "share": float(share.max(initial=0)), "seconds": seconds}
    return {**name, **counts, "without": without, "with": with_}


def table(rows: Sequence[dict]) -> Iterator[str]:
    head = ["task", "positives of each code", "passages", "macro-F1 without", "with", "AP without", "with"]
    head += ["calibration error without", "with", "share", "codes it is kept for", "minutes"]
    yield from ("| " + " | ".join(head) + " |", "|---" * len(head) + "|")
    for one in rows:
        both = [f"{one[kind][figure]:.3f}" for figure in ("macro", "ap", "calibration") for kind in ("without", "with")]
        last = [f"{one['share']:.2f}", f"{one['kept']} of {one['codes']}", f"{one['seconds'] / 60:.1f}"]
        yield "| " + " | ".join([one["task"], one["budget"], str(one["rows"]), *both, *last]) + " |"
    gains = [[one["with"][figure] - one["without"][figure] for one in rows] for figure in ("macro", "ap")]
    yield ""
    yield "Mean gain: {:+.3f} macro-F1, {:+.3f} average precision. {}: the same coder with and without.".format(
        *(float(np.mean(gain)) for gain in gains), OURS
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=(DEVELOPMENT, REPORT), default=REPORT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", default="|".join(ASKED))
    parser.add_argument("--budgets", default="|".join(BUDGETS))
    parser.add_argument("--adapt", action="store_true", help="nothing but adapt")
    parser.add_argument("--table", action="store_true", help="write docs/deep.md of what has been adapted")
    given = parser.parse_args()
    threadpool_limits(1, user_api="blas")
    KEPT.mkdir(parents=True, exist_ok=True)
    rows = []
    for trial in trials(given.half, given.seed, given.tasks.split("|"), given.budgets.split("|")):
        if given.table and not (trial.folder / "cost.json").exists():
            continue
        if given.adapt:
            print(trial.task, trial.budget, f"{adapted(trial)[1]:.0f} s", flush=True)
            continue
        rows.append(row(trial))
        print(json.dumps(rows[-1]), flush=True)
    if given.table:
        text = PAGE.read_text(encoding="utf-8")
        made = "\n".join([text.split(BEGIN)[0] + BEGIN, *table(rows), END + text.split(END)[1]])
        PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()

"""The tables of docs/accuracy.md, of the rows that benchmarks.accuracy kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

BEGIN, END = "<!-- tables: made by python -m benchmarks.accuracy --table -->", "<!-- end of tables -->"
MARGIN = 0.01  # below the best peer by more than this is marked
TOLD = 0.1  # of a pool: after it, what was found is told beside what reading at random finds
SHORT = {
    "TF-IDF + LR": "TF-IDF",
    "embedding + LR": "LR",
    "embedding + LR, thresholds": "LR with cuts",
    "cosine to the name": "name",
    "cosine to the definition": "definition",
}
Row = dict
Cell = Callable[[Sequence[Row]], str]


class Kept:
    """Rows of one half: of each task, budget and method, one a seed. told: methods that know what nobody does."""

    def __init__(self, rows: Iterable[Row], ours: str, slow: Iterable[str], told: Iterable[str]) -> None:
        self.ours, self.slow, self.told = ours, set(slow), set(told)
        self.rows: dict[tuple[str, str, str], dict[int, Row]] = {}
        for row in rows:
            self.rows.setdefault((row["task"], row["budget"], row["method"]), {})[row["seed"]] = row

    def of(self, task: str, budget: str, method: str) -> list[Row]:
        return [row for _, row in sorted(self.rows.get((task, budget, method), {}).items())]

    def names(self, place: int, order: Sequence[str]) -> list[str]:
        """Tasks (0), budgets (1) or methods (2) that have rows, in this order."""
        there = {key[place] for key in self.rows}
        return [name for name in order if name in there]

    def mean(self, task: str, budget: str, method: str, figure: str) -> float:
        """Over the seeds; nan where there is none."""
        return _mean([row[figure] for row in self.of(task, budget, method)])

    def over(self, tasks: Sequence[str], budget: str, method: str, figure: str) -> tuple[float, float]:
        """Mean over tasks, and the standard deviation of that mean from seed to seed; nan where a task has no row."""
        found = [self.rows.get((task, budget, method), {}) for task in tasks]
        seeds = sorted(set.intersection(*(set(one) for one in found))) if found else []
        each = [_mean([one[seed][figure] for one in found]) for seed in seeds]
        return (float(np.mean(each)), float(np.std(each))) if each else (np.nan, np.nan)

    def paired(self, task: str, budget: str, method: str, figure: str) -> tuple[float, float]:
        """Ours and the method's mean over the seeds that both have."""
        mine, other = (self.rows.get((task, budget, one), {}) for one in (self.ours, method))
        both = sorted(set(mine) & set(other))
        return _mean([mine[seed][figure] for seed in both]), _mean([other[seed][figure] for seed in both])


def _mean(values: Sequence[float | None]) -> float:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else np.nan


def tables(kept: Kept, orders: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of Markdown; orders: of tasks, budgets and methods."""
    tasks, budgets, methods = (kept.names(place, order) for place, order in enumerate(orders))
    quick = [method for method in methods if method not in kept.slow]
    yield from _summary("Macro-F1, mean over tasks ± standard deviation over seeds", kept, tasks, budgets, quick)
    yield from _by_task(kept, tasks, budgets, [one for one in quick if one not in kept.told])
    yield from _slow(kept, tasks, budgets, [one for one in methods if one in kept.slow])
    for figure, title, digits in (
        ("micro", "Micro-F1, mean over tasks", 3),
        ("ap", "Mean average precision, mean over tasks", 3),
        ("calibration", "Calibration error, mean over tasks; “-” where scores are not meant from 0 to 1", 3),
        ("seconds", "Seconds of learning, mean over tasks", 2),
        ("processor", "Seconds of the processor for learning, mean over tasks", 2),
    ):
        yield from _figure(title, figure, digits, (kept, tasks, budgets, quick))
    yield from _memory(kept, tasks, budgets, quick)


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"**{title}**", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head))
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _summary(title: str, kept: Kept, tasks: list[str], budgets: list[str], methods: list[str]) -> Iterator[str]:
    def cell(method: str, budget: str) -> str:
        mean, spread = kept.over(tasks, budget, method, "macro")
        return (
            "-"
            if np.isnan(mean)
            else f"{_bold(mean, [kept.over(tasks, budget, m, 'macro')[0] for m in methods])} ± {spread:.3f}"
        )

    head = ["labels of each code", *budgets]
    known = [[kept.mean(task, budget, one, "labelled") for task in tasks for one in methods] for budget in budgets]
    read = ["passages labelled", *(f"{_nanmean(own):.0f}" for own in known)]
    rows = [[method, *(cell(method, budget) for budget in budgets)] for method in methods]
    yield from _table(f"{title} ({len(tasks)} tasks)", head, [read, *rows])


def _bold(value: float, beside: Sequence[float]) -> str:
    return f"**{value:.3f}**" if value >= np.nanmax(beside) else f"{value:.3f}"


def _figure(title: str, figure: str, digits: int, of: tuple[Kept, list[str], list[str], list[str]]) -> Iterator[str]:
    kept, tasks, budgets, methods = of

    def cell(method: str, budget: str) -> str:
        found = _nanmean([kept.mean(task, budget, method, figure) for task in tasks])
        return "-" if np.isnan(found) else f"{found:.{digits}f}"

    yield from _table(title, ["", *budgets], [[m, *(cell(m, b) for b in budgets)] for m in methods])


def _memory(kept: Kept, tasks: list[str], budgets: list[str], methods: list[str]) -> Iterator[str]:
    """The most of all tasks and seeds: what is freed is used again, so that a mean would say little."""

    def cell(method: str, budget: str) -> str:
        each = [row["memory"] for task in tasks for row in kept.of(task, budget, method)]
        return f"{max(each):.0f}" if each else "-"

    title = "Memory that learning took beyond what the process held before, MB, the most of all tasks"
    yield from _table(title, ["", *budgets], [[m, *(cell(m, b) for b in budgets)] for m in methods])


def _nanmean(values: Sequence[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else np.nan


def _by_task(kept: Kept, tasks: list[str], budgets: list[str], methods: list[str]) -> Iterator[str]:
    """Ours, the best peer and which, the difference."""

    def cell(task: str, budget: str) -> str:
        pairs = {one: kept.paired(task, budget, one, "macro") for one in methods if one != kept.ours}
        over = {one: mine - other for one, (mine, other) in pairs.items() if not np.isnan(mine - other)}
        if not over:
            return "-"
        best = min(over, key=lambda one: over[one])
        mark = " ▼" if over[best] < -MARGIN else ""
        return f"{pairs[best][0]:.3f} {100 * over[best]:+.1f} {SHORT.get(best, best)}{mark}"

    title = "Macro-F1 of Themis, points over the best peer, and which that is; ▼ more than 1 point below it"
    yield from _table(title, ["task", *budgets], [[task, *(cell(task, b) for b in budgets)] for task in tasks])


def _slow(kept: Kept, tasks: list[str], budgets: list[str], methods: list[str]) -> Iterator[str]:
    """Beside what is too slow to be run everywhere, on the seeds that it was run; the cost is the first method's."""
    if not methods:
        return
    first, rows = methods[0], []
    for task, budget in [(t, b) for t in tasks for b in budgets if kept.of(t, b, first)]:
        row = [task, budget, f"{kept.paired(task, budget, first, 'macro')[0]:.3f}"]
        found = [kept.paired(task, budget, one, "macro")[1] for one in methods]
        row += ["-" if np.isnan(value) else f"{value:.3f}" for value in found]
        for figure, digits in (("ap", 3), ("processor", 1), ("memory", 0)):
            row += [f"{value:.{digits}f}" for value in kept.paired(task, budget, first, figure)]
        rows.append([*row, f"{kept.mean(task, budget, first, 'steps'):.0f}"])
    head = ["task", "labels of each code", f"{kept.ours}: macro-F1", *(f"{one}: macro-F1" for one in methods)]
    for figure in ("AP", "seconds of the processor", "MB"):
        head += [f"{kept.ours}: {figure}", f"{first}: {figure}"]
    yield from _table(f"Beside {first}, on the seeds that it was trained on", [*head, "steps"], rows)


def queues(rows: Sequence[Row]) -> Iterator[str]:
    """Lines of Markdown: what was found, and what was learned of it, after each share and in each order of reading."""
    curves: dict[tuple[str, str], list[Row]] = {}
    shares = [one["share"] for one in rows[0]["curve"]] if rows else []
    for row in rows:
        curves.setdefault((row["task"], row["budget"]), []).append(row)
    for figure, title in (
        ("recall", "Share of each code's positives found after reading so much of a pool, mean over codes"),
        ("positives", "Share of all positives found"),
        ("macro", "Macro-F1 on the test of what was learned from that reading"),
    ):
        head = ["task", "passages", "order", *(f"{100 * share:.0f} %" for share in shares)]
        head += [f"times random after {100 * TOLD:.0f} %"] if figure != "macro" else []
        lines = [_curve(key, own, figure, shares) for key, own in curves.items()]
        yield from _table(title, head, lines) if lines else ()


def _curve(key: tuple[str, str], rows: Sequence[Row], figure: str, shares: Sequence[float]) -> list[str]:
    """One line, mean over seeds."""
    task, order = key
    means = [_mean([row["curve"][at][figure] for row in rows]) for at in range(len(shares))]
    cells = [task, str(rows[0]["pool"]), order, *(f"{value:.3f}" for value in means)]
    return cells if figure == "macro" else [*cells, f"{means[shares.index(TOLD)] / TOLD:.2f}"]


def written(page: Path, lines: Iterable[str]) -> None:
    """The page with these lines between its markers; what people wrote around them stays."""
    text = page.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n\n{END}{after}", encoding="utf-8")

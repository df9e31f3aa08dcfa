"""What the lists of odd decisions and of odd examples find of what was planted in them, beside cleanlab and chance.

Slips: of each code 5 % of the yeses become a no, and as many noes a yes. Examples: in a codebook one, or in each third
code one, is of another code. Run from the repository root: python -m benchmarks.doubts (four minutes; --quick: one)
For cleanlab first: pip install --no-deps --target .themis/rivals -c constraints.txt cleanlab==2.9.0 termcolor
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.tasks import CACHE, DATA, DEVELOPMENT, REPORT, Dataset, tasks
from coding.demo import demo
from coding.doubts import Judge
from coding.study import open_study
from models.doubts import Book, leanings, oddness
from models.evidence import Flags, Floats, Integers
from models.features import centred
from models.learn import learn

RIVALS = Path(__file__).parent.parent / ".themis" / "rivals"
SLIPS = 0.05  # of the yeses of a code
FEWEST = 4  # yeses of a code that one of is turned
BACKGROUND = 2000
FIRST = (10, 20, 50)
EACH = 5  # examples of a code, one more where one is planted
SETS = {"nhs_px_fft": (300, 1000, None), "anes2008 ds5": (300, None)}
Ranking = Callable[["Slipped"], Floats]


class Slipped:
    """Decisions with slips in them: (n, c) what is said, where it is a slip, and scores out of fold."""

    def __init__(self, data: Dataset, half: Integers, count: int | None, seed: int) -> None:
        random = np.random.default_rng(seed)
        rows = np.sort(random.permutation(half)[:count])
        truth = np.nan_to_num(data.labels[rows])
        slip = np.zeros(truth.shape, bool)
        for column in np.flatnonzero(truth.sum(axis=0) >= FEWEST):
            number = max(1, round(SLIPS * truth[:, column].sum()))
            for value in (0, 1):
                slip[random.choice(np.flatnonzero(truth[:, column] == value), number, replace=False), column] = True
        said = np.where(slip, 1 - truth, truth)
        background = data.evidence.rows(np.sort(random.permutation(half)[:BACKGROUND]))
        labelled, groups = data.evidence.rows(rows), data.documents[rows]
        model = learn(data.themes, data.vectors, labelled, said, groups, background, seed)
        assert model.trained
        columns = model.trained.columns
        place = np.searchsorted(model.trained.keys, labelled.keys)
        self.scores, self.cuts = model.trained.held[place], model.thresholds[columns]
        self.said, self.slip = said[:, columns], slip[:, columns]
        self.vectors, self.groups = centred(labelled.passages, model.likeness.centre), groups

    def regressed(self) -> Floats:
        """Out-of-fold scores of a logistic regression on the vectors: what cleanlab is usually given."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold

        scores = np.tile(self.said.mean(axis=0), (len(self.said), 1))
        for train, test in GroupKFold(5).split(self.vectors, groups=self.groups):
            for column in np.flatnonzero(self.said[train].any(axis=0)):
                model = LogisticRegression(C=3, max_iter=1000).fit(self.vectors[train], self.said[train, column])
                scores[test, column] = model.predict_proba(self.vectors[test])[:, 1]
        return scores


def confidence(scores: Floats, said: Floats) -> Floats:
    """Self-confidence: the lower, the odder."""
    return np.where(said == 1, scores, 1 - scores)


def cleanlab(scores: Floats, said: Floats) -> Floats:
    """What confident learning finds first, and the rest after it, each by self-confidence."""
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class

    labels = [np.flatnonzero(row).tolist() for row in said]
    found = find_multilabel_issues_per_class(labels, scores, n_jobs=1)
    return confidence(scores, said) - found


def rankings() -> dict[str, Ranking]:
    """By name, how odd each decision is."""
    found: dict[str, Ranking] = {
        "Themis": lambda one: oddness(one.scores, one.cuts, one.said),
        "self-confidence, same scores": lambda one: -confidence(one.scores, one.said),
    }
    sys.path.append(str(RIVALS))
    try:
        import cleanlab as _  # noqa: F401
    except ImportError:
        return found
    finally:
        sys.path.remove(str(RIVALS))
    return found | {
        "cleanlab, same scores": lambda one: -cleanlab(one.scores, one.said),
        "cleanlab, logistic regression": lambda one: -cleanlab(one.regressed(), one.said),
    }


def slips(half: str, seeds: int, quick: bool) -> Iterator[str]:
    """A table: of the decisions that are told first, how many are slips."""
    yield f"| data | passages | method | {' | '.join(f'first {n}' for n in FIRST)} | by chance |"
    yield "|---|---|---|---|---|---|---|"
    for task in (one for one in tasks(DATA, CACHE) if one.name in SETS):
        for count in SETS[task.name][: 1 if quick else 3]:
            made = []
            for seed in range(seeds):
                (case,) = task.cases(half, 0)
                made.append(Slipped(case.data, np.sort(np.concatenate([case.pool, case.test])), count, seed))
            size = round(np.mean([len(one.said) for one in made]))
            chance = np.mean([one.slip[one.said == 1].mean() for one in made])
            for name, rank in rankings().items():
                order = [np.argsort(-rank(one), axis=None, kind="stable") for one in made]
                shares = [
                    np.mean([one.slip.ravel()[own[:n]].mean() for one, own in zip(made, order, strict=True)])
                    for n in FIRST
                ]
                told = " | ".join(f"{share:.2f}" for share in shares)
                yield f"| {task.name} | {size:,} | {name} | {told} | {chance:.2f} |"


def planted(data: Dataset, half: Integers, count: int, seed: int) -> tuple[Book, Flags]:
    """Passages of the data as examples, some of them of another code; and which. What is decided are others."""
    random = np.random.default_rng(seed)
    mixed = random.permutation(half)
    decided, rest = mixed[:count], mixed[count:]
    codes = [code for code in range(len(data.themes)) if data.labels[rest, code].sum() >= EACH]
    rows, own, wrong = [], [], []
    for code in codes:
        rows += random.choice(rest[data.labels[rest, code] == 1], EACH, replace=False).tolist()
        own += [code] * EACH
        wrong += [False] * EACH
        other = random.choice([one for one in codes if one != code])
        there = rest[(data.labels[rest, other] == 1) & (data.labels[rest, code] == 0)]
        if random.random() < 1 / 3 and len(there):
            rows, own, wrong = [*rows, random.choice(there)], [*own, code], [*wrong, True]
    centre = data.evidence.passages[half].mean(axis=0)
    vectors = centred(data.evidence.passages, centre)
    words = [
        centred(np.stack([data.vectors[text] for text in theme.definition]), centre).mean(axis=0)
        for theme in data.themes
    ]
    yes = [vectors[decided[data.labels[decided, code] == 1]].sum(axis=0) for code in range(len(data.themes))]
    kin = np.eye(len(data.themes), dtype=bool)
    return Book(vectors[rows], np.array(own), np.stack(words), np.stack(yes), kin), np.array(wrong)


def moved(judge: Judge, seed: int) -> tuple[Book, Flags]:
    """The codebook of a study, one of its examples under another code; and which."""
    random, codes = np.random.default_rng(seed), judge.study.codebook.codes
    book = judge.book([(one.id, text) for one in codes for text in one.examples])
    row = random.integers(len(book.code))
    code = book.code.copy()
    code[row] = random.choice(np.flatnonzero(~book.kin[code[row]]))
    return replace(book, code=code), np.arange(len(code)) == row


def examples(half: str, seeds: int) -> Iterator[str]:
    """A table: where wrong examples come in the list, and among those of their own code."""
    yield "| data | examples | wrong | among the first 20 | first of its code | by chance |"
    yield "|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as place:
        for _ in demo(Path(place) / "demo"):
            pass
        study = open_study(Path(place) / "demo")
        yield _found("default codebook", partial(moved, Judge(study)), 20 * seeds)
        study.store.database.close()
    for task in (one for one in tasks(DATA, CACHE) if one.name in SETS):
        (case,) = task.cases(half, 0)
        rows = np.sort(np.concatenate([case.pool, case.test]))
        yield _found(task.name, partial(planted, case.data, rows, 300), 4 * seeds)


def _found(name: str, make: Callable[[int], tuple[Book, Flags]], seeds: int) -> str:
    found = []
    for seed in range(seeds):
        book, wrong = make(seed)
        odd, _ = leanings(book)
        for row in np.flatnonzero(wrong):
            same = book.code == book.code[row]
            first = not (odd[same] > odd[row]).any()
            found.append(((odd > odd[row]).sum() < 20, first, 1 / same.sum(), wrong.sum()))
    first, own, chance, number = np.mean(found, axis=0)
    return f"| {name} | {len(wrong)} | {number:.0f} | {first:.2f} | {own:.2f} | {chance:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=(DEVELOPMENT, REPORT), default=REPORT)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    threadpool_limits(1, user_api="blas")
    seeds = 2 if given.quick else given.seeds
    for line in chain(slips(given.half, seeds, given.quick), [""], examples(given.half, seeds)):
        print(line, flush=True)


if __name__ == "__main__":
    main()

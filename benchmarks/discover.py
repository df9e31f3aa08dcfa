"""Whether themes that the codebook lacks are found: a third of a data set's codes is hidden, and looked for.

Some passages are read, with what people say of the codes that are left; the model learns, and what fits no code is
grouped. A theme is owned by the label that most of its passages carry, if half of them carry it and there are 5 or
more; a hidden code is found if a theme is its own. Beside it k-means and BERTopic on the same vectors.

Run from the repository root: python -m benchmarks.discover [--half development] [--data NAME ...] [--quick]
BERTopic is compared where it is installed, which takes no part of the program's own environment:
pip install --no-deps --target .themis/rivals -c constraints.txt bertopic==0.17.4 umap-learn==0.5.12 hdbscan==0.8.44
pynndescent==0.7.0 numba==0.68.1 llvmlite==0.50.0
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rivals import FOLDER
from benchmarks.tasks import DEVELOPMENT, REPORT, SEEDS, Dataset, tasks
from models.discover import LEAST, enough, groups
from models.evidence import Flags, Floats, Integers
from models.features import centred
from models.learn import learn

SETS = ("nhs_px_fft", "anes2008 ds3", "anes2008 ds4", "anes2008 ds5")
SLOW = SETS[:2]  # where BERTopic, which takes minutes, is compared too
READ = (0, 100, 300, 600)
USUAL = 300  # passages read where others are compared
FIRST = 15  # themes that the command prints
WORDS = 3  # a passage of fewer is not looked at
BACKGROUND = 2000
Clusters = list[Integers]


@dataclass(frozen=True)
class World:
    """n passages of a data set. unfitting: rows that fit none of the codes that are left. labels: (n, c)."""

    texts: list[str]
    vectors: Floats
    labels: Floats
    documents: Integers
    hidden: Flags
    looked: Integers
    unfitting: Integers


def world(data: Dataset, rows: Integers, read: int, seed: int) -> World:
    """The passages after so many were read, a third of the codes being hidden."""
    random = np.random.default_rng(seed)
    codes = len(data.themes)
    hidden = np.isin(np.arange(codes), random.permutation(codes)[: codes // 3])
    evidence, labels = data.evidence.rows(rows), data.labels[rows]
    known = np.sort(random.permutation(len(rows))[:read])
    background = evidence.rows(np.sort(random.permutation(len(rows))[:BACKGROUND]))
    left = [theme for theme, gone in zip(data.themes, hidden, strict=True) if not gone]
    said = labels[known][:, ~hidden]
    model = learn(left, data.vectors, evidence.rows(known), said, data.documents[rows][known], background, seed)
    fits = model.score(evidence).suggested.any(axis=1)
    fits[known] = (said == 1).any(axis=1)
    looked = np.array([len(text.split()) >= WORDS for text in evidence.texts])
    vectors = centred(evidence.passages, model.likeness.centre)
    unfitting = np.flatnonzero(looked & ~fits)
    return World(evidence.texts, vectors, labels, data.documents[rows], hidden, np.flatnonzero(looked), unfitting)


def ours(made: World, rows: Integers, seed: int) -> Clusters:
    own = made.vectors[rows]
    return [group.rows for group in groups(own, made.documents[rows], enough(own), seed)]


def k_means(made: World, rows: Integers, seed: int) -> Clusters:
    """On 50 principal components, as many clusters as the root of half the passages, 30 at most."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    own = PCA(min(50, len(rows) - 1), random_state=seed).fit_transform(made.vectors[rows])
    count = max(2, min(30, round((len(rows) / 2) ** 0.5)))
    return _by_size(KMeans(count, n_init=10, random_state=seed).fit_predict(own))


def bertopic(least: int) -> Callable[[World, Integers, int], Clusters]:
    """With its own defaults but for the seed, and topics of `least` passages or more (10 by itself)."""

    def clusters(made: World, rows: Integers, seed: int) -> Clusters:
        umap, topics = _bertopic()
        reduced = umap.UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
        model = topics.BERTopic(umap_model=reduced, min_topic_size=least, embedding_model=None)
        label, _ = model.fit_transform([made.texts[row] for row in rows], made.vectors[rows])
        return _by_size(np.array(label))

    return clusters


def _by_size(label: Integers) -> Clusters:
    found = [np.flatnonzero(label == one) for one in np.unique(label[label >= 0])]
    return sorted((rows for rows in found if len(rows) >= LEAST), key=lambda rows: -len(rows))


@cache
def _bertopic() -> Any:
    """Its two packages; None where they are not in FOLDER."""
    sys.path.append(str(FOLDER))
    try:
        import bertopic as topics
        import umap
    except ImportError:
        return None
    finally:
        sys.path.remove(str(FOLDER))
    return umap, topics


def figures(made: World, found: Sequence[Integers]) -> list[float]:
    """What the table shows of themes, each given by its rows of the n passages."""
    owner = [_owner(made, rows) for rows in found]
    mine = {code for code in owner if code is not None and made.hidden[code]}
    first = {code for code in owner[:FIRST] if code is not None and made.hidden[code]}
    new = [code is not None and bool(made.hidden[code]) for code in owner]
    old = [code is not None and not made.hidden[code] for code in owner]
    inside = sum(map(len, found))
    carried = sum(made.labels[rows].sum(axis=0).max() for rows in found)
    hidden = made.hidden.sum()
    shown = max(1, len(found[:FIRST]))
    return [
        len(first) / hidden,
        len(mine) / hidden,
        len(found),
        sum(new[:FIRST]) / shown,
        sum(old[:FIRST]) / shown,
        float(carried / max(inside, 1)),
        1 - inside / len(made.looked),
    ]


def _owner(made: World, rows: Integers) -> int | None:
    share = made.labels[rows].mean(axis=0)
    return int(share.argmax()) if share.max() >= 0.5 else None


HEAD = (
    "| data | read | method | found in the first 15 | found | themes | new, of the first 15 | not new, of these | "
    "purity | passages in none | seconds |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=(DEVELOPMENT, REPORT), default=REPORT)
    parser.add_argument("--quick", action="store_true", help="One data set and one seed.")
    parser.add_argument("--data", choices=SETS, nargs="+", default=SETS, help="Some of the data sets.")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    threadpool_limits(1, user_api="blas")
    known = {task.name: task for task in tasks()}
    print(f"{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for name in given.data[:1] if given.quick else given.data:
        [case] = known[name].cases(given.half, 0)
        rows = np.sort(np.concatenate([case.pool, case.test]))
        for read in READ:
            worlds = [world(case.data, rows, read, seed) for seed in range(1 if given.quick else SEEDS)]
            for method, (cluster, everything) in methods(read == USUAL, name in SLOW).items():
                print(_row(name, read, method, [_tried(one, cluster, everything, n) for n, one in enumerate(worlds)]))
                sys.stdout.flush()
    if _bertopic() is None:
        print(
            "\nBERTopic is not installed in .themis/rivals, so it is left out: see the head of benchmarks/discover.py."
        )


def methods(compared: bool, slow: bool) -> dict[str, tuple[Callable[[World, Integers, int], Clusters], bool]]:
    """By name: how it clusters, and whether it is given all passages or only what fits no code."""
    found: dict[str, tuple[Callable[[World, Integers, int], Clusters], bool]] = {"Themis": (ours, False)}
    if compared:
        found |= {"k-means": (k_means, True), "k-means, of what fits no code": (k_means, False)}
        found |= {"Themis' groups, of all passages": (ours, True)}
    if compared and slow and _bertopic():
        found |= {f"BERTopic, topics from {least}": (bertopic(least), True) for least in (10, 5)}
        found["BERTopic, of what fits no code, from 5"] = (bertopic(5), False)
    return found


def _tried(
    made: World, cluster: Callable[[World, Integers, int], Clusters], everything: bool, seed: int
) -> list[float]:
    rows = made.looked if everything else made.unfitting
    begun = time.perf_counter()
    found = [rows[own] for own in cluster(made, rows, seed)]
    return [*figures(made, found), time.perf_counter() - begun]


def _row(name: str, read: int, method: str, tried: Sequence[Sequence[float]]) -> str:
    first, found, themes, new, old, purity, out, seconds = np.mean(tried, axis=0)
    share = f"{first:.2f} ± {np.std([one[0] for one in tried]):.2f}"
    numbers = f"{found:.2f} | {themes:.0f} | {new:.2f} | {old:.2f} | {purity:.2f} | {out:.0%} | {seconds:.1f}"
    return f"| {name} | {read} | {method} | {share} | {numbers} |"


if __name__ == "__main__":
    main()

"""What 0, 8, 64 and all labels give, ours beside TF-IDF + logistic regression, tested on documents that were not seen.

Run from the repository root: python -m benchmarks.few_labels --data ../shared/data
"""

import argparse
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.evaluate import Dataset, draw, figures, load
from models.evidence import Integers
from models.learn import learn

POSITIVES = {"0": 0, "8": 8, "64": 64, "all": None}
BACKGROUND = 2000


def splits(name: str, documents: Integers) -> list[tuple[Integers, Integers]]:
    """(pool, test) rows. nhs_px_fft: three draws of a third of the odd documents (the even ones were used to choose the
    method). pdpilot_interviews: each two neighbouring interviews of seven."""
    if name == "pdpilot_interviews":
        tests = [np.isin(documents, [first, (first + 1) % 7]) for first in range(7)]
        return [(np.flatnonzero(~test), np.flatnonzero(test)) for test in tests]
    odd = np.unique(documents[documents % 2 == 1])
    found = []
    for seed in range(100, 103):
        mixed = np.random.default_rng(seed).permutation(odd)
        test, pool = mixed[: len(mixed) // 3], mixed[len(mixed) // 3 :]
        found.append((np.flatnonzero(np.isin(documents, pool)), np.flatnonzero(np.isin(documents, test))))
    return found


def ours(data: Dataset, rows: Integers, pool: Integers, test: Integers, seed: int) -> tuple[float, float, float]:
    chosen = np.sort(np.random.default_rng(seed).permutation(pool)[:BACKGROUND])
    labelled, labels = data.evidence.rows(rows), data.labels[rows]
    background = data.evidence.rows(chosen)
    model = learn(data.themes, data.vectors, labelled, labels, data.documents[rows], background, seed)
    scores = model.score(data.evidence.rows(test))
    return figures(data.labels[test], scores.score, scores.suggested)


def cosine(data: Dataset, pool: Integers, test: Integers) -> tuple[float, float, float]:
    """Plain cosine to the definition, the 5 % most alike suggested."""
    own = np.stack([np.mean([data.vectors[text] for text in theme.texts()], axis=0) for theme in data.themes])
    unit = (own / np.linalg.norm(own, axis=1, keepdims=True)).T
    score = data.evidence.passages[test] @ unit
    return figures(data.labels[test], score, score >= np.quantile(data.evidence.passages[pool] @ unit, 0.95, axis=0))


def tfidf(data: Dataset, rows: Integers, test: Integers) -> tuple[float, float, float]:
    """Words and pairs of words, balanced classes, cut at 0.5: what one would do without an encoder or a codebook."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    train = words.fit_transform([data.evidence.texts[row] for row in rows])
    asked = words.transform([data.evidence.texts[row] for row in test])
    score = np.zeros((len(test), len(data.themes)))
    for code in range(len(data.themes)):
        target = data.labels[rows, code]
        if 0 < target.sum() < len(rows):
            model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
            score[:, code] = model.fit(train, target).predict_proba(asked)[:, 1]
    return figures(data.labels[test], score, score >= 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".themis/benchmark-vectors"))
    given = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # for the reference too
    print("| data | positives per code | passages labelled | method | macro-F1 | micro-F1 | mean AP | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ("nhs_px_fft", "pdpilot_interviews"):
        data = load(given.data, name, given.cache)
        cut = splits(name, data.documents)
        for label, positives in POSITIVES.items():
            drawn = [draw(data.labels, pool, positives, seed) for seed, (pool, _) in enumerate(cut)]
            trials = {"Themis": lambda seed, rows, pool, test: ours(data, rows, pool, test, seed)}  # noqa: B023
            if positives == 0:
                trials["cosine to the definition"] = lambda seed, rows, pool, test: cosine(data, pool, test)  # noqa: B023
            else:
                trials["TF-IDF + LR"] = lambda seed, rows, pool, test: tfidf(data, rows, test)  # noqa: B023
            for method, trial in trials.items():
                begun = time.perf_counter()
                found = [trial(seed, drawn[seed], pool, test) for seed, (pool, test) in enumerate(cut)]
                seconds = (time.perf_counter() - begun) / len(cut)
                row = " | ".join(f"{value:.3f}" for value in np.mean(found, axis=0))
                count = np.mean([len(rows) for rows in drawn])
                print(f"| {name} | {label} | {count:.0f} | {method} | {row} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""What the benchmarks share: labelled data sets as the models room takes them, draws of labels, and figures."""

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models import encoder
from models.evidence import Evidence, Flags, Floats, Integers, Theme
from models.vectors import Vectors

SENTENCE = re.compile(r"(?<=[.!?])\s+")
RESIDUAL = {"Not assigned", "Labelling not possible"}  # say that there was nothing to code
LEAST = {"nhs_px_fft": 40, "pdpilot_interviews": 5}  # codes with fewer passages are left out


@dataclass(frozen=True)
class Dataset:
    """A labelled set: labels (n, c) of 0 and 1, documents (n,), themes and the vectors of their texts."""

    evidence: Evidence
    labels: Floats
    documents: Integers
    themes: list[Theme]
    vectors: Mapping[str, Floats]


def load(data: Path, name: str, cache: Path) -> Dataset:
    items = _distinct([json.loads(line) for line in (data / name / "items.jsonl").open(encoding="utf-8")])
    counts = Counter(label for item in items for label in set(item["labels"]))
    codes = sorted(code for code, count in counts.items() if count >= LEAST[name] and code not in RESIDUAL)
    with (data / name / "codebook.csv").open(encoding="utf-8", newline="") as file:
        themes = _themes(list(csv.DictReader(file)), codes)
    texts = [item["text"] for item in items]
    sentences = [[part for part in SENTENCE.split(text) if part.strip()] for text in texts]
    parts = [part for own in sentences for part in own]
    lines = [text for theme in themes for text in theme.texts()]
    vectors = Vectors(cache, encoder.load())
    vectors.embed([*texts, *parts, *lines])
    passages = vectors.get(texts)
    owner = np.repeat(np.arange(len(texts)), [len(own) for own in sentences])
    evidence = Evidence(np.arange(len(texts)), texts, passages, vectors.get(parts), owner, np.zeros_like(passages))
    labels = np.array([[float(code in item["labels"]) for code in codes] for item in items])
    documents = np.unique([item["doc_id"] for item in items], return_inverse=True)[1]
    return Dataset(evidence, labels, documents, themes, dict(zip(lines, vectors.get(lines), strict=True)))


def _distinct(items: list[dict]) -> list[dict]:
    """The first item of each text, whatever its case and punctuation: a copy in the test set would be no test."""
    first: dict[str, dict] = {}
    for item in items:
        first.setdefault(re.sub(r"\W+", " ", item["text"].lower()).strip(), item)
    first.pop("", None)
    return list(first.values())


def _themes(rows: list[dict], codes: list[str]) -> list[Theme]:
    """Names and definitions only; where a code has none, the names of its sub-codes that are not quotes of the data."""
    lines: dict[str, list[str]] = {code: [code] for code in codes}
    for row in rows:
        definition = row.get("definition", "")
        if row["label"] in lines and definition and definition != "no definition published":
            lines[row["label"]].append(definition)
        parent, _, below = row["label"].partition(" > ")
        if parent in lines and below and len(below) < 100:
            lines[parent].append(below.replace(" > ", ": "))
    return [Theme(code, tuple(lines[code])) for code in codes]


def draw(labels: Floats, pool: Integers, positives: int | None, seed: int) -> Integers:
    """Rows of the pool until every code has so many positives, rarest code first; None is the whole pool."""
    if positives is None:
        return pool
    random = np.random.default_rng(seed)
    taken: dict[int, None] = {}
    for code in np.argsort(labels[pool].sum(axis=0), kind="stable"):
        for row in random.permutation(pool[labels[pool, code] == 1]):
            if labels[list(taken), code].sum() >= positives:
                break
            taken[int(row)] = None
    return np.sort(np.array(list(taken), np.int64))


def figures(labels: Floats, score: Floats, suggested: Flags) -> tuple[float, float, float]:
    """Macro-F1, micro-F1 and mean average precision over the codes that occur in labels."""
    from sklearn.metrics import average_precision_score

    there = np.flatnonzero(labels.any(axis=0))
    hits = (suggested & (labels == 1)).sum(axis=0)
    said = suggested.sum(axis=0) + labels.sum(axis=0)
    precision = [average_precision_score(labels[:, code], score[:, code]) for code in there]
    return float((2 * hits / np.maximum(said, 1))[there].mean()), float(2 * hits.sum() / said.sum()), np.mean(precision)

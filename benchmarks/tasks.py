"""The coding tasks that the benchmarks share: labelled data sets as the models room takes them, and how each is parted.

Documents are parted once into two halves by a hash of their names: methods are chosen on "development", figures are
reported on "report". Within a half each seed draws its own pool and test, whole documents in either.
"""

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from models import encoder
from models.evidence import Evidence, Flags, Floats, Integers, Theme
from models.vectors import Vectors

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
CACHE = Path(__file__).parent.parent / ".themis" / "benchmark-vectors"
DEVELOPMENT, REPORT = "development", "report"
SENTENCE = re.compile(r"(?<=[.!?])\s+")
RESIDUAL = {"Not assigned", "Labelling not possible"}  # say that there was nothing to code
MOST = 2000  # test passages
SEEDS = 5


@dataclass(frozen=True)
class Dataset:
    """n labelled passages. labels: (n, c) of 0, 1, nan if undecided. documents: (n,). vectors: of the themes' texts."""

    evidence: Evidence
    labels: Floats
    documents: Integers
    themes: list[Theme]
    vectors: Mapping[str, Floats]


@dataclass(frozen=True)
class Case:
    """A data set with the rows that may be learned from and those that are tested on."""

    data: Dataset
    pool: Integers
    test: Integers


@dataclass(frozen=True)
class Item:
    document: str
    text: str
    codes: frozenset[str]
    undecided: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Task:
    """One line of the table. cases(half, seed): what is learned and tested, more than one where codebooks are many."""

    name: str
    cases: Callable[[str, int], list[Case]]


def tasks(data: Path = DATA, cache: Path = CACHE) -> list[Task]:
    """Every task; nothing is read before its cases are asked for."""
    vectors = Vectors(cache, encoder.load())
    anes = [
        Task(f"anes2008 {part}", _within(partial(_anes, data, part, vectors))) for part in ("ds3", "ds4", "ds5", "ds6")
    ]
    return [
        Task("nhs_px_fft", _within(partial(_nhs, data, vectors))),
        Task("nhs_px_fft, other trust", _across(partial(_nhs, data, vectors), partial(_trusts, data))),
        *anes,
        Task("argkp2021", partial(_topics, data, vectors)),
        Task("cimt_thematic_de", _whole(partial(_thematic, data, vectors))),
        Task("cimt_argument_de", _within(partial(_argument, data, vectors))),
        Task("uk_manifestos", _leave_one(partial(_manifestos, data, vectors))),
        Task("pdpilot_interviews", _whole(partial(_pdpilot, data, vectors))),
        Task("sample corpus", _whole(partial(_sample, vectors))),
    ]


def _half(documents: Sequence[str]) -> Flags:
    """(n,) whether a document is of the half that figures are reported on."""
    return np.array([hashlib.sha256(name.encode()).digest()[0] % 2 == 1 for name in documents])


def _cached(make: Callable[[], tuple[Dataset, list[str]]]) -> Callable[[], tuple[Dataset, list[str]]]:
    kept: list[tuple[Dataset, list[str]]] = []

    def once() -> tuple[Dataset, list[str]]:
        if not kept:
            kept.append(make())
        return kept[0]

    return once


def _within(make: Callable[[], tuple[Dataset, list[str]]]) -> Callable[[str, int], list[Case]]:
    """A third of the half's documents is the test."""
    load = _cached(make)

    def cases(half: str, seed: int) -> list[Case]:
        data, names = load()
        return [_third(data, np.flatnonzero(_half(names) == (half == REPORT)), seed)]

    return cases


def _whole(make: Callable[[], tuple[Dataset, list[str]]]) -> Callable[[str, int], list[Case]]:
    """Too small to be parted: nothing is chosen on it, so there is no development half."""
    load = _cached(make)

    def cases(half: str, seed: int) -> list[Case]:
        data, names = load()
        return [_third(data, np.arange(len(names)), seed)] if half == REPORT else []

    return cases


def _third(data: Dataset, rows: Integers, seed: int) -> Case:
    random = np.random.default_rng(seed)
    mixed = random.permutation(np.unique(data.documents[rows]))
    test = rows[np.isin(data.documents[rows], mixed[: max(1, round(len(mixed) / 3))])]
    return Case(data, rows[~np.isin(rows, test)], _most(test, random))


def _most(rows: Integers, random: np.random.Generator) -> Integers:
    return np.sort(random.permutation(rows)[:MOST])


def _across(
    make: Callable[[], tuple[Dataset, list[str]]], group: Callable[[], dict[str, str]]
) -> Callable[..., list[Case]]:
    """Learned from one trust and tested on the other, the two taking turns."""
    load = _cached(make)

    def cases(half: str, seed: int) -> list[Case]:
        data, names = load()
        trust = group()
        here = np.array([trust[name] == sorted(set(trust.values()))[seed % 2] for name in names])
        own = _half(names) == (half == REPORT)
        random = np.random.default_rng(seed)
        return [Case(data, np.flatnonzero(own & here), _most(np.flatnonzero(own & ~here), random))]

    return cases


def _leave_one(make: Callable[[], tuple[Dataset, list[str]]]) -> Callable[[str, int], list[Case]]:
    """One document that has a yes is the test, another for each seed: of four in development, of five in the report."""
    load = _cached(make)

    def cases(half: str, seed: int) -> list[Case]:
        data, _ = load()
        own = range(4, 9) if half == REPORT else range(4)
        told = np.unique(data.documents[(data.labels == 1).any(axis=1) & np.isin(data.documents, own)])
        test = np.flatnonzero(data.documents == told[seed % len(told)])
        rest = np.flatnonzero(np.isin(data.documents, own))
        return [Case(data, rest[~np.isin(rest, test)], _most(test, np.random.default_rng(seed)))]

    return cases


def _topics(data: Path, vectors: Vectors, half: str, seed: int) -> list[Case]:
    """Every fifth topic and stance, each with its own codebook; half of its arguments are the test."""
    rows = _lines(data / "argkp2021" / "items.jsonl")
    book = _rows(data / "argkp2021" / "codebook.csv")
    wanted = [row for row in rows if (row["split"] == "train") == (half == DEVELOPMENT)]
    found = []
    for topic, stance in sorted({(row["topic"], row["stance"]) for row in wanted})[seed::SEEDS]:
        own = [row for row in wanted if (row["topic"], row["stance"]) == (topic, stance)]
        points = [row for row in book if (row["topic"], int(row["stance"])) == (topic, stance)]
        items = [Item(r["id"], r["text"], frozenset(r["labels"]), frozenset(r["undecided"])) for r in own]
        made, _ = _dataset(items, [Theme(row["label"], (row["definition"],)) for row in points], vectors, 4)
        mixed = np.random.default_rng(seed).permutation(len(made.labels))
        found.append(Case(made, np.sort(mixed[: len(mixed) // 2]), np.sort(mixed[len(mixed) // 2 :])))
    return found


def _nhs(data: Path, vectors: Vectors) -> tuple[Dataset, list[str]]:
    """Names and definitions only: the examples are quotes of the data."""
    items = [Item(r["doc_id"], r["text"], frozenset(r["labels"])) for r in _lines(data / "nhs_px_fft" / "items.jsonl")]
    themes = [_theme(row) for row in _rows(data / "nhs_px_fft" / "codebook.csv") if row["label"] not in RESIDUAL]
    return _dataset(items, themes, vectors, 40)


def _trusts(data: Path) -> dict[str, str]:
    return {row["doc_id"]: row["group"] for row in _lines(data / "nhs_px_fft" / "items.jsonl")}


def _anes(data: Path, part: str, vectors: Vectors) -> tuple[Dataset, list[str]]:
    folder = data / "anes2008_open_ended"
    items = [
        Item(row["doc_id"], row["text"], frozenset(row["labels"])) for row in _lines(folder / f"items_{part}.jsonl")
    ]
    return _dataset(items, [_theme(row) for row in _rows(folder / f"codebook_{part}.csv")], vectors, 30)


def _thematic(data: Path, vectors: Vectors) -> tuple[Dataset, list[str]]:
    """English names over German posts, which the encoder hardly reads."""
    folder = data / "cimt_thematic_de"
    items = [
        Item(row["doc_id"], f"{row['title']}. {row['text']}", frozenset(row["labels"]))
        for row in _lines(folder / "items.jsonl")
    ]
    return _dataset(items, [_theme(row) for row in _rows(folder / "codebook.csv")], vectors, 10)


def _argument(data: Path, vectors: Vectors) -> tuple[Dataset, list[str]]:
    folder = data / "cimt_argument_de"
    items = [Item(row["doc_id"], row["text"], frozenset(row["labels"])) for row in _lines(folder / "items.jsonl")]
    return _dataset(items, [_theme(row) for row in _rows(folder / "codebook.csv")], vectors, 10)


def _manifestos(data: Path, vectors: Vectors) -> tuple[Dataset, list[str]]:
    """A yes where more than half of a sentence's coders said so; a tie is a no."""
    folder, items = data / "uk_manifestos_immigration", []
    for row in _lines(folder / "items.jsonl"):
        yes = sum("immigration" in said for said in row["coders"].values())
        said = frozenset({"immigration"} if 2 * yes > len(row["coders"]) else ())
        items.append(Item(row["doc_id"], row["text"], said))
    return _dataset(items, [_theme(row) for row in _rows(folder / "codebook.csv")], vectors, 10)


def _pdpilot(data: Path, vectors: Vectors) -> tuple[Dataset, list[str]]:
    """The groups of codes, defined by their own and their sub-codes' names that are not quotes of the data."""
    folder = data / "pdpilot_interviews"
    items = [Item(row["doc_id"], row["text"], frozenset(row["labels"])) for row in _lines(folder / "items.jsonl")]
    lines: dict[str, list[str]] = {code: [code] for code in sorted({code for item in items for code in item.codes})}
    for row in _rows(folder / "codebook.csv"):
        parent, _, below = row["label"].partition(" > ")
        if parent in lines and below and len(below) < 100:
            lines[parent].append(below.replace(" > ", ": "))
    return _dataset(items, [Theme(code, tuple(own)) for code, own in lines.items()], vectors, 5)


def _sample(vectors: Vectors) -> tuple[Dataset, list[str]]:
    """The invented transcripts with the default codebook, examples and all; the labels are those both coders gave."""
    import tempfile

    from coding import ledger
    from coding.demo import demo
    from coding.evidence import evidence, items, texts, themes
    from coding.study import open_study

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "demo"
        for _ in demo(folder):
            pass
        study = open_study(folder)
        with study.store.database.reading() as connection:
            agreed = dict(ledger.agreed(connection, study.codebook))
            kept = list(study.store.kept(connection))
            own = [(one.document.name, item) for one in kept for item in items(one) if item.key in agreed]
            codes = list(study.codebook.by_id)
            book = themes(study.codebook)
        study.store.database.close()
    passages = [item for _, item in own]
    lines = [text for theme in book for text in theme.texts()]
    vectors.embed([*texts(passages), *lines])
    labels = np.array([[agreed[item.key].get(code, np.nan) for code in codes] for item in passages])
    labels[labels == 0.5] = np.nan
    often = np.nansum(labels, axis=0) >= 5
    names = [name for name, _ in own]
    documents = np.unique(names, return_inverse=True)[1]
    found = [theme for theme, there in zip(book, often, strict=True) if there]
    told = dict(zip(lines, vectors.get(lines), strict=True))
    return Dataset(evidence(passages, vectors), labels[:, often], documents, found, told), names


def _dataset(items: Iterable[Item], themes: Iterable[Theme], vectors: Vectors, least: int) -> tuple[Dataset, list[str]]:
    """Distinct passages, and the themes that at least so many of them carry; the name of each passage's document."""
    own = _distinct(items)
    counts = Counter(code for item in own for code in item.codes)
    kept = [theme for theme in themes if counts[theme.id] >= least]
    texts = [item.text for item in own]
    sentences = [[part for part in SENTENCE.split(text) if part.strip()] for text in texts]
    parts = [part for some in sentences for part in some]
    lines = [text for theme in kept for text in theme.texts()]
    vectors.embed([*texts, *parts, *lines])
    passages = vectors.get(texts)
    owner = np.repeat(np.arange(len(texts)), [len(some) for some in sentences])
    evidence = Evidence(np.arange(len(texts)), texts, passages, vectors.get(parts), owner, np.zeros_like(passages))
    labels = np.array([[float(theme.id in item.codes) for theme in kept] for item in own])
    labels[np.array([[theme.id in item.undecided for theme in kept] for item in own])] = np.nan
    names = [item.document for item in own]
    documents = np.unique(names, return_inverse=True)[1]
    return Dataset(evidence, labels, documents, kept, dict(zip(lines, vectors.get(lines), strict=True))), names


def _distinct(items: Iterable[Item]) -> list[Item]:
    """The first item of each text, whatever its case and punctuation: a copy in the test would be no test."""
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(re.sub(r"\W+", " ", item.text.lower()).strip(), item)
    first.pop("", None)
    return list(first.values())


def _theme(row: Mapping[str, str]) -> Theme:
    said = row.get("definition", "").replace("no definition published", "")
    return Theme(row["label"], (row["label"], said) if said else (row["label"],))


def _lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def drawn(labels: Floats, pool: Integers, positives: int | None, seed: int) -> Integers:
    """Rows of the pool with so many positives of every code, and as many at random: rising; None is the whole pool.

    Codes are served rarest first, so that what one draws counts for all; a code that has fewer gives all it has.
    """
    if positives is None:
        return pool
    random = np.random.default_rng(seed)
    taken: dict[int, None] = {}
    for code in np.argsort(np.nansum(labels[pool], axis=0), kind="stable"):
        for row in random.permutation(pool[labels[pool, code] == 1]):
            if np.nansum(labels[list(taken), code]) >= positives:
                break
            taken[int(row)] = None
    taken |= dict.fromkeys(random.permutation(pool)[:positives].tolist())
    return np.sort(np.array(list(taken), np.int64))

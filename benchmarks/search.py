"""Time searches in a study of 200,000 passages of the Post Office Inquiry, by the kind of question.

    python -m benchmarks.search [--passages 200000]

A passage is two lines of a transcript (56 words); the transcripts are taken again until there are enough.
"""

import argparse
import random
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from coding.search import search
from coding.study import Study, create_study
from corpus.passage import Document, Passage, Turn

ROOT = Path(__file__).parent.parent
EACH = 800  # passages of a document


def texts(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        files = [tar.extractfile(member) for member in tar if member.name.endswith(".txt")]
        lines = [line for file in files if file for line in file.read().decode().splitlines() if line.count(" ") > 2]
    return [" ".join(pair) for pair in zip(lines[::2], lines[1::2], strict=False)]


def document(name: str, parts: list[str]) -> tuple[Document, list[Passage]]:
    turns: list[Turn] = []
    passages: list[Passage] = []
    start = 0
    for number, text in enumerate(parts, start=1):
        end = start + len(text)
        turns.append(Turn(number, "Witness", None, start, end))
        passages.append(Passage(name, start, end, text, number, "Witness", None, ((0, len(text)),)))
        start = end + 1
    return Document(name, "\n".join(parts), tuple(turns)), passages


def filled(folder: Path, parts: list[str], number: int) -> Study:
    study = create_study(folder)
    stream = islice(cycle(parts), number)
    with study.store.database.writing() as connection:
        source = study.store.add_source(connection, "inquiry", "0" * 64)
        for day in range(-(-number // EACH)):
            study.store.add(connection, source, [document(f"day-{day}.txt", list(islice(stream, EACH)))])
    return study


def questions(parts: list[str], chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    """(kind, question, ranked): words as often as people say them."""
    for _ in range(100):
        words = [word for word in chance.choice(parts).replace('"', "").split() if word[0].isalpha()] or ["office"]
        first = chance.randrange(len(words))
        yield "a word", words[first], False
        yield "a word, ranked", words[first], True
        yield "three words", " ".join(chance.sample(words, min(3, len(words)))), False
        yield "a phrase", f'"{" ".join(words[first : first + 3])}"', False
        yield "three letters*", f"{words[first][:3]}*", False
        yield "one letter*", f"{words[first][:1]}*", False
        yield "a word and not", f"{words[first]} -{chance.choice(words)}x -horizon", True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--passages", type=int, default=200_000)
    options = parser.parse_args()
    parts = texts(options.data / "post_office_inquiry.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        study = filled(Path(folder) / "study", parts, options.passages)
        start = time.perf_counter()
        search(study, "office")
        size = (study.cache / "words.db").stat().st_size / 1e6
        print(f"first search, which makes the index: {time.perf_counter() - start:.1f} s, {size:.0f} MB")
        taken: dict[str, list[float]] = {}
        for kind, question, ranked in questions(parts, random.Random(1)):
            start = time.perf_counter()
            search(study, question, 20, ranked)
            taken.setdefault(kind, []).append(1000 * (time.perf_counter() - start))
        for kind, times in [*taken.items(), ("all", [one for some in taken.values() for one in some])]:
            times.sort()
            p95 = times[int(0.95 * len(times))]
            print(f"{kind:16} median {times[len(times) // 2]:5.1f} ms, p95 {p95:5.1f} ms, slowest {times[-1]:5.1f} ms")


if __name__ == "__main__":
    main()

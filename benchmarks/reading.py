"""Read the 230 hearing days of the Post Office Inquiry: speakers, offsets, speed, memory.

python -m benchmarks.reading [ARCHIVE]
"""

import argparse
import re
import resource
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from corpus.passage import Draft
from corpus.read import read
from corpus.transcript import document

LABEL = re.compile(r"((?:[A-Z][\w.'’-]*)(?: (?:[A-Z][\w.'’-]*|van|den|of|\d+))*): +(?=\S)")


@dataclass
class Tally:
    files: int = 0
    characters: int = 0
    words: int = 0
    turns: int = 0
    spoken: int = 0
    labels: int = 0
    found: int = 0
    seconds: float = 0.0

    def add(self, draft: Draft) -> None:
        began = time.perf_counter()
        found = document(draft)
        self.seconds += time.perf_counter() - began
        self.files += 1
        self.characters += len(found.text)
        self.words += len(found.text.split())
        self.turns += len(found.turns)
        self.spoken += sum(turn.speaker is not None for turn in found.turns)
        self.check(draft, {turn.start: turn.speaker for turn in found.turns})
        place = 0
        for turn in found.turns:
            words = found.text[turn.start : turn.end]
            if turn.start < place or not words or words != words.strip():
                sys.exit(f"{found.name}: turn {turn.number} does not hold")
            place = turn.end

    def check(self, draft: Draft, starts: dict[int, str | None]) -> None:
        """Count paragraphs that begin with a capitalised name and a colon, and those of them that got that speaker."""
        offset = 0
        for block in draft.blocks:
            label = LABEL.match(block.text)
            if label:
                self.labels += 1
                self.found += starts.get(offset + label.end()) == label[1]
            offset += len(block.text) + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    archive = Path(__file__).parents[2] / "shared" / "data" / "post_office_inquiry.tar.xz"
    parser.add_argument("archive", type=Path, nargs="?", default=archive)
    archive = parser.parse_args().archive
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.txt"))
        sources = read([Path(folder)])
        while True:
            began = time.perf_counter()
            source = next(sources, None)
            tally.seconds += time.perf_counter() - began
            if source is None:
                break
            for draft in source.drafts:
                tally.add(draft)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{tally.files} files, {size / 1e6:.1f} MB, {tally.words:,} words, {tally.characters:,} characters")
    print(f"{tally.turns:,} turns, {tally.spoken:,} with a speaker; every offset holds")
    print(f"{tally.labels:,} paragraphs begin with a name and a colon, {tally.found:,} got that speaker", end=" ")
    print(f"({tally.found / tally.labels:.2%})")
    print(f"{tally.seconds:.1f} s: {size / 1e6 / tally.seconds:.1f} MB/s, {tally.words / tally.seconds:,.0f} words/s")
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()

"""Texts a second, ours and `SentenceTransformer.encode` at its defaults in turns, and how alike the vectors are.

Run from the repository root: python -m benchmarks.embedding --data ../shared/data
"""

import argparse
import json
import random
import re
import statistics
import tarfile
import time
from pathlib import Path

import numpy as np

from models import encoder

SPOKEN = re.compile(r"^[A-Z][\w .'-]{1,40}: ")
TURNS = 5


def texts(data: Path, count: int) -> list[str]:
    """Half one-line survey comments, half paragraphs of the inquiry, each once, drawn with a fixed seed."""
    comments = {json.loads(line)["text"] for line in (data / "nhs_px_fft/items.jsonl").open(encoding="utf-8")}
    paragraphs = set()
    with tarfile.open(data / "post_office_inquiry.tar.xz") as archive:
        for at, member in enumerate(archive):
            if member.isfile() and at % 12 == 0:
                content = archive.extractfile(member).read().decode()
                paragraphs |= {SPOKEN.sub("", part.strip()) for part in content.split("\n\n") if len(part) > 20}
    drawn = random.Random(1)
    half = count // 2
    return drawn.sample(sorted(comments), half) + drawn.sample(sorted(paragraphs), count - half)


def timed(encode, given: list[str]):
    begun, used = time.perf_counter(), time.process_time()
    found = encode(given)
    return time.perf_counter() - begun, time.process_time() - used, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=2000)
    asked = parser.parse_args()
    given = texts(asked.data, asked.texts)
    ours = encoder.load()
    ours.encode(given[:64])
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(ours.folder), device="cpu", local_files_only=True)
    reference.encode(given[:64])
    vectors: dict[str, np.ndarray] = {}
    wall: dict[str, list[float]] = {"ours": [], "reference": []}
    processor: dict[str, list[float]] = {"ours": [], "reference": []}
    for _ in range(TURNS):
        for name, encode in (("reference", reference.encode), ("ours", ours.encode)):
            taken, used, vectors[name] = timed(encode, given)
            wall[name].append(taken)
            processor[name].append(used)
    words = sum(len(text.split()) for text in given) / len(given)
    print(f"{len(given)} texts, {words:.0f} words each on average, {ours.precision}, {TURNS} turns")
    for name, taken in wall.items():
        print(f"{name}: {', '.join(f'{len(given) / one:.0f}' for one in taken)} texts a second")
    for what, seconds in (("elapsed", wall), ("processor", processor)):
        ratios = [theirs / own for theirs, own in zip(seconds["reference"], seconds["ours"], strict=True)]
        print(
            f"ratio of {what} time: {', '.join(f'{one:.2f}' for one in ratios)}; median {statistics.median(ratios):.2f}"
        )
    alike = (vectors["ours"] * vectors["reference"]).sum(axis=1)
    print(f"least cosine: {alike.min():.5f}")


if __name__ == "__main__":
    main()

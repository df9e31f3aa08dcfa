"""What learning after a batch takes on a large study, with an encoder that costs nothing; and the picks alone.

    python -m benchmarks.queue [--passages 200000] [--decisions 100000]

Prints seconds and the peak memory so far. The texts and the decisions are made up; a tenth of the decisions is a yes.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.scale import Digest, timed
from coding import ledger, queue
from coding.ledger import Decision
from coding.meaning import Finder
from coding.pupil import Pupil
from coding.study import Study, add, create_study, open_study
from models.picks import Pool, batches

PER_DOCUMENT = 500


def made(folder: Path, passages: int, decisions: int) -> Study:
    chance = random.Random(1)
    words = ["".join(chance.choices("aeioubcdfghlmnprst", k=chance.randint(2, 9))) for _ in range(20_000)]
    often = [1 / rank for rank in range(1, len(words) + 1)]
    texts = folder / "texts"
    texts.mkdir()
    for number in range(passages // PER_DOCUMENT):
        paragraphs = []
        for _ in range(PER_DOCUMENT):
            said = chance.choices(words, often, k=chance.randint(20, 60))
            half = len(said) // 2
            paragraphs.append(f"{' '.join(said[:half]).capitalize()}. {' '.join(said[half:]).capitalize()}.")
        (texts / f"{number:04}.txt").write_text("\n\n".join(paragraphs))
    study = create_study(folder / "study")
    timed("add", lambda: f"{add(study, [texts]).passages:,} passages")
    decide(study, decisions)
    return study


def decide(study: Study, decisions: int, seed: int = 2) -> None:
    chance = random.Random(seed)
    codes = list(study.codebook.by_id)
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version, keys = study.codebook.version, study.store.passage_keys(connection)
        read = chance.sample(keys, decisions // len(codes))
        rows = (
            Decision(f"coder {key % 10}", key, code, chance.random() < 0.1, version, why="certain")
            for key in read
            for code in codes
        )
        ledger.record(connection, rows)


def picks(passages: int, codes: int, read: int) -> str:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(passages, 384)).astype(np.float16)
    vectors /= np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True).astype(np.float16)
    scores = chance.normal(size=(passages, codes)).astype(np.float32)
    pool = Pool(np.arange(passages), np.arange(passages) // PER_DOCUMENT, scores)
    start = time.perf_counter()
    found = batches(pool, vectors, np.full(codes, 1.6), np.arange(codes), vectors[:read].astype(np.float32), 4)
    return f"{sum(map(len, found))} picks in {time.perf_counter() - start:.2f} s without making the numbers"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=200_000)
    parser.add_argument("--decisions", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for read in (0, given.decisions // 12):
            timed(f"picks, {read:,} read", lambda read=read: picks(given.passages, 12, read))
        study = open_study(made(Path(folder), given.passages, given.decisions).folder)
        study.__dict__["encoder"] = Digest()
        timed("embed", lambda: Pupil(study).corpus().memory.kept.shape)
        pupil = Pupil(study)
        timed("learn first", lambda: pupil.learn().waiting)
        for turn in range(2):
            decide(study, 20 * 12, seed=turn)
            timed("learn again", lambda: pupil.learn().waiting)
        with study.store.database.reading() as connection:
            rows = queue.rows(connection, queue.latest(connection).id)

        def write() -> str:
            with study.store.database.writing() as connection:
                return f"queue {queue.replace(connection, 0, [], rows)}"

        timed("write queue", write)
        finder = Finder(study)
        timed("search first", lambda: len(finder.search("money")))
        timed("search again", lambda: len(finder.search("late money")))


if __name__ == "__main__":
    main()

"""What learning after a batch takes on a large study, with an encoder that costs nothing; and the picks alone.

    python -m benchmarks.queue [--passages 200000] [--decisions 100000]

Prints seconds, those of the processor too, and the peak memory so far. The texts and the decisions are made up; a tenth
of the decisions is a yes.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.scale import Digest
from coding import ledger, queue
from coding.ledger import Decision
from coding.meaning import Finder
from coding.pupil import Pupil
from coding.study import Study, create_study
from corpus.passage import Document, Passage, Turn
from models.picks import Pool, batches

PER_DOCUMENT = 500


def timed(name: str, step: Callable[[], object]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    found = step()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:20} {wall:7.2f} s, {processor:7.2f} s of the processor, peak {peak:.0f} MB: {found}", flush=True)


def made(folder: Path, passages: int) -> Study:
    """A study of documents of PER_DOCUMENT passages, each of two sentences."""
    chance = random.Random(1)
    words = ["".join(chance.choices("aeioubcdfghlmnprst", k=chance.randint(2, 9))) for _ in range(20_000)]
    often = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    study = create_study(folder / "study")
    for number in range(passages // PER_DOCUMENT):
        name, text, turns, found = f"{number:04}.txt", "", [], []
        for turn in range(1, PER_DOCUMENT + 1):
            halves = [" ".join(chance.choices(words, cum_weights=often, k=chance.randint(10, 30))) for _ in "ab"]
            said, start, middle = f"{halves[0]}. {halves[1]}.\n", len(text), len(halves[0]) + 1
            end = start + len(said) - 1
            turns.append(Turn(turn, None, None, start, end))
            sentences = ((0, middle), (middle + 1, end - start))
            found.append(Passage(name, start, end, said[:-1], turn, None, None, sentences))
            text += said
        with study.store.database.writing() as connection:
            source = study.store.add_source(connection, name, name)
            study.store.add(connection, source, [(Document(name, text, tuple(turns)), found)])
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


def picks(passages: int, codes: int, read: int) -> None:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(passages, 384)).astype(np.float16)
    vectors /= np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True).astype(np.float16)
    scores = chance.normal(size=(passages, codes)).astype(np.float32)
    pool = Pool(np.arange(passages), np.arange(passages) // PER_DOCUMENT, scores)
    read_vectors, cuts = vectors[:read].astype(np.float32), np.full(codes, 1.6)
    timed(
        f"picks, {read:,} read", lambda: sum(map(len, batches(pool, vectors, cuts, np.arange(codes), read_vectors, 4)))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=200_000)
    parser.add_argument("--decisions", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for read in (0, given.decisions // 12):
            picks(given.passages, 12, read)
        study = made(Path(folder), given.passages)
        decide(study, given.decisions)
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

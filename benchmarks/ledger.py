"""A ledger of a million decisions: saving one more, and what holds. `python -m benchmarks.ledger`"""

import random
import tempfile
import time
from pathlib import Path

from coding import ledger
from coding.acts import Reading, save
from coding.ledger import Decision, new_act
from coding.study import create_study
from corpus.passage import Document, Passage, Turn

PASSAGES, CODERS = 30_000, ("anna", "ben", "carol")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = create_study(Path(folder) / "study")
        codes = list(study.codebook.by_id)
        store = study.store
        text = " ".join(f"This is sentence {n} of what was said." for n in range(300))
        cut = [
            Passage("", 50 * n, 50 * n + 40, text[50 * n : 50 * n + 40], 1, None, None, ((0, 40),)) for n in range(200)
        ]
        with store.database.writing() as connection:
            ledger.keep(connection, study.codebook)
            for number in range(PASSAGES // 200):
                name = f"{number:05}.txt"
                document = Document(name, text, (Turn(1, None, None, 0, len(text)),))
                store.add(connection, store.add_source(connection, name, name), [(document, cut)])
            keys = store.passage_keys(connection)
        chance = random.Random(1)
        began = time.perf_counter()
        total = 0
        for key in keys:
            with_act = [
                Decision(coder, key, code, chance.random() < 0.1, study.codebook.version, act=new_act(), time="2026")
                for coder in CODERS
                for code in codes
            ]
            total += len(with_act)
            if key % 1000 == 1:
                batch: list[Decision] = []
            batch += with_act
            if key % 1000 == 0:
                with store.database.writing() as connection:
                    ledger.record(connection, batch)
        print(f"{total:,} decisions recorded in {time.perf_counter() - began:.1f} s")
        times = []
        for key in chance.sample(keys, 200):
            began = time.perf_counter()
            with store.database.writing() as connection:
                save(connection, "dora", Reading(new_act(), key, frozenset({codes[0]}), "manual"), study.codebook, text)
            times.append(time.perf_counter() - began)
        times.sort()
        print(
            f"one reading of {len(codes)} codes saved: median {times[100] * 1e3:.1f} ms, p95 {times[190] * 1e3:.1f} ms"
        )
        with store.database.reading() as connection:
            for name, ask in (
                ("current state, every row", lambda: sum(1 for _ in ledger.current(connection))),
                ("agreed state, every passage", lambda: sum(1 for _ in ledger.agreed(connection, study.codebook))),
                ("current state of 20 passages", lambda: len(ledger.of_passages(connection, keys[:20]))),
            ):
                began = time.perf_counter()
                found = ask()
                print(f"{name}: {found:,} in {time.perf_counter() - began:.3f} s")


if __name__ == "__main__":
    main()

"""How often counts with intervals are right: simulated audits, and replays of real ones, beside what others do.

    python -m benchmarks.counts [--quick] [--only simulation|replays] [--seed N]

Prints Markdown: docs/counts-measured.md has the full run. ppi-python stands beside it where it is installed. Replays
keep vectors and scores in the cache, and go on where they were stopped.
"""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks import replays, simulated
from benchmarks.labelled import DATA
from benchmarks.rivals import INSTALL, ppi_python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("simulation", "replays"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=Path(".themis/benchmark-counts"))
    given = parser.parse_args()
    begun = time.perf_counter()
    if given.only != "replays":
        simulation(given.quick, given.seed)
    if given.only != "simulation":
        replay(given.quick, given.seed, given.data, given.cache)
    print(f"\nSeed {given.seed}, {time.perf_counter() - begun:,.0f} s.")


def simulation(quick: bool, seed: int) -> None:
    if ppi_python() is None:
        print(f"ppi-python is not installed: its rows are left out ({INSTALL})\n")
    for title, table, replicates, few in simulated.TABLES:
        number = few if quick else replicates
        show(title.format(number), table(number, seed))


def replay(quick: bool, seed: int, data: Path, cache: Path) -> None:
    if not data.is_dir():
        print(f"There is no labelled data in {data}: the replays are left out (--data says where it lies)")
        return
    cache.mkdir(parents=True, exist_ok=True)
    sets, seeds = (("anes2008 ds5",), 1) if quick else (tuple(replays.SETS), replays.SEEDS)
    title = f"Replays; {seeds} readings of the queue, {replays.DRAWS} audits after each"
    show(title, replays.table(data, cache, seed, sets, seeds))


def show(title: str, lines: Iterable[str]) -> None:
    print(f"### {title}\n")
    for line in lines:
        print(line, flush=True)
    print(flush=True)


if __name__ == "__main__":
    main()

"""Time the commands a person waits for: `themis --help`, and `themis code` with nothing new.

    python -m benchmarks.commands [--passages 10000]

The study is made of hearing days of the Post Office Inquiry (see --data), until it has that many passages.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from coding.run import code
from coding.study import add, create_study

ROOT = Path(__file__).parent.parent


def seconds(*words: str, times: int = 5) -> list[float]:
    """Wall time of the command in a fresh process, several times, sorted."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, "cli.py", *words], cwd=ROOT, check=True, capture_output=True)
        found.append(time.perf_counter() - start)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--passages", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(options.data / "post_office_inquiry.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        study = create_study(Path(folder) / "study")
        passages = documents = 0
        for file in sorted(Path(folder, "post_office_inquiry").rglob("*.txt")):
            passages += add(study, [file]).passages
            documents += 1
            if passages >= options.passages:
                break
        start = time.perf_counter()
        done = code(study)
        first = time.perf_counter() - start
        study.store.database.close()
        bare = [time.perf_counter()]
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter())
        print(f"{documents} documents, {passages:,} passages")
        print(f"first `themis code`: {first:.1f} s, {done.embedded:,} texts embedded")
        for words in (["--help"], ["code", "--study", str(study.folder)], ["counts", "--study", str(study.folder)]):
            times = seconds(*words)
            print(
                f"themis {words[0]:8} median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s of {len(times)}"
            )
        print(f"python -c pass   {bare[1] - bare[0]:.2f} s")


if __name__ == "__main__":
    main()

"""The whole job on 230 hearing days with an encoder that costs nothing: what everything but the encoder takes.

    python -m benchmarks.scale

Prints seconds and the peak memory so far after each step.
"""

import argparse
import hashlib
import resource
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coding.counts import counts
from coding.export.rows import KINDS
from coding.export.tables import write
from coding.run import code
from coding.study import Study, add, create_study, open_study

ROOT = Path(__file__).parent.parent


class Digest:
    """A vector out of the text's SHA-512, as long as the default encoder's."""

    fingerprint = "digest"

    def encode(self, texts: Sequence[str], progress: object = None) -> Any:
        digests = [np.frombuffer(hashlib.sha512(text.encode()).digest() * 6, dtype=np.uint8) for text in texts]
        vectors = np.stack(digests).astype(np.float32) - 127.5
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def timed(name: str, step: Callable[[], object]) -> None:
    start = time.perf_counter()
    found = step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:12} {time.perf_counter() - start:6.1f} s, peak {peak:.0f} MB: {found}", flush=True)


def exported(study: Study, what: str) -> str:
    with study.store.database.reading() as connection:
        return f"{write(KINDS[what](study, connection), study.folder / f'{what}.csv'):,} rows"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(parser.parse_args().data / "post_office_inquiry.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        study = create_study(Path(folder) / "study")
        timed("add", lambda: f"{add(study, [Path(folder) / 'post_office_inquiry']).passages:,} passages")
        study = open_study(study.folder)
        study.__dict__["encoder"] = Digest()
        timed("code", lambda: f"{code(study).embedded:,} different texts")
        timed("code again", lambda: f"fresh: {code(study).fresh}")
        timed("counts", lambda: f"{len(counts(study))} rows")
        timed("passages", lambda: exported(study, "passages"))
        timed("suggestions", lambda: exported(study, "suggestions"))


if __name__ == "__main__":
    main()

"""Opening another copy of a study without changing anything of it: its files are copied, and the copy is opened."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coding.study import Study
from corpus.errors import EvidenceError
from corpus.store import Store, open_store

FILES = ("study.db", "study.db-wal", "study.db-journal")
TRIES = 5  # how often a copy that somebody works on is copied again


@contextmanager
def opened(other: Path, study: Study) -> Iterator[Store]:
    """The store of another copy of `study`, at the newest schema, out of a copy of its files.

    EvidenceError, then and within, where it is no study, the same one, or cannot be read.
    """
    if not (other / FILES[0]).is_file():
        raise EvidenceError(f"there is no study in {other}: give the folder of another copy, the one with its study.db")
    if (other / FILES[0]).samefile(study.folder / FILES[0]):
        raise EvidenceError(f"{other} is this study: give the folder of another copy of it")
    with tempfile.TemporaryDirectory() as folder:
        try:
            _copy(other, Path(folder))
            store = open_store(Path(folder))
            try:
                yield store
            finally:
                store.database.close()
        except EvidenceError as error:
            raise EvidenceError(str(error).replace(folder, str(other))) from error


def _copy(source: Path, target: Path) -> None:
    """Copy a database and its log as they are at one moment; EvidenceError where it is written to all the time."""
    for _ in range(TRIES):
        before = _state(source)
        for name in FILES:
            (target / name).unlink(missing_ok=True)
        try:
            for name in before:
                shutil.copyfile(source / name, target / name)
        except FileNotFoundError:
            continue  # a log that was folded into its file meanwhile
        except OSError as error:
            raise EvidenceError(
                f"{source} could not be copied ({error.strerror}): make it readable, and room"
            ) from error
        if _state(source) == before:
            return
    raise EvidenceError(f"{source} is being worked on: close it there, and merge again")


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of each file of a database that there is."""
    found = {name: (folder / name).stat() for name in FILES if (folder / name).exists()}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}

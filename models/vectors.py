"""Vectors on disk, so that no text is encoded twice.

The key is the encoder's fingerprint and the text's SHA-256, so no encoder is ever given another's vector; the value is
the unit vector in float16, half the space for a cosine within 0.00001. The folder is a cache: it can be deleted at any
time, and a damaged one is made anew.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from corpus.errors import EvidenceError

Floats = np.ndarray[Any, np.dtype[np.float32]]
Halves = np.ndarray[Any, np.dtype[np.float16]]
Progress = Callable[[int], None]
CHUNK = 2048  # texts encoded between two commits: what a killed run loses
WINDOW = 16384  # texts looked up at a time
ROOM = 64 << 20  # bytes by which the map is opened larger than the file
TRIES = 8  # how often a write starts again because the map was too small for it


class Encodes(Protocol):
    """What a cache needs of an encoder."""

    @property
    def fingerprint(self) -> str:
        """Differs for any two encoders that give different vectors."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Unit vectors of texts, (n, d)."""


class Vectors:
    """The vectors of one encoder in one folder; several processes may use the folder at once."""

    def __init__(self, folder: Path, encoder: Encodes) -> None:
        self.folder = folder
        self.encoder = encoder

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those of texts that have no vector yet, each once, in their order."""
        found: dict[str, None] = {}
        stream = iter(texts)
        while window := list(dict.fromkeys(islice(stream, WINDOW))):
            with self._reading() as transaction:
                found.update((text, None) for text in window if transaction.get(self._key(text)) is None)
        return list(found)

    def embed(self, texts: Iterable[str], progress: Progress | None = None) -> int:
        """Encode what has no vector yet, and say how many that was; where nothing is missing no model is loaded.

        Each chunk is on disk before the next begins, so a killed run goes on where it stopped. progress is called with
        how many more texts are done.
        """
        done = 0
        stream = iter(texts)
        while window := list(islice(stream, WINDOW)):
            missing = self.missing(window)
            for start in range(0, len(missing), CHUNK):
                chunk = missing[start : start + CHUNK]
                values = np.asarray(self.encoder.encode(chunk, progress), np.float16)
                self._write([(self._key(text), value.tobytes()) for text, value in zip(chunk, values, strict=True)])
                done += len(chunk)
        return done

    def get(self, texts: Sequence[str]) -> Floats:
        """The vectors of texts, (n, d), each of length 1.

        Raises EvidenceError where a text has none, or a damaged one: the folder was deleted or changed since `embed`.
        """
        return unit(self.kept(texts))

    def kept(self, texts: Sequence[str]) -> Halves:
        """The same as they are on disk: float16, of which `unit` makes vectors of length 1."""
        with self._reading() as transaction:
            values = [transaction.get(self._key(text)) for text in texts]
            width = self._width(transaction)
        if any(value is None or len(value) != 2 * width for value in values):
            raise self._lost()
        vectors = np.frombuffer(b"".join(values), np.float16).reshape(len(values), width)
        if not np.allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=0.01):
            raise self._lost()
        return vectors

    def _key(self, text: str) -> bytes:
        # surrogatepass: a lone surrogate out of a broken file is a text like any other
        return self._prefix + hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    @property
    def _prefix(self) -> bytes:
        return f"{self.encoder.fingerprint}:".encode()

    def _width(self, transaction: Any) -> int:
        with transaction.cursor() as cursor:
            known = cursor.set_range(self._prefix) and cursor.key().startswith(self._prefix)
            return len(cursor.value()) // 2 if known else 0

    def _lost(self) -> EvidenceError:
        return EvidenceError(f"Vectors are missing from the cache {self.folder}: delete that folder and run again.")

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with _opened(self.folder) as environment, environment.begin() as transaction:
            yield transaction

    def _write(self, pairs: list[tuple[bytes, bytes]]) -> None:
        import lmdb

        room = ROOM
        for _ in range(TRIES):
            try:
                with _opened(self.folder, room) as environment, environment.begin(write=True) as transaction:
                    for key, value in pairs:
                        transaction.put(key, value)
                return
            except (lmdb.MapFullError, lmdb.MapResizedError):
                room *= 2
            except lmdb.Error as error:
                raise EvidenceError(f"The vector cache {self.folder} cannot be written ({error}).") from error
        raise EvidenceError(f"The vector cache {self.folder} cannot grow: is the disk full?")


def unit(kept: Halves) -> Floats:
    """Vectors of length 1, (n, d), of what `Vectors.kept` gives."""
    vectors = kept.astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@contextmanager
def _opened(folder: Path, room: int = ROOM) -> Iterator[Any]:
    import lmdb

    try:
        environment = _open(folder, room)
    except (lmdb.InvalidError, lmdb.CorruptedError, lmdb.VersionMismatchError):
        for name in ("data.mdb", "lock.mdb"):
            (folder / name).unlink(missing_ok=True)
        environment = _open(folder, room)
    except (OSError, lmdb.Error) as error:
        raise EvidenceError(f"The vector cache {folder} cannot be opened ({error}): is that folder yours?") from error
    with environment:
        yield environment


def _open(folder: Path, room: int) -> Any:
    import lmdb

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "data.mdb"
    size = file.stat().st_size if file.exists() else 0
    environment = lmdb.open(str(folder), map_size=size + room, mode=0o600)
    used = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if file.stat().st_size < used:  # cut short: reading past its end would kill the process
        environment.close()
        raise lmdb.CorruptedError(str(file))
    return environment

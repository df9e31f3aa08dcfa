"""Finding passages by what they mean: those whose vectors are nearest to the vector of a question."""

from typing import TYPE_CHECKING

from coding import queue, suggestions
from coding.pupil import again
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from models.memory import Meanings


class Finder:
    """Searches again and again; the vectors of the passages stay in its memory."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._state: tuple[object, ...] = ()
        self._meanings: Meanings | None = None

    def search(self, text: str, most: int = 50) -> list[tuple[int, float]]:
        """(passage key, cosine) of the live passages nearest in meaning, nearest first; none for an empty text.

        Passages that were never embedded are not found. EvidenceError where none was.
        """
        self.study = again(self.study)
        with self.study.store.database.reading() as connection:
            if (state := self._now(connection)) != self._state:
                self._meanings = None
                self._meanings = self._read(connection)
                self._state = state
        assert self._meanings
        if not text.strip():
            return []
        return self._meanings.nearest(self.study.encoder.encode([text])[0], most)

    def _now(self, connection: Connection) -> tuple[object, ...]:
        """What the memory is made of; where it lacks passages, a new queue means that there may be more."""
        passages = suggestions.state_of_passages(connection)
        lacking = self._meanings is not None and len(self._meanings.keys) < passages[0]
        newest = queue.latest(connection) if lacking else None
        return (passages, self.study.encoder.fingerprint, newest and newest.id)

    def _read(self, connection: Connection) -> "Meanings":
        from models.memory import meanings

        passages = ((key, p.text) for kept in self.study.store.kept(connection) for key, p in kept.passages)
        found = meanings(passages, self.study.vectors)
        if found is None:
            raise EvidenceError("no passage can be searched by meaning yet: run `themis code` first")
        return found

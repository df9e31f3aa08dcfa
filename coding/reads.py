"""How many passages somebody has read: counted once, and kept up with the ledger, whatever its size."""

from threading import Lock

from coding import ledger
from coding.ledger import DECISIONS, HELD, OWN
from corpus.database import ColumnElement, Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES, SETTINGS


class Reads:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: set[int] = set()
        self._total = 0
        self._state: tuple[object, ...] = ()
        self._upto = 0

    def count(self, connection: Connection) -> tuple[int, int]:
        """(live passages that somebody has read, live passages)."""
        upto = ledger.last(connection)
        state = _state(connection)
        with self._lock:
            if state != self._state:
                self._read = _read(connection)
                live = select(func.count()).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
                self._total = connection.execute(live).scalar_one()
                self._upto, self._state = upto, state
            elif upto > self._upto:
                later = select(DECISIONS.c.passage).where(DECISIONS.c.id > self._upto)
                self._read.difference_update(connection.execute(later).scalars())
                self._read |= _read(connection, HELD.c.passage.in_(later))
                self._upto = upto
            return len(self._read), self._total


def _state(connection: Connection) -> tuple[object, ...]:
    """What changes when other passages become live: the live documents, the passages, how documents are split."""
    key = DOCUMENTS.c.id
    documents = select(func.count(), func.sum(key), func.sum(key * key)).where(DOCUMENTS.c.live)
    newest = select(func.max(PASSAGES.c.id)).scalar_subquery()
    settings = select(SETTINGS.c.name, SETTINGS.c.value).order_by(SETTINGS.c.name)
    row = connection.execute(documents.add_columns(newest)).one()
    return (*row, *map(tuple, connection.execute(settings)))


def _read(connection: Connection, *where: ColumnElement[bool]) -> set[int]:
    held = select(HELD.c.passage).where(HELD.c.lane == OWN, HELD.c.value.is_not(None), *where)
    live = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, PASSAGES.c.id.in_(held))
    return set(connection.execute(live).scalars())

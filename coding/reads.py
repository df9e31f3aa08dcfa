"""How many passages somebody has read: counted once, and kept up with the ledger, whatever its size."""

from threading import Lock
from time import monotonic

from coding import ledger
from coding.ledger import DECISIONS, HELD, OWN
from corpus.database import ColumnElement, Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

FRESH = 60.0  # seconds after which all is counted again, since documents may have been removed


class Reads:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: set[int] = set()
        self._total = 0
        self._upto, self._newest, self._until = -1, -1, 0.0

    def count(self, connection: Connection) -> tuple[int, int]:
        """(live passages that somebody has read, live passages)."""
        upto = ledger.last(connection)
        newest = connection.execute(select(func.coalesce(func.max(PASSAGES.c.id), 0))).scalar_one()
        with self._lock:
            if newest != self._newest or monotonic() > self._until:
                self._read = _read(connection)
                live = select(func.count()).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
                self._total = connection.execute(live).scalar_one()
                self._upto, self._newest, self._until = upto, newest, monotonic() + FRESH
            elif upto > self._upto:
                later = select(DECISIONS.c.passage).where(DECISIONS.c.id > self._upto)
                self._read.difference_update(connection.execute(later.distinct()).scalars())
                self._read |= _read(connection, HELD.c.passage.in_(later))
                self._upto = upto
            return len(self._read), self._total


def _read(connection: Connection, *where: ColumnElement[bool]) -> set[int]:
    held = select(HELD.c.passage).where(HELD.c.lane == OWN, HELD.c.value.is_not(None), *where)
    live = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, PASSAGES.c.id.in_(held))
    return set(connection.execute(live).scalars())

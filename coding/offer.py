"""What the review queue offers a coder next, and what there is past its end."""

from collections.abc import Collection

from coding import draws, queue
from coding.ledger import HELD
from coding.queue import Queued
from corpus.database import Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

NEAR, LOOK = 50, 500  # passages looked at together: of the queue, and of the corpus
STRIDE = 2_654_435_761  # a prime: its multiples reach every passage, far apart from one another


def offered(connection: Connection, coder: str, but: int | None = None) -> Queued | None:
    """The first of the queue that nobody has read or has open; past its end, any passage that nobody has read.

    What the coder has skipped comes last, in the order of skipping, and `but`, the one just skipped, after all others.
    None: nothing is left.
    """
    skipped, taken = draws.skipped(connection, 0, coder), draws.taken(connection, 0, coder)
    closed = skipped.keys() | taken | {but or 0}
    chosen = _first(connection, closed) or _unread(connection, closed)
    if chosen is None:
        left = _open(connection, skipped.keys() | {but or 0}) - taken - draws.awaited(connection)
        chosen = min(left, key=lambda key: (key == but, skipped.get(key, 0.0), key), default=None)
    if chosen is None:
        return None
    return queue.of_passage(connection, chosen) or Queued(chosen, "diverse", None, ())


def _first(connection: Connection, closed: set[int]) -> int | None:
    """The first passage that waits in the queue and is not closed."""
    newest = queue.latest(connection)
    if newest is None:
        return None
    for most in (NEAR, None):
        if found := next((key for key in queue.waiting(connection, newest.id, most) if key not in closed), None):
            return found
    return None


def _unread(connection: Connection, closed: set[int]) -> int | None:
    """Some passage that nobody has read, spread over the corpus, the same on every call."""
    end = int(connection.execute(select(func.coalesce(func.max(PASSAGES.c.id), 0))).scalar_one()) + 1
    closed = closed | draws.awaited(connection)
    for start in range(0, end, LOOK):
        keys = [number * STRIDE % end for number in range(start, min(start + LOOK, end))]
        unread = _open(connection, keys) - closed
        if found := next((key for key in keys if key in unread), None):
            return found
    return None


def _open(connection: Connection, passages: Collection[int]) -> set[int]:
    """Which of these are live, and read by nobody."""
    read = select(HELD.c.passage).where(HELD.c.passage == PASSAGES.c.id, HELD.c.value.is_not(None))
    query = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, ~read.exists())
    return set(connection.execute(query.where(PASSAGES.c.id.in_(passages))).scalars())

"""What a coder read not long ago, as it holds now."""

from collections.abc import Sequence
from dataclasses import dataclass

from coding.cards import Sitting
from coding.ledger import DECISIONS, HELD, OWN
from corpus.context import first_words
from corpus.database import Connection, and_, select


@dataclass(frozen=True, slots=True)
class Recent:
    """A passage that a coder read: its first words, the codes that hold of it for this coder, why it was shown."""

    passage: int
    speaker: str | None
    words: str
    codes: tuple[str, ...]
    why: str


def recent(
    connection: Connection, sitting: Sitting, kinds: Sequence[str], most: int, rows: int = 1_000
) -> list[Recent]:
    """The passages that a coder decided on last, newest first: at most `most`, of their last `rows` decisions.

    Within the draw of the sitting, or all that was shown for one of these kinds of reasons where it has none.
    """
    lane = and_(HELD.c.lane == (sitting.draw or OWN), HELD.c.coder == sitting.coder, HELD.c.value.is_not(None))
    columns = (HELD.c.passage, HELD.c.code, HELD.c.value, DECISIONS.c.why)
    query = select(*columns).select_from(HELD.join(DECISIONS)).where(lane, DECISIONS.c.why.in_(kinds))
    codes: dict[int, list[str]] = {}
    why: dict[int, str] = {}
    for row in connection.execute(query.order_by(HELD.c.decision.desc()).limit(rows)):
        if row.passage in why or len(why) < most:
            why.setdefault(row.passage, row.why)
            codes.setdefault(row.passage, []).extend([row.code] * bool(row.value))
    said = first_words(connection, list(why))
    return [Recent(key, *said[key], tuple(reversed(codes[key])), why[key]) for key in why]

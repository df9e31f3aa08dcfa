"""What a coder read not long ago, as it holds now."""

from collections.abc import Sequence
from dataclasses import dataclass

from coding.cards import Sitting
from coding.ledger import DECISIONS, HELD, OWN
from corpus.context import first_words
from corpus.database import Connection, and_, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES


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
    """The passages that a coder decided on last and that still hold, newest first: `most` of their last `rows` rows.

    Within the draw of the sitting, or all that was shown for one of these kinds of reasons where it has none.
    """
    draw = DECISIONS.c.draw.is_(None) if sitting.draw is None else DECISIONS.c.draw == sitting.draw
    own = select(DECISIONS.c.passage, DECISIONS.c.why).where(DECISIONS.c.coder == sitting.coder)
    lately = own.where(DECISIONS.c.why.in_(kinds), draw).order_by(DECISIONS.c.id.desc()).limit(rows)
    why: dict[int, str] = {}
    for passage, reason in connection.execute(lately):
        why.setdefault(passage, reason)
    lane = and_(HELD.c.lane == (sitting.draw or OWN), HELD.c.coder == sitting.coder, HELD.c.value.is_not(None))
    query = select(HELD.c.passage, HELD.c.code, HELD.c.value).where(lane, LIVE, HELD.c.passage.in_(why))
    places = HELD.join(PASSAGES).join(DOCUMENTS)
    codes: dict[int, list[str]] = {}
    for passage, code, value in connection.execute(query.select_from(places).order_by(HELD.c.decision)):
        codes.setdefault(passage, []).extend([code] * value)
    holding = [key for key in why if key in codes][:most]
    said = first_words(connection, holding)
    return [Recent(key, *said[key], tuple(codes[key]), why[key]) for key in holding]

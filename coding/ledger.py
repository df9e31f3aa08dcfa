"""People's decisions: rows are added and never changed, and what holds is the latest row of each coder.

The database keeps, beside the decisions, what holds now (`held`), in lanes: each coder's own newest decision; the
newest adjudication; and, for each random draw, each coder's newest decision within it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from uuid import uuid4

from coding.codebook import Codebook
from corpus.database import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    func,
    insert,
    listed,
    metadata,
    select,
)
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

WHY = ("audit", "certain", "uncertain", "diverse", "double", "adjudication", "manual", "import")
OWN = 0  # lane of each coder's own newest decision; a draw's number is the lane of the decisions within it
ADJUDICATED = -1  # lane of the newest adjudication, whoever made it

CODEBOOKS = Table(
    "codebooks",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("content", Text, nullable=False),
    Column("added", String(32), nullable=False),
)
DECISIONS = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("coder", Text, nullable=False),
    Column("passage", Integer, ForeignKey("passages.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("value", Boolean),
    Column("quote_start", Integer),
    Column("quote_end", Integer),
    Column("codebook", String(64), ForeignKey("codebooks.version"), nullable=False),
    Column("why", String(16), nullable=False),
    Column("draw", Integer),
    Column("probability", Float),
    Column("suggestions_visible", Boolean, nullable=False),
    Column("seconds", Float),
    Column("time", String(32), nullable=False),
    Column("act", String(36)),
    Column("undoes", String(36)),
    Column("reason", String(16)),
)
HELD = Table(
    "held",
    metadata,
    Column("passage", Integer, ForeignKey("passages.id"), primary_key=True),
    Column("lane", Integer, primary_key=True),
    Column("coder", Text, primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("decision", Integer, ForeignKey("decisions.id"), nullable=False),
    Column("value", Boolean),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one coder said of one code in one passage (by key).

    value: None takes an earlier decision back. quote_start, quote_end: a narrower span within the passage's text.
    codebook: version decided under. why: one of WHY, the reason the passage was shown. draw, probability: of the random
    sample it came from, None outside one. time: ISO 8601, UTC. act: what was saved at once, in one transaction.
    undoes: the act that this one takes back. reason: of an adjudication, why the coders differed.
    """

    coder: str
    passage: int
    code: str
    value: bool | None
    codebook: str
    why: str = "manual"
    quote_start: int | None = None
    quote_end: int | None = None
    draw: int | None = None
    probability: float | None = None
    suggestions_visible: bool = False
    seconds: float | None = None
    time: str = ""
    act: str | None = None
    undoes: str | None = None
    reason: str | None = None

    @property
    def quote(self) -> tuple[int, int] | None:
        """The narrower span, None for all of the passage."""
        return None if self.quote_start is None or self.quote_end is None else (self.quote_start, self.quote_end)


COLUMNS = [DECISIONS.c[name] for name in Decision.__slots__]


def new_act() -> str:
    """A name for one act, unlike any other on any machine."""
    return uuid4().hex


def now() -> str:
    """This moment, as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep(connection: Connection, codebook: Codebook) -> None:
    """Keep this version of the codebook, if it is new to the study."""
    known = select(CODEBOOKS.c.version).where(CODEBOOKS.c.version == codebook.version)
    if connection.execute(known).first() is None:
        added = datetime.now(UTC).isoformat(timespec="microseconds")  # an edit keeps two, and they have an order
        row = {"version": codebook.version, "content": codebook.to_json(), "added": added}
        connection.execute(insert(CODEBOOKS).values(**row))


def codebooks(connection: Connection) -> list[tuple[str, Codebook]]:
    """(time kept, codebook) of every version that was used, oldest first."""
    rows = connection.execute(select(CODEBOOKS.c.added, CODEBOOKS.c.content).order_by(CODEBOOKS.c.added))
    return [(added, Codebook.from_json(content)) for added, content in rows]


def record(connection: Connection, decisions: Iterable[Decision]) -> None:
    """Add decisions; ones without a time get this moment."""
    rows = [asdict(d if d.time else replace(d, time=now())) for d in decisions]
    if rows:
        connection.execute(insert(DECISIONS), rows)


def last(connection: Connection) -> int:
    """Number of the newest row, 0 in an empty ledger."""
    return int(connection.execute(select(func.coalesce(func.max(DECISIONS.c.id), 0))).scalar_one())


def acted(connection: Connection, act: str) -> list[Decision]:
    """The rows that were saved in one act, in order, each once; none where it was never saved."""
    rows = connection.execute(select(*COLUMNS).where(DECISIONS.c.act == act).order_by(DECISIONS.c.id))
    return list(dict.fromkeys(Decision(*row) for row in rows))  # a merge may have said one of them again


def current(connection: Connection, document: int | None = None, upto: int | None = None) -> Iterator[Decision]:
    """What holds now, by passage: each coder's latest row for each code, adjudications apart.

    In all live passages; or in one document, retired or not, and then of other units too. upto: as of that row.
    """
    return _holding(connection, OWN, _within(document), upto)


def adjudicated(connection: Connection, document: int | None = None, upto: int | None = None) -> Iterator[Decision]:
    """The adjudications that hold now, of all live passages or of one document, as `current` has them."""
    return _holding(connection, ADJUDICATED, _within(document), upto)


def of_passages(connection: Connection, passages: Sequence[int], lane: int = OWN) -> list[Decision]:
    """What holds now in these passages, by passage and row."""
    return list(_holding(connection, lane, HELD.c.passage.in_(passages)))


def in_draw(connection: Connection, draw: int) -> Iterator[Decision]:
    """What each coder said last within a draw, by passage; what was changed outside it since is left out."""
    return _holding(connection, draw, LIVE)


def _within(document: int | None) -> ColumnElement[bool]:
    return LIVE if document is None else PASSAGES.c.document == document


def _holding(
    connection: Connection, lane: int, where: ColumnElement[bool], upto: int | None = None
) -> Iterator[Decision]:
    """Which rows hold: kept by the database for now, searched for as of an earlier row."""
    if upto is None or upto >= last(connection):
        now_held = HELD.c.lane == lane, HELD.c.value.is_not(None)
        places = HELD.join(DECISIONS, DECISIONS.c.id == HELD.c.decision).join(PASSAGES).join(DOCUMENTS)
        query = select(*COLUMNS).select_from(places).where(where, *now_held)
        rows = connection.execute(query.order_by(HELD.c.passage, HELD.c.decision))
    else:
        settled = DECISIONS.c.why == "adjudication"
        by = [DECISIONS.c.passage, DECISIONS.c.code] + [DECISIONS.c.coder] * (lane == OWN)
        newest = select(func.max(DECISIONS.c.id)).where(DECISIONS.c.id <= upto, settled == (lane == ADJUDICATED))
        query = select(*COLUMNS).select_from(DECISIONS.join(PASSAGES).join(DOCUMENTS)).where(where)
        query = query.where(DECISIONS.c.id.in_(newest.group_by(*by)), DECISIONS.c.value.is_not(None))
        rows = connection.execute(query.order_by(DECISIONS.c.passage, DECISIONS.c.id))
    return (Decision(*row) for row in rows)


def by_coder(
    connection: Connection, codebook: Codebook, upto: int | None = None
) -> Iterator[tuple[int, dict[str, dict[str, bool]]]]:
    """(passage, {code: {coder: yes or no}}) for every passage somebody read.

    A coder's yes for a nested code is a yes for the codes above it that this coder said nothing of. Codes that the
    codebook no longer has are left out.
    """
    above = {code: codebook.above(code) for code in codebook.by_id}
    for passage, rows in groupby(_said(connection, OWN, upto), itemgetter(0)):
        values: dict[str, dict[str, bool]] = {}
        implied: list[tuple[str, str]] = []
        for _, coder, code, value in rows:
            if code in above:
                values.setdefault(code, {})[coder] = value
                if value and above[code]:
                    implied += [(over, coder) for over in above[code]]
        for over, coder in implied:
            values.setdefault(over, {}).setdefault(coder, True)
        if values:
            yield passage, values


def agreed(
    connection: Connection, codebook: Codebook, upto: int | None = None
) -> Iterator[tuple[int, dict[str, float]]]:
    """(passage, {code: value}) for every passage somebody read: 1 yes, 0 no, 0.5 where coders differ.

    An adjudication decides; a yes of it for a nested code is a yes above, unless there is one there too.
    """
    verdicts = settled(connection, codebook, upto)
    for passage, values in by_coder(connection, codebook, upto):
        found = {code: _one(said.values()) for code, said in values.items()}
        yield passage, found | verdicts.pop(passage, {})
    yield from sorted(verdicts.items())


def settled(connection: Connection, codebook: Codebook, upto: int | None = None) -> dict[int, dict[str, float]]:
    """What adjudications say, by passage and code: 1 yes, 0 no; a yes for a nested code is one above, too."""
    found: dict[int, dict[str, float]] = {}
    for passage, _, code, value in _said(connection, ADJUDICATED, upto):
        if code in codebook.by_id:
            found.setdefault(passage, {})[code] = float(value)
    return {passage: _with_above(values, codebook) for passage, values in found.items()}


def _said(connection: Connection, lane: int, upto: int | None) -> Iterator[tuple[int, str, str, bool]]:
    """(passage, coder, code, value) of what holds in live passages, by passage."""
    if upto is not None and upto < last(connection):
        rows = _holding(connection, lane, LIVE, upto)
        return ((row.passage, row.coder, row.code, bool(row.value)) for row in rows)
    live = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
    query = select(HELD.c.passage, HELD.c.coder, HELD.c.code, HELD.c.value).order_by(HELD.c.passage)
    holding = query.where(HELD.c.lane == lane, HELD.c.value.is_not(None), HELD.c.passage.in_(live))
    return (tuple(row) for row in connection.execute(holding))


def _with_above(settled: dict[str, float], codebook: Codebook) -> dict[str, float]:
    above = {over: 1.0 for code, value in settled.items() if value for over in codebook.above(code)}
    return above | settled


def orphans(connection: Connection, codebook: Codebook, without: Collection[int] = ()) -> Counter[str]:
    """How many decisions that hold now are on codes that the codebook no longer has, retired or gone, by code.

    without: passages that are left out.
    """
    held = select(HELD.c.code, func.count()).select_from(HELD.join(PASSAGES).join(DOCUMENTS)).group_by(HELD.c.code)
    rows = held.where(LIVE, HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.code.not_in(list(codebook.by_id)))
    left = HELD.c.passage.not_in(listed(without))
    return Counter({row[0]: row[1] for row in connection.execute(rows.where(left))})


def outside(connection: Connection) -> int:
    """How many decisions hold on passages that do not count now: of another unit, or in documents no longer there."""
    rows = select(func.count()).select_from(HELD.join(PASSAGES).join(DOCUMENTS))
    held = HELD.c.lane == OWN, HELD.c.value.is_not(None)
    return int(connection.execute(rows.where(~LIVE, *held)).scalar_one())


def _one(values: Collection[bool]) -> float:
    yes = sum(values)
    return 1.0 if yes == len(values) else 0.5 if yes else 0.0

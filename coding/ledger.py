"""People's decisions: rows are added and never changed, and what holds is the latest row of each coder."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import groupby

from coding.codebook import Codebook
from corpus.database import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    func,
    insert,
    metadata,
    select,
)
from corpus.store import Store
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

WHY = ("audit", "certain", "uncertain", "diverse", "double", "adjudication", "manual", "import")

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
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one coder said of one code in one passage (by key).

    value: None takes an earlier decision back. quote_start, quote_end: a narrower span within the passage's text.
    codebook: version decided under. why: one of WHY, the reason the passage was shown. draw, probability: of the random
    sample it came from, None outside one. time: ISO 8601, UTC.
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


def now() -> str:
    """This moment, as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep(connection: Connection, codebook: Codebook) -> None:
    """Keep this version of the codebook, if it is new to the study."""
    known = select(CODEBOOKS.c.version).where(CODEBOOKS.c.version == codebook.version)
    if connection.execute(known).first() is None:
        row = {"version": codebook.version, "content": codebook.to_json(), "added": now()}
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


def current(connection: Connection, passages: Sequence[int] | None = None) -> Iterator[Decision]:
    """What holds now, by passage: each coder's latest row for each code, of live passages unless keys are given."""
    newest = select(func.max(DECISIONS.c.id)).group_by(DECISIONS.c.coder, DECISIONS.c.passage, DECISIONS.c.code)
    columns = [DECISIONS.c[name] for name in Decision.__slots__]
    query = select(*columns).where(DECISIONS.c.value.is_not(None))
    if passages is None:
        query = query.select_from(DECISIONS.join(PASSAGES).join(DOCUMENTS)).where(LIVE)
    else:
        query = query.where(DECISIONS.c.passage.in_(passages))
        newest = newest.where(DECISIONS.c.passage.in_(passages))
    ordered = query.where(DECISIONS.c.id.in_(newest)).order_by(DECISIONS.c.passage, DECISIONS.c.id)
    return (Decision(*row) for row in connection.execute(ordered))


def agreed(connection: Connection, codebook: Codebook) -> Iterator[tuple[int, dict[str, float]]]:
    """(passage, {code: value}) for every passage somebody read: 1 yes, 0 no, 0.5 where coders differ.

    A yes for a nested code is a yes for the codes above it; codes that the codebook no longer has are left out.
    """
    for passage, rows in groupby(current(connection), lambda decision: decision.passage):
        values = _by_code([row for row in rows if row.code in codebook.by_id], codebook)
        if values:
            yield passage, {code: _one(set(by_coder.values())) for code, by_coder in values.items()}


def carry(store: Store, connection: Connection, old: int, new: int) -> tuple[int, int]:
    """Repeat the decisions of a retired document on the passages of its new text that say the same words in order.

    Returns how many were carried and how many were not: those stay in the ledger, on the old text, and count no more.
    """
    before, after = store.of_key(connection, old).passages, store.of_key(connection, new).passages
    words = ([passage.text for _, passage in before], [passage.text for _, passage in after])
    matcher = SequenceMatcher(None, *words, autojunk=False)
    same = {before[i][0]: after[j][0] for i, j in _pairs(matcher)}
    held = list(current(connection, [key for key, _ in before]))
    carried = [replace(d, passage=same[d.passage], draw=None, probability=None) for d in held if d.passage in same]
    record(connection, carried)
    return len(carried), len(held) - len(carried)


def _pairs(matcher: "SequenceMatcher[str]") -> Iterator[tuple[int, int]]:
    for block in matcher.get_matching_blocks():
        yield from ((block.a + i, block.b + i) for i in range(block.size))


def _by_code(decisions: list[Decision], codebook: Codebook) -> dict[str, dict[str, bool]]:
    values: dict[str, dict[str, bool]] = {}
    for decision in decisions:
        values.setdefault(decision.code, {})[decision.coder] = bool(decision.value)
    for decision in decisions:
        if decision.value:
            for above in codebook.above(decision.code):
                values.setdefault(above, {})[decision.coder] = True
    return values


def _one(values: set[bool]) -> float:
    return 0.5 if len(values) > 1 else float(values.pop())

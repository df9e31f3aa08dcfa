"""People's decisions: rows are added and never changed, and what holds is the latest row of each coder."""

from collections import Counter
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
from corpus.passage import questions
from corpus.store import Kept, Store
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


def current(connection: Connection, document: int | None = None, upto: int | None = None) -> Iterator[Decision]:
    """What holds now, by passage: each coder's latest row for each code.

    In all live passages; or in one document, retired or not, and then of other units too. upto: as of that row.
    """
    newest = select(func.max(DECISIONS.c.id)).group_by(DECISIONS.c.coder, DECISIONS.c.passage, DECISIONS.c.code)
    chosen = LIVE
    if document is not None:
        chosen = PASSAGES.c.document == document
        newest = newest.where(DECISIONS.c.passage.in_(select(PASSAGES.c.id).where(PASSAGES.c.document == document)))
    if upto is not None:
        newest = newest.where(DECISIONS.c.id <= upto)
    columns = [DECISIONS.c[name] for name in Decision.__slots__]
    held = select(*columns).select_from(DECISIONS.join(PASSAGES).join(DOCUMENTS)).where(chosen)
    query = held.where(DECISIONS.c.value.is_not(None), DECISIONS.c.id.in_(newest))
    return (Decision(*row) for row in connection.execute(query.order_by(DECISIONS.c.passage, DECISIONS.c.id)))


def by_coder(
    connection: Connection, codebook: Codebook, upto: int | None = None
) -> Iterator[tuple[int, dict[str, dict[str, bool]]]]:
    """(passage, {code: {coder: yes or no}}) for every passage somebody read.

    A coder's yes for a nested code is a yes for the codes above it that this coder said nothing of. Codes that the
    codebook no longer has are left out.
    """
    for passage, rows in groupby(current(connection, upto=upto), lambda decision: decision.passage):
        if values := _by_code([row for row in rows if row.code in codebook.by_id], codebook):
            yield passage, values


def agreed(
    connection: Connection, codebook: Codebook, upto: int | None = None
) -> Iterator[tuple[int, dict[str, float]]]:
    """(passage, {code: value}) for every passage somebody read: 1 yes, 0 no, 0.5 where coders differ."""
    for passage, values in by_coder(connection, codebook, upto):
        yield passage, {code: _one(set(said.values())) for code, said in values.items()}


def orphans(connection: Connection, codebook: Codebook) -> Counter[str]:
    """How many decisions that hold now are on codes that the codebook no longer has, by code."""
    return Counter(decision.code for decision in current(connection) if decision.code not in codebook.by_id)


@dataclass(frozen=True, slots=True)
class Carried:
    """Decisions on earlier texts of a document: how many the new one repeats, and those left, with their words."""

    repeated: int
    left: list[tuple[Decision, str]]


def outside(connection: Connection) -> int:
    """How many decisions hold on passages that do not count now: of another unit, or in documents no longer there."""
    newest = select(func.max(DECISIONS.c.id)).group_by(DECISIONS.c.coder, DECISIONS.c.passage, DECISIONS.c.code)
    rows = select(func.count()).select_from(DECISIONS.join(PASSAGES).join(DOCUMENTS))
    held = DECISIONS.c.id.in_(newest), DECISIONS.c.value.is_not(None)
    return int(connection.execute(rows.where(~LIVE, *held)).scalar_one())


def carry(store: Store, connection: Connection, old: Sequence[int], new: int) -> Carried:
    """Repeat the decisions on a document's retired texts, newest first, where the new one says the same words in order.

    What was decided on a newer text is not overruled by an older one. What stays in the ledger on words that are gone
    counts no more; it is repeated when a later text has them again.
    """
    after = store.of_key(connection, new)
    done: set[tuple[str, int, str]] = set()
    repeated: list[Decision] = []
    left: list[tuple[Decision, str]] = []
    for number, key in enumerate(old):
        before = store.of_key(connection, key)
        matcher = SequenceMatcher(None, _words(before), _words(after), autojunk=False)
        same = {before.passages[i][0]: after.passages[j][0] for i, j in _pairs(matcher)}
        for held in current(connection, key):
            if held.passage not in same:
                left += [(held, store.words(connection, held.passage))] * (number == 0)
            elif (place := (held.coder, same[held.passage], held.code)) not in done:
                done.add(place)
                repeated.append(replace(held, passage=same[held.passage], draw=None, probability=None))
    record(connection, repeated)
    return Carried(len(repeated), left)


def _words(kept: Kept) -> list[tuple[str, str | None, str]]:
    """Of each passage what it answers, who says it, and what."""
    asked = questions(kept.document)
    return [(asked[passage.turn], passage.speaker, passage.text) for _, passage in kept.passages]


def _pairs(matcher: "SequenceMatcher[tuple[str, str | None, str]]") -> Iterator[tuple[int, int]]:
    for block in matcher.get_matching_blocks():
        yield from ((block.a + i, block.b + i) for i in range(block.size))


def _by_code(decisions: list[Decision], codebook: Codebook) -> dict[str, dict[str, bool]]:
    values: dict[str, dict[str, bool]] = {}
    for decision in decisions:
        values.setdefault(decision.code, {})[decision.coder] = bool(decision.value)
    for decision in decisions:
        if decision.value:
            for above in codebook.above(decision.code):
                values.setdefault(above, {}).setdefault(decision.coder, True)
    return values


def _one(values: set[bool]) -> float:
    return 0.5 if len(values) > 1 else float(values.pop())

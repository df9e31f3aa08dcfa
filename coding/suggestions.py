"""What the machine suggests, run by run: a run is written whole before it is shown, and never touches a decision."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from coding.codebook import Codebook
from coding.ledger import now
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
    added_key,
    and_,
    delete,
    func,
    insert,
    listed,
    metadata,
    select,
    update,
)
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

RUNS = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("basis", String(64), nullable=False),
    Column("encoder", Text, nullable=False),
    Column("codebook", String(64), ForeignKey("codebooks.version"), nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("code_version", String(32), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("codes", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("started", String(32), nullable=False),
    Column("finished", String(32)),
)
SUGGESTIONS = Table(
    "suggestions",
    metadata,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("passage", Integer, ForeignKey("passages.id"), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("score", Float, nullable=False),
    Column("suggested", Boolean, nullable=False),
    Column("sentence", Integer, nullable=False),
    Column("because", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that decides what a run suggests; `hash` is equal where the result would be."""

    hash: str
    encoder: str
    codebook: str
    decisions: int
    code_version: str
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the machine.

    kinds: by code, "likeness" (fewer than 4 yes or 4 no) or "score". thresholds: by code, the lowest suggested.
    reasons: (kind, code, text or passage id) that a suggestion's `because` counts into.
    """

    id: int
    basis: Basis
    kinds: dict[str, str]
    thresholds: dict[str, float]
    reasons: tuple[tuple[str, str, str], ...]
    started: str
    finished: str | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Of one code in one passage: sentence and because count from 0, -1 where there is none."""

    passage: int
    code: str
    score: float
    suggested: bool
    sentence: int
    because: int


def begin(connection: Connection, basis: Basis) -> int:
    """Key of the newest run if it was begun on this basis and not finished, else of a new one."""
    newest = select(func.max(RUNS.c.id)).scalar_subquery()
    known = select(RUNS.c.id).where(RUNS.c.basis == basis.hash, RUNS.c.finished.is_(None), RUNS.c.id == newest)
    if (key := connection.execute(known).scalar()) is not None:
        return int(key)
    values = {name: getattr(basis, name) for name in Basis.__slots__ if name != "hash"}
    row = {**values, "basis": basis.hash, "codes": "{}", "reasons": "[]", "started": now()}
    return added_key(connection.execute(insert(RUNS).values(**row)))


def describe(
    connection: Connection, run: int, codes: dict[str, tuple[str, float]], reasons: Iterable[tuple[str, str, str]]
) -> None:
    """Write what a run learned: (kind, threshold) by code, and the reasons that its suggestions will name."""
    written = {"codes": json.dumps(codes), "reasons": json.dumps(list(reasons), ensure_ascii=False)}
    connection.execute(update(RUNS).where(RUNS.c.id == run).values(**written))


def write(connection: Connection, run: int, suggestions: Iterable[Suggestion]) -> None:
    """Add a batch of a run's suggestions."""
    columns = Suggestion.__slots__
    rows = [{"run": run, **{name: getattr(s, name) for name in columns}} for s in suggestions]
    if rows:
        connection.execute(insert(SUGGESTIONS), rows)


def written(connection: Connection, run: int, documents: Iterable[int]) -> set[int]:
    """Keys of the passages in these documents that a run has suggestions for."""
    query = select(SUGGESTIONS.c.passage).distinct()
    return set(connection.execute(query.where(SUGGESTIONS.c.run == run, _within(documents))).scalars())


def finish(connection: Connection, run: int) -> None:
    """Make a run the one that is shown; the suggestions of earlier runs go, their records stay."""
    connection.execute(update(RUNS).where(RUNS.c.id == run).values(finished=now()))
    connection.execute(delete(SUGGESTIONS).where(SUGGESTIONS.c.run < run))


def latest(connection: Connection) -> Run | None:
    """The newest finished run, None before the first."""
    row = connection.execute(select(RUNS).where(RUNS.c.finished.is_not(None)).order_by(RUNS.c.id.desc())).first()
    if row is None:
        return None
    codes = json.loads(row.codes)
    return Run(
        id=row.id,
        basis=Basis(row.basis, row.encoder, row.codebook, row.decisions, row.code_version, row.seed),
        kinds={code: kind for code, (kind, _) in codes.items()},
        thresholds={code: cut for code, (_, cut) in codes.items()},
        reasons=tuple((kind, code, text) for kind, code, text in json.loads(row.reasons)),
        started=row.started,
        finished=row.finished,
    )


def shown(connection: Connection) -> Run:
    """The run whose suggestions are shown; EvidenceError before the first."""
    if (run := latest(connection)) is None:
        raise EvidenceError("nothing has been suggested yet: run `themis code` first")
    return run


def stale(connection: Connection, run: Run | None, codebook: Codebook) -> str:
    """What the suggestions do not know of, in one sentence; "" where they are of today's codebook and passages."""
    if run is None:
        return "Nothing has been suggested yet: run `themis code`."
    if run.basis.codebook != codebook.version:
        return "The suggestions are those of an earlier codebook: run `themis code`."
    if missing := unscored(connection, run.id):
        return f"{missing:,} passages have no suggestions yet: run `themis code`."
    return ""


def of_documents(connection: Connection, run: int, documents: Iterable[int]) -> dict[int, list[Suggestion]]:
    """Every suggestion of a run in these documents, by passage."""
    columns = [SUGGESTIONS.c[name] for name in Suggestion.__slots__]
    query = select(*columns).where(SUGGESTIONS.c.run == run, _within(documents))
    found: dict[int, list[Suggestion]] = {}
    for row in connection.execute(query):
        found.setdefault(row.passage, []).append(Suggestion(*row))
    return found


def of_passages(connection: Connection, run: int, passages: list[int]) -> list[Suggestion]:
    """Every suggestion of a run in these passages."""
    columns = [SUGGESTIONS.c[name] for name in Suggestion.__slots__]
    query = select(*columns).where(SUGGESTIONS.c.run == run, SUGGESTIONS.c.passage.in_(passages))
    return [Suggestion(*row) for row in connection.execute(query)]


def newest(connection: Connection) -> int | None:
    """Number of the newest finished run, None before the first: cheaper than all of it."""
    return connection.execute(select(func.max(RUNS.c.id)).where(RUNS.c.finished.is_not(None))).scalar()


def _within(documents: Iterable[int]) -> ColumnElement[bool]:
    """As a sub-query, so that a run's rows are searched by passage and not scanned."""
    return SUGGESTIONS.c.passage.in_(select(PASSAGES.c.id).where(PASSAGES.c.document.in_(documents)))


def suggested(connection: Connection, run: int) -> Iterator[Suggestion]:
    """All that a run suggests in live passages."""
    columns = [SUGGESTIONS.c[name] for name in Suggestion.__slots__]
    live = select(*columns).select_from(SUGGESTIONS.join(PASSAGES).join(DOCUMENTS)).where(LIVE)
    query = live.where(and_(SUGGESTIONS.c.run == run, SUGGESTIONS.c.suggested))
    return (Suggestion(*row) for row in connection.execute(query))


def marked(connection: Connection, run: int, without: Collection[int]) -> int:
    """How many live passages a run suggests a code for, those without left out: counted where they are."""
    live = select(func.count(SUGGESTIONS.c.passage.distinct())).select_from(SUGGESTIONS.join(PASSAGES).join(DOCUMENTS))
    query = live.where(LIVE, SUGGESTIONS.c.run == run, SUGGESTIONS.c.suggested)
    known = query.where(SUGGESTIONS.c.passage.in_(listed(without)))
    return int(connection.execute(query).scalar_one()) - int(connection.execute(known).scalar_one())


def state_of_passages(connection: Connection) -> tuple[int, ...]:
    """Numbers that change when the live passages do: how many, and the sums of their keys and of the squares."""
    key = PASSAGES.c.id
    columns = (func.count(), func.coalesce(func.sum(key), 0), func.coalesce(func.sum(key * key), 0))
    return tuple(connection.execute(select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)).one())


def unscored(connection: Connection, run: int) -> int:
    """How many live passages a run has no suggestions for."""
    mine = select(SUGGESTIONS.c.passage).where(SUGGESTIONS.c.run == run, SUGGESTIONS.c.passage == PASSAGES.c.id)
    query = select(func.count()).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, ~mine.exists())
    return int(connection.execute(query).scalar_one())

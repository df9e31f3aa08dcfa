"""Memos and flags: what people note on passages, documents, codes and the study; rows are added and never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coding.joining import another
from coding.ledger import new_act, now
from corpus.database import (
    Boolean,
    Column,
    Connection,
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
from corpus.errors import EvidenceError

LONGEST = 20_000  # characters of one memo

MEMOS = Table(
    "memos",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("act", String(36), nullable=False, unique=True),
    Column("author", Text, nullable=False),
    Column("document", Integer, ForeignKey("documents.id")),
    Column("passage", Integer, ForeignKey("passages.id")),
    Column("code", String(64)),
    Column("text", Text, nullable=False),
    Column("time", String(32), nullable=False),
    Column("replaces", String(36)),
)
FLAGS = Table(
    "flags",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("act", String(36), nullable=False, unique=True),
    Column("coder", Text, nullable=False),
    Column("passage", Integer, ForeignKey("passages.id"), nullable=False),
    Column("code", String(64)),
    Column("raised", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("time", String(32), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Memo:
    """A note of one author: on a document, a passage (by key) or a code; on the study where all three are None.

    replaces: act of the memo whose place this one takes; an empty text takes it away. time: ISO 8601, UTC.
    """

    act: str
    author: str
    text: str
    time: str
    document: int | None = None
    passage: int | None = None
    code: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One coder's flag on a passage, or on a code in it where that is what is doubtful; not raised = taken down."""

    act: str
    coder: str
    passage: int
    code: str | None
    raised: bool
    note: str
    time: str


def add(  # noqa: PLR0913 - one row, all of it
    connection: Connection,
    author: str,
    text: str,
    *,
    passage: int | None = None,
    document: int | None = None,
    code: str | None = None,
    act: str | None = None,
    replaces: str | None = None,
) -> str:
    """Keep a memo; its act, which is that of the first time where it was kept before.

    EvidenceError for one without words, unless it takes another away, or longer than LONGEST.
    """
    text = text.strip()
    if not (text or replaces) or len(text) > LONGEST:
        raise EvidenceError(f"a memo has between 1 and {LONGEST:,} characters; this one has {len(text):,}")
    act = act or new_act()
    if connection.execute(select(MEMOS.c.id).where(MEMOS.c.act == act)).first() is None:
        _keep(connection, Memo(act, author, text, now(), document, passage, code, replaces))
    return act


def author(connection: Connection, act: str) -> str | None:
    """Who wrote this memo; None where there is none."""
    return connection.execute(select(MEMOS.c.author).where(MEMOS.c.act == act)).scalar()


def standing(connection: Connection) -> list[Memo]:
    """Every memo that was not replaced or taken away, oldest first."""
    return _standing(connection.execute(select(*_MEMO).order_by(MEMOS.c.id)))


def on_passages(connection: Connection, passages: Sequence[int]) -> dict[int, list[Memo]]:
    """The memos that stand on these passages, by passage, oldest first."""
    found: dict[int, list[Memo]] = {}
    rows = connection.execute(select(*_MEMO).where(MEMOS.c.passage.in_(passages)).order_by(MEMOS.c.id))
    for memo in _standing(rows):
        found.setdefault(memo.passage or 0, []).append(memo)
    return found


def about(connection: Connection, document: int | None = None, code: str | None = None) -> list[Memo]:
    """The memos that stand on a document as a whole, on a code, or, given neither, on the study; oldest first."""
    here = (
        MEMOS.c.passage.is_(None),
        MEMOS.c.document.is_not_distinct_from(document),
        MEMOS.c.code.is_not_distinct_from(code),
    )
    return _standing(connection.execute(select(*_MEMO).where(*here).order_by(MEMOS.c.id)))


def flag(  # noqa: PLR0913 - one row, all of it
    connection: Connection,
    coder: str,
    passage: int,
    note: str = "",
    *,
    code: str | None = None,
    raised: bool = True,
    act: str | None = None,
) -> str:
    """Raise or take down a coder's flag on a passage, or on a code in it; its act. EvidenceError for a long note."""
    note = note.strip()
    if len(note) > LONGEST:
        raise EvidenceError(f"the note of a flag has at most {LONGEST:,} characters; this one has {len(note):,}")
    act = act or new_act()
    if connection.execute(select(FLAGS.c.id).where(FLAGS.c.act == act)).first() is None:
        _keep(connection, Flag(act, coder, passage, code, raised, note, now()))
    return act


def raised(connection: Connection, passages: Sequence[int] | None = None) -> list[Flag]:
    """The flags that are up, newest first: all of them, or those on these passages."""
    newest = select(func.max(FLAGS.c.id)).group_by(FLAGS.c.coder, FLAGS.c.passage, FLAGS.c.code)
    query = select(*(FLAGS.c[name] for name in Flag.__slots__)).where(FLAGS.c.id.in_(newest), FLAGS.c.raised)
    if passages is not None:
        query = query.where(FLAGS.c.passage.in_(passages))
    return [Flag(*row) for row in connection.execute(query.order_by(FLAGS.c.id.desc()))]


def repeat(connection: Connection, documents: tuple[int, int], passages: Mapping[int, int]) -> None:
    """Say what stands on a document and its passages again on a later text of it, by its author and at its time; once.

    documents, passages: keys, of the old one and the new one.
    """
    old, new = documents
    noted = [*about(connection, old), *(memo for on in on_passages(connection, list(passages)).values() for memo in on)]
    for memo in noted:
        act = another(f"{memo.act} on a later text")
        if author(connection, act) is None:
            passage = None if memo.passage is None else passages[memo.passage]
            _keep(connection, replace(memo, act=act, document=memo.document and new, passage=passage, replaces=None))
    known = set(connection.execute(select(FLAGS.c.act)).scalars())
    for up in raised(connection, list(passages)):
        act = another(f"{up.act} on a later text")
        if act not in known:
            _keep(connection, replace(up, act=act, passage=passages[up.passage]))


def _keep(connection: Connection, row: Memo | Flag) -> None:
    table = MEMOS if isinstance(row, Memo) else FLAGS
    connection.execute(insert(table).values({name: getattr(row, name) for name in type(row).__slots__}))


_MEMO = [MEMOS.c[name] for name in Memo.__slots__]


def _standing(rows: Iterable[Sequence[object]]) -> list[Memo]:
    memos = [Memo(*row) for row in rows]  # type: ignore[arg-type]
    replaced = {memo.replaces for memo in memos}
    return [memo for memo in memos if memo.act not in replaced and memo.text]

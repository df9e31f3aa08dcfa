"""What is heard of a passage on which coders differ: what each of them said of each code, and what was settled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coding import draws, ledger, memos
from coding.cards import Note
from coding.codebook import Codebook, diff
from coding.ledger import ADJUDICATED, COLUMNS, DECISIONS, Decision
from coding.study import Study
from corpus.context import Context, live_context
from corpus.database import Connection, select
from corpus.errors import EvidenceError

WHY = "adjudication"


@dataclass(frozen=True, slots=True)
class Saying:
    """What one coder says of a code. through: the nested code whose yes it is a part of, None where it was said itself.

    quote: (start, end) within the passage. changed: what is another today in the code's definition, line by line.
    """

    coder: str
    value: bool
    through: str | None
    quote: tuple[int, int] | None
    time: str
    why: str
    suggestions_visible: bool
    seconds: float | None
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of an adjudication. value: None takes back what was settled."""

    coder: str
    value: bool | None
    reason: str | None
    time: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A code on which the coders of a passage differ, or did when it was settled.

    settled: the outcome that holds, its own or that of a nested code; None while there is none.
    history: every verdict on it, oldest first.
    """

    code: str
    said: tuple[Saying, ...]
    settled: bool | None
    history: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """A passage whose coders differ, with everything that was said of it. both: codes that all of them said yes to."""

    place: Context
    disputes: tuple[Dispute, ...]
    both: tuple[str, ...]
    coders: tuple[str, ...]
    memos: tuple[Note, ...]
    flags: tuple[Note, ...]


def hear(study: Study, connection: Connection, passage: int) -> Hearing:
    """What everybody said of a passage; EvidenceError where somebody is still to read it blind."""
    place = _open(connection, passage)
    codebook = study.codebook
    rows = [row for row in ledger.of_passages(connection, [passage]) if row.code in codebook.by_id]
    said = _said(connection, codebook, rows)
    verdicts = _verdicts(connection, passage)
    own, settled = _settled(connection, codebook, passage)
    disputes = tuple(
        Dispute(code, said.get(code, ()), settled.get(code), tuple(verdicts.get(code, ())))
        for code in codebook.by_id
        if code in own or len({one.value for one in said.get(code, ())}) > 1
    )
    both = tuple(code for code in codebook.by_id if len(said.get(code, ())) > 1 and all(s.value for s in said[code]))
    return Hearing(
        place=place,
        disputes=disputes,
        both=both,
        coders=tuple(sorted({row.coder for row in rows})),
        memos=tuple(
            Note(m.act, m.author, m.text, m.time, m.code)
            for m in memos.on_passages(connection, [passage]).get(passage, [])
        ),
        flags=tuple(Note(f.act, f.coder, f.note, f.time, f.code) for f in memos.raised(connection, [passage])),
    )


def _open(connection: Connection, passage: int) -> Context:
    place = live_context(connection, passage)
    if passage in draws.awaited(connection):
        raise EvidenceError("this passage is still to be read blind: it is settled when all its coders have read it")
    return place


def _said(connection: Connection, codebook: Codebook, rows: Sequence[Decision]) -> dict[str, tuple[Saying, ...]]:
    """By code what each coder says, by name; a yes for a nested code also above, where nothing was said."""
    versions = {version.version: version for _, version in ledger.codebooks(connection)}
    found: dict[str, dict[str, Saying]] = {}
    for row in rows:
        changed = tuple(_changed(versions[row.codebook], codebook, row.code))
        found.setdefault(row.code, {})[row.coder] = _saying(row, None, changed)
    for row in rows:
        for above in codebook.above(row.code) if row.value else ():
            found.setdefault(above, {}).setdefault(row.coder, _saying(row, row.code, ()))
    return {code: tuple(said[who] for who in sorted(said)) for code, said in found.items()}


def _saying(row: Decision, through: str | None, changed: tuple[str, ...]) -> Saying:
    return Saying(
        coder=row.coder,
        value=bool(row.value),
        through=through,
        quote=row.quote,
        time=row.time,
        why=row.why,
        suggestions_visible=row.suggestions_visible,
        seconds=row.seconds,
        changed=changed,
    )


def _changed(old: Codebook, new: Codebook, code: str) -> Iterator[str]:
    """What became another in the meaning of this code, without its id before each line."""
    if old.version != new.version:
        for line in diff(old, new):
            sign, _, rest = line.partition(" ")
            if rest.startswith(f"{code}: "):
                yield f"{sign} {rest[len(code) + 2 :]}"


def _verdicts(connection: Connection, passage: int) -> dict[str, list[Verdict]]:
    here = (DECISIONS.c.passage == passage, DECISIONS.c.why == WHY)
    found: dict[str, list[Verdict]] = {}
    for values in connection.execute(select(*COLUMNS).where(*here).order_by(DECISIONS.c.id)):
        row = Decision(*values)
        found.setdefault(row.code, []).append(Verdict(row.coder, row.value, row.reason, row.time))
    return found


def _settled(connection: Connection, codebook: Codebook, passage: int) -> tuple[dict[str, bool], dict[str, bool]]:
    """What adjudications say of a passage; and the same with a yes for a nested code also above."""
    rows = ledger.of_passages(connection, [passage], ADJUDICATED)
    own = {row.code: bool(row.value) for row in rows if row.code in codebook.by_id}
    return own, {over: True for code, value in own.items() if value for over in codebook.above(code)} | own

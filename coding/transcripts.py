"""Documents as people read them: every turn in order, and beside each passage the codes that the reader may know of."""

from collections.abc import Iterable
from dataclasses import dataclass

from coding import accepted, draws, ledger, memos, suggestions
from coding.ledger import HELD, OWN
from coding.study import Study
from corpus.context import context
from corpus.database import Connection, func, select
from corpus.errors import EvidenceError
from corpus.store import Kept
from corpus.tables import DOCUMENTS, LIVE, PASSAGES


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of the list. read: of its passages, those that the asker may know somebody decided on."""

    key: int
    name: str
    passages: int
    read: int


@dataclass(frozen=True, slots=True)
class Said:
    """What one coder said of a code in a passage; coder None: settled by adjudication. quote: the words, or None."""

    code: str
    coder: str | None
    value: bool
    quote: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a turn. passage: its key, None for what is no passage and is context only.

    said: yes and no, of the codes that the reader may know of. suggested: codes that nobody has decided there. sealed:
    the reader is to read it blind elsewhere, so nothing of it is told. remarks: memos and flags, in words. accepted:
    codes that it holds unread, by a certificate; each with whether that is stale.
    """

    passage: int | None
    text: str
    said: tuple[Said, ...] = ()
    suggested: tuple[str, ...] = ()
    sealed: bool = False
    remarks: tuple[str, ...] = ()
    accepted: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn with its parts in order; only white space between them is left out."""

    number: int
    speaker: str | None
    role: str | None
    time: float | None
    question: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole document for one reader."""

    key: int
    name: str
    attributes: dict[str, str]
    turns: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A passage that was found: its document's key and name, and the (start, end) of what to mark in `text`."""

    key: int
    document_key: int
    document: str
    speaker: str | None
    text: str
    spans: tuple[tuple[int, int], ...] = ()


def found(study: Study, passages: Iterable[tuple[int, tuple[tuple[int, int], ...]]]) -> list[Near]:
    """Passages as a list of results shows them, in the order given: (key, spans to mark) of each."""
    with study.store.database.reading() as connection:
        places = [(context(connection, key), spans) for key, spans in passages]
    return [Near(at.passage, at.document, at.name, at.speaker, at.text, spans) for at, spans in places]


def listed(study: Study, coder: str) -> list[Listed]:
    """Every live document, in the order they were added."""
    with study.store.database.reading() as connection:
        hidden = draws.sealed(connection, coder)
        total = select(PASSAGES.c.document, func.count()).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
        passages = {row[0]: row[1] for row in connection.execute(total.group_by(PASSAGES.c.document))}
        held = select(HELD.c.passage).where(HELD.c.lane == OWN, HELD.c.value.is_not(None))
        decided = select(PASSAGES.c.document, PASSAGES.c.id).where(PASSAGES.c.live, PASSAGES.c.id.in_(held))
        read: dict[int, int] = {}
        for document, passage in connection.execute(decided):
            read[document] = read.get(document, 0) + (passage not in hidden)
        names = study.store.names(connection)
    return [Listed(key, name, passages.get(key, 0), read.get(key, 0)) for name, key in names.items()]


def transcript(study: Study, coder: str, key: int, everybody: bool) -> Transcript:
    """A live document. everybody: with what all coders said, else only what this one did.

    EvidenceError where there is no such document now.
    """
    with study.store.database.reading() as connection:
        if key not in study.store.names(connection).values():
            raise EvidenceError(f"there is no document number {key} now: it was removed or replaced")
        kept = study.store.of_key(connection, key)
        parts = _parts(study, connection, kept, coder, everybody)
    document = kept.document
    places: dict[int, list[tuple[int, int, int]]] = {}
    for number, passage in kept.passages:
        places.setdefault(passage.turn, []).append((passage.start, passage.end, number))
    turns = []
    for turn in document.turns:
        cut = _cut(document.text, turn.start, turn.end, places.get(turn.number, []), parts)
        turns.append(Spoken(turn.number, turn.speaker, turn.role, turn.time, turn.question, tuple(cut)))
    return Transcript(key, document.name, document.attributes, tuple(turns))


def _parts(study: Study, connection: Connection, kept: Kept, coder: str, everybody: bool) -> dict[int, Part]:
    """Of each passage, what the reader may know."""
    keys = [key for key, _ in kept.passages]
    hidden = draws.sealed(connection, coder) & set(keys)
    run = suggestions.newest(connection)
    suggested = suggestions.of_documents(connection, run, [kept.key]) if run else {}
    said: dict[int, list[Said]] = {}
    for row in [*ledger.current(connection, kept.key), *ledger.adjudicated(connection, kept.key)]:
        settled = row.why == "adjudication"
        if row.code in study.codebook.by_id and (everybody or settled or row.coder == coder):
            one = Said(row.code, None if settled else row.coder, bool(row.value), row.quote)
            said.setdefault(row.passage, []).append(one)
    unread, old = accepted.marks(connection, study.codebook), accepted.stale(connection, study.codebook)
    notes = memos.on_passages(connection, keys)
    flags = memos.raised(connection, keys)
    found = {}
    for key, passage in kept.passages:
        if key in hidden:
            found[key] = Part(key, passage.text, sealed=True)
            continue
        mine = said.get(key, [])
        held = tuple((code, by.draw in old) for code, by in unread.get(key, {}).items())
        known = {one.code for one in mine} | {code for code, _ in held}
        open_ = tuple(s.code for s in suggested.get(key, ()) if s.suggested and s.code not in known)
        remarks = [f"Memo, {m.author}: {m.text}" for m in notes.get(key, []) if everybody or m.author == coder]
        remarks += [f"Flag, {f.coder}: {f.note}" for f in flags if f.passage == key and (everybody or f.coder == coder)]
        found[key] = Part(key, passage.text, tuple(mine), open_, remarks=tuple(remarks), accepted=held)
    return found


def _cut(text: str, start: int, end: int, places: list[tuple[int, int, int]], parts: dict[int, Part]) -> Iterable[Part]:
    """A turn's passages, with what lies between them if it is more than white space."""
    here = start
    for first, last, key in sorted(places):
        if text[here:first].strip():
            yield Part(None, text[here:first])
        yield parts[key]
        here = last
    if text[here:end].strip():
        yield Part(None, text[here:end])

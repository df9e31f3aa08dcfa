"""One passage with what was said around it, read from the store without the rest of its document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from corpus.database import Connection, and_, func, select
from corpus.errors import EvidenceError
from corpus.passage import INTERVIEWER, LOOK_BACK
from corpus.tables import ATTRIBUTES, DOCUMENTS, PASSAGES, TURNS

BEFORE, AFTER = LOOK_BACK, 2  # turns around the passage's own
LONGEST = 1_500  # characters of a turn around it that are shown


@dataclass(frozen=True, slots=True)
class Said:
    """A turn near the passage, or the rest of its own: who said it and what, cut where it is long.

    question: what this turn answers and the one before it does not, as in a survey; "" for nothing.
    """

    speaker: str | None
    role: str | None
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """A passage by key, live or not, with the turns around it.

    before, after: nearest last and nearest first; the rest of the passage's own turn is among them. question: what it
    answers, "" for nothing. start: where its text begins in the document. sentences: offsets within `text`.
    """

    passage: int
    document: int
    name: str
    start: int
    text: str
    speaker: str | None
    role: str | None
    turn: int
    question: str
    sentences: tuple[tuple[int, int], ...]
    before: tuple[Said, ...]
    after: tuple[Said, ...]
    attributes: dict[str, str]
    live: bool

    @property
    def id(self) -> str:
        """The place: "interview.docx:340-512"."""
        return f"{self.name}:{self.start}-{self.start + len(self.text)}"


def context(connection: Connection, passage: int) -> Context:
    """A passage and what was said around it; EvidenceError where the study has no such passage."""
    columns = (PASSAGES, DOCUMENTS.c.name, DOCUMENTS.c.live.label("there"))
    query = select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(PASSAGES.c.id == passage)
    row = connection.execute(query).first()
    if row is None:
        raise EvidenceError(f"the study has no passage number {passage}: go back to the queue")
    near = TURNS.c.number.between(row.turn - BEFORE, row.turn + AFTER)
    turns = connection.execute(
        select(TURNS).where(TURNS.c.document == row.document, near).order_by(TURNS.c.number)
    ).all()
    own = next(turn for turn in turns if turn.number == row.turn)
    first, end = turns[0].start, max(turn.end for turn in turns)
    text = connection.execute(
        select(func.substr(DOCUMENTS.c.text, first + 1, end - first)).where(DOCUMENTS.c.id == row.document)
    ).scalar_one()

    def words(start: int, stop: int) -> str:
        return str(text[start - first : stop - first])

    questions = [turn.question or "" for turn in turns]
    said = [
        (turn.number, Said(turn.speaker, turn.role, words(turn.start, turn.end), now if now != was else ""))
        for turn, was, now in zip(turns, ["", *questions], questions, strict=False)
    ]
    rest = (
        Said(own.speaker, own.role, words(own.start, row.start)),
        Said(own.speaker, own.role, words(row.end, own.end)),
    )
    pairs = select(ATTRIBUTES.c.name, ATTRIBUTES.c.value).where(ATTRIBUTES.c.document == row.document)
    return Context(
        passage=passage,
        document=row.document,
        name=row.name,
        start=row.start,
        text=words(row.start, row.end),
        speaker=own.speaker,
        role=own.role,
        turn=row.turn,
        question=own.question or _question(turns, row.turn, words),
        sentences=tuple((int(a), int(b)) for a, b in (span.split("-") for span in row.sentences.split())),
        before=tuple(_cut_before(s) for s in [*(s for n, s in said if n < row.turn), rest[0]] if s.text.strip()),
        after=tuple(_cut_after(s) for s in [rest[1], *(s for n, s in said if n > row.turn)] if s.text.strip()),
        attributes=dict(connection.execute(pairs.order_by(ATTRIBUTES.c.name)).all()),
        live=row.live and row.there,
    )


def live_context(connection: Connection, passage: int) -> Context:
    """As `context`, of a passage that counts; EvidenceError also where its document was replaced or taken out."""
    place = context(connection, passage)
    if not place.live:
        raise EvidenceError(
            "this passage counts no more, since its document was replaced or taken out: go on to the next one"
        )
    return place


def first_words(connection: Connection, passages: Sequence[int], most: int = 120) -> dict[int, tuple[str | None, str]]:
    """(speaker, the first characters) of each of these passages, by key."""
    own = and_(TURNS.c.document == PASSAGES.c.document, TURNS.c.number == PASSAGES.c.turn)
    long = func.min(PASSAGES.c.end - PASSAGES.c.start, most)
    words = func.substr(DOCUMENTS.c.text, PASSAGES.c.start + 1, long)
    query = select(PASSAGES.c.id, TURNS.c.speaker, words).select_from(PASSAGES.join(DOCUMENTS).outerjoin(TURNS, own))
    rows = connection.execute(query.where(PASSAGES.c.id.in_(passages)))
    return {key: (speaker, text) for key, speaker, text in rows}


def passage_at(connection: Connection, id: str) -> int | None:
    """The key of the passage with this id, in a live document; None where there is none."""
    name, _, place = id.rpartition(":")
    start, _, end = place.partition("-")
    if not (start.isdecimal() and end.isdecimal()):
        return None
    here = (PASSAGES.c.start == int(start), PASSAGES.c.end == int(end), DOCUMENTS.c.name == name, DOCUMENTS.c.live)
    key = connection.execute(select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(*here)).scalar()
    return None if key is None else int(key)


def _question(turns: Sequence[Any], own: int, words: Any) -> str:
    asked = [turn for turn in turns if turn.number < own and turn.role == INTERVIEWER]
    return words(asked[-1].start, asked[-1].end) if asked else ""


def _cut_before(said: Said) -> Said:
    text = said.text.strip()
    return replace(said, text=text if len(text) <= LONGEST else f"… {text[-LONGEST:]}")


def _cut_after(said: Said) -> Said:
    text = said.text.strip()
    return replace(said, text=text if len(text) <= LONGEST else f"{text[:LONGEST]} …")

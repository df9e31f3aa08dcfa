"""What a reviewer sees of one passage: its context, and what the mode lets be known of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coding import draws, ledger, memos, suggestions
from coding.draws import REREAD
from coding.ledger import Decision
from coding.queue import Shown
from coding.study import Study
from coding.suggestions import Run
from corpus.context import Context, Said, live_context, passage_at
from corpus.database import Connection

AUDIT, DOUBLE, REVIEW = "audit", "double", "review"
BLIND = frozenset({AUDIT, DOUBLE, REREAD})


@dataclass(frozen=True, slots=True)
class Sitting:
    """One coder at one kind of work: mode "review", or a draw's kind with its number."""

    coder: str
    mode: str = REVIEW
    draw: int | None = None

    @property
    def blind(self) -> bool:
        """Whether nothing that the machine or another coder said may be shown."""
        return self.mode in BLIND


@dataclass(frozen=True, slots=True)
class Hint:
    """A suggestion as a reviewer sees it, without a number that could be taken for a probability.

    kind: "likeness" or "score". sentence: (start, end) in the passage of the one that carried it, None for all of it.
    because: "definition", "example" or "decided", what the nearest reviewed text is; "" where it is not to be shown.
    """

    code: str
    kind: str
    sentence: tuple[int, int] | None
    because: str
    text: str


@dataclass(frozen=True, slots=True)
class Mine:
    """What the coder decided of a code here before; quote: (start, end) within the passage."""

    value: bool
    quote: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Note:
    """A memo, or a flag, on the passage."""

    act: str
    author: str
    text: str
    time: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A passage in focus.

    why: as the ledger has it; wanted: the code that it is in the queue for. hints: what is suggested; None where the
    mode is blind. mine: by code. memos, flags: everybody's, only the coder's own where the mode is blind.
    read: whether this coder has read it in this mode.
    """

    passage: int
    id: str
    document: str
    document_key: int
    attributes: dict[str, str]
    speaker: str | None
    role: str | None
    question: str
    before: tuple[Said, ...]
    text: str
    sentences: tuple[tuple[int, int], ...]
    after: tuple[Said, ...]
    mode: str
    draw: int | None
    why: str
    wanted: str | None
    codebook: str
    hints: tuple[Hint, ...] | None
    mine: dict[str, Mine]
    memos: tuple[Note, ...]
    flags: tuple[Note, ...]
    read: bool


def make_card(  # noqa: PLR0913 - a card is all of this
    study: Study,
    connection: Connection,
    sitting: Sitting,
    passage: int,
    why: str,
    wanted: str | None = None,
    run: Run | None = None,
    shown: Sequence[Shown] | None = None,
) -> Card:
    """The card of a passage; shown: its suggestions where the queue has fresher ones than the last run has."""
    place = live_context(connection, passage)
    mine = own_of(connection, sitting, passage)
    hints = None if sitting.blind else hints_of(connection, sitting.coder, place, run, shown)
    notes = memos.on_passages(connection, [passage]).get(passage, [])
    flags = memos.raised(connection, [passage])
    own = {sitting.coder}
    return Card(
        passage=passage,
        id=place.id,
        document=place.name,
        document_key=place.document,
        attributes=place.attributes,
        speaker=place.speaker,
        role=place.role,
        question=place.question,
        before=place.before,
        text=place.text,
        sentences=place.sentences,
        after=place.after,
        mode=sitting.mode,
        draw=sitting.draw,
        why=why,
        wanted=wanted,
        codebook=study.codebook.version,
        hints=hints,
        mine=mine,
        memos=tuple(
            Note(m.act, m.author, m.text, m.time, m.code) for m in notes if not sitting.blind or m.author in own
        ),
        flags=tuple(Note(f.act, f.coder, f.note, f.time, f.code) for f in flags if not sitting.blind or f.coder in own),
        read=bool(mine),
    )


def own_of(connection: Connection, sitting: Sitting, passage: int) -> dict[str, Mine]:
    """What holds of a passage for the coder, by code: in the draw of this sitting, or anywhere where it has none."""
    rows = ledger.of_passages(connection, [passage], sitting.draw or ledger.OWN)
    return mine_of(row for row in rows if row.coder == sitting.coder)


def mine_of(rows: Iterable[Decision]) -> dict[str, Mine]:
    """What these rows of one coder say, by code; those that take something back say nothing."""
    said = (row for row in rows if row.value is not None)
    return {row.code: Mine(bool(row.value), row.quote) for row in said}


def hints_of(
    connection: Connection, coder: str, place: Context, run: Run | None, shown: Sequence[Shown] | None = None
) -> tuple[Hint, ...]:
    """What is suggested of a passage that the coder may see; a reason that would unseal another passage is left out."""
    if shown is None:
        shown = shown_of(connection, run, [place.passage]).get(place.passage, [])
    suggested = [one for one in shown if one.suggested]
    quoted = {one.text: _quoted(connection, one.text) for one in suggested if one.because == "decided"}
    sealed = draws.sealed(connection, coder, {key for key in quoted.values() if key}) if quoted else set()
    found = []
    for one in suggested:
        known = one.because != "decided" or quoted[one.text] not in sealed
        span = place.sentences[one.sentence] if 0 <= one.sentence < len(place.sentences) else None
        kind = run.kinds.get(one.code, "likeness") if run else "likeness"
        found.append(Hint(one.code, kind, span, one.because if known else "", one.text if known else ""))
    return tuple(found)


def shown_of(connection: Connection, run: Run | None, passages: Iterable[int]) -> dict[int, list[Shown]]:
    """The last run's suggestions of these passages, with their reasons in words."""
    if run is None:
        return {}
    found: dict[int, list[Shown]] = {}
    for s in suggestions.of_passages(connection, run.id, list(passages)):
        kind, _, text = run.reasons[s.because] if s.because >= 0 else ("", "", "")
        found.setdefault(s.passage, []).append(Shown(s.code, s.score, s.suggested, s.sentence, kind, text))
    return found


def _quoted(connection: Connection, reason: str) -> int | None:
    """The passage that a reason quotes: it ends with its id in brackets."""
    return passage_at(connection, reason[reason.rfind("(") + 1 : -1])

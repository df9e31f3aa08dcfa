"""What was said and where: the records every other module passes on.

Readers make drafts (blocks of text with what the format knew about them); `corpus.transcript` makes a document with
turns out of a draft; `corpus.split` makes passages out of a document. Offsets are code points of `Document.text`.
"""

from dataclasses import dataclass, field

INTERVIEWER = "interviewer"
INTERVIEWEE = "interviewee"
LOOK_BACK = 3  # turns: further up, a question is about something else


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, cue, table row or answer, as its reader found it.

    text: what the file shows, without newlines at either end.
    speaker: who said it, where the format itself says so (`<v Name>`, a two-column table, a json field), else None.
    label: length of the leading run in `text` that the format marks as a name (a bold run in docx), 0 for none.
    time: seconds from the start, where the format itself says so, else None.
    question: the question that this block answers (a survey column's heading), else None.
    place: where in the file, in the user's words: "page 3", "row 12"; "" where there is only one place.
    """

    text: str
    speaker: str | None = None
    label: int = 0
    time: float | None = None
    question: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One document as a reader found it, before its turns are known.

    name: the file's name, and `#` and the row's id for a spreadsheet row: "survey.csv#17".
    transcript: False where the format is known to hold no conversation (survey answers), so no labels are looked for.
    notes: what the reader removed or mended, one phrase each ("12 page numbers removed").
    """

    name: str
    blocks: tuple[Block, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    transcript: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that was read and not kept: which file, where in it ("" for all of it), and why."""

    name: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said without a break, or one paragraph or answer of a text without speakers.

    number: 1 for the first turn of the document.
    speaker: None in a text without speakers. role: INTERVIEWER, INTERVIEWEE or None.
    start, end: what was said, without the label and the timestamp before it.
    time: seconds from the start of the recording, None where the transcript does not say.
    question: the survey question it answers, None elsewhere.
    """

    number: int
    speaker: str | None
    role: str | None
    start: int
    end: int
    time: float | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One transcript, submission or survey response: its text, its turns in order, its attributes."""

    name: str
    text: str
    turns: tuple[Turn, ...]
    attributes: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is coded: a place in a document, `document.text[start:end] == text`.

    sentences: (start, end) of each sentence, offsets within `text`, in order.
    turn, speaker, role: of the turn it lies in.
    """

    document: str
    start: int
    end: int
    text: str
    turn: int
    speaker: str | None
    role: str | None
    sentences: tuple[tuple[int, int], ...]

    @property
    def id(self) -> str:
        """The place, in one word that people can type and `themis import` takes back: "interview.docx:340-512"."""
        return f"{self.document}:{self.start}-{self.end}"


def questions(document: Document) -> dict[int, str]:
    """By turn number, what it answers: the survey question, or what the interviewer said shortly before; else ""."""
    asked: dict[int, str] = {}
    question: Turn | None = None
    for turn in document.turns:
        near = question is not None and turn.number - question.number <= LOOK_BACK
        said = document.text[question.start : question.end] if question and near else ""
        asked[turn.number] = turn.question or said
        if turn.role == INTERVIEWER:
            question = turn
    return asked

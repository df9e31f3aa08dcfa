"""Rows with headings, from a spreadsheet or from json: one document a row, or one an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import columns
from corpus.read.columns import Columns
from corpus.read.options import Options

_LONG_HEADING = 30
_OURS = (("document", "passage"), ("code", "unit"))  # how the tables begin that the program itself writes


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, as many as there are headings. unit and number: "row" 12, "line" 3, "item" 1."""

    number: int
    cells: tuple[str, ...]
    unit: str = "row"

    @property
    def place(self) -> str:
        """Where the row stands, in the user's words."""
        return f"{self.unit} {self.number}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; every heading is different, none is empty."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]

    def check_evidence(self) -> None:
        """Raise EvidenceError for a table that this program wrote."""
        if self.headings[:2] in _OURS:
            raise EvidenceError("was written by `themis export`: it is no evidence (`themis import` takes decisions)")

    def choose(self, options: Options) -> Columns:
        """The columns that hold text, id and attributes. Raises EvidenceError, see `columns.choose`."""
        return columns.choose(self.headings, [row.cells for row in self.rows], options)


def unique(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings without blanks and repeats: "Column C" for an empty one, "Comment (2)" for the second "Comment"."""
    given = [" ".join(heading.split()) or f"Column {columns.letter(number)}" for number, heading in enumerate(headings)]
    taken: set[str] = set()
    found = []
    for heading in given:
        name, count = heading, 1
        while name.casefold() in taken:
            count += 1
            name = f"{heading} ({count})"
        taken.add(name.casefold())
        found.append(name)
    return tuple(found)


def drafts(name: str, table: Table, options: Options) -> Iterator[Draft | SetAside | str]:
    """What the table's rows say. `name` is the file's; each row's is "survey.csv#17".

    Raises EvidenceError where the columns cannot be found.
    """
    table.check_evidence()
    chosen = table.choose(options)
    yield from chosen.guesses
    taken: set[str] = set()
    for row in table.rows:
        if not any(row.cells[number].strip() for number in chosen.text):
            yield SetAside(name, row.place, "no answer in the text columns")
            continue
        key = "" if chosen.id is None else " ".join(row.cells[chosen.id].split())
        key = key or str(row.number)
        notes: tuple[str, ...] = ()
        if key in taken:
            notes = (f"the id {key} stands in an earlier row too",)
            key = f"{key} ({row.place})"
        taken.add(key)
        yield from _row(f"{name}#{key}", row, table.headings, chosen, notes, options)


def _row(
    name: str, row: Row, headings: Sequence[str], chosen: Columns, notes: tuple[str, ...], options: Options
) -> Iterator[Draft]:
    answers = [
        (number, Block(row.cells[number].strip(), question=_question(row, headings, number, chosen), place=row.place))
        for number in chosen.text
        if row.cells[number].strip()
    ]
    attributes = {headings[n]: row.cells[n].strip() for n in chosen.attributes if row.cells[n].strip()}
    if not options.per_answer:
        yield Draft(name, tuple(block for _, block in answers), attributes, transcript=False, notes=notes)
        return
    for number, block in answers:
        answer = _answer_name(headings[number], chosen.text.index(number) + 1)
        yield Draft(f"{name}/{answer}", (block,), dict(attributes), transcript=False, notes=notes)


def _question(row: Row, headings: Sequence[str], number: int, chosen: Columns) -> str | None:
    if chosen.question is not None:
        return " ".join(row.cells[chosen.question].split()) or None
    return headings[number] if columns.is_question(headings[number]) else None


def _answer_name(heading: str, number: int) -> str:
    return heading if len(heading) <= _LONG_HEADING and "/" not in heading else str(number)

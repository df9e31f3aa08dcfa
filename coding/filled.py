"""A reviewer's workbook that came back, read: what was answered row by row, and which rows were damaged."""

from collections.abc import Iterator
from dataclasses import dataclass

from coding.export.tables import letters
from coding.export.workbook import CODE, FORMAT, HEADINGS, HIDDEN, MARK, Terms, check
from corpus.errors import EvidenceError
from corpus.read.columns import letter
from corpus.read.options import File
from corpus.read.sheets import written

NO_ID = "its hidden id is gone: answer it in a new export"
NOT_ITS_OWN = (
    "its hidden id and its words do not belong together (the text was changed, the row comes from another file, or a "
    "column was sorted by itself): undo that, or answer it in a new export"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row with something in it. answers: by code id, as typed, "" for none.

    damage: why the row cannot be trusted and what to do, "" where it can.
    """

    place: str
    id: str
    text: str
    answers: dict[str, str]
    note: str
    damage: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What came back. untouched: how many rows have neither an answer nor a note.

    remarks: what is not as it was handed out and does no harm to the rest, a sentence each.
    """

    terms: Terms
    lines: tuple[Line, ...]
    untouched: int
    remarks: tuple[str, ...]


def read(file: File) -> Filled | None:
    """What came back in a file, None where it is no reviewer's workbook.

    EvidenceError where it is broken, or so much of it is gone that no row can be placed.
    """
    try:
        sheets = written(file, HIDDEN)
    except EvidenceError as error:
        raise EvidenceError(f"{file.name} is no spreadsheet of decisions: it {error}") from error
    if not sheets:
        return None
    terms, codes = _terms(file.name, sheets.pop(HIDDEN))
    sheet = _Review(file.name, list(sheets.values()), codes)
    there, lines = 0, []
    for line in sheet.lines(terms):
        there += bool(line.id or line.text)
        if line.note or any(line.answers.values()):
            lines.append(line)
    remarks = list(sheet.remarks())
    if there < terms.rows:
        remarks.append(f"{terms.rows - there:,} of its {terms.rows:,} rows are gone: their passages stay unread.")
    return Filled(terms, tuple(lines), there - sum(bool(x.id or x.text) for x in lines), tuple(remarks))


def _terms(name: str, rows: list[list[str]]) -> tuple[Terms, dict[str, str]]:
    """What the hidden sheet says: the terms, and the names of the codes by id."""
    said = {row[0]: row[1] for row in rows if len(row) > 1 and row[0] != CODE}
    codes = {row[1]: row[2] for row in rows if len(row) > 2 and row[0] == CODE}
    if said.get("themis", FORMAT) != FORMAT:
        raise EvidenceError(f"{name} was made by another version of Themis: import it with that one")
    whole = (
        said.keys() >= {"themis", *Terms.__slots__} - {"coder", "draw"}
        and said["rows"].isdecimal()
        and len(said["rows"]) < 9
    )
    if not (whole and codes):
        raise EvidenceError(f"{name} has a hidden sheet '{HIDDEN}' that was changed: answer in a new export")
    return Terms(
        id=said["id"],
        codebook=said["codebook"],
        coder=said.get("coder", ""),
        draw=said.get("draw", ""),
        visible=said["visible"] == "yes",
        rows=int(said["rows"]),
        made=said["made"],
    ), codes


class _Review:
    """The sheet Review, found by its hidden row of marks; EvidenceError where its columns cannot be told."""

    def __init__(self, name: str, sheets: list[list[list[str]]], codes: dict[str, str]) -> None:
        found = [(rows, row) for rows in sheets for row in rows if MARK + "id" in row]
        if not found:
            raise EvidenceError(f"{name} has lost the hidden first row of its sheet Review: answer in a new export")
        if len(found) > 1:
            raise EvidenceError(f"{name} has its sheet Review twice: delete the copy")
        self._rows, self._marks = found[0]
        self._codes = codes
        self._columns = self._marked(name)
        self._head = next((row for row in self._rows if self._cell(row, "id") == HEADINGS["id"]), [])
        for code, heading in codes.items():
            if CODE + code in self._columns and letters(self._cell(self._head, CODE + code)) != letters(heading):
                where = letter(self._columns[CODE + code])
                raise EvidenceError(
                    f"{name} has '{self._cell(self._head, CODE + code)}' above column {where} of its sheet Review, "
                    f"which was made for '{heading}': put that heading back"
                )

    def lines(self, terms: Terms) -> Iterator[Line]:
        """Every row below the headings."""
        for number, row in enumerate(self._rows, start=1):
            if row is self._marks or row is self._head:
                continue
            id, text = self._cell(row, "id"), self._cell(row, "text")
            same = self._cell(row, "check") == check(terms, id, text)
            damage = "" if same else NOT_ITS_OWN if id else NO_ID
            answers = {code: self._cell(row, CODE + code).strip() for code in self._codes}
            yield Line(f"row {number}", id, text, answers, self._cell(row, "notes").strip(), damage)

    def remarks(self) -> Iterator[str]:
        """Columns that are gone, and columns that were added."""
        for code, heading in self._codes.items():
            if CODE + code not in self._columns:
                yield f"The column '{heading}' is gone: nothing was read for it."
        known = set(self._columns.values())
        added = {n for row in self._rows for n, cell in enumerate(row) if cell.strip() and n not in known}
        for n in sorted(added):
            heading = self._head[n].strip() if n < len(self._head) else ""
            yield f"Column {letter(n)}{f' ({heading})' if heading else ''} was added to the workbook and not read."

    def _cell(self, row: list[str], name: str) -> str:
        n = self._columns.get(name, len(row))
        return row[n] if n < len(row) else ""

    def _marked(self, name: str) -> dict[str, int]:
        """Where each column stands, by its mark."""
        marked = [(cell.removeprefix(MARK), n) for n, cell in enumerate(self._marks) if cell.startswith(MARK)]
        columns = dict(marked)
        if len(columns) < len(marked):
            raise EvidenceError(f"{name} has a column of its sheet Review twice: delete the copy")
        if lost := [HEADINGS[one] for one in ("id", "check", "text") if one not in columns]:
            raise EvidenceError(f"{name} has lost the column '{lost[0]}' of its sheet Review: answer in a new export")
        return columns

"""Decisions out of a spreadsheet, one a row or one a code column; what cannot be placed is reported by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coding import filled, ledger, returned, reviewers
from coding.codebook import Codebook
from coding.entering import Book, Imported, Places, value_of
from coding.export.tables import plain
from coding.export.workbook import MARK
from coding.ledger import Decision
from coding.study import Study
from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.read.options import File
from corpus.read.sheets import tables
from corpus.read.table import Table

COLUMNS = {
    "document": ("document", "file", "filename", "file name"),
    "passage": ("passage", "passage id"),
    "quote": ("quote", "text"),
    "code": ("code", "theme"),
    "value": ("value", "decision", "yes/no"),
    "coder": ("coder", "reviewer"),
    "time": ("time",),
}


@dataclass(frozen=True, slots=True)
class _Cell:
    """One decision as the spreadsheet has it, all text."""

    place: str
    document: str
    passage: str
    quote: str
    code: str
    value: str
    coder: str
    time: str


def import_decisions(study: Study, path: Path, coder: str | None = None) -> Imported:
    """Record the decisions of a csv or xlsx file in one transaction; what holds already is not recorded again.

    Columns: document, passage or quote, and either code and value, or one column for each code (id or name) with yes,
    no or nothing in it. coder: whose they are where there is no coder column.
    EvidenceError where the file cannot be read as such a table, or nothing says whose decisions they are.
    """
    file = _file(path)
    if workbook := filled.read(file):
        return returned.take(study, file.name, workbook, coder)
    cells = list(_cells(file, study.codebook, coder))
    if not any(cell.coder for cell in cells):
        raise EvidenceError(
            f"{path.name} does not say whose decisions these are: fill in a coder column, or --coder NAME"
        )
    account = Imported(read=len(cells))
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        places = Places(study, connection)
        book = Book(ledger.current(connection), reviewers.spellings(connection))
        for cell in cells:
            if not cell.value:
                account.blank += 1
                continue
            try:
                new = _enter(book, cell, _decision(cell, study.codebook, places))
            except EvidenceError as error:
                account.set_aside.append(SetAside(path.name, cell.place, str(error)))
            else:
                account.recorded += new
                account.already += not new
        ledger.record(connection, book.new)
        account.changed = book.changed
    return account


def _enter(book: Book, cell: _Cell, decision: Decision) -> bool:
    def overtaken(held: Decision) -> str:
        return "clear its time to record it all the same" if cell.time and decision.time < held.time else ""

    return book.enter(cell.place, decision, overtaken)


def _file(path: Path) -> File:
    try:
        return File(path.name, path.read_bytes(), path)
    except OSError as error:
        raise EvidenceError(f"{path} could not be read: {error.strerror}") from error


def _cells(file: File, codebook: Codebook, coder: str | None) -> Iterator[_Cell]:
    for table in _tables(file):
        headings = [plain(heading).casefold().strip() for heading in table.headings]
        if any(heading.startswith(MARK) for heading in headings):
            raise EvidenceError(f"{file.name} is a part of a reviewer's workbook: import the .xlsx with all its sheets")
        found = {name: _column(headings, names) for name, names in COLUMNS.items()}
        wide = [(n, code) for n, heading in enumerate(headings) if (code := _code(heading, codebook))]
        long = found["code"] is not None and found["value"] is not None
        if (found["passage"] is None and found["document"] is None) or not (long or wide):
            continue
        for row in table.rows:
            own = {name: plain(row.cells[n]).strip() if n is not None else "" for name, n in found.items()}
            own["coder"] = own["coder"] or coder or ""
            if long:
                yield _Cell(place=row.place, **own)
            else:
                own.pop("code"), own.pop("value")
                yield from (_Cell(place=row.place, code=code, value=row.cells[n].strip(), **own) for n, code in wide)
        return
    raise EvidenceError(
        f"{file.name} has no table of decisions: give it columns document, passage (or quote), code, value and coder, "
        f"or one column for each code"
    )


def _tables(file: File) -> list[Table]:
    try:
        return [table for _, table, _ in tables(file)]
    except EvidenceError as error:
        raise EvidenceError(f"{file.name} is no spreadsheet of decisions: it {error}") from error


def _column(headings: list[str], names: Iterable[str]) -> int | None:
    return next((headings.index(name) for name in names if name in headings), None)


def _code(name: str, codebook: Codebook) -> str | None:
    """The code that a heading names, None for any other heading."""
    wanted = name.casefold().strip()
    return next((code.id for code in codebook.codes if wanted in (code.id, code.name.casefold())), None)


def _decision(cell: _Cell, codebook: Codebook, places: Places) -> Decision:
    code = codebook.find(cell.code)
    if not cell.coder:
        raise EvidenceError("no coder: fill in a coder column, or give --coder NAME")
    value = value_of(cell.value)
    passage, quote = places.find(cell.passage, cell.quote, cell.document)
    return Decision(
        coder=cell.coder,
        passage=passage,
        code=code,
        value=value,
        codebook=codebook.version,
        why="import",
        quote_start=quote[0] if quote else None,
        quote_end=quote[1] if quote else None,
        time=_time(cell.time),
    )


def _time(text: str) -> str:
    """The time given, in UTC as the ledger writes it; this moment where it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ledger.now()

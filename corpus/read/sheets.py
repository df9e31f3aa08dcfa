"""Spreadsheets: csv, tsv and xlsx."""

import csv
import datetime
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO, StringIO
from itertools import chain
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Draft, SetAside
from corpus.read import archive, sniff, turns
from corpus.read.headings import Grid, found
from corpus.read.options import File, Options
from corpus.read.table import Table, drafts

_DELIMITERS = ",;\t|"
_NO_DELIMITER = "\x1f"  # a control character, which no decoded text holds
_CELL = 10_000_000
_HEAD_LINES = 50
_SMALL_SHEETS = 20_000_000
_SMALL_AREA = 5_000_000
_FORMULA = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>')
# What openpyxl raises for a workbook whose parts do not fit together.
_MALFORMED = (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, SyntaxError, zipfile.BadZipFile)


def read(file: File, options: Options) -> Iterator[Draft | SetAside | str]:
    """One document for each row (or answer) of the sheet that holds answers, or one for a sheet of turns."""
    table, left = _chosen(file, options)
    yield from left
    if _is_conversation(table, options):
        records = [dict(zip(table.headings, row.cells, strict=True)) for row in table.rows]
        yield "each row is a turn of one conversation; --text makes a document of each row"
        yield Draft(file.name, turns.blocks(records))
    else:
        yield from drafts(file.name, table, options)


def tables(file: File) -> Iterator[tuple[str, Table, list[SetAside | str]]]:
    """Every visible sheet with rows: its title, its table, and what had to be left out of it."""
    grids = _workbook(file) if file.data.startswith(b"PK") else _delimited(file)
    for title, grid, left in grids:
        table, outside = found(file.name, grid)
        if table.headings:
            yield title, table, [*left, *outside]


def written(file: File, title: str) -> dict[str, list[list[str]]]:
    """Every cell of every sheet by title, hidden sheets and rows too; {} where no sheet has this title.

    A formula is given as it was typed, with its "=", an error ("#REF!") as "=" and the error.
    """
    if not file.data.startswith(b"PK"):
        return {}
    archive.check(file.data, file.name)
    with _mended():
        from openpyxl import load_workbook

        book = load_workbook(BytesIO(file.data), read_only=True)
        found = {}
        for sheet in book.worksheets if title in book.sheetnames else ():
            sheet.reset_dimensions()
            found[sheet.title] = [[_typed(cell) for cell in row] for row in sheet.iter_rows()]
        return found


def _chosen(file: File, options: Options) -> tuple[Table, list[SetAside | str]]:
    sheets = list(tables(file))
    if not sheets:
        raise EvidenceError("holds no rows under a heading")
    for _, table, _ in sheets:
        table.check_evidence()
    titles = [title for title, _, _ in sheets]
    named = options.sheet if titles != [""] else None
    title, table, left = sheets[_number_named(named, titles) if named else _with_most_text(sheets, options)]
    others = [
        SetAside(file.name, f"sheet {other}", f"another sheet was read; --sheet {other!r} reads this one")
        for other in titles
        if other != title
    ]
    if others and not named:
        left = [f"reads the sheet {title!r}", *left]
    return table, [*left, *others]


def _number_named(name: str, titles: Sequence[str]) -> int:
    plain = [title.casefold().strip() for title in titles]
    if name.casefold().strip() not in plain:
        raise EvidenceError(f"has no sheet {name!r}; its sheets are {', '.join(map(repr, titles))}")
    return plain.index(name.casefold().strip())


def _is_conversation(table: Table, options: Options) -> bool:
    if options.text or options.id or options.attributes:
        return False
    return turns.are_turns([dict(zip(table.headings, row.cells, strict=True)) for row in table.rows[:50]])


def _with_most_text(sheets: Sequence[tuple[str, Table, object]], options: Options) -> int:
    """The sheet with the most rows among those with text: a cover sheet has few. The first of equals."""
    problem: EvidenceError | None = None
    sizes = [0] * len(sheets)
    for number, (_, table, _) in enumerate(sheets):
        try:
            if _is_conversation(table, options) or table.choose(options):
                sizes[number] = len(table.rows)
        except EvidenceError as error:
            problem = problem or error
    if not any(sizes):
        raise problem or EvidenceError("holds no rows")
    return sizes.index(max(sizes))


def _delimited(file: File) -> Iterator[tuple[str, Grid, list[SetAside | str]]]:
    text, note = sniff.decode(file.data)
    left: list[SetAside | str] = [note] if note else []
    delimiter = _delimiter(text)
    if text[:4] == "sep=":
        text = text.partition("\n")[2]
    limit = csv.field_size_limit(_CELL)
    try:
        rows, problem = _records(text, delimiter)
    finally:
        csv.field_size_limit(limit)
    if problem:
        left.append(SetAside(file.name, f"row {len(rows) + 1}", problem))
    yield "", Grid(rows), left


def _records(text: str, delimiter: str) -> tuple[list[list[str]], str | None]:
    """The rows, and what is wrong with the one that could not be read, where the rows end early."""
    rows: list[list[str]] = []
    end = "end of file"
    try:
        rows.extend(csv.reader(chain(StringIO(text), [end]), delimiter=delimiter))
    except csv.Error as error:
        return rows, f"cannot be read, nor the rows after it ({error}): check its quotation marks"
    if rows.pop() != [end]:
        return rows, "opens a quotation mark that never closes, so the rows after it cannot be told apart: close it"
    return rows, None


def _delimiter(text: str) -> str:
    """The character that cuts the first lines into the same number of cells most often; not a comma in prose."""
    if text[:4] == "sep=" and len(text) > 4:
        return text[4]
    head = text[:100_000]

    def score(delimiter: str) -> tuple[float, int]:
        try:
            rows = csv.reader(StringIO(head, newline=""), delimiter=delimiter)
            cells = [row for _, row in zip(range(_HEAD_LINES), rows, strict=False) if row]
        except csv.Error:
            return 0.0, 0
        common, count = Counter(map(len, cells)).most_common(1)[0] if cells else (1, 1)
        return (0.0, 0) if common < 2 or _is_prose(cells, count / len(cells)) else (count / len(cells), common)

    best = max(_DELIMITERS, key=score)
    return best if score(best) > (0.0, 0) else _NO_DELIMITER


def _is_prose(rows: Sequence[Sequence[str]], even: float) -> bool:
    """Cells that are parts of sentences, as a space before them shows. even: share of the rows of the usual width."""
    later = [cell for row in rows for cell in row[1:]]
    spaced = sum(cell.startswith(" ") for cell in later) > 0.5 * len(later)
    return spaced and (even < 0.9 or sum(len(row[0].split()) for row in rows) >= 3 * len(rows))


def _workbook(file: File) -> list[tuple[str, Grid, list[SetAside | str]]]:
    """The visible sheets; formulas without results, wherever they are, are said with each."""
    archive.check(file.data, file.name)
    left = _formulas_without_results(file)
    with _mended():
        sheets = [sheet for sheet in _opened(file.data).worksheets if sheet.sheet_state == "visible"]
        return [(sheet.title, _grid(sheet), list(left)) for sheet in sheets]


@contextmanager
def _mended() -> Iterator[None]:
    """What openpyxl says of a workbook that it cannot read, as something that the user can put right."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _MALFORMED as error:
        raise EvidenceError("is a broken workbook: open it in Excel and save it again, or save it as .csv") from error


def _grid(sheet: Any) -> Grid:
    merged = tuple(span.bounds for span in getattr(sheet, "merged_cells", ()))
    return Grid([[_shown(cell) for cell in row] for row in sheet.iter_rows()], merged)


def _opened(data: bytes) -> Any:
    """The workbook; only a small one is held whole, which is needed to see merged cells."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(BytesIO(data)) as zipped:
        size = sum(member.file_size for member in zipped.infolist() if member.filename.startswith("xl/worksheets"))
    if size < _SMALL_SHEETS:
        book = load_workbook(BytesIO(data), data_only=True)
        if all(sheet.max_row * sheet.max_column < _SMALL_AREA for sheet in book.worksheets):
            return book
    book = load_workbook(BytesIO(data), data_only=True, read_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    return book


def _formulas_without_results(file: File) -> list[SetAside | str]:
    with zipfile.ZipFile(BytesIO(file.data)) as zipped:
        names = [name for name in zipped.namelist() if re.match(r"xl/worksheets/[^/]+\.xml", name)]
        cells = [cell.decode() for name in names for cell in _FORMULA.findall(zipped.read(name))]
    if not cells:
        return []
    place = f"cell {cells[0]}" + (f" and {len(cells) - 1} more" if len(cells) > 1 else "")
    return [SetAside(file.name, place, "a formula without its result: open the file in Excel and save it again")]


def _shown(cell: Any) -> str:
    """A cell's value as its reader sees it, dates as ISO 8601."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number_shown(value, cell.number_format or "")
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value).replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", "")


def _typed(cell: Any) -> str:
    if cell.data_type not in ("f", "e"):
        return _shown(cell)
    value = str(getattr(cell.value, "text", cell.value))  # openpyxl has an object of its own for a range's formula
    return value if value.startswith("=") else f"={value}"


def _number_shown(value: float, style: str) -> str:
    if re.fullmatch("0+", style):
        return f"{value:0{len(style)}.0f}"
    if style.endswith("%"):
        return f"{value * 100:.15g}%"
    return str(int(value)) if float(value).is_integer() else f"{value:.15g}"

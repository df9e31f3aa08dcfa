"""Rows to files: csv, xlsx, jsonl and parquet, chosen by suffix, written whole or not at all."""

import csv
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coding.export.rows import Row, Rows
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    import pandas

FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
XLSX_ROWS, XLSX_CELL = 1_048_576, 32_767
BATCH = 50_000
WIDTHS = {"text": 70, "sentence": 50, "question": 40, "nearest": 50, "document": 24, "passage": 24, "name": 24}
_BLANK = re.compile(r"(?:_x005F)?_x[0-9A-Fa-f]{4}_|[\s\x00-\x1f\x7f\ufffe\uffff]+")  # and how a workbook escapes them
PARQUET = {str: "string", int: "int64", float: "float64", bool: "bool"}


def write(rows: Rows, path: Path, bom: bool = False) -> int:
    """Write the rows to `path` in the format of its suffix; how many. A file already there is replaced at the end.

    bom: begin a csv with the mark by which Excel knows UTF-8. EvidenceError for a suffix we do not write, a folder that
    is not there, and what a spreadsheet cannot hold.
    """
    check(path, WRITERS)
    with whole(path) as part:
        written = WRITERS[path.suffix.lower()](rows, part)
        if bom and path.suffix.lower() == ".csv":
            part.write_bytes(b"\xef\xbb\xbf" + part.read_bytes())
    return written


def check(path: Path, suffixes: Collection[str]) -> None:
    """EvidenceError for a path that does not end in one of these, or whose folder is not there."""
    if path.suffix.lower() not in suffixes:
        raise EvidenceError(f"{path} cannot be written: end its name in {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise EvidenceError(f"{path} cannot be written: there is no folder {path.parent}")


def frame(rows: Rows) -> "pandas.DataFrame":
    """The rows as a data frame, for analysis in Python; an empty cell is missing."""
    import pandas

    return pandas.DataFrame.from_records(list(rows.rows), columns=list(rows.columns))


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a quote mark goes before text that begins like one.

    `plain` is its inverse, so that what was exported can be brought in again.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def plain(value: str) -> str:
    """The cell that `safe` was given."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def letters(value: str) -> str:
    """The letters of a cell without what a spreadsheet program may change: white space and control characters."""
    return _BLANK.sub("", value)


@contextmanager
def workbook(path: Path) -> Iterator[Any]:
    """An xlsx to write sheets into, each of them row by row; it is there when the block ends, and not if it raises."""
    import xlsxwriter

    with whole(path) as part, xlsxwriter.Workbook(part, {"constant_memory": True}) as book:
        yield book


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what is to be at `path` when the block ends, unless it raises; nobody else can read it."""
    part = path.with_name(f".{path.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        yield part
        part.replace(path)
    except OSError as error:
        raise EvidenceError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _csv(rows: Rows, path: Path) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([safe(name) for name in rows.columns])
        return sum(bool(writer.writerow([safe(row[name]) for name in rows.columns])) for row in rows.rows)


def _jsonl(rows: Rows, path: Path) -> int:
    with path.open("w", encoding="utf-8") as file:
        lines = (json.dumps({name: row[name] for name in rows.columns}, ensure_ascii=False) for row in rows.rows)
        return sum(bool(file.write(line + "\n")) for line in lines)


def _xlsx(rows: Rows, path: Path) -> int:
    import xlsxwriter

    written = 0
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("themis")
        sheet.freeze_panes(1, 0)
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for column, name in enumerate(rows.columns):
            sheet.set_column(column, column, WIDTHS.get(name, 14), wrapped)
            sheet.write_string(0, column, name, bold)
            if name == "value":
                sheet.data_validation(1, column, XLSX_ROWS - 1, column, {"validate": "list", "source": ["yes", "no"]})
        for written, row in enumerate(rows.rows, start=1):
            if written >= XLSX_ROWS:
                raise EvidenceError(f"an xlsx sheet holds {XLSX_ROWS:,} rows and there are more: write csv or parquet")
            for column, name in enumerate(rows.columns):
                _xlsx_cell(sheet, written, column, row[name])
        sheet.autofilter(0, 0, written, len(rows.columns) - 1)
    return written


def _xlsx_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, str):
        if len(value.encode("utf-16-le")) // 2 > XLSX_CELL:
            raise EvidenceError(f"row {row + 1} has text longer than an xlsx cell holds: write csv or parquet")
        sheet.write_string(row, column, value)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif value is not None:
        sheet.write_number(row, column, value)


def _parquet(rows: Rows, path: Path) -> int:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, pyarrow.type_for_alias(PARQUET[kind])) for name, kind in rows.columns.items()])
    written = 0
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for batch in _batches(rows.rows):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
            written += len(batch)
    return written


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


WRITERS: dict[str, Callable[[Rows, Path], int]] = {".csv": _csv, ".xlsx": _xlsx, ".jsonl": _jsonl, ".parquet": _parquet}

"""The headings of a sheet: below its titles, in one row or in two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.passage import SetAside
from corpus.read.table import Row, Table, unique

_SEARCHED = 20
_SENTENCE = 8  # words
_CODE = re.compile(r"[A-Za-z]+[ _.-]?\d+(?:[ _.-]\w+)*")
_NUMBER = re.compile(r"[-+]?[\d.,:/ -]+%?")
_QUESTION = re.compile(
    r"\?$|^(?:please|what|how|why|which|where|to what|in what|explain|describe|tell us|select|is there"
    r"|(?:do|are|would|have|did) you)\b",
    re.IGNORECASE,
)
_EMPTY_WORDS = {"response", "open-ended response", "open-ended comment", "answer"}
_IMPORT_ID = '{"importid"'


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet's cells, row by row, rows as long as they happen to be.

    merged: (first column, first row, last column, last row) of merged cells, from 1; empty where the file cannot say.
    """

    rows: Sequence[Sequence[str]]
    merged: tuple[tuple[int, int, int, int], ...] = ()


def found(name: str, grid: Grid) -> tuple[Table, list[SetAside | str]]:
    """The table under the headings, and what lies outside of it. No headings: an empty table."""
    filled = [number for number, row in enumerate(grid.rows) if _count(row)]
    if not filled:
        return Table((), ()), []
    top = _top(grid, filled)
    if top is None:
        width = max(len(row) for row in grid.rows)
        table, ragged = _table(name, [""] * width, grid.rows, filled)
        return table, ["no headings found: the columns are called by their letters", *ragged]
    headings, below = _joined(grid, filled, top)
    outside: list[SetAside | str] = [
        SetAside(name, f"row {number + 1}", "stands above the headings")
        for number in filled
        if number < filled[top] and number not in below
    ]
    table, ragged = _table(name, headings, grid.rows, [n for n in filled if n > filled[top] and n not in below])
    return table, [*outside, *ragged]


def _top(grid: Grid, filled: Sequence[int]) -> int | None:
    """Which of the filled rows has the headings: the first that is nearly as full as the fullest.

    One that is less full and stands apart, with a blank row below it, is a title.
    """
    head = [grid.rows[number] for number in filled[:_SEARCHED]]
    width = max(_count(row) for row in head)
    full = [number for number, row in enumerate(head) if _count(row) >= min(width, max(2, 0.6 * width))]
    top = next(n for n in full if _count(head[n]) == width or n == full[-1] or filled[n + 1] == filled[n] + 1)
    return None if _is_data(head[top], head[top + 1 :]) else top


def _is_data(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """A row of values where headings should be: a number above numbers, an e-mail address, one long sentence."""
    if len(row) == 1 and len(row[0].split()) >= _SENTENCE and not _QUESTION.search(row[0].strip()):
        return True
    for number, cell in enumerate(row):
        under = [other[number] for other in below if number < len(other) and other[number].strip()]
        if "@" in cell and any("@" in value for value in under):
            return True
        if _NUMBER.fullmatch(cell.strip()) and under and all(_NUMBER.fullmatch(value.strip()) for value in under):
            return True
    return False


def _joined(grid: Grid, filled: Sequence[int], top: int) -> tuple[list[str], set[int]]:
    """The headings, and the rows other than the first that they came from or that only repeat them."""
    first = list(grid.rows[filled[top]])
    used: set[int] = set()
    if top and _is_group(grid, filled[top - 1], first):
        groups = _spread(grid, filled[top - 1], len(first))
        used.add(filled[top - 1])
        return [_join(group, heading) for group, heading in zip(groups, first, strict=True)], used
    for number in filled[top + 1 : top + 3]:
        row = grid.rows[number]
        if _is_import_id(row):
            used.add(number)
        elif used or number != filled[top + 1]:
            break
        elif _codes_above(first, [grid.rows[n] for n in filled[top + 1 :]]):
            first = [cell if cell.strip() else code for code, cell in _pairs(first, row)]
            used.add(number)
        elif _is_second(first, row):
            spread = _spread(grid, filled[top], max(len(first), len(row)))
            first = [_join(heading, cell) for heading, cell in _pairs(spread, row)]
            used.add(number)
    return first, used


def _is_group(grid: Grid, number: int, headings: Sequence[str]) -> bool:
    """Whether the row above the headings names groups of them, by cells merged across."""
    spans = [last - first for first, top, last, _ in grid.merged if top == number + 1]
    return len(spans) > 1 and max(spans) < len(headings) - 1


def _codes_above(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Codes ("Ident 1", "Q3_1") over the questions that they stand for, none of which comes again as an answer."""
    named = [number for number, cell in enumerate(first) if cell.strip()]
    if sum(bool(_CODE.fullmatch(first[number].strip())) for number in named) < 0.6 * len(named):
        return False
    cells = [(number, below[0][number].strip() if number < len(below[0]) else "") for number in named]
    again = any(
        cell and cell == row[number].strip() for row in below[1:] for number, cell in cells if number < len(row)
    )
    asked = sum(bool(_QUESTION.search(cell)) for _, cell in cells)
    return not again and (asked >= 0.5 * len(named) or (len(below) > 1 and _is_import_id(below[1])))


def _is_second(first: Sequence[str], row: Sequence[str]) -> bool:
    """A second row of headings: it fills the gaps of the first, has gaps where the first has none, and no numbers."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if cells and all(cell.casefold() in _EMPTY_WORDS for cell in cells):
        return True
    if any(_NUMBER.fullmatch(cell) for cell in cells):
        return False
    pairs = _pairs(first, row)
    gaps = [cell for heading, cell in pairs if not heading.strip()]
    unfilled = any(heading.strip() and not cell.strip() for heading, cell in pairs)
    return bool(gaps) and all(cell.strip() for cell in gaps) and unfilled and bool(first[0].strip())


def _is_import_id(row: Sequence[str]) -> bool:
    cells = [cell for cell in row if cell.strip()]
    return bool(cells) and all(cell.lower().replace(" ", "").startswith(_IMPORT_ID) for cell in cells)


def _spread(grid: Grid, number: int, width: int) -> list[str]:
    """A row of headings with each merged one repeated over its columns; where no merge is known, over the gap."""
    row = [*grid.rows[number], *[""] * width][:width]
    for first, top, last, _ in grid.merged:
        if top == number + 1:
            row[first - 1 : last] = [row[first - 1]] * (last - first + 1)
    if not any(top == number + 1 for _, top, _, _ in grid.merged):
        for place in range(1, width):
            row[place] = row[place] if row[place].strip() else row[place - 1]
    return row[:width]


def _join(upper: str, lower: str) -> str:
    upper, lower = " ".join(upper.split()), " ".join(lower.split())
    if not upper or not lower or lower.casefold() in _EMPTY_WORDS:
        return upper or lower
    return f"{upper} - {lower}"


def _table(
    name: str, headings: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]
) -> tuple[Table, list[SetAside | str]]:
    named = max((number for number, heading in enumerate(headings) if heading.strip()), default=-1) + 1
    width = named or max((len(rows[number]) for number in numbers), default=0)
    kept, ragged = [], list[SetAside | str]()
    for number in numbers:
        cells = list(rows[number])
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) > width:
            reason = f"has {len(cells)} cells where there are {width} headings: check its quotation marks"
            ragged.append(SetAside(name, f"row {number + 1}", reason))
        else:
            kept.append(Row(number + 1, (*cells, *[""] * (width - len(cells)))))
    plain = [_once(heading) for heading in [*headings, *[""] * width][:width]]
    return Table(unique(plain), tuple(kept)), ragged


def _once(heading: str) -> str:
    """ "Type - Type" is how some exports write a question without parts."""
    left, _, right = heading.partition(" - ")
    return left if left.strip() == right.strip() else heading


def _pairs(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    width = max(len(first), len(second))
    return list(zip([*first, *[""] * (width - len(first))], [*second, *[""] * (width - len(second))], strict=True))


def _count(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)

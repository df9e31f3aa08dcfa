"""Tables in documents: a column of names beside a column of words is a conversation, all else is text."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from corpus.labels import NO, STAMP, grade, seconds
from corpus.passage import Block
from corpus.speakers import chosen

Cell = Sequence[Block]
Row = Sequence[Cell]

_STAMP = re.compile(STAMP)
_HEADINGS = frozenset(
    """speaker name who participant time timestamp timecode start end text transcript words utterance content speech
    line no no. # number dialogue said what sprecher zeit siaradwr amser""".split()
)
_MOST = 0.8  # of the cells of a column that must be what the column is
_SHORT = 60  # characters: rows of cells up to this long stay one line


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column holds the names, which the words, which the times (None for none)."""

    name: int
    words: int
    time: int | None


def blocks(rows: Sequence[Row]) -> list[Block]:
    """The blocks of a table: turns where it is a conversation (one speaker and what they said in a row), else text.

    rows: cells, and in each cell its paragraphs; rows may differ in length.
    """
    full = [row for row in rows if any(_text(cell) for cell in row)]
    spoken = [row for row in full if not _is_heading(row)]
    columns = _columns(spoken)
    if columns is None:
        return [block for row in full for block in _plain(row)]
    headings = [block for row in full[: len(full) - len(spoken)] for block in _plain(row)]
    return [*headings, *_turns(spoken, columns)]


def _text(cell: Cell) -> str:
    return "\n".join(block.text for block in cell).strip()


def _is_heading(row: Row) -> bool:
    return all(_text(cell).casefold().rstrip(":") in _HEADINGS for cell in row if _text(cell))


def _columns(rows: Sequence[Row]) -> _Columns | None:
    """The columns of a conversation, None for any other table."""
    width = max((len(row) for row in rows), default=0)
    if len(rows) < 2 or not 2 <= width <= 5:
        return None
    texts = [[_text(row[column]) if column < len(row) else "" for row in rows] for column in range(width)]
    words = max(range(width), key=lambda column: sum(map(len, texts[column])))
    time = next((column for column in range(width) if column != words and _mostly(texts[column], _is_time)), None)
    for name in range(words):
        if name != time and _mostly(texts[name], _is_name):
            lines = [f"{_name(one)}: {two}" for one, two in zip(texts[name], texts[words], strict=True) if one and two]
            if lines and len(chosen(lines)) >= _MOST * len(lines):
                return _Columns(name, words, time)
    return None


def _mostly(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    full = [cell for cell in cells if cell]
    return bool(full) and sum(map(test, full)) >= _MOST * len(full)


def _is_time(cell: str) -> bool:
    return bool(_STAMP.fullmatch(cell.strip()))


def _is_name(cell: str) -> bool:
    return len(cell) <= _SHORT and grade(_name(cell)) > NO


def _name(cell: str) -> str:
    return " ".join(_STAMP.sub(" ", cell).strip(" \t\n*_:：[]()<>").split())


def _turns(rows: Sequence[Row], columns: _Columns) -> Iterator[Block]:
    """A block for each paragraph of what is said; a row without a name goes on with the speaker before."""
    speaker: str | None = None
    for row in rows:
        cells = [row[column] if column < len(row) else () for column in range(max(columns.name, columns.words) + 1)]
        named = _text(cells[columns.name])
        speaker = _name(named) or speaker
        time = seconds(named)
        if columns.time is not None and columns.time < len(row):
            time = seconds(_text(row[columns.time]))
        for block in cells[columns.words]:
            yield replace(block, speaker=speaker, time=time, label=0)


def _plain(row: Row) -> Iterator[Block]:
    texts = [_text(cell) for cell in row]
    if len(row) > 1 and all(len(text) <= _SHORT and "\n" not in text for text in texts):
        first = next(block for cell in row for block in cell if block.text.strip())
        yield replace(first, text=" | ".join(text for text in texts if text))
        return
    yield from (block for cell in row for block in cell)

"""The text of codebook.yml, changed in one place and left alone in every other: comments, order and quoting stay.

Each function takes the whole text and gives the whole text. Codes are found by id, live or retired. Whoever calls reads
the result again before trusting it: yaml has ways of writing that these edits do not know.
"""

import json
import re
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from coding.codebook import LISTS, TEXTS, Code, Codebook, Retired, plain
from coding.codebook_file import LEAVING, OTHERWISE, nodes
from corpus.errors import EvidenceError

WIDTH = 110  # of the lines that are written here
ORDER = (*TEXTS, *LISTS, *LEAVING, "codes")
BRACKETS = "codebook.yml has these codes in brackets, where they cannot be added or moved: do it in an editor"

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def with_text(text: str, id: str, field: str, value: str) -> str:
    """Give a code's name, definition or the like this value, where it had one or not."""
    code = _code(text, id)
    pair = _pair(code, field)
    if pair is None:
        return _with_field(text, code, field, f" {_quoted(value, _column(code) + 2)}")
    start, end = _value(pair, text)
    write = _folded if pair[1].style == ">" and value.isprintable() else _quoted
    return _spliced(text, start, end, " " * (start == end) + write(value, _column(code) + 2))


def with_lines(text: str, id: str, field: str, values: Sequence[str]) -> str:
    """Add to a code's examples, or another of its lists."""
    if not values:
        return text
    code = _code(text, id)
    pair = _pair(code, field)
    flow = ", ".join(_quoted(value, _column(code) + 4) for value in values)
    if pair is None:
        lines = f" [{flow}]" if code.flow_style else _items(values, _column(code) + 2)
        return _with_field(text, code, field, lines)
    held = pair[1]
    if not isinstance(held.value, list):
        return _spliced(text, *_value(pair, text), f" [{flow}]")
    if not held.flow_style:
        return _inserted(text, _line_end(text, _end(held, text)), _items(values, held.start_mark.column))
    place = _end(held.value[-1], text) if held.value else held.start_mark.index + 1
    return _inserted(text, place, f", {flow}" if held.value else flow)


def without_line(text: str, id: str, field: str, value: str) -> str:
    """Take one of a code's examples, or an item of another of its lists, away."""
    pair = _pair(_code(text, id), field)
    items = pair[1].value if pair else []
    number = next(i for i, item in enumerate(items) if plain(item.value) == value)
    start, end = items[number].start_mark.index, _end(items[number], text)
    if pair and not pair[1].flow_style:
        return _without_lines(text, start, end)
    if number + 1 < len(items):
        return _spliced(text, start, items[number + 1].start_mark.index, "")
    comma = re.compile(r"\s*,").match(text, end)
    return _spliced(text, _end(items[number - 1], text) if number else start, comma.end() if comma else end, "")


def with_code(text: str, block: str, parent: str | None) -> str:
    """Add a code, as `block` has it, as the last of those nested in `parent`, or of all."""
    return _with_block(text, nodes(text) if parent is None else _code(text, parent), "codes", block)


def retired(text: str, block: str, said: dict[str, str]) -> str:
    """Add a code, as `block` has it, to the retired ones at the end; said: what it says besides, as in `leaving`."""
    id = plain(_pair(nodes(block).value[0], "id")[1].value)
    text = _with_block(text, nodes(text), "retired", block)
    for field, value in said.items():
        text = with_text(text, id, field, value)
    return text


def restored(text: str, id: str, parent: str | None) -> str:
    """Move a code from the retired ones back to the codes."""
    text, block = cut(text, id)
    text = with_code(text, block, parent)
    for field in LEAVING:
        code = _code(text, id)
        if pair := _pair(code, field):
            if code.flow_style:
                before = code.value[code.value.index(pair) - 1][1]
                text = _spliced(text, _end(before, text), _end(pair[1], text), "")
            else:
                text = _without_lines(text, pair[0].start_mark.index, _end(pair[1], text))
    return text


def cut(text: str, id: str) -> tuple[str, str]:
    """The text without a code, and the code as it was written, its dash in the first column."""
    listed, code = _found(nodes(text), id)
    if listed.flow_style:
        raise EvidenceError(BRACKETS)
    start, end = _line_start(text, code.start_mark.index), _line_end(text, _end(code, text))
    depth = listed.start_mark.column
    if text[start : code.start_mark.index].strip() != "-":
        raise EvidenceError(OTHERWISE)
    return _without_lines(text, start, end), re.sub(f"^ {{0,{depth}}}", "", text[start:end], flags=re.MULTILINE)


def written(codebook: Codebook) -> str:
    """A codebook that has no text of its own, as a file."""
    below: dict[str | None, list[Code]] = {}
    for code in codebook.codes:
        below.setdefault(code.parent, []).append(code)
    blocks = "\n".join(_shifted(_nest(code, below), 2) for code in below[None])
    text = f"title: {_quoted(codebook.title, 2)}\ncodes:\n{blocks}\n"
    for gone in codebook.retired:
        text = retired(text, block(gone.code), leaving(gone))
    return text


def leaving(gone: Retired) -> dict[str, str]:
    """What a retired code says besides what it was."""
    said = {"under": gone.code.parent, "on": gone.on, "into": gone.into, "reason": gone.reason}
    return {name: value for name, value in said.items() if value}


def block(code: Code) -> str:
    """A code as it stands in a list of codes, its dash in the first column."""
    texts = [f"  {name}: {_quoted(getattr(code, name), 4)}" for name in TEXTS[1:] if getattr(code, name)]
    lists = [f"  {name}:{_items(getattr(code, name), 4)}" for name in LISTS if getattr(code, name)]
    id = code.id if code.id not in ("null", "true", "false") else f'"{code.id}"'
    return "\n".join((f"- id: {id}", *texts, *lists))


def _nest(code: Code, below: dict[str | None, list[Code]]) -> str:
    nested = "\n".join(_shifted(_nest(one, below), 4) for one in below.get(code.id, ()))
    return f"{block(code)}\n  codes:\n{nested}" if nested else block(code)


def _found(root: Any, id: str) -> tuple[Any, Any]:
    """The list that a code is in, and the code."""
    lists = [pair[1] for field in ("codes", "retired") if (pair := _pair(root, field))]
    for listed in lists:
        for code in listed.value if isinstance(listed.value, list) else ():
            if plain(_pair(code, "id")[1].value) == id:
                return listed, code
            if pair := _pair(code, "codes"):
                lists.append(pair[1])
    raise LookupError(id)


def _code(text: str, id: str) -> Any:
    return _found(nodes(text), id)[1]


def _pair(mapping: Any, field: str) -> Any:
    """Key and value, None where there is no such key."""
    return next((pair for pair in mapping.value if pair[0].value == field), None)


def _column(code: Any) -> int:
    return int(code.value[0][0].start_mark.column)


def _end(node: Any, text: str) -> int:
    """Where the last thing in a node ends, without the white space and comments that yaml counts in."""
    if isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        return _value(last, text)[1] if isinstance(last, tuple) else _end(last, text)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    return start + len(text[start:end].rstrip())


def _value(pair: Any, text: str) -> tuple[int, int]:
    """Where the value of a field begins and ends; of none, right behind the colon."""
    key, value = pair
    if value.start_mark.index == value.end_mark.index:
        return (text.index(":", key.end_mark.index) + 1,) * 2
    return value.start_mark.index, _end(value, text)


def _with_field(text: str, code: Any, field: str, value: str) -> str:
    """Add a field that a code does not have, after those that come before it."""
    known = [pair for pair in code.value if pair[0].value in ORDER[: ORDER.index(field)]]
    place = _value(max(known, key=lambda pair: ORDER.index(pair[0].value)), text)[1]
    if code.flow_style:
        return _inserted(text, place, f", {field}:{value}")
    return _inserted(text, _line_end(text, place), f"\n{' ' * _column(code)}{field}:{value}")


def _with_block(text: str, holder: Any, field: str, block: str) -> str:
    """Add a code at the end of a list of codes, which is made where there is none."""
    pair = _pair(holder, field)
    held = pair[1].value if pair and isinstance(pair[1].value, list) else []
    if holder.flow_style or (held and pair[1].flow_style):
        raise EvidenceError(BRACKETS)
    depth = _column(holder) + 2
    if pair is None:
        place = len(text.rstrip()) if field == "retired" else _line_end(text, _end(holder, text))
        return _inserted(text, place, f"\n{' ' * _column(holder)}{field}:\n{_shifted(block, depth)}")
    if not held:
        text = _spliced(text, text.index(":", pair[0].end_mark.index) + 1, _value(pair, text)[1], "")
        return _inserted(text, _line_end(text, pair[0].end_mark.index), f"\n{_shifted(block, depth)}")
    place = _line_end(text, _end(pair[1], text))
    return _inserted(text, place, f"\n{_shifted(block, pair[1].start_mark.column)}")


def _shifted(block: str, columns: int) -> str:
    return re.sub("^(?=.)", " " * columns, block, flags=re.MULTILINE)


def _items(values: Sequence[str], column: int) -> str:
    return "".join(f"\n{' ' * column}- {_quoted(value, column + 2)}" for value in values)


def _quoted(value: str, column: int) -> str:
    """In double quotes, in which every text can be written; lines after the first begin in `column`."""
    escaped = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(plain(value), ensure_ascii=False))
    return f"\n{' ' * column}".join(_lines(escaped, column))


def _folded(value: str, column: int) -> str:
    """Without quotes, as long texts are easiest to read, where nothing has to be escaped."""
    return "".join((">-", *(f"\n{' ' * column}{line}" for line in _lines(plain(value), column))))


def _lines(value: str, column: int) -> list[str]:
    return wrap(value, max(40, WIDTH - column), break_long_words=False, break_on_hyphens=False)


def _inserted(text: str, place: int, new: str) -> str:
    return _spliced(text, place, place, new)


def _spliced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _without_lines(text: str, start: int, end: int) -> str:
    """Without the whole lines that these places are in."""
    return text[: _line_start(text, start)] + text[_line_end(text, end) + 1 :]


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end

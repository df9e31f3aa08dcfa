"""json and jsonl: rows, documents, and transcripts from speech recognition."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Draft, SetAside
from corpus.read import sniff, turns
from corpus.read.columns import find, is_personal
from corpus.read.options import File, Options
from corpus.read.table import Row, Table, drafts, unique

_DEPTH = 20
_LISTS = ("documents", "responses", "records", "rows", "items", "data", "results", "interviews", "submissions")
_IDS = ("id", "name", "title", "file", "document", "doc_id", "response_id")
_SHORT = 100


def read(file: File, options: Options) -> Iterator[Draft | SetAside | str]:
    """Rows as a spreadsheet has them; a list of turns as a transcript."""
    text, note = sniff.decode(file.data)
    if note:
        yield note
    try:
        value = _parsed(text)
    except json.JSONDecodeError as error:
        if "\n" not in text.strip():
            raise EvidenceError(f"is not valid json: {error.msg} at column {error.colno}") from error
        yield from _lines(file, text, error, options)
        return
    yield from _whole(file, value, options)


def _parsed(text: str) -> Any:
    """The value. Raises JSONDecodeError, and EvidenceError for one nested too deeply to be data."""
    try:
        return json.loads(text, parse_int=_integer)
    except RecursionError as error:
        raise EvidenceError("is nested too deeply to be data: export it as a flat list, or as .csv") from error


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 20 else digits


def _lines(file: File, text: str, problem: json.JSONDecodeError, options: Options) -> Iterator[Draft | SetAside | str]:
    """One value a line; a line that is none is set aside."""
    records: list[tuple[int, Any]] = []
    bad: list[SetAside] = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line.strip():
                records.append((number, _parsed(line)))
        except json.JSONDecodeError as error:
            bad.append(SetAside(file.name, f"line {number}", f"is not valid json: {error.msg}"))
        except EvidenceError as error:
            bad.append(SetAside(file.name, f"line {number}", str(error)))
    if not any(isinstance(record, Mapping) for _, record in records):
        raise EvidenceError(f"is not valid json: {problem.msg} in line {problem.lineno}, column {problem.colno}")
    yield from bad
    yield from _listed(file.name, records, "line", options)


def _whole(file: File, value: Any, options: Options) -> Iterator[Draft | SetAside | str]:
    if isinstance(value, Mapping):
        said = None if options.text else turns.found(value)
        if said is not None:
            yield Draft(file.name, turns.blocks(said))
            return
        value = _records(value)
    if not isinstance(value, list):
        raise EvidenceError("holds a single value: a list of objects with their text is needed")
    yield from _listed(file.name, list(enumerate(value, 1)), "item", options)


def _records(value: Mapping[str, Any]) -> list[Any]:
    """The list of records in an object: under a usual name, or the object's own members, or the object itself."""
    for key in _LISTS:
        if isinstance(value.get(key), list) and all(isinstance(item, Mapping | str) for item in value[key]):
            return list(value[key])
    members = list(value.values())
    if members and all(isinstance(member, Mapping) for member in members):
        return [{"id": key, **member} for key, member in value.items()]
    return [value]


def _listed(
    name: str, records: Sequence[tuple[int, Any]], unit: str, options: Options
) -> Iterator[Draft | SetAside | str]:
    values = [record for _, record in records]
    if not options.text and turns.are_turns(values):
        yield Draft(name, turns.blocks(values))
        return
    rows = []
    for number, record in records:
        record = {"text": record} if isinstance(record, str) else record
        if not isinstance(record, Mapping):
            yield SetAside(name, f"{unit} {number}", "is not an object with named fields")
        elif not options.text and (said := turns.found(record)) is not None:
            key = next((str(record[key]) for key in _IDS if isinstance(record.get(key), str | int)), str(number))
            yield Draft(f"{name}#{key}", turns.blocks(said), _attributes(_fields(record), options))
        else:
            rows.append((number, _fields(record)))
    if rows:
        yield from drafts(name, _table(rows, unit), options)


def _attributes(fields: Mapping[str, str], options: Options) -> dict[str, str]:
    """Of a transcript among others: the fields that the user named, or those that are short, no id and not personal."""
    headings = list(fields)
    if options.attributes:
        chosen = [headings[find(name, headings)] for name in options.attributes]
    else:
        chosen = [key for key in headings if key not in _IDS and not is_personal(key) and len(fields[key]) <= _SHORT]
    return {key: fields[key].strip() for key in chosen if fields[key].strip()}


def _table(rows: Sequence[tuple[int, Mapping[str, str]]], unit: str) -> Table:
    headings = list(dict.fromkeys(key for _, fields in rows for key in fields))
    cells = [Row(number, tuple(fields.get(heading, "") for heading in headings), unit) for number, fields in rows]
    return Table(unique(headings), tuple(cells))


def _fields(record: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    """Every value as text, under its path: {"a": {"b": 1}} is {"a.b": "1"}. Lists of turns are left out."""
    fields: dict[str, str] = {}
    for key, value in record.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping) and depth < _DEPTH:
            fields |= _fields(value, path + ".", depth + 1)
        elif isinstance(value, list) and not any(isinstance(item, Mapping | list) for item in value):
            fields[path] = "; ".join(map(_shown, value))
        elif not (isinstance(value, list) and turns.are_turns(value)):
            fields[path] = _shown(value)
    return fields


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return "" if value is None else json.dumps(value, ensure_ascii=False)

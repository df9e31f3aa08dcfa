"""json and jsonl: rows, documents, and transcripts from speech recognition."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corpus.errors import EvidenceError
from corpus.labels import seconds
from corpus.passage import Block, Draft, SetAside
from corpus.read import sniff
from corpus.read.columns import find, is_personal
from corpus.read.options import File, Options
from corpus.read.table import Row, Table, drafts, unique

_DEPTH = 20
_LISTS = ("documents", "responses", "records", "rows", "items", "data", "results", "interviews", "submissions")
_TURNS = ("turns", "segments", "utterances", "dialogue", "conversation", "monologues", "messages", "transcript")
_WORDS = ("text", "transcript", "utterance", "content", "words", "message", "body")
_SPEAKERS = ("speaker", "speaker_name", "speaker_label", "speaker_id", "name", "role", "participant", "user", "author")
_STARTS = ("start", "start_time", "starttime", "begin", "timestamp", "time", "ts", "from", "offset")
_ENDS = ("end", "end_time", "endtime", "to")
_IDS = ("id", "name", "title", "file", "document", "doc_id", "response_id")
_OTHERS = (
    *("id", "confidence", "duration", "channel", "words", "seek", "tokens", "temperature", "avg_logprob", "language"),
    *("compression_ratio", "no_speech_prob", "sentiment", "type", "index", "seq", "number", "elements", "final"),
)
_SLOW = 20.0
_SHORT = 100
_PARAGRAPH = 100


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
        turns = None if options.text else _turns(value)
        if turns is not None:
            yield _transcript(file.name, turns, {})
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
    if not options.text and values and _is_turns(values):
        yield _transcript(name, values, {})
        return
    rows = []
    for number, record in records:
        record = {"text": record} if isinstance(record, str) else record
        if not isinstance(record, Mapping):
            yield SetAside(name, f"{unit} {number}", "is not an object with named fields")
        elif not options.text and (turns := _turns(record)) is not None:
            key = next((str(record[key]) for key in _IDS if isinstance(record.get(key), str | int)), str(number))
            yield _transcript(f"{name}#{key}", turns, _attributes(_fields(record), options))
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
        elif not (isinstance(value, list) and _is_turns(value)):
            fields[path] = _shown(value)
    return fields


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _turns(record: Mapping[str, Any], depth: int = 0) -> list[Any] | None:
    """The turns in a record, or in a part of it, None where there are none."""
    for key in _TURNS:
        value = record.get(key)
        if isinstance(value, list) and _is_turns(value):
            return value
    parts = [part for part in record.values() if isinstance(part, Mapping)] if depth < 2 else []
    return next((turns for part in parts if (turns := _turns(part, depth + 1)) is not None), None)


def _is_turns(values: Sequence[Any]) -> bool:
    """Objects with words, and a speaker or a time, and nothing that only a row of a survey has."""
    if not values or not all(isinstance(value, Mapping) for value in values):
        return False
    known = {*_WORDS, *_SPEAKERS, *_STARTS, *_ENDS, *_OTHERS}
    some = values[:50]
    plain = all({key.lower() for key in value} <= known for value in some)
    said = all(_said(value) is not None for value in some)
    timed = sum(_field(value, (*_SPEAKERS, *_STARTS)) is not None for value in some)
    return plain and said and timed >= 0.5 * len(some)


def _field(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    lower = {key.lower(): item for key, item in value.items()}
    return next((lower[name] for name in names if lower.get(name) is not None), None)


def _said(value: Mapping[str, Any]) -> str | None:
    elements = value.get("elements")
    if isinstance(elements, list):
        return "".join(str(part.get("value", "")) for part in elements if isinstance(part, Mapping))
    lower = {key.lower(): item for key, item in value.items()}
    return next((lower[name] for name in _WORDS if isinstance(lower.get(name), str)), None)


def _transcript(name: str, turns: Sequence[Any], attributes: dict[str, str]) -> Draft:
    """A block for each stretch of one speaker; recognised speech without speakers is cut at sentence ends."""
    times = _times(turns)
    blocks: list[Block] = []
    for turn, time in zip(turns, times, strict=True):
        text = _shown(_said(turn) or "").strip()
        who = _field(turn, _SPEAKERS)
        speaker = _speaker(who)
        if not text:
            continue
        last = blocks[-1] if blocks else None
        if last and last.speaker == speaker and (speaker or not _is_paragraph(last.text)):
            blocks[-1] = Block(f"{last.text} {text}", speaker, time=last.time)
        else:
            blocks.append(Block(text, speaker, time=time))
    return Draft(name, tuple(blocks), attributes)


def _is_paragraph(text: str) -> bool:
    return len(text.split()) >= _PARAGRAPH and text.endswith((".", "?", "!", "…"))


def _speaker(who: Any) -> str | None:
    """A name as given; a number or a single letter of a machine becomes "Speaker 0", "Speaker A"."""
    name = _shown(who).strip()
    if re.fullmatch(r"\d+|[A-Z]", name):
        return f"Speaker {name}"
    return name or None


def _times(turns: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Seconds from the start. Some programs give whole milliseconds: in seconds, speech would be impossibly slow."""
    given = [_field(turn, names) for names in (_STARTS, _ENDS) for turn in turns]
    whole = [time for time in given if isinstance(time, int)]
    words = sum(len((_said(turn) or "").split()) for turn in turns)
    slow = len(whole) == len(given) and max(whole) - min(whole) > _SLOW * max(1, words)
    starts = [_seconds(time) for time in given[: len(turns)]]
    return [None if time is None else time / 1000 for time in starts] if slow else starts


def _seconds(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return seconds(value) if isinstance(value, str) else None

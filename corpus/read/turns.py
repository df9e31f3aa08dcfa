"""Transcripts as data: records of who said what when, from json or from a sheet."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from corpus.labels import CLOCK, seconds
from corpus.passage import Block

Record = Mapping[str, Any]

_LISTS = ("turns", "segments", "utterances", "dialogue", "conversation", "monologues", "messages", "transcript")
_WORDS = ("text", "transcript", "utterance", "content", "words", "message", "body", "speech", "said")
_SPEAKERS = ("speaker", "speaker_name", "speaker name", "speaker_label", "speaker_id")
_NAMES = ("name", "role", "participant", "user", "author")
_STARTS = (
    "start",
    "start_time",
    "start time",
    "starttime",
    "begin",
    "timestamp",
    "time",
    "timecode",
    "ts",
    "from",
    "offset",
)
_ENDS = ("end", "end_time", "end time", "endtime", "to", "stop")
_OTHERS = (
    *("id", "confidence", "duration", "channel", "words", "seek", "tokens", "temperature", "avg_logprob", "language"),
    *("compression_ratio", "no_speech_prob", "sentiment", "type", "index", "seq", "number", "elements", "final", "#"),
)
_KNOWN = frozenset((*_WORDS, *_SPEAKERS, *_NAMES, *_STARTS, *_ENDS, *_OTHERS))
_CLOCK = re.compile(rf"[\[(]?(?:{CLOCK})[\])]?")
_LOOKED_AT = 50
_LONGEST = 1e8  # milliseconds from the start: a larger number is a date
_SLOW = 20.0  # seconds for each word, above which times are milliseconds
_PARAGRAPH = 100


def found(record: Record, depth: int = 2) -> list[Any] | None:
    """The turns in a record, or in a part of it at most `depth` below, None where there are none."""
    for key in _LISTS:
        value = record.get(key)
        if isinstance(value, list) and are_turns(value):
            return value
    parts = [part for part in record.values() if isinstance(part, Mapping)] if depth else []
    return next((turns for part in parts if (turns := found(part, depth - 1)) is not None), None)


def are_turns(values: Sequence[Any]) -> bool:
    """Whether these are turns: words, with a speaker or a time, and nothing that only a row of a survey has.

    People who are only named, not called speakers, must speak more than once: else they are the authors of texts.
    """
    some = [value for value in values[:_LOOKED_AT] if isinstance(value, Mapping)]
    if not some or len(some) < min(len(values), _LOOKED_AT) or any(_said(value) is None for value in some):
        return False
    if not all({key.lower() for key in value} <= _KNOWN for value in some):
        return False
    if sum(_of(value, _SPEAKERS) is not None or _is_time(_of(value, _STARTS)) for value in some) >= 0.5 * len(some):
        return True
    names = [str(_of(value, _NAMES)) for value in some if _of(value, _NAMES) is not None]
    return len(names) >= 0.5 * len(some) and 2 * len(set(names)) <= len(names)


def blocks(turns: Sequence[Any]) -> tuple[Block, ...]:
    """A block for each stretch of one speaker; speech without speakers is cut at ends of sentences."""
    made: list[Block] = []
    for turn, time in zip(turns, _times(turns), strict=True):
        text = " ".join((_said(turn) or "").split())
        speaker = _speaker(_of(turn, (*_SPEAKERS, *_NAMES)))
        if not text:
            continue
        last = made[-1] if made else None
        if last and last.speaker == speaker and (speaker or not _is_paragraph(last.text)):
            made[-1] = Block(f"{last.text} {text}", speaker, time=last.time)
        else:
            made.append(Block(text, speaker, time=time))
    return tuple(made)


def _of(value: Record, names: Sequence[str]) -> Any:
    """The first field with one of these names that is not empty."""
    lower = {key.lower(): item for key, item in value.items()}
    return next((lower[name] for name in names if lower.get(name) not in (None, "")), None)


def _said(value: Any) -> str | None:
    """The words of one turn, None for what is none."""
    if not isinstance(value, Mapping):
        return None
    elements = value.get("elements")
    if isinstance(elements, list):
        return "".join(str(part.get("value", "")) for part in elements if isinstance(part, Mapping))
    lower = {key.lower(): item for key, item in value.items()}
    return next((lower[name] for name in _WORDS if isinstance(lower.get(name), str)), None)


def _speaker(who: Any) -> str | None:
    """A name as given; a number or a single letter of a machine becomes "Speaker 0", "Speaker A"."""
    name = " ".join(str(who).split()) if isinstance(who, str | int) else ""
    return f"Speaker {name}" if re.fullmatch(r"\d+|[A-Z]", name) else name or None


def _is_paragraph(text: str) -> bool:
    return len(text.split()) >= _PARAGRAPH and text.endswith((".", "?", "!", "…"))


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_CLOCK.fullmatch(value.strip()) or re.fullmatch(r"\d+(?:\.\d+)?", value))
    return isinstance(value, int | float) and 0 <= value < _LONGEST


def _times(turns: Sequence[Any]) -> list[float | None]:
    """Seconds from the start. Some programs give whole milliseconds: in seconds, speech would be impossibly slow."""
    given = [_of(turn, names) if isinstance(turn, Mapping) else None for names in (_STARTS, _ENDS) for turn in turns]
    times = [_seconds(time) for time in given]
    known = [time for time in times if time is not None]
    whole = all(
        isinstance(time, int) or (isinstance(time, str) and time.isdecimal()) for time in given if time is not None
    )
    words = sum(len((_said(turn) or "").split()) for turn in turns)
    slow = whole and known and max(known) - min(known) > _SLOW * max(1, words)
    return [None if time is None else time / 1000 if slow else time for time in times[: len(turns)]]


def _seconds(value: Any) -> float | None:
    if not _is_time(value):
        return None
    return seconds(value) if isinstance(value, str) and ":" in value else float(value)

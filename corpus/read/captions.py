"""WebVTT and SubRip captions: the cues of one speaker joined into turns."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import pairwise

from corpus.errors import EvidenceError
from corpus.labels import seconds
from corpus.passage import Block, Draft, SetAside
from corpus.read.options import File, Options
from corpus.read.sniff import decode
from corpus.speakers import chosen

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>]*>|\{\\[^}]*\}")
_TIMING = re.compile(r"\s*(?:\d+:)?\d?\d:\d\d[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d?\d:\d\d[.,]\d{1,3}")
_ENDS = re.compile(r"[.?!…。？！؟][\"”’')\]]*$")
_PAUSE = 2.0  # seconds of silence that end a paragraph where nobody is named
_PARAGRAPH = 120  # words after which the next end of a sentence ends it too
_ROLLING = 0.4  # share of cues that repeat the line before, as captions that roll up the screen do


@dataclass(frozen=True, slots=True)
class _Said:
    """One line of a cue. speaker: None where neither a voice tag nor a label names one."""

    speaker: str | None
    text: str
    start: float | None
    end: float | None


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """One draft with a block for each turn; cues whose time is broken are set aside by line.

    Raises EvidenceError for a file without any cue.
    """
    text, note = decode(file.data)
    cues = _cues(text)
    for number, line in enumerate(text.split("\n"), 1):
        if "-->" in line and not _TIMING.match(line):
            yield SetAside(file.name, f"line {number}", "a caption whose time cannot be read: correct the time")
    said, notes = _once(cues)
    if any(one.speaker for one in said):
        blocks = _turns(said)
    else:
        said, named = _labelled(said)
        blocks = _turns(said) if named else _paragraphs(said)
    if blocks:
        yield Draft(file.name, tuple(blocks), notes=(*([note] if note else []), *notes))


def _cues(text: str) -> list[list[_Said]]:
    """The lines of each cue."""
    import webvtt

    kind = "vtt" if text.lstrip().startswith("WEBVTT") else "srt"
    try:
        captions = webvtt.from_buffer(StringIO(text.lstrip()), format=kind)
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as error:
        raise EvidenceError("holds no captions that can be read: its times are not as in WebVTT or SubRip") from error
    return [_lines(caption.raw_text, seconds(caption.start), seconds(caption.end)) for caption in captions.captions]


def _lines(raw: str, start: float | None, end: float | None) -> list[_Said]:
    parts = _VOICE.split(raw)
    voices = [None, *(" ".join(html.unescape(name).split()) for name in parts[1::2])]
    lines = [
        _Said(voice, " ".join(html.unescape(_TAG.sub("", line)).split()), start, end)
        for voice, part in zip(voices, parts[::2], strict=True)
        for line in part.split("\n")
    ]
    return [line for line in lines if line.text]


def _once(cues: Sequence[list[_Said]]) -> tuple[list[_Said], tuple[str, ...]]:
    """All lines in order; where captions roll up, each line once."""
    full = [cue for cue in cues if cue]
    again = sum(one[-1].text == two[0].text for one, two in pairwise(full))
    if len(full) < 6 or again < _ROLLING * len(full):
        return [line for cue in full for line in cue], ()
    said: list[_Said] = []
    for line in (line for cue in full for line in cue):
        if not said or line.text != said[-1].text:
            said.append(line)
    return said, (f"repeated lines of rolling captions read once: {again}",)


def _labelled(said: Sequence[_Said]) -> tuple[list[_Said], bool]:
    """Lines with the speakers that labels in their text name ("Anna: yes"), and whether there are any."""
    labels = chosen([line.text for line in said])
    speaker = None
    lines = []
    for number, line in enumerate(said):
        label = labels.get(number)
        speaker = label.name if label else speaker
        lines.append(replace(line, speaker=speaker, text=line.text[label.end :] if label else line.text))
    return [line for line in lines if line.text.strip()], bool(labels)


def _turns(said: Sequence[_Said]) -> list[Block]:
    blocks: list[Block] = []
    for line in said:
        if blocks and line.speaker == blocks[-1].speaker:
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text} {line.text}")
        else:
            blocks.append(Block(line.text, speaker=line.speaker, time=line.start))
    return blocks


def _paragraphs(said: Sequence[_Said]) -> list[Block]:
    """Captions without speakers: a paragraph ends with a sentence, at a pause or when it is long."""
    blocks: list[Block] = []
    last: _Said | None = None
    for line in said:
        if last is None or _parts(blocks[-1].text, last, line):
            blocks.append(Block(line.text, time=line.start))
        else:
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text} {line.text}")
        last = line
    return blocks


def _parts(text: str, one: _Said, two: _Said) -> bool:
    pause = (two.start or 0) - (one.end or 0) >= _PAUSE
    return bool(_ENDS.search(text)) and (pause or text.count(" ") >= _PARAGRAPH)

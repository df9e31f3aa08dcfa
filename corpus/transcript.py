"""From a draft to a document: its text, and who said which part of it.

In a text with speakers, what stands before the first label (title, date, attendance) and notes about the recording
("(A short break)", a clock time on a line of its own) are nobody's words: the first become turns without speaker and
role, the second belong to no turn. Footnotes and text boxes (`Block.place`) are turns without speaker too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from corpus.labels import Label, key_of, leading_stamp, without_trailing_stamp
from corpus.passage import INTERVIEWEE, Block, Document, Draft, Turn
from corpus.speakers import Voice, chosen, roles

ASIDE = (
    "footnote",
    "endnote",
    "text box",
)  # how the place of a block begins that interrupts nobody and belongs to nobody

_LONGEST_NOTE = 200  # characters
_NOTE = re.compile(
    r"""\s*[\[(](?![^\])]*\b(?:I|my|me|we|us|our|you)\b)\s*(?:\d{1,2}[.:]\d\d\s*(?:am|pm|noon|a\.m\.|p\.m\.)?|
    [^\])]{0,80}?\b(?:adjourn\w*|break|pause[sd]?|laugh\w*|inaudible|unintelligible|crosstalk|cross-talk|off-microphone|
    no\ audible\ \w+|proceedings|recording|tape|transcript|audio|video|applause|interrupt\w*|silence|voices)\b
    [^\])]{0,80})\s*[\])]\s*$
    |\s*(?:end|start|beginning)\ of\ (?:the\ )?(?:interview|recording|transcript|tape|audio)\.?\s*$
    |.{2,60}\ (?:started|stopped)\ (?:the\ )?transcription\s*$
    |\s*(?:further\ )?(?:questioned|questions|submissions|statement|examined|cross-examined)\ (?:by|from)\ (?-i:[A-Z])
    [^.?!:]{1,50}$
    |\s*(?-i:[A-Z][^a-z]{3,60})\((?:sworn|affirmed|continued|recalled)\)\.?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(slots=True)
class _Line:
    """One line of the document. first: it opens its block. turns: so it does, and the format names another speaker."""

    start: int
    text: str
    block: Block
    first: bool
    turns: bool


@dataclass(slots=True)
class _Said:
    """A stretch of text on its way to be a turn."""

    speaker: str | None
    start: int
    end: int
    time: float | None = None
    question: str | None = None


def document(draft: Draft, interviewers: Sequence[str] = ()) -> Document:
    """The document that a draft holds: blocks joined by newlines, and its turns.

    A speaker whom the format names apart from the words is written in front of them ("Anna: ..."). Survey answers
    (`draft.transcript` False) and texts without speakers give one turn per block. interviewers: as in `speakers.roles`.
    """
    blocks = [block for block in draft.blocks if block.text.strip()]
    text, lines = _laid_out(blocks)
    said, slips = _conversation(lines) if draft.transcript else (None, ())
    kept = [tight for one in (_paragraphs(lines) if said is None else said) if (tight := _tight(one, text))]
    who = roles(_voices(kept, text), interviewers) if draft.transcript else {}
    turns = tuple(
        Turn(
            number=number,
            speaker=one.speaker,
            role=who.get(one.speaker, INTERVIEWEE) if one.speaker else None,
            start=one.start,
            end=one.end,
            time=one.time,
            question=one.question,
        )
        for number, one in enumerate(kept, 1)
    )
    return Document(draft.name, text, turns, dict(draft.attributes), (*draft.notes, *slips))


def speakers(document: Document) -> dict[str, str | None]:
    """The role of every speaker, in the order in which they first speak."""
    return {turn.speaker: turn.role for turn in document.turns if turn.speaker is not None}


def _laid_out(blocks: Sequence[Block]) -> tuple[str, list[_Line]]:
    """The document's text and its lines; a run of blocks by one speaker gets that name in front once."""
    parts: list[str] = []
    lines: list[_Line] = []
    offset, before = 0, None
    for block in blocks:
        turns, before = block.speaker != before, block.speaker
        head = f"{block.speaker}: " if block.speaker and turns else ""
        parts.append(head + block.text)
        offset += len(head)
        for number, line in enumerate(block.text.split("\n")):
            lines.append(_Line(offset, line, block, number == 0, turns and number == 0))
            offset += len(line) + 1
    return "\n".join(parts), lines


def _paragraphs(lines: Sequence[_Line]) -> list[_Said]:
    """One stretch per block."""
    said: list[_Said] = []
    for line in lines:
        if line.first:
            length, time = leading_stamp(line.text) if line.block.time is None else (0, line.block.time)
            said.append(_Said(line.block.speaker, line.start + length, 0, time, line.block.question))
        said[-1].end = line.start + len(line.text)
    return said


def _conversation(lines: Sequence[_Line]) -> tuple[list[_Said] | None, tuple[str, ...]]:
    """Stretches by speaker, None where neither the format nor a label names one; and the labels that were misspelt."""
    full = [line for line in lines if line.text.strip()]
    named = any(line.block.speaker for line in lines)
    searched = [number for number, line in enumerate(full) if line.block.speaker is None and not _aside(line.block)]
    marks = {at: full[number].block.label for at, number in enumerate(searched) if full[number].first}
    found = chosen([full[number].text for number in searched], {at: mark for at, mark in marks.items() if mark})
    if not found and not named:
        return None, ()
    labels = {searched[at]: label for at, label in found.items()}
    spelled = _spellings(labels)
    slips = {label.name: spelled[label.key] for label in labels.values() if label.key != key_of(label.name)}
    return list(_stretches(full, labels, spelled)), tuple(f'"{one}" read as {two}' for one, two in slips.items())


def _aside(block: Block) -> bool:
    return block.place.startswith(ASIDE)


def _spellings(labels: dict[int, Label]) -> dict[str, str]:
    """The most usual spelling of each name, the first of equals."""
    counts = Counter((label.key, label.name) for label in labels.values())
    spelled: dict[str, str] = {}
    for (key, name), _ in counts.most_common():
        spelled.setdefault(key, name)
    return spelled


def _stretches(lines: Sequence[_Line], labels: dict[int, Label], spelled: dict[str, str]) -> Iterator[_Said]:
    """Walk the lines: a label, a new named block, a time mark or a note about the recording ends a stretch."""
    now = _Said(None, 0, 0)
    for number, line in enumerate(lines):
        end = line.start + len(line.text)
        opened = _opened(line, labels.get(number), now, spelled)
        if opened is None and not _is_note(line.text):
            now.end = end
            continue
        yield now
        now = opened or _Said(now.speaker, end, end)
        now.end = end
    yield now


def _opened(line: _Line, label: Label | None, now: _Said, spelled: dict[str, str]) -> _Said | None:
    """The new stretch that a line opens, or None where it goes on with the one before."""
    block = line.block
    if label is not None:
        time = label.time if label.time is not None else block.time
        return _Said(spelled[label.key], line.start + label.end, 0, time, block.question)
    if line.first and _aside(block):
        return _Said(None, line.start, 0)
    if line.turns:
        return _Said(block.speaker, line.start, 0, block.time, block.question)
    length, time = leading_stamp(line.text)
    if length:
        return _Said(now.speaker, line.start + length, 0, time)
    if now.speaker is None and line.first and not _is_note(line.text):
        return _Said(None, line.start, 0, block.time, block.question)
    return None


def _is_note(line: str) -> bool:
    return len(line) <= _LONGEST_NOTE and bool(_NOTE.match(line))


def _tight(one: _Said, text: str) -> _Said | None:
    """Without white space at the ends and a time at the end; None where nothing is left."""
    words = text[one.start : one.end].rstrip()
    kept = words[: without_trailing_stamp(words)].strip()
    if not kept:
        return None
    start = one.start + len(words) - len(words.lstrip())
    return replace(one, start=start, end=start + len(kept))


def _voices(said: Sequence[_Said], text: str) -> dict[str, Voice]:
    voices: dict[str, Voice] = {}
    for one in said:
        if one.speaker is None:
            continue
        words = text[one.start : one.end]
        asks = words.rstrip("”’\"')]*_ ").endswith(("?", "？", "؟"))
        so_far = voices.get(one.speaker, Voice(0, 0, 0))
        voices[one.speaker] = Voice(so_far.turns + 1, so_far.asking + asks, so_far.words + words.count(" ") + 1)
    return voices

"""Which labels of a document are its speakers, and which of the speakers asks the questions.

The decision is made over the whole document: a label counts when it is a word for a role, repeats, or takes turns with
others; "Note:", headings and sentences that end in a colon do none of these often enough.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise

from corpus.labels import (
    BRACKET,
    COLON,
    INTERVIEWER_WORDS,
    LETTER,
    NAME,
    OTHER_WORDS,
    OWN_LINE,
    ROLE,
    TIME_FIRST,
    WEAK,
    Label,
    grade,
    offered,
    words_of_role,
)
from corpus.passage import INTERVIEWEE, INTERVIEWER

_LIST = re.compile(r"\s*[B-H][.)]\s")
_WORD = re.compile(r"(?<![\w'’-])[^\W\d_]+(?![\w'’-])")
_FORM = re.compile(r"\s*[*_]*[^\W\d][^:：\n]{0,30}[:：][*_]*\s*\S.{0,60}")
_STOPS = frozenset(".?!…")
_NEEDS = {"a": "q", "answer": "question", "question": "answer"}
_QUOTES = frozenset('"“„«')
_MANY = 40  # labels in a document from which on a single word seen once or twice is not taken for a speaker
_LEAST_SHARE = 0.15  # of the lines after the first label that carry one, in a conversation without role words


@dataclass(frozen=True, slots=True)
class Voice:
    """What one speaker did in a document: turns, turns that end in a question mark, words."""

    turns: int
    asking: int
    words: int


def chosen(lines: Sequence[str], marks: Mapping[int, int] | None = None) -> dict[int, Label]:
    """The labels, by line number, that name speakers, decided over all lines; empty for a text without speakers.

    lines: every line of one document that is not empty. marks: length of the leading run in a line that the format
    marks as a name, by line number.
    """
    marks = marks or {}
    labels = {
        number: label for number, line in enumerate(lines) if (label := offered(line, marks.get(number, 0))) is not None
    }
    labels = _without_form(_of_kept_shapes(labels, lines), lines)
    labels = _without_half_pairs(labels)
    if not labels:
        return {}
    grades = _grades(labels, lines)
    if not _is_conversation(labels, grades, len(lines)):
        return {}
    counts = Counter(label.key for label in labels.values())
    kept = {key for key, count in counts.items() if _is_speaker(key, count, grades[key], len(labels))}
    kept -= _quoted(labels)
    meant = {key: key for key in kept} | _misspelt({key for key in counts if grades[key] == NAME} - kept, counts, kept)
    return {number: replace(label, key=meant[label.key]) for number, label in labels.items() if label.key in meant}


def _of_kept_shapes(labels: dict[int, Label], lines: Sequence[str]) -> dict[int, Label]:
    """Without the labels of shapes that this document does not use for speakers (dashes, tabs, lettered lists)."""
    shapes = {label.shape for label in labels.values()}
    kept = {shape for shape in shapes if _used_for_speakers(shape, labels, lines)}
    return {number: label for number, label in labels.items() if label.shape in kept}


def _without_form(labels: dict[int, Label], lines: Sequence[str]) -> dict[int, Label]:
    """Without the lines of a form at the head of the document ("Interviewer: Jane Smith", "Date: 3 May")."""
    form = next((number for number, line in enumerate(lines) if not _FORM.fullmatch(line)), len(lines))
    end = max((number + 1 for number in range(form) if number not in labels), default=0)
    keys = [labels[number].key for number in range(end) if number in labels]
    if len(set(keys)) < len(keys):
        return labels
    later = {label.key for number, label in labels.items() if number >= end}
    return {
        number: label
        for number, label in labels.items()
        if number >= end or (label.key in later and not _names_somebody(lines[number][label.end :]))
    }


def _names_somebody(words: str) -> bool:
    return len(words) <= 40 and words[-1:] not in _STOPS and grade(words.strip()) >= NAME


def _without_half_pairs(labels: dict[int, Label]) -> dict[int, Label]:
    """Without "Answer:" where there is no "Question:", and the like: those are forms. "A" beside "B" is an initial."""
    keys = {label.key for label in labels.values()}
    initials = {key for key in keys if len(key) == 1}
    alone = {one for one, other in _NEEDS.items() if other not in keys and not initials - {one}}
    return {number: label for number, label in labels.items() if label.key not in alone}


def _used_for_speakers(shape: str, labels: Mapping[int, Label], lines: Sequence[str]) -> bool:
    """A shape that is also used for other things is trusted when few names take many turns."""
    numbers = [number for number, label in labels.items() if label.shape == shape]
    own = [labels[number] for number in numbers]
    if shape == COLON:
        return True
    if shape in {OWN_LINE, TIME_FIRST} and not _words_follow(numbers, labels, len(lines)):
        return False
    if shape == LETTER:
        return own[0].key == "q" and len({label.key for label in own}) >= 2 and not any(map(_LIST.match, lines))
    roles = sum(label.grade == ROLE for label in own)
    changes = sum(one.key != two.key for one, two in pairwise(own))
    if shape == OWN_LINE or (roles == len(own) and changes and shape != BRACKET):
        return True
    few = len(own) >= 3 and len({label.key for label in own}) <= max(2, len(own) / 2) and changes >= 2
    return few and len(own) >= 0.3 * (len(lines) - numbers[0])


def _words_follow(numbers: Sequence[int], labels: Mapping[int, Label], lines: int) -> bool:
    """Whether what has a line of its own introduces words, as a speaker does and an item of an agenda does not."""
    followed = sum(number + 1 < lines and number + 1 not in labels for number in numbers)
    return followed >= 0.8 * len(numbers)


def _grades(labels: Mapping[int, Label], lines: Sequence[str]) -> dict[str, int]:
    """The grade of each key; a single word that the text also uses in lower case ("cost") is only WEAK."""
    grades = {label.key: label.grade for label in labels.values()}
    timed = {label.key for label in labels.values() if label.time is not None}
    single = {
        key for key, how in grades.items() if how == NAME and key.isalpha() and key.upper() != key and key not in timed
    }
    if single:
        used = {word for line in lines for word in _WORD.findall(line) if word in single}
        grades |= dict.fromkeys(used, WEAK)
    return grades


def _is_conversation(labels: Mapping[int, Label], grades: Mapping[str, int], lines: int) -> bool:
    keys = [label.key for label in labels.values()]
    counts = Counter(keys)
    share = len(keys) / (lines - min(labels))
    changes = sum(one != two for one, two in pairwise(keys))
    sure = sum(count for key, count in counts.items() if grades[key] == ROLE)
    named = [key for key, count in counts.items() if grades[key] >= NAME and count >= 2]
    timed = sum(label.time is not None for label in labels.values())
    if share < 0.5 and all(label.rest in _QUOTES for label in labels.values()):
        return False
    if sure:
        return sure >= 3 or (len(keys) >= 2 and (sure >= 2 or len(counts) >= 2) and share >= _LEAST_SHARE)
    if len(counts) == 1:
        return len(keys) >= 3 and share >= 0.3 and (bool(named) or timed == len(keys))
    takes_turns = changes >= 2 and len(counts) <= max(2, 0.6 * len(keys))
    if named:
        return takes_turns and (share >= _LEAST_SHARE or (len(named) >= 2 and len(keys) >= _MANY))
    return takes_turns and share >= 0.6 and min(counts.values()) >= 2


def _is_speaker(key: str, count: int, how: int, labels: int) -> bool:
    """In a conversation: roles and names of several words at once, single words when they come often enough."""
    if how == ROLE or count > max(2, labels // 200):
        return True
    if how == WEAK:
        return count >= 2 and labels < _MANY
    return labels < _MANY or (" " in key and (count >= 2 or not key.startswith("the ")))


def _misspelt(keys: Set[str], counts: Mapping[str, int], kept: Set[str]) -> dict[str, str]:
    """Rare keys that are a slip of the finger away from a frequent one: "particpant" is "participant"."""
    frequent = [key for key in kept if counts[key] >= 10]
    near = {key: get_close_matches(key, frequent, n=1, cutoff=0.88) for key in keys if len(key) >= 5}
    return {key: found[0] for key, found in near.items() if found}


def _quoted(labels: Mapping[int, Label]) -> set[str]:
    """Keys that only introduce quotations, or only stand alone, where the words of most labels follow at once."""
    plain = Counter(label.key for label in labels.values() if label.rest and label.rest not in _QUOTES)
    if 2 * plain.total() < len(labels):
        return set()
    return {label.key for label in labels.values()} - plain.keys()


def roles(voices: Mapping[str, Voice], interviewers: Sequence[str] = ()) -> dict[str, str]:
    """INTERVIEWER or INTERVIEWEE for every speaker.

    interviewers: names, in any case; given, exactly these are the interviewers. Otherwise those with a word for the
    role ("Moderator", "Q"), else the one who clearly asks the questions; where nobody does, all are INTERVIEWEE, so
    that evidence is coded too often rather than lost.
    """
    if interviewers:
        asked = {name.casefold() for name in interviewers}
        found = {name for name in voices if name.casefold() in asked}
    else:
        regular = sum(voice.turns for voice in voices.values()) / 50
        named = {name for name, voice in voices.items() if voice.turns >= regular and _named_interviewer(name, voices)}
        found = named or _who_asks(voices)
    return {name: INTERVIEWER if name in found else INTERVIEWEE for name in voices}


def _named_interviewer(name: str, voices: Mapping[str, Voice]) -> bool:
    words = words_of_role(name)
    return bool(words & INTERVIEWER_WORDS) and not words & OTHER_WORDS and len(voices) > 1


def _who_asks(voices: Mapping[str, Voice]) -> set[str]:
    """The one speaker who asks most of the questions, far more often than the others.

    One who also says most of the words must do little else but ask (counsel who reads out what the question is about).
    """
    if len(voices) < 2:
        return set()
    name = max(voices, key=lambda one: voices[one].asking)
    first = voices[name]
    others = [voice for one, voice in voices.items() if one != name]
    turns, asking, words = (sum(getattr(voice, what) for voice in others) for what in ("turns", "asking", "words"))
    often, seldom = first.asking / first.turns, asking / turns
    if first.asking < 2 or first.asking < 2 * asking or often < 0.2 or often < 2.5 * seldom:
        return set()
    return {name} if first.words <= 1.5 * words or (first.asking >= 5 and often >= 0.4 and seldom <= 0.1) else set()

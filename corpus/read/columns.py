"""Which columns of a table hold answers, ids and attributes: as the user says, or guessed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from corpus.errors import EvidenceError
from corpus.read.options import Options

_SAMPLE = 2000
_SHOWN = 12
_SPARSE = 0.02
_PERSONAL = re.compile(
    r"\b(?:name|surname|forename|e-?mail|phone|telephone|mobile|tel|post ?code|zip ?code|address|date of birth|dob"
    r"|ip)\b",
    re.IGNORECASE,
)
_PERSONAL_VALUE = re.compile(
    r"\S+@\S+\.\w+|[+0(][\d ()-]{9,16}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE
)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ASKS = re.compile(
    r"\?\s*$|\b(?:comments?|explain|why|how|describe|tell us|reasons?|suggest\w*|feedback|thoughts|free text"
    r"|please (?:say|state|use)|open.ended|other \(?please)\b",
    re.IGNORECASE,
)
_IS_TEXT = re.compile(
    r"(?:full[ _])?text|answers?|comments?|feedback|responses?|verbatim|quotes?|transcripts?|passage|submission"
    r"|statement",
    re.IGNORECASE,
)
_IDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:response|respondent|submission|record|case|participant|unique|document|doc)[ _-]*"
        r"(?:id|ref|reference|number|no|identifier)\b",
        r"^(?:id|ref|reference|uuid|guid|key|#|no\.?|number|identifier)$",
        r"(?:\b|_)(?:id|ref|reference|identifier)(?:\b|_)",
        r"\b(?:number|no|code|respondent|response|participant)\b",
    )
)
_QUESTIONS = ("question", "question text", "prompt")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers, from 0, of the columns that become text, id (None = the row's number) and attributes.

    question: the column with the question that each row answers, None where the text column's heading is the question.
    guesses: what was guessed, as phrases to print; empty where the user named everything.
    """

    text: tuple[int, ...]
    id: int | None
    attributes: tuple[int, ...]
    question: int | None = None
    guesses: tuple[str, ...] = ()


def choose(headings: Sequence[str], rows: Sequence[Sequence[str]], options: Options) -> Columns:
    """The columns to use. Raises EvidenceError where one is named that is not there, or no text can be found."""
    profiles = [_Profile(heading, [row[number] for row in rows]) for number, heading in enumerate(headings)]
    text = tuple(find(name, headings) for name in options.text)
    named = (*text, *(find(name, headings) for name in options.attributes))
    identity = None if options.id is None else find(options.id, headings)
    if not text:
        text = tuple(n for n, profile in enumerate(profiles) if n not in (*named, identity) and profile.is_text)
    if not text:
        raise EvidenceError(f"has no column that looks like free text; name one with --text: {listed(headings)}")
    if identity is None:
        identity = _identity(profiles, (*named, *text))
    taken = {*text, identity}
    attributes = tuple(find(name, headings) for name in options.attributes) or tuple(
        n for n, profile in enumerate(profiles) if n not in taken and profile.is_attribute
    )
    question = _question(profiles, text)
    chosen = Columns(text, identity, attributes, question)
    return replace(chosen, guesses=_guesses(chosen, profiles, options))


def find(name: str, headings: Sequence[str]) -> int:
    """The column called `name`: its heading, its letter (A, B, AA), or the beginning of one heading only.

    Raises EvidenceError, listing the columns, where there is none or more than one.
    """
    wanted = _plain(name)
    plain = [_plain(heading) for heading in headings]
    if wanted in plain:
        return plain.index(wanted)
    if re.fullmatch("[A-Z]{1,3}", name.strip()) and _number(name.strip()) < len(headings):
        return _number(name.strip())
    starts = [number for number, heading in enumerate(plain) if wanted and heading.startswith(wanted)]
    if len(starts) == 1:
        return starts[0]
    problem = "several columns beginning with" if starts else "no column"
    raise EvidenceError(f"has {problem} {name!r}; its columns are {listed(headings)}")


def is_personal(heading: str) -> bool:
    """Whether a heading announces a name, an address or another way to find the person."""
    return bool(_PERSONAL.search(_CAMEL.sub(" ", heading)))


def is_question(heading: str) -> bool:
    """Whether a heading says what was asked: "text" and "answer" do not."""
    return not _IS_TEXT.fullmatch(heading.strip()) and not re.fullmatch(r"Column [A-Z]+", heading)


def letter(number: int) -> str:
    """What a spreadsheet calls the column: 0 is A, 26 is AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def listed(headings: Sequence[str]) -> str:
    """The columns by letter and heading, for a sentence."""
    shown = [f"{letter(number)} {_short(heading)}" for number, heading in enumerate(headings[:_SHOWN])]
    return ", ".join(shown) + _more(headings)


def _number(letters: str) -> int:
    number = 0
    for character in letters:
        number = number * 26 + ord(character) - ord("A") + 1
    return number - 1


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _short(heading: str) -> str:
    heading = " ".join(heading.split())
    return f"'{heading}'" if len(heading) <= 50 else f"'{heading[:47]}...'"


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""


class _Profile:
    """One column, seen through its heading and its first values that are not blank."""

    def __init__(self, heading: str, cells: list[str]) -> None:
        self.shown = heading
        self.heading = _CAMEL.sub(" ", heading)
        self.cells = cells
        filled = [value for value in cells if value.strip()]
        self.is_sparse = len(filled) <= _SPARSE * len(cells)
        self.values = filled[:_SAMPLE]

    @cached_property
    def different(self) -> int:
        return len({_plain(value) for value in self.values})

    @cached_property
    def words(self) -> float:
        return sum(map(_words, self.values)) / max(1, len(self.values))

    @cached_property
    def is_personal(self) -> bool:
        if _PERSONAL.search(self.heading):
            return self.words < 8
        return self._share(_PERSONAL_VALUE) > 0.5

    @cached_property
    def is_text(self) -> bool:
        count = len(self.values)
        if not count or self.is_personal or self._is_measured or self._is_closed():
            return False
        varied = self.different / count
        if any(pattern.search(self.heading) for pattern in _IDS[:3]) and self.is_identity:
            return False
        if _IS_TEXT.fullmatch(self.heading.strip()):
            return self.words >= 1.5 or varied > 0.5
        if self.words >= 4 and (varied >= 0.5 or self.different >= 50):
            return True
        longest = max(map(_words, self.values))
        return bool(_ASKS.search(self.heading)) and longest >= 6 and self.words >= 1.5 and varied >= 0.3

    @cached_property
    def is_attribute(self) -> bool:
        count, different = len(self.values), self.different
        if self.is_sparse or self.is_personal or self.is_text or max(map(len, self.values)) > 100:
            return False
        repeats = different < count or (count < 3 and not self._is_measured)
        return repeats and (different <= 12 or (different <= 60 and different <= 0.2 * count))

    @cached_property
    def is_identity(self) -> bool:
        present = [_plain(cell) for cell in self.cells if cell.strip()]
        if not present or len(present) < 0.98 * len(self.cells) or len(set(present)) < 0.98 * len(present):
            return False
        return not self.is_personal and max(map(len, present)) <= 60 and self.words <= 6

    @cached_property
    def _is_measured(self) -> bool:
        """Numbers, dates and links: more digits than letters."""
        measured = sum(bool(_LINK.fullmatch(value.strip())) or _digits_lead(value) for value in self.values)
        return measured > 0.5 * len(self.values)

    def _share(self, pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(value.strip())) for value in self.values) / max(1, len(self.values))

    def _is_closed(self) -> bool:
        """Options that were ticked, several in one cell: few different ones, each often."""
        parts = [part.strip() for value in self.values for part in re.split(r"[;|,\n]", value) if part.strip()]
        return (
            len(self.values) >= 8 and len(set(parts)) <= max(12, 0.1 * len(parts)) and len(parts) > 2 * len(set(parts))
        )


def _words(text: str) -> int:
    """How many words; in scripts without spaces, two characters are one."""
    return len(text.split()) + len(_WIDE.findall(text)) // 2


def _digits_lead(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return digits > 0 and digits >= sum(character.isalpha() for character in text)


def _identity(profiles: Sequence[_Profile], taken: Sequence[int | None]) -> int | None:
    for pattern in _IDS:
        for number, profile in enumerate(profiles):
            if number not in taken and pattern.search(profile.heading) and profile.is_identity:
                return number
    return None


def _question(profiles: Sequence[_Profile], text: Sequence[int]) -> int | None:
    """A column called "question" beside one column of answers: each row answers its own."""
    if len(text) != 1:
        return None
    for number, profile in enumerate(profiles):
        asks = profile.words > 1 or any(value.rstrip().endswith("?") for value in profile.values)
        if number not in text and asks and _plain(profile.heading.replace("_", " ")) in _QUESTIONS:
            return number
    return None


def _guesses(columns: Columns, profiles: Sequence[_Profile], options: Options) -> tuple[str, ...]:
    def named(numbers: Sequence[int]) -> str:
        return ", ".join(_short(profiles[number].shown) for number in numbers[:_SHOWN]) + _more(numbers)

    phrases = []
    if not options.text:
        phrases.append(f"text in {named(columns.text)}")
    if options.id is None:
        phrases.append("ids are row numbers" if columns.id is None else f"id from {named([columns.id])}")
    if not options.attributes:
        phrases.append(f"attributes {named(columns.attributes)}" if columns.attributes else "no attributes")
    rest = [
        n for n in range(len(profiles)) if n not in (*columns.text, *columns.attributes, columns.id, columns.question)
    ]
    personal = [n for n in rest if profiles[n].is_personal]
    others = [n for n in rest if n not in personal and profiles[n].values]
    if columns.question is not None:
        phrases.append(f"questions from {named([columns.question])}")
    sentences = ["; ".join(phrases)] if phrases else []
    if personal:
        sentences.append(f"looks personal, not kept: {named(personal)}; --attribute keeps a column")
    if others:
        sentences.append(f"not kept: {named(others)}; --text or --attribute keeps a column")
    return tuple(sentences)

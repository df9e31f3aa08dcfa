"""Consistent replacement of names before anything is stored; the key is kept apart from the study."""

import contextlib
import csv
import io
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from corpus.errors import EvidenceError
from corpus.names import Candidate, candidates
from corpus.passage import Block, Draft, SetAside

__all__ = ["Candidate", "Pseudonyms", "candidates"]

_NAME_HEADINGS = ("name", "names", "real name")
_REPLACEMENT_HEADINGS = ("replacement", "pseudonym", "replace with", "replaced by")
_STUDY = "study.db"
_APOSTROPHES = "'’ʼ"
_HYPHENS = "-‐‑"
# Written in small letters these are words; other names are replaced in small letters too.
_ALSO_WORDS = frozenset(
    """april art august autumn barb basil bay bill bob brook brooke carol chance charity chase chuck clay cliff colt
    crystal daisy dale dawn dean dick don drew duke earl ebony eve faith fern flora frank gay gene ginger glen grace
    grant guy hale harmony harry hazel heath heather holly hope hunter iris ivy jack jade jasmine jean jewel jo josh
    joy june king lance lane lily major mark mason may melody mercy miles misty nick norm olive opal page pansy pat
    patience pearl peg penny pierce pip poppy prince prudence queen ray reed rich rob robin rock rod rose ruby rusty
    sage sandy saul skip sky stone storm sue summer tab teddy terry tiffany tony trinity van verity victor vi violet
    wade wait walker ward warren will willow win young
    baker banks barber bell best bishop black brown bush butler carpenter carter church cook cooper cross day english
    farmer field fisher ford forest fox french gardener glover gold good gray green grey hall hand hardy hart hill
    holmes house hunt judge keen kind knight lake lamb law lee little long love marsh marshall mason mills moon moore
    noble north parish park parker parsons pepper pike pool poor pope potter power price rice rivers sharp shepherd
    short silver singer small smart smith snow south spring steel street strong swan sweet taylor temple turner wall
    waters weaver webb wells west white wild winter wise wolf wood woods wright""".split()
)
# Scripts that put no space between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Pseudonyms:
    """Names and what stands for them.

    A name is found as a whole word, the longest name first, written as listed, in capitals, or in small letters unless
    it is then a common word; "ANNA" becomes "PERSON 3" and "Anna's" "Person 3's". Parts of words are not touched.
    """

    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        """names: each name with its replacement, "" for the next of "Person 1", "Person 2" and so on.

        Raises EvidenceError for a name with two replacements, and for a replacement that itself holds a name.
        """
        self._replacements: dict[str, str] = {}
        self._listed: dict[str, str] = {}
        self._found: set[str] = set()
        for name, replacement in _numbered(names):
            key = _key(name)
            if self._replacements.setdefault(key, replacement) != replacement:
                raise EvidenceError(f"the name {name!r} has two replacements: keep one of them")
            self._listed.setdefault(key, " ".join(name.split()))
        self._pattern = _pattern(list(self._listed.values()))
        for replacement in self._replacements.values():
            if self._pattern.search(replacement):
                raise EvidenceError(f"the replacement {replacement!r} holds a listed name: choose another one")

    @classmethod
    def load(cls, path: Path) -> "Pseudonyms":
        """The names in a csv or xlsx file with the columns "name" and, if you like, "replacement".

        Raises EvidenceError where the file or its columns are not as expected.
        """
        from corpus.read.options import File
        from corpus.read.sheets import tables

        try:
            file = File(path.name, path.read_bytes(), path)
            _, table, left = next(tables(file), ("", None, []))
        except OSError as error:
            raise EvidenceError(f"{path} cannot be opened ({error.strerror}): check its name") from error
        except EvidenceError as error:
            raise EvidenceError(f"{path} {error}") from error
        lost = next((one for one in left if isinstance(one, SetAside)), None)
        if lost:
            raise EvidenceError(f"{path}, {lost.place}: {lost.reason}")
        headings = [heading.casefold() for heading in table.headings] if table else []
        name = next((number for number, heading in enumerate(headings) if heading in _NAME_HEADINGS), None)
        if table is None or name is None:
            raise EvidenceError(f"{path} has no column 'name': put that word above the names, in the first row")
        other = next((number for number, heading in enumerate(headings) if heading in _REPLACEMENT_HEADINGS), None)
        pairs = [(row.cells[name], "" if other is None else row.cells[other].strip()) for row in table.rows]
        try:
            return cls(pairs)
        except EvidenceError as error:
            raise EvidenceError(f"{path}: {error}") from error

    def apply(self, draft: Draft) -> Draft:
        """The draft with every name replaced, but not in its own name: a note says so where that holds one."""
        notes = [self.text(note) for note in draft.notes]
        if self._named_in(draft.name):
            notes.append("the file's name or the row's id holds a listed name, which stays: rename it and add it again")
        attributes = {key: self.text(value) for key, value in draft.attributes.items()}
        blocks = tuple(self._block(block) for block in draft.blocks)
        return replace(draft, blocks=blocks, attributes=attributes, notes=tuple(notes))

    def text(self, text: str) -> str:
        """The text with every name replaced."""
        return self._pattern.sub(self._shown, text)

    def never_found(self) -> list[str]:
        """The listed names that have stood in no text so far: perhaps they are written in another way there."""
        return [name for key, name in self._listed.items() if key not in self._found]

    def write_key(self, path: Path, study: Path | None = None) -> None:
        """Write names and replacements to a csv file that only its owner can read.

        Raises EvidenceError for a place within a study (also `study`, its folder), and for a file that is there and is
        no earlier key of these names.
        """
        place = path.resolve()
        inside = any((folder / _STUDY).exists() for folder in place.parents)
        if inside or (study is not None and study.resolve() in place.parents):
            raise EvidenceError(f"{path} is inside a study: keep the key apart from it, in another folder")
        try:
            if os.path.lexists(path) and not self._covers(path):
                raise EvidenceError(f"{path} is there already and is no earlier key of these names: give another name")
            _write_private(path, self._rows())
        except OSError as error:
            raise EvidenceError(f"{path} cannot be written ({error.strerror}): choose another place") from error

    def _rows(self) -> list[tuple[str, str]]:
        return [(self._listed[key], replacement) for key, replacement in self._replacements.items()]

    def _covers(self, path: Path) -> bool:
        """Whether the file is a key that says nothing else than this one would."""
        try:
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        except (UnicodeDecodeError, csv.Error):
            return False
        return not rows or (rows[0] == ["name", "replacement"] and {*map(tuple, rows[1:])} <= {*self._rows()})

    def _block(self, block: Block) -> Block:
        """The block with its names replaced; its label is as long as what has become of it."""
        text, label, end = [], block.label, 0
        for found in self._pattern.finditer(block.text):
            shown = self._shown(found)
            text += [block.text[end : found.start()], shown]
            end = found.end()
            if found.start() < block.label:
                label += len(shown) - (end - found.start()) + max(0, end - block.label)
        return replace(
            block,
            text="".join([*text, block.text[end:]]),
            label=label,
            speaker=block.speaker and self.text(block.speaker),
            question=block.question and self.text(block.question),
        )

    def _shown(self, found: re.Match[str]) -> str:
        key = _key(found[0])
        self._found.add(key)
        replacement = self._replacements[key]
        if found[0] == self._listed[key]:
            return replacement
        return replacement.upper() if found[0].isupper() else replacement.lower() if found[0].islower() else replacement

    def _named_in(self, name: str) -> bool:
        """Whether a file's name holds a listed name: as words, or run together ("AnnaSmith.docx")."""
        words = re.sub(r"[\W_]+", " ", name).casefold().split()
        spaced, squeezed = f" {' '.join(words)} ", "".join(words)
        for key in self._replacements:
            parts = re.sub(r"[\W_]+", " ", key).split()
            if parts and (f" {' '.join(parts)} " in spaced or (len(parts) > 1 and "".join(parts) in squeezed)):
                return True
        return False


def _numbered(names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each name once or more with a replacement; those without one get the next number that nobody has."""
    pairs = [(name.strip(), replacement.strip()) for name, replacement in names if name.strip()]
    taken = {replacement.casefold() for _, replacement in pairs}
    given: dict[str, str] = {_key(name): replacement for name, replacement in reversed(pairs) if replacement}
    number = 0
    for name, _ in pairs:
        while _key(name) not in given:
            number += 1
            if f"person {number}" not in taken:
                given[_key(name)] = f"Person {number}"
    return [(name, replacement or given[_key(name)]) for name, replacement in pairs]


def _key(name: str) -> str:
    """One key for every way in which a name is written."""
    name = unicodedata.normalize("NFC", name)
    name = re.sub(f"[{_APOSTROPHES}]", "'", re.sub(f"[{_HYPHENS}]", "-", name))
    return unicodedata.normalize("NFC", " ".join(name.casefold().split()))


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    """Every name in every way it may be written, the longest first; with no names, nothing.

    Spellings are grouped by their first letter, so that most words of a text are passed over at once.
    """
    spellings = sorted({one for name in names for one in _spellings(name)}, key=lambda one: (-len(one), one))
    spaced: dict[str, list[str]] = {}
    unspaced = []
    for spelling in spellings:
        if _UNSPACED.match(spelling) or _UNSPACED.match(spelling[-1]):
            unspaced.append(_written(spelling))
        else:
            spaced.setdefault(re.escape(spelling[0]), []).append(_written(spelling[1:]))
    grouped = "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in spaced.items())
    whole_words = [rf"(?<![^\W_])(?<!\b[Oo]['’])(?:{grouped})(?![^\W_]|[{_marks()}])"] if grouped else []
    return re.compile("|".join(unspaced + whole_words) or "(?!)")


def _spellings(name: str) -> set[str]:
    lower = name.lower()
    spellings = {name, name.upper(), name[:1].upper() + name[1:], " ".join(map(str.capitalize, lower.split()))}
    if lower not in _ALSO_WORDS:
        spellings.add(lower)
    composed = {unicodedata.normalize("NFC", spelling) for spelling in spellings}
    return composed | {unicodedata.normalize("NFD", spelling) for spelling in spellings}


def _written(spelling: str) -> str:
    """The regular expression of a spelling or the rest of one, with any apostrophe, hyphen and spaces."""
    escaped = re.escape(spelling).replace(r"\ ", r"\s+")
    escaped = re.sub(rf"\\?[{_APOSTROPHES}]", f"[{_APOSTROPHES}]", escaped)
    return re.sub(r"\\?[-‐‑]", f"[{_HYPHENS}]", escaped)


@cache
def _marks() -> str:
    """Accents and vowel signs that are characters of their own: they go on with the word."""
    marks = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M")]
    return "".join(map(chr, marks))


def _write_private(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Write beside the place and move there at once: no reader sees half a key, and no link is followed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with open(handle, "w", encoding="utf-8-sig" if sys.platform == "win32" else "utf-8", newline="") as stream:
            csv.writer(stream).writerows([("name", "replacement"), *rows])
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)

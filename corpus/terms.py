"""The words of a text as a search sees them: without accents and capitals, each with its place.

Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese ...) give a term for each
character, so that a word of theirs is found as a phrase, wherever it stands.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

UNSPACED = frozenset(  # as the names of their characters begin
    "CJK IDEOGRAPHIC HIRAGANA KATAKANA KATAKANA-HIRAGANA BOPOMOFO YI TANGUT NUSHU THAI LAO KHMER MYANMAR "
    "TAI NEW BALINESE JAVANESE".split()
)
LAST_ACCENT = 0x06FF  # marks up to here are accents (Latin to Arabic); further up they are vowels, and tell words apart


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that follow one another; prefix: the last of them may go on."""

    terms: tuple[str, ...]
    prefix: bool = False


def folded(text: str) -> str:
    """The terms of a text, with spaces around them."""
    return text.translate(_FOLD)


def terms(text: str) -> list[tuple[str, int, int]]:
    """(term, start, end) of every term, in order: the words of `folded` with their places in `text`."""
    found: list[tuple[str, int, int]] = []
    word, start, end = "", 0, 0
    for place, char in enumerate(text):
        made = _FOLD[ord(char)]
        end = place + 1 if word and not made else end  # an accent that stands by itself belongs to the letter before
        for letter in made:
            if letter == " ":
                found += [(word, start, end)] * bool(word)
                word = ""
            else:
                word, start, end = word + letter, start if word else place, place + 1
    return [*found, (word, start, end)] if word else found


def spans(text: str, phrases: Sequence[Phrase]) -> tuple[tuple[int, int], ...]:
    """(start, end) of every place where one of these phrases stands, in order; those that overlap are one."""
    words = terms(text)
    places = sorted(
        (words[first][1], words[first + len(phrase.terms) - 1][2])
        for phrase in phrases
        for first in range(len(words) - len(phrase.terms) + 1)
        if _stands(phrase, [word for word, _, _ in words[first : first + len(phrase.terms)]])
    )
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _stands(phrase: Phrase, words: list[str]) -> bool:
    *before, last = phrase.terms
    return words[:-1] == before and (words[-1] == last or (phrase.prefix and words[-1].startswith(last)))


class _Fold(dict[int, str]):
    """What each character becomes: letters, "" for an accent, spaces for what stands between words."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        compatible = unicodedata.normalize("NFKD", char)
        made = "".join(map(_letter, unicodedata.normalize("NFKD", compatible.casefold())))
        alone = unicodedata.category(char) in ("So", "No")  # a picture, or the 2 of a footnote, is no part of the word
        self[code] = f" {made} " if alone else made
        return self[code]


def _letter(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return " " if char == "\u200b" else ""  # a space of no width; soft hyphens, joiners
    if (category == "Mn" and ord(char) <= LAST_ACCENT) or "\ufe00" <= char <= "\ufe0f":
        return ""  # an accent; how a picture is to look
    if category == "So" or (category[0] in "LM" and unicodedata.name(char, "").split(" ")[0] in UNSPACED):
        return f" {char} "
    return char if category[0] in "LMN" else " "


_FOLD = _Fold()

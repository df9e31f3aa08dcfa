"""Candidates for pseudonyms: what in the texts may lead to a person."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.passage import Document, Draft

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+\d{1,3}[ -]?(?:\(0\)[ -]?)?|\(?0)\d[\d ()-]{6,14}\d(?![\w/]|[.,]\d)")
_POSTCODE = re.compile(r"\b(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})\b")
_SHAPES = (("e-mail", _EMAIL), ("phone", _PHONE), ("postcode", _POSTCODE))
_WORD = re.compile(r"[^\W\d_]+(?:['’‐‑-][^\W\d_]+)*")
_LABELS = {"PERSON": "person", "ORG": "organisation", "GPE": "place", "LOC": "place", "FAC": "place"}
_TITLES = frozenset("mr mrs ms miss mx dr prof sir dame lord lady rev fr sr".split())
_PARTICLES = frozenset("de da di du del della van von der den la le ten ter al el bin ibn ap ab ferch mac".split())
_CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter english welsh scottish irish british european covid""".split()
)
_COMMON = frozenset(
    """a about actually after all also although always an and another any are as at basically because been before but by
    can could did do does each even every everyone for from get given go had has have having he her here hers hi his how
    however i if in interviewer is it its just last let like look many maybe me more most much my never new next no none
    nor not nothing now of oh ok okay on once one only or other our ours people perhaps please right same she should
    since so some somebody someone sometimes speaker still such thank thanks that the their them then there these they
    this those though three to today two under until up us very was we well were what whatever when where whether which
    while who whose why will with without would yeah yes yesterday yet you your""".split()
)
_KINDS = ("speaker", "person", "name", "organisation", "place", "e-mail", "phone", "postcode")
_SENTENCE_END = ".?!:…\n•|"
_BETWEEN = (" ", "\u00a0", ". ")
_ACRONYM = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may lead to a person.

    kind: "speaker", "name" (words with capitals), "e-mail", "phone", "postcode", or what spaCy sees: "person",
    "organisation", "place".
    count: how often it occurs. where: names of the documents it occurs in, in order.
    """

    kind: str
    text: str
    count: int
    where: tuple[str, ...]


def candidates(items: Iterable[Document | Draft], model: str | None = None) -> list[Candidate]:
    """What to look at before the texts are shared: by kind, the most frequent first.

    model: a spaCy model; None = the small English one. Where it is not installed, no entities are looked for.
    """
    documents = [(item.name, _speakers(item), _text(item)) for item in items]
    words = _Words(text for _, _, text in documents)
    counts: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], dict[str, None]] = {}
    for name, speakers, text in documents:
        for key in [*(("speaker", speaker) for speaker in speakers), *_shapes(text), *words.names(text)]:
            counts[key] += 1
            where.setdefault(key, {})[name] = None
    for (kind, found), count in _entities([text for _, _, text in documents], model).items():
        counts[kind, found] = count
        where[kind, found] = {name: None for name, _, text in documents if found in text}
    taken = {text for kind, text in counts if kind != "name"}
    kept = [key for key in counts if key[0] != "name" or key[1] not in taken]
    kept.sort(key=lambda key: (_KINDS.index(key[0]), -counts[key], key[1]))
    return [Candidate(kind, text, counts[kind, text], tuple(where[kind, text])) for kind, text in kept]


def _text(item: Document | Draft) -> str:
    return item.text if isinstance(item, Document) else "\n".join(block.text for block in item.blocks)


def _speakers(item: Document | Draft) -> list[str]:
    """Who speaks, once for each time."""
    if isinstance(item, Document):
        return [turn.speaker for turn in item.turns if turn.speaker]
    named = (block.speaker or block.text[: block.label].strip(" :*[]") for block in item.blocks)
    return [name for name in named if name]


def _shapes(text: str) -> Iterator[tuple[str, str]]:
    for kind, shape in _SHAPES:
        for found in shape.finditer(text):
            digits = sum(character.isdigit() for character in found[0])
            if kind != "phone" or 9 <= digits <= 15:
                yield kind, found[0].strip()


def _entities(texts: Sequence[str], model: str | None) -> Counter[tuple[str, str]]:
    from corpus.split import entities

    found = entities(texts) if model is None else entities(texts, model)
    return Counter((_LABELS[label], " ".join(text.split())) for text, label in found or [] if label in _LABELS)


class _Words:
    """Which words of the corpus are written small, and which have a capital within a sentence."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._small: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()
        for text in texts:
            for word, _, initial in _words(_EMAIL.sub(" ", text)):
                if word.islower():
                    self._small[word] += 1
                elif not initial:
                    self._capital[word.casefold()] += 1

    def names(self, text: str) -> Iterator[tuple[str, str]]:
        """Words with capitals that stand together, without those that only begin a sentence."""
        run: list[str] = []
        end, first = -1, False
        for word, start, initial in _words(text):
            follows = bool(run) and not initial and text[end:start] in _BETWEEN
            if follows and (word[0].isupper() or word in _PARTICLES):
                run.append(word)
            else:
                yield from self._name(run, first)
                run, first = ([word], initial) if word[0].isupper() else ([], False)
            end = start + len(word)
        yield from self._name(run, first)

    def _name(self, run: list[str], initial: bool) -> Iterator[tuple[str, str]]:
        words = list(run)
        while words and (_is_common(words[0]) or (initial and len(words) == len(run) and self._is_small(words[0]))):
            words.pop(0)
        while words and (_is_common(words[-1]) or words[-1] in _PARTICLES):
            words.pop()
        if len(words) > 1:
            yield "name", " ".join(words)
        elif words and not (words[0].isupper() and len(words[0]) <= _ACRONYM):
            seen = self._capital[words[0].casefold()]
            if seen and seen >= self._small[words[0].casefold()]:
                yield "name", words[0]

    def _is_small(self, word: str) -> bool:
        return self._small[word.casefold()] > self._capital[word.casefold()]


def _words(text: str) -> Iterator[tuple[str, int, bool]]:
    """Each word, where it starts, and whether a sentence starts with it."""
    end, after = 0, ""
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        word = found[0].removesuffix("'s").removesuffix("’s")
        abbreviated = after.casefold() in _TITLES or len(after) == 1
        yield (
            word,
            found.start(),
            not end or any(c in _SENTENCE_END and not (c == "." and abbreviated) for c in between),
        )
        end, after = found.end(), word


def _is_common(word: str) -> bool:
    plain = word.casefold().partition("'")[0].partition("’")[0]
    return plain in _COMMON or plain in _CALENDAR or plain in _TITLES

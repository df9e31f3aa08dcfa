"""Turns and paragraphs cut into passages, at sentence ends, without moving a character. The only door to spaCy."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import INTERVIEWER, Document, Passage, Turn

UNITS = ("turn", "paragraph", "sentence", "answer")
Span = tuple[int, int]

_LINE = re.compile(
    r"[^\n。！？]*[。！？]+[」』”）]*|[^\n。！？]+"
)  # a full-width stop ends a sentence as a line end does
_INNER_END = re.compile(r"[.!?…。！？؟۔।]\S*\s")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_CLAUSE = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Splitting:
    """How documents become passages.

    unit: "turn" (a turn, paragraph or survey answer, cut at sentence ends when longer than `limit` words),
        "paragraph" (each line of a turn, cut likewise), "sentence", or "answer" (a turn kept whole, however long).
    limit: words; language: an ISO code that spaCy knows ("en", "de", "cy"), any other falls back to general rules.
    code_interviewer: whether the interviewer's turns are coded too.
    """

    unit: str = "turn"
    limit: int = 120
    language: str = "en"
    code_interviewer: bool = False

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise EvidenceError(f"'{self.unit}' is not a unit: choose one of {', '.join(UNITS)}")


def passages(document: Document, splitting: Splitting) -> tuple[Passage, ...]:
    """The passages of a document, in order, each `document.text[start:end]`.

    Turns that are context give none: the interviewer's, and in a conversation what nobody says (titles, "(10.00 am)").
    """
    conversation = any(turn.speaker for turn in document.turns)
    said = [turn for turn in document.turns if turn.speaker or not conversation]
    coded = [turn for turn in said if splitting.code_interviewer or turn.role != INTERVIEWER]
    found = _sentences([document.text[turn.start : turn.end] for turn in coded], splitting.language)
    made: list[Passage] = []
    for turn, sentences in zip(coded, found, strict=True):
        text = document.text[turn.start : turn.end]
        for group in _groups(text, sentences, splitting):
            made.append(_passage(document, turn, group))
    return tuple(made)


def entities(texts: Iterable[str], model: str = "en_core_web_sm") -> list[tuple[str, str]] | None:
    """(name, label) of every person, organisation and place that an installed spaCy model sees; None without it."""
    import spacy.util

    if not spacy.util.is_package(model):
        return None
    pipeline = spacy.load(model, disable=["lemmatizer"])
    wanted = {"PERSON", "ORG", "GPE", "LOC", "FAC"}
    return [(span.text, span.label_) for doc in pipeline.pipe(texts) for span in doc.ents if span.label_ in wanted]


def words(text: str) -> int:
    """How many words, for the limit only: in scripts without spaces two characters count as one."""
    return len(text.split()) + len(_WIDE.findall(text)) // 2


def _passage(document: Document, turn: Turn, sentences: list[Span]) -> Passage:
    start, end = turn.start + sentences[0][0], turn.start + sentences[-1][1]
    return Passage(
        document=document.name,
        start=start,
        end=end,
        text=document.text[start:end],
        turn=turn.number,
        speaker=turn.speaker,
        role=turn.role,
        sentences=tuple((turn.start + a - start, turn.start + b - start) for a, b in sentences),
    )


def _groups(text: str, sentences: list[Span], splitting: Splitting) -> Iterator[list[Span]]:
    """Runs of sentences that make one passage each."""
    if splitting.unit == "sentence":
        yield from ([span] for span in sentences)
    elif splitting.unit == "answer":
        yield sentences
    elif splitting.unit == "turn":
        yield from _even(text, sentences, splitting.limit)
    else:
        paragraph: list[Span] = []
        for span in sentences:
            if paragraph and "\n" in text[paragraph[-1][1] : span[0]]:
                yield from _even(text, paragraph, splitting.limit)
                paragraph = []
            paragraph.append(span)
        yield from _even(text, paragraph, splitting.limit)


def _even(text: str, sentences: list[Span], limit: int) -> Iterator[list[Span]]:
    """Runs of whole sentences of about equal length, none much over `limit` words."""
    sizes = [words(text[start:end]) for start, end in sentences]
    pieces = math.ceil(sum(sizes) / limit) or 1
    target = sum(sizes) / pieces
    runs: list[list[Span]] = [[] for _ in range(pieces)]
    before = 0
    for span, size in zip(sentences, sizes, strict=True):
        middle = (before + size / 2) / target if target else 0
        runs[min(int(middle), pieces - 1)].append(span)
        before += size
    yield from filter(None, runs)


def _sentences(texts: list[str], language: str) -> list[list[Span]]:
    """Sentences of each text, trimmed of white space, in order; a line end always ends a sentence."""
    lines = [(i, match.start(), match.group()) for i, text in enumerate(texts) for match in _LINE.finditer(text)]
    hard = [line for _, _, line in lines if _INNER_END.search(line)]
    ends = iter(_sentence_ends(hard, language))
    spans: list[list[Span]] = [[] for _ in texts]
    for i, offset, line in lines:
        cuts = next(ends) if _INNER_END.search(line) else [len(line)]
        for start, end in pairwise([0, *cuts]):
            for a, b in _bearable(line, start, end):
                if stripped := line[a:b].strip():
                    first = offset + a + line[a:b].index(stripped)
                    spans[i].append((first, first + len(stripped)))
    return spans


def _bearable(line: str, start: int, end: int, limit: int = 240) -> Iterator[Span]:
    """The sentence itself, or pieces of it where speech without punctuation runs on for more than `limit` words."""
    pieces = math.ceil(words(line[start:end]) / limit)
    if pieces < 2:
        yield start, end
        return
    tokens = [match.end() for match in _CLAUSE.finditer(line, start, end)]
    if len(tokens) < pieces:  # no spaces to cut at
        tokens = list(range(start + 1, end + 1))
    cuts = [start, *(tokens[len(tokens) * i // pieces - 1] for i in range(1, pieces)), end]
    yield from pairwise(cuts)


def _sentence_ends(lines: list[str], language: str) -> Iterator[list[int]]:
    if not lines:
        return
    pipeline = _pipeline(language)
    with pipeline.memory_zone():  # the words of one document do not stay in memory with the next
        for doc in pipeline.pipe(lines):
            yield [*(sentence.end_char for sentence in list(doc.sents)[:-1]), len(doc.text)]


@lru_cache(maxsize=4)
def _pipeline(language: str) -> Any:
    import spacy

    try:
        pipeline = spacy.blank(language)
    except ImportError:
        pipeline = spacy.blank("xx")
    pipeline.max_length = 1 << 40
    pipeline.add_pipe("sentencizer")
    return pipeline

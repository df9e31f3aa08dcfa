"""Finding words in the live passages: which have them, in what order, and where in each the words stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coding.study import Study
from corpus.database import Connection, and_, select
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES, TURNS
from corpus.terms import Phrase, spans, terms

CHUNK = 64  # passages, and so documents, in memory at a time
LONGEST = 1000  # terms of a question, enough to find a passage that was pasted whole

_QUOTES = '"“”„«»'
_PART = re.compile(rf"(-?)(?:[{_QUOTES}]([^{_QUOTES}]*)(?:[{_QUOTES}]|$)|([^\s{_QUOTES}]+))(\*?)")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that has the words: key and id, with the (start, end) of each place in `text` where one stands."""

    key: int
    passage: str
    document: str
    speaker: str | None
    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The first hits of `total`; ranked: whether they come the likeliest first, else in the order of the documents."""

    hits: tuple[Hit, ...]
    total: int
    ranked: bool


def search(study: Study, words: str, most: int = 20, ranked: bool = False) -> Found:
    """Live passages that have all of the words, capitals and accents apart.

    words: `late pay*` (any word that begins so), `"exact words"`, `-never`. most: how many hits, 0 for all. ranked: the
    likeliest first (bm25); where very many passages match, which says little, they stay in the order of the documents.
    EvidenceError where no word is wanted, or more than LONGEST.
    """
    wanted, unwanted = parse(words)
    with study.store.database.reading() as connection:
        for _ in range(2):
            total, places, ranks = study.index.find(connection, wanted, unwanted, most or -1, ranked)
            hits = _hits(connection, places, wanted)
            if len(hits) == len(places) and all(hit.spans for hit in hits):
                break
            study.index.clear()  # it says what is not so: it was changed, or is another study's
    return Found(hits, total, ranks)


def parse(words: str) -> tuple[list[Phrase], list[Phrase]]:
    """What must stand in a passage, and what must not; a word of several terms ("don't", "北京") is a phrase.

    EvidenceError where no word is wanted, or more than LONGEST.
    """
    wanted: dict[Phrase, None] = {}
    unwanted: dict[Phrase, None] = {}
    for minus, quoted, word, star in _PART.findall(words):
        text = quoted or word
        if found := tuple(term for term, _, _ in terms(text)):
            prefix = bool(star) or text.rstrip().endswith("*")
            (unwanted if minus else wanted)[Phrase(found, prefix)] = None
    if not wanted:
        raise EvidenceError(f"there is no word to look for in '{_short(words)}': give one that the passage must have")
    if sum(len(phrase.terms) for phrase in (*wanted, *unwanted)) > LONGEST:
        raise EvidenceError(f"'{_short(words)}' has more than {LONGEST:,} words: look for fewer")
    return list(wanted), list(unwanted)


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= 40 else f"{plain[:37]}..."


def _hits(connection: Connection, places: Sequence[tuple[int, int]], wanted: Sequence[Phrase]) -> tuple[Hit, ...]:
    """The passages at these places (document, start), in the same order; a place where there is none is left out."""
    passages = PASSAGES.join(DOCUMENTS).join(TURNS, _TURN)
    columns = (PASSAGES.c.id, PASSAGES.c.document, PASSAGES.c.start, PASSAGES.c.end, TURNS.c.speaker)
    hits = []
    for first in range(0, len(places), CHUNK):
        chunk = places[first : first + CHUNK]
        documents = {document for document, _ in chunk}
        texts = select(DOCUMENTS.c.id, DOCUMENTS.c.name, DOCUMENTS.c.text).where(DOCUMENTS.c.id.in_(documents))
        said = {row.id: (row.name, row.text) for row in connection.execute(texts)}
        here = PASSAGES.c.document.in_(documents), PASSAGES.c.start.in_([start for _, start in chunk])
        rows = connection.execute(select(*columns).select_from(passages).where(LIVE, *here))
        found = {(row.document, row.start): row for row in rows}
        hits += [_hit(*said[place[0]], found[place], wanted) for place in chunk if place in found]
    return tuple(hits)


def _hit(name: str, text: str, row: Any, wanted: Sequence[Phrase]) -> Hit:
    words = text[row.start : row.end]
    return Hit(row.id, f"{name}:{row.start}-{row.end}", name, row.speaker, words, spans(words, wanted))


_TURN = and_(TURNS.c.document == PASSAGES.c.document, TURNS.c.number == PASSAGES.c.turn)

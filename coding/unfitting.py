"""Passages that fit no code: no code is suggested for them, or people said no to what was, and nobody said yes to any.

What somebody is still to read blind is left out, as if it were not there.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from coding import draws, suggestions
from coding.repeated import live_texts
from coding.run import known
from coding.study import Study
from coding.suggestions import SUGGESTIONS, Run
from corpus.database import Connection, select
from corpus.terms import folded

FEWEST_WORDS = 3  # a passage of fewer is an "Okay." or a heading


@dataclass(frozen=True)
class Unfitting:
    """What fits no code among the `passages` that were looked at.

    fitting_none: how many that are, `brief` of them of too few words to say what they are about. texts: what the others
    say, each different one once, in the order of places: the keys of its passages, in that order, too. document: key of
    each passage's document.
    """

    passages: int
    fitting_none: int
    brief: int
    texts: tuple[tuple[int, ...], ...]
    document: dict[int, int]


def unfitting(study: Study, connection: Connection, run: Run) -> Unfitting:
    """What fits no code by the suggestions of a run and by what people have said until now."""
    scored = select(SUGGESTIONS.c.passage).where(SUGGESTIONS.c.run == run.id).distinct()
    there = set(connection.execute(scored).scalars()) - draws.awaited(connection)
    looked = [key for key, _, _ in study.store.places_in_order(connection) if key in there]
    fitting = _fitting(study, connection, run)
    rank = {key: place for place, key in enumerate(key for key in looked if key not in fitting)}
    same: dict[bytes, list[int]] = {}
    document = {}
    for within, key, text in live_texts(connection):
        if key in rank and (name := _digest(text)):
            document[key] = within
            same.setdefault(name, []).append(key)
    ordered = [tuple(sorted(keys, key=rank.__getitem__)) for keys in same.values()]
    texts = tuple(sorted(ordered, key=lambda keys: rank[keys[0]]))
    return Unfitting(len(looked), len(rank), len(rank) - len(document), texts, document)


def words(connection: Connection, keys: Container[int]) -> Iterator[tuple[int, str]]:
    """(key, words) of these passages, in the order of their documents' keys."""
    return ((key, text) for _, key, text in live_texts(connection) if key in keys)


def _fitting(study: Study, connection: Connection, run: Run) -> set[int]:
    """Passages that somebody said yes for, or that a code is suggested for and nobody said no."""
    said = known(connection, study.codebook)
    fitting = {key for key, values in said.items() if any(values.values())}
    for one in suggestions.suggested(connection, run.id):
        if one.code in study.codebook.by_id and said.get(one.passage, {}).get(one.code) != 0:
            fitting.add(one.passage)
    return fitting


def _digest(text: str) -> bytes:
    """What two texts share that differ in capitals, accents and punctuation at most; b"" for one of too few words."""
    terms = folded(text).split()
    if len(terms) < FEWEST_WORDS:
        return b""
    return blake2b(" ".join(terms).encode(errors="surrogatepass"), digest_size=16).digest()

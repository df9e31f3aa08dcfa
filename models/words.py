"""TF-IDF over words and pairs of words: what an encoder blurs, a name or a term of art, is sharp here."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from models.evidence import Floats

TOKEN = re.compile(r"\w\w+")
LEAST, MOST = 2, 20_000  # a term is kept if so many texts have it, and at most so many terms are


@dataclass(frozen=True)
class Words:
    """The terms of a corpus. terms: v words and pairs of words. idf: (v,) ln((1 + texts) / (1 + texts with it)) + 1."""

    terms: tuple[str, ...]
    idf: Floats

    def vectors(self, texts: Sequence[str]) -> Any:
        """(n, v) sparse float32, rows of length 1: (1 + ln count) * idf. A text without known terms is a zero row."""
        from scipy.sparse import csr_array

        values, columns, ends = [], [], [0]
        for text in texts:
            counts = Counter(self._place[term] for term in _terms(text) if term in self._place)
            places = np.fromiter(counts, np.int32, len(counts))
            found = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.idf[places]
            values.append(found / (np.linalg.norm(found) or 1))
            columns.append(places)
            ends.append(ends[-1] + len(places))
        data = np.concatenate([*values, []]).astype(np.float32)
        return csr_array((data, np.concatenate([*columns, []]).astype(np.int32), ends), (len(texts), len(self.terms)))

    @cached_property
    def _place(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}


def fit_words(texts: Sequence[str], trained: Sequence[str]) -> Words:
    """The terms of `trained` that several of `texts` have, the commonest first where there are too many."""
    useful = {term for text in trained for term in _terms(text)}
    found = Counter(term for text in texts for term in useful.intersection(_terms(text)))
    kept = sorted((-count, term) for term, count in found.items() if count >= LEAST)[:MOST]
    count = np.array([-less for less, _ in kept], np.float64)
    return Words(tuple(term for _, term in kept), np.log((1 + len(texts)) / (1 + count)) + 1)


def _terms(text: str) -> Iterable[str]:
    words = TOKEN.findall(text.lower())
    yield from words
    for pair in pairwise(words):
        yield " ".join(pair)

"""TF-IDF over pieces of words: what an encoder blurs, a name or a term of art, is sharp here, however it is spelt.

A piece is two to five characters within a word, its edges marked by a space. A text's pieces are those of its words, so
each different word is cut up once and the rest is a product of sparse matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.evidence import Floats, Integers

PIECES = {"analyzer": "char_wb", "ngram_range": (2, 5)}
LEAST, MOST = 2, 30_000  # a piece is kept if so many texts have it, and at most so many pieces are


@dataclass(frozen=True)
class Words:
    """The pieces that are known, as data, so that no pickle is needed to keep them. terms: v of them. idf: (v,)."""

    terms: tuple[str, ...]
    idf: Floats

    def vectors(self, texts: Sequence[str]) -> Any:
        """(n, v) sparse, rows of length 1; a text without known pieces is a zero row."""
        words, said = _said(texts)
        return self._weighed(said @ self._pieces(words))

    def of_words(self, text: str) -> tuple[tuple[str, ...], Any]:
        """The w different words of a text, and (w, v) what each adds to its row of `vectors`: the rows' sum is that."""
        words, said = _said([text])
        pieces = self._pieces(words).multiply(said.toarray()[0][:, None]).tocsr()
        count = np.asarray(pieces.sum(axis=0))
        whole = self._weighed(said @ self._pieces(words)).toarray()[0]
        return tuple(words), pieces.multiply((whole / np.where(count > 0, count, 1))[None]).tocsr()

    def _pieces(self, words: Sequence[str]) -> Any:
        """(w, v) how often each word has each piece."""
        from scipy.sparse import csr_array

        if not (self.terms and words):
            return csr_array((len(words), len(self.terms)))
        if new := [word for word in words if word not in self._cut]:
            made = self._cutter.transform(new)
            for word, start, end in zip(new, made.indptr, made.indptr[1:], strict=False):
                self._cut[word] = made.indices[start:end], made.data[start:end]
        rows = [self._cut[word] for word in words]
        columns, counts = (np.concatenate([row[side] for row in rows]) for side in (0, 1))
        ends = np.cumsum([0, *(len(row[0]) for row in rows)])
        return csr_array((counts.astype(float), columns, ends), shape=(len(words), len(self.terms)))

    def _weighed(self, counts: Any) -> Any:
        """Counts as TF-IDF of length 1: 1 + log of the count, times idf."""
        counts.data = 1 + np.log(counts.data)
        counts.data *= self.idf[counts.indices]
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        counts.data /= np.sqrt(np.bincount(row, counts.data**2, minlength=counts.shape[0]))[row]
        return counts

    @cached_property
    def _cut(self) -> dict[str, tuple[Integers, Integers]]:
        """Words seen so far: the numbers of their pieces, and how often they have each."""
        return {}

    @cached_property
    def _cutter(self) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(vocabulary=self.terms, lowercase=False, **PIECES)


def fit_words(texts: Sequence[str]) -> Words:
    """The pieces that several of the texts have, the most frequent where there are too many; none where none are."""
    from sklearn.feature_extraction.text import CountVectorizer

    words, said = _said(texts)
    cutter = CountVectorizer(lowercase=False, **PIECES)
    try:
        pieces = cutter.fit_transform(words)
    except ValueError:  # scikit-learn's way of saying that there is none
        return Words((), np.empty(0))
    counts = said @ pieces
    texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
    total = np.asarray(counts.sum(axis=0)).ravel()
    kept = np.flatnonzero(texts_with >= LEAST)
    kept = np.sort(kept[np.argsort(-total[kept], kind="stable")[:MOST]])
    idf = np.log((1 + len(texts)) / (1 + texts_with[kept])) + 1
    return Words(tuple(cutter.get_feature_names_out()[kept].tolist()), idf)


def _said(texts: Sequence[str]) -> tuple[list[str], Any]:
    """The different words of texts, lower-cased, and (n, w) a 1 for each time that a text has it."""
    from scipy.sparse import csr_array

    known: dict[str, int] = {}
    rows = [[known.setdefault(word, len(known)) for word in text.lower().split()] for text in texts]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.fromiter((at for row in rows for at in row), np.int64, ends[-1])
    return list(known), csr_array((np.ones(len(columns)), columns, ends), shape=(len(texts), len(known)))

"""TF-IDF over words and pairs of words: what an encoder blurs, a name or a term of art, is sharp here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.evidence import Floats

SETTINGS = {"ngram_range": (1, 2), "sublinear_tf": True}
LEAST, MOST = 2, 20_000  # a term is kept if so many texts have it, and at most so many terms are


@dataclass(frozen=True)
class Words:
    """A fitted vectorizer as data, so that no pickle is needed to keep it. terms: v of them. idf: (v,)."""

    terms: tuple[str, ...]
    idf: Floats

    def vectors(self, texts: Sequence[str]) -> Any:
        """(n, v) sparse, rows of length 1; a text without known terms is a zero row. Dense where it is empty."""
        if not (self.terms and texts):
            return np.zeros((len(texts), len(self.terms)))
        return self._vectorizer.transform(texts)

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(vocabulary=self.terms, **SETTINGS)
        vectorizer.idf_ = self.idf
        return vectorizer


def fit_words(texts: Sequence[str]) -> Words:
    """The terms that several of the texts have; none where there are no such terms."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(min_df=LEAST, max_features=MOST, **SETTINGS)
    try:
        vectorizer.fit(texts)
    except ValueError:  # scikit-learn's way of saying that no term is left
        return Words((), np.empty(0))
    return Words(tuple(vectorizer.get_feature_names_out().tolist()), vectorizer.idf_)

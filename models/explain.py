"""Why a passage is suggested: which sentence carried it, and which reviewed text is nearest to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evidence import Evidence, Flags, Floats, Integers, Reason, Theme
from models.features import centred


@dataclass(frozen=True)
class Library:
    """All that a suggestion can rest on.

    reasons: r of them. vectors: (r, d), centred. code: (r,) column of the code that each speaks for.
    """

    reasons: tuple[Reason, ...]
    vectors: Floats
    code: Integers

    def nearest(self, evidence: Evidence, sentence: Integers, centre: Floats) -> Integers:
        """(n, c) the reason nearest to each passage or to its sentence of that code; -1 where a code has none."""
        columns = sentence.shape[1]
        because = np.full((len(evidence.keys), columns), -1, np.int64)
        whole = centred(evidence.passages, centre)
        parts = centred(evidence.sentences, centre)
        start = np.searchsorted(evidence.owner, np.arange(len(evidence.keys)))
        own = np.array([-1 if reason.key is None else reason.key for reason in self.reasons])
        for column in range(columns):
            rows = np.flatnonzero(self.code == column)
            if not len(rows):
                continue
            alike = whole @ self.vectors[rows].T
            has = np.flatnonzero(sentence[:, column] >= 0)
            part = parts[start[has] + sentence[has, column]] @ self.vectors[rows].T
            alike[has] = np.maximum(alike[has], part)
            alike[evidence.keys[:, None] == own[rows]] = -np.inf
            best = alike.argmax(axis=1)
            known = np.isfinite(alike[np.arange(len(best)), best])
            because[known, column] = rows[best[known]]
        return because


def gather(
    themes: Sequence[Theme], vectors: Mapping[str, Floats], labelled: Evidence, yes: Flags, centre: Floats
) -> Library:
    """The codebook's texts and the passages that people decided were a yes; yes: (n, c)."""
    reasons: list[Reason] = []
    found: list[Floats] = []
    code: list[int] = []
    for column, theme in enumerate(themes):
        for kind, texts in (("definition", theme.definition), ("example", theme.examples)):
            reasons += [Reason(kind, theme.id, text=text) for text in texts]
            found += [vectors[text] for text in texts]
            code += [column] * len(texts)
        rows = np.flatnonzero(yes[:, column])
        reasons += [Reason("decided", theme.id, key=int(key)) for key in labelled.keys[rows]]
        found += list(labelled.passages[rows])
        code += [column] * len(rows)
    return Library(tuple(reasons), centred(np.stack(found), centre), np.array(code, np.int64))

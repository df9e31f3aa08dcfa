"""Why a passage is suggested: which sentence carried it, and which reviewed text is nearest to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.evidence import Evidence, Flags, Floats, Integers, Reason, Theme
from models.features import centred

MOST = 200  # decided passages that speak for a code; of more, some from all over


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
        because = np.full(sentence.shape, -1, np.int64)
        first, place = self._different
        vectors = self.vectors[first].T
        whole = centred(evidence.passages, centre) @ vectors
        parts = centred(evidence.sentences, centre) @ vectors
        start = np.searchsorted(evidence.owner, np.arange(len(evidence.keys)))
        own = np.array([-1 if reason.key is None else reason.key for reason in self.reasons])
        itself = np.flatnonzero(np.isin(evidence.keys, own))
        for column in np.unique(self.code):
            rows = np.flatnonzero(self.code == column)
            alike = np.take(whole, place[rows], axis=1)
            has = np.flatnonzero(sentence[:, column] >= 0)
            of_sentence = np.take(parts, start[has] + sentence[has, column], axis=0)[:, place[rows]]
            alike[has] = np.maximum(alike[has], of_sentence)
            alike[itself] = np.where(evidence.keys[itself, None] == own[rows], -np.inf, alike[itself])
            best = alike.argmax(axis=1)
            known = np.isfinite(alike[np.arange(len(best)), best])
            because[known, column] = rows[best[known]]
        return because

    @cached_property
    def _different(self) -> tuple[Integers, Integers]:
        """Rows of the different reasons, and which of them each reason is: a passage can speak for several codes."""
        known: dict[tuple[str, int | None], int] = {}
        place = [known.setdefault((reason.text, reason.key), len(known)) for reason in self.reasons]
        return np.unique(place, return_index=True)[1], np.array(place, np.int64)


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
        rows = rows[np.linspace(0, len(rows) - 1, min(MOST, len(rows))).astype(int)]
        reasons += [Reason("decided", theme.id, key=int(key)) for key in labelled.keys[rows]]
        found += list(labelled.passages[rows])
        code += [column] * len(rows)
    return Library(tuple(reasons), centred(np.stack(found), centre), np.array(code, np.int64))

"""What the models room is given: themes as texts, passages as vectors; and what it gives back."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]
Integers = np.ndarray[Any, np.dtype[np.integer[Any]]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

LIKENESS, SCORE = "likeness", "score"  # what a code's numbers are: before and after people decided both yes and no


@dataclass(frozen=True)
class Theme:
    """One code of the codebook, as texts.

    definition: its name, its definition, the lines of what to include. exclude: the lines of what not to.
    """

    id: str
    definition: tuple[str, ...]
    examples: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()

    def texts(self) -> list[str]:
        """All texts that `learn` needs the vectors of."""
        return [*self.definition, *self.examples, *self.exclude, *self.near_misses]


@dataclass(frozen=True)
class Evidence:
    """A block of n passages with m sentences; all vectors have length 1.

    keys: (n,) int64, a passage's own number. texts: n. passages: (n, d). sentences: (m, d), in the passages' order.
    owner: (m,) row of the passage that each sentence belongs to, rising; a passage may have no sentence.
    context: (n, d) vector of the question before the passage, a zero row where there is none.
    """

    keys: Integers
    texts: list[str]
    passages: Floats
    sentences: Floats
    owner: Integers
    context: Floats

    def rows(self, chosen: Integers) -> "Evidence":
        """The passages of these rows, in this order, with their sentences."""
        first = np.searchsorted(self.owner, chosen)
        count = np.searchsorted(self.owner, chosen, side="right") - first
        owner = np.repeat(np.arange(len(chosen)), count)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        return Evidence(
            keys=self.keys[chosen],
            texts=[self.texts[row] for row in chosen],
            passages=self.passages[chosen],
            sentences=self.sentences[np.repeat(first, count) + within],
            owner=owner,
            context=self.context[chosen],
        )


def joined(first: Evidence, second: Evidence) -> Evidence:
    """The passages of both blocks, the first's before the second's."""
    return Evidence(
        np.concatenate([first.keys, second.keys]),
        [*first.texts, *second.texts],
        np.concatenate([first.passages, second.passages]),
        np.concatenate([first.sentences, second.sentences]),
        np.concatenate([first.owner, second.owner + len(first.keys)]),
        np.concatenate([first.context, second.context]),
    )


@dataclass(frozen=True)
class Reason:
    """What a suggestion can rest on: a text of the codebook, or a passage that people decided was a yes.

    kind: "definition", "example" or "decided". text: of the codebook, "" for a passage. key: of the passage, else None.
    """

    kind: str
    code: str
    text: str = ""
    key: int | None = None


@dataclass(frozen=True)
class Scores:
    """What a model says of a block of n passages under c codes; every array is (n, c).

    score: higher is surer; a likeness or a score, as `Model.kind` says, and neither is a probability.
    suggested: score is at or over the code's threshold.
    sentence: which of the passage's own sentences carried it, 0 for the first; -1 where it has none.
    because: the nearest of the code's reasons, an index into `Model.reasons`; never the passage itself; -1 for none.
    """

    score: Floats
    suggested: Flags
    sentence: Integers
    because: Integers

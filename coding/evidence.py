"""What the models room is given: passages with their sentences and question, and the codebook as texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coding.codebook import Codebook
from corpus.passage import questions
from corpus.store import Kept
from models.evidence import Evidence, Theme

if TYPE_CHECKING:
    from models.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Item:
    """A passage as text: its own, its sentences', and the question before it ("" without one)."""

    key: int
    document: int
    text: str
    sentences: tuple[str, ...]
    question: str


def items(kept: Kept) -> list[Item]:
    """The passages of a document, in order."""
    asked = questions(kept.document)
    return [
        Item(key, kept.key, p.text, tuple(p.text[a:b] for a, b in p.sentences), asked[p.turn])
        for key, p in kept.passages
    ]


def texts(passages: Sequence[Item]) -> Iterator[str]:
    """Every text of these passages that needs a vector, in a fixed order."""
    for item in passages:
        yield item.text
        yield from item.sentences
        if item.question:
            yield item.question


def evidence(passages: Sequence[Item], vectors: "Vectors") -> Evidence:
    """The passages with their vectors, which must be on disk."""
    import numpy as np

    sentences = [sentence for item in passages for sentence in item.sentences]
    asked = [i for i, item in enumerate(passages) if item.question]
    own = vectors.get([item.text for item in passages])
    context = np.zeros_like(own)
    if asked:
        context[asked] = vectors.get([passages[i].question for i in asked])
    return Evidence(
        keys=np.array([item.key for item in passages], dtype=np.int64),
        texts=[item.text for item in passages],
        passages=own,
        sentences=vectors.get(sentences),
        owner=np.repeat(np.arange(len(passages)), [len(item.sentences) for item in passages]),
        context=context,
    )


def themes(codebook: Codebook) -> list[Theme]:
    """The codes as texts; the examples of a nested code are examples of the codes above it too."""
    made = []
    for code in codebook.codes:
        examples = [*code.examples, *(e for id in codebook.below(code.id) for e in codebook.by_id[id].examples)]
        made.append(
            Theme(
                id=code.id,
                definition=(code.name, code.definition, *code.include),
                examples=tuple(dict.fromkeys(examples)),
                exclude=code.exclude,
                near_misses=code.near_misses,
            )
        )
    return made

"""One vector for each token, whatever stands beside it: a poor encoder, and one for corpora that no other gets through.

It is distilled from a real one, which encodes every token of its vocabulary alone. A text is the sum of its tokens, the
frequent ones weighing less. What that costs in what is found is in docs/speed.md.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from models.bert import Bert, Floats, Integers

TEXTS = 512  # of one batch
RARE = 1e-4  # a token as frequent as this weighs half of a rare one
NOTHING = 0  # the token that fills
LISTED = 999  # the first tokens of a vocabulary are special and unused; the others come by how frequent they are

Batch = tuple[Integers, list[Sequence[int]]]


def alone(model: Bert) -> list[list[int]]:
    """Every token of the model's vocabulary as a text of its own."""
    [[first, last]] = model.tokens([""])
    return [[first, token, last] for token in range(model.vocabulary)]


def weighted(vectors: Floats) -> Floats:
    """The vectors of all tokens alone, (v, d), each as long as it counts in a text: by Zipf's law and its rank."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    share = 1 / np.log(len(unit)) / np.maximum(np.arange(len(unit)) - LISTED + 3, 2)
    return np.asarray(unit * (RARE / (RARE + share))[:, None], np.float32)


def keep(table: Floats, file: Path) -> None:
    """Write what `weighted` gives, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    with part.open("wb") as opened:
        np.save(opened, table)
    part.replace(file)


def kept(file: Path) -> Floats | None:
    """What was written there; None where nothing was, or it is damaged."""
    try:
        return np.asarray(np.load(file, allow_pickle=False), np.float32)
    except (OSError, EOFError, ValueError):
        return None


class Static:
    """Texts to sums of their tokens' vectors. folder: of the model, for its tokenizer. table: what `weighted` gives."""

    def __init__(self, folder: Path, table: Floats) -> None:
        self.width = table.shape[1]
        self._table = table
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's tokens, however long it is; one that stands for nothing where there are none."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [own.ids or [NOTHING] for own in found]

    def batches(self, tokens: Sequence[Sequence[int]], workers: int) -> Iterator[Batch]:
        """All texts in their order."""
        for start in range(0, len(tokens), TEXTS):
            own = list(tokens[start : start + TEXTS])
            yield np.arange(start, start + len(own)), own

    def forward(self, batch: Batch) -> tuple[Integers, Floats]:
        """The batch's rows and their vectors, (n, d), of any length."""
        rows, tokens = batch
        lengths = np.array([len(ids) for ids in tokens])
        found: Any = self._table[np.concatenate([np.asarray(ids, np.int64) for ids in tokens])]
        return rows, np.add.reduceat(found, np.cumsum(lengths) - lengths)

"""An encoder adapted, lightly, to what people decided, without trusting itself.

It is adapted once for each fold of the decided documents, without that fold, so that every decided passage has logits
of a model that saw nothing of its document. Those alone say what it is worth beside the ordinary coder: see mixing.py.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import EvidenceError
from models.adapting import Kept, Trunk, even, learned, shown
from models.encoder import Encoder
from models.evidence import Evidence, Floats, Integers
from models.vectors import Vectors

RECIPE = "deep-1"  # changes when the same decisions would give another model
FOLDS = 3
REACH = 30.0  # see `points`

Progress = Callable[[int, int], None]  # done, in all


@dataclass(frozen=True)
class Lesson:
    """What is learned. texts: n. labels: (n, c) 1, 0, 0.5, nan for none. fold: (n,) the model that does not see it."""

    texts: Sequence[str]
    labels: Floats
    fold: Integers
    seed: int = 0

    @property
    def name(self) -> str:
        """16 hex digits over all that decides what is learned of one encoder."""
        said = "\0".join(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in self.texts)
        parts = [RECIPE.encode(), said.encode(), np.asarray(self.labels, "<f8").tobytes()]
        parts += [np.asarray(self.fold, "<i8").tobytes(), str(self.seed).encode()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def adapt(encoder: Encoder, lesson: Lesson, folder: Path, progress: Progress | None = None) -> None:
    """Write a model for each fold into the folder; those that are there stay, so that a killed call loses one at most.

    progress is called with how many texts were shown to models, and how many will be.
    """
    seen = [np.flatnonzero(lesson.fold != fold) for fold in range(int(lesson.fold.max()) + 1)]
    total = sum(shown(len(rows)) for rows in seen)
    todo = [fold for fold in range(len(seen)) if not _file(folder, fold).exists()]
    if not todo:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trunk = Trunk(encoder)
    below = trunk.below(lesson.texts)
    for fold in todo:
        rows, before = seen[fold], sum(shown(len(own)) for own in seen[:fold])

        def told(done: int, before: int = before) -> None:
            if progress:
                progress(before + done, total)

        _write(
            _file(folder, fold), learned(trunk, [below[row] for row in rows], lesson.labels[rows], lesson.seed, told)
        )


class Adapted:
    """The models that `adapt` wrote, as an encoder: a text's vector is the `points` of all their logits."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.encoder = encoder
        self.folder = folder

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over the encoder and the models themselves."""
        parts = [RECIPE, self.encoder.fingerprint]
        for path in self._files:
            with path.open("rb") as file:
                parts.append(hashlib.file_digest(file, "sha256").hexdigest())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Any:
        """(n, models * c + 1); each by its text alone. progress is called with how many more texts are done."""
        trunk, models = self._models
        tokens = trunk.tokens(texts)
        blocks = []
        for rows, width in even(tokens):
            blocks.append((rows, trunk.scored(models, [tokens[row] for row in rows], width)))
            if progress:
                progress(len(rows))
        order = np.argsort(np.concatenate([rows for rows, _ in blocks]))
        return points(np.concatenate([found for _, found in blocks])[order])

    @cached_property
    def _models(self) -> tuple[Trunk, list[tuple[Any, Any]]]:
        trunk = Trunk(self.encoder)
        return trunk, [trunk.model(_read(path)) for path in self._files]

    @property
    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("fold-*.npz"))


@dataclass(frozen=True)
class Deep:
    """What the adapted models say of passages, as `models.mixing.Deep` has it.

    kept: their points on disk. codes: c; columns: (t,) those of them that were learned. fold: of each passage, by its
    key, whose document was learned from.
    """

    kept: Vectors
    codes: int
    columns: Integers
    fold: Mapping[int, int]

    @property
    def fingerprint(self) -> str:
        """Of the adapted models."""
        return self.kept.encoder.fingerprint

    def logits(self, evidence: Evidence) -> Floats:
        """(n, c) the mean of all models; nan for a code that was not learned."""
        return self._placed(self._each(evidence).mean(axis=1))

    def held(self, evidence: Evidence) -> Floats:
        """(n, c) of the one model that saw nothing of the passage's document, the mean of all where none did."""
        each = self._each(evidence)
        fold = np.array([self.fold.get(key, -1) for key in evidence.keys.tolist()], np.int64)
        found = np.where((fold < 0)[:, None], each.mean(axis=1), each[np.arange(len(each)), fold])
        return self._placed(found)

    def _each(self, evidence: Evidence) -> Floats:
        if not evidence.texts:
            return np.empty((0, FOLDS, len(self.columns)))
        self.kept.embed(evidence.texts)
        return logits(self.kept.get(evidence.texts), len(self.columns))

    def _placed(self, found: Floats) -> Floats:
        wide = np.full((len(found), self.codes), np.nan)
        wide[:, self.columns] = found
        return wide


def points(logits: Floats) -> Any:
    """(n, k + 1) unit vectors in the direction of (logits, REACH): what is kept as vectors are."""
    long = np.column_stack([logits, np.full(len(logits), REACH)])
    return np.asarray(long / np.linalg.norm(long, axis=1, keepdims=True), np.float32)


def logits(vectors: Floats, codes: int) -> Floats:
    """(n, models, codes) of which `points` were made."""
    return np.asarray((REACH * vectors[:, :-1] / vectors[:, -1:]).reshape(len(vectors), -1, codes), np.float64)


def _file(folder: Path, fold: int) -> Path:
    return folder / f"fold-{fold}.npz"


def _write(path: Path, arrays: Kept) -> None:
    """Whole or not at all, readable by its owner only."""
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        np.savez(file, **arrays)
    part.replace(path)


def _read(path: Path) -> Kept:
    from zipfile import BadZipFile

    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise EvidenceError(f"{path} is damaged: make it again with `themis learn --no-deep`, then --deep.") from error

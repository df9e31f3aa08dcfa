"""Any sentence-transformers model: as `bert` where it is one, else by its own forward pass."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from models.bert import Bert, Shape

TOKENS = 1024  # of one batch, padding included: what one core's cache holds of a small model
STEPS = (32, 64, 128)  # up to here texts are padded to a multiple of 1, 2, 4, beyond it of 8: at most 3 % is padding

Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
Batch = tuple[Integers, Integers, Integers]  # rows, tokens, mask


def fastest(model: Any, precision: str) -> "Bert | Generic":
    """A model that was loaded in float32 as what encodes the same soonest."""
    if found := _bert(model, precision):
        return found
    for weights in model.parameters() if precision == "bf16" else ():  # not buffers: angles of places need float32
        weights.data = weights.data.to(torch.bfloat16)
    return Generic(model)


def _bert(model: Any, precision: str) -> Bert | None:
    kinds = [type(part).__name__ for part in model]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    inner, pooling = model[0].auto_model, model[1]
    prompt = _prompt(model)
    weights, config = inner.state_dict(), inner.config
    last = f"encoder.layer.{getattr(config, 'num_hidden_layers', 0) - 1}.attention.self.query.weight"
    usual = (
        type(inner).__name__ == "BertModel" and last in weights,
        getattr(config, "hidden_act", "") == "gelu" and not getattr(config, "is_decoder", False),
        getattr(config, "position_embedding_type", "absolute") == "absolute",
        pooling.pooling_mode in ("mean", "cls") and (pooling.include_prompt or not prompt),
        hasattr(model.tokenizer, "backend_tokenizer") and bool(model.max_seq_length),
    )
    if not all(usual):
        return None
    heads, epsilon = config.num_attention_heads, config.layer_norm_eps
    shape = Shape(heads, epsilon, pooling.pooling_mode, model.max_seq_length, prompt)
    return Bert(weights, shape, model.tokenizer.backend_tokenizer, precision)


def _prompt(model: Any) -> str:
    return str((model.prompts or {}).get(model.default_prompt_name or "", ""))


class Generic:
    """A sentence-transformers model, for inference on a processor."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.width = int(model.get_embedding_dimension())
        self._prompt = _prompt(model)
        self._prompted = {"prompt_length": self._length_of_prompt()} if self._prompt else {}

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's tokens, cut at the model's longest."""
        given = [self._prompt + text.strip() for text in texts]
        return list(self._model.tokenizer(given, truncation=True, max_length=self._model.max_seq_length)["input_ids"])

    def batches(self, tokens: Sequence[Sequence[int]], workers: int) -> Iterator[Batch]:
        """All texts, the longest first; each batch has one width, so that no text depends on another."""
        tokenizer = self._model.tokenizer
        lengths = np.array([len(ids) for ids in tokens])
        steps = 2 ** np.searchsorted(STEPS, lengths)
        widths = -(-lengths // steps) * steps
        for width in np.unique(widths)[::-1]:
            same = np.flatnonzero(widths == width)
            size = max(1, TOKENS // width)
            for rows in np.split(same, range(size, len(same), size)):
                ids = np.full((len(rows), width), tokenizer.pad_token_id or 0, np.int64)
                mask = np.arange(width) < lengths[rows, None]
                if tokenizer.padding_side == "left":
                    mask = mask[:, ::-1]
                ids[mask] = np.concatenate([tokens[row] for row in rows])
                yield rows, ids, mask.astype(np.int64)

    def forward(self, batch: Batch) -> tuple[Integers, Floats]:
        """The batch's rows and their vectors, (n, d), of any length."""
        rows, ids, mask = batch
        with torch.inference_mode():
            given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            out = self._model(given | self._prompted)
        return rows, out["sentence_embedding"].float().numpy()

    def _length_of_prompt(self) -> int:
        """In tokens, without what ends a text: some models leave it out of what they pool."""
        tokenizer = self._model.tokenizer
        ids = tokenizer(self._prompt)["input_ids"]
        return len(ids) - (ids[-1] in tokenizer.all_special_ids)

"""BERT's forward pass as a few large matrix products: the vectors of the model's own, in half the time or less.

Tokens of many texts lie behind each other without padding, so that what is done to each token is one product of a fixed
size; only attention goes text by text, for all texts of a length at once. Weights are laid out beforehand as the
processor's library wants them. A row of a product does not depend on the others, so neither does a text's vector.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

TOKENS = 2048  # of one batch at most, and FEWEST at least: beyond it nothing is gained, below it products are too small
FEWEST = 256
STEP = 64  # tokens of a batch are a multiple of it, since each size of a product is prepared once
LIMIT = 80.0  # of a logit in bf16: sums of exponentials stay finite; the packaged model's logits are under 75
PACKED = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
NORMS, PARTS = ("attention.output.LayerNorm", "output.LayerNorm"), ("query", "key", "value")

Tensor = torch.Tensor
Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Batch:
    """Texts as tokens. rows: (n,) which texts. ids, places: (t,) tokens and their places within their text.

    alike: (first token, texts, tokens each) of every length among them, longest first.
    """

    rows: Integers
    ids: Integers
    places: Integers
    alike: list[tuple[int, int, int]]


@dataclass(frozen=True)
class Shape:
    """What a model's tensors do not tell. pooling: "mean" or "cls". longest: tokens of a text that are read."""

    heads: int
    epsilon: float
    pooling: str
    longest: int
    prompt: str = ""


class Bert:
    """A sentence encoder of BERT's architecture, for inference on a processor."""

    def __init__(self, weights: Mapping[str, Tensor], shape: Shape, tokenizer: Tokenizer, precision: str) -> None:
        self.shape = shape
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.enable_truncation(shape.longest)
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"]
        self._places = self._places + weights["embeddings.token_type_embeddings.weight"][0]
        self.width = self._words.shape[1]
        self._norm = self._normed(weights, "embeddings.LayerNorm")
        layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
        self._layers = [_Layer(weights, f"encoder.layer.{number}.", self) for number in range(len(layers))]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's tokens, cut at the model's longest."""
        given = [self.shape.prompt + text.strip() for text in texts]
        return [found.ids for found in self._tokenizer.encode_batch_fast(given)]

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return int(self._words.shape[0])

    def batches(self, tokens: Sequence[Sequence[int]], workers: int) -> Iterator[Batch]:
        """All texts, the longest first, in batches small enough that every worker gets some."""
        lengths = np.array([len(ids) for ids in tokens], np.int64)
        order = np.argsort(-lengths, kind="stable")
        size = int(np.clip(lengths.sum() // (2 * workers), FEWEST, TOKENS))
        first, full = 0, 0
        for at, row in enumerate(order):
            if at > first and full + lengths[row] > size:
                yield _batch(order[first:at], tokens, lengths)
                first, full = at, 0
            full += lengths[row]
        yield _batch(order[first:], tokens, lengths)

    def forward(self, batch: Batch) -> tuple[Integers, Floats]:
        """The batch's rows and their vectors, (n, d), of any length."""
        with torch.inference_mode():
            found = self._words[torch.from_numpy(batch.ids)] + self._places[torch.from_numpy(batch.places)]
            found = self._norm(found).to(self.dtype)
            for layer in self._layers:
                found = layer(found, batch.alike)
            texts = [found[start : start + n * length].view(n, length, -1) for start, n, length in batch.alike]
            if self.shape.pooling == "cls":
                pooled = [text[:, 0].float() for text in texts]
            else:
                pooled = [text.float().mean(dim=1) for text in texts]
            return batch.rows, torch.cat(pooled).numpy()

    def _normed(self, weights: Mapping[str, Tensor], name: str) -> Any:
        scale, shift = (weights[f"{name}.{part}"] for part in ("weight", "bias"))
        return partial(layer_norm, normalized_shape=(self.width,), weight=scale, bias=shift, eps=self.shape.epsilon)


class _Layer:
    def __init__(self, weights: Mapping[str, Tensor], prefix: str, model: Bert) -> None:
        def parts(name: str) -> tuple[Tensor, Tensor]:
            return weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"]

        self.heads, self.width = model.shape.heads, model.width
        self.each = self.width // self.heads
        (query, shift), *others = (parts(f"attention.self.{part}") for part in PARTS)
        weight, bias = zip((query * self.each**-0.5, shift * self.each**-0.5), *others, strict=True)
        self.asked = _Linear(torch.cat(weight), torch.cat(bias), model.dtype)
        self.told = _Linear(*parts("attention.output.dense"), model.dtype)
        self.wide = _Linear(*parts("intermediate.dense"), model.dtype)
        self.narrow = _Linear(*parts("output.dense"), model.dtype)
        self.norms = [model._normed(weights, prefix + name) for name in NORMS]

    def __call__(self, found: Tensor, alike: list[tuple[int, int, int]]) -> Tensor:
        asked = self.asked(found)
        seen = torch.zeros_like(found)
        for start, texts, length in alike:
            own = slice(start, start + texts * length)
            seen[own] = self._attention(asked[own].view(texts, length, 3, self.heads, self.each))
        found = self.norms[0](self.told.added(seen, found))
        return self.norms[1](self.narrow.added(self.wide.gelu(found), found))  # type: ignore[no-any-return]

    def _attention(self, asked: Tensor) -> Tensor:
        texts, length = asked.shape[:2]
        split = asked.permute(2, 0, 3, 1, 4)
        # In bf16 the fused kernel spends three times as long on short texts as these two products and what is between.
        # Texts of under four tokens go through it all the same: what multiplies those depends on how many there are.
        if asked.dtype == torch.float32 or length < 4:
            query, key, value = split
            seen = scaled_dot_product_attention(query, key, value, scale=1.0)
        else:
            query, key, value = split.contiguous().view(3, texts * self.heads, length, self.each)
            weight = torch.bmm(query, key.transpose(1, 2)).clamp_(-LIMIT, LIMIT).exp_()
            seen = torch.bmm(weight, value).div_(weight.sum(dim=-1, keepdim=True))
        return seen.view(texts, self.heads, length, self.each).transpose(1, 2).reshape(-1, self.width)


class _Linear:
    """A layer's product, with what follows it done on the way where the library can."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self.weight, self.bias = weight.to(dtype).contiguous(), bias.to(dtype)
        if PACKED:
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, TOKENS)

    def __call__(self, given: Tensor) -> Tensor:
        return self._pointwise(given, "none", "") if PACKED else linear(given, self.weight, self.bias)

    def gelu(self, given: Tensor) -> Tensor:
        return self._pointwise(given, "gelu", "none") if PACKED else gelu(self(given))

    def added(self, given: Tensor, before: Tensor) -> Tensor:
        if not PACKED:
            return self(given) + before
        found: Tensor = torch.ops.mkldnn._linear_pointwise.binary(given, before, self.weight, self.bias, "add")
        return found

    def _pointwise(self, given: Tensor, what: str, how: str) -> Tensor:
        found: Tensor = torch.ops.mkldnn._linear_pointwise(given, self.weight, self.bias, what, [], how)
        return found


def _batch(rows: Integers, tokens: Sequence[Sequence[int]], lengths: Integers) -> Batch:
    own = lengths[rows]
    total = int(own.sum())
    ids, places = np.zeros((2, -(-total // STEP) * STEP), np.int64)
    ids[:total] = np.concatenate([tokens[row] for row in rows])
    places[:total] = np.arange(total) - np.repeat(np.cumsum(own) - own, own)
    length, first, texts = np.unique(-own, return_index=True, return_counts=True)
    starts = (np.cumsum(own) - own)[first]
    return Batch(rows, ids, places, list(zip(starts.tolist(), texts.tolist(), (-length).tolist(), strict=True)))


def read(folder: Path, precision: str) -> Bert:
    """The packaged model from its files, seconds sooner than by the libraries that could read any."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    longest = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
    shape = Shape(config["num_attention_heads"], config["layer_norm_eps"], "mean", longest)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return Bert(load_file(folder / "model.safetensors"), shape, tokenizer, precision)

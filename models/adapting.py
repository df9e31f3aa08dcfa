"""Learning in the upper layers of an encoder, together with one linear head for all codes.

The layers below stay as they are. What they give for a text is worked out once, so that each pass over the texts goes
through a part of the encoder only.
"""

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from corpus.errors import EvidenceError
from models.encoder import Encoder
from models.evidence import Floats, Integers

LAYERS = 3  # that learn, counted from the top; all six took twice as long and were no better
RATE, HEAD_RATE = 3e-4, 1e-3  # of AdamW, rising over the first tenth of the steps and then falling to nothing
PASSES, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 3, 8  # texts shown, about
BATCH, SORTED = 16, 8  # texts in a step; so many batches are sorted by length together, to save padding
STRENGTH, SHARP = 3.0, 4.0  # of the head's first fit; how long vectors are, so that AdamW's steps suit both
LONGEST = 256  # tokens of a text
TOKENS = 4096  # of a batch that is only scored, padding included
HEAD = ("centre", "weights", "intercept")

Kept = dict[str, Any]  # arrays by name: the head's and the layers', in float16


class Trunk:
    """An encoder in two parts: the layers below, which stay, and a pattern of those above, which learn."""

    def __init__(self, encoder: Encoder) -> None:
        """EvidenceError for an encoder that is not built as BERT is."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        folder = str(encoder.folder)
        model = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, local_files_only=True)
        layers = getattr(getattr(model, "encoder", None), "layer", None)
        if layers is None or not hasattr(model, "embeddings"):
            raise EvidenceError(
                f"The encoder {encoder.name} is not built as BERT is, and cannot be adapted: leave it so."
            )
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._half = encoder.precision == "bf16"
        model.eval().pooler = None
        embeddings, first = model.embeddings, max(0, len(layers) - LAYERS)
        model.embeddings, model.encoder.layer = _given(), layers[first:]
        self.above = copy.deepcopy(model)
        model.embeddings, model.encoder.layer = embeddings, layers[:first]
        self._below = model

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cut at LONGEST."""
        most = min(LONGEST, self._tokenizer.model_max_length)
        return list(self._tokenizer([text.strip() for text in texts], truncation=True, max_length=most)["input_ids"])

    def below(self, texts: Sequence[str]) -> list[Any]:
        """What the layers below give for each text, (tokens, d) in float16."""
        tokens = self.tokens(texts)
        found: list[Any] = [None] * len(tokens)
        for rows, width in even(tokens):
            hidden, _ = self.lower([tokens[row] for row in rows], width)
            for row, own in zip(rows, hidden, strict=True):
                found[row] = own[: len(tokens[row])].half().clone()
        return found

    def lower(self, tokens: list[list[int]], width: int) -> tuple[Any, Any]:
        """What the layers below give for these texts, (n, width, d), and the mask."""
        import torch

        ids, mask = (
            torch.zeros((len(tokens), width), dtype=torch.long),
            torch.zeros((len(tokens), width), dtype=torch.long),
        )
        for row, own in enumerate(tokens):
            ids[row, : len(own)], mask[row, : len(own)] = torch.tensor(own), 1
        with torch.inference_mode(), self._precision():
            return self._below(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask

    def vectors(self, above: Any, hidden: Any, mask: Any) -> Any:
        """(n, d) of length 1: the mean over tokens after the layers above."""
        import torch

        above.embeddings.hidden = hidden
        with self._precision():
            out = above(input_ids=mask, attention_mask=mask).last_hidden_state
        mean = (out.float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean, dim=1)

    def model(self, kept: Kept) -> tuple[Any, Any]:
        """The layers above and the head that `learned` gave."""
        import torch

        values = {name: torch.from_numpy(array.astype(np.float32)) for name, array in kept.items()}
        head = _head({name: values.pop(name) for name in HEAD})
        above = copy.deepcopy(self.above)
        above.encoder.layer.load_state_dict(values)
        return above.eval(), head

    def scored(self, models: list[tuple[Any, Any]], tokens: list[list[int]], width: int) -> Floats:
        """(n, models * c) logits of texts padded to one width."""
        import torch

        hidden, mask = self.lower(tokens, width)
        with torch.inference_mode():
            found = [head(self.vectors(above, hidden, mask)) for above, head in models]
            return np.asarray(torch.cat(found, dim=1).numpy())

    def _precision(self) -> Any:
        import torch

        return torch.autocast("cpu", torch.bfloat16, enabled=self._half)


def learned(trunk: Trunk, below: list[Any], labels: Floats, seed: int, told: Callable[[int], None]) -> Kept:
    """The layers above and the head after learning. below: n texts as `Trunk.below` gives them. labels: (n, c).

    A label is 1, 0, 0.5, or nan for none. told is called with the texts shown so far, of `shown(n)`. The same input
    and seed give the same on one machine.
    """
    import torch

    known = torch.tensor(~np.isnan(labels), dtype=torch.float32)
    target = torch.tensor(np.nan_to_num(labels), dtype=torch.float32)
    above = copy.deepcopy(trunk.above)
    head = _first_head(trunk, above, below, target, known)
    groups = [{"params": list(above.parameters()), "lr": RATE}, {"params": list(head.parameters()), "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    batches = list(_batches(np.array([len(own) for own in below]), seed))
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(10 * (step + 1) / len(batches), 1 - step / len(batches))
    )
    done = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the dropout
        above.train()
        for rows in batches:
            found = head(trunk.vectors(above, *_padded([below[row] for row in rows])))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(found, target[rows], reduction="none")
            optimiser.zero_grad()
            torch.autograd.backward((loss * known[rows]).sum() / known[rows].sum().clamp(min=1))
            torch.nn.utils.clip_grad_norm_(above.parameters(), 1.0)
            optimiser.step()
            pace.step()
            done += len(rows)
            told(done)
    kept = {**head.state_dict(), **above.encoder.layer.state_dict()}
    return {name: value.detach().numpy().astype(np.float16) for name, value in kept.items()}


def shown(count: int) -> int:
    """How many texts are shown in learning from so many, each several times."""
    return count * _epochs(count)


def even(tokens: list[list[int]]) -> Iterator[tuple[Integers, int]]:
    """Rows of texts that are padded to one width, a multiple of 8: no text's result depends on its neighbours'."""
    widths = np.array([-(-len(ids) // 8) * 8 for ids in tokens])
    for width in np.unique(widths)[::-1]:
        same = np.flatnonzero(widths == width)
        size = max(1, TOKENS // int(width))
        for rows in np.split(same, range(size, len(same), size)):
            yield rows, int(width)


def _epochs(count: int) -> int:
    return int(np.clip(round(PASSES / max(1, count)), FEWEST_EPOCHS, MOST_EPOCHS))


def _batches(lengths: Integers, seed: int) -> Iterator[Integers]:
    """Rows in batches of nearly one length, all of them once in each epoch."""
    random = np.random.default_rng(seed)
    for _ in range(_epochs(len(lengths))):
        order = random.permutation(len(lengths))
        batches: list[Integers] = []
        for start in range(0, len(order), BATCH * SORTED):
            some = order[start : start + BATCH * SORTED]
            some = some[np.argsort(lengths[some], kind="stable")]
            batches += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
        yield from (batches[at] for at in random.permutation(len(batches)))


def _padded(below: list[Any]) -> tuple[Any, Any]:
    import torch

    width = max(len(own) for own in below)
    hidden = torch.zeros((len(below), width, below[0].shape[1]))
    mask = torch.zeros((len(below), width), dtype=torch.long)
    for row, own in enumerate(below):
        hidden[row, : len(own)], mask[row, : len(own)] = own.float(), 1
    return hidden, mask


def _first_head(trunk: Trunk, above: Any, below: list[Any], target: Any, known: Any) -> Any:
    """Ridge logistic regression on the vectors as they are before anything is learned: a start without chance in it."""
    import torch

    with torch.inference_mode():
        blocks = [below[start : start + BATCH] for start in range(0, len(below), BATCH)]
        found = torch.cat([trunk.vectors(above, *_padded(block)) for block in blocks])
    vectors = found.clone()
    zero = torch.zeros((vectors.shape[1], target.shape[1]))
    head = _head({"centre": vectors.mean(0), "weights": zero, "intercept": zero[0].clone()})
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def cost() -> Any:
        optimiser.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(head(vectors), target, reduction="none")
        total = (loss * known).sum() + (SHARP * head.weights).pow(2).sum() / (2 * STRENGTH)
        torch.autograd.backward(total)
        return total

    optimiser.step(cost)  # type: ignore[no-untyped-call]
    return head


def _head(values: dict[str, Any]) -> Any:
    """Logits of unit vectors, linear in how far they are from the centre."""
    import torch

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", values["centre"])
            self.weights = torch.nn.Parameter(values["weights"])
            self.intercept = torch.nn.Parameter(values["intercept"])

        def forward(self, vectors: Any) -> Any:
            return SHARP * (vectors - self.centre) @ self.weights + self.intercept

    return Head()


def _given() -> Any:
    """A module in place of the embeddings, which hands on what the layers below have given."""
    import torch

    class Given(torch.nn.Module):
        hidden: Any = None

        def forward(self, *_: Any, **__: Any) -> Any:
            return self.hidden

    return Given()

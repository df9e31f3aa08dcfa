"""One training of SetFit, in a process of its own: python -m benchmarks.setfit_peer GIVEN.json FOUND.npz

Its defaults, but for the number of steps: the published default is an epoch of all pairs, hours on two cores. So that
more steps are affordable the forward pass runs in bfloat16 where the processor has it, and passages are cut while it
trains, though not when they are scored. With no labels it learns from its own templated sentences of the codes' names.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from models import encoder

PAIRS = 40  # per passage, half of them alike: num_iterations=20
STEPS = 100  # at most: two cores cannot afford its epoch of all pairs
LONGEST = 64  # tokens of a passage while training: a batch is as long as its longest
TEMPLATED = 8  # sentences of each code's name where there is no label


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    import datasets  # noqa: F401 - what is timed is learning, not importing
    import setfit  # noqa: F401
    import torch

    torch.set_num_threads(1)
    texts, labels = given["texts"], np.array(given["labels"], int)
    if not texts:
        texts, labels = _templated(given["names"])
    begun, used = time.perf_counter(), time.process_time()
    steps = min(STEPS, -(-PAIRS * len(texts) // 16))
    model = _trained(texts, labels, steps, given["seed"])
    seconds, processor = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    score = np.asarray(model.predict_proba(given["asked"], as_numpy=True, show_progress_bar=False))
    if labels.shape[1] == 1:
        score = score[:, 1:]
    np.savez(sys.argv[2], score=score, seconds=seconds, processor=processor, memory=memory, steps=steps)


def _templated(names: list[str]) -> tuple[list[str], Any]:
    from setfit import get_templated_dataset

    made = get_templated_dataset(candidate_labels=names, sample_size=TEMPLATED, multi_label=True)
    return list(made["text"]), np.array(made["label"])


def _trained(texts: list[str], labels: Any, steps: int, seed: int) -> Any:
    import datasets  # noqa: F401 - what is timed is learning, not importing
    import setfit  # noqa: F401
    import torch
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    one = labels.shape[1] == 1
    strategy = None if one else "one-vs-rest"
    model = SetFitModel.from_pretrained(str(encoder.load().folder), multi_target_strategy=strategy, device="cpu")
    whole = model.model_body.max_seq_length
    targets = labels[:, 0].tolist() if one else labels.tolist()
    if encoder.load().precision == "bf16":
        model.model_body.forward = torch.autocast("cpu", torch.bfloat16)(model.model_body.forward)
    model.model_body.max_seq_length = LONGEST
    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            output_dir=place,
            max_steps=steps,
            num_iterations=PAIRS // 2,
            seed=seed,
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        data = Dataset.from_dict({"text": texts, "label": targets})
        Trainer(model, arguments, train_dataset=data).train()
    model.model_body.max_seq_length = whole
    model.model_body.forward = type(model.model_body).forward.__get__(model.model_body)
    return model


if __name__ == "__main__":
    main()

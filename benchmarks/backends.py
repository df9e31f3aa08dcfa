"""The packaged model behind `SentenceTransformer.encode` at its defaults, computed by other libraries.

sentence-transformers reaches ONNX Runtime and OpenVINO through optimum, which does not import beside this transformers;
so the model is exported by torch and put where sentence-transformers has its own: batches, padding and pooling are its.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutput

from benchmarks.rivals import FOLDER
from models.evidence import Floats

INSTALL = (
    "pip install --target .themis/rivals --no-deps onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 "
    "openvino-telemetry==2025.2.0 protobuf==7.36.2 flatbuffers==25.12.19 ml_dtypes==0.6.0 onnxscript==0.7.2 "
    "onnx-ir==1.1.0"
)
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
Encode = Callable[[Sequence[str]], Floats]
Compute = Callable[[dict[str, np.ndarray]], np.ndarray]


def backends(model: Path) -> dict[str, Encode]:
    """By name, those that are installed; the first is the reference."""
    found: dict[str, Encode] = {
        "SentenceTransformer": _plain(model).encode,
        "SentenceTransformer, bf16": _plain(model, torch.bfloat16).encode,
        "torch int8": _dynamic(model),
    }
    with _reachable():
        try:
            exported = _exported(model)
            found |= {
                "ONNX Runtime": _behind(model, _onnx(exported)),
                "ONNX Runtime int8": _behind(model, _onnx(_quantised(exported))),
                "OpenVINO": _behind(model, _openvino(exported)),
                "OpenVINO, fp32": _behind(model, _openvino(exported, INFERENCE_PRECISION_HINT="f32")),
            }
        except ImportError as error:
            print(f"{error.name} is not there: {INSTALL}")
    return found


@contextmanager
def _reachable() -> Iterator[None]:
    """They stay out of reach of the rest, as another version of what the program uses may lie among them."""
    sys.path.append(str(FOLDER))
    try:
        yield
    finally:
        sys.path.remove(str(FOLDER))


def _plain(model: Path, dtype: torch.dtype = torch.float32):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})


def _dynamic(model: Path) -> Encode:
    """Weights in eight bits, what they are multiplied with too, each product scaled by what it is given."""
    found = _plain(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.ao.quantization.quantize_dynamic(found[0].model, {torch.nn.Linear}, torch.qint8, inplace=True)
    return found.encode


def _behind(model: Path, compute: Compute) -> Encode:
    found = _plain(model)

    class Computed(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.config, self.dtype, self.device = inner.config, torch.float32, torch.device("cpu")

        def forward(self, return_dict: bool = True, **given: torch.Tensor) -> BaseModelOutput:
            said = compute({name: given[name].numpy() for name in INPUTS})
            return BaseModelOutput(last_hidden_state=torch.from_numpy(np.asarray(said)))

    found[0].model = Computed(found[0].model)
    return found.encode


def _exported(model: Path) -> Path:
    path = FOLDER / "model.onnx"
    inner = _plain(model)[0].model.eval()
    given = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in INPUTS)
    sizes = {name: {0: "texts", 1: "tokens"} for name in (*INPUTS, "out")}

    class Ordered(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
            return self.inner(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Ordered(), given, str(path), input_names=list(INPUTS), output_names=["out"], dynamic_axes=sizes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
    return path


def _onnx(path: Path) -> Compute:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda given: session.run(["out"], given)[0]


def _quantised(path: Path) -> Path:
    """As sentence-transformers quantises: on the fly, weights with one scale each."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = path.with_name("model-int8.onnx")
    quantize_dynamic(str(path), str(small), weight_type=QuantType.QInt8)
    return small


def _openvino(path: Path, **settings: str) -> Compute:
    """Throughout in the precision that it chooses for the processor, unless it is told another."""
    import openvino

    made = openvino.Core().compile_model(openvino.Core().read_model(str(path)), "CPU", settings)
    return lambda given: made(given)[0]

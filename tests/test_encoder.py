"""The real encoder: its fingerprint, its vectors beside sentence-transformers' own, and what it says when it cannot."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import EvidenceError
from models import encoder

ROOT = Path(__file__).parent.parent
TEXTS = [
    "They named us in the bid and we never heard from them again.",
    "Yes.",
    "",
    "  padded  ",
    "Roedd y cyngor yn hwyr eto. 🙂",
    "لم يخبرنا أحد",
    "We carry the cash flow. " * 80,
    "Yes.",
]


@pytest.fixture(scope="module")
def ours():
    return encoder.load()


@pytest.fixture(scope="module")
def vectors(ours):
    return ours.encode(TEXTS)


def small_model(folder: Path, **settings: object) -> Path:
    """A folder that looks like a model, for what happens before anything is loaded."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_vectors_are_unit_float32_and_equal_texts_are_equal(vectors):
    assert (vectors.shape, vectors.dtype) == ((8, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors[1], vectors[7])


def test_vectors_are_those_of_sentence_transformers(ours, vectors):
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(ours.folder), device="cpu", local_files_only=True).encode(TEXTS)
    assert (vectors * reference).sum(axis=1).min() >= 0.999


def test_a_vector_does_not_depend_on_its_neighbours(ours, vectors):
    alone = np.concatenate([ours.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(alone, vectors)


def test_progress_adds_up_to_the_texts_given(ours):
    steps: list[int] = []
    ours.encode(TEXTS, steps.append)
    assert sum(steps) == len(TEXTS)


def test_no_texts_give_no_rows(ours):
    assert ours.encode([]).shape == (0, 384)


def test_fingerprint_needs_no_torch_and_no_network():
    code = (
        "import sys, socket\n"
        "def refuse(*given): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from models import encoder; ours = encoder.load(); mark = ours.fingerprint\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules\n"
        "assert ours.encode(['one']).shape == (1, 384)\n"
        "print(mark)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (encoder.load().fingerprint, "")


def test_fingerprint_follows_weights_settings_and_precision(tmp_path):
    first = encoder.load(str(small_model(tmp_path / "a", max=256))).fingerprint
    same = encoder.load(str(small_model(tmp_path / "b", max=256))).fingerprint
    other_setting = encoder.load(str(small_model(tmp_path / "c", max=128))).fingerprint
    (small_model(tmp_path / "d", max=256) / "model.safetensors").write_bytes(b"other")
    other_weights = encoder.load(str(tmp_path / "d")).fingerprint
    other_precision = encoder.load(str(tmp_path / "a"))
    other_precision.precision = "another"
    marks = {first, other_setting, other_weights, other_precision.fingerprint}
    assert first == same
    assert len(marks) == 4


def test_weights_that_were_changed_are_refused(tmp_path):
    folder = shutil.copytree(encoder.load().folder, tmp_path / "model")
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(EvidenceError, match=r"model\.safetensors is not the model that .* was published with"):
        encoder.Encoder(encoder.DEFAULT, folder, encoder.DEFAULT_SHA256).encode(["text"])


def test_a_copy_of_the_packaged_model_is_the_same_encoder(tmp_path):
    folder = shutil.copytree(encoder.load().folder, tmp_path / "model")
    assert encoder.load(str(folder)).fingerprint == encoder.load().fingerprint


@pytest.mark.parametrize("name", ["nobody/never-was-a-model", "not a name at all///", "missing/folder/with/parts"])
def test_a_name_that_is_not_on_this_machine_is_one_sentence(name):
    with pytest.raises(EvidenceError, match="is not on this machine and is never downloaded for you"):
        encoder.load(name)


def test_a_folder_without_a_model_is_one_sentence(tmp_path):
    with pytest.raises(EvidenceError, match="holds no sentence-transformers model"):
        encoder.load(str(tmp_path))

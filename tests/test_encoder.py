"""The real encoder: its fingerprint, its vectors beside sentence-transformers' own, and what it says when it cannot."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from models import bert, encoder, generic

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
LONG = " ".join(f"They paid it {day} days late, café and all 🙂." for day in range(90))
MANY = [" ".join(LONG.split()[:words]) for words in (*range(40), 55, 70, 90, 120, 180, 250, 600)] + TEXTS


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


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("precision", "least"), [("bf16", 0.999), ("fp32", 0.99999)])
def test_vectors_are_those_of_sentence_transformers(reference, monkeypatch, precision, least, packed):
    monkeypatch.setattr(bert, "PACKED", bert.PACKED and packed)
    ours = encoder.load()
    ours.precision = precision
    alike = (ours.encode(MANY) * reference).sum(axis=1)
    assert alike.min() >= least


@pytest.fixture(scope="module")
def reference(ours):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(ours.folder), device="cpu", local_files_only=True).encode(MANY)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_vector_does_not_depend_on_its_neighbours(precision):
    ours = encoder.load()
    ours.precision = precision
    alone = np.concatenate([ours.encode([text]) for text in MANY])
    np.testing.assert_array_equal(alone, ours.encode(MANY))


@settings(max_examples=20, deadline=None)
@given(chosen=st.lists(st.sampled_from(MANY), min_size=1, max_size=200))
def test_nor_on_how_many_of_its_length_there_are(ours, everything, chosen):
    np.testing.assert_array_equal(ours.encode(chosen), np.stack([everything[text] for text in chosen]))


@pytest.fixture(scope="module")
def everything(ours):
    return dict(zip(MANY, ours.encode(MANY), strict=True))


@given(texts=st.lists(st.integers(2, 300), min_size=1, max_size=80), workers=st.integers(1, 8))
def test_batches_hold_every_token_once_in_its_place(ours, texts, workers):
    given = [[row * 1000 + place for place in range(length)] for row, length in enumerate(texts)]
    found = {}
    for batch in ours._model.batches(given, workers):
        rows = iter(batch.rows.tolist())
        assert len(batch.ids) % bert.STEP == 0
        for start, count, length in batch.alike:
            for text in range(count):
                own = slice(start + text * length, start + (text + 1) * length)
                assert batch.places[own].tolist() == list(range(length))
                found[next(rows)] = batch.ids[own].tolist()
        assert next(rows, None) is None
    assert [found[row] for row in range(len(texts))] == given


def made(folder: Path, words: Path, pooling: dict[str, object], **settings: object) -> Path:
    """A small model with random weights, as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    torch.manual_seed(1)
    prompts = settings.pop("prompts", None)
    sizes = {"vocab_size": 30522, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    kind = settings.pop("kind", "bert")
    inner = AutoModel.from_config(AutoConfig.for_model(kind, **sizes, intermediate_size=96, **settings))
    inner.save_pretrained(folder / "inner")
    AutoTokenizer.from_pretrained(words).save_pretrained(folder / "inner")
    first = SentenceTransformer(str(folder / "inner"), device="cpu", local_files_only=True)[0]
    model = SentenceTransformer(modules=[first, Pooling(64, **pooling)], device="cpu", prompts=prompts)
    model.default_prompt_name = next(iter(prompts)) if prompts else None
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.mark.parametrize(
    ("pooling", "settings", "kind"),
    [
        ({"pooling_mode": "mean"}, {}, bert.Bert),
        ({"pooling_mode": "cls"}, {}, bert.Bert),
        ({"pooling_mode": "mean"}, {"prompts": {"query": "query: "}}, bert.Bert),
        ({"pooling_mode": "mean", "include_prompt": False}, {"prompts": {"query": "query: "}}, generic.Generic),
        ({"pooling_mode": "max"}, {}, generic.Generic),
        ({"pooling_mode": "mean"}, {"hidden_act": "relu"}, generic.Generic),
        ({"pooling_mode": "mean"}, {"kind": "distilbert"}, generic.Generic),
    ],
)
def test_any_model_gives_the_vectors_of_sentence_transformers(ours, tmp_path, pooling, settings, kind):
    from sentence_transformers import SentenceTransformer

    folder = made(tmp_path, ours.folder, pooling, **settings)
    mine = encoder.load(str(folder))
    found = mine.encode(MANY)
    wanted = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(MANY)
    alike = (found * wanted).sum(axis=1) / np.linalg.norm(wanted, axis=1)
    assert (type(mine._model), found.shape) == (kind, (len(MANY), 64))
    assert alike.min() >= 0.999
    np.testing.assert_array_equal(np.concatenate([mine.encode([text]) for text in MANY[:12]]), found[:12])


def test_progress_adds_up_to_the_texts_given(ours):
    steps: list[int] = []
    ours.encode(TEXTS, steps.append)
    assert sum(steps) == len(TEXTS)


def test_the_fast_encoder_is_another_and_is_distilled_once(ours, tmp_path, monkeypatch):
    first = encoder.load("fast", kept=tmp_path)
    found = first.encode(MANY)
    monkeypatch.setattr(bert, "read", None)  # nothing is distilled again
    again = encoder.load("fast", kept=tmp_path)
    assert first.fingerprint == again.fingerprint != ours.fingerprint
    np.testing.assert_array_equal(np.concatenate([again.encode([text]) for text in MANY]), found)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_a_damaged_table_of_the_fast_encoder_is_made_anew(tmp_path):
    found = encoder.load("fast", kept=tmp_path).encode(["one"])
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    np.testing.assert_array_equal(encoder.load("fast", kept=tmp_path).encode(["one"]), found)


def test_the_fast_encoder_knows_what_is_alike_but_not_the_order_of_words(tmp_path):
    texts = ["The train was late again.", "again late the. was train", "Our bus is delayed.", "Dinner tasted of soap."]
    same, reordered, near, far = (
        encoder.load("fast", kept=tmp_path).encode(texts) @ encoder.load("fast").encode(texts)[0]
    )
    assert (round(float(same), 4), round(float(reordered), 4)) == (1, 1)
    assert near > far


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
        "assert 'sentence_transformers' not in sys.modules and 'transformers' not in sys.modules\n"
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

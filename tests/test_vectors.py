"""Vectors on disk: encoded once, never another encoder's, never lost by a killed run, remade when damaged."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from models import vectors
from models.vectors import Vectors

ROOT = Path(__file__).parent.parent


class Letters:
    """An encoder that makes 8 numbers of a text's hash, and keeps the texts it was given."""

    def __init__(self, fingerprint="letters", fails_after=10**9):
        self.fingerprint = fingerprint
        self.given = []
        self.fails_after = fails_after

    def encode(self, texts, progress=None):
        if len(self.given) + len(texts) > self.fails_after:
            raise KeyboardInterrupt
        self.given.extend(texts)
        return np.array([self.vector(text) for text in texts], np.float32)

    def vector(self, text):
        digest = hashlib.sha256((self.fingerprint + text).encode("utf-8", "surrogatepass")).digest()[:8]
        numbers = np.frombuffer(digest, np.uint8) - 127.5
        return numbers / np.linalg.norm(numbers)


def test_what_was_embedded_is_got_back_and_not_encoded_again(tmp_path):
    letters = Letters()
    store = Vectors(tmp_path / "cache", letters)
    texts = ["one", "two", "one", "", "three 🙂", "two"]
    assert store.embed(texts) == 4
    assert store.embed(texts) == 0
    assert letters.given == ["one", "two", "", "three 🙂"]
    found = store.get(texts)
    assert (found.shape, found.dtype) == ((6, 8), np.float32)
    assert (found * [letters.vector(text) for text in texts]).sum(axis=1).min() > 0.99999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_missing_names_each_text_once_in_order(tmp_path):
    store = Vectors(tmp_path, Letters())
    store.embed(["b"])
    assert store.missing(iter(["c", "b", "a", "c"])) == ["c", "a"]


def test_another_encoder_never_gets_these_vectors(tmp_path):
    first, second = Letters("first"), Letters("second")
    Vectors(tmp_path, first).embed(["same text"])
    with pytest.raises(EvidenceError, match="Vectors are missing from the cache"):
        Vectors(tmp_path, second).get(["same text"])
    assert Vectors(tmp_path, second).embed(["same text"]) == 1
    np.testing.assert_allclose(Vectors(tmp_path, first).get(["same text"])[0], first.vector("same text"), atol=1e-3)
    np.testing.assert_allclose(Vectors(tmp_path, second).get(["same text"])[0], second.vector("same text"), atol=1e-3)


def test_a_killed_run_loses_one_chunk_and_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "CHUNK", 10)
    texts = [f"text {number}" for number in range(35)]
    with pytest.raises(KeyboardInterrupt):
        Vectors(tmp_path / "killed", Letters(fails_after=25)).embed(texts)
    again = Letters()
    assert Vectors(tmp_path / "killed", again).embed(texts) == 15
    assert again.given == texts[20:]
    Vectors(tmp_path / "unbroken", Letters()).embed(texts)
    np.testing.assert_array_equal(
        Vectors(tmp_path / "killed", Letters()).get(texts), Vectors(tmp_path / "unbroken", Letters()).get(texts)
    )


def test_the_map_grows_with_what_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "ROOM", 1 << 15)
    store = Vectors(tmp_path, Letters())
    texts = [f"text {number}" for number in range(3000)]
    assert store.embed(texts) == 3000
    assert len(store.get(texts)) == 3000


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\0" * 8192, "cut"])
def test_a_damaged_cache_is_made_anew(tmp_path, damage):
    store = Vectors(tmp_path, Letters())
    texts = [f"text {number}" for number in range(500)]
    store.embed(texts)
    file = tmp_path / "data.mdb"
    file.write_bytes(file.read_bytes()[:16384] if damage == "cut" else damage)
    assert store.embed(texts) == 500
    assert len(store.get(texts)) == 500


def test_a_deleted_cache_is_one_sentence_and_then_made_anew(tmp_path):
    store = Vectors(tmp_path / "cache", Letters())
    with pytest.raises(EvidenceError, match="delete that folder and run again"):
        store.get(["never embedded"])
    assert store.embed(["never embedded"]) == 1


def test_a_cache_that_cannot_be_opened_is_one_sentence(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(EvidenceError, match="cannot be opened"):
        Vectors(tmp_path / "cache", Letters()).embed(["text"])


def test_no_texts_are_no_vectors(tmp_path):
    store = Vectors(tmp_path, Letters())
    assert (store.embed([]), store.get([]).shape) == (0, (0, 0))
    store.embed(["text"])
    assert store.get([]).shape == (0, 8)


def test_only_the_owner_can_read_the_cache(tmp_path):
    Vectors(tmp_path / "cache", Letters()).embed(["text"])
    assert {os.stat(path).st_mode & 0o077 for path in (tmp_path / "cache").iterdir()} == {0}


def test_two_processes_write_one_cache(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.test_vectors import Letters, Vectors\n"
        "from models import vectors; vectors.CHUNK = 7; vectors.ROOM = 1 << 15\n"
        "start = int(sys.argv[2]); texts = [f'text {n}' for n in range(start, start + 600)]\n"
        "Vectors(Path(sys.argv[1]), Letters()).embed(texts)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen([*command, start], cwd=ROOT) for start in ("0", "300")]
    assert [process.wait() for process in running] == [0, 0]
    assert Vectors(tmp_path, Letters()).missing(f"text {number}" for number in range(900)) == []


@given(st.lists(st.text(st.characters(codec=None), max_size=8), min_size=1, max_size=30))
def test_embed_then_get_is_the_encoder(tmp_path_factory, texts):
    letters = Letters()
    store = Vectors(tmp_path_factory.mktemp("cache"), letters)
    assert store.embed(texts) == len(set(texts))
    expected = np.array([letters.vector(text) for text in texts], np.float32)
    np.testing.assert_allclose(store.get(texts), expected, atol=1e-3)

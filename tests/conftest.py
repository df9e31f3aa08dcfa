"""A study of small real-shaped files, and an encoder that needs no model."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from coding.study import Study, add, create_study

pytest_plugins = ["browser"]

CODEBOOK = """
title: Two themes
codes:
  - id: money
    name: Money
    definition: Money is short or late.
    include: [late payment]
    exclude: [money well spent]
    examples:
      - We waited nine months for the money.
      - The grant was cut by half.
      - They pay us late every year.
    near_misses:
      - The money came on time and was enough.
    codes:
      - id: late
        name: Late payment
        definition: Money comes late.
        examples:
          - The invoice was paid after a year.
  - id: voice
    name: Voice
    definition: Nobody listens to the smaller party.
    examples:
      - Nobody asked us before they decided.
      - We were never invited to the meeting.
      - Our view did not count.
    never_with: []
"""
INTERVIEW = """Interview with a manager

Interviewer: How is the funding going?
Mair Jones: They pay us late every single year. We waited nine months for the money once. It nearly closed us.
Interviewer: And do they listen?
Mair Jones: Nobody asked us before they decided. We were never invited to the meeting about our own building.
Interviewer: What about the volunteers?
Mair Jones: The volunteers are wonderful. Dw i'n caru nhw. They bring cake on Tuesdays 🎂 and sing.
"""
SUBMISSION = """Our choir meets on Mondays in the old chapel.

The grant was cut by half and the money came late again.

We like the new kitchen.
"""
SURVEY = """Response ID,Size,What went wrong?
R1,small,They never listened to our view at all
R2,large,"Nothing, it all went very well for us"
R3,small,=HYPERLINK("http://x") the money was late
R4,,
"""


class Words:
    """A deterministic encoder: each word has a random direction, a text the sum of its words'."""

    name = "words"

    def __init__(self, fingerprint: str = "words-1", size: int = 64) -> None:
        self.fingerprint = fingerprint
        self.size = size
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> np.ndarray:
        self.seen.extend(texts)
        vectors = np.stack([sum(map(self._word, text.lower().split()), np.full(self.size, 1e-3)) for text in texts])
        if progress:
            progress(len(texts))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def _word(self, word: str) -> np.ndarray:
        digest = hashlib.sha256(f"{self.fingerprint} {word.strip('.,!?')}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8])).normal(size=self.size)


def with_encoder(study: Study, encoder: Words) -> Study:
    study.__dict__["encoder"] = encoder
    return study


@pytest.fixture
def encoder() -> Words:
    return Words()


@pytest.fixture
def transcripts(tmp_path: Path) -> Path:
    folder = tmp_path / "transcripts"
    folder.mkdir()
    (folder / "interview.txt").write_text(INTERVIEW, encoding="utf-8")
    (folder / "submission.md").write_text(SUBMISSION, encoding="utf-8")
    (folder / "survey.csv").write_text(SURVEY, encoding="utf-8")
    (folder / "attributes.csv").write_text("file,size\ninterview.txt,small\nsubmission,large\n", encoding="utf-8")
    return folder


@pytest.fixture
def codebook_file(tmp_path: Path) -> Path:
    path = tmp_path / "themes.yml"
    path.write_text(CODEBOOK, encoding="utf-8")
    return path


@pytest.fixture
def empty(tmp_path: Path, codebook_file: Path, encoder: Words) -> Study:
    return with_encoder(create_study(tmp_path / "study", codebook_file), encoder)


@pytest.fixture
def study(empty: Study, transcripts: Path) -> Study:
    add(empty, [transcripts])
    return empty

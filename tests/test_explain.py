"""Every suggestion names its sentence and the nearest reviewed text, and a passage never explains itself."""

import numpy as np
import pytest

from models.evidence import Evidence, Reason, Theme
from models.explain import gather


def unit(*rows):
    found = np.array(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


THEMES = [Theme("risk", ("risk",), ("late payment",)), Theme("brand", ("brand",))]
VECTORS = dict(zip(["risk", "late payment", "brand"], unit([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), strict=True))
CENTRE = np.zeros(4, np.float32)


@pytest.fixture
def evidence():
    passages = unit([1, 0.2, 0, 0], [0.2, 1, 0, 0.3], [0.1, 1, 0, 0.5], [0, 0, 0, 1])
    return Evidence(
        keys=np.array([10, 20, 30, 40]),
        texts=["a", "b", "c", "d"],
        passages=passages,
        sentences=unit([0, 1, 0, 0], [0, 0, 1, 0.1], [0, 1, 0, 0], [0, 0, 1, 0]),
        owner=np.array([0, 0, 1, 3]),
        context=np.zeros_like(passages),
    )


def test_reasons_are_the_codebook_and_the_decided_passages(evidence):
    yes = np.array([[False, False], [True, False], [True, True], [False, False]])
    assert gather(THEMES, VECTORS, evidence, yes, CENTRE).reasons == (
        Reason("definition", "risk", text="risk"),
        Reason("example", "risk", text="late payment"),
        Reason("decided", "risk", key=20),
        Reason("decided", "risk", key=30),
        Reason("definition", "brand", text="brand"),
        Reason("decided", "brand", key=30),
    )


def test_the_nearest_reason_is_never_the_passage_itself(evidence):
    yes = np.array([[False, False], [True, False], [True, False], [False, False]])
    library = gather(THEMES, VECTORS, evidence, yes, CENTRE)
    sentence = np.array([[-1, -1]] * 4)
    named = [library.reasons[at] for at in library.nearest(evidence, sentence, CENTRE)[:, 0]]
    assert named == [
        Reason("definition", "risk", text="risk"),
        Reason("decided", "risk", key=30),
        Reason("decided", "risk", key=20),
        Reason("decided", "risk", key=30),
    ]


def test_the_sentence_speaks_for_its_passage(evidence):
    library = gather(THEMES, VECTORS, evidence, np.zeros((4, 2), bool), CENTRE)
    named = []
    for which in (-1, 0):
        sentence = np.array([[which, -1], [-1, -1], [-1, -1], [-1, -1]])
        named.append(library.reasons[library.nearest(evidence, sentence, CENTRE)[0, 0]].text)
    assert named == ["risk", "late payment"]


def test_a_code_without_reasons_has_none(evidence):
    themes = [*THEMES, Theme("empty", ())]
    library = gather(themes, VECTORS, evidence, np.zeros((4, 3), bool), CENTRE)
    assert library.nearest(evidence, np.full((4, 3), -1), CENTRE)[:, 2].tolist() == [-1] * 4


def test_of_many_decided_passages_some_from_all_over_speak_for_a_code():
    count = 500
    vectors = unit(*np.random.default_rng(0).normal(size=(count, 4)))
    many = Evidence(np.arange(count), ["x"] * count, vectors, vectors[:0], np.arange(0), np.zeros_like(vectors))
    yes = np.column_stack([np.ones(count, bool), np.arange(count) < 3])
    reasons = gather(THEMES, VECTORS, many, yes, CENTRE).reasons
    keys = [reason.key for reason in reasons if reason.code == "risk" and reason.kind == "decided"]
    assert (len(keys), keys[0], keys[-1]) == (200, 0, count - 1)
    assert max(np.diff(keys)) <= 3
    assert [reason.key for reason in reasons if reason.code == "brand" and reason.kind == "decided"] == [0, 1, 2]

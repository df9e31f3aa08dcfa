"""The accuracy benchmark: its figures by hand, what is kept and run again, and peers that never see the test."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import Words

from benchmarks import accuracy, accuracy_table, found
from benchmarks.accuracy import figures
from benchmarks.peers import PEERS, Question, Said, _cut, _cuts
from benchmarks.tasks import Case, Dataset, Task, drawn
from models.evidence import Evidence, Theme

NAN = np.nan
CHEAP = [name for name in PEERS if name not in accuracy.SLOW]


def made(size: int = 60, seed: int = 0) -> Dataset:
    """Passages of two codes that words and vectors both tell apart; each ten are a document."""
    random = np.random.default_rng(seed)
    labels = (random.random((size, 2)) < 0.4).astype(float)
    vectors = np.hstack([labels, np.ones((size, 1))]) + random.normal(0, 0.05, (size, 3))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    words = [
        " ".join(["on", "visit", f"number{n}", *(["waiting"] * int(a)), *(["kindness"] * int(b))])
        for n, (a, b) in enumerate(labels)
    ]
    evidence = Evidence(np.arange(size), words, vectors, vectors, np.arange(size), np.zeros_like(vectors))
    names = {"waiting": np.array([0.8, 0, 0.6], np.float32), "kindness": np.array([0, 0.8, 0.6], np.float32)}
    return Dataset(evidence, labels, np.arange(size) // 10, [Theme(name, (name,)) for name in names], names)


@pytest.fixture
def case() -> Case:
    return Case(made(), np.arange(40), np.arange(40, 60))


def test_figures_by_hand():
    labels = np.array([[1, 0, 0], [1, 0, NAN], [0, 1, NAN], [0, 0, 0]])
    suggested = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0]], bool)
    score = np.array([[0.9, 0.1, 0.5], [0.4, 0.2, 0.5], [0.8, 0.7, 0.5], [0.1, 0.3, 0.5]])
    found = figures(labels, Said(score, suggested, np.zeros(3, bool)))
    # first code: 1 hit of 2 suggested, 2 there; second: 1 of 1; the third has no yes, and one no that is suggested
    assert found["macro"] == pytest.approx((2 / 4 + 1) / 2)
    assert found["micro"] == pytest.approx(2 * 2 / (2 + 2 + 1 + 1 + 1))
    assert found["ap"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert np.isnan(found["calibration"])


@pytest.mark.parametrize(("chance", "error"), [(0.25, 0.0), (0.65, 0.4)])
def test_calibration_is_how_far_scores_are_from_shares(chance, error):
    labels = np.tile([1.0, 0, 0, 0], 50)[:, None]
    said = Said(np.full((200, 1), chance), np.ones((200, 1), bool), np.ones(1, bool))
    assert figures(labels, said)["calibration"] == pytest.approx(error)


def test_a_cut_is_where_f1_is_best_and_parts_the_scores():
    assert _cut(np.array([0.9, 0.6, 0.5, 0.1]), np.array([1, 1, 0, 0])) == pytest.approx(0.55)
    labels = np.array([[1, 1], [1, 0], [1, 0], [0, 0]], float)
    scores = np.array([[0.9, 0.9], [0.8, 0.3], [0.7, 0.2], [0.1, 0.1]])
    own, pooled = _cuts(scores, labels)
    assert own == pytest.approx(0.4), "between its last yes and the no below"
    assert pooled == pytest.approx(0.5), "one yes is too few for a cut of its own: both codes' best"


@pytest.mark.parametrize("name", CHEAP)
def test_peers_tell_what_is_easily_told_and_never_see_the_test(case, name):
    question = Question(case, case.pool, 0)
    said = PEERS[name](question)(case.test)
    assert figures(case.data.labels[case.test], said)["ap"] > 0.9
    wrong = case.data.labels.copy()
    wrong[case.test] = 1 - wrong[case.test]
    blind = replace(case, data=replace(case.data, labels=wrong))
    again = PEERS[name](Question(blind, case.pool, 0))(case.test)
    assert again.score.tolist() == said.score.tolist()
    assert again.suggested.tolist() == said.suggested.tolist()


def _second(said: Said) -> Said:
    return Said(said.score[:, 1:], said.suggested[:, 1:], said.probable[1:])


@pytest.mark.parametrize("name", CHEAP)
def test_peers_take_codes_that_nobody_decided_or_never_saw(case, name):
    labels = case.data.labels.copy()
    labels[case.pool, 0], labels[case.pool, 1] = 0, NAN
    said = PEERS[name](Question(replace(case, data=replace(case.data, labels=labels)), case.pool, 0))(case.test)
    assert np.isfinite(said.score).all()
    labels[case.pool, 1] = np.where(case.pool % 2, case.data.labels[case.pool, 1], NAN)
    said = PEERS[name](Question(replace(case, data=replace(case.data, labels=labels)), case.pool, 0))(case.test)
    assert figures(case.data.labels[case.test][:, 1:], _second(said))["ap"] > 0.9


def test_drawing_serves_every_code_and_adds_as_many_at_random(case):
    rows = drawn(case.data.labels, case.pool, 4, 0)
    assert set(rows) <= set(case.pool)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert (case.data.labels[rows].sum(axis=0) >= 4).all()
    assert drawn(case.data.labels, case.pool, 0, 0).tolist() == []
    assert drawn(case.data.labels, case.pool, None, 0).tolist() == case.pool.tolist()


def test_what_is_kept_is_not_run_again_until_its_method_or_question_changes(case, tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "ROWS", tmp_path / "rows.jsonl")
    cases = [case]
    task = Task("made", lambda half, seed: cases)

    def again() -> list[str]:
        return list(accuracy.run("report", [task], ["0", "8"], 2, ["kNN", "cosine to the name"]))

    assert len(again()) == 2 * (1 + 2), "kNN has nothing to say without a label"
    assert again() == []
    lines = accuracy.ROWS.read_text().splitlines()
    older = [line.replace(json.loads(line)["source"], "older") for line in lines]
    accuracy.ROWS.write_text("\n".join([*lines[1:], *older]) + "\n")
    assert len(again()) == 1, "the one whose row is gone; an older method's does not stand for it"
    cases[0] = Case(made(seed=1), case.pool, case.test)
    assert len(again()) == 6


def test_the_table_stands_between_its_markers_and_marks_where_a_peer_is_better(tmp_path):
    rows = [
        {"task": task, "budget": "8", "method": method, "seed": seed, "labelled": 20, **dict.fromkeys(FIGURES, value)}
        for method, task, value in (("Themis", "a", 0.5), ("kNN", "a", 0.52), ("told", "a", 0.9), ("Themis", "b", 0.9))
        for seed in (0, 1)
    ]
    rows.append({**rows[-1], "method": "TF-IDF + LR", "macro": 0.6})
    kept = accuracy_table.Kept(rows, "Themis", (), ("told",))
    lines = list(accuracy_table.tables(kept, (["a", "b"], ["8"], ["Themis", "kNN", "told", "TF-IDF + LR"])))
    assert "| a | 0.500 -2.0 kNN ▼ |" in lines
    assert "| b | 0.900 +30.0 TF-IDF |" in lines
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{accuracy_table.BEGIN}\nold\n{accuracy_table.END}\nAfter.\n", encoding="utf-8")
    accuracy_table.written(page, ["new"])
    accuracy_table.written(page, ["newer"])
    begin, end = accuracy_table.BEGIN, accuracy_table.END
    assert page.read_text(encoding="utf-8") == f"Before.\n{begin}\nnewer\n\n{end}\nAfter.\n"


@pytest.mark.parametrize("name", found.ORDERS)
def test_an_order_reads_each_passage_once_and_what_it_finds_grows(case, name, monkeypatch):
    monkeypatch.setattr(found, "Cached", Words)
    order = found.order(case, name, 0)
    assert len(set(order)) == len(order) == 12
    assert set(order) <= set(case.pool)
    curve = list(found.curve(case, order, PEERS["kNN"], 0))
    assert [one["share"] for one in curve] == list(found.SHARES)
    recalls = [one["recall"] for one in curve]
    assert recalls == sorted(recalls)
    last = case.data.labels[order].sum(axis=0) / case.data.labels[case.pool].sum(axis=0)
    assert recalls[-1] == pytest.approx(last.mean())


def test_the_most_similar_come_first_code_by_code(case):
    order = found.order(case, found.ALIKE, 0)
    labels = case.data.labels[order]
    assert labels[::2, 0].all() or labels[:, 0].mean() > 0.6


FIGURES = ("macro", "micro", "ap", "calibration", "seconds", "processor", "memory")

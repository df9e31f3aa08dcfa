"""Counts on real answers: read some by the queue, audit the rest, and see how often the truth is in the interval."""

from pathlib import Path

import numpy as np
import pytest
from conftest import Words
from reading_audits import read as read_audit

from benchmarks.labelled import Labelled, Machine, anes2008_ds5, read, study_of
from benchmarks.replays import Replayed, intervals, raw_covered, replayed
from benchmarks.rivals import ppi_wald, wald
from coding.auditing import Counting
from coding.drawing import draw_audit
from coding.draws import drawn
from coding.estimate import audited
from coding.study import Study

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
DRAWS, AUDIT, SMALL = 200, 400, 100
READ = 240


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Labelled, Study, Machine]:
    if not (DATA / "anes2008_open_ended").is_dir():
        pytest.skip("the labelled answers are not beside the checkout")
    data, folder = anes2008_ds5(DATA), tmp_path_factory.mktemp("answers")
    made = study_of(data, folder / "made", Words())
    return data, *read(made, data, READ, 1, folder / "read", batch=READ // 2)


@pytest.fixture(scope="module")
def answers(begun: tuple[Labelled, Study, Machine]) -> tuple[np.ndarray, Machine]:
    return begun[0].labels, begun[2]


@pytest.fixture(scope="module")
def done(answers: tuple[np.ndarray, Machine]) -> Replayed:
    labels, known = answers
    return replayed(labels, [known], AUDIT, DRAWS, seed=1)


def test_the_queue_was_read_and_its_answers_learned(answers):
    labels, known = answers
    assert known.read.sum() == READ
    assert known.scores.min() >= 0
    assert known.scores.max() <= 1
    rest = ~known.read
    often = labels.sum(axis=0) > 100
    rho = [np.corrcoef(f, y)[0, 1] for f, y in zip(known.scores[rest].T, labels[rest].T, strict=True)]
    assert np.array(rho)[often].mean() > 0.3


def test_intervals_hold_the_truth_as_often_as_they_say(answers, done):
    truth = answers[0].sum(axis=0)
    covered = done.ours.covered(truth)
    assert 0.94 <= covered.mean() <= 0.985
    assert covered.min() >= 0.88  # with 200 audits of 24 codes chance alone gives about .92


def test_scores_narrow_the_intervals_of_what_they_are_right_about(answers, done):
    labels, _ = answers
    narrower = done.ours.width(len(labels)) < done.plain.width(len(labels))
    assert narrower[(labels.sum(axis=0) > 100) & (done.rho[0] > 0.3)].all()


def test_the_machine_s_own_count_does_not(answers, done):
    labels, _ = answers
    assert raw_covered(done, labels.sum(axis=0), len(labels)) < 0.5


@pytest.mark.parametrize("rival", [wald, ppi_wald])
def test_nor_do_the_usual_intervals_of_rare_codes(answers, rival):
    labels, known = answers
    rare = labels[~known.read].mean(axis=0) < 0.02
    found = replayed(labels[:, rare], [known.of(rare)], SMALL, DRAWS, seed=1, by=(rival, wald))
    assert found.ours.covered(labels[:, rare].sum(axis=0)).mean() < 0.9


def test_the_program_says_of_an_audit_what_a_replay_says(begun):
    data, study, known = begun
    draw = draw_audit(study, AUDIT)
    with study.store.database.reading() as connection:
        row = {key: row for row, key in enumerate(study.store.passage_keys(connection))}
        rows = np.array([row[key] for key, _ in drawn(connection, draw.id)])
    ids = {name: f"c{number}" for number, (name, _) in enumerate(data.codes)}
    read_audit(study, draw, {key: {ids.get(name) for name in data.items[row[key]].codes} for key in row})
    with study.store.database.reading() as connection:
        said = list(Counting(study, connection).estimates(connection))
    assert not known.read[rows].any()
    assert [one.code for one in said] == list(ids.values())
    (ours,) = intervals(data.labels, known, iter([rows]), (audited,))
    found = np.array([(one.low, one.high, one.few) for one in said]).T
    assert found == pytest.approx(np.stack([ours.low[0], ours.high[0], ours.few[0]]), abs=0.001)

"""`themis learn`: a study whose encoder is adapted to its decisions, from the shell, and what becomes of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from test_deep import tiny, toy  # noqa: F401

import cli
from coding import deep, ledger, run, suggestions
from coding.drawing import draw_double
from coding.evidence import evidence, items
from coding.learning import lessons, stands
from coding.ledger import Decision
from coding.study import Study, add, create_study, open_study
from models.mixing import Mix
from models.why import contributions

CODEBOOK = """
title: Two themes
codes:
  - {id: money, name: Money, definition: money late}
  - {id: voice, name: Voice, definition: voice heard}
  - {id: rare, name: Rare, definition: word1}
"""
DOCUMENTS, ANSWERS = 16, 12


@pytest.fixture
def taught(tiny: Path, tmp_path: Path) -> Study:  # noqa: F811
    """A study of 16 documents; all that is in 12 of them is decided."""
    (tmp_path / "book.yml").write_text(CODEBOOK, encoding="utf-8")
    study = create_study(tmp_path / "study", tmp_path / "book.yml", {"encoder": str(tiny)})
    texts, labels, _ = toy(DOCUMENTS * ANSWERS)
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(DOCUMENTS):
        own = texts[number * ANSWERS : (number + 1) * ANSWERS]
        (folder / f"{number:02}.md").write_text("\n\n".join(own), encoding="utf-8")
    add(study, [folder])
    said = dict(zip(texts, labels.tolist(), strict=True))
    decide(study, said, [f"{number:02}.md" for number in range(12)])
    return study


def decide(study, said, names):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        rows = [
            Decision("anna", key, code, bool(value), version)
            for name in names
            for key, passage in study.store.document(connection, name).passages
            for code, value in zip(("money", "voice"), said[passage.text], strict=True)
        ]
        ledger.record(connection, rows)


@pytest.fixture
def themis(taught, monkeypatch):
    monkeypatch.chdir(taught.folder)

    def go(*words):
        result = CliRunner().invoke(cli.main, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    return go


def scores(study):
    with study.store.database.reading() as connection:
        found = suggestions.latest(connection)
        keys = taught_keys(study, connection)
        return found.basis.hash, [
            (s.passage, s.code, s.score) for s in suggestions.of_passages(connection, found.id, keys)
        ]


def taught_keys(study, connection):
    return [key for key, _, _ in study.store.places_in_order(connection)]


def test_from_the_shell_it_is_made_used_and_dropped(taught, themis):
    plain = themis("learn")
    assert "AP before" not in plain
    themis("code")
    before = scores(taught)
    told = themis("learn", "--deep")
    assert "AP before" in told
    themis("code")
    with_it = scores(taught)
    assert with_it != before
    assert "no adapted encoder" not in themis("learn", "--no-deep")
    assert not (taught.cache / "deep").exists()
    themis("code")
    assert scores(taught) == before
    assert "There is no adapted encoder" in themis("learn", "--no-deep")


def test_made_again_of_the_same_decisions_it_says_the_same_and_a_run_is_not_made_again(taught):
    deep.deepen(taught)
    first = deep.in_use(taught).fingerprint
    assert run.code(taught).fresh
    deep.drop(taught)
    deep.deepen(taught)
    assert deep.in_use(taught).fingerprint == first
    assert not run.code(open_study(taught.folder)).fresh


def test_killed_what_was_in_use_stays_and_the_next_call_goes_on(taught):
    deep.deepen(taught)
    before = deep.in_use(taught).fingerprint
    with taught.store.database.reading() as connection:
        key = taught.store.document(connection, "15.md").passages[0][0]
    with taught.store.database.writing() as connection:
        ledger.record(connection, [Decision("anna", key, "money", True, taught.codebook.version)])

    def killed(stage, done, total):
        if stage == "adapt" and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deep.deepen(taught, killed)
    assert deep.in_use(taught).fingerprint == before
    begun = []
    deep.deepen(taught, lambda stage, done, total: begun.append(done / total) if stage == "adapt" else None)
    assert begun[0] > 0.25
    assert deep.in_use(taught).fingerprint != before
    kept = sorted(path.name for path in (taught.cache / "deep").iterdir())
    assert kept == sorted(["about.json", deep.made(taught).name, "said"])


def test_what_was_learned_from_is_told_by_the_model_that_did_not_see_its_document(taught):
    deep.deepen(taught)
    with taught.store.database.reading() as connection:
        places = taught.store.places_in_order(connection)
    found = deep.in_use(taught)
    by_document = {}
    for key, name, _ in places:
        by_document.setdefault(name, set()).add(found.fold.get(key))
    assert all(len(folds) == 1 for folds in by_document.values())
    assert {name for name, folds in by_document.items() if folds == {None}} == {f"{n}.md" for n in range(12, 16)}
    assert {next(iter(folds)) for folds in by_document.values()} == {0, 1, 2, None}


def test_it_is_told_apart_when_it_fits_no_more(taught, themis):
    deep.deepen(taught)
    assert stands(taught).unfit == ""
    book = taught.folder / "codebook.yml"
    book.write_text(CODEBOOK.replace("word1", "word2"), encoding="utf-8")
    changed = open_study(taught.folder)
    assert stands(changed).unfit == "the codebook has changed since"
    assert deep.in_use(changed) is None
    assert "The adapted encoder is not used: the codebook has changed since" in themis("code")
    book.write_text(CODEBOOK, encoding="utf-8")
    assert deep.in_use(open_study(taught.folder)) is not None


def test_it_rests_while_what_it_learned_from_is_to_be_read_blind(taught, themis):
    deep.deepen(taught)
    before = deep.name(taught)
    draw_double(taught, 60, ["ben", "carla"])
    assert stands(taught).unfit == "some of what it learned from is to be read blind first"
    assert (deep.in_use(taught), deep.name(taught)) == (None, "")
    assert "not used: some of what it learned from is to be read blind first" in themis("code")
    deep.deepen(taught)
    assert deep.name(taught) not in ("", before)


def test_the_parts_of_a_score_add_up_with_what_the_adapted_encoder_says(taught):
    deep.deepen(taught)
    with taught.store.database.reading() as connection:
        model = run.learn(taught, ledger.last(connection))[0]
        kept = taught.store.document(connection, "15.md")
    half = replace(model, trained=replace(model.trained, mix=Mix(np.full(len(model.trained.columns), 0.5))))
    for item in items(kept):
        block = replace(evidence([item], taught.vectors), keys=np.array([-1]))  # of a passage that nobody learned from
        parts = contributions(half, block, 0)
        said = deep.in_use(taught).logits(block)[0, 0]
        assert parts.adapted == pytest.approx(said / 2)
        assert parts.total == pytest.approx((contributions(without(model), block, 0).total + said) / 2)
        assert parts.score == pytest.approx(half.score(block).score[0, 0], abs=1e-5)


def without(model):
    return replace(model, trained=replace(model.trained, deep=None, mix=None))


def test_many_later_decisions_make_it_stale(taught, themis):
    deep.deepen(taught)
    assert not stands(taught).stale
    texts, labels, _ = toy(DOCUMENTS * ANSWERS)
    decide(taught, dict(zip(texts, labels.tolist(), strict=True)), ["12.md", "13.md", "14.md", "15.md"])
    assert stands(taught).since == 4 * ANSWERS
    assert "48 more have been decided since" in themis("learn")
    assert deep.in_use(taught) is not None


def test_a_spoiled_file_is_no_adapted_encoder(taught):
    deep.deepen(taught)
    (taught.cache / "deep" / "about.json").write_text("[", encoding="utf-8")
    assert deep.made(taught) is None
    assert stands(taught) is None
    assert run.code(taught).fresh


def test_without_decisions_enough_it_says_what_is_missing(tiny, tmp_path):  # noqa: F811
    (tmp_path / "book.yml").write_text(CODEBOOK, encoding="utf-8")
    study = create_study(tmp_path / "study", tmp_path / "book.yml", {"encoder": str(tiny)})
    (tmp_path / "a.md").write_text("money word1", encoding="utf-8")
    add(study, [tmp_path / "a.md"])
    with pytest.raises(deep.EvidenceError, match="no code has 4 yes and 4 no yet"):
        deep.deepen(study)


def test_figures_are_those_of_the_decided_passages(taught):
    deep.deepen(taught)
    done = lessons(taught)
    by_code = {line.code: line for line in done.lines}
    assert (by_code["rare"].tried, by_code["rare"].plain, by_code["rare"].share) == (None, None, 0)
    _, labels, _ = toy(DOCUMENTS * ANSWERS)
    assert by_code["money"].yes == int(labels[: 12 * ANSWERS, 0].sum())
    assert done.passages == 12 * ANSWERS
    assert json.dumps([line.share for line in done.lines])
    assert np.all([0 <= line.tried.ap <= 1 for line in done.lines if line.tried])

"""A run can be killed anywhere and goes on to the same end; it never touches what people decided."""

import numpy as np
import pytest
from conftest import Words, with_encoder

from coding import ledger, run, suggestions
from coding.export.rows import passages, suggested
from coding.ledger import Decision
from coding.run import code
from coding.study import Study, add, create_study, open_study
from corpus.errors import EvidenceError


def table(study):
    with study.store.database.reading() as connection:
        return list(suggested(study, connection).rows)


def latest_run(study):
    with study.store.database.reading() as connection:
        return suggestions.shown(connection)


def decide(study, *rows):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
        version = study.codebook.version
        ledger.record(connection, [Decision(who, keys[i], code, value, version) for who, i, code, value in rows])


def reopened(study, encoder=None):
    return with_encoder(open_study(study.folder), encoder or study.encoder)


def test_every_passage_and_code_gets_one_row(study):
    done = code(study)
    rows = table(study)
    with study.store.database.reading() as connection:
        every = [row["passage"] for row in passages(study, connection).rows]
    pairs = [(row["passage"], row["code"]) for row in rows]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {(passage, id) for passage in every for id in study.codebook.by_id}
    assert all(row["sentence"] in row["text"] for row in rows)
    assert (done.fresh, done.summary.passages) == (True, len(every))
    assert {line.kind for line in done.summary.lines} == {"likeness"}


def test_a_passage_like_the_examples_is_suggested_for_the_sentence_that_says_so(study):
    code(study)
    late = next(row for row in table(study) if row["text"].startswith("They pay us") and row["code"] == "money")
    assert late["suggested"]
    assert late["sentence"] == "We waited nine months for the money once."


def test_a_second_run_embeds_nothing_and_says_so(study):
    first = code(study)
    encoder = Words()
    again = code(reopened(study, encoder))
    assert first.embedded > 0
    assert (again.embedded, again.fresh, encoder.seen) == (0, False, [])
    assert again.summary == first.summary


def test_equal_texts_are_embedded_once(study):
    code(study)
    assert len(study.encoder.seen) == len(set(study.encoder.seen))


def test_new_documents_are_embedded_alone(study, tmp_path):
    code(study)
    (tmp_path / "more.txt").write_text("A lonely new line.\n")
    add(study, [tmp_path / "more.txt"])
    encoder = Words()
    assert code(reopened(study, encoder)).embedded == 1
    assert encoder.seen == ["A lonely new line."]


@pytest.mark.parametrize("stage", ["embed", "suggest"])
@pytest.mark.parametrize("block", [0, 1])
def test_a_killed_run_goes_on_to_the_same_end(study, monkeypatch, tmp_path, transcripts, codebook_file, stage, block):
    monkeypatch.setattr(run, "BLOCK", 3)
    monkeypatch.setattr(run, "SMALL", 3)
    whole = with_encoder(create_study(tmp_path / "whole", codebook_file), Words())
    add(whole, [transcripts])
    for one in (study, whole):
        decide(one, ("anna", 0, "money", True), ("anna", 1, "money", False), ("anna", 3, "money", False))
    code(whole)
    seen = []

    def kill(at, done, total):
        seen.append(at)
        if seen.count(stage) > block and at == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        code(study, kill)
    with pytest.raises(EvidenceError, match="nothing has been suggested yet"):
        latest_run(study)
    code(reopened(study, Words()))
    assert table(study) == table(whole)
    with study.store.database.reading() as connection:
        runs = connection.execute(suggestions.select(suggestions.RUNS.c.id)).all()
    assert len(runs) == 1  # the run went on, it was not begun anew


def test_a_killed_run_keeps_what_it_embedded(study, monkeypatch):
    monkeypatch.setattr(run, "BLOCK", 3)
    monkeypatch.setattr(run, "SMALL", 3)

    def kill(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        code(study, kill)
    encoder = Words()
    code(reopened(study, encoder))
    assert not set(encoder.seen) & set(study.encoder.seen)


def test_a_run_changes_no_decision_and_learns_from_none_of_its_own(study):
    decide(study, ("anna", 0, "money", True), ("ben", 0, "money", False), ("anna", 1, "voice", True))
    with study.store.database.reading() as connection:
        before = connection.execute(ledger.select(ledger.DECISIONS)).all()
    code(study)
    first = table(study)
    with study.store.database.writing() as connection:
        connection.execute(suggestions.update(suggestions.RUNS).values(basis="other"))
    code(reopened(study))
    with study.store.database.reading() as connection:
        assert connection.execute(ledger.select(ledger.DECISIONS)).all() == before
    assert table(study) == first


def test_decisions_of_both_kinds_turn_likeness_into_a_score(study):
    decide(study, *(("anna", i, "money", i in (0, 2, 4, 6)) for i in range(9)))
    done = code(study)
    kinds = {line.code: line.kind for line in done.summary.lines}
    assert (kinds["money"], kinds["voice"]) == ("score", "likeness")


def test_a_decision_makes_the_next_run_fresh(study):
    code(study)
    decide(study, ("anna", 0, "money", True))
    assert code(reopened(study)).fresh


def test_a_changed_definition_makes_the_next_run_fresh_and_keeps_both_versions(study):
    code(study)
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Money is short or late.", "Money is short."))
    assert code(reopened(study)).fresh
    with study.store.database.reading() as connection:
        assert len(ledger.codebooks(connection)) == 2


def test_another_encoder_never_gets_the_vectors_of_the_first(study):
    code(study)
    other = Words("words-2")
    done = code(reopened(study, other))
    assert done.fresh
    assert done.embedded == len(set(other.seen)) > 0
    texts = sorted(set(other.seen))
    kept = reopened(study, other).vectors.get(texts)
    assert np.allclose(kept, Words("words-2").encode(texts), atol=2e-3)


def test_the_cache_can_be_deleted(study):
    import shutil

    code(study)
    first = table(study)
    shutil.rmtree(study.cache)
    decide(study, ("anna", 0, "voice", None))
    code(reopened(study, Words()))
    assert table(study) == first


def test_a_nested_code_is_suggested_only_where_the_code_above_it_is(study):
    code(study)
    marked = {(row["passage"], row["code"]) for row in table(study) if row["suggested"]}
    assert {(p, "money") for p, id in marked if id == "late"} <= marked


def test_a_run_records_what_it_rests_on(study):
    decide(study, ("anna", 0, "money", True))
    code(study)
    basis = latest_run(study).basis
    assert (basis.encoder, basis.codebook, basis.decisions) == ("words-1", study.codebook.version, 1)
    assert basis.seed == int(study.settings["seed"])
    assert basis.code_version


def test_a_study_without_passages_is_refused(empty: Study):
    with pytest.raises(EvidenceError, match="the study has no passages yet: add transcripts with `themis add FILES`"):
        code(empty)


def test_two_runs_at_once_write_each_row_once(study):
    first = {}

    def meanwhile(stage, done, total):
        if stage == "embed" and not first:
            first["done"] = True
            code(reopened(study, Words()))

    code(study, meanwhile)
    rows = [(row["passage"], row["code"]) for row in table(study)]
    assert len(rows) == len(set(rows)) == 27


def test_another_run_may_write_while_this_one_scores(study, monkeypatch):
    scored, inner = run.suggested, []

    def rows(*given):
        if not inner:
            inner.append(True)
            code(reopened(study, Words()))
        return scored(*given)

    monkeypatch.setattr(run, "suggested", rows)
    code(study)
    assert len(table(study)) == 27


def test_a_run_that_ends_late_does_not_replace_a_newer_one(study, monkeypatch):
    scored, newer = run.suggested, []

    def rows(*given):
        if not newer:
            newer.append(None)
            decide(study, ("anna", 0, "money", True))
            code(reopened(study, Words()))
            newer[0] = latest_run(study)
        return scored(*given)

    monkeypatch.setattr(run, "suggested", rows)
    code(study)
    assert latest_run(study) == newer[0]
    assert len(table(study)) == 27


def test_what_to_look_at_first_is_unread(study):
    first = {line.code: line.first for line in code(study).summary.lines}
    assert first["money"] > 0
    decide(study, *(("anna", i, "money", False) for i in range(9)))
    assert {line.code: line.first for line in code(reopened(study)).summary.lines}["money"] == 0


def test_no_file_of_a_study_is_for_others_to_read(study):
    import stat

    code(study)
    files = [file for file in study.folder.rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"study.db", "codebook.yml", "data.mdb"}
    assert [file for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077] == []
    assert stat.S_IMODE(study.folder.stat().st_mode) == 0o700


def test_a_run_that_was_left_unfinished_is_not_taken_up_after_a_newer_one(study):
    path = study.folder / "codebook.yml"
    original = path.read_text()

    def kill(stage, done, total):
        if stage == "suggest":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        code(study, kill)
    path.write_text(original.replace("Money is short or late.", "Money is short."))
    code(reopened(study, Words()))
    path.write_text(original)
    done = code(reopened(study, Words()))
    assert done.summary.run.basis.codebook == reopened(study).codebook.version
    assert len(table(reopened(study))) == 27


def test_documents_may_come_in_while_a_run_goes_on(study, tmp_path):
    (tmp_path / "more.txt").write_text("A lonely new line.\n")

    def meanwhile(stage, done, total):
        if stage == "embed":
            add(reopened(study, Words()), [tmp_path / "more.txt"])

    code(study, meanwhile)
    assert len(table(study)) == 30


def test_a_run_learns_from_no_decision_after_those_it_names(study, monkeypatch):
    basis = run._basis

    def late(given):
        found = basis(given)
        decide(given, *(("anna", i, "money", i % 2 == 0) for i in range(9)))
        return found

    monkeypatch.setattr(run, "_basis", late)
    assert {line.kind for line in code(study).summary.lines} == {"likeness"}


def test_the_order_in_which_documents_came_in_changes_nothing(study, tmp_path, transcripts, codebook_file):
    other = with_encoder(create_study(tmp_path / "other", codebook_file), Words())
    for name in ("survey.csv", "submission.md", "interview.txt"):
        add(other, [transcripts / name])
    found = []
    for one in (study, other):
        with one.store.database.writing() as connection:
            ledger.keep(connection, one.codebook)
            keys = [key for key, _, _ in one.store.places_in_order(connection)]
            version = one.codebook.version
            ledger.record(connection, [Decision("anna", k, "money", i % 2 == 0, version) for i, k in enumerate(keys)])
        code(one)
        found.append({(row["passage"], row["code"]): (row["score"], row["suggested"]) for row in table(one)})
    assert found[0] == found[1]

"""Counts are of distinct units: two codes on a passage, or two coders, never count it twice."""

import pytest

from coding import ledger, suggestions
from coding.counts import counts
from coding.export.counted import COUNTED, counted
from coding.ledger import Decision
from coding.study import add, configure, create_study
from coding.suggestions import Basis, Suggestion
from corpus.errors import EvidenceError

TALK = """Interviewer: And?
Mair: First answer.
Tom: His answer.
Mair: Second answer.
"""


@pytest.fixture
def talk(tmp_path, codebook_file):
    """Two transcripts of the same talk: Mair says two things and Tom one, in each."""
    folder = tmp_path / "talk"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(TALK + f"Tom: Only in {name}.\n" * (name == "b.txt"))
    (folder / "attributes.csv").write_text("file,size\na,small\n")
    study = create_study(tmp_path / "study", codebook_file)
    add(study, [folder])
    return study


def decide(study, *rows):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
        version = study.codebook.version
        ledger.record(connection, [Decision(who, keys[i], code, value, version) for who, i, code, value in rows])


def suggest(study, *rows):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
        run = suggestions.begin(connection, Basis("b", "e", study.codebook.version, 0, "0", 1))
        wanted = {(keys[i], code) for i, code in rows}
        everything = [(key, code) for key in keys for code in study.codebook.by_id]
        suggestions.write(connection, run, (Suggestion(k, c, 1.0, (k, c) in wanted, 0, -1) for k, c in everything))
        suggestions.finish(connection, run)


def found(study, **how):
    return {
        (c.code, c.group): (c.suggested, c.decided_yes, c.decided_no, c.read, c.total) for c in counts(study, **how)
    }


def test_passages(talk):
    decide(talk, ("anna", 0, "money", True), ("anna", 0, "voice", True), ("ben", 0, "money", True))
    decide(talk, ("anna", 1, "money", True), ("ben", 1, "money", False), ("anna", 2, "money", False))
    suggest(talk, (0, "money"), (3, "money"), (3, "voice"))
    assert found(talk) == {
        ("money", ""): (2, 1, 1, 3, 7),
        ("late", ""): (0, 0, 0, 0, 7),
        ("voice", ""): (1, 1, 0, 1, 7),
    }


def test_documents_and_speakers(talk):
    decide(talk, ("anna", 0, "money", True), ("anna", 1, "money", False), ("anna", 2, "money", True))
    decide(talk, *(("anna", i, "money", False) for i in (3, 4, 5)))
    suggest(talk, (0, "money"), (2, "money"), (6, "money"))
    assert found(talk, unit="document")["money", ""] == (2, 1, 0, 2, 2)
    decide(talk, ("anna", 6, "money", False))
    assert found(talk, unit="document")["money", ""] == (2, 1, 1, 2, 2)
    assert found(talk, unit="speaker")["money", ""] == (2, 1, 3, 4, 4)


def test_groups_add_up_and_a_missing_attribute_is_a_group(talk):
    decide(talk, ("anna", 0, "money", True), ("anna", 3, "money", True))
    assert found(talk, by="size") == {
        ("money", "(none)"): (0, 1, 0, 1, 4),
        ("money", "small"): (0, 1, 0, 1, 3),
        ("late", "(none)"): (0, 0, 0, 0, 4),
        ("late", "small"): (0, 0, 0, 0, 3),
        ("voice", "(none)"): (0, 0, 0, 0, 4),
        ("voice", "small"): (0, 0, 0, 0, 3),
    }


def test_a_nested_yes_counts_once_above(talk):
    decide(talk, ("anna", 0, "late", True), ("anna", 0, "money", True))
    assert found(talk)["money", ""] == (0, 1, 0, 1, 7)


def test_another_unit_of_passage_does_not_count_the_old_ones(talk):
    decide(talk, ("anna", 0, "money", True))
    finer = configure(talk, {"code_interviewer": "yes"})
    assert found(finer)["money", ""] == (0, 1, 0, 1, 9)


def test_the_export_is_the_counts(talk):
    decide(talk, ("anna", 0, "money", True))
    rows = counted(talk, by="size")
    assert list(rows.columns) == [*COUNTED]
    first, second, *_ = (tuple(row.values()) for row in rows.rows)
    assert (first[:11], second[:11]) == (
        ("money", "passage", "size", "(none)", 0, 0, 0, 0, 4, 0, 0),
        ("money", "passage", "size", "small", 0, 1, 0, 1, 3, 0, 0),
    )
    assert second[-1] == "there is no random audit: `themis audit`"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"unit": "person"}, "'person' is no counting unit: choose passage, document, speaker"),
        ({"by": "colour"}, "no document has an attribute 'colour': there are size"),
    ],
)
def test_what_cannot_be_counted_is_refused(talk, how, sentence):
    with pytest.raises(EvidenceError, match=sentence):
        counts(talk, **how)


def test_a_document_without_passages_is_no_unit(talk):
    with talk.store.database.writing() as connection:
        kept = study_document(talk, connection, "a.txt")
        talk.store.resplit(connection, kept.key, [])
    assert found(talk, unit="document")["money", ""] == (0, 0, 0, 0, 1)


def study_document(study, connection, name):
    return study.store.document(connection, name)


def test_unread_are_those_suggested_that_nobody_decided(talk):
    decide(talk, ("anna", 0, "money", True))
    suggest(talk, (0, "money"), (1, "money"))
    assert {c.code: c.unread for c in counts(talk)} == {"money": 1, "late": 0, "voice": 0}

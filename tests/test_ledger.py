"""Decisions are added, never changed; what holds is each coder's latest row, and a yes below is a yes above."""

import pytest

from coding import ledger
from coding.codebook import Code, Codebook
from coding.ledger import Decision


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


def decide(study, *rows):
    with study.store.database.writing() as connection:
        version = study.codebook.version
        ledger.record(connection, [Decision(who, key, code, value, version) for who, key, code, value in rows])


def agreed(study, codebook=None):
    with study.store.database.reading() as connection:
        return dict(ledger.agreed(connection, codebook or study.codebook))


def test_the_latest_row_of_each_coder_holds_and_all_rows_stay(study, keys):
    decide(study, ("anna", keys[0], "money", True), ("ben", keys[0], "money", True))
    decide(study, ("anna", keys[0], "money", False))
    with study.store.database.reading() as connection:
        held = {(d.coder, d.value) for d in ledger.current(connection)}
        assert ledger.last(connection) == 3
    assert held == {("anna", False), ("ben", True)}


def test_undo_is_a_row(study, keys):
    decide(study, ("anna", keys[0], "money", True), ("anna", keys[0], "money", None))
    assert agreed(study) == {}


def test_coders_who_differ_make_neither_a_yes_nor_a_no(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False), ("ben", keys[1], "voice", False))
    assert agreed(study) == {keys[0]: {"voice": 0.5}, keys[1]: {"voice": 0.0}}


def test_a_yes_for_a_nested_code_is_a_yes_above_unless_the_coder_said_no_there(study, keys):
    decide(study, ("anna", keys[0], "late", True), ("anna", keys[1], "late", False))
    decide(study, ("anna", keys[2], "late", True), ("anna", keys[2], "money", False))
    decide(study, ("ben", keys[0], "money", False))
    assert agreed(study) == {
        keys[0]: {"late": 1.0, "money": 0.5},
        keys[1]: {"late": 0.0},
        keys[2]: {"late": 1.0, "money": 0.0},
    }


def test_decisions_on_codes_that_are_gone_are_told(study, keys):
    decide(study, ("anna", keys[0], "money", True), ("ben", keys[1], "weather", True))
    with study.store.database.reading() as connection:
        assert ledger.orphans(connection, study.codebook) == {"weather": 1}


def test_the_ledger_can_be_read_as_of_a_row(study, keys):
    decide(study, ("anna", keys[0], "money", True), ("anna", keys[0], "money", False))
    with study.store.database.reading() as connection:
        assert dict(ledger.agreed(connection, study.codebook, upto=1)) == {keys[0]: {"money": 1.0}}


def test_decisions_on_a_code_that_is_gone_are_kept_and_not_counted(study, keys):
    decide(study, ("anna", keys[0], "money", True))
    assert agreed(study, Codebook("", (Code("other", "Other", "Other."),))) == {}
    assert agreed(study) == {keys[0]: {"money": 1.0}}


def test_every_codebook_that_was_used_is_kept_once(study, keys):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        assert [book for _, book in ledger.codebooks(connection)] == [study.codebook]


def test_retired_passages_do_not_count(study, keys):
    decide(study, *(("anna", key, "voice", True) for key in keys))
    with study.store.database.writing() as connection:
        study.store.retire(connection, study.store.names(connection)["submission.md"])
    with study.store.database.reading() as connection:
        live = study.store.passage_keys(connection)
    assert sorted(agreed(study)) == live
    assert len(live) == len(keys) - 3

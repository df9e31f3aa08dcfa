"""A quote stands in its source, word for word at its place, or nothing is exported."""

import pytest

from coding import ledger
from coding.export.rows import KINDS
from coding.ledger import Decision
from coding.quotes import quotes
from corpus.database import update
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, PASSAGES


@pytest.fixture
def decided(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
        rows = [("anna", 0, "late", True), ("ben", 0, "money", True), ("anna", 1, "money", False)]
        version = study.codebook.version
        ledger.record(connection, [Decision(who, keys[i], code, value, version) for who, i, code, value in rows])
    return study


def test_a_quote_has_its_words_and_its_place(decided):
    (quote,) = quotes(decided, "money")
    with decided.store.database.reading() as connection:
        text = decided.store.document(connection, "interview.txt").document.text
    assert text[quote.start : quote.end] == quote.text
    assert quote.text.startswith("They pay us late every single year.")
    assert (quote.document, quote.speaker, quote.yes) == ("interview.txt", "Mair Jones", ("anna", "ben"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_export_of_a_text_that_is_not_the_one_that_was_added(decided, kind):
    with decided.store.database.writing() as connection:
        changed = update(DOCUMENTS).where(DOCUMENTS.c.name == "interview.txt").values(text="x" * 900)
        connection.execute(changed)
    with pytest.raises(EvidenceError, match=r"the text of interview.txt is not the one that was added"):
        quotes(decided, "money")
    with decided.store.database.reading() as connection, pytest.raises(EvidenceError):
        list(KINDS[kind](decided, connection).rows)


def test_a_code_that_is_not_in_the_codebook_is_refused(decided):
    with pytest.raises(EvidenceError, match="the codebook has no code 'weather': it has money, late, voice"):
        quotes(decided, "weather")


def test_coders_who_differ_are_shown_with_what_each_said(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        key = study.store.passage_keys(connection)[0]
        version = study.codebook.version
        ledger.record(connection, [Decision(who, key, "voice", who == "ben", version) for who in ("anna", "ben")])
    assert [(q.yes, q.no) for q in quotes(study, "Voice", "differ")] == [(("ben",), ("anna",))]
    assert quotes(study, "voice") == []


@pytest.mark.parametrize("column", ["start", "end"])
def test_a_passage_whose_place_was_moved_is_not_exported(decided, column):
    with decided.store.database.writing() as connection:
        connection.execute(update(PASSAGES).where(PASSAGES.c.id == 1).values({column: PASSAGES.c[column] + 4}))
    with pytest.raises(EvidenceError, match="is not the one that was added"):
        quotes(decided, "money")

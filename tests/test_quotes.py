"""A quote stands in its source, word for word at its place, or nothing is exported."""

import pytest

from coding import ledger
from coding.drawing import draw_double
from coding.export.rows import KINDS, worklist
from coding.ledger import Decision
from coding.quotes import quotes
from coding.run import code
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


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("agreement", "memos")])  # without evidence
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


def test_what_was_settled_is_a_yes_or_is_gone(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        first, second, *_ = study.store.passage_keys(connection)
        version = study.codebook.version
        said = [(who, key, who == "ben") for who in ("anna", "ben") for key in (first, second)]
        ledger.record(connection, [Decision(who, key, "voice", value, version) for who, key, value in said])
        settled = [(first, True), (second, False)]
        ledger.record(
            connection,
            [Decision("anna", k, "voice", v, version, why="adjudication", reason="slip") for k, v in settled],
        )
    (quote,) = quotes(study, "voice")
    assert (quote.yes, quote.no, quote.settled) == (("ben",), ("anna",), True)
    assert quotes(study, "voice", "differ") == []


def test_what_was_settled_as_a_nested_code_is_settled_above(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        key, version = study.store.passage_keys(connection)[0], study.codebook.version
        said = [Decision(who, key, "late", who == "ben", version) for who in ("anna", "ben")]
        ledger.record(connection, [*said, Decision("mair", key, "late", True, version, why="adjudication")])
    assert [(q.yes, q.settled) for q in quotes(study, "money")] == [(("ben",), True)]


def test_a_quote_is_as_narrow_as_all_who_said_yes_made_it(study):
    def say(coder, span):
        with study.store.database.writing() as connection:
            ledger.keep(connection, study.codebook)
            key = study.store.passage_keys(connection)[0]
            start, end = span or (None, None)
            one = Decision(coder, key, "voice", True, study.codebook.version, quote_start=start, quote_end=end)
            ledger.record(connection, [one])
        (quote,) = quotes(study, "voice")
        with study.store.database.reading() as connection:
            text = study.store.document(connection, quote.document).document.text
        assert text[quote.start : quote.end] == quote.text
        return quote.text

    assert say("anna", (0, 11)) == "They pay us"
    assert say("ben", (5, 16)) == "They pay us late"
    assert say("carol", None).endswith("It nearly closed us.")


def test_what_is_drawn_to_be_read_blind_is_not_suggested_here(study):
    code(study)
    before = {quote.passage for quote in quotes(study, "voice", "suggested")}
    assert before
    draw_double(study, 1000, ["anna", "ben"])
    assert quotes(study, "voice", "suggested") == []
    with study.store.database.reading() as connection:
        assert list(worklist(study, connection).rows) == []


@pytest.mark.parametrize("column", ["start", "end"])
def test_a_passage_whose_place_was_moved_is_not_exported(decided, column):
    with decided.store.database.writing() as connection:
        connection.execute(update(PASSAGES).where(PASSAGES.c.id == 1).values({column: PASSAGES.c[column] + 4}))
    with pytest.raises(EvidenceError, match="is not the one that was added"):
        quotes(decided, "money")

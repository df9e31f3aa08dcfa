"""Read = kept + set aside + already there, whatever comes in, and a file is there whole or not at all."""

import pytest

from coding import ledger
from coding.ledger import Decision
from coding.study import add, configure
from corpus.passage import SetAside
from corpus.read.options import Options


def balanced(account):
    parts = (account.kept, account.set_aside, account.already, account.replaced)
    return account.read == sum(map(len, parts))


def texts(study):
    with study.store.database.reading() as connection:
        return {kept.document.name: [p.text for _, p in kept.passages] for kept in study.store.kept(connection)}


def test_everything_that_was_read_is_accounted_for(empty, transcripts):
    (transcripts / "empty.txt").write_bytes(b"")
    (transcripts / "broken.docx").write_bytes(b"PK\x03\x04 but no zip")
    account = add(empty, [transcripts])
    assert balanced(account)
    assert account.kept == ["interview.txt", "submission.md", "survey.csv#R1", "survey.csv#R2", "survey.csv#R3"]
    assert [(item.name, item.place) for item in account.set_aside] == [
        ("broken.docx", ""),
        ("empty.txt", ""),
        ("survey.csv", "row 5"),
    ]
    assert account.passages == sum(len(found) for found in texts(empty).values()) == 9


def test_the_study_remembers_what_was_set_aside(study):
    with study.store.database.reading() as connection:
        assert study.store.left_out(connection) == [SetAside("survey.csv", "row 5", "no answer in the text columns")]


def test_adding_again_adds_nothing(study, transcripts):
    before = texts(study)
    account = add(study, [transcripts])
    assert balanced(account)
    assert (account.kept, len(account.already), account.passages) == ([], 5, 0)
    assert texts(study) == before


def test_a_changed_file_is_refused_with_the_command_that_replaces_it(study, transcripts):
    before = texts(study)
    (transcripts / "submission.md").write_text("Something else entirely.\n")
    account = add(study, [transcripts / "submission.md"])
    assert balanced(account)
    (item,) = account.set_aside
    assert "`themis add --replace submission.md`" in item.reason
    assert texts(study) == before


def test_replacing_keeps_the_decisions_on_words_that_did_not_change(study, transcripts):
    keys = {text: key for key, text in passages_of(study, "submission.md").items()}
    book = study.codebook
    with study.store.database.writing() as connection:
        ledger.keep(connection, book)
        decided = [("anna", keys["We like the new kitchen."], False), ("anna", next(iter(keys.values())), True)]
        ledger.record(
            connection,
            [Decision(who, key, "money", value, book.version, draw=1, probability=0.5) for who, key, value in decided],
        )
    changed = "Our choir meets on Tuesdays.\n\nWe like the new kitchen.\n\nA new line.\n"
    (transcripts / "submission.md").write_text(changed)
    account = add(study, [transcripts / "submission.md"], replace=True)
    assert (account.replaced, account.notes[-1][:24]) == (["submission.md"], "1 decisions carried over")
    new = passages_of(study, "submission.md")
    with study.store.database.reading() as connection:
        held = [(new[d.passage], d.value, d.draw, d.probability) for d in ledger.current(connection)]
        assert ledger.last(connection) == 3  # the two first ones are still in the ledger
    assert held == [("We like the new kitchen.", False, None, None)]  # a repeated decision is no part of a draw


def passages_of(study, name):
    with study.store.database.reading() as connection:
        return {key: passage.text for key, passage in study.store.document(connection, name).passages}


def test_replacing_a_survey_keeps_its_unchanged_rows_and_drops_those_that_are_gone(study, transcripts):
    survey = (transcripts / "survey.csv").read_text().replace("R1,small,They", "R1,small,Nobody").splitlines()
    (transcripts / "survey.csv").write_text("\n".join(survey[:3]) + "\n")
    account = add(study, [transcripts / "survey.csv"], replace=True)
    assert balanced(account)
    assert (account.replaced, account.already, account.gone) == (
        ["survey.csv#R1"],
        ["survey.csv#R2"],
        ["survey.csv#R3"],
    )
    assert "survey.csv#R3" not in texts(study)


def test_a_file_that_fails_half_way_leaves_nothing_and_the_rest_is_there(empty, transcripts):
    def mask(draft):
        if draft.name == "survey.csv#R3":
            raise RuntimeError("killed here")
        return draft

    with pytest.raises(RuntimeError):
        add(empty, [transcripts], mask=mask)
    assert set(texts(empty)) == {"interview.txt", "submission.md"}
    assert add(empty, [transcripts]).kept == ["survey.csv#R1", "survey.csv#R2", "survey.csv#R3"]


def test_attributes_come_from_columns_side_table_and_command(empty, transcripts):
    add(empty, [transcripts], Options(fixed={"wave": "1"}))
    with empty.store.database.reading() as connection:
        found = {kept.document.name: kept.document.attributes for kept in empty.store.kept(connection)}
    assert found["interview.txt"] == {"size": "small", "wave": "1"}
    assert found["submission.md"] == {"size": "large", "wave": "1"}
    assert found["survey.csv#R2"] == {"Size": "large", "wave": "1"}


def test_another_unit_splits_the_same_places_anew_and_back(study):
    with study.store.database.reading() as connection:
        before = study.store.passage_keys(connection)
    finer = configure(study, {"unit": "sentence"})
    with study.store.database.reading() as connection:
        middle = study.store.passage_keys(connection)
    configure(finer, {"unit": "turn"})
    with study.store.database.reading() as connection:
        assert study.store.passage_keys(connection) == before
    assert len(middle) > len(before)


def test_interviewers_can_be_coded_too(study):
    configure(study, {"code_interviewer": "yes"})
    assert "How is the funding going?" in texts(study)["interview.txt"]

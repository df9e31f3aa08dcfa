"""Read = kept + set aside + already there, whatever comes in, and a file is there whole or not at all."""

import pytest

from coding import ledger, memos
from coding.acts import Reading
from coding.ledger import Decision, new_act
from coding.review import Desk
from coding.study import add, configure, open_study, remove
from corpus.errors import EvidenceError
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
    assert "`themis add --replace`" in item.reason
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
    assert account.replaced == ["submission.md"]
    assert account.notes[-3:] == [
        "submission.md: 1 decisions carried over to the passages that say the same",
        "submission.md: 1 decisions stay with words that are gone, and count no more:",
        "    anna said yes to money of “Our choir meets on Mondays in the old chapel.”",
    ]
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


def decide(study, *rows):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        ledger.record(connection, [Decision("anna", key, "money", value, version) for key, value in rows])


def held(study):
    with study.store.database.reading() as connection:
        words = {key: p.text for kept in study.store.kept(connection) for key, p in kept.passages}
        return {words[d.passage]: d.value for d in ledger.current(connection)}


def test_decisions_are_back_when_the_words_are(study, transcripts):
    keys = passages_of(study, "submission.md")
    decide(study, *((key, True) for key in keys))
    before = held(study)
    original = (transcripts / "submission.md").read_text()
    (transcripts / "submission.md").write_text("Only this line now.\n")
    add(study, [transcripts / "submission.md"], replace=True)
    assert held(study) == {}
    (transcripts / "submission.md").write_text(original)
    add(study, [transcripts / "submission.md"], replace=True)
    assert held(study) == before


def test_a_newer_decision_is_not_overruled_by_one_on_an_older_text(study, transcripts):
    original = (transcripts / "submission.md").read_text()
    decide(study, *((key, True) for key in passages_of(study, "submission.md")))
    (transcripts / "submission.md").write_text(original + "\nMore.\n")
    add(study, [transcripts / "submission.md"], replace=True)
    decide(study, *((key, False) for key in passages_of(study, "submission.md")))
    (transcripts / "submission.md").write_text(original)
    add(study, [transcripts / "submission.md"], replace=True)
    assert set(held(study).values()) == {False}


def test_the_same_answer_to_another_question_is_another_answer(empty, tmp_path):
    file = tmp_path / "talk.txt"
    file.write_text("Interviewer: Were you paid on time?\nAnn: Yes.\nInterviewer: And now?\nAnn: It is late.\n")
    add(empty, [file])
    decide(empty, *((key, True) for key in passages_of(empty, "talk.txt")))
    file.write_text(file.read_text().replace("Were you paid on time?", "Did nobody ask you?"))
    add(empty, [file], replace=True)
    assert held(empty) == {"It is late.": True}


def test_removing_a_document_is_undone_by_adding_it_again(study, transcripts):
    decide(study, *((key, True) for key in passages_of(study, "submission.md")))
    before = held(study)
    assert remove(study, ["submission.md", "survey.csv"]) == [("submission.md", 3), ("survey.csv", 0)]
    assert set(texts(study)) == {"interview.txt"}
    account = add(study, [transcripts])
    assert balanced(account)
    assert len(account.kept) == 4
    assert held(study) == before


def test_removing_what_is_not_there_removes_nothing(study):
    with pytest.raises(EvidenceError, match=r"the study has no document 'nowhere\.txt'"):
        remove(study, ["submission.md", "nowhere.txt"])
    assert "submission.md" in texts(study)


def test_attributes_are_brought_up_to_date_by_adding_again(study, transcripts):
    (transcripts / "attributes.csv").write_text("file,size\ninterview.txt,Small\n")
    account = add(study, [transcripts])
    assert balanced(account)
    assert (account.described, account.kept) == (["interview.txt"], [])
    with study.store.database.reading() as connection:
        assert study.store.document(connection, "interview.txt").document.attributes == {"size": "Small"}
        assert study.store.document(connection, "submission.md").document.attributes == {"size": "large"}  # still holds


def test_a_document_that_comes_back_alone_has_its_attributes(study, transcripts):
    remove(study, ["interview.txt"])
    add(study, [transcripts / "interview.txt"])
    with study.store.database.reading() as connection:
        assert study.store.document(connection, "interview.txt").document.attributes == {"size": "small"}


def test_a_known_file_read_in_another_way_is_refused_without_replace(study, transcripts):
    before = texts(study)
    survey = transcripts / "survey.csv"
    account = add(study, [survey], Options(text=("Size",), id="Response ID"))
    assert balanced(account)
    assert {item.reason[:37] for item in account.set_aside} >= {"is there already, read in another way"}
    assert texts(study) == before
    account = add(study, [survey], Options(text=("Size",), id="Response ID"), replace=True)
    assert (account.replaced, texts(study)["survey.csv#R1"]) == (
        ["survey.csv#R1", "survey.csv#R2", "survey.csv#R3"],
        ["small"],
    )


def test_another_sheet_of_a_known_workbook_is_new(empty, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for title, prefix in (("First", "A"), ("Second", "B")):
        sheet = book.create_sheet(title)
        sheet.append(["ID", "What happened?"])
        for i in range(3):
            sheet.append([f"{prefix}{i}", f"The {title} thing number {i} happened to all of us there."])
    del book["Sheet"]
    book.save(tmp_path / "book.xlsx")
    assert add(empty, [tmp_path / "book.xlsx"], Options(sheet="First")).kept == [f"book.xlsx#A{i}" for i in range(3)]
    account = add(empty, [tmp_path / "book.xlsx"], Options(sheet="Second"))
    assert (account.kept, account.gone) == ([f"book.xlsx#B{i}" for i in range(3)], [])
    assert len(texts(empty)) == 6


def test_a_file_with_nothing_left_to_code_does_not_take_the_old_one_away(study, transcripts):
    decide(study, *((key, True) for key in passages_of(study, "interview.txt")))
    before = held(study)
    (transcripts / "interview.txt").write_text("Interviewer: Well?\nInterviewer: Hello?\nInterviewer: Anyone?\n")
    account = add(study, [transcripts / "interview.txt"], replace=True, interviewers=("Interviewer",))
    assert balanced(account)
    assert "the one that was added before stays" in account.set_aside[0].reason
    assert held(study) == before


def test_the_unit_of_a_study_that_was_just_opened_can_be_changed(study):
    study.store.database.close()
    before = len(texts(open_study(study.folder))["interview.txt"])
    configure(open_study(study.folder), {"unit": "sentence"})
    assert len(texts(open_study(study.folder))["interview.txt"]) > before


def test_decisions_of_another_unit_are_told_when_their_document_is_replaced(study, transcripts):
    decide(study, *((key, True) for key in passages_of(study, "interview.txt")))
    finer = configure(study, {"unit": "sentence"})
    (transcripts / "interview.txt").write_text((transcripts / "interview.txt").read_text() + "Mair Jones: Thank you.\n")
    account = add(finer, [transcripts / "interview.txt"], replace=True)
    assert account.replaced == ["interview.txt"]
    assert "interview.txt: 3 decisions stay with words that are gone, and count no more:" in account.notes
    assert account.notes[-3].startswith("    anna said yes to money of “They pay us late every single year.")


def test_replacing_keeps_memos_and_flags_and_what_people_do_goes_on_from_the_new_text(study, transcripts):
    keys = {text: key for key, text in passages_of(study, "submission.md").items()}
    kitchen, choir = keys["We like the new kitchen."], next(iter(keys.values()))
    desk = Desk(study)
    anna = desk.sitting("anna")
    with study.store.database.reading() as connection:
        other = study.store.passage_keys(connection)[0]
    for key in (other, choir, kitchen):
        desk.save(anna, Reading(new_act(), key, frozenset({"money"}), "diverse"))
    desk.save(desk.sitting("ben"), Reading(new_act(), kitchen, frozenset(), "diverse"))
    desk.memo("ben", "Nice kitchen.", kitchen, replaces=desk.memo("ben", "Kitchen.", kitchen))
    desk.flag("ben", kitchen, "odd")
    desk.flag("anna", kitchen, "")
    desk.flag("anna", kitchen, "", raised=False)
    with study.store.database.writing() as connection:
        memos.add(connection, "anna", "Of 2019.", document=study.store.names(connection)["submission.md"])
    said = Reading(new_act(), choir, frozenset(), "diverse")
    first = (transcripts / "submission.md").read_text()
    for text in (first.replace("Mondays", "Tuesdays"), first.replace("Mondays", "Wednesdays")):
        (transcripts / "submission.md").write_text(text)
        add(study, [transcripts / "submission.md"], replace=True)
    new = {text: key for key, text in passages_of(study, "submission.md").items()}["We like the new kitchen."]
    with study.store.database.reading() as connection:
        assert [(m.author, m.text) for m in memos.on_passages(connection, [new])[new]] == [("ben", "Nice kitchen.")]
        assert [(f.coder, f.note) for f in memos.raised(connection, [new])] == [("ben", "odd")]
        document = study.store.names(connection)["submission.md"]
        assert [(m.author, m.text) for m in memos.about(connection, document)] == [("anna", "Of 2019.")]
    assert [one.passage for one in desk.recent(anna)] == [new, other]
    with pytest.raises(EvidenceError, match="this passage counts no more"):
        desk.card(anna, choir)
    with pytest.raises(EvidenceError, match="this passage counts no more"):
        desk.save(anna, said)
    assert desk.undo(anna).passage == other

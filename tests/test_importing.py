"""Decisions go out to a spreadsheet and come back; what cannot be placed is told by row, the rest is taken."""

import csv

import openpyxl
import pytest

from coding import ledger
from coding.export.rows import decisions
from coding.export.tables import write
from coding.importing import import_decisions
from coding.study import add, create_study
from corpus.errors import EvidenceError


def sheet(tmp_path, *rows, name="decisions.csv"):
    path = tmp_path / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def exported(study, path):
    with study.store.database.reading() as connection:
        write(decisions(study, connection), path)
    return path


def held(study):
    with study.store.database.reading() as connection:
        ids = {key: p.id for kept in study.store.kept(connection) for key, p in kept.passages}
        return sorted((d.coder, ids[d.passage], d.code, d.value) for d in ledger.current(connection))


def balanced(done):
    return done.read == done.recorded + done.already + done.blank + len(done.set_aside)


@pytest.fixture
def ids(study):
    with study.store.database.reading() as connection:
        return [p.id for kept in study.store.kept(connection) for _, p in kept.passages]


def test_one_decision_a_row(study, ids, tmp_path):
    header = ("Document", "Passage", "Code", "Value", "Coder", "time", "why")
    rows = [
        ("", ids[0], "money", "YES", "anna", "2026-01-02T03:04:05+01:00", "audit"),
        ("", ids[1], "Voice", "0", "anna", "", ""),
        ("", ids[2], "voice", "", "anna", "", ""),
    ]
    done = import_decisions(study, sheet(tmp_path, header, *rows))
    assert (done.read, done.recorded, done.blank, done.set_aside) == (3, 2, 1, [])
    assert held(study) == sorted([("anna", ids[0], "money", True), ("anna", ids[1], "voice", False)])
    with study.store.database.reading() as connection:
        first, _ = ledger.current(connection)
    assert (first.time, first.why, first.probability) == ("2026-01-02T02:04:05+00:00", "import", None)


def test_one_column_a_code(study, ids, tmp_path):
    rows = [("passage", "text", "money", "Voice", "notes"), (ids[0], "", "yes", "no", "x"), (ids[1], "", "", "n", "")]
    done = import_decisions(study, sheet(tmp_path, *rows), coder="ben")
    assert (done.read, done.recorded, done.blank) == (4, 3, 1)
    assert held(study) == sorted(
        [("ben", ids[0], "money", True), ("ben", ids[0], "voice", False), ("ben", ids[1], "voice", False)]
    )


def test_what_cannot_be_placed_is_told_by_row_and_the_rest_is_taken(study, ids, tmp_path):
    header = ("document", "passage", "quote", "code", "value", "coder")
    rows = [
        ("nowhere.txt", "", "words", "money", "yes", "anna"),
        ("interview", "", "never said", "money", "yes", "anna"),
        ("interview.txt", "", "", "money", "yes", "anna"),
        ("", ids[0], "", "weather", "yes", "anna"),
        ("", ids[0], "", "money", "perhaps", "anna"),
        ("", ids[0], "", "money", "yes", ""),
        ("", "interview.txt:0-3", "", "money", "yes", "anna"),
        ("submission.md", "", "the", "money", "yes", "anna"),
        ("", ids[0], "", "money", "yes", "anna"),
    ]
    done = import_decisions(study, sheet(tmp_path, header, *rows))
    assert balanced(done)
    assert [(item.place, item.reason) for item in done.set_aside] == [
        ("row 2", "no document 'nowhere.txt'"),
        ("row 3", "the quote stands in no coded passage of interview.txt: give the passage's id"),
        ("row 4", "neither a passage nor a quote says which passage is meant"),
        ("row 5", "the codebook has no code 'weather': it has money, late, voice"),
        ("row 6", "'perhaps' is neither yes nor no (nor 'withdrawn')"),
        ("row 7", "no coder: fill in a coder column, or give --coder NAME"),
        ("row 8", "no passage 'interview.txt:0-3' in the study: `themis export passages` lists them"),
        ("row 9", "the quote stands in 3 passages of submission.md: give the passage's id"),
    ]
    assert held(study) == [("anna", ids[0], "money", True)]


def test_a_quote_narrows_a_decision_to_its_words(study, tmp_path):
    rows = [("document", "quote", "code", "value"), ("interview.txt", "nine months for the money", "late", "yes")]
    import_decisions(study, sheet(tmp_path, *rows), coder="anna")
    with study.store.database.reading() as connection:
        (decision,) = ledger.current(connection)
        passages = dict(study.store.document(connection, "interview.txt").passages)
    text = passages[decision.passage].text
    assert text[decision.quote_start : decision.quote_end] == "nine months for the money"


def test_decisions_survive_a_round_trip_into_another_study(study, ids, tmp_path, transcripts, codebook_file):
    rows = [("passage", "code", "value", "coder"), *((id, "money", i % 2, "anna") for i, id in enumerate(ids))]
    import_decisions(study, sheet(tmp_path, *rows))
    for name in ("out.csv", "out.xlsx"):
        path = exported(study, tmp_path / name)
        other = create_study(tmp_path / name.replace(".", "-"), codebook_file)
        add(other, [transcripts])
        done = import_decisions(other, path)
        assert (done.recorded, done.set_aside) == (len(ids), [])
        assert held(other) == held(study)
        again = import_decisions(other, path)
        assert (again.recorded, again.already) == (0, len(ids))


def test_excel_may_change_a_value_and_only_that_is_recorded(study, ids, tmp_path):
    rows = [("passage", "code", "value", "coder"), *((id, "money", "no", "anna") for id in ids)]
    import_decisions(study, sheet(tmp_path, *rows))
    path = exported(study, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(path)
    column = [cell.value for cell in book.active[1]].index("value") + 1
    book.active.cell(row=3, column=column, value=True)
    book.save(path)
    done = import_decisions(study, path)
    assert (done.recorded, done.already) == (1, len(ids) - 1)
    assert [value for _, _, _, value in held(study)].count(True) == 1


def test_a_file_without_decisions_is_refused(study, tmp_path):
    with pytest.raises(EvidenceError, match="has no table of decisions"):
        import_decisions(study, sheet(tmp_path, ("name", "age"), ("x", "y")))


def test_a_contradiction_within_a_file_is_told_and_the_first_row_holds(study, ids, tmp_path):
    rows = [("passage", "code", "value", "coder"), (ids[0], "money", "no", "anna"), (ids[0], "money", "yes", "Anna")]
    path = sheet(tmp_path, *rows)
    done = import_decisions(study, path)
    assert (done.recorded, [item.place for item in done.set_aside]) == (1, ["row 3"])
    assert held(study) == [("anna", ids[0], "money", False)]
    assert import_decisions(study, path).recorded == 0


def test_a_name_in_other_capitals_is_the_same_coder(study, ids, tmp_path):
    for who in ("anna", "ANNA"):
        import_decisions(study, sheet(tmp_path, ("passage", "code", "value"), (ids[0], "money", "yes")), coder=who)
    assert held(study) == [("anna", ids[0], "money", True)]


def test_a_decision_can_be_withdrawn(study, ids, tmp_path):
    for value in ("yes", "withdrawn"):
        import_decisions(study, sheet(tmp_path, ("passage", "code", "value"), (ids[0], "money", value)), coder="anna")
    assert held(study) == []


def test_an_old_export_does_not_take_back_what_was_decided_since(study, ids, tmp_path):
    rows = ("passage", "code", "value", "coder", "time")
    old = sheet(tmp_path, rows, (ids[0], "money", "yes", "anna", "2026-01-01T00:00:00+00:00"), name="old.csv")
    import_decisions(study, old)
    new = sheet(tmp_path, rows, (ids[0], "money", "no", "anna", "2026-02-01T00:00:00+00:00"), name="new.csv")
    import_decisions(study, new)
    done = import_decisions(study, old)
    assert [item.reason[:40] for item in done.set_aside] == ["anna decided otherwise since, on 2026-02"]
    assert held(study) == [("anna", ids[0], "money", False)]


def test_a_file_that_says_nowhere_whose_decisions_it_has_is_refused_whole(study, ids, tmp_path):
    with pytest.raises(EvidenceError, match="does not say whose decisions these are"):
        import_decisions(study, sheet(tmp_path, ("passage", "code", "value"), (ids[0], "money", "yes")))


def test_a_quote_copied_with_its_marks_is_found(study, tmp_path):
    rows = [
        ("document", "quote", "code", "value"),
        ("interview", "“Nobody asked us before they decided.”", "voice", "y"),
    ]
    assert import_decisions(study, sheet(tmp_path, *rows), coder="anna").recorded == 1


@pytest.mark.parametrize("time", ["0001-01-01", "soon", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_cannot_be_is_this_moment(study, ids, tmp_path, time):
    rows = [("passage", "code", "value", "coder", "time"), (ids[0], "money", "yes", "anna", time)]
    assert import_decisions(study, sheet(tmp_path, *rows)).recorded == 1


def test_a_pdf_is_no_spreadsheet_of_decisions(study, tmp_path):
    path = tmp_path / "P1.pdf"
    path.write_bytes(b"%PDF-1.4 \x00\x01\x02")
    with pytest.raises(EvidenceError, match=r"P1\.pdf is no spreadsheet of decisions"):
        import_decisions(study, path)

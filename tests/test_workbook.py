"""A reviewer's workbook goes out and comes back: what was answered is recorded, what was damaged is told by row."""

import zipfile

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cli
from coding import drawing, draws, ledger, memos, suggestions
from coding.entering import NO, YES
from coding.export.review import give
from coding.filled import NO_ID, NOT_ITS_OWN
from coding.importing import import_decisions
from coding.run import code as run
from coding.study import add, create_study
from corpus.errors import EvidenceError
from tests.conftest import CODEBOOK, with_encoder

FIRST = 3  # row of the first passage
CODES = ("money", "late", "voice")


def handed(study, path, **how):
    give(study, path, **how)
    return path


def opened(path):
    book = openpyxl.load_workbook(path)
    return book, book["Review"]


def columns(sheet):
    return {cell.value.removeprefix("themis:"): cell.column for cell in sheet[1] if cell.value}


def column(sheet, name):
    found = columns(sheet)
    return found.get(f"code:{name}") or found[name]


def rows(path):
    _, sheet = opened(path)
    names = columns(sheet)
    return [{name: row[n - 1] for name, n in names.items()} for row in sheet.iter_rows(min_row=FIRST, values_only=True)]


def answer(path, *cells):
    """Put (row, column's name, value) into the sheet Review."""
    book, sheet = opened(path)
    for row, name, value in cells:
        sheet.cell(row, column(sheet, name), value)
    book.save(path)
    return path


def full(path, value="no"):
    """A yes or no in every cell."""
    last = FIRST + len(rows(path))
    return answer(path, *((row, code, value) for row in range(FIRST, last) for code in CODES))


def held(study, coder=None):
    with study.store.database.reading() as connection:
        ids = {key: p.id for kept in study.store.kept(connection) for key, p in kept.passages}
        found = [d for d in ledger.current(connection) if coder in (None, d.coder)]
        return {(d.coder, ids[d.passage], d.code): d.value for d in found}


def decisions(study):
    with study.store.database.reading() as connection:
        return list(ledger.current(connection))


def noted(study):
    with study.store.database.reading() as connection:
        return [(memo.author, memo.text) for memo in memos.standing(connection)]


def balanced(done):
    return done.read == done.recorded + done.already + done.blank + len(done.set_aside)


def aside(done):
    return [(item.place, item.reason) for item in done.set_aside]


@pytest.fixture
def coded(study):
    run(study)
    return study


@pytest.fixture
def book(study, tmp_path):
    return handed(study, tmp_path / "anna.xlsx", coder="anna")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    (folder / "themes.yml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "a.txt").write_text("\n\n".join(f"Paragraph {n}, with = and\ttabs\x0b, 'x' _x0041_." for n in range(5)))
    study = create_study(folder / "study", folder / "themes.yml")
    add(study, [folder / "a.txt"])
    return study


ANSWERS = st.sampled_from(["", *sorted(YES), *sorted(NO), " Yes ", "JA", True, False, 1, 0])


def meant(value):
    text = str(value).strip().casefold()
    return None if text == "" else text in YES


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_answered_is_what_is_recorded_however_rows_and_columns_are_moved(shared, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("out") / "review.xlsx"
    coder = path.parent.name
    handed(shared, path, coder=coder)
    book, sheet = opened(path)
    told = {}
    for row in range(FIRST, sheet.max_row + 1):
        for code in CODES:
            value = data.draw(ANSWERS)
            sheet.cell(row, column(sheet, code), value)
            told[coder, sheet.cell(row, 1).value, code] = meant(value)
    grid = [[cell.value for cell in row] for row in sheet.iter_rows()]
    order = data.draw(st.permutations(range(len(grid) - FIRST + 1)))
    grid = [*grid[: FIRST - 1], *(grid[FIRST - 1 + n] for n in order)]
    across = data.draw(st.permutations(range(len(grid[0]))))
    for number, row in enumerate(grid, start=1):
        for n, place in enumerate([None, *across], start=1):  # a new, empty column comes first
            sheet.cell(number, n, None).value = None if place is None else row[place]
    book.save(path)
    done = import_decisions(shared, path)
    assert done.set_aside == []
    assert balanced(done)
    assert held(shared, coder) == {key: value for key, value in told.items() if value is not None}
    again = import_decisions(shared, path)
    assert (again.recorded, again.already, again.blank) == (0, done.recorded, done.blank)


def test_a_workbook_says_whose_it_is_and_how_it_was_read(study, book, tmp_path):
    import_decisions(study, full(book, "yes"))
    visible = handed(with_run(study), tmp_path / "ben.xlsx", coder="ben", visible=True)
    import_decisions(study, full(visible))
    found = {(d.coder, d.why, d.suggestions_visible, d.codebook, d.draw, d.probability) for d in decisions(study)}
    version = study.codebook.version
    assert found == {("anna", "import", False, version, None, None), ("ben", "import", True, version, None, None)}


def with_run(study):
    run(study)
    return study


def test_a_passage_is_one_act(study, book):
    import_decisions(study, full(book))
    acts = {}
    for decision in decisions(study):
        acts.setdefault(decision.act, set()).add(decision.passage)
    assert [len(passages) for passages in acts.values()] == [1] * len(rows(book))


def test_what_is_empty_stays_open_and_is_told(study, book):
    done = import_decisions(study, answer(book, (3, "money", "yes"), (3, "voice", "no"), (4, "late", "Y")))
    total = 3 * len(rows(book))
    assert (done.read, done.recorded, done.blank) == (total, 3, total - 3)
    assert done.notes == [
        "3 cells beside answers were left empty: those codes stay open.",
        f"{len(rows(book)) - 2} passages have no answer: they stay unread.",
    ]


def swap(sheet, name):
    first, second = sheet.cell(3, column(sheet, name)), sheet.cell(4, column(sheet, name))
    first.value, second.value = second.value, first.value


def put(row, name, value):
    return lambda sheet: setattr(sheet.cell(row, column(sheet, name)), "value", value)


DAMAGE = {
    "an id edited": (put(3, "id", "interview.txt:0-3"), [("row 3", NOT_ITS_OWN)]),
    "an id deleted": (put(3, "id", None), [("row 3", NO_ID)]),
    "a check deleted": (put(3, "check", None), [("row 3", NOT_ITS_OWN)]),
    "text pasted over": (put(4, "text", "Something else"), [("row 4", NOT_ITS_OWN)]),
    "ids of two rows": (lambda sheet: swap(sheet, "id"), [("row 3", NOT_ITS_OWN), ("row 4", NOT_ITS_OWN)]),
    "text sorted apart": (lambda sheet: swap(sheet, "text"), [("row 3", NOT_ITS_OWN), ("row 4", NOT_ITS_OWN)]),
    "a wrong value": (
        put(3, "money", "perhaps"),
        [("row 3, Money", "'perhaps' is neither yes nor no (nor 'withdrawn')")],
    ),
    "a formula": (put(3, "voice", "=1=1"), [("row 3, Voice", "'=1=1' is neither yes nor no (nor 'withdrawn')")]),
    "an error": (put(3, "voice", "#N/A"), [("row 3, Voice", "'=#N/A' is neither yes nor no (nor 'withdrawn')")]),
    "a formula as note": (put(3, "notes", "=A1"), [("row 3, Notes", "'=A1' is a formula: type it as words")]),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_what_was_damaged_is_told_by_row_and_the_rest_is_recorded(study, book, case):
    damage, told = DAMAGE[case]
    full(book)
    whole = {(row["id"], code) for row in rows(book) for code in CODES}
    lost = {
        (row["id"], code)
        for number, row in enumerate(rows(book), start=FIRST)
        for code in CODES
        for place, _ in told
        if place in (f"row {number}", f"row {number}, {study.codebook.by_id[code].name}")
    }
    opened_book, sheet = opened(book)
    damage(sheet)
    opened_book.save(book)
    done = import_decisions(study, book)
    assert aside(done) == told
    assert balanced(done)
    assert {(id, code) for _, id, code in held(study)} == whole - lost


def test_what_was_damaged_and_not_answered_is_left_alone(study, book):
    done = import_decisions(study, answer(book, (3, "id", "x"), (4, "money", "yes")))
    assert (done.recorded, done.set_aside) == (1, [])


def test_a_row_of_another_coders_workbook_is_refused(study, book, tmp_path):
    other = full(handed(study, tmp_path / "ben.xlsx", coder="ben"), "yes")
    bens, into = opened(other)[1], opened(book)
    for cell in bens[4]:
        into[1].cell(4, cell.column, cell.value)
    into[0].save(book)
    done = import_decisions(study, book)
    assert aside(done) == [("row 4", NOT_ITS_OWN)]
    import_decisions(study, other)
    assert {coder for coder, _, _ in held(study)} == {"ben"}


def test_a_row_that_was_deleted_stays_unread(study, book):
    total = len(rows(book))
    full(book)
    workbook, sheet = opened(book)
    sheet.delete_rows(4)
    workbook.save(book)
    done = import_decisions(study, book)
    assert (done.recorded, done.set_aside) == (3 * (total - 1), [])
    assert done.notes == [f"1 of its {total} rows are gone: their passages stay unread."]


def test_a_row_copied_with_another_answer_is_told(study, book):
    full(book)
    workbook, sheet = opened(book)
    sheet.append([cell.value for cell in sheet[3]])
    sheet.cell(sheet.max_row, column(sheet, "money"), "yes")
    last = sheet.max_row
    workbook.save(book)
    contrary = "row 3 says the contrary of this passage and code: keep one of the two"
    assert aside(import_decisions(study, book)) == [(f"row {last}, Money", contrary)]


def test_a_column_that_is_gone_or_added_is_told(study, book):
    full(book)
    workbook, sheet = opened(book)
    sheet.delete_cols(column(sheet, "voice"))
    sheet.cell(2, 12, "Mine")
    sheet.cell(3, 12, "x")
    workbook.save(book)
    done = import_decisions(study, book)
    assert {code for _, _, code in held(study)} == {"money", "late"}
    assert [note for note in done.notes if "olumn" in note] == [
        "The column 'Voice' is gone: nothing was read for it.",
        "Column L (Mine) was added to the workbook and not read.",
    ]


def heading(name, value):
    return lambda book: book["Review"].cell(2, column(book["Review"], name), value)


def exchange(book):
    sheet = book["Review"]
    money, voice = (sheet.cell(2, column(sheet, name)) for name in ("money", "voice"))
    money.value, voice.value = voice.value, money.value


WHOLE = {
    "a heading changed": (
        heading("money", "Cash"),
        "has 'Cash' above column H of its sheet Review, which was made for",
    ),
    "headings exchanged": (exchange, "has 'Voice' above column H .* made for 'Money': put that heading back"),
    "headings deleted": (lambda book: book["Review"].delete_rows(2), "has '' above column H"),
    "marks deleted": (lambda book: book["Review"].delete_rows(1), "has lost the hidden first row of its sheet Review"),
    "ids deleted": (lambda book: book["Review"].delete_cols(1), "has lost the hidden first row"),
    "checks deleted": (lambda book: book["Review"].delete_cols(2), "has lost the column 'Check'"),
    "text deleted": (lambda book: book["Review"].delete_cols(3), "has lost the column 'Passage'"),
    "a column copied": (lambda book: book["Review"].cell(1, 20, "themis:code:money"), "has a column .* twice: delete"),
    "a sheet copied": (lambda book: book.copy_worksheet(book["Review"]), "has its sheet Review twice: delete the copy"),
    "hidden sheet cleared": (lambda book: book["Themis"].delete_rows(1, 99), "has a hidden sheet 'Themis' that was"),
    "hidden sheet deleted": (lambda book: book.remove(book["Themis"]), "is a part of a reviewer's workbook"),
    "a later version": (lambda book: book["Themis"].cell(1, 2, "2"), "was made by another version of Themis"),
    "a code made up": (lambda book: book["Themis"].append(["code:", "weather", "Weather"]), "has codes .* has not"),
    "another codebook": (lambda book: book["Themis"].cell(3, 2, "0" * 64), "a codebook that this study never had"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_workbook_that_no_row_can_be_trusted_of_is_refused(study, book, case):
    damage, sentence = WHOLE[case]
    full(book)
    workbook, _ = opened(book)
    damage(workbook)
    workbook.save(book)
    with pytest.raises(EvidenceError, match=sentence):
        import_decisions(study, book)
    assert held(study) == {}


def test_a_hidden_term_that_was_changed_spoils_every_row(study, book):
    full(book)
    workbook, _ = opened(book)
    workbook["Themis"].cell(4, 2, "ben")
    workbook.save(book)
    assert {reason for _, reason in aside(import_decisions(study, book))} == {NOT_ITS_OWN}
    assert held(study) == {}


def test_a_sheet_saved_as_csv_is_no_workbook(study, book, tmp_path):
    path = tmp_path / "review.csv"
    lines = [",".join(str(cell.value or "").replace(",", "") for cell in row) for row in opened(book)[1].iter_rows()]
    path.write_text("\n".join(line.replace("\n", " ") for line in lines), encoding="utf-8")
    with pytest.raises(
        EvidenceError, match=r"review\.csv is a part of a reviewer's workbook: import the \.xlsx with all"
    ):
        import_decisions(study, path, "anna")


def test_whose_a_workbook_is_is_said_once(study, book):
    with pytest.raises(EvidenceError, match=r"anna\.xlsx was made for anna, not for ben: leave --coder out"):
        import_decisions(study, full(book), "ben")
    assert import_decisions(study, book, "Anna").recorded == 3 * len(rows(book))
    assert {coder for coder, _, _ in held(study)} == {"anna"}


def test_a_workbook_for_nobody_asks_whose_it_is(study, tmp_path):
    path = full(handed(study, tmp_path / "nobody.xlsx"))
    with pytest.raises(EvidenceError, match=r"nobody\.xlsx does not say whose decisions these are: give --coder NAME"):
        import_decisions(study, path)
    import_decisions(study, path, "ben")
    assert {coder for coder, _, _ in held(study)} == {"ben"}
    with pytest.raises(EvidenceError, match="nothing is left to read"):
        give(study, tmp_path / "again.xlsx")


def test_what_was_decided_elsewhere_since_is_not_taken_back(study, book):
    answer(book, (3, "money", "yes"))
    import_decisions(study, book)
    (before,) = decisions(study)
    with study.store.database.writing() as connection:
        since = ledger.Decision("anna", before.passage, "money", False, before.codebook, time=ledger.now())
        ledger.record(connection, [since])
    done = import_decisions(study, book)
    assert [reason[:35] for _, reason in aside(done)] == ["anna decided otherwise since, on 20"]
    assert [reason[-14:] for _, reason in aside(done)] == ["clear the cell"]
    assert set(held(study).values()) == {False}


def test_a_cell_that_was_corrected_in_the_workbook_is_taken(study, book):
    for value in ("yes", "no", "yes"):
        done = import_decisions(study, answer(book, (3, "money", value)))
        assert done.recorded == 1
        assert set(held(study).values()) == {value == "yes"}


def test_notes_become_memos_once(study, book):
    for text, told in (("Hm.", 1), ("Hm.", 0), (" Ah! ", 1), ("Hm.", 1), ("Hm.", 0)):
        done = import_decisions(study, answer(book, (4, "notes", text)))
        assert ("1 notes became memos on their passages." in done.notes) == bool(told)
        assert noted(study) == [("anna", text.strip())]
    assert held(study) == {}


def test_a_note_alone_is_no_reading(study, book):
    total = len(rows(book))
    done = import_decisions(study, answer(book, (4, "notes", "Who is this?")))
    assert f"{total} passages have no answer: they stay unread." in done.notes
    assert (done.read, done.blank) == (3 * total, 3 * total)


def test_a_workbook_of_an_earlier_codebook_is_recorded_under_that_one(study, book, encoder):
    version = study.codebook.version
    file = study.folder / "codebook.yml"
    file.write_text(file.read_text("utf-8").replace("Money is short or late.", "Money is short."), encoding="utf-8")
    today = with_encoder(type(study)(study.folder, study.store), encoder)
    assert today.codebook.version != version
    done = import_decisions(today, full(book))
    assert {decision.codebook for decision in decisions(today)} == {version}
    assert [note[:59] for note in done.notes] == ["Made under an earlier codebook, and recorded under that one"]


CHOIR = "Our choir meets on Mondays in the old chapel."


@pytest.mark.parametrize(
    ("now", "number"),
    [(f"Today {CHOIR}", "none"), (CHOIR.replace("Our", "The"), "none"), (f"Well.\n\n{CHOIR}\n\n{CHOIR}", "2")],
)
def test_a_passage_is_found_by_its_words_where_the_document_was_replaced(study, book, transcripts, now, number):
    full(book)
    path = transcripts / "submission.md"
    path.write_text(path.read_text(encoding="utf-8").replace(CHOIR, now), encoding="utf-8")
    add(study, [path], replace=True)
    done = import_decisions(study, book)
    changed = next(n for n, row in enumerate(rows(book), start=FIRST) if row["text"] == CHOIR)
    reason = f"submission.md was changed since, and {number} of its passages say these words: export anew"
    assert aside(done) == [(f"row {changed}", reason)]
    assert len(held(study)) == 3 * (len(rows(book)) - 1)


def test_nothing_of_what_is_suggested_is_in_a_blind_workbook(coded, tmp_path):
    blind = handed(coded, tmp_path / "blind.xlsx", coder="anna")
    with coded.store.database.reading() as connection:
        found = list(suggestions.suggested(connection, suggestions.shown(connection).id))
    assert found
    with zipfile.ZipFile(blind) as zipped:
        parts = {name: zipped.read(name).decode("utf-8") for name in zipped.namelist()}
    for name, part in parts.items():
        assert "uggest" not in part, name
        assert "FFF2CC" not in part, name
        assert not [s.score for s in found if f"{s.score:.3f}"[1:] in part], name
    with zipfile.ZipFile(handed(coded, tmp_path / "shown.xlsx", visible=True)) as zipped:
        assert b"Suggested" in zipped.read("xl/worksheets/sheet1.xml")
        assert b"FFF2CC" in zipped.read("xl/styles.xml")


def test_what_is_suggested_is_marked_likeliest_first_and_not_scored(coded, tmp_path):
    with coded.store.database.reading() as connection:
        found = list(suggestions.suggested(connection, suggestions.shown(connection).id))
        ids = {key: p for kept in coded.store.kept(connection) for key, p in kept.passages}
    best = {}
    for s in found:
        best[s.passage] = max(s.score, best.get(s.passage, 0))
    path = handed(coded, tmp_path / "shown.xlsx", coder="anna", visible=True)
    assert [row["id"] for row in rows(path)] == [ids[key].id for key in sorted(best, key=lambda key: -best[key])]
    _, sheet = opened(path)
    marked = {
        (row["id"], code)
        for number, row in enumerate(rows(path), start=FIRST)
        for code in CODES
        if sheet.cell(number, column(sheet, code)).fill.fgColor.rgb == "FFFFF2CC"
    }
    assert marked == {(ids[s.passage].id, s.code) for s in found}
    for row in rows(path):
        named = {line.split(": “")[0] for line in row["suggested"].split("\n")}
        assert named == {coded.codebook.by_id[code].name for id, code in marked if id == row["id"]}
    blind = handed(coded, tmp_path / "blind.xlsx", coder="anna")
    places = [ids[key].id for key in sorted(best)]
    assert [row["id"] for row in rows(blind)] == places


def test_only_answers_and_notes_can_be_changed_and_nothing_is_answered(study, book):
    _, sheet = opened(book)
    names = columns(sheet)
    assert list(names) == [
        *("id", "check", "text", "before", "after", "speaker", "document"),
        *(f"code:{code}" for code in CODES),
        "notes",
    ]
    open_columns = {names[f"code:{code}"] for code in CODES} | {names["notes"]}
    assert sheet.protection.sheet
    assert not sheet.protection.password
    for row in sheet.iter_rows(min_row=FIRST):
        assert {cell.column for cell in row if not cell.protection.locked} == open_columns
        assert {cell.value for cell in row if cell.column in open_columns} == {None}
        assert all(cell.alignment.wrap_text for cell in row)
    assert all(cell.protection.locked for row in sheet.iter_rows(max_row=2) for cell in row)
    assert sheet.row_dimensions[1].hidden
    assert sheet.freeze_panes == "D3"
    (choice,) = sheet.data_validations.dataValidation
    assert (str(choice.sqref), choice.formula1, choice.type) == (f"H3:J{2 + len(rows(book))}", '"yes,no"', "list")
    hidden = [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
    assert [(dimension.min, dimension.max) for dimension in hidden] == [(1, 2)]


def test_every_passage_is_text_in_its_context(study, book):
    found = {row["id"]: row for row in rows(book)}
    with study.store.database.reading() as connection:
        assert {id: row["text"] for id, row in found.items()} == {
            p.id: p.text for kept in study.store.kept(connection) for _, p in kept.passages
        }
    asked = next(row for row in found.values() if row["text"].startswith("Nobody asked"))
    assert asked["before"].endswith("Interviewer: And do they listen?")
    assert asked["after"].startswith(
        "Interviewer: What about the volunteers?\nMair Jones: The volunteers are wonderful."
    )
    assert (asked["speaker"], asked["document"]) == ("Mair Jones", "interview.txt")
    answered = next(row for row in found.values() if row["document"] == "survey.csv#R1")
    assert answered["before"] == "What went wrong?"
    workbook, _ = opened(book)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}  # "n" is what an empty cell is
    assert [cell for cell in cells if cell.data_type == "n" and cell.value is not None] == []
    assert [cell for cell in cells if cell.hyperlink] == []
    assert any(cell.value and cell.value.startswith("=HYPERLINK") for cell in cells)


def test_the_codebook_and_how_to_come_with_it(study, book):
    workbook, sheet = opened(book)
    money, late, _ = workbook["Codebook"].iter_rows(min_row=2, values_only=True)
    code = study.codebook.by_id["money"]
    assert money == (
        *("Money", None, code.definition, "late payment", "money well spent"),
        *("\n".join(texts) for texts in (code.examples, code.near_misses)),
    )
    assert late[:2] == ("Late payment", "Money")
    assert code.definition in sheet.cell(2, column(sheet, "money")).comment.text
    assert [(one.title, one.sheet_state) for one in workbook] == [
        *(("Review", "visible"), ("Codebook", "visible"), ("How to", "visible")),
        ("Themis", "hidden"),
    ]
    assert "yes or no" in workbook["How to"]["A1"].value


def test_most_takes_the_likeliest_and_tells_what_is_left(coded, tmp_path):
    everything = [row["id"] for row in rows(handed(coded, tmp_path / "all.xlsx", visible=True))]
    given_ = give(coded, tmp_path / "one.xlsx", visible=True, most=1)
    assert (given_.rows, given_.left) == (1, len(everything) - 1)
    assert [row["id"] for row in rows(tmp_path / "one.xlsx")] == everything[:1]


def test_what_was_read_is_not_given_again(coded, tmp_path):
    path = full(handed(coded, tmp_path / "one.xlsx", coder="anna", most=1))
    import_decisions(coded, path)
    (read,) = rows(path)
    assert read["id"] not in {row["id"] for row in rows(handed(coded, tmp_path / "anna.xlsx", coder="ANNA"))}
    assert read["id"] in {row["id"] for row in rows(handed(coded, tmp_path / "ben.xlsx", coder="ben"))}
    import_decisions(coded, full(tmp_path / "anna.xlsx"))
    rest = {row["id"] for row in rows(handed(coded, tmp_path / "rest.xlsx", coder="anna"))}
    with coded.store.database.reading() as connection:
        everything = {p.id for kept in coded.store.kept(connection) for _, p in kept.passages}
    assert rest == everything - {id for _, id, _ in held(coded)}


@pytest.mark.parametrize("kind", ["audit", "double"])
def test_a_draw_is_read_blind_and_recorded_with_its_probability(coded, tmp_path, kind):
    draw = drawing.draw_audit(coded, 3) if kind == "audit" else drawing.draw_double(coded, 3, ["anna", "ben"])
    name = "anna" if kind == "audit" else "Anna"
    path = full(handed(coded, tmp_path / "anna.xlsx", coder=name, draw=draw.id), "yes")
    with coded.store.database.reading() as connection:
        drawn = draws.drawn(connection, draw.id)
        ids = {key: p.id for kept in coded.store.kept(connection) for key, p in kept.passages}
    assert [row["id"] for row in rows(path)] == [ids[key] for key, _ in drawn]
    with coded.store.database.writing() as connection:  # what was said outside the draw is not said within it
        early = ledger.Decision("anna", drawn[0][0], "money", True, coded.codebook.version)
        ledger.record(connection, [early])
    done = import_decisions(coded, path)
    assert (done.recorded, done.set_aside) == (9, [])
    with coded.store.database.reading() as connection:
        inside = list(ledger.in_draw(connection, draw.id))
    assert {(d.passage, d.probability) for d in inside} == set(drawn)
    assert {(d.coder, d.why, d.draw, d.suggestions_visible) for d in inside} == {("anna", kind, draw.id, False)}
    assert import_decisions(coded, path).recorded == 0
    with pytest.raises(EvidenceError, match=f"nothing is left to read for anna in draw {draw.id}"):
        give(coded, tmp_path / "again.xlsx", coder="anna", draw=draw.id)


def test_an_audit_gives_each_passage_once_and_double_coding_to_both(study, tmp_path):
    audit, double = drawing.draw_audit(study, 2), drawing.draw_double(study, 2, ["anna", "ben"])
    for draw, name in ((audit, "audit"), (double, "double")):
        import_decisions(study, full(handed(study, tmp_path / f"{name}.xlsx", coder="anna", draw=draw.id)))
    with pytest.raises(EvidenceError, match=f"nothing is left to read for ben in draw {audit.id}"):
        give(study, tmp_path / "ben.xlsx", coder="ben", draw=audit.id)
    assert len(rows(handed(study, tmp_path / "ben.xlsx", coder="ben", draw=double.id))) == 2


def test_what_is_to_be_read_blind_is_in_no_other_workbook(coded, tmp_path):
    draw = drawing.draw_double(coded, 2, ["anna", "ben"])
    with coded.store.database.reading() as connection:
        sealed = {key for key, _ in draws.drawn(connection, draw.id)}
        ids = {key: p.id for kept in coded.store.kept(connection) for key, p in kept.passages}
    for n, how in enumerate(({}, {"coder": "carol"}, {"coder": "anna", "visible": True})):
        found = {row["id"] for row in rows(handed(coded, tmp_path / f"{n}.xlsx", **how))}
        assert not found & {ids[key] for key in sealed}


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"draw": 1, "coder": "anna", "visible": True}, "draw 1 is read blind: leave --with-suggestions out"),
        ({"draw": 1}, "draw 1 is read by name: give --coder NAME"),
        ({"draw": 1, "coder": "carol"}, "draw 1 is for anna and ben, and not for carol"),
        ({"draw": 7, "coder": "anna"}, "there is no draw 7"),
        ({"visible": True}, "nothing has been suggested yet: run `themis code` first"),
    ],
)
def test_what_cannot_be_handed_out_is_said(study, tmp_path, how, sentence):
    drawing.draw_double(study, 2, ["anna", "ben"])
    with pytest.raises(EvidenceError, match=sentence):
        give(study, tmp_path / "out.xlsx", **how)
    assert list(tmp_path.glob("*.xlsx")) == []


def test_a_draw_of_another_study_is_refused(study, tmp_path, transcripts, codebook_file):
    draw = drawing.draw_audit(study, 2)
    path = full(handed(study, tmp_path / "anna.xlsx", coder="anna", draw=draw.id))
    other = create_study(tmp_path / "other", codebook_file)
    add(other, [transcripts])
    give(other, tmp_path / "other.xlsx")
    with pytest.raises(EvidenceError, match="is of a draw that this study has not"):
        import_decisions(other, path)


def test_a_workbook_meets_the_same_passages_in_another_study(study, book, tmp_path, transcripts, codebook_file):
    other = create_study(tmp_path / "other", codebook_file)
    add(other, [transcripts])
    give(other, tmp_path / "other.xlsx")
    import_decisions(other, full(book))
    import_decisions(study, book)
    assert held(other) == held(study)


@pytest.mark.parametrize("name", ["review.csv", "review"])
def test_a_workbook_is_xlsx(study, tmp_path, name):
    with pytest.raises(EvidenceError, match=r"end its name in \.xlsx"):
        give(study, tmp_path / name)


def test_the_shell_hands_out_and_takes_back(coded, tmp_path):
    def themis(*words):
        return CliRunner().invoke(cli.main, [*words, "-s", str(coded.folder)])

    path = tmp_path / "anna.xlsx"
    done = themis("export", "review", str(path), "--coder", "anna", "--most", "1")
    assert done.exit_code == 0, done.output
    assert "Wrote 1 passages" in done.output
    assert "It is blind" in done.output
    again = themis("export", "review", str(path))
    assert (again.exit_code, "is there already, perhaps with answers in it" in again.output) == (1, True)
    full(path)
    done = themis("import", str(path))
    assert "Read 3 decisions: 3 recorded, 0 already there, 0 blank, 0 set aside." in done.output
    shown = themis("export", "review", str(tmp_path / "b.xlsx"), "--with-suggestions")
    assert "It marks what is suggested" in shown.output


def test_a_workbook_that_fails_leaves_nothing(study, tmp_path):
    with pytest.raises(EvidenceError, match="could not be written"):
        give(study, tmp_path / "no" / "such.xlsx")
    assert list(tmp_path.rglob("*such*")) == []

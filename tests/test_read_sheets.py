"""Spreadsheets: which rows become documents, which columns are taken for what, and what is said about it."""

import csv
import datetime
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import File, Options
from corpus.read.sheets import read

LAYOUTS = Path(__file__).parent.parent.parent / "shared" / "data" / "consultation_spreadsheets"
GOOD = "They helped us a great deal with premises."
BAD = "The contract came with every risk passed down to us."


def sheet(content: str, /, **options: object) -> list[Draft | SetAside | str]:
    return list(read(File("survey.csv", content.encode()), Options(**options)))


def answers(items: list[Draft | SetAside | str]) -> dict[str, list[str]]:
    return {item.name: [block.text for block in item.blocks] for item in items if isinstance(item, Draft)}


def workbook(rows: list[list[object]], merges: tuple[str, ...] = (), title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for span in merges:
        book.active.merge_cells(span)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


SURVEY = f"""Response ID,Organisation type,Email,What has helped?,Anything else?
R1,Charity,a@b.org,{GOOD},{BAD}
R2,Council,c@d.org,"We, too, were helped ""a lot"" by
two people from the county.",
R3,Charity,e@f.org,,
R4,Charity,g@h.org,{BAD},No more to say than I did above really
"""


def test_a_survey_as_it_comes():
    questions = {"place": "row 2"}
    found = sheet(SURVEY)
    assert found == [
        "text in 'What has helped?', 'Anything else?'; id from 'Response ID'; attributes 'Organisation type'",
        "looks personal, not kept: 'Email'; --attribute keeps a column",
        Draft(
            "survey.csv#R1",
            (Block(GOOD, question="What has helped?", **questions), Block(BAD, question="Anything else?", **questions)),
            {"Organisation type": "Charity"},
            transcript=False,
        ),
        Draft(
            "survey.csv#R2",
            (
                Block(
                    'We, too, were helped "a lot" by\ntwo people from the county.',
                    question="What has helped?",
                    place="row 3",
                ),
            ),
            {"Organisation type": "Council"},
            transcript=False,
        ),
        SetAside("survey.csv", "row 4", "no answer in the text columns"),
        Draft(
            "survey.csv#R4",
            (
                Block(BAD, question="What has helped?", place="row 5"),
                Block("No more to say than I did above really", question="Anything else?", place="row 5"),
            ),
            {"Organisation type": "Charity"},
            transcript=False,
        ),
    ]


def test_one_document_for_each_answer():
    assert list(answers(sheet(SURVEY, per_answer=True))) == [
        "survey.csv#R1/What has helped?",
        "survey.csv#R1/Anything else?",
        "survey.csv#R2/What has helped?",
        "survey.csv#R4/What has helped?",
        "survey.csv#R4/Anything else?",
    ]
    long = SURVEY.replace("Anything else?", "Is there anything else/more that you would like us to know?")
    assert list(answers(sheet(long, per_answer=True)))[1] == "survey.csv#R1/2"


@pytest.mark.parametrize("name", ["What has helped?", "what  HAS helped?", "D", "What"])
def test_columns_are_named_by_heading_letter_or_beginning(name):
    found = sheet(SURVEY, text=(name,), id="Response", attributes=("email",))
    assert found[0] == "not kept: 'Organisation type', 'Anything else?'; --text or --attribute keeps a column"
    assert found[1] == Draft(
        "survey.csv#R1",
        (Block(GOOD, question="What has helped?", place="row 2"),),
        {"Email": "a@b.org"},
        transcript=False,
    )


def test_a_column_that_is_not_there_or_not_clear():
    listed = (
        r"its columns are A 'Response ID', B 'Organisation type', C 'Email', D 'What has helped\?', E 'Anything else\?'"
    )
    with pytest.raises(EvidenceError, match=f"^has no column 'Comments'; {listed}$"):
        sheet(SURVEY, text=("Comments",))
    with pytest.raises(EvidenceError, match=r"^has no column 'Z'"):
        sheet(SURVEY, attributes=("Z",))
    with pytest.raises(EvidenceError, match=r"^has several columns beginning with 'Q'; its columns are A 'Q1', B"):
        sheet("Q1,Q2\na,b\n", text=("Q",))


def test_ids_that_come_twice_keep_both_rows():
    found = sheet(f"ID,comment\n7,{GOOD}\n8,{BAD}\n7,{BAD}\n,{GOOD}\n", id="ID")
    drafts = [item for item in found if isinstance(item, Draft)]
    assert [draft.name for draft in drafts] == ["survey.csv#7", "survey.csv#8", "survey.csv#7 (row 4)", "survey.csv#5"]
    assert [draft.notes for draft in drafts] == [(), (), ("the id 7 stands in an earlier row too",), ()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(delimiter, encoding, end):
    stream = StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    rows = [["Ref", "Comment"], ["a", "It’s fine, we get on; mostly | at least"], ["b", "Naïve? No\twe are not at all"]]
    writer.writerows(rows)
    found = list(read(File("a.csv", stream.getvalue().encode(encoding)), Options()))
    assert answers(found) == {f"a.csv#{ref}": [comment] for ref, comment in rows[1:]}


@pytest.mark.parametrize("heading", ["", "Comment\n", "What has helped you, and your colleagues, most of all?\n"])
def test_one_column_of_prose(heading):
    lines = [
        "We like it here, because of the people",
        "They never ring back; not once, in a year",
        "On the whole, I would say",
    ]
    found = sheet(heading + "\n".join(lines))
    assert [text for (text,) in answers(found).values()] == lines


def test_a_line_that_names_the_delimiter():
    assert answers(sheet(f"sep=;\nRef;Comment\n1;{GOOD}\n")) == {"survey.csv#1": [GOOD]}


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1, max_size=5))
def test_every_answer_comes_back(texts):
    stream = StringIO()
    csv.writer(stream).writerows([["n", "comment"], *([number, text] for number, text in enumerate(texts))])
    found = list(read(File("a.csv", stream.getvalue().encode()), Options(text=("comment",), id="n")))
    assert answers(found) == {f"a.csv#{number}": [text] for number, text in enumerate(texts)}


def test_titles_blank_rows_and_row_numbers():
    text = f"Partnership survey,,\n\nExported,2024-03-01,\n\nRef,Nation,Comment\n\n1,Wales,{GOOD}\n,,\n2,Wales,{BAD}\n"
    found = sheet(text)
    assert found[:2] == [SetAside("survey.csv", f"row {n}", "stands above the headings") for n in (1, 3)]
    places = [(item.name, item.blocks[0].place) for item in found if isinstance(item, Draft)]
    assert places == [("survey.csv#1", "row 7"), ("survey.csv#2", "row 9")]


def test_ragged_rows():
    found = sheet(f"Ref,Comment,Nation\n1,{GOOD}\n2,{BAD},Wales,,\n3,We said yes, and then no,Wales,more\n")
    assert answers(found) == {"survey.csv#1": [GOOD], "survey.csv#2": [BAD]}
    reason = "has 5 cells where there are 3 headings: check its quotation marks"
    assert [item for item in found if isinstance(item, SetAside)] == [SetAside("survey.csv", "row 4", reason)]


def test_a_quotation_mark_that_never_closes():
    found = sheet(f'Ref,Comment\n1,{GOOD}\n2,"{BAD}\n3,{GOOD}\n')
    assert answers(found) == {"survey.csv#1": [GOOD]}
    (lost,) = [item for item in found if isinstance(item, SetAside)]
    assert (lost.place, "never closes" in lost.reason) == ("row 3", True)


def test_a_very_long_answer():
    long = "word " * 60_000
    limit = 131_072
    csv.field_size_limit(limit)
    assert answers(sheet(f"Ref,Comment\n1,{long}\n")) == {"survey.csv#1": [long.strip()]}
    assert csv.field_size_limit() == limit


def test_headings_that_are_empty_or_come_twice():
    found = sheet(f"Comment,,Comment\n{GOOD},x,{BAD}\n", text=("A", "C"))
    assert [(b.question, b.text) for b in found[-1].blocks] == [(None, GOOD), ("Comment (2)", BAD)]
    assert "'Column B'" in found[0]


def test_no_headings():
    found = sheet(f"1,a@b.org,{GOOD}\n2,c@d.org,{BAD}\n")
    assert "no headings found: the columns are called by their letters" in found
    assert answers(found) == {"survey.csv#1": [GOOD], "survey.csv#2": [BAD]}


def test_codes_over_questions():
    rows = [
        ["Q1", "Q2", "Q3"],
        ["Your nation", "What has helped you most?", "Reference number"],
        ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}', '{"ImportId":"QID3"}'],
        ["Wales", GOOD, "a"],
        ["Wales", BAD, "b"],
    ]
    stream = StringIO()
    csv.writer(stream).writerows(rows)
    found = sheet(stream.getvalue())
    assert answers(found) == {"survey.csv#a": [GOOD], "survey.csv#b": [BAD]}
    assert found[1].blocks[0].question == "What has helped you most?"
    assert found[1].attributes == {"Your nation": "Wales"}


TWO_ROWS = [
    ["Respondent ID", "How do you meet?", None, None, "What would you change?"],
    [None, "In person", "Online", "Other (please specify)", "Open-Ended Response"],
    ["x1", "In person", None, None, GOOD],
    ["x2", None, "Online", "By letter, when the line is down in winter", BAD],
]


def test_answers_under_codes_are_no_headings():
    again = sheet(f"Q1,Q2,Q3\nWhy not?,{GOOD},Who knows?\nWhy not?,{BAD},Not us\n", text=("Q2",))
    assert answers(again) == {"survey.csv#2": [GOOD], "survey.csv#3": [BAD]}
    found = sheet(f"Q1,Q2,Q3\nYes,{GOOD},Why would we?\nNo,{BAD},No idea\n", text=("Q2",))
    assert answers(found) == {"survey.csv#2": [GOOD], "survey.csv#3": [BAD]}


@pytest.mark.parametrize("merges", [(), ("B1:D1", "A1:A2")])
def test_headings_in_two_rows(merges):
    found = list(read(File("a.xlsx", workbook(TWO_ROWS, merges)), Options()))
    assert answers(found) == {"a.xlsx#x1": [GOOD], "a.xlsx#x2": ["By letter, when the line is down in winter", BAD]}
    assert [block.question for block in found[-1].blocks] == [
        "How do you meet? - Other (please specify)",
        "What would you change?",
    ]
    assert found[-1].blocks[0].place == "row 4"


def test_groups_of_headings():
    rows = [
        ["About you", None, "Proposal 1", None, "Proposal 2", None],
        ["Ref", "Nation", "Agree?", "Comment", "Agree?", "Comment"],
        ["x1", "Wales", "Yes", GOOD, "No", BAD],
        ["x2", "Wales", "Yes", BAD, "Yes", GOOD],
    ]
    found = list(read(File("a.xlsx", workbook(rows, ("A1:B1", "C1:D1", "E1:F1"))), Options()))
    assert [block.question for block in found[-1].blocks] == ["Proposal 1 - Comment", "Proposal 2 - Comment"]
    assert found[-1].attributes == {
        "About you - Nation": "Wales",
        "Proposal 1 - Agree?": "Yes",
        "Proposal 2 - Agree?": "Yes",
    }


def test_cells_as_a_reader_of_the_sheet_sees_them():
    book = openpyxl.Workbook()
    values = [
        7,
        0.25,
        1234.5,
        True,
        datetime.datetime(2024, 3, 1),
        datetime.datetime(2024, 3, 1, 9, 30),
        None,
        "#N/A",
        3.0,
    ]
    book.active.append([f"c{number}" for number in range(len(values))] + ["Comment"])
    book.active.append([*values, f" {GOOD}\r\n"])
    book.active["A2"].number_format, book.active["B2"].number_format = "0000", "0%"
    book.active.append([None, None, 447_900_123_456_789, None, None, None, 1e15, None, None, BAD])
    *_, found, large = read(File("a.xlsx", saved(book)), Options(attributes=tuple("ABCDEFGHI")))
    assert large.attributes == {"c2": "447900123456789", "c6": "1000000000000000"}
    assert found.attributes == {
        "c0": "0007",
        "c1": "25%",
        "c2": "1234.5",
        "c3": "TRUE",
        "c4": "2024-03-01",
        "c5": "2024-03-01 09:30:00",
        "c8": "3",
    }
    assert found.blocks[0].text == GOOD


def test_formulas_without_results_are_said():
    rows = [["Ref", "Comment", "Sum"], ["a", GOOD, "=1+1"], ["b", BAD, "=2+2"]]
    found = list(read(File("a.xlsx", workbook(rows)), Options()))
    reason = "a formula without its result: open the file in Excel and save it again"
    assert SetAside("a.xlsx", "cell C2 and 1 more", reason) in found
    assert answers(found) == {"a.xlsx#a": [GOOD], "a.xlsx#b": [BAD]}


def sheets() -> bytes:
    book = openpyxl.load_workbook(BytesIO(workbook([["Region", "Count"], ["North", 3], ["South", 4]], title="Summary")))
    book.create_sheet("Answers").append(["Ref", "Comment"])
    book["Answers"].append(["a", GOOD])
    book.create_sheet("Later").append(["Ref", "Comment"])
    book["Later"].append(["b", BAD])
    book.create_sheet("Hidden").append(["Ref", "Comment"])
    book["Hidden"].append(["c", BAD])
    book["Hidden"].sheet_state = "hidden"
    book.create_sheet("Empty")
    return saved(book)


def test_the_first_sheet_with_answers_is_read():
    found = list(read(File("a.xlsx", sheets()), Options()))
    assert found[0] == "reads the sheet 'Answers'"
    assert answers(found) == {"a.xlsx#a": [GOOD]}
    assert [item.place for item in found if isinstance(item, SetAside)] == ["sheet Summary", "sheet Later"]


def test_a_sheet_is_chosen_by_name():
    assert answers(list(read(File("a.xlsx", sheets()), Options(sheet="later")))) == {"a.xlsx#b": [BAD]}
    with pytest.raises(EvidenceError, match=r"^has no sheet 'x'; its sheets are 'Summary', 'Answers', 'Later'$"):
        list(read(File("a.xlsx", sheets()), Options(sheet="x")))


def test_a_cell_far_out_does_not_fill_the_memory():
    book = openpyxl.Workbook()
    for row in (["Ref", "Comment"], ["a", GOOD]):
        book.active.append(row)
    book.active.cell(1_048_576, 16_384).value = " "
    assert answers(list(read(File("a.xlsx", saved(book)), Options()))) == {"a.xlsx#a": [GOOD]}


GUESSES = [
    ("name", ["Ann Lee", "Ben Fox", "Cy Orr"], "personal"),
    ("Contact e-mail", ["", "", "x"], "personal"),
    ("How to reach you", ["07700 900123", "+44 20 7946 0000", "020 7946 0001"], "personal"),
    ("Where", ["SW1A 1AA", "M1 1AE", "CF10 3NQ"], "personal"),
    ("Nation", ["Wales", "England", "Wales"], "attribute"),
    ("Start Date", ["2024-01-01 10:00", "2024-01-02 11:00", "2024-01-03 12:00"], "left"),
    ("Timestamp", ["2024/03/01 9:15:22 am GMT", "2024/03/01 10:15:22 am GMT", "2 March 2024 11:15"], "left"),
    ("Link", ["https://example.org/a", "https://example.org/b", "https://example.org/c"], "left"),
    (
        "意见",
        ["我们喜欢这里的工作，因为人很好。", "他们从来没有给我们回过电话。", "总的来说还可以，但是钱不够。"],
        "text",
    ),
    ("ResponseId", ["R_1a", "R_2b", "R_3c"], "id"),
    ("Please name three barriers you met", [GOOD, BAD, GOOD + BAD], "text"),
    ("How far do you agree?", ["Strongly agree", "Neither agree nor disagree", "Strongly agree"], "attribute"),
    ("comment", ["No", "Not really, no", "None that I can think of today"], "text"),
]


@pytest.mark.parametrize(("heading", "values", "kind"), GUESSES, ids=[heading for heading, _, _ in GUESSES])
def test_what_a_column_is_taken_for(heading, values, kind):
    stream = StringIO()
    fixed = ["A sentence that is long enough", "Another one of these sentences", "And the last one of them all"]
    csv.writer(stream).writerows([[heading, "Sentence"], *zip(values, fixed, strict=True)])
    said = " ".join(item for item in sheet(stream.getvalue()) if isinstance(item, str))
    wanted = {
        "personal": f"looks personal, not kept: '{heading}'",
        "attribute": f"attributes '{heading}'",
        "left": f"not kept: '{heading}'; --text",
        "id": f"id from '{heading}'",
        "text": f"text in '{heading}', 'Sentence'",
    }
    assert [key for key, phrase in wanted.items() if phrase in said] == [kind]


@pytest.mark.parametrize("starts", [("0:05", "1:02"), ("5000", "62000"), ("5", "62.0"), ("00:00:05,000", "[00:01:02]")])
def test_a_sheet_of_turns_is_a_transcript(starts):
    rows = f'Speaker,Start,Text\nAnna,"{starts[0]}",So?\nBen,"{starts[1]}",Well.\nBen,,It was slow.\n'
    turns = (Block("So?", "Anna", time=5.0), Block("Well. It was slow.", "Ben", time=62.0))
    assert sheet(rows) == [
        "each row is a turn of one conversation; --text makes a document of each row",
        Draft("survey.csv", turns),
    ]
    assert answers(sheet(rows, text=("Text",))) == {
        "survey.csv#2": ["So?"],
        "survey.csv#3": ["Well."],
        "survey.csv#4": ["It was slow."],
    }


def test_a_column_of_questions():
    found = sheet(f"id,question_text,answer\n1,Why?,{GOOD}\n2,Where?,{BAD}\n")
    assert found[0] == "text in 'answer'; id from 'id'; attributes 'question_text'; questions from 'question_text'"
    assert [item.blocks[0].question for item in found[1:]] == ["Why?", "Where?"]


def test_options_ticked_in_one_cell_are_no_text():
    options = ["A local charity; A council", "A council; A national charity; Nobody", "Nobody; A council"] * 4
    rows = "".join(f"{number},{ticked},{GOOD} {number}\n" for number, ticked in enumerate(options))
    assert sheet("ID,Who do you work with?,Comment\n" + rows)[0].startswith("text in 'Comment'; id from 'ID'")


@pytest.mark.skipif(not LAYOUTS.exists(), reason="the consultation spreadsheets are not beside this checkout")
class TestLayouts:
    def test_proposals(self):
        found = list(read(File("lgr.csv", (LAYOUTS / "responses_lgr_format.csv").read_bytes()), Options()))
        question = "{} - Please use this space to explain your answers to questions 1-7"
        assert [(b.text, b.question) for b in found[2].blocks] == [
            ("I support this because it provides better local services for residents", question.format("Prop 1 Q8")),
            ("The second proposal also makes sense to me on balance", question.format("Prop 2 Q8")),
        ]
        assert list(found[2].attributes)[:2] == ["Respondent type", "Organisation type"]
        assert "looks personal, not kept: 'Location - address'" in found[1]
        assert len(answers(found)) == 5

    def test_a_blank_row_below_the_headings(self):
        found = list(read(File("scr.csv", (LAYOUTS / "responses_scr_format.csv").read_bytes()), Options()))
        assert list(answers(found)) == [f"scr.csv#{row}" for row in range(3, 8)]
        assert found[2].attributes == {
            "Responding as": "Individual",
            "Size of organisation": "Not applicable",
            "Where do the proposed outcomes sit on a scale from very useful to not useful at all?": "Very Useful",
        }

    def test_no_free_text_at_all(self):
        file = File("biomass.csv", (LAYOUTS / "responses_biomass_format.csv").read_bytes())
        with pytest.raises(
            EvidenceError, match=r"^has no column that looks like free text.* A 'What is your name\?', B"
        ):
            list(read(file, Options()))
        found = list(read(file, Options(text=("Please select",))))
        assert list(answers(found).values())[:2] == [["Biomass Supplier"], ["Biomass User"]]

    @pytest.mark.parametrize("name", ["qu_format_a_numeric.xlsx", "qu_format_b_instruction.xlsx"])
    def test_lists_of_questions(self, name):
        found = list(read(File(name, (LAYOUTS / name).read_bytes()), Options(sheet="open questions")))
        assert [item.place for item in found if isinstance(item, SetAside)][:2] == ["row 1", "row 2"]
        assert len(answers(found)) >= 3

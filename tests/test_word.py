"""Word documents: order, tables, bold names, tracked changes, notes, and broken files."""

import zipfile
from io import BytesIO

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft
from corpus.read.options import File, Options
from corpus.read.word import read
from corpus.transcript import document

NAMESPACES = nsdecls("w")


def saved(made) -> bytes:
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def draft(data: bytes) -> Draft:
    (found,) = read(File("a.docx", data), Options())
    assert isinstance(found, Draft)
    return found


def told(made) -> list[tuple[str | None, float | None, str]]:
    found = document(draft(saved(made)))
    return [(turn.speaker, turn.time, found.text[turn.start : turn.end]) for turn in found.turns]


def paragraph(made, *runs: tuple[str, bool]):
    new = made.add_paragraph()
    for text, bold in runs:
        new.add_run(text).bold = bold or None
    return new


def test_bold_names_without_a_colon():
    made = docx.Document()
    for name, words in [("Anna", "How was it?"), ("Ben", "Hard."), ("Anna", "Why?"), ("Ben", "No money.")]:
        paragraph(made, (name, True), (" " + words, False))
    assert told(made) == [
        ("Anna", None, "How was it?"),
        ("Ben", None, "Hard."),
        ("Anna", None, "Why?"),
        ("Ben", None, "No money."),
    ]


def test_bold_names_on_their_own_line():
    made = docx.Document()
    made.add_heading("Interview 3", 1)
    for name, words in [("Anna Smith", "How was it?"), ("Ben Jones", "Hard."), ("Anna Smith", "Why?")]:
        paragraph(made, (name, True))
        paragraph(made, (words, False))
    assert told(made) == [
        (None, None, "Interview 3"),
        ("Anna Smith", None, "How was it?"),
        ("Ben Jones", None, "Hard."),
        ("Anna Smith", None, "Why?"),
    ]


def test_bold_headings_are_no_speakers():
    made = docx.Document()
    for title, words in [("Our Work", "We feed people."), ("Our Costs", "They rise."), ("Our Hopes", "Few.")]:
        paragraph(made, (title, True))
        paragraph(made, (words, False))
        made.add_paragraph("And more of the same.")
    assert {speaker for speaker, _, _ in told(made)} == {None}


def test_questions_wholly_in_bold_are_no_labels():
    made = docx.Document()
    question = "How did the change in the terms of the contract affect the people you employ?"
    paragraph(made, (question, True))
    paragraph(made, ("Badly.", False))
    assert draft(saved(made)).blocks == (Block(question), Block("Badly."))


def test_bold_that_a_style_gives():
    made = docx.Document()
    made.styles.add_style("Voice", docx.enum.style.WD_STYLE_TYPE.CHARACTER).font.bold = True
    new = made.add_paragraph()
    new.add_run("Anna:").style = "Voice"
    new.add_run(" yes")
    assert draft(saved(made)).blocks == (Block("Anna: yes", label=5),)


def test_teams_names_and_times_before_a_line_break():
    made = docx.Document()
    for name, time, words in [
        ("Anna Smith", "0:03", "Shall we?"),
        ("Ben Jones", "0:09", "Yes."),
        ("Anna Smith", "1:02:03", "So."),
    ]:
        new = made.add_paragraph()
        new.add_run(name).bold = True
        new.add_run(f"   {time}")
        new.add_run().add_break()
        new.add_run(words)
    assert told(made) == [
        ("Anna Smith", 3.0, "Shall we?"),
        ("Ben Jones", 9.0, "Yes."),
        ("Anna Smith", 3723.0, "So."),
    ]


def table(made, rows):
    new = made.add_table(rows=len(rows), cols=len(rows[0]))
    for row, cells in zip(new.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return new


def test_a_table_of_speakers_and_words_stays_in_its_place():
    made = docx.Document()
    made.add_paragraph("Interview, 3 May")
    table(made, [("Anna:", "How was it?"), ("Ben:", "Hard.\nVery."), ("", "No money."), ("Anna:", "I see.")])
    made.add_paragraph("Notes afterwards")
    assert told(made) == [
        (None, None, "Interview, 3 May"),
        ("Anna", None, "How was it?"),
        ("Ben", None, "Hard.\nVery.\nNo money."),
        ("Anna", None, "I see."),
        (None, None, "Notes afterwards"),
    ]


def test_a_table_with_times_and_headings():
    made = docx.Document()
    table(
        made,
        [
            ("Time", "Speaker", "Text"),
            ("00:00:05", "Interviewer", "Who pays?"),
            ("00:00:09", "Participant 2", "We all do, in the end."),
        ],
    )
    assert told(made) == [
        (None, None, "Time | Speaker | Text"),
        ("Interviewer", 5.0, "Who pays?"),
        ("Participant 2", 9.0, "We all do, in the end."),
    ]


def test_any_other_table_is_text():
    made = docx.Document()
    long = "The council kept the savings and we kept the risk, year after year, without a word."
    table(made, [("Staff", "12"), ("Volunteers", "40"), ("What happened?", long)])
    assert [block.text for block in draft(saved(made)).blocks] == [
        "Staff | 12",
        "Volunteers | 40",
        "What happened?",
        long,
    ]


def test_a_deleted_row_is_left_out():
    made = docx.Document()
    rows = table(made, [("Staff", "12"), ("Old", "1")]).rows
    rows[1]._tr.get_or_add_trPr().append(parse_xml(f"<w:del {NAMESPACES} w:id='1' w:author='a'/>"))
    assert [block.text for block in draft(saved(made)).blocks] == ["Staff | 12"]


def test_merged_cells_are_read_once_and_tables_in_tables_are_read():
    made = docx.Document()
    outer = made.add_table(rows=1, cols=2)
    outer.cell(0, 0).merge(outer.cell(0, 1)).text = "merged"
    inner = outer.cell(0, 0).add_table(rows=1, cols=1)
    inner.cell(0, 0).text = "inside"
    assert [block.text for block in draft(saved(made)).blocks] == ["merged", "inside"]


def test_tracked_changes_are_read_as_accepted():
    made = docx.Document()
    made.element.body.insert(
        0,
        parse_xml(
            f"<w:p {NAMESPACES}><w:r><w:t xml:space='preserve'>We </w:t></w:r>"
            "<w:del w:id='1' w:author='a'><w:r><w:delText>liked</w:delText></w:r></w:del>"
            "<w:ins w:id='2' w:author='a'><w:r><w:t>feared</w:t></w:r></w:ins>"
            "<w:r><w:t xml:space='preserve'> them.</w:t></w:r>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r></w:p>"
        ),
    )
    found = draft(saved(made))
    assert [block.text for block in found.blocks] == ["We feared them."]
    assert found.notes == ("deleted passages left out (tracked changes): 1",)


def test_moved_text_is_read_where_it_was_moved_to():
    made = docx.Document()
    run = "<w:r><w:t>words</w:t></w:r>"
    for moved in ("moveFrom", "moveTo"):
        made.element.body.append(
            parse_xml(f"<w:p {NAMESPACES}><w:{moved} w:id='1' w:author='a'>{run}</w:{moved}></w:p>")
        )
    assert [block.text for block in draft(saved(made)).blocks] == ["words"]


def test_content_controls_links_and_text_boxes_are_read():
    made = docx.Document()
    made.element.body.insert(
        0,
        parse_xml(
            f"<w:sdt {NAMESPACES}><w:sdtContent><w:p>"
            "<w:hyperlink w:anchor='x'><w:r><w:t>linked</w:t></w:r></w:hyperlink>"
            "<w:r><w:tab/><w:t>words</w:t><w:pict><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
            "</w:pict></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    assert draft(saved(made)).blocks == (Block("linked\twords"), Block("boxed", place="text box"))


def test_a_text_box_interrupts_nobody():
    made = docx.Document()
    paragraph(made, ("Interviewer: Why?", False))
    last = paragraph(made, ("Participant: Because.", False))
    last._p.append(
        parse_xml(
            f"<w:r {NAMESPACES}><w:pict><w:txbxContent>"
            "<w:p><w:r><w:t>Draft 2</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
        )
    )
    assert told(made) == [
        ("Interviewer", None, "Why?"),
        ("Participant", None, "Because."),
        (None, None, "Draft 2"),
    ]


def test_headers_footers_and_comments_are_left_out():
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "CONFIDENTIAL"
    made.sections[0].footer.paragraphs[0].text = "Page 1"
    new = made.add_paragraph("Said.")
    made.add_comment(new.runs, text="really?", author="x")
    assert [block.text for block in draft(saved(made)).blocks] == ["Said."]


def footnoted() -> bytes:
    made = docx.Document()
    made.add_paragraph("Interviewer: Why?")
    made.add_paragraph("Participant: Because.")
    notes = (
        f"<w:footnotes {NAMESPACES}>"
        "<w:footnote w:type='separator' w:id='-1'><w:p><w:r><w:t>x</w:t></w:r></w:p></w:footnote>"
        "<w:footnote w:id='1'><w:p><w:r><w:t>See the report.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    part = docx.opc.part.Part(
        docx.opc.packuri.PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        notes.encode(),
        made.part.package,
    )
    made.part.relate_to(part, docx.opc.constants.RELATIONSHIP_TYPE.FOOTNOTES)
    return saved(made)


def test_footnotes_come_last_and_are_nobodys_words():
    found = draft(footnoted())
    assert found.blocks[-1] == Block("See the report.", place="footnote 1")
    assert found.notes == ("footnotes at the end of the text: 1",)
    whole = document(found)
    assert [(turn.speaker, whole.text[turn.start : turn.end]) for turn in whole.turns] == [
        ("Interviewer", "Why?"),
        ("Participant", "Because."),
        (None, "See the report."),
    ]


def test_a_macro_document_is_read():
    made = BytesIO()
    plain = zipfile.ZipFile(BytesIO(saved(_with("Said."))))
    with zipfile.ZipFile(made, "w") as packed:
        for name in plain.namelist():
            kind = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
            packed.writestr(
                name, plain.read(name).replace(kind, b"application/vnd.ms-word.document.macroEnabled.main+xml")
            )
    assert [block.text for block in draft(made.getvalue()).blocks] == ["Said."]


def _with(text: str):
    made = docx.Document()
    made.add_paragraph(text)
    return made


def changed(data: bytes, part: str, change) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as one, zipfile.ZipFile(stream, "w") as two:
        for name in one.namelist():
            two.writestr(name, change(one.read(name)) if name == part else one.read(name))
    return stream.getvalue()


def broken() -> dict[str, bytes]:
    whole = saved(_with("Said."))
    files = {"no zip": b"PK\x03\x04 and then nothing", "cut short": whole[: len(whole) // 2]}
    for title, lost in {
        "no document": "word/document.xml",
        "no types": "[Content_Types].xml",
        "no rels": "_rels/.rels",
    }.items():
        stream = BytesIO()
        with zipfile.ZipFile(BytesIO(whole)) as one, zipfile.ZipFile(stream, "w") as two:
            for name in one.namelist():
                if name != lost:
                    two.writestr(name, one.read(name))
        files[title] = stream.getvalue()
    files["cut xml"] = changed(whole, "word/document.xml", lambda data: data[:-40])
    files["other xml"] = changed(whole, "_rels/.rels", lambda data: data.replace(b"<Relationships", b"<Relations"))
    files["other types"] = changed(whole, "[Content_Types].xml", lambda _: b"<Types/>")
    return files


@pytest.mark.parametrize(
    "title", ["no zip", "cut short", "no document", "no types", "no rels", "cut xml", "other xml", "other types"]
)
def test_a_broken_file_is_one_sentence(title):
    with pytest.raises(EvidenceError, match="is broken"):
        list(read(File("a.docx", broken()[title]), Options()))


def test_entities_are_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><w:document/>'
    data = changed(saved(_with("x")), "word/document.xml", lambda _: bomb)
    with pytest.raises(EvidenceError, match="entities"):
        list(read(File("a.docx", data), Options()))


def test_deep_nesting_does_not_exhaust_the_program():
    made = docx.Document()
    deep = "<w:sdt><w:sdtContent>" * 110 + "<w:p><w:r><w:t>deep</w:t></w:r></w:p>" + "</w:sdtContent></w:sdt>" * 110
    made.element.body.insert(0, parse_xml(deep.replace("<w:sdt>", f"<w:sdt {NAMESPACES}>", 1)))
    assert [block.text for block in draft(saved(made)).blocks] == ["deep"]


def test_an_empty_document_gives_nothing():
    assert list(read(File("a.docx", saved(docx.Document())), Options())) == []


def test_every_word_the_library_sees_is_kept():
    made = docx.Document()
    for number in range(30):
        paragraph(made, (f"Name {number}", number % 3 == 0), (f": words {number} \t and more", False))
    seen = [one.text for one in made.element.body.iter(qn("w:t"))]
    assert "".join("".join(block.text for block in draft(saved(made)).blocks).split()) == "".join("".join(seen).split())

"""odt and rtf: paragraphs, labels, tables and footnotes."""

import zipfile
from io import BytesIO

import pytest
from odfdo import Document, Element, Style

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft
from corpus.read import File, Options, opendocument, rtf


def odt(*elements: str) -> bytes:
    document = Document("text")
    document.body.clear()
    document.insert_style(Style("text", name="Strong", area="text", bold=True), automatic=True)
    document.insert_style(Style("text", name="Name", parent_style="Strong"), automatic=True)
    document.insert_style(Style("paragraph", name="Loud", area="text", bold=True), automatic=True)
    for element in elements:
        document.body.append(Element.from_tag(element))
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def blocks(data: bytes) -> tuple[Block, ...]:
    (draft,) = opendocument.read(File("a.odt", data), Options())
    assert (draft.name, draft.transcript) == ("a.odt", True)
    return draft.blocks


def cell(text: str) -> str:
    return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"


def table(*rows: tuple[str, ...]) -> str:
    lines = ("<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in rows)
    return "<table:table>" + "".join(lines) + "</table:table>"


def test_paragraphs_and_labels():
    assert blocks(
        odt(
            '<text:h text:outline-level="1">Focus  group\n one</text:h>',
            '<text:p><text:span text:style-name="Strong">Anna:</text:span> We<text:s text:c="2"/>were<text:tab/>told'
            "<text:line-break/>twice.</text:p>",
            '<text:p><text:span text:style-name="Name">Ben</text:span>: <text:span>Why?</text:span></text:p>',
            '<text:p text:style-name="Loud">All of it</text:p>',
            '<text:p>Not <text:span text:style-name="Strong">here</text:span></text:p>',
            "<text:p> <text:soft-page-break/></text:p>",
        )
    ) == (
        Block("Focus group one"),
        Block("Anna: We  were\ttold\ntwice.", label=5),
        Block("Ben: Why?", label=3),
        Block("All of it", label=9),
        Block("Not here"),
    )


def test_lists_tables_and_boxes():
    assert blocks(
        odt(
            "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p>"
            "</text:list-item></text:list></text:list-item></text:list>",
            table(("Moderator", "So how did it begin for you?"), ("Anna", "Slowly."), ("Moderator", "And then?")),
            table(("Year", "Grant"), ("2021", "£4,000")),
            '<text:p>Beside<draw:frame svg:width="2cm"><draw:text-box><text:p>in a box</text:p></draw:text-box>'
            "</draw:frame> a box</text:p>",
            '<text:section text:name="s"><text:p>in a section</text:p></text:section>',
        )
    ) == (
        Block("• one"),
        Block("• inner"),
        Block("So how did it begin for you?", "Moderator"),
        Block("Slowly.", "Anna"),
        Block("And then?", "Moderator"),
        Block("Year | Grant"),
        Block("2021 | £4,000"),
        Block("Beside a box"),
        Block("in a box", place="text box"),
        Block("in a section"),
    )


def test_what_is_not_said():
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
    note += "<text:p>A footnote.</text:p></text:note-body></text:note>"
    assert blocks(
        odt(
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
            "</text:changed-region></text:tracked-changes>",
            f"<text:p>Before<office:annotation><text:p>comment</text:p></office:annotation>{note} and after.</text:p>",
            "<text:table-of-content><text:index-body><text:p>Contents</text:p></text:index-body></text:table-of-content>",
        )
    ) == (Block("Before and after."), Block("A footnote.", place="footnote 1"))


def test_no_text():
    with pytest.raises(EvidenceError, match="holds no text"):
        blocks(odt("<text:p/>"))


def rezipped(data: bytes, name: str, content: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return stream.getvalue()


ENTITIES = b'<!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>'
LOCKED = (
    b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry'
    b' manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("content.xml", b"<office:document-content>", "broken"),
        ("content.xml", b"<a/>", "broken"),
        ("content.xml", b"<a>" + b"<b>" * 5000 + b"</b>" * 5000 + b"</a>", "broken"),
        ("content.xml", ENTITIES, "entities"),
        ("styles.xml", ENTITIES, "entities"),
        ("META-INF/manifest.xml", LOCKED, "password"),
    ],
)
def test_a_damaged_document(name, content, reason):
    with pytest.raises(EvidenceError, match=reason):
        blocks(rezipped(odt("<text:p>words</text:p>"), name, content))


def rich(source: str) -> Draft:
    (draft,) = rtf.read(File("a.rtf", source.encode("cp1252")), Options())
    return draft


def test_rich_text():
    draft = rich(
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\info{\title Hidden}}{\header Page 1\par}"
        r"{\b Anna:} caf\'e9 \u8220?quoted\u8221?\par I:\tab why\line not?\par\par "
        r"\u-10179?\u-8704? \emdash  it\rquote s\par"
        r"{\field{\*\fldinst{HYPERLINK " + '"http://example.org"' + r"}}{\fldrslt{a link}}}\page next}"
    )
    assert [block.text for block in draft.blocks] == [
        "Anna: café “quoted”",
        "I:\twhy",
        "not?",
        "😀 — it’s",
        "a link",
        "next",
    ]
    assert draft.notes == ()


def test_rich_text_in_other_alphabets():
    assert rich(r"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}").blocks == (Block("Привет"),)
    assert rich(r"{\rtf1\ansi\ansicpg932 \'82\'b1\'82\'f1}").blocks == (Block("こん"),)


def test_rich_text_that_cannot_be_decoded_is_said():
    assert rich(r"{\rtf1\ansi\ansicpg932 word \'82}").notes == ("1 characters could not be decoded",)


def test_a_table_in_rich_text():
    rows = [("Interviewer", "So how did it begin?"), ("Anna", "Slowly."), ("Interviewer", "And then?")]
    cells = "".join(rf"\trowd\cellx1\cellx2 {name}\cell {said}\cell\row " for name, said in rows)
    assert rich(rf"{{\rtf1 Before\par {cells}\pard after a | b}}").blocks == (
        Block("Before"),
        *(Block(said, name) for name, said in rows),
        Block("after a | b"),
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("words", "not rich text"),
        (r"{\rtf1}", "no text"),
        (r"{\rtf1 \u99999999999 x}", "broken"),
        (r"{\rtf1 {\pict\bin x}}", "broken"),
        (r"{\rtf1 " + "{" * 100_000, "no text"),
    ],
)
def test_rich_text_that_is_none(source, reason):
    with pytest.raises(EvidenceError, match=reason):
        rich(source)

"""Web pages: what a reader of the page sees, paragraph by paragraph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import File, Options
from corpus.read.web import read


def page(html: str | bytes) -> tuple[Block, ...]:
    (draft,) = read(File("a.html", html.encode() if isinstance(html, str) else html), Options())
    assert isinstance(draft, Draft)
    return draft.blocks


PAGE = """<!DOCTYPE html>
<html><head><title>Title</title><style>p { color: red }</style><script>head()</script></head>
<body><nav><p>Menu</p></nav>
<h1>Interview  with
   the <em>hospice</em></h1>
<p><b>Anna:</b> We&nbsp;were told &amp; asked,<br>twice. <!-- hidden --></p>
<p><strong>Inter</strong><b>viewer</b><b>:</b> <i>Why?</i></p>
<p>   </p>
<script>alert(1)</script>loose words
<ul><li>one<li>two <b>x</b><ol><li>a</li><li>b</li></ol></ul>
<blockquote>said<p>again</p>and again</blockquote>
<pre>  kept
   as is</pre>
<div>some <span>in</span>line <div>nested</div> after</div>
</body></html>"""


def test_a_page():
    assert page(PAGE) == (
        Block("Interview with the hospice"),
        Block("Anna: We\u00a0were told & asked,\ntwice.", label=5),
        Block("Interviewer: Why?", label=12),
        Block("loose words"),
        Block("• one"),
        Block("• two x"),
        Block("1. a"),
        Block("2. b"),
        Block("said"),
        Block("again"),
        Block("and again"),
        Block("kept\n   as is"),
        Block("some inline"),
        Block("nested"),
        Block("after"),
    )


@pytest.mark.parametrize(
    ("html", "label"),
    [
        ("<p>Not <b>here</b>", 0),
        ("<p><b>Anna</b>: it was <b>so</b> bold", 4),
        ("<p> <b> Anna </b> <b>Lee</b> said", 8),
        ("<p><b>Anna</b>", 4),
        (f"<p><b>{'bold ' * 20}</b> words", 0),
    ],
)
def test_only_a_bold_beginning_is_a_label(html, label):
    assert [block.label for block in page(html)] == [label]


def test_pages_that_programs_wrote():
    html = (
        "<p class=Mso><span style='font-weight: 700'>Anna<o:p></o:p></span>: So<o:p>&nbsp;</o:p>?<my-tag>!</my-tag></p>"
    )
    assert page(html) == (Block("Anna: So\u00a0?!", label=4),)


ROW = "<tr><td>{}</td><td>{}</td></tr>"


def test_a_table_of_speakers():
    said = [
        "So how did the two of you begin?",
        "Slowly, <p>and then very fast indeed.</p>",
        "Did they ever come to you?",
        "No.",
    ]
    rows = "".join(ROW.format(*pair) for pair in zip(["Interviewer", "Anna", "Interviewer", "Anna"], said, strict=True))
    assert page(f"<table>{rows}</table>") == (
        Block("So how did the two of you begin?", "Interviewer"),
        Block("Slowly,", "Anna"),
        Block("and then very fast indeed.", "Anna"),
        Block("Did they ever come to you?", "Interviewer"),
        Block("No.", "Anna"),
    )


def test_other_tables_keep_every_cell():
    rows = "".join(ROW.format(*pair) for pair in [("Year", "Grant"), ("2021", "£4,000"), ("2022", "")])
    assert [block.text for block in page(f"<table>{rows}</table>")] == ["Year | Grant", "2021 | £4,000", "2022"]
    inner = "<table><tr><td>inner</td></tr></table>"
    layout = f"<table><tr><td><p>One side.</p><p>More of it.</p></td><td>{inner}</td></tr></table>"
    assert [block.text for block in page(layout)] == ["One side.", "More of it.", "inner"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<meta charset='iso-8859-1'><p>caf\xe9".encode("latin-1"), "café"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'><p>Да".encode("cp1251"), "Да"),
        ("<meta charset=utf-8><p>it’s".encode("cp1252"), "it’s"),
        ("<meta charset=nonsense><p>it’s".encode(), "it’s"),
        ("<p>it’s</p>".encode("utf-16"), "it’s"),
        (b'<?xml version="1.0" encoding="UTF-8"?><html><body><p>caf\xc3\xa9</p></body></html>', "café"),
    ],
)
def test_encodings(html, text):
    assert page(html) == (Block(text),)


def test_entities_are_not_expanded_and_nothing_is_fetched():
    html = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY x SYSTEM "file:///etc/passwd">]><p>&a;&x; words</p>'
    text = " ".join(block.text for block in page(html))
    assert "words" in text
    assert "root:" not in text


def test_a_page_nested_without_end():
    html = "<p>before" + "<div>" * 50_000 + "inside" + "</div>" * 50_000 + "<p>after"
    found = list(read(File("a.html", html.encode()), Options()))
    assert [item.place for item in found if isinstance(item, SetAside)] == ["after line 1"]
    assert [item.blocks for item in found if isinstance(item, Draft)] == [(Block("before"),)]


@pytest.mark.parametrize("html", ["<html></html>", "<script>x</script>", "<p> &nbsp;</p>", "<!-- only this -->"])
def test_no_text(html):
    with pytest.raises(EvidenceError, match="web page"):
        page(html)


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"], exclude_characters="&<"), min_size=1), min_size=1))
def test_every_paragraph_comes_back(paragraphs):
    assert [block.text for block in page("".join(f"<p>{text}</p>" for text in paragraphs))] == paragraphs

"""PDF: paragraphs out of printed lines, without what the printer added."""

import textwrap
from pathlib import Path

import pytest
from pdfs import PICTURE, column, pdf

from corpus.errors import EvidenceError
from corpus.passage import INTERVIEWEE, INTERVIEWER, Block, Draft, SetAside
from corpus.read.options import File, Options
from corpus.read.pdf import read
from corpus.transcript import document, speakers

STUDY = Path(__file__).parent.parent.parent / "shared" / "data" / "pdpilot_interviews" / "transcripts"
LONG = (
    "We had eleven staff and a contract that paid us four months late, so that in the end it was the trustees who lent "
    "the money for the wages, and nobody at the council ever asked how we managed to keep the doors open that winter."
)
MORE = (
    "Then their logo went up on our van. People thanked the company for the meals that our volunteers had cooked, and "
    "we were asked to be glad of it, which some of us were and some of us were not, as you would expect of volunteers."
)


def draft(pages) -> Draft:
    (found,) = read(File("a.pdf", pdf(pages)), Options())
    assert isinstance(found, Draft)
    return found


def texts(pages) -> list[str]:
    return [block.text for block in draft(pages).blocks]


def cut(text: str, width: int = 80) -> list[str]:
    return textwrap.wrap(text, width)


def test_wrapped_lines_are_joined_and_gaps_part_paragraphs():
    assert texts([column([*cut(LONG), "", *cut(MORE)])]) == [LONG, MORE]


def test_a_short_line_ends_a_paragraph_where_there_are_no_gaps():
    assert texts([column([*cut(LONG), *cut(MORE), "That is all."])]) == [LONG, MORE, "That is all."]


def test_an_indented_line_begins_a_paragraph():
    one, two = cut("xx" + LONG), cut("xx" + LONG + " So")
    lines = [
        (50 if number % len(one) else 74, 780 - 12 * number, 10, line.removeprefix("xx"))
        for number, line in enumerate(one + two)
    ]
    assert texts([lines])[0] == LONG


def test_items_of_a_list_stay_apart():
    lines = cut(LONG)[:2]
    assert texts([column([*lines, "• " + lines[1][2:], "1. " + lines[0][3:]])]) == [
        " ".join(lines),
        "• " + lines[1][2:],
        "1. " + lines[0][3:],
    ]


def test_a_line_that_hangs_out_begins_a_paragraph():
    first, inner = cut(MORE, 85)[0], cut(LONG)[0]
    assert (len(first), len(inner)) == (85, 80)
    shown = [(50, 780, 10, first), *column([inner] * 4, x=80, top=768), (50, 720, 10, first), (80, 708, 10, inner)]
    assert texts([shown]) == [" ".join([first, *[inner] * 4]), f"{first} {inner}"]


def test_a_paragraph_goes_on_over_the_page():
    lines = cut(LONG)
    found = draft([column(lines[:2]), column(lines[2:])])
    assert found.blocks == (Block(LONG, place="page 1"),)


def test_places_name_the_page():
    assert [block.place for block in draft([column(["One."]), column(["Two."])]).blocks] == ["page 1", "page 2"]


@pytest.mark.parametrize(
    "number", ["{0}", "{0}/4", "Page {0} of 4", "- {0} -", "page {0}", "| {0} |", "Seite {0} von 4", "– {0} –"]
)
@pytest.mark.parametrize("y", [20, 820])
def test_page_numbers_are_removed(number, y):
    words = ["One is here.", "Two is here.", "Three is here.", "Four is here."]
    found = draft([[*column([line]), (290, y, 8, number.format(at))] for at, line in enumerate(words, 1)])
    assert [block.text for block in found.blocks] == words
    assert found.notes == ("page numbers removed: 4",)


def test_page_numbers_that_begin_elsewhere_are_removed_and_other_numbers_are_kept():
    words = ["In the year", "Then in", "Not before", "And after"]
    found = draft(
        [
            [*column([line, f"{1984 + 7 * at}", f"it {line}."], pitch=30), (290, 20, 8, str(at + 11))]
            for at, line in enumerate(words)
        ]
    )
    assert [block.text for block in found.blocks if block.text.isdigit()] == ["1984", "1991", "1998", "2005"]
    assert found.notes == ("page numbers removed: 4",)


def test_running_heads_and_feet_are_removed_and_named():
    words = ["One is here.", "Two is here.", "Three is here."]
    pages = [
        [(50, 815, 8, "Confidential: project 7"), *column([line]), (50, 30, 8, f"Acme Research, 3 May 2024  p. {at}")]
        for at, line in enumerate(words, 1)
    ]
    found = draft(pages)
    assert [block.text for block in found.blocks] == words
    assert found.notes == (
        '"Confidential: project #" removed from 3 pages',
        '"Acme Research, # May # p. #" removed from 3 pages',
    )


def test_the_same_answer_at_the_head_of_two_pages_is_kept():
    assert texts([column(["Ben: No.", "Anna: Why?"]), column(["Ben: No.", "Anna: Oh."])]) == [
        "Ben: No.",
        "Anna: Why?",
        "Ben: No.",
        "Anna: Oh.",
    ]


def test_margin_numbers_are_removed():
    lines = cut(LONG)
    numbers = [(20, 780 - 12 * at, 8, str(at + 1)) for at in range(len(lines))]
    found = draft([[*column(lines), *numbers]])
    assert found == Draft(
        "a.pdf", (Block(LONG, place="page 1"),), notes=(f"numbers in the margin removed: {len(lines)}",)
    )


def test_line_numbers_of_a_court_transcript_are_removed():
    lines = ["Q. And then?", "A. We lost it.", "Q. All of it?", "A. All of it.", "Q. When was that?", "A. In May."]
    found = draft([column([f"{at}   {line}" for at, line in enumerate(lines, 1)])])
    assert [block.text for block in found.blocks] == lines
    assert speakers(document(found)) == {"Q": INTERVIEWER, "A": INTERVIEWEE}


def test_text_outside_the_page_is_not_read():
    assert texts([[*column(["Seen."]), (50, -200, 10, "below"), (900, 400, 10, "beside")]]) == ["Seen."]


def test_a_line_printed_on_two_pages_is_read_once():
    lines = cut(LONG)
    found = draft([column(lines[:2]), column(lines[1:])])
    assert [block.text for block in found.blocks] == [LONG]
    assert found.notes == ("lines printed on two pages and read once: 1",)


@pytest.mark.parametrize(
    ("one", "two", "whole"),
    [
        ("with the evi-", "dence they gave", "the evidence they"),
        ("a plain one-", "way street one-way", "plain one-way street"),
        ("a plain one-", "way street, way and one", "plain one-way street"),
        ("a non-", "monotonic curve", "a non-monotonic curve"),
        ("for Cortes-", "Martin spoke", "for Cortes-Martin spoke"),
        ("in 2019-", "2020 it was", "in 2019-2020 it"),
        ("she said -", "and left", "said - and left"),
    ],
)
def test_hyphens_at_line_ends(one, two, whole):
    first = "x" * (79 - len(one)) + " " + one
    assert whole in " ".join(texts([column([first, two + " " + "y" * 50])]))


def test_speakers_in_a_wrapped_transcript():
    talk = [
        ("Anna: ", "Who pays?"),
        ("Ben: ", LONG),
        ("Anna: ", "And then? There are two things: one and two."),
        ("Ben: ", MORE),
    ]
    lines = [line for name, words in talk for line in cut(name + words)]
    found = document(draft([column(["Interview 4", "", *lines[:5]]), column(lines[5:])]))
    assert [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns] == [
        (None, "Interview 4"),
        *((name.removesuffix(": "), words) for name, words in talk),
    ]


def test_a_password_is_one_sentence():
    with pytest.raises(EvidenceError, match="needs a password"):
        list(read(File("a.pdf", pdf([column(["x"])], locked=True)), Options()))


@pytest.mark.parametrize("data", [b"%PDF-1.4\nnothing", b"%PDF-1.4", pdf([column(["x"])])[40:]])
def test_a_broken_file_is_one_sentence(data):
    with pytest.raises(EvidenceError, match="is broken"):
        list(read(File("a.pdf", data), Options()))


def test_a_scan_is_one_sentence():
    with pytest.raises(EvidenceError, match="text recognition"):
        list(read(File("a.pdf", pdf([PICTURE, PICTURE])), Options()))


def test_empty_pages_are_one_sentence():
    with pytest.raises(EvidenceError, match="no text on any page"):
        list(read(File("a.pdf", pdf([b""])), Options()))


def test_a_scanned_page_among_others_is_set_aside():
    found = list(read(File("a.pdf", pdf([column(["Said."]), PICTURE, b""])), Options()))
    assert [type(one) for one in found] == [Draft, SetAside]
    assert found[1] == SetAside("a.pdf", "page 2", "no text on this page, only a picture: run text recognition on it")


def test_a_broken_page_among_others_is_set_aside():
    data = pdf([column(["Said."]), column(["Lost."])]).replace(b"/Kids[4 0 R 6 0 R]", b"/Kids[4 0 R 9 0 R]")
    assert [type(one) for one in read(File("a.pdf", data), Options())] == [Draft, SetAside]
    assert list(read(File("a.pdf", data), Options()))[1].place == "page 2"


@pytest.mark.skipif(not STUDY.is_dir(), reason="the interviews of the PDPilot study are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "turns"), [(f"P{at}.pdf", turns) for at, turns in enumerate([95, 166, 122, 110, 135, 100, 105], 1)]
)
def test_real_interviews_give_their_speakers_and_nothing_of_the_page(name, turns):
    (read_draft,) = read(File(name, (STUDY / name).read_bytes()), Options())
    found = document(read_draft)
    said = [found.text[turn.start : turn.end] for turn in found.turns]
    assert speakers(found) == {"Dan": INTERVIEWER, "Participant": INTERVIEWEE}
    assert (len(said), found.turns[0].speaker, said[0]) == (turns, None, "Interview")
    assert [
        words for words in said[1:] if words.isdigit() or "/" in words[:4] or "\n" in words or "Dan:" in words
    ] == []

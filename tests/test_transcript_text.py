"""Plain text and Markdown: paragraphs, and lines that a program cut."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as some

from corpus.passage import Block, Draft
from corpus.read.options import File, Options
from corpus.read.text import read
from corpus.transcript import document

LONG = (
    "We had eleven staff and a contract that paid us four months late, so that in the end it was the trustees who lent "
    "the money for the wages, and nobody at the council ever asked how we managed to keep the doors open that winter."
)
MORE = (
    "Then the logo went up on our van. People thanked the company for the meals that our volunteers had cooked, and we "
    "were asked to be glad of it, which some of us were and some of us were not, as you would expect from volunteers."
)


def draft(text: str, name: str = "a.txt") -> Draft:
    (found,) = read(File(name, text.encode()), Options())
    assert isinstance(found, Draft)
    return found


def paragraphs(text: str) -> list[str]:
    return [block.text for block in draft(text).blocks]


def cut(text: str, width: int = 72) -> str:
    return "\n".join(textwrap.wrap(text, width))


def test_every_line_is_a_paragraph():
    assert draft("One.\n\nTwo is longer.\r\n  Three.  \n") == Draft(
        "a.txt", (Block("One."), Block("Two is longer."), Block("Three."))
    )


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_cut_lines_are_joined(width):
    assert paragraphs(f"{cut(LONG, width)}\n\n{cut(MORE, width)}\n") == [LONG, MORE]


def test_cut_lines_are_noted():
    lines = len(textwrap.wrap(LONG, 72)) - 1
    assert draft(cut(LONG)).notes == (f"lines cut at {max(map(len, textwrap.wrap(LONG, 72)))} columns joined: {lines}",)


def test_cut_transcripts_keep_their_speakers_apart():
    text = f"{cut('Anna: ' + LONG)}\n{cut('Ben: ' + MORE)}\nAnna: I see.\nBen: Yes.\n"
    found = document(draft(text))
    assert [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns] == [
        ("Anna", LONG),
        ("Ben", MORE),
        ("Anna", "I see."),
        ("Ben", "Yes."),
    ]


def test_lists_and_headings_in_cut_text_stay_apart():
    assert paragraphs(f"# Title\n{cut(LONG)}\n- one\n- two\n{cut('3. ' + MORE)}\n") == [
        "# Title",
        LONG,
        "- one",
        "- two",
        f"3. {MORE}",
    ]


def test_short_lines_of_their_own_are_not_joined():
    poem = [
        "They came in spring with forms to fill",
        "and left in autumn with the key,",
        "the hall was cold and quiet still",
    ]
    assert paragraphs("\n".join(poem * 4)) == poem * 4


def test_a_few_full_lines_among_paragraphs_are_not_joined():
    lines = [
        *textwrap.wrap(LONG + MORE, 72)[:5],
        "That was the first year of it, as we said.",
        *["The second was no better than that, nor the third."] * 9,
    ]
    assert paragraphs("\n".join(lines)) == lines


def test_nothing_is_taken_out_of_markdown():
    text = "# Talk 4\n\n**Anna**: So *why*?\n\n**Ben**: Because of the `form`, see [1](http://a.org)\n\n**Anna**: Ah."
    found = document(draft(text, "a.md"))
    assert found.text == text.replace("\n\n", "\n")
    assert [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns] == [
        (None, "# Talk 4"),
        ("Anna", "So *why*?"),
        ("Ben", "Because of the `form`, see [1](http://a.org)"),
        ("Anna", "Ah."),
    ]


@given(some.text(max_size=400))
def test_no_word_is_lost(text):
    clean = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t ")
    found = list(read(File("a.txt", clean.encode()), Options()))
    words = [word for one in found for block in one.blocks for word in block.text.split()]
    assert words == clean.split()


@given(some.lists(some.text("abcdefg ", min_size=1, max_size=300), min_size=1, max_size=6), some.integers(50, 110))
def test_cutting_loses_no_word(texts, width):
    text = "\n\n".join(cut(one, width) for one in texts)
    found = list(read(File("a.txt", text.encode()), Options()))
    assert [word for one in found for block in one.blocks for word in block.text.split()] == text.split()

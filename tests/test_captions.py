"""Captions: voices, labels, cues joined into turns, and what is broken."""

import pytest

from corpus.errors import EvidenceError
from corpus.passage import Document, Draft, SetAside
from corpus.read.captions import read
from corpus.read.options import File, Options
from corpus.transcript import document

VOICES = """WEBVTT - Interview 4
Kind: captions

STYLE
::cue { color: red }

NOTE
made by hand, Anna: not said

1
00:00:01.500 --> 00:00:04.000 align:start position:0%
<v Anna Smith>Hello &amp; <i>welcome</i>.</v>

00:00:04.000 --> 00:00:06.000
<v Anna Smith>How did
it start?</v>

00:07.250 --> 00:09.000
<v.loud Ben>We had <00:00:08.000><c.yellow>three &lt; four</c> staff.</v>
<v Anna Smith>Oh.</v>
"""
ZOOM = """WEBVTT

1
00:00:03.000 --> 00:00:05.000
Anna Smith: What happened to the grant?

2
00:00:06.000 --> 00:00:08.000
Ben Jones: It went to the council.

3
00:00:08.500 --> 00:00:09.000
Ben Jones: And they kept it.

4
00:00:09.500 --> 00:00:11.000
Note: this is what they told us.

5
00:00:12.000 --> 00:00:13.000
Anna Smith: Really?
"""
SUBRIP = """1
00:00:01,000 --> 00:00:02,000
ANNA: Where were you?

2
00:00:03,000 --> 00:00:04,000
BEN: At home
with <b>Carla</b>.

3
00:00:05,000 --> 00:00:06,000
ANNA: And then?
BEN: Out.
"""


def drafts(text: str, name: str = "a.vtt") -> list[Draft | SetAside]:
    return list(read(File(name, text.encode()), Options()))


def told(text: str, name: str = "a.vtt") -> list[tuple[str | None, float | None, str]]:
    (draft,) = drafts(text, name)
    assert isinstance(draft, Draft)
    found: Document = document(draft)
    return [(turn.speaker, turn.time, found.text[turn.start : turn.end]) for turn in found.turns]


def test_voice_tags_name_the_speakers():
    assert told(VOICES) == [
        ("Anna Smith", 1.5, "Hello & welcome. How did it start?"),
        ("Ben", 7.25, "We had three < four staff."),
        ("Anna Smith", 7.25, "Oh."),
    ]


def test_the_document_reads_like_a_transcript():
    (draft,) = drafts(VOICES)
    assert document(draft).text == (
        "Anna Smith: Hello & welcome. How did it start?\nBen: We had three < four staff.\nAnna Smith: Oh."
    )


def test_labels_in_the_words_name_the_speakers():
    assert told(ZOOM) == [
        ("Anna Smith", 3.0, "What happened to the grant?"),
        ("Ben Jones", 6.0, "It went to the council. And they kept it. Note: this is what they told us."),
        ("Anna Smith", 12.0, "Really?"),
    ]


def test_subrip_with_two_speakers_in_one_cue():
    assert told(SUBRIP, "a.srt") == [
        ("ANNA", 1.0, "Where were you?"),
        ("BEN", 3.0, "At home with Carla."),
        ("ANNA", 5.0, "And then?"),
        ("BEN", 5.0, "Out."),
    ]


def test_without_speakers_a_paragraph_ends_at_a_pause_after_a_sentence():
    text = "WEBVTT\n\n" + "\n\n".join(
        f"00:00:{start:02}.000 --> 00:00:{end:02}.000\n{words}"
        for start, end, words in [(1, 2, "We were"), (6, 7, "eight."), (7, 8, "Then two left."), (12, 13, "It ended.")]
    )
    assert told(text) == [(None, 1.0, "We were eight. Then two left."), (None, 12.0, "It ended.")]


def test_captions_that_roll_up_are_read_once():
    lines = ["so we were told", "that the contract", "would not be", "renewed at all", "and nobody", "said why"]
    pairs = zip(["", *lines], lines, strict=False)
    text = "WEBVTT\n\n" + "\n\n".join(
        f"00:00:{at:02}.000 --> 00:00:{at + 1:02}.000\n{f'{one}' if one else ' '}\n{two}"
        for at, (one, two) in enumerate(pairs)
    )
    assert [words for _, _, words in told(text)] == [" ".join(lines)]


def test_a_cue_with_a_broken_time_is_set_aside_and_the_rest_is_read():
    first, second = drafts("WEBVTT\n\n00:00:xx --> 00:00:02.000\nlost\n\n00:00:03.000 --> 00:00:04.000\nkept\n")
    assert first == SetAside("a.vtt", "line 3", "a caption whose time cannot be read: correct the time")
    assert isinstance(second, Draft)
    assert [block.text for block in second.blocks] == ["kept"]


@pytest.mark.parametrize("text", ["hello", "1\n2\n3\n"])
def test_what_holds_no_captions_is_one_sentence(text):
    with pytest.raises(EvidenceError, match="holds no captions that can be read"):
        drafts(text)


def test_captions_in_another_encoding():
    (draft,) = read(File("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Zoë>Café…</v>\n".encode("utf-16")), Options())
    assert [(block.speaker, block.text) for block in draft.blocks] == [("Zoë", "Café…")]

"""Bytes as text: no character is lost without a word, and every line ends alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.read.sniff import clean, decode

BRITISH = "It’s “their” brand – we’re only in the café’s naïve £5 leaflet…"
KEPT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff") | st.sampled_from("\n\t")
)


@given(KEPT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_a_mark_or_in_utf8_comes_back(encoding, text):
    assert decode(text.encode(encoding)) == (text, None)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen_and_said(encoding):
    text, note = decode(BRITISH.replace("’", "'").encode(encoding))
    assert text == BRITISH.replace("’", "'")
    assert note == f"read as {encoding.upper()}: it has no byte order mark"


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("cp1252", BRITISH, "Windows-1252"),
        ("latin-1", "Señor Muñoz está aquí", "Windows-1252"),
        ("mac-roman", "I don’t think so – it’s a café", "Mac Roman"),
        ("cp1251", "Привет, как дела сегодня у вас дома", "cp1251"),
        ("shift-jis", "これは日本語のテキストです。長い文章を書きます。", "cp932"),
        ("cp1250", "Zażółć gęślą jaźń, dziękuję bardzo", "cp1250"),
    ],
)
def test_old_encodings_are_guessed_and_said(encoding, text, said):
    found, note = decode(text.encode(encoding))
    assert found == text
    assert said in note


def test_a_few_bad_bytes_do_not_spoil_the_rest():
    text, note = decode("für ñ é ö: ".encode() + b"it\x92s \x81 bad")
    assert text == "für ñ é ö: it’s   bad"
    assert note == "2 bytes are not UTF-8 and were read as Windows-1252; 1 control character replaced by spaces"


@given(st.binary())
def test_any_bytes_are_text_or_refused(data):
    try:
        text, note = decode(data)
    except EvidenceError:
        return
    text.encode("utf-8")
    assert clean(text) == (text, 0)
    assert "\r" not in text
    assert note is None or note


def test_line_ends():
    assert decode(b"a\r\nb\rc\nd\x0ce\x0bf") == ("a\nb\nc\nd\ne\nf", None)
    assert decode("a\u2028b\u2029c\x85d".encode()) == ("a\nb\nc\nd", None)


def test_text_is_not_composed():
    assert decode("e\u0301\u200d\ufeff".encode()) == ("e\u0301\u200d\ufeff", None)


def test_nul_bytes_are_refused():
    with pytest.raises(EvidenceError, match="looks binary"):
        decode(b"words \x00 words")


@given(st.text())
def test_clean_keeps_every_place(text):
    found, count = clean(text)
    assert len(found) == len(text)
    assert count == sum(one != other for one, other in zip(found, text, strict=True))

"""What a file is, by its content, and its bytes as text."""

import codecs
import re

from corpus.errors import EvidenceError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PUNCTUATION = frozenset(b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99") | frozenset(range(0xA0, 0xC0))
_WESTERN_SHARE = 0.25
_MACINTOSH = re.compile(rb"[a-z]\xd5(?:s|t|d|m|ll|re|ve)\b")


def decode(data: bytes) -> tuple[str, str | None]:
    """The text of a file, and a phrase on how its encoding was guessed, None where nothing was in doubt.

    Every line ends in a newline character; a byte order mark is removed; control characters become spaces.
    Raises EvidenceError for what looks binary.
    """
    text, note = _decoded(data)
    if "\x00" in text:
        raise EvidenceError("looks binary (it holds NUL bytes): save it as plain text in UTF-8")
    text, controls = clean(_LINE_ENDS.sub("\n", text))
    notes = [note] if note else []
    if controls:
        notes.append(f"{controls} control character{'s' * (controls > 1)} replaced by spaces")
    return text, "; ".join(notes) or None


def clean(text: str) -> tuple[str, int]:
    """The text with each control character and lone surrogate replaced by one space, and how many there were."""
    return _CONTROLS.subn(" ", text)


def _decoded(data: bytes) -> tuple[str, str | None]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], encoding)
    wide = _wide(data)
    if wide:
        return data.decode(wide, "replace"), f"read as {wide.upper()}: it has no byte order mark"
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        return _guessed(data)


def _marked(data: bytes, encoding: str) -> tuple[str, str | None]:
    try:
        return data.decode(encoding), None
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return _guessed(data)
        text = data.decode(encoding, "replace")
        return text, f"read as {encoding.upper()}, with {text.count(chr(0xFFFD))} broken characters"


def _wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: nearly every second byte is NUL."""
    head = data[:4096]
    half = len(head) // 2
    if half < 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd == 0 else None


def _guessed(data: bytes) -> tuple[str, str | None]:
    text = data.decode("utf-8", "surrogateescape")
    broken = re.findall("[\udc80-\udcff]", text)
    sound = sum(character > "\x7f" for character in text) - len(broken)
    if sound >= len(broken):
        note = f"{len(broken)} bytes are not UTF-8 and were read as Windows-1252"
        return re.sub("[\udc80-\udcff]", lambda found: _western(bytes([ord(found[0]) - 0xDC00])), text), note
    if _MACINTOSH.search(data):
        return data.decode("mac-roman"), "read as Mac Roman: its apostrophes are those of an old Macintosh"
    if _is_western(data):
        return _western(data), "read as Windows-1252: it is not UTF-8"
    return _by_statistics(data)


def _is_western(data: bytes) -> bool:
    head = data[:200_000]
    letters = sum(byte < 0x80 and chr(byte).isalpha() for byte in head)
    accented = sum(byte > 0x7F and byte not in _PUNCTUATION for byte in head)
    return accented <= _WESTERN_SHARE * (accented + letters)


def _western(data: bytes) -> str:
    """Windows-1252, where the five bytes it leaves undefined are control characters as in Latin-1."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


def _by_statistics(data: bytes) -> tuple[str, str | None]:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    encoding = best.encoding if best else "cp1252"
    try:
        return data.decode(encoding), f"read as {encoding}: a guess, check that the letters are right"
    except UnicodeDecodeError:
        return _western(data), "read as Windows-1252: a guess, check that the letters are right"

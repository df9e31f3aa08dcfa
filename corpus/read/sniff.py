"""What a file is, by its content, and its bytes as text."""

import codecs
import re
import zipfile
import zlib
from io import BytesIO
from typing import IO

from corpus.errors import EvidenceError

SUFFIXES = {
    **{suffix: suffix for suffix in "txt md docx odt rtf pdf html vtt srt csv tsv xlsx json jsonl".split()},
    **{suffix: suffix for suffix in ("doc", "xls", "ppt", "msg")},
    **dict.fromkeys("yml yaml toml ini cfg conf xml sql py r rmd js css log lock bib ris tex".split(), "settings"),
    **{"text": "txt", "markdown": "md", "docm": "docx", "dotx": "docx", "htm": "html", "xhtml": "html"},
    **{"tab": "tsv", "xlsm": "xlsx", "ndjson": "jsonl", "eml": "msg"},
}
_TEXT = ("txt", "md", "html", "vtt", "srt", "csv", "tsv", "json", "jsonl")
_STARTS = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"ID3", "sound"),
    (b"\xff\xfb", "sound"),
    (b"OggS", "sound"),
    (b"fLaC", "sound"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\x1f\x8b", "packed"),
    (b"7z\xbc\xaf\x27\x1c", "packed"),
    (b"Rar!", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"SQLite format 3", "database"),
    (b"PAR1", "database"),
)
_INSIDE = (
    ("word/document.xml", "docx"),
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("ppt/presentation.xml", "ppt"),
    ("project.qde", "project"),
)
_MIMETYPES = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "ppt"),
    (b"application/epub+zip", "epub"),
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|div|p)\b",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*\"")
_SRT = re.compile(r"\s*\d+\s*\n\s*\d+:\d\d:\d\d[,.]\d+\s*-->")

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
_WINDOWS = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_WESTERN_SHARE = 0.25
_MACINTOSH = re.compile(rb"[a-z]\xd5(?:s|t|d|m|ll|re|ve)\b")


def kind(data: bytes, name: str) -> str:
    """What the file is: a kind that READERS names, or "empty", "zip", or one of those that cannot be read.

    The content decides where it can; the suffix decides between kinds of text, which look alike.
    """
    suffix = _suffix(name)
    if not data.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n\x0b\x0c"):
        return "empty"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return zipped(BytesIO(data), name)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _compound(data, suffix)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    for start, found in (*_STARTS, *_media(data)):
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start):
            return found
    return _text(data, suffix)


def _suffix(name: str) -> str:
    return SUFFIXES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def _media(data: bytes) -> tuple[tuple[bytes, str], ...]:
    """Containers whose kind stands a few bytes in."""
    if data[4:8] == b"ftyp":
        brand = data[8:11]
        return ((data[:4], "sound" if brand == b"M4A" else "image" if brand in (b"hei", b"avi", b"mif") else "video"),)
    if data.startswith(b"RIFF"):
        return ((b"RIFF", {b"WAVE": "sound", b"WEBP": "image"}.get(data[8:12], "video")),)
    return ()


def differs(kind: str, name: str) -> bool:
    """Whether the name's suffix says something else than the content."""
    return kind != _suffix(name) and "." in name


def zipped(stream: IO[bytes], name: str) -> str:
    """The kind of a file that starts as zips do: "zip" for a plain one, and where it is broken, by its suffix."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            mimetype = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        suffix = _suffix(name)
        return suffix if suffix in ("docx", "xlsx", "odt") else "zip"
    for inside, found in _INSIDE:
        if inside in names:
            return found
    return next((found for start, found in _MIMETYPES if mimetype.startswith(start)), "zip")


def _compound(data: bytes, suffix: str) -> str:
    """The container of old Office files, and of new ones that are encrypted."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "locked"
    streams = (("WordDocument", "doc"), ("Workbook", "xls"), ("PowerPoint Document", "ppt"), ("__substg1.0_", "msg"))
    found = (kind for stream, kind in streams if stream.encode("utf-16-le") in data)
    return next(found, suffix if suffix in ("xls", "ppt", "msg") else "doc")


def _text(data: bytes, suffix: str) -> str:
    head = decode(data[:8192])[0]
    if head.lstrip().startswith("WEBVTT"):
        return "vtt"
    if _SRT.match(head):
        return "srt"
    if _HTML.match(head) and suffix not in ("md", "csv", "tsv", "json", "jsonl"):
        return "html"
    if suffix in (*_TEXT, "msg", "settings"):
        return suffix
    if _JSON.match(head):
        return "json"
    return "csv" if suffix in ("xls", "xlsx") else "txt"


def decode(data: bytes) -> tuple[str, str | None]:
    """The text of a file, and a phrase on how its encoding was guessed, None where nothing was in doubt.

    Every line ends in a newline character; a byte order mark is removed; control characters become spaces.
    Raises EvidenceError for what looks binary.
    """
    text, note = _decoded(data)
    if "\x00" in text:
        raise EvidenceError("looks binary (it holds NUL bytes): save it as plain text in UTF-8")
    text, controls = clean(lines(text))
    notes = [note] if note else []
    if controls:
        notes.append(f"{controls} control character{'s' * (controls > 1)} replaced by spaces")
    return text, "; ".join(notes) or None


def lines(text: str) -> str:
    """The text with every kind of line end, and the page break, as a newline character."""
    return _LINE_ENDS.sub("\n", text)


def clean(text: str) -> tuple[str, int]:
    """The text with each control character and lone surrogate replaced by one space, and how many there were."""
    return _CONTROLS.subn(" ", text)


def is_clean(text: str) -> bool:
    """Whether there is nothing that `clean` would replace."""
    return _CONTROLS.search(text) is None


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
    sound = len(text) - len(text.encode("ascii", "ignore")) - len(broken)
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
    return data.decode("latin-1").translate(_WINDOWS)


def _by_statistics(data: bytes) -> tuple[str, str | None]:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    encoding = best.encoding if best else "cp1252"
    try:
        return data.decode(encoding), f"read as {encoding}: a guess, check that the letters are right"
    except UnicodeDecodeError:
        return _western(data), "read as Windows-1252: a guess, check that the letters are right"

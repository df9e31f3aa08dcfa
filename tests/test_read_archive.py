"""The gate for zips: what is safe passes, everything else is refused in one sentence."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest

from corpus.errors import EvidenceError
from corpus.read import archive

CONTENT = b'<?xml version="1.0" encoding="UTF-8"?>\n<document><p>words</p></document>'
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><d>&b;</d>'
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>'


def office(**members: bytes) -> bytes:
    """A docx-like zip; a member's name has "_" for "." and "__" for "/"."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("[Content_Types].xml", b"<Types/>")
        for name, data in members.items():
            zipped.writestr(name.replace("__", "/").replace("_", "."), data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "member",
    [
        CONTENT,
        b"\xef\xbb\xbf" + CONTENT,
        CONTENT.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        b"<!-- a comment --><?word x?>" + b"<document/>",
        b"<document>" + b"<p>words</p>" * 200_000 + b"</document>",
    ],
)
def test_sound_xml_passes(member):
    archive.check(office(word__document_xml=member), "a.docx")


@pytest.mark.parametrize("name", ["word__document_xml", "word___rels__x_rels", "word__document"])
@pytest.mark.parametrize(
    "member",
    [
        LAUGHS,
        EXTERNAL,
        b"\xef\xbb\xbf" + LAUGHS,
        EXTERNAL.replace(b"<!DOCTYPE", b"<!-- first a comment -->" * 500 + b"<!DOCTYPE"),
        LAUGHS.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"),
        LAUGHS.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16-be").join([b"\xfe\xff", b""]),
    ],
)
def test_document_types_are_refused(name, member):
    with pytest.raises(EvidenceError, match="document type or entities"):
        archive.check(office(**{name: member}), "a.docx")


@pytest.mark.parametrize(
    "member",
    [
        b"no xml",
        b"<!-- ",
        LAUGHS.decode().encode("cp037"),
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_xml_that_cannot_be_seen_through_is_refused(member):
    with pytest.raises(EvidenceError, match=r"document\.xml"):
        archive.check(office(word__document_xml=member), "a.docx")


def test_xml_in_a_plain_zip_is_nobodys_business():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr("page.xml", LAUGHS)
    archive.check(stream.getvalue(), "a.zip")


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", office(a_xml=CONTENT)[:-30], office(a_xml=CONTENT)[40:]])
def test_broken_zips(data):
    with pytest.raises(EvidenceError, match="broken"):
        archive.check(data, "a.docx")


def test_a_member_that_does_not_match_its_checksum():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr("a.txt", b"words that are damaged")
    with pytest.raises(EvidenceError, match="broken"):
        archive.check(stream.getvalue().replace(b"damaged", b"demaged"), "a.zip")


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "\\\\server\\a", "C:\\a", "a\\..\\b"])
def test_members_that_leave_their_folder(name):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr(name, b"x")
    assert archive.escapes(name)
    with pytest.raises(EvidenceError, match="leave its folder"):
        archive.check(stream.getvalue(), "a.zip")


@pytest.mark.parametrize("name", ["a/b.txt", "a..b/c", "...", "a b/ö.txt", "note: one.txt"])
def test_members_that_stay(name):
    assert not archive.escapes(name)


def test_encrypted_members():
    data = bytearray(office(a_xml=CONTENT))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EvidenceError, match="password"):
        archive.check(bytes(data), "a.docx")


def test_too_many_members():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for number in range(archive.MAX_MEMBERS + 1):
            zipped.writestr(str(number), b"")
    with pytest.raises(EvidenceError, match="more than 10,000 members"):
        archive.check(stream.getvalue(), "a.zip")


def test_a_bomb_is_measured():
    with pytest.raises(EvidenceError, match="bomb"):
        archive.check(office(word__document_xml=b"<d>" + b"0" * 30_000_000), "a.docx")


def test_a_bomb_that_lies_about_its_size():
    """The headers say 10 bytes; the stream unpacks to 30 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"0" * 30_000_000) + packer.flush()
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 10, 1, 0) + b"a"
    entry = (
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(packed), 10, 1, 0, 0, 0, 0, 0, 0) + b"a"
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(head) + len(packed), 0)
    with pytest.raises(EvidenceError, match=r"bomb|broken"):
        archive.check(head + packed + entry + end, "a.zip")

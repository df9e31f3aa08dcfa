"""The gate for everything zipped: zip files, and docx, odt and xlsx, which are zips of XML."""

import lzma
import re
import zipfile
import zlib
from io import BytesIO
from typing import IO
from xml.parsers import expat

from corpus.errors import EvidenceError

MAX_MEMBERS = 10_000
MAX_BYTES = 500_000_000
MAX_RATIO = 200
_SMALL = 20_000_000
_CHUNK = 1 << 20
_HEAD = 1 << 16
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, ValueError)
_OFFICE = ("[Content_Types].xml", "mimetype", "content.xml")


def check(data: bytes, name: str) -> None:
    """Pass a zip of any kind that is safe to open; raise EvidenceError for one that is not.

    Refused: broken and encrypted zips, too many members, more than MAX_BYTES or MAX_RATIO times its size when unpacked
    (really unpacked: what the header claims is not believed), members that would leave the folder, and, in the XML of
    an office file, any document type declaration, the only place where entities can be defined.
    """
    with opened(BytesIO(data)) as archive:
        names = set(archive.namelist())
        for member in archive.infolist():
            if member.flag_bits & 1:
                raise EvidenceError("is protected by a password: save it without one")
            if escapes(member.filename):
                raise EvidenceError(f"holds a member that would leave its folder ({member.filename!r}): not opened")
        measure(archive, len(data), xml=any(office in names for office in _OFFICE))


def opened(stream: IO[bytes]) -> zipfile.ZipFile:
    """The zip in the stream. Raises EvidenceError where there is none, or with too many members."""
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise EvidenceError("is broken: it cannot be unzipped; get another copy, or save it again") from error
    if len(archive.infolist()) > MAX_MEMBERS:
        raise EvidenceError(f"holds more than {MAX_MEMBERS:,} members: unzip it and add the folder")
    return archive


def measure(archive: zipfile.ZipFile, size: int, *, xml: bool = False) -> None:
    """Unpack every member that can be unpacked, keeping nothing, and raise EvidenceError for a zip bomb.

    size: of the zip itself, in bytes. xml: also refuse document types in XML members.
    """
    limit = min(MAX_BYTES, max(_SMALL, MAX_RATIO * size))
    total = 0
    for member in archive.infolist():
        if member.is_dir() or member.flag_bits & 1:
            continue
        total += _unpacked(archive, member, limit - total, xml)


def escapes(name: str) -> bool:
    """Whether a member's name points out of the folder it would be unpacked to."""
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name)) or "\x00" in name


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, xml: bool) -> int:
    total = 0
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                if xml and total == 0:
                    _check_xml(chunk, member.filename)
                total += len(chunk)
                if total > limit:
                    raise EvidenceError("unpacks to far more than its size (a zip bomb?): not opened")
    except _BROKEN as error:
        raise EvidenceError("is broken: it cannot be unzipped; get another copy, or save it again") from error
    return total


def _check_xml(chunk: bytes, name: str) -> None:
    """The prolog, up to the first element, must be XML without a document type."""
    head = chunk[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if not (name.lower().endswith((".xml", ".rels")) or head.startswith((b"<", b"\x4c\x6f\xa7\x94"))):
        return
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise EvidenceError(f"holds XML with a document type or entities ({name}): not opened")

    def reached(*_: object) -> None:
        raise StopIteration

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = reached
    try:
        parser.Parse(chunk, False)
    except StopIteration:
        return
    except expat.ExpatError as error:
        raise EvidenceError(f"is broken: its part {name} is not XML; save it again") from error
    raise EvidenceError(f"is broken: its part {name} is not XML; save it again")

"""The gate for everything zipped: zip files, and docx, odt and xlsx, which are zips of XML."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import IO
from xml.parsers import expat

from corpus.errors import EvidenceError

MAX_MEMBERS = 10_000
MAX_BYTES = 500_000_000
MAX_RATIO = 200
_SMALL = 20_000_000
_CHUNK = 1 << 20
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
                raise EvidenceError(f"has a member that would leave its folder ({member.filename!r}): get another copy")
        _measure(archive, len(data), xml=any(office in names for office in _OFFICE))


def opened(stream: IO[bytes]) -> zipfile.ZipFile:
    """The zip in the stream. Raises EvidenceError where there is none, or with too many members."""
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise EvidenceError("is broken: it cannot be unzipped; get another copy, or save it again") from error
    if len(archive.infolist()) > MAX_MEMBERS:
        raise EvidenceError(f"holds more than {MAX_MEMBERS:,} members: unzip it and add the folder")
    return archive


class Budget:
    """How many bytes a zip, with the zips in it, may still unpack to."""

    def __init__(self, size: int, limit: int) -> None:
        self.left = min(limit, max(_SMALL, MAX_RATIO * size))

    def spend(self, count: int) -> None:
        """Raise EvidenceError where there is none left."""
        self.left -= count
        if self.left < 0:
            raise EvidenceError("unpacks to far more than its size (a zip bomb?): if you trust it, unzip it yourself")


def members(
    archive: zipfile.ZipFile, budget: Budget, limit: int, is_first: Callable[[str], bool]
) -> Iterator[tuple[str, bytes | str]]:
    """Each file in a plain zip by name: its bytes, or the reason why they were not read.

    limit: most bytes of one member. is_first: which names come before all others.
    Raises EvidenceError when the budget is spent; what came before stands.
    """
    named = [(_name(member), member) for member in archive.infolist() if not member.is_dir()]
    for name, member in sorted(named, key=lambda pair: (not is_first(pair[0]), pair[0].split("/"))):
        yield name, _bytes(archive, member, budget, limit)


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name; many programs write UTF-8 without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, limit: int) -> bytes | str:
    if escapes(member.filename):
        return "is named so that it would leave its folder: not opened"
    if member.flag_bits & 1:
        return "is protected by a password: unzip it yourself and add the folder"
    data = bytearray()
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                budget.spend(len(chunk))
                data += chunk
                if len(data) > limit:
                    return f"is larger than {limit // 1_000_000} MB: split it into smaller files"
    except _BROKEN:
        return "is broken: it cannot be unzipped; get another copy of the zip"
    return bytes(data)


def _measure(archive: zipfile.ZipFile, size: int, *, xml: bool) -> None:
    """Unpack every member, keeping nothing; raise EvidenceError for a zip bomb, or a document type in XML."""
    budget = Budget(size, MAX_BYTES)
    for member in archive.infolist():
        if not member.is_dir():
            _unpack(archive, member, budget, xml)


def escapes(name: str) -> bool:
    """Whether a member's name points out of the folder it would be unpacked to."""
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name)) or "\x00" in name


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, xml: bool) -> None:
    first = xml
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                if first:
                    _check_xml(chunk, member.filename)
                first = False
                budget.spend(len(chunk))
    except _BROKEN as error:
        raise EvidenceError("is broken: it cannot be unzipped; get another copy, or save it again") from error


def _check_xml(chunk: bytes, name: str) -> None:
    """The prolog, up to the first element, must be XML without a document type."""
    head = chunk[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if not (name.lower().endswith((".xml", ".rels")) or head.startswith((b"<", b"\x4c\x6f\xa7\x94"))):
        return
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise EvidenceError(f"holds XML with a document type or entities ({name}), a known trap: save it again in Word")

    def reached(*_: object) -> None:
        raise StopIteration

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = reached
    try:
        parser.Parse(chunk, False)
    except StopIteration:
        return
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding that expat does not know
        raise EvidenceError(f"is broken: its part {name} is not XML; save it again") from error
    raise EvidenceError(f"is broken: its part {name} is not XML; save it again")

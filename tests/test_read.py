"""Files, folders and zips: everything is read, or set aside with a reason, and nothing else happens."""

import os
import unicodedata
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import READERS, UNREADABLE, Options, read, sniff

ANSWER = "We were told the terms and asked to sign by Friday."


def names(*paths: Path, options: Options = Options()) -> list[str]:  # noqa: B008 (frozen)
    return [source.name for source in read(paths, options)]


def reasons(*paths: Path, options: Options = Options()) -> dict[str, str]:  # noqa: B008 (frozen)
    return {one.name: one.reason for source in read(paths, options) for one in source.set_aside}


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_every_kind_has_a_reader_that_exists():
    from importlib import import_module

    assert [
        kind for kind, module in READERS.items() if not hasattr(import_module(f"corpus.read.{module}"), "read")
    ] == []
    assert READERS.keys() & UNREADABLE.keys() == set()
    assert {kind for kind in sniff.SUFFIXES.values() if kind not in READERS.keys() | UNREADABLE.keys()} == set()


def test_a_folder_is_read_in_order_with_names_from_its_top(tmp_path):
    for name in ("b.txt", "a/z.txt", "a/y.txt", "c/d/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"words of {name}")
    sources = list(read([tmp_path]))
    assert [(source.name, source.drafts[0].name) for source in sources] == [
        (name, name) for name in ("a/y.txt", "a/z.txt", "b.txt", "c/d/e.txt")
    ]
    assert sources[2].drafts == (Draft("b.txt", (Block("words of b.txt"),)),)


def test_what_is_no_document_in_a_folder(tmp_path):
    (tmp_path / ".hidden.txt").write_text("no")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("no")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "x.txt").write_text("no")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "~$interview.docx").write_bytes(b"\x05Anna")
    (tmp_path / "interview.txt").write_text(ANSWER)
    found = reasons(tmp_path)
    assert sorted(found) == ["Thumbs.db", "__MACOSX", "~$interview.docx"]
    assert "open" in found["~$interview.docx"]
    assert sorted(names(tmp_path)) == ["Thumbs.db", "__MACOSX", "interview.txt", "~$interview.docx"]


def test_links_do_not_lead_out_of_a_folder(tmp_path):
    (tmp_path / "secret.txt").write_text("outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "other.txt").write_text("outside")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "loop").symlink_to(inside)
    (inside / "own.txt").write_text(ANSWER)
    sources = list(read([inside]))
    assert [draft.name for source in sources for draft in source.drafts] == ["own.txt"]
    assert sorted(reasons(inside)) == ["folder", "link.txt", "loop"]
    assert names(inside / "link.txt") == ["link.txt"]


def test_a_path_that_is_not_there(tmp_path):
    (tmp_path / "a.txt").write_text(ANSWER)
    with pytest.raises(EvidenceError, match="does not exist: check its name"):
        list(read([tmp_path / "a.txt", tmp_path / "nothing.docx"]))


def test_names_are_composed_and_read_as_posix(tmp_path):
    name = unicodedata.normalize("NFD", "Café Müller.txt")
    (tmp_path / name).write_text(ANSWER)
    assert names(tmp_path) == [unicodedata.normalize("NFC", name)]
    assert names(tmp_path / name) == [unicodedata.normalize("NFC", name)]


@pytest.mark.skipif(os.name != "posix", reason="only posix allows file names that are no text")
def test_a_name_that_is_no_text(tmp_path):
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as stream:
            stream.write(ANSWER)
    except OSError:
        pytest.skip("this file system takes text only as names")
    assert names(tmp_path) == ["caf?.txt"]


def test_two_files_of_one_name(tmp_path):
    for folder, words in (("one", "first words"), ("two", "other words"), ("three", "first words")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(words)
    sources = list(read([tmp_path / "one", tmp_path / "two", tmp_path / "three"]))
    assert [len(source.drafts) for source in sources] == [1, 0, 0]
    assert "rename one of them" in sources[1].set_aside[0].reason
    assert "same as" in sources[2].set_aside[0].reason
    again = list(read([tmp_path / "one" / "a.txt", tmp_path / "one"]))
    assert [(len(source.drafts), len(source.set_aside)) for source in again] == [(1, 0), (0, 1)]
    found = reasons(tmp_path / "one" / "a.txt", tmp_path)
    assert found == {"one/a.txt": "is already among the files given"}


def test_a_zip_is_read_like_a_folder(tmp_path):
    inner = zipped({"deep.txt": b"deep words", "deeper.zip": zipped({"no.txt": b"no"})})
    members = {
        "b.txt": b"b words",
        "a/c.txt": b"c words",
        "__MACOSX/a/._c.txt": b"\x00\x05\x16",
        "__MACOSX/._b.txt": b"\x00\x05\x16",
        "a/.DS_Store": b"\x00",
        "inner.zip": inner,
    }
    (tmp_path / "all.zip").write_bytes(zipped(members))
    sources = list(read([tmp_path / "all.zip"]))
    kept = [draft.name for source in sources for draft in source.drafts]
    assert kept == ["a/c.txt", "b.txt", "inner.zip/deep.txt"]
    assert sorted(reasons(tmp_path / "all.zip")) == ["__MACOSX", "inner.zip/deeper.zip"]
    assert sorted(names(tmp_path)) == [
        "all.zip/__MACOSX",
        "all.zip/a/c.txt",
        "all.zip/b.txt",
        "all.zip/inner.zip/deep.txt",
        "all.zip/inner.zip/deeper.zip",
    ]


def test_member_names_without_the_utf8_flag(tmp_path):
    data = zipped({"caf\u00e9.txt": b"words"})
    info = zipfile.ZipFile(BytesIO(data)).infolist()[0]
    assert info.flag_bits & 0x800
    raw = data.replace(info.flag_bits.to_bytes(2, "little") + b"\x08\x00", b"\x00\x00\x08\x00")
    (tmp_path / "a.zip").write_bytes(raw)
    assert names(tmp_path / "a.zip") == ["café.txt"]


def test_members_that_cannot_be_read_do_not_spoil_the_others(tmp_path):
    data = zipped(
        {"../../escape.txt": b"x", "C:\\escape.txt": b"x", "good.txt": b"good words", "big.txt": b"x" * 2_000_000}
    )
    (tmp_path / "a.zip").write_bytes(data)
    options = Options(max_megabytes=1)
    assert [d.name for source in read([tmp_path / "a.zip"], options) for d in source.drafts] == ["good.txt"]
    found = reasons(tmp_path / "a.zip", options=options)
    assert "leave its folder" in found["../../escape.txt"]
    assert "leave its folder" in found["C:/escape.txt"]
    assert found["big.txt"] == "is larger than 1 MB: split it into smaller files"


def test_an_encrypted_member(tmp_path):
    data = bytearray(zipped({"a.txt": b"words", "b.txt": b"other words"}, zipfile.ZIP_STORED))
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    data[local + 6] |= 1
    data[central + 8] |= 1
    (tmp_path / "a.zip").write_bytes(bytes(data))
    assert "password" in reasons(tmp_path / "a.zip")["a.txt"]
    assert names(tmp_path / "a.zip") == ["a.txt", "b.txt"]


def test_a_broken_member(tmp_path):
    data = zipped({"a.txt": b"words that are damaged", "b.txt": b"other words"}, zipfile.ZIP_STORED)
    (tmp_path / "a.zip").write_bytes(data.replace(b"damaged", b"demaged"))
    assert "broken" in reasons(tmp_path / "a.zip")["a.txt"]
    assert [d.name for source in read([tmp_path / "a.zip"]) for d in source.drafts] == ["b.txt"]


def test_a_zip_bomb_is_one_line(tmp_path):
    (tmp_path / "bomb.zip").write_bytes(zipped({f"{number:02}.txt": b"0" * 9_000_000 for number in range(4)}))
    (tmp_path / "good.txt").write_text(ANSWER)
    sources = list(read([tmp_path / "bomb.zip", tmp_path / "good.txt"]))
    assert ["bomb" in one.reason for source in sources for one in source.set_aside if one.name == "bomb.zip"] == [True]
    assert "good.txt" in [draft.name for source in sources for draft in source.drafts]


HOSTILE = {
    "empty.txt": (b"", "is empty"),
    "blank.txt": (b"\xef\xbb\xbf \r\n\t\n", "is empty"),
    "empty.docx": (b"", "is empty"),
    "nul.txt": (b"some words\x00\x00 and more", "NUL bytes"),
    "nul.csv": (b"id,comment\n1,we \x00 need help with this please\n", "NUL bytes"),
    "noise.bin": (bytes(range(256)) * 20, "NUL bytes"),
    "broken.zip": (b"PK\x03\x04" + b"\x00" * 50, "broken"),
    "broken.docx": (b"PK\x03\x04" + b"\x00" * 50, "broken"),
    "broken.xlsx": (b"PK\x03\x04" + b"\x00" * 50, "broken"),
    "broken.odt": (b"PK\x03\x04" + b"\x00" * 50, "broken"),
    "hollow.xlsx": (zipped({"xl/workbook.xml": b"<workbook/>", "[Content_Types].xml": b"<Types/>"}), "broken workbook"),
    "hollow.odt": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "broken"),
    "old.doc": (b"\xd0\xcf\x11\xe0" + "WordDocument".encode("utf-16-le"), "save it as .docx"),
    "old.xls": (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "save it as .xlsx"),
    "slides.ppt": (b"\xd0\xcf\x11\xe0" + "PowerPoint Document".encode("utf-16-le"), "presentation"),
    "locked.docx": (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
    "photo.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
    "scan.docx": (b"\x89PNG\r\n\x1a\n\x00", "picture"),
    "talk.mp3": (b"ID3\x04\x00\x00", "transcribe it"),
    "talk.wav": (b"RIFF\x00\x00\x00\x00WAVEfmt ", "transcribe it"),
    "talk.mp4": (b"\x00\x00\x00\x18ftypmp42", "video"),
    "talk.m4a": (b"\x00\x00\x00\x18ftypM4A ", "sound"),
    "study.db": (b"SQLite format 3\x00", "database"),
    "deep.json": (b"[" * 100_000, "nested too deeply"),
    "bad.json": (b'{"text": ', "not valid json"),
    "bad.rtf": (b"{\\rtf1 \\u99999999999 x}", "broken rich text"),
    "settings.yml": (b"codes:\n - id: x\n", "settings"),
    "closed.csv": (b"Agree,Region\nYes,North\nNo,South\nYes,North\n", "--text"),
    "heading.csv": (b"comment\n", "no column that looks like free text"),
    "script.html": (b"<html><head><script>x()</script></head><body></body></html>", "without text"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_file_is_one_line_and_the_rest_is_read(tmp_path, name):
    data, reason = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "zz good.txt").write_text(ANSWER)
    bad, good = read([tmp_path])
    assert (bad.drafts, bad.guesses) == ((), ())
    assert [(one.name, one.place) for one in bad.set_aside] == [(name, "")]
    assert reason in bad.set_aside[0].reason
    assert "\n" not in bad.set_aside[0].reason
    assert good == next(iter(read([tmp_path / "zz good.txt"])))
    assert good.drafts == (Draft("zz good.txt", (Block(ANSWER),)),)


def test_a_file_over_the_limit_is_not_read(tmp_path):
    with (tmp_path / "big.csv").open("wb") as stream:
        stream.truncate(200_000_000)
    (source,) = read([tmp_path / "big.csv"])
    reason = "is 200 MB large, over the limit of 100 MB: split it into smaller files"
    assert (source.sha256, source.set_aside) == ("", (SetAside("big.csv", "", reason),))


SHAPES = {
    "page.txt": (b"<!DOCTYPE html><p>words", "html"),
    "page.doc": (b"<html><body>words", "html"),
    "captions.txt": (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi", "vtt"),
    "captions.docx": (b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHi", "srt"),
    "rich.doc": (b"{\\rtf1 words}", "rtf"),
    "rich.txt": (b"{\\rtf1 words}", "rtf"),
    "report.docx": (b"%PDF-1.4\n", "pdf"),
    "report": (b"%PDF-1.4\n", "pdf"),
    "words.docx": (b"plain words", "txt"),
    "interview.Anna Smith": (b"plain words", "txt"),
    "table.xls": (b"a\tb\n1\t2\n", "csv"),
    "words.txt": (zipped({"word/document.xml": b"<a/>"}), "docx"),
    "sheet.csv": (zipped({"xl/workbook.xml": b"<a/>"}), "xlsx"),
    "words.docm": (zipped({"word/document.xml": b"<a/>"}), "docx"),
    "words.zip": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}, zipfile.ZIP_STORED), "odt"),
    "data.unknown": (b'[{"text": "words"}]', "json"),
    "notes.md": (b"<div>html in markdown</div>", "md"),
    "rows.csv": (b"a,b\n", "csv"),
    "rows.TSV": (b"a\tb\n", "tsv"),
    "utf16.csv": ("comment\nwords\n".encode("utf-16"), "csv"),
    "project.qdpx": (zipped({"project.qde": b"<a/>"}), "project"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_content_decides_what_a_file_is(name):
    data, kind = SHAPES[name]
    assert sniff.kind(data, name) == kind


def test_a_wrong_suffix_is_said(tmp_path):
    (tmp_path / "page.doc").write_bytes(b"<html><body><p>We think so.</p></body></html>")
    (source,) = read([tmp_path / "page.doc"])
    assert source.drafts == (Draft("page.doc", (Block("We think so."),)),)
    assert source.guesses == ("page.doc: read as html, which it is by its content",)


def test_control_characters_and_surrogates_become_spaces(tmp_path):
    (tmp_path / "a.json").write_text('[{"text": "half \\ud800 a letter and a \\u0007 bell", "id": "x\\u0001"}]')
    (source,) = read([tmp_path / "a.json"])
    assert source.drafts == (
        Draft(
            "a.json#x ",
            (Block("half   a letter and a   bell", place="item 1"),),
            transcript=False,
            notes=("3 control characters replaced by spaces",),
        ),
    )


def test_nothing_is_written(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"a.txt": b"words", "b.csv": b"comment\nwe need more of this help\n"}))
    before = sorted(tmp_path.rglob("*"))
    list(read([tmp_path]))
    assert sorted(tmp_path.rglob("*")) == before

"""Attributes by file name, from a table beside the files or from the command line."""

import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.read import Options, read

TABLE = "File,Size,Nation\ninterview one.txt,small,Wales\nTWO,large,\nthree.txt,,\nnobody.docx,small,Wales\n"


def folder(top: Path, table: str = TABLE) -> Path:
    top.mkdir(exist_ok=True)
    (top / "attributes.csv").write_text(table)
    for name in ("Interview One.txt", "two.md", "three.txt", "four.txt"):
        (top / name).write_text(f"words of {name}")
    return top


def found(*paths: Path, **options: object) -> dict[str, dict[str, str]]:
    return {draft.name: draft.attributes for source in read(paths, Options(**options)) for draft in source.drafts}


EXPECTED = {
    "Interview One.txt": {"Size": "small", "Nation": "Wales"},
    "two.md": {"Size": "large"},
    "three.txt": {},
    "four.txt": {},
}


def test_a_table_in_the_folder(tmp_path):
    assert found(folder(tmp_path / "study")) == EXPECTED
    *_, table = read([tmp_path / "study"])
    assert (table.name, table.drafts) == ("attributes.csv", ())
    assert table.set_aside == (SetAside("attributes.csv", "row 5", "no file called 'nobody.docx' among those given"),)
    assert table.guesses == ("attributes.csv: attributes 'Size', 'Nation' for 3 files",)


def test_a_table_among_files_given_by_name(tmp_path):
    assert found(*sorted(folder(tmp_path).iterdir())) == EXPECTED


def test_a_table_in_a_zip_and_in_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    for line in TABLE.splitlines():
        book.active.append(line.split(","))
    stream = BytesIO()
    book.save(stream)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("top/Interview One.txt", "words")
        archive.writestr("top/two.md", "words")
        archive.writestr("top/attributes.xlsx", stream.getvalue())
    assert found(tmp_path / "all.zip") == {
        "top/Interview One.txt": EXPECTED["Interview One.txt"],
        "top/two.md": EXPECTED["two.md"],
    }


def test_a_table_holds_for_its_own_folder_only(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "attributes.csv").write_text("file,size\nx.txt,small\n")
    (tmp_path / "b" / "attributes.csv").write_text("file,size\nx,large\nc/y.txt,medium\n")
    for name in ("a/x.txt", "b/x.txt", "b/c/y.txt"):
        (tmp_path / name).write_text("words")
    assert found(tmp_path) == {
        "a/x.txt": {"size": "small"},
        "b/x.txt": {"size": "large"},
        "b/c/y.txt": {"size": "medium"},
    }


def test_a_table_given_apart(tmp_path):
    table = folder(tmp_path / "study") / "attributes.csv"
    apart = table.rename(tmp_path / "about.csv")
    assert found(tmp_path / "study", side_table=apart) == EXPECTED
    assert found(tmp_path, side_table=apart) == {f"study/{name}": values for name, values in EXPECTED.items()}
    assert [source.name for source in read([tmp_path], Options(side_table=apart))].count("about.csv") == 1
    with pytest.raises(EvidenceError, match="cannot be opened"):
        list(read([tmp_path], Options(side_table=tmp_path / "missing.csv")))


def test_rows_of_a_survey_get_those_of_their_file(tmp_path):
    (tmp_path / "survey.csv").write_text(
        "ID,Nation,Comment\n1,Wales,We need to talk about this\n2,Wales,It is all fine by us\n"
    )
    (tmp_path / "attributes.csv").write_text("file,kind,Nation\nsurvey.csv,survey,UK\n")
    assert found(tmp_path) == {f"survey.csv#{n}": {"Nation": "Wales", "kind": "survey"} for n in (1, 2)}
    assert found(tmp_path, fixed={"Nation": "all"})["survey.csv#1"] == {"Nation": "all", "kind": "survey"}


def test_what_the_user_says_comes_last(tmp_path):
    assert found(folder(tmp_path), fixed={"Size": "any", "wave": "2"}) == {
        name: {**values, "Size": "any", "wave": "2"} for name, values in EXPECTED.items()
    }


def test_a_second_row_for_a_file(tmp_path):
    folder(tmp_path, "file,size\ntwo.md,small\nTwo.MD,large\n")
    assert found(tmp_path)["two.md"] == {"size": "small"}
    *_, table = read([tmp_path])
    assert table.set_aside == (SetAside("attributes.csv", "row 3", "a second row for this file: the first counts"),)


def test_a_table_that_cannot_be_read_spoils_nothing(tmp_path):
    folder(tmp_path)
    (tmp_path / "attributes.csv").write_bytes(b"\x00\x00\x00")
    assert found(tmp_path) == {name: {} for name in EXPECTED}
    *_, table = read([tmp_path])
    assert [one.place for one in table.set_aside] == [""]

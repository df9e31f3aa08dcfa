"""What is written can be read back, cell for cell, and no cell is a formula."""

import csv
import json
from pathlib import Path

import openpyxl
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import memos
from coding.export.rows import KINDS, Rows
from coding.export.tables import frame, plain, safe, write
from corpus.context import context
from corpus.errors import EvidenceError

COLUMNS = {"text": str, "turn": int, "score": float, "suggested": bool}
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": CELLS | st.sampled_from(["=1+1", "+44 20", "-", "@x", "'=1", "''", "a,b\nc", '"q"']),
            "turn": st.integers(0, 2**31),
            "score": st.none() | st.integers(-9000, 9000).map(lambda n: n / 1000),
            "suggested": st.booleans(),
        }
    ),
    max_size=8,
)


def read_csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                "text": plain(row["text"]),
                "turn": int(row["turn"]),
                "score": float(row["score"]) if row["score"] else None,
                "suggested": row["suggested"] == "True",
            }
            for row in csv.DictReader(file)
        ]


def read_xlsx(path: Path) -> list[dict]:
    header, *rows = openpyxl.load_workbook(path)["themis"].iter_rows(values_only=True)
    return [{**dict(zip(header, row, strict=True)), "text": row[0] or ""} for row in rows]


def read_jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def read_parquet(path: Path) -> list[dict]:
    frame = pandas.read_parquet(path).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


READERS = {".csv": read_csv, ".xlsx": read_xlsx, ".jsonl": read_jsonl, ".parquet": read_parquet}


@pytest.mark.parametrize("suffix", READERS)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_rows_come_back_from_every_format(tmp_path_factory, suffix, rows):
    path = tmp_path_factory.mktemp("out") / f"rows{suffix}"
    assert write(Rows(COLUMNS, iter(rows)), path) == len(rows)
    assert READERS[suffix](path) == rows


@given(text=st.text())
def test_a_cell_is_never_a_formula_and_can_be_undone(text):
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain(safe(text)) == text


def test_a_spreadsheet_cell_holds_text_not_a_formula(tmp_path):
    path = tmp_path / "rows.xlsx"
    write(Rows({"=text": str}, iter([{"=text": "=1+1"}, {"=text": "http://example.org"}])), path)
    cells = [row[0] for row in openpyxl.load_workbook(path)["themis"].iter_rows()]
    assert [(cell.data_type, cell.value, cell.hyperlink) for cell in cells] == [
        ("s", "=text", None),
        ("s", "=1+1", None),
        ("s", "http://example.org", None),
    ]


def test_an_export_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def rows():
        yield {"text": "a"}
        raise EvidenceError("the quote does not stand in its source")

    with pytest.raises(EvidenceError):
        write(Rows({"text": str}, rows()), path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("rows.csv", "old")]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("rows.pdf", "end its name in .csv, .xlsx, .jsonl, .parquet"),
        ("no/such/folder.csv", "there is no folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path, name, sentence):
    with pytest.raises(EvidenceError, match=sentence):
        write(Rows({"text": str}, iter([])), tmp_path / name)


def test_text_longer_than_a_cell_is_refused_for_xlsx(tmp_path):
    with pytest.raises(EvidenceError, match="longer than an xlsx cell holds: write csv or parquet"):
        write(Rows({"text": str}, iter([{"text": "x" * 32_768}])), tmp_path / "rows.xlsx")


def test_excel_knows_a_csv_with_the_mark(tmp_path):
    path = tmp_path / "rows.csv"
    write(Rows({"text": str}, iter([{"text": "£5"}])), path, bom=True)
    assert path.read_bytes() == b"\xef\xbb\xbftext\r\n\xc2\xa35\r\n"


def test_rows_are_a_data_frame_for_analysis():
    rows = [
        {"text": "a", "turn": 1, "score": 0.5, "suggested": True},
        {"text": None, "turn": 2, "score": None, "suggested": False},
    ]
    found = frame(Rows(COLUMNS, iter(rows)))
    assert list(found.columns) == list(COLUMNS)
    assert found["turn"].tolist() == [1, 2]
    assert found["score"].isna().tolist() == [False, True]


def test_memos_and_flags_say_what_they_are_on(study):
    with study.store.database.writing() as connection:
        key = study.store.passage_keys(connection)[0]
        replaced = memos.add(connection, "anna", "first")
        memos.add(connection, "anna", "on the study", replaces=replaced)
        memos.add(connection, "ben", "on a document", document=1)
        memos.add(connection, "ben", "on a code", code="voice")
        memos.add(connection, "ben", "on a passage", passage=key)
        memos.flag(connection, "anna", key, "doubtful")
        memos.flag(connection, "ben", key, "was doubtful")
        memos.flag(connection, "ben", key, raised=False)
        place = context(connection, key)
        found = [tuple(row.values())[:-1] for row in KINDS["memos"](study, connection).rows]
        assert found == [
            ("memo", None, None, None, "anna", "on the study"),
            ("memo", study.store.of_key(connection, 1).document.name, None, None, "ben", "on a document"),
            ("memo", None, None, "voice", "ben", "on a code"),
            ("memo", place.name, place.id, None, "ben", "on a passage"),
            ("flag", place.name, place.id, None, "anna", "doubtful"),
        ]

"""Words in, words out, exit codes: what a researcher types, on real files with the real encoder."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import cli

ROOT = Path(__file__).parent.parent


@pytest.fixture
def themis(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words, code=0):
        result = CliRunner().invoke(cli.main, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's study, made once."""
    folder = tmp_path_factory.mktemp("demo") / "study"
    result = CliRunner().invoke(cli.main, ["demo", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_the_demo_does_the_whole_job_and_a_second_one_nothing_anew(demo):
    folder, output = demo
    steps = [line[2:].split(maxsplit=2)[1] for line in output.splitlines() if line.startswith("$ themis")]
    assert steps == ["init", "add", "code", "import", "import", "code", "counts"]
    again = CliRunner().invoke(cli.main, ["demo", str(folder)]).output
    assert "kept 0 (0 passages), set aside 0, already there 113" in again
    assert again.count("nothing new since the last run") == 2
    assert "0 recorded, 1,296 already there" in again


def test_exported_columns_are_the_documented_ones_in_their_order(demo, themis):
    folder, _ = demo
    place = ["document", "passage", "turn", "speaker", "role", "start", "end", "text"]
    wanted = {
        "passages": place,
        "suggestions": [*place, "code", "score", "suggested", "sentence"],
        "decisions": [
            *("document", "passage", "code", "value", "coder", "time", "why"),
            *("quote", "draw", "probability", "suggestions_visible", "seconds", "codebook"),
        ],
        "counts": [
            *("code", "unit", "attribute", "group", "suggested", "decided_yes", "decided_no", "read", "total"),
            *("unread", "accepted", "estimate", "low", "high", "covered", "uncovered", "audits", "seeds", "drawn"),
            *("positives", "method", "few", "missed_at_most", "found_at_least", "confidence", "stale", "why"),
        ],
    }
    rows = {}
    for what, columns in wanted.items():
        themis("export", what, f"{what}.csv", "--study", folder)
        with open(f"{what}.csv", encoding="utf-8", newline="") as file:
            header, *rows[what] = csv.reader(file)
        attributes = [] if what == "counts" else sorted(name for name in header if name.startswith("attr_"))
        assert header == [*columns, *attributes]
        assert attributes or what == "counts"
    assert len(rows["passages"]) == 432
    assert len(rows["suggestions"]) == 432 * 12
    assert len(rows["decisions"]) == 432 * 3 * 2
    assert len(rows["counts"]) == 12


def test_every_exported_passage_stands_at_its_place_in_its_document(demo, themis):
    folder, _ = demo
    themis("export", "passages", "p.jsonl", "-s", folder)
    from coding.study import open_study

    store = open_study(folder).store
    with store.database.reading() as connection:
        texts = {kept.document.name: kept.document.text for kept in store.kept(connection)}
    for line in Path("p.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert texts[row["document"]][row["start"] : row["end"]] == row["text"]
        assert row["passage"] == f"{row['document']}:{row['start']}-{row['end']}"


def test_what_is_suggested_is_the_same_in_counts_and_export(demo, themis):
    folder, _ = demo
    themis("export", "suggestions", "s.csv", "-s", folder)
    themis("export", "counts", "c.csv", "-s", folder, "--by", "Size")
    rows = list(csv.DictReader(io.StringIO(Path("s.csv").read_text(encoding="utf-8"))))
    for count in csv.DictReader(io.StringIO(Path("c.csv").read_text(encoding="utf-8"))):
        mine = [row for row in rows if row["code"] == count["code"] and row["attr_Size"] == count["group"]]
        assert int(count["total"]) == len(mine)
        assert int(count["suggested"]) == sum(row["suggested"] == "True" for row in mine)


def test_the_sample_corpus_is_what_its_readme_says(demo):
    folder, _ = demo
    from coding.study import open_study

    files = [file for file in (ROOT / "examples" / "corpus").iterdir() if file.stem != "attributes"]
    assert len(files) >= 14
    assert len({file.suffix for file in files}) >= 9
    store = open_study(folder).store
    with store.database.reading() as connection:
        assert store.size(connection)[1] >= 300


def test_a_first_study_from_the_shell(themis, transcripts):
    assert "Made inquiry with 12 codes" in themis("init", "inquiry")
    added = themis("add", "-s", "inquiry", transcripts)
    assert "Read 6: kept 5 (9 passages), set aside 1, already there 0." in added
    assert "set aside: survey.csv, row 5: no answer in the text columns" in added
    assert "9 passages, 0 read" in themis("code", "-s", "inquiry")
    assert "Mair Jones" in themis("documents", "-s", "inquiry")
    assert "row 5" in themis("documents", "-s", "inquiry", "--set-aside")
    quotes = themis("quotes", "risk_transfer", "--suggested", "-s", "inquiry")
    assert "    nearest example: " in quotes
    themis("export", "decisions", "empty.xlsx", "-s", "inquiry")


def test_commands_find_the_study_around_them(themis, monkeypatch, tmp_path):
    themis("init", "inquiry")
    (tmp_path / "inquiry" / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "inquiry" / "notes")
    assert "unit=turn" in themis("settings")
    assert "unit=sentence" in themis("settings", "unit=sentence")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["code"], 1, "Error: there is no study in this folder: make one with `themis init NAME`, then `cd NAME`"),
        (
            ["init", "a", "--set", "unit=word"],
            1,
            "unit=word cannot be: choose one of turn, paragraph, sentence, answer",
        ),
        (["init", "a", "--set", "colour=red"], 1, "'colour' is no setting: there are unit, limit, language"),
        (["init", "a", "--set", "red"], 1, "'red' is not NAME=VALUE"),
        (["codebook", "check"], 1, "there is no codebook.yml here: give its path"),
        (["add"], 2, "Missing argument 'FILES...'"),
        (["cod"], 2, "No such command 'cod'"),
    ],
)
def test_a_user_error_is_one_sentence(themis, words, code, sentence):
    output = themis(*words, code=code)
    assert sentence in output
    assert "Traceback" not in output


def test_a_file_that_is_not_there_stops_before_anything_is_read(themis, transcripts):
    themis("init", "inquiry")
    output = themis("add", "-s", "inquiry", transcripts / "interview.txt", "missing.txt", code=1)
    assert "missing.txt" in output


def test_a_bug_keeps_its_traceback(monkeypatch, themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    monkeypatch.setattr("coding.counts.units", None)
    with pytest.raises(AttributeError):
        themis("counts", "-s", "inquiry")


def test_codebook_check_names_file_line_and_column(themis, codebook_file):
    assert "3 codes, no faults, version " in themis("codebook", "check", codebook_file)
    codebook_file.write_text(codebook_file.read_text().replace("id: late", "id: money"))
    assert (
        themis("codebook", "check", codebook_file, code=1) == f"{codebook_file}:16:13: two codes have the id 'money'\n"
    )


def test_codebook_diff_tells_what_changed_since_it_was_used(themis, codebook_file, transcripts):
    themis("init", "inquiry", "--codebook", codebook_file)
    themis("add", "-s", "inquiry", transcripts)
    themis("code", "-s", "inquiry")
    path = Path("inquiry/codebook.yml")
    path.write_text(path.read_text().replace("Our view did not count.", "We had no say."))
    lines = themis("codebook", "diff", "-s", "inquiry").splitlines()
    assert lines[:2] == ["- voice: examples: Our view did not count.", "+ voice: examples: We had no say."]


def test_names_are_replaced_before_anything_is_stored(themis, transcripts, tmp_path):
    found = themis("names", transcripts)
    assert "Mair Jones" in found
    (tmp_path / "names.csv").write_text("name\nMair Jones\n")
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts, "--pseudonyms", "names.csv")
    assert "Person 1" in themis("documents", "-s", "inquiry")
    key = tmp_path / "names.key.csv"
    assert (key.stat().st_mode & 0o777, "Mair Jones,Person 1" in key.read_text()) == (0o600, True)
    for file in tmp_path.joinpath("inquiry").rglob("*"):
        assert file.is_dir() or b"Mair" not in file.read_bytes(), file


def test_the_key_is_never_written_into_the_study(themis, transcripts, tmp_path):
    themis("init", "inquiry")
    shutil.copy(transcripts / "interview.txt", "inquiry/interview.txt")
    Path("inquiry/names.csv").write_text("name\nMair Jones\n")
    output = themis("add", "-s", "inquiry", transcripts, "--pseudonyms", "inquiry/names.csv", code=1)
    assert "keep the key apart" in output
    assert "Read" not in output


def test_nothing_leaves_the_machine(tmp_path):
    """The whole job with every socket forbidden."""
    code = """
import socket, sys
def refused(*args, **kwargs):
    raise SystemExit("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refused
import cli
cli.main(["demo", sys.argv[1]])
"""
    study = str(tmp_path / "study")
    done = subprocess.run([sys.executable, "-c", code, study], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Themes, counted in passages" in done.stdout


def test_the_demo_keeps_out_of_a_study_of_your_own(themis):
    themis("init", "inquiry")
    assert "inquiry is a study of your own: give the demo another folder" in themis("demo", "inquiry", code=1)


def test_a_mistyped_study_is_not_the_one_around(themis, monkeypatch, tmp_path, transcripts):
    themis("init", "inquiry")
    monkeypatch.chdir(tmp_path / "inquiry")
    assert "there is no study in typo" in themis("add", "-s", "typo", transcripts, code=1)


def test_a_code_is_found_by_its_name_and_a_misspelt_one_is_guessed(demo, themis):
    folder, _ = demo
    assert themis("quotes", "Risk transfer", "-s", folder) == themis("quotes", "risk_transfer", "-s", folder)
    assert "did you mean 'risk_transfer'?" in themis("quotes", "risk_transfr", "-s", folder, code=1)


def test_where_coders_differ_can_be_read(demo, themis):
    folder, _ = demo
    output = themis("quotes", "brand_capture", "--differ", "-s", folder, "--most", "0")
    assert output.count("[yes: ") == output.count("; no: ") == 5


def test_removing_from_the_shell(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    assert "Removed survey.csv" in themis("remove", "survey.csv", "-s", "inquiry")
    assert "survey" not in themis("documents", "-s", "inquiry")


def test_suggestions_of_an_earlier_state_are_not_exported_and_counts_say_so(themis, transcripts, tmp_path):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts / "interview.txt")
    assert "Nothing has been suggested yet" in themis("counts", "-s", "inquiry")
    assert "run `themis code` first" in themis("export", "suggestions", "s.csv", "-s", "inquiry", code=1)
    themis("code", "-s", "inquiry")
    themis("add", "-s", "inquiry", transcripts / "submission.md")
    assert "3 passages have no suggestions yet" in themis("counts", "-s", "inquiry")
    assert "3 passages have no suggestions yet" in themis("export", "suggestions", "s.csv", "-s", "inquiry", code=1)
    themis("code", "-s", "inquiry")
    path = Path("inquiry/codebook.yml")
    path.write_text(path.read_text().replace("id: bid_candy", "id: bid_sweets"))
    assert "those of an earlier codebook" in themis("counts", "-s", "inquiry")
    assert not Path("s.csv").exists()


def test_a_worklist_is_filled_in_and_comes_back(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    themis("code", "-s", "inquiry")
    themis("export", "worklist", "work.xlsx", "-s", "inquiry")
    book = openpyxl.load_workbook("work.xlsx")
    header, *rows = book.active.iter_rows()
    columns = {cell.value: number for number, cell in enumerate(header)}
    scores = [(row[columns["code"]].value, -row[columns["score"]].value) for row in rows]
    assert len(rows) == sum(int(row["suggested"]) for row in counted(themis))
    assert scores == sorted(scores, key=lambda pair: (list(dict(scores)).index(pair[0]), pair[1]))
    for row in rows[:3]:
        row[columns["value"]].value = "yes"
    book.save("work.xlsx")
    done = themis("import", "work.xlsx", "--coder", "anna", "-s", "inquiry")
    assert f"Read {len(rows)} decisions: 3 recorded, 0 already there, {len(rows) - 3} blank, 0 set aside." in done
    themis("code", "-s", "inquiry")
    themis("export", "worklist", "rest.csv", "-s", "inquiry")
    done_before = {(row[columns["passage"]].value, row[columns["code"]].value) for row in rows[:3]}
    with open("rest.csv", encoding="utf-8", newline="") as file:
        assert not done_before & {(row["passage"], row["code"]) for row in csv.DictReader(file)}


def counted(themis):
    themis("export", "counts", "counts.csv", "-s", "inquiry")
    with open("counts.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_the_program_wrote_is_no_evidence(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    themis("code", "-s", "inquiry")
    for what in ("passages", "suggestions", "worklist", "counts"):
        themis("export", what, f"inquiry/{what}.csv", "-s", "inquiry")
        themis("export", what, f"inquiry/{what}.xlsx", "-s", "inquiry")
    output = themis("add", "-s", "inquiry", "inquiry", code=1)
    assert "kept 0 (0 passages)" in output
    assert output.count("was written by `themis export`") == 8


def test_names_that_were_never_found_and_files_without_pseudonyms_are_told(themis, transcripts, tmp_path):
    (tmp_path / "names.csv").write_text("name\nMair Jones\nOkafor Grace\n")
    themis("init", "inquiry")
    output = themis("add", "-s", "inquiry", transcripts / "interview.txt", "--pseudonyms", "names.csv")
    assert "Never found in these files: Okafor Grace." in output
    refused = themis("add", "-s", "inquiry", transcripts / "submission.md", code=1)
    assert "names were replaced in the other files of this study" in refused
    themis("add", "-s", "inquiry", transcripts / "submission.md", "--no-pseudonyms")


def test_the_settings_of_a_whole_study_are_kept_when_a_file_is_added_with_another_unit(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts / "interview.txt")
    themis("add", "-s", "inquiry", transcripts / "submission.md", "--unit", "sentence")
    themis("export", "passages", "p.csv", "-s", "inquiry")
    with open("p.csv", encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert "We waited nine months for the money once." in texts


def test_stopping_by_hand_says_that_nothing_is_lost(themis, transcripts, monkeypatch):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)

    def stopped(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr("coding.run.embed", stopped)
    assert "What was done is kept: the same command goes on from there." in themis("code", "-s", "inquiry", code=130)


def test_a_worklist_is_not_overwritten_and_can_be_one_coders(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    themis("code", "-s", "inquiry")
    themis("export", "worklist", "anna.xlsx", "--coder", "anna", "-s", "inquiry")
    assert "is there already, perhaps with decisions in it" in themis(
        "export", "worklist", "anna.xlsx", "-s", "inquiry", code=1
    )
    book = openpyxl.load_workbook("anna.xlsx")
    header, *rows = book.active.iter_rows()
    value = [cell.value for cell in header].index("value")
    for row in rows:
        row[value].value = "no"
    book.save("anna.xlsx")
    assert f"{len(rows)} recorded" in themis("import", "anna.xlsx", "-s", "inquiry")
    themis("code", "-s", "inquiry")
    assert "Wrote 0 rows" in themis("export", "worklist", "rest.csv", "--coder", "Anna", "-s", "inquiry")
    assert f"Wrote {len(rows)} rows" in themis("export", "worklist", "ben.csv", "--coder", "ben", "-s", "inquiry")


def test_decisions_that_do_not_count_now_are_told(themis, transcripts):
    themis("init", "inquiry")
    themis("add", "-s", "inquiry", transcripts)
    Path("d.csv").write_text("document,quote,code,value,coder\ninterview,They bring cake,bid_candy,no,anna\n")
    themis("import", "d.csv", "-s", "inquiry")
    told = "1 decisions are on passages of another unit"
    assert told in themis("settings", "unit=sentence", "-s", "inquiry")
    assert told in themis("counts", "-s", "inquiry")
    assert told not in themis("settings", "unit=turn", "-s", "inquiry")

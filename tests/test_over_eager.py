"""A user who wants a number gets the one that the draw supports, or is told what is missing: two dozen ways around it.

The tools are the shell, the page, spreadsheets, another copy of the study, and codebook.yml in an editor.
"""

import csv
import random
import re
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import openpyxl
import pytest
from browser import served
from click.testing import CliRunner
from coding_page import Reviewer
from reading_audits import decide, read, some, suggest, survey

import cli
from coding import draws, frames, ledger
from coding.auditing import Counting
from coding.certified import recall
from coding.drawing import draw_audit, draw_double, draw_ranked, draw_units
from coding.editing import merge as merge_codes
from coding.editing import restore, retire
from coding.ledger import DECISIONS, Decision
from coding.merge import merge
from coding.repeated import known
from coding.study import add, configure, open_study
from corpus.database import insert, select, update
from corpus.read.options import Options
from corpus.tables import PASSAGES

NONE = "there is no random audit: `themis audit`"
LATER = "2027-01-01T00:00:00+00:00"  # long after an answer that is given now


@pytest.fixture
def world(empty, tmp_path):
    """400 answers, every tenth about money; a machine that is mostly right."""
    truth = some(400, 0.1, seed=3)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    chance = random.Random(5)
    suggest(empty, {k: {"money": min(1, 0.6 * bool(said) + chance.random() * 0.5)} for k, said in truth.items()})
    return empty, truth


@pytest.fixture
def talks(empty, tmp_path):
    """Forty talks of ten organisations, each of six passages by one speaker; every fifth passage is about money."""
    folder = tmp_path / "talks"
    folder.mkdir()
    rows = ["file,Organisation"]
    for number in range(40):
        lines = [
            f"Speaker {number}: Answer {number}. And {part} to it." if part % 2 else f"Host: And {part}?"
            for part in range(12)
        ]
        (folder / f"talk{number:02}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows.append(f"talk{number:02}.txt,O{number % 10}")
    (folder / "attributes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    add(empty, [folder], interviewers=["Host"])
    with empty.store.database.reading() as connection:
        keys = [key for key, _, _ in empty.store.places_in_order(connection)]
    return empty, dict(zip(keys, some(len(keys), 0.2, seed=8), strict=True))


@pytest.fixture
def themis_of():
    return shell


@pytest.fixture
def themis(world):
    return shell(world[0])


def shell(study):
    def run(*words, code=0):
        result = CliRunner().invoke(cli.main, [*map(str, words), "--study", str(study.folder)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return run


def money(study, code="money", by=None, group=""):
    with study.store.database.reading() as connection:
        found = Counting(study, connection).estimates(connection, by)
        return next(one for one in found if (one.code, one.group) == (code, group))


def bounds(study, **how):
    one = money(study, **how)
    return one.low, one.value, one.high


def refused(study, **how):
    one = money(study, **how)
    assert (one.low, one.value, one.high) == (None, None, None)
    return one.why


def order(study, draw):
    with study.store.database.reading() as connection:
        return [key for key, _ in draws.drawn(connection, draw.id)]


def places(study):
    with study.store.database.reading() as connection:
        return {key: p.id for kept in study.store.kept(connection) for key, p in kept.passages}


def say(study, draw, said, coder="anna", time=LATER, value=None):
    """Answers within a draw, {passage: codes}, at another time; value: of every code, in place of the codes."""
    with study.store.database.writing() as connection:
        how = {"why": "audit", "draw": draw.id, "probability": draw.size / draw.population, "time": time}
        version = study.codebook.version
        values = ((key, code, code in codes) for key, codes in said.items() for code in study.codebook.by_id)
        rows = [
            Decision(coder, key, code, yes if value is None else value[0], version, **how) for key, code, yes in values
        ]
        ledger.record(connection, rows)


def spreadsheet(path, study, truth, keys, **more):
    ids = places(study)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["passage", "code", "value", "coder", *more])
        for key in keys:
            writer.writerows(
                [ids[key], c, "yes" if c in truth[key] else "no", "anna", *more.values()] for c in study.codebook.by_id
            )
    return path


def changed_codebook(study, *pairs):
    path = study.folder / "codebook.yml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return study.latest()


# Without a random audit that was read to the end


def test_readings_from_the_queue_are_no_sample(world, themis):
    study, truth = world
    decide(study, truth, list(truth)[:399])
    assert refused(study) == NONE
    assert "No interval: there is no random audit: `themis audit`." in themis("counts")


def test_double_coding_is_no_sample(world):
    study, truth = world
    draw = draw_double(study, 60, ["ben", "cat"])
    for coder in ("ben", "cat"):
        read(study, draw, truth, coder=coder)
    assert refused(study) == NONE


@pytest.mark.parametrize("n", [1, 99])
def test_an_audit_read_in_part_gives_nothing_to_peek_at(world, themis, n):
    study, truth = world
    read(study, draw_audit(study, 100), truth, most=n)
    assert refused(study) == f"audit 1 is not read to the end ({n} of 100): read it with `themis review`"
    assert "95 %" not in themis("counts")
    assert "There is no estimate to explain" in themis("counts", "--explain")


def test_hard_ones_cannot_be_skipped(world):
    study, truth = world
    draw = draw_audit(study, 100)
    hard = [key for key in order(study, draw) if truth[key]]
    decide(study, truth, [key for key in order(study, draw) if key not in hard], draw=draw)
    assert refused(study).startswith(f"audit 1 is not read to the end ({100 - len(hard)} of 100)")


def test_a_code_left_open_on_hard_passages_has_no_interval(world):
    study, truth = world
    draw = draw_audit(study, 100)
    hard = [key for key in order(study, draw) if truth[key]]
    decide(study, truth, order(study, draw), draw=draw, codes=["voice", "late"])
    decide(study, truth, [key for key in order(study, draw) if key not in hard], draw=draw, codes=["money"])
    assert refused(study) == f"audit 1 has {len(hard)} passages without an answer for this code: " + (
        "fill in the empty cells of its workbook and import it again, or `themis audit`"
    )
    assert money(study, code="voice").value == 0


def test_a_closed_audit_counts_in_the_order_drawn_and_not_as_it_was_read(world):
    study, truth = world
    draw = draw_audit(study, 100)
    keys = order(study, draw)
    decide(study, truth, keys[1:], draw=draw)  # all but the first
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    assert refused(study) == "audit 1 was closed before it was read: `themis audit`"


def test_who_closes_an_audit_is_told_of_in_the_method(world, themis):
    study, truth = world
    draw = draw_audit(study, 100)
    read(study, draw, truth, most=40)
    themis("audit", "--close", 1)
    one = money(study)
    assert (one.layers[0][0].share.n, one.draws) == (40, (1,))
    told = themis("counts", "--explain")
    assert "It was given up on" in told
    assert "with bounds that hold whenever and for whatever reason one stops" in told
    assert one.layers[0][0].share.method == "stopped"


# Several audits


def test_every_audit_counts_by_its_size_however_often_one_draws(world):
    study, truth = world
    for _ in range(4):
        read(study, draw_audit(study, 40), truth)
    (layer,) = money(study).layers
    assert [part.draw for part in layer] == [1, 2, 3, 4]
    sizes = [(40, 400), (40, 360), (40, 320), (40, 280)]
    weights = np.array([1 / (size**2 * (1 / n - 1 / size)) for n, size in sizes])
    assert [part.weight for part in layer] == pytest.approx(weights / weights.sum())


def test_an_audit_that_does_not_please_cannot_be_left_out_by_taking_an_answer_back(world, themis):
    study, truth = world
    first = draw_audit(study, 60)
    read(study, first, truth)
    read(study, draw_audit(study, 60), truth)
    before = bounds(study)
    say(study, first, {order(study, first)[5]: ()}, value=(None,))
    after = money(study)
    assert after.draws == (1, 2)
    assert bounds(study) == pytest.approx(before, abs=1)  # the second audit knows of one passage less
    told = "1 passages of audit 1 were answered otherwise later: what was said first counts."
    assert told in after.stale
    assert told in themis("counts")


def test_an_audit_that_is_left_unfinished_is_told_beside_the_others(world, themis):
    study, truth = world
    read(study, draw_audit(study, 60), truth, most=59)
    read(study, draw_audit(study, 60), truth)
    assert money(study).draws == (2,)
    assert "Not in it are the 59 passages of audit 1 that were read, of 60: read it to the end" in themis("counts")
    themis("audit", "--close", 1)
    assert money(study).draws == (1, 2)
    assert [part.share.n for part in money(study).layers[0]] == [59, 60]


def test_an_audit_that_was_read_and_closed_from_behind_is_told(world, themis):
    study, truth = world
    first = draw_audit(study, 60)
    decide(study, truth, order(study, first)[1:], draw=first)
    themis("audit", "--close", 1)
    read(study, draw_audit(study, 60), truth)
    assert "Not in it are the 59 passages of audit 1 that were read, of 60: it was closed before" in themis("counts")


def test_each_draw_has_a_seed_of_its_own_that_is_listed_whatever_the_setting(world, themis):
    study, truth = world
    for seed in ("7", "8", "9"):
        study = configure(study, {"seed": seed})
        draw_audit(study, 20)
    listed = themis("audit", "--list")
    with study.store.database.reading() as connection:
        seeds = [draw.seed for draw in draws.draws(connection)]
    assert [seed.split(":")[:3] for seed in seeds] == [["7", "audit", "0"], ["8", "audit", "1"], ["9", "audit", "2"]]
    assert all(f"{number}" in listed for number in (1, 2, 3))
    for number in (1, 2):
        themis("audit", "--close", number)
    read(study, draws_of(study)[2], truth)
    assert "drawn at random by seed 9:audit:2" in themis("counts")


def draws_of(study):
    with study.store.database.reading() as connection:
        return draws.draws(connection)


def test_who_tries_in_a_copy_what_will_be_drawn_cannot_let_scores_learn_of_it(world, tmp_path):
    """What was decided of the passages that a copy drew is in the scores of the next draw, which draws others."""
    study, truth = world
    copy = copied(study, tmp_path / "copy")
    known = order(copy, draw_audit(copy, 100))
    decide(study, truth, known, codes=["money"])
    assert len(set(order(study, draw_audit(study, 100))) & set(known)) < 50


def test_the_same_study_draws_the_same_whoever_draws(world, tmp_path):
    study, _ = world
    copy = copied(study, tmp_path / "copy")
    assert order(copy, draw_audit(copy, 100)) == order(study, draw_audit(study, 100))


# Answers that are none of the draw


def test_deciding_the_drawn_passages_outside_the_draw_is_not_reading_it(world, themis, tmp_path):
    study, truth = world
    draw = draw_audit(study, 30)
    themis("import", spreadsheet(tmp_path / "own.csv", study, truth, order(study, draw)))
    assert refused(study) == "audit 1 is not read to the end (0 of 30): read it with `themis review`"


def test_a_spreadsheet_cannot_claim_to_be_an_audit(world, themis, tmp_path):
    study, truth = world
    draw = draw_audit(study, 30)
    claims = {"why": "audit", "draw": "1", "probability": "0.075", "suggestions_visible": "no"}
    themis("import", spreadsheet(tmp_path / "own.csv", study, truth, order(study, draw), **claims))
    with study.store.database.reading() as connection:
        rows = {(row.why, row.draw, row.probability) for row in connection.execute(select(DECISIONS))}
    assert rows == {("import", None, None)}
    assert refused(study).startswith("audit 1 is not read to the end (0 of 30)")


def filled(path, truth, ids, rows=None, code_of=None):
    """Answer the rows of a workbook; rows: what becomes of them before."""
    book = openpyxl.load_workbook(path)
    sheet = book["Review"]
    names = {cell.value.removeprefix("themis:").removeprefix("code:"): cell.column for cell in sheet[1] if cell.value}
    keys = {id: key for key, id in ids.items()}
    for number in range(3, sheet.max_row + 1):
        key = keys[sheet.cell(number, names["id"]).value]
        for code in ("money", "late", "voice"):
            sheet.cell(number, names[code], "yes" if code in truth[key] else "no")
    if rows:
        rows(book, sheet, names)
    book.save(path)
    return path


def test_a_workbook_of_a_draw_cannot_be_filled_in_by_somebody_whom_it_does_not_ask(world, themis, tmp_path):
    study, truth = world
    draw_audit(study, 20, coders=["anna"])
    path = tmp_path / "review.xlsx"
    assert "draw 1 is for anna, and not for ben" in themis(
        "export", "review", path, "--draw", 1, "--coder", "ben", code=1
    )
    themis("export", "review", path, "--draw", 1, "--coder", "anna")

    def by_ben(book, *_):
        for row in book["Themis"].iter_rows():
            if row[0].value == "coder":
                row[1].value = "ben"

    told = themis("import", filled(path, truth, places(study), by_ben), code=1)
    assert "is of draw 1, which ben does not read so" in told
    assert refused(study).startswith("audit 1 is not read to the end (0 of 20)")


def test_a_workbook_that_showed_suggestions_is_no_audit(world, themis, tmp_path):
    study, truth = world
    draw_audit(study, 20)
    path = tmp_path / "review.xlsx"
    assert "draw 1 is read blind" in themis(
        "export", "review", path, "--draw", 1, "--coder", "anna", "--with-suggestions", code=1
    )
    themis("export", "review", path, "--draw", 1, "--coder", "anna")

    def shown(book, *_):
        for row in book["Themis"].iter_rows():
            if row[0].value == "visible":
                row[1].value = "yes"

    assert "does not read so" in themis("import", filled(path, truth, places(study), shown), code=1)
    assert refused(study).startswith("audit 1 is not read to the end (0 of 20)")


def test_a_workbook_with_rows_removed_added_and_reordered_is_placed_row_by_row(world, themis, tmp_path):
    study, truth = world
    draw = draw_audit(study, 20)
    path, other = tmp_path / "review.xlsx", tmp_path / "other.xlsx"
    themis("export", "review", path, "--draw", 1, "--coder", "anna")
    themis("export", "review", other, "--coder", "anna", "--most", 5)
    strange = [list(row) for row in openpyxl.load_workbook(other)["Review"].iter_rows(min_row=3, values_only=True)]

    def mixed(book, sheet, names):
        rows = [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]
        sheet.delete_rows(3, len(rows))
        for row in [*rows[:0:-1], *strange]:  # the first is gone, the others stand upside down, and five came
            if row in strange:
                row[names["money"] - 1] = "yes"
            sheet.append(row)

    told = themis("import", filled(path, truth, places(study), mixed))
    assert told.count("do not belong together") == 5
    assert refused(study).startswith("audit 1 is not read to the end (19 of 20)")
    decide(study, truth, [order(study, draw)[0]], draw=draw)
    with study.store.database.reading() as connection:
        assert {row.passage for row in ledger.in_draw(connection, 1)} == set(order(study, draw))


# After the audit, with the suggestions in view


def test_what_is_said_after_the_first_reading_changes_no_estimate(world, themis):
    study, truth = world
    draw = draw_audit(study, 100)
    keys = read(study, draw, truth)
    before = money(study)
    say(study, draw, {key: () for key in keys if truth[key]})
    after = money(study)
    assert after.layers == before.layers
    number = sum(bool(truth[key]) for key in keys)
    assert f"{number} passages of audit 1 were answered otherwise later: what was said first counts." in after.stale


def test_a_slip_is_put_right_at_once(world):
    study, truth = world
    draw = draw_audit(study, 100)
    now = "2026-11-01T10:00:00+00:00"
    keys = order(study, draw)
    say(study, draw, {key: {"money"} for key in keys}, time=now)
    say(study, draw, {key: truth[key] for key in keys}, time="2026-11-01T10:04:59+00:00")
    share = money(study).layers[0][0].share
    assert share.positives == sum(bool(truth[key]) for key in keys)
    assert money(study).stale == ()


def test_taken_back_at_once_a_passage_is_unread_and_read_by_whoever_reads_it_next(world):
    study, _truth = world
    draw = draw_audit(study, 40)
    keys = order(study, draw)
    now, then = "2026-11-01T10:00:00+00:00", "2026-11-01T10:00:20+00:00"
    say(study, draw, {key: {"money"} for key in keys}, time=now)
    say(study, draw, {keys[0]: ()}, time=then, value=(None,))
    assert refused(study).startswith("audit 1 is not read to the end (39 of 40)")
    say(study, draw, {keys[0]: ()}, "ben", time="2026-11-02T10:00:00+00:00")
    assert money(study).layers[0][0].share.positives == 39


def test_another_reader_of_an_audit_passage_changes_nothing_even_if_the_first_saves_again(world):
    study, truth = world
    draw = draw_audit(study, 100)
    keys = read(study, draw, truth)
    before = money(study).layers
    decide(study, {key: {"money"} for key in keys}, keys, "ben", draw)
    assert money(study).layers == before
    say(study, draw, {key: truth[key] for key in keys})
    assert money(study).layers == before


def test_over_the_page_a_saved_answer_can_be_changed_and_undone_and_the_first_one_counts(world):
    study, truth = world
    draw = draw_audit(study, 12)
    with served(study) as link:
        anna = Reviewer(link)
        while card := anna.get("/api/code/next", mode="audit", draw=1)["card"]:
            assert card["hints"] is None
            anna.save(card, *truth[card["passage"]])
        study.store.database.close()
        study = open_study(study.folder)
        before = money(study)
        assert before.value is not None
        long_ago(study)
        for key in order(study, draw):
            card = anna.get("/api/code/card", mode="audit", draw=1, passage=key)["card"]
            anna.save(card, "money")
        assert anna.post("/api/code/undo", mode="audit", draw=1, act="0" * 32)["undone"]
    after = money(study)
    assert after.layers == before.layers
    assert any("were answered otherwise later" in line for line in after.stale)


def long_ago(study):
    """As if all that was said had been said an hour before."""
    with study.store.database.writing() as connection:
        connection.exec_driver_sql("drop trigger decisions_no_update")
        connection.exec_driver_sql("update decisions set time = '2026-01-01T00:00:00+00:00'")


def test_settling_and_agreeing_do_not_touch_what_the_draw_said(world):
    study, truth = world
    draw = draw_audit(study, 100)
    keys = read(study, draw, truth)
    before = money(study).layers
    with study.store.database.writing() as connection:
        version = study.codebook.version
        rows = [Decision("lead", key, "money", True, version, why="adjudication") for key in keys]
        ledger.record(connection, rows)
    assert money(study).layers == before


def test_scores_that_learned_from_the_audit_are_not_used_with_it(world):
    study, truth = world
    draw = draw_audit(study, 100)
    read(study, draw, truth)
    before = money(study)
    suggest(study, {key: {"money": float(bool(said))} for key, said in truth.items()})
    assert money(study) == before


def test_what_people_found_beyond_the_interval_leaves_no_narrow_one(world):
    """Fifty more yeses than the audit allows, by another rule than it was read by: no interval of one number."""
    study, truth = world
    keys = read(study, draw_audit(study, 200), {key: set() for key in truth})
    assert money(study).high < 20
    rest = [key for key in truth if key not in keys]
    decide(study, {key: {"money"} for key in rest}, rest[:50], "ben")
    one = money(study)
    assert (one.low, one.value, one.high) == (50, 50, 200)
    assert one.stale[0].startswith("People have found 50 yes at least and 200 at most, and the audits say 0 to ")


# Other units, groups and codes


def test_documents_are_not_counted_from_a_draw_of_passages(talks, themis_of):
    study, truth = talks
    read(study, draw_audit(study, 60), truth)
    told = themis_of(study)("counts", "--unit", "document")
    assert (
        "a draw of passages says nothing of how many documents mention a code: `themis audit --unit document`" in told
    )
    assert "95 %" not in told


def test_organisations_are_not_counted_from_a_draw_of_documents_and_speakers_of_one_are(talks, themis_of):
    study, truth = talks
    read(study, draw_units(study, "document", 25), truth)
    themis = themis_of(study)
    assert "95 %" in themis("counts", "--unit", "document")
    assert "95 %" in themis("counts", "--unit", "speaker")  # each speaks in one document only: whole ones were drawn
    told = themis("counts", "--unit", "Organisation")
    assert "a draw of documents says nothing of how many" in told
    assert "95 %" not in told


def test_nineteen_documents_are_too_few_to_count_passages_by(talks):
    study, truth = talks
    read(study, draw_units(study, "document", 19), truth)
    assert refused(study).startswith("fewer than 20 whole documents were read here in one audit")


def test_an_audit_for_one_code_says_nothing_of_another_and_certifies_nothing(world):
    study, truth = world
    read(study, draw_ranked(study, "money", 100), truth)
    assert money(study).draws == (1,)
    assert refused(study, code="voice") == refused(study, code="late") == NONE
    with study.store.database.reading() as connection:
        assert recall(Counting(study, connection), "money") is None


def test_an_audit_of_what_is_to_be_accepted_is_no_sample_of_the_whole(world, themis):
    study, truth = world
    suggest(study, {key: {"money": 0.9} for key in truth})
    themis("accept", "money", "--n", 60)
    draw = draws_of(study)[0]
    read(study, draw, truth)
    themis("accept", "money")
    assert refused(study) == NONE


def test_a_group_of_which_nothing_was_drawn_has_no_interval(empty, tmp_path):
    truth = some(60, 0.3, seed=3)
    sizes = ["rare"] + ["usual"] * 59
    truth = dict(zip(survey(empty, tmp_path, truth, attribute=sizes.__getitem__), truth, strict=True))
    draw = draw_audit(empty, 20)
    read(empty, draw, truth)
    assert next(iter(truth)) not in order(empty, draw)
    assert refused(empty, by="Size", group="rare") == "no passage of audit 1 lies here: `themis audit` draws more"
    assert bounds(empty, by="Size", group="usual")[1] is not None


# After the audit, the study becomes another


def test_removing_the_documents_in_which_it_found_most_is_said_and_gains_nothing(world, themis):
    study, truth = world
    keys = read(study, draw_audit(study, 100), truth)
    picked = [key for key in keys if truth[key]]
    assert themis("remove", *(documents(study)[key] for key in picked))
    one = money(study)
    assert (one.covered, one.layers[0][0].share.n) == (400 - len(picked), 100 - len(picked))
    told = f"{len(picked)} of the 100 passages that audit 1 drew are not here any more: the bounds leave room for their"
    assert one.stale[0].startswith(told)
    assert told in themis("counts")
    assert one.low <= sum("money" in said for key, said in truth.items() if key not in picked) <= one.high


def test_replacing_what_was_drawn_is_said(world, themis, tmp_path):
    study, truth = world
    keys = read(study, draw_audit(study, 100), truth)
    path = tmp_path / "survey.csv"
    rows = path.read_text(encoding="utf-8")
    gone = [documents(study)[key].split("#")[-1] for key in keys if truth[key]]
    for name in gone:
        rows = re.sub(f"({name},.*) here", r"\1 here, alas", rows)
    path.write_text(rows, encoding="utf-8")
    themis("add", path, "--id", "id", "--attribute", "Size", "--replace")
    one = money(study)
    assert one.covered <= 400
    assert one.stale[0].startswith(f"{len(gone)} of the 100 passages that audit 1 drew are not here any more")


def documents(study):
    with study.store.database.reading() as connection:
        keys = {document: name for name, document in study.store.names(connection).items()}
        rows = connection.execute(select(PASSAGES.c.id, PASSAGES.c.document))
        return {row.id: keys[row.document] for row in rows if row.document in keys}


def test_what_is_added_is_covered_by_no_older_audit(world, tmp_path):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    before = bounds(study)
    survey(study, tmp_path, [set()] * 300, "more.csv")
    one = money(study)
    assert (bounds(study), one.covered, one.uncovered) == (before, 400, 300)
    assert one.stale[0].startswith("300 passages were added since the last audit and are not covered")


def test_another_unit_of_passages_takes_the_audit_with_it_and_back_again(talks):
    study, truth = talks
    read(study, draw_audit(study, 60), truth)
    before = bounds(study)
    study = configure(study, {"unit": "sentence"})
    assert refused(study) == "nothing that audit 1 drew is there any more: `themis audit`"
    study = configure(study, {"unit": "turn"})
    assert bounds(study) == before


def test_a_changed_definition_is_said_and_one_that_is_put_back_is_not(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    before = money(study)
    later = changed_codebook(study, ("Money is short or late.", "Money is there."))
    assert money(later).stale == (
        "The code's meaning has changed since audit 1 was read: `themis audit` draws a new one.",
    )
    assert money(changed_codebook(later, ("Money is there.", "Money is short or late."))) == before


def test_audits_are_not_picked_by_changing_the_meaning_to_and_fro(world, themis):
    """Each meaning has its own audits: what was read under another is told in the method."""
    study, truth = world
    read(study, draw_audit(study, 60), truth)
    later = changed_codebook(study, ("Money is short or late.", "Money is late."))
    read(later, draw_audit(later, 60), truth)
    assert money(later).draws == (2,)
    back = changed_codebook(later, ("Money is late.", "Money is short or late."))
    assert money(back).draws == (1,)
    told = themis("counts", "--explain")
    assert re.search("Audit 2, of 60 passages, was drawn on [0-9-]+; nothing rests on it of money, as it was not", told)


def test_retiring_a_code_and_bringing_it_back_changes_nothing(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    before = money(study, code="voice")
    after = retire(study.latest(), study.codebook.version, "voice", "no use")
    assert "voice" not in study.latest().codebook.by_id
    restore(study.latest(), after.codebook.version, "voice")
    assert money(study.latest(), code="voice") == before


def test_merging_a_code_into_another_after_the_audit_is_said(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    merge_codes(study.latest(), study.codebook.version, "voice", "money", "", repeated=True)
    one = money(study.latest())
    assert one.draws == (1,)


def test_a_code_that_came_later_was_not_audited(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    later = changed_codebook(
        study, ("  - id: voice", "  - id: cake\n    name: Cake\n    definition: Cake.\n  - id: voice")
    )
    assert refused(later, code="cake") == "audit 1 was read without this code: `themis audit`"


def test_settings_and_a_lost_cache_change_no_estimate(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    before = money(study)
    shutil.rmtree(study.folder / ".themis", ignore_errors=True)
    study = configure(study, {"expected": "0.5", "seed": "99"})
    assert money(study) == before


# Another copy of the study


def copied(study, folder):
    study.store.database.close()
    folder.mkdir()
    for name in ("study.db", "codebook.yml"):
        shutil.copyfile(study.folder / name, folder / name)
    return open_study(folder)


def test_an_audit_merged_again_and_again_is_one(world, themis, tmp_path):
    study, truth = world
    other = copied(study, tmp_path / "other")
    read(other, draw_audit(other, 100), truth)
    before = money(other)
    for _ in range(3):
        themis("merge", other.folder)
    assert bounds(study) == (before.low, before.value, before.high)
    assert [part.share.n for part in money(study).layers[0]] == [100]


def test_an_audit_read_otherwise_in_another_copy_counts_as_it_was_read_first_whichever_takes_the_other(world, tmp_path):
    study, truth = world
    draw = draw_audit(study, 60)
    other = copied(study, tmp_path / "other")
    keys = order(study, draw)
    say(study, draw, {key: truth[key] for key in keys}, time="2026-11-01T10:00:00+00:00")
    say(other, draw, {key: set() for key in keys}, time="2026-11-03T10:00:00+00:00")
    before = money(study)
    third = copied(other, tmp_path / "third")
    merge(third, study.folder)
    merge(study, other.folder)
    number = sum(bool(truth[key]) for key in keys)
    for one in (money(study), money(third)):
        assert one.layers == before.layers
        assert f"{number} passages of audit 1 were answered otherwise later" in one.stale[0]


HOSTILE = {
    "a passage twice in the frame": ("frames", "passages", lambda keys: (keys * 300).tobytes()),
    "strange passages": ("frames", "passages", lambda keys: (keys + 10**9).tobytes()),
    "half a number": ("frames", "passages", lambda keys: keys.tobytes()[:-3]),
    "no passages": ("frames", "passages", lambda keys: b""),
    "known twice": ("frames", "known", lambda keys: keys.tobytes()),
    "scores that are none": ("frozen", "scores", lambda scores: np.full(len(scores), np.nan, "<f4").tobytes()),
    "scores beyond one": ("frozen", "scores", lambda scores: np.full(len(scores), 1e30, "<f4").tobytes()),
    "no coders": ("draws", "coders", lambda _: "nobody"),
    "coders that are no names": ("draws", "coders", lambda _: "[1, null]"),
    "no population": ("draws", "population", lambda _: 0),
    "a population that is none": ("draws", "population", lambda _: "many"),
    "codebooks that are none": ("codebooks", "content", lambda _: '{"codes": 7}'),
    "another kind": ("draws", "kind", lambda _: "certain"),
    "a codebook that is none": ("draws", "codebook", lambda _: "x"),
    "answers by a codebook that is none": ("decisions", "codebook", lambda _: "x"),
    "answers at the end of time": ("decisions", "time", lambda _: "9999-12-31T23:59:59+00:00"),
    "answers of a code without a name": ("decisions", "code", lambda _: b"\xff\xfe"),
    "answers of another draw": ("decisions", "draw", lambda _: 7),
    "a code of the draw": ("draws", "code", lambda _: "money"),
    "a unit that is none": ("draws", "unit", lambda _: "\x1b[31m"),
    "a time that is none": ("draws", "made", lambda _: "\x00"),
    "a probability that is none": ("drawn", "probability", lambda _: "likely"),
    "a number that is none": ("drawn", "position", lambda position: position + 1e6),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_another_program_wrote_in_a_copy_is_no_interval_and_no_crash(world, themis, tmp_path, what):
    study, truth = world
    other = copied(study, tmp_path / "other")
    read(other, draw_audit(other, 100), truth)
    honest = bounds(other)
    other.store.database.close()
    table, column, spoil = HOSTILE[what]
    with closing(sqlite3.connect(other.folder / "study.db")) as connection:
        connection.execute("pragma ignore_check_constraints = on")
        connection.execute("pragma foreign_keys = off")
        connection.execute(f"drop trigger if exists {table}_no_update")
        for row, value in connection.execute(f"select rowid, {column} from {table}").fetchall():
            kind = {"passages": "<i8", "known": "<i8", "scores": "<f4"}.get(column)
            given = np.frombuffer(value, kind) if kind else value
            if what == "known twice":
                (passages,) = connection.execute("select passages from frames").fetchone()
                given = np.frombuffer(passages, kind)
            elif what == "a passage twice in the frame":
                given = np.concatenate([given, given[:1].repeat(4000)])
                connection.execute(f"update {table} set {column} = ? where rowid = ?", (given.tobytes(), row))
                continue
            connection.execute(f"update {table} set {column} = ? where rowid = ?", (spoil(given), row))
        connection.commit()
    result = CliRunner().invoke(cli.main, ["merge", str(other.folder), "--study", str(study.folder)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    for words in (["counts"], ["counts", "--explain"], ["counts", "--by", "Size"], ["audit", "--list"], ["plan"]):
        themis(*words)
    for kind in ("estimates", "audited", "counts"):
        themis("export", kind, tmp_path / f"{kind}.csv")
    one = money(study)
    if one.value is not None:
        human = one.low <= 40 <= one.high and one.high - one.low >= 20
        assert (one.low, one.value, one.high) == honest or human, (one, honest)


def test_a_frame_that_names_a_passage_twice_is_none(world, tmp_path):
    """As if a passage stood for another: as many as were drawn from, of which some are not there."""
    study, truth = world
    other = copied(study, tmp_path / "other")
    drawn = set(read(other, draw_audit(other, 100), truth))
    with other.store.database.writing() as connection:
        keys = frames.frame(connection, 1).passages
        keys[[key not in drawn for key in keys.tolist()]] = keys[0]
        connection.exec_driver_sql("drop trigger frames_no_update")
        connection.execute(update(frames.FRAMES).values(passages=keys.astype(frames.KEYS).tobytes()))
    merge(study, other.folder)
    assert refused(study) == "audit 1 was drawn by an earlier version: `themis audit`"


def test_a_copy_adds_no_passages_to_an_audit_that_is_here(world, tmp_path):
    study, truth = world
    read(study, draw := draw_audit(study, 60), truth)
    before = money(study).layers
    other = copied(study, tmp_path / "other")
    drawn = set(order(other, draw))
    picked = [key for key in truth if truth[key] and key not in drawn]
    with other.store.database.writing() as connection:
        for place, key in enumerate(picked, start=60):
            connection.execute(insert(draws.DRAWN).values(draw=draw.id, position=place, passage=key, probability=0.15))
    decide(other, truth, picked, draw=draw)
    merge(study, other.folder)
    assert set(order(study, draw)) == drawn
    assert money(study).layers == before


# Numbers at their ends


def test_copies_of_one_text_do_not_make_an_interval_narrower_than_the_texts_allow(empty, tmp_path):
    path = tmp_path / "letters.csv"
    letter = "We write to you about the money that came late again this year and the year before it"
    own = [f"Answer {n} speaks of things number {n} that nobody else has said in these words" for n in range(100)]
    path.write_text("id,Said\n" + "".join(f"R{n},{letter if n % 2 else own[n // 2]}\n" for n in range(200)))
    add(empty, [path], Options(id="id"))
    keys = list(places(empty))
    truth = {key: {"money"} if n % 2 else set() for n, key in enumerate(keys)}
    read(empty, draw_audit(empty, 60), truth)
    with empty.store.database.reading() as connection:
        once = Counting(empty, connection, known(empty, connection).weights)
        one = next(e for e in once.estimates(connection) if e.code == "money")
    assert one.covered == pytest.approx(101)
    assert 0 <= one.low <= 1 <= one.high <= one.covered


def test_identical_passages_are_counted_each_time_or_as_one(empty, tmp_path):
    same = "The very same words were sent by all of them on the very same day of the year"
    (tmp_path / "same.txt").write_text("\n".join(f"Speaker {n}: {same}" for n in range(50)), encoding="utf-8")
    add(empty, [tmp_path / "same.txt"])
    truth = {key: {"money"} for key in places(empty)}
    read(empty, draw_audit(empty, 10), truth)
    low, value, high = bounds(empty)
    assert (value, high) == (50, 50)
    assert 10 <= low < 50
    with empty.store.database.reading() as connection:
        once = Counting(empty, connection, known(empty, connection).weights)
        one = next(e for e in once.estimates(connection) if e.code == "money")
    assert (one.covered, one.value, one.high) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("n", [1, 2])
def test_a_draw_of_one_or_two_says_how_little_it_says(world, n):
    study, truth = world
    read(study, draw_audit(study, n), truth)
    low, _, high = bounds(study)
    assert (low, high > 150) == (0, True)


def test_a_study_without_documents_and_one_of_a_single_passage(empty, tmp_path):
    themis = shell(empty)
    assert "the study has no passages yet" in themis("audit", code=1)
    for words in (["counts"], ["counts", "--explain"], ["counts", "--once"], ["counts", "--unit", "document"]):
        assert "nan" not in themis(*words).casefold().replace("finance", "")
    (key,) = survey(empty, tmp_path, [{"money"}])
    read(empty, draw_audit(empty), {key: {"money"}})
    assert bounds(empty) == (1, 1, 1)
    assert bounds(empty, code="voice") == (0, 0, 0)
    for words in (["counts"], ["counts", "--explain"], ["counts", "--once"], ["counts", "--by", "Size"]):
        assert "nan" not in themis(*words).split()
    assert "nothing is left to draw" in themis("audit", code=1)


def test_sixty_two_audits_are_one_estimate(world):
    study, truth = world
    for _ in range(62):
        read(study, draw_audit(study, 3), truth)
    one = money(study)
    assert len(one.draws) == 60
    assert one.low <= 40 <= one.high


def test_names_from_outside_do_no_harm_where_counts_are_shown(empty, tmp_path):
    bad = ["<script>alert(1)</script>", "\x1b[31mred\x07", "=1+1", "a\u202eb", "‰" * 300]
    truth = some(100, 0.3, seed=1)
    path = tmp_path / "odd.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["id", "Size", "Said"], *([f"R{n}", bad[n % 5], f"Answer {n} to it"] for n in range(100))]
        )
    add(empty, [path], Options(id="id", attributes=("Size",)))
    truth = dict(zip(places(empty), truth, strict=True))
    read(empty, draw_audit(empty, 60), truth)
    themis = shell(empty)
    for words in (
        ["counts", "--by", "Size"],
        ["counts", "--by", "Size", "--explain"],
        ["counts", "--by", "Size", "--compare"],
    ):
        told = themis(*words)
        assert not {"\x1b", "\x07"} & set(told)
    for what in ("counts", "estimates", "differences"):
        themis("export", what, tmp_path / f"{what}.csv", "--by", "Size")
        with (tmp_path / f"{what}.csv").open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")]
    themis("counts", "--by", "Size", "--plot", tmp_path / "plot.html")
    assert "<script>alert(1)" not in (tmp_path / "plot.html").read_text(encoding="utf-8")
    themis("counts", "--by", "Size", "--plot", tmp_path / "plot.svg")
    assert "<script" not in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    with served(empty) as link:
        page = Reviewer(link).get("/counts", by="Size")
    assert "<script>alert(1)" not in page

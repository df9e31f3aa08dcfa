"""Progress tells the truth, and nothing of what is still to be read blind."""

import pytest

from coding import editing, ledger
from coding.acts import Reading
from coding.drawing import draw_audit, draw_double
from coding.ledger import Decision, new_act
from coding.progress import Missed, progress
from coding.review import Desk
from coding.study import add, remove
from corpus.database import update
from corpus.read.options import Options
from corpus.tables import SOURCES


@pytest.fixture
def survey(empty, tmp_path):
    """200 passages of one document each; every fifth is about money."""
    rows = "\n".join(f"R{n:03},Answer {n} is {'about money' if n % 5 == 0 else 'about cake'}" for n in range(200))
    (tmp_path / "survey.csv").write_text(f"id,What went wrong?\n{rows}\n", encoding="utf-8")
    add(empty, [tmp_path / "survey.csv"], Options(id="id"))
    return empty


def read_all(study, coder, mode, most=1000):
    desk = Desk(study)
    sitting = desk.sitting(coder, mode)
    for _ in range(most):
        card = desk.following(sitting)
        if card is None:
            return
        yes = frozenset({"money"} if "money" in card.text else ())
        desk.save(sitting, Reading(new_act(), card.passage, yes, card.why, seconds=9.0))


def of(found, code):
    return next(one for one in found.codes if one.code == code)


def test_what_was_found_and_who_read(survey):
    read_all(survey, "anna", "review", most=40)
    found = progress(survey, "anna")
    money = of(found, "money")
    assert (found.read, found.total, found.documents, found.hidden, found.suggested) == (40, 200, 200, 0, None)
    assert (money.yes + money.no, money.differ, money.missed) == (40, 0, None)
    assert [(c.coder, c.passages, c.today, c.an_hour) for c in found.coders] == [("anna", 40, 40, 400)]


def test_coders_who_differ_are_neither(survey):
    with survey.store.database.writing() as connection:
        ledger.keep(connection, survey.codebook)
        key = survey.store.passage_keys(connection)[0]
        said = [("anna", True), ("ben", False)]
        ledger.record(connection, [Decision(w, key, "voice", v, survey.codebook.version) for w, v in said])
    voice = of(progress(survey, "anna"), "voice")
    assert (voice.yes, voice.no, voice.differ) == (0, 0, 1)


def test_what_is_sealed_is_in_no_number(survey):
    draw_double(survey, 20, ["anna", "ben"])
    read_all(survey, "ben", "double")
    for coder, read in (("anna", 0), ("ben", 0), ("carol", 20)):
        found = progress(survey, coder)
        assert (found.read, found.hidden) == (read, 20 - read)
        assert sum(one.yes + one.no for one in found.codes) == read * 3
        assert sum(one.passages for one in found.coders) == read
    read_all(survey, "anna", "double")
    assert progress(survey, "anna").read == 20


def test_an_audit_says_what_was_missed_once_it_is_read(survey):
    read_all(survey, "anna", "review", most=40)
    draw_audit(survey, 60)
    read_all(survey, "ben", "audit", most=30)
    assert of(progress(survey, "ben"), "money").missed is None  # still to be read by ben
    read_all(survey, "ben", "audit")
    money = of(progress(survey, "ben"), "money")
    truth = 40 - money.yes
    assert money.missed.low <= truth <= money.missed.high
    assert money.missed.read == 60
    assert money.missed.about == round(160 / 60 * money.missed.positives - money.missed.positives)


def test_an_audit_of_everything_leaves_no_doubt(survey):
    draw_audit(survey, 1000)
    read_all(survey, "ben", "audit")
    assert of(progress(survey, "ben"), "money").missed == Missed(0, 0, 0, 40.0, 200)


def test_what_everybody_has_read_is_not_missed(survey):
    draw_audit(survey, 60)
    read_all(survey, "ben", "audit")
    read_all(survey, "anna", "review", most=139)
    money = of(progress(survey, "anna"), "money")
    assert money.yes + money.no == 199
    assert (money.missed.about, money.missed.high) in {(0, 1), (1, 1)}
    read_all(survey, "anna", "review")
    assert of(progress(survey, "anna"), "money").missed.high == 0


def expected(population, missed, found):
    return round(population / missed.read * missed.positives) - found


def test_an_audit_speaks_of_what_waits_in_another_draw_too(survey):
    draw_double(survey, 60, ["anna", "ben"])
    draw_audit(survey, 70, coders=["cleo"])
    for coder, mode in (("cleo", "audit"), ("anna", "double"), ("ben", "double")):
        read_all(survey, coder, mode)
    missed = of(progress(survey, "cleo"), "money").missed
    found = of(progress(survey, "cleo"), "money").yes
    assert (missed.read, missed.about) == (70, expected(200, missed, found))


def test_what_was_imported_before_an_audit_makes_it_sharper(survey):
    with survey.store.database.writing() as connection:
        ledger.keep(connection, survey.codebook)
        keys = [key for key in survey.store.passage_keys(connection) if "money" in survey.store.words(connection, key)]
        said = [Decision("old", key, "money", True, survey.codebook.version, why="import") for key in keys]
        ledger.record(connection, said)
    draw_audit(survey, 100, coders=["ben"])
    read_all(survey, "ben", "audit")
    missed = of(progress(survey, "zoe"), "money").missed
    assert (missed.read, missed.low, missed.about) == (100, 0, 0)
    assert missed.high < 5  # the audit bears out what was imported


def test_an_audit_says_the_same_when_codes_and_documents_come_after_it(survey, tmp_path):
    read_all(survey, "anna", "review", most=60)
    draw_audit(survey, 70, coders=["cleo"])
    read_all(survey, "cleo", "audit")
    before = of(progress(survey, "zoe"), "money").missed
    editing.add_code(survey, survey.codebook.version, "Cake", "Somebody brings cake.")
    later = survey.latest()
    assert of(progress(later, "zoe"), "money").missed == before
    rows = "\n".join(f"R{n:03},Reply {n} is about money" for n in range(50))
    (tmp_path / "more.csv").write_text(f"id,What went wrong?\n{rows}\n", encoding="utf-8")
    add(later, [tmp_path / "more.csv"], Options(id="id"))
    with later.store.database.writing() as connection:
        added = {"added": "2999-01-01T00:00:00+00:00"}
        connection.execute(update(SOURCES).where(SOURCES.c.name == "more.csv").values(added))
        new = [key for key in later.store.passage_keys(connection) if "Reply" in later.store.words(connection, key)]
        ledger.record(connection, [Decision("dora", key, "money", True, later.codebook.version) for key in new])
    found = progress(later, "zoe")
    assert (len(new), found.total, of(found, "money").missed) == (50, 250, before)


def test_documents_that_are_removed_leave_what_an_audit_speaks_of(survey):
    draw_audit(survey, 100, coders=["cleo"])
    read_all(survey, "cleo", "audit")
    remove(survey, [f"survey.csv#R{n:03}" for n in range(100)])
    missed = of(progress(survey, "cleo"), "money").missed
    assert missed.about == expected(100, missed, missed.positives)

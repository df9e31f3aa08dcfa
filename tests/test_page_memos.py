"""Memos on documents, codes and the study: kept once, changed by their authors, silent where they could tell."""

import pytest
from browser import clean, link_of, served
from test_page_security import Door

from coding import remarks
from coding.drawing import draw_double
from coding.ledger import new_act
from corpus.errors import EvidenceError


def texts(found):
    return [(memo.author, memo.text) for memo in found]


def test_a_memo_stands_where_it_was_put_and_nowhere_else(study):
    for place in ({}, {"document": 1}, {"document": 2}, {"code": "voice"}):
        remarks.write(study, "anna", f"on {place}", **place)
    for place in ({}, {"document": 1}, {"document": 2}, {"code": "voice"}):
        assert texts(remarks.read(study, "ben", **place)) == [("anna", f"on {place}")]
    assert remarks.read(study, "ben", code="money") == []


def test_a_memo_is_changed_and_taken_away_by_its_author_only(study):
    first = remarks.write(study, "anna", "first words")
    second = remarks.write(study, "anna", "better words", replaces=first)
    assert texts(remarks.read(study, "ben")) == [("anna", "better words")]
    with pytest.raises(EvidenceError, match="only its author"):
        remarks.write(study, "ben", "worse words", replaces=second)
    remarks.write(study, "anna", "", replaces=second)
    assert remarks.read(study, "ben") == []


@pytest.mark.parametrize(
    ("place", "sentence"),
    [({"document": 99}, "no document number 99"), ({"code": "weather"}, "no code 'weather'"), ({}, "between 1 and")],
)
def test_a_memo_on_nothing_is_refused(study, place, sentence):
    with pytest.raises(EvidenceError, match=sentence):
        remarks.write(study, "anna", "words" if place else "  ", **place)


def test_anothers_memo_on_a_document_waits_until_it_was_read_blind(study):
    draw_double(study, 1000, ["anna", "ben"])
    remarks.write(study, "ben", "The third answer is about voice", document=1)
    remarks.write(study, "anna", "My own", document=1)
    assert texts(remarks.read(study, "anna", document=1)) == [("anna", "My own")]
    assert len(remarks.read(study, "carol", document=1)) == 2


def test_a_memo_sent_twice_is_there_once(study):
    with served(study) as link:
        door = Door(link_of(study, "anna", link))
        said = {"act": new_act(), "text": "Kept <b>once</b>", "document": 1}
        for _ in range(3):
            status, _, body = door.post("/api/memos", said)
            assert status == 200
        assert body.count("Kept") == 1
        assert door.post("/api/memos", {**said, "act": "x"})[0] == 422
        assert door.ask("/api/memos?document=1", headers={"cookie": None})[0] == 401


def test_writing_one_by_keyboard(study, visit):
    with served(study) as link:
        page = visit(link)
        page.goto(f"{link.partition('/enter')[0]}/documents/1")
        page.get_by_text("None yet.").wait_for()
        page.keyboard.press("m")
        page.keyboard.type("A <i>telling</i> interview")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("A <i>telling</i> interview").wait_for()
        assert clean(page) == []
        page.reload()
        page.get_by_text("A <i>telling</i> interview").wait_for()
    assert texts(remarks.read(study, "ada", document=1)) == [("ada", "A <i>telling</i> interview")]

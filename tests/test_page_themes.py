"""What fits no code on the page: those who lead see it and make a code of it, once, of what they saw."""

from functools import partial

import pytest
from browser import clean, link_of, scrolls_sideways, served
from coding_page import Reviewer
from test_discover import coded, decide, of, written
from twins import opened

from coding import memos
from coding.discovering import discover
from coding.learner import Learner
from coding.ledger import new_act
from coding.page import learning
from coding.study import add, open_study


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """The child that searches has the encoder that needs no model."""
    monkeypatch.setattr(learning, "Learner", lambda folder: Learner(folder, partial(opened, folder)))


@pytest.fixture
def choir(empty, tmp_path):
    written(tmp_path / "written")
    add(empty, [tmp_path / "written"])
    return coded(empty)


@pytest.fixture
def link(choir):
    with served(choir) as link:
        yield link


def themes(lead):
    """The page, when it has been made ready."""
    while 'id="waiting"' in (page := lead.get("/codebook/themes")):
        pass
    return page


def make(lead, path, expected, act=None):
    named = {"kind": "theme", "theme": 1, "name": "Singing", "definition": " "}
    return lead.ask(f"/api/codebook/{path}", {"expected": expected, "edit": named, **({"act": act} if act else {})})


def test_a_theme_is_seen_and_made_a_code_once(choir, link):
    lead, act = Reviewer(link), new_act()
    page = themes(lead)
    [theme] = discover(choir).themes
    assert f">{', '.join(theme.words)}</h2>" in page
    assert "16 passages in 8 documents" in page
    before = lead.get("/api/codebook")["codebook"]
    status, rehearsed = make(lead, "rehearse", before)
    assert (status, len(open_study(choir.folder).codebook.codes)) == (200, 3)
    first, again = make(lead, "edit", before, act), make(lead, "edit", before, act)
    assert first == again
    assert (first[0], first[1]["changes"]) == (200, rehearsed["changes"])
    book = open_study(choir.folder).codebook
    made = book.by_id["singing"]
    assert (len(book.codes), len(made.examples)) == (4, 3)
    assert made.definition == f"Speaks of {', '.join(theme.words)}."
    with choir.store.database.reading() as connection:
        assert len(memos.about(connection, code="singing")) == 1


def test_a_theme_of_a_study_that_is_another_by_now_is_refused(choir, link):
    lead = Reviewer(link)
    themes(lead)
    decide(choir, "ben", {min(of(choir, "choir")): False})
    status, answer = make(lead, "edit", lead.get("/api/codebook")["codebook"], new_act())
    assert (status, "choose again" in answer["error"]) == (400, True)
    assert len(open_study(choir.folder).codebook.codes) == 3


def test_those_who_do_not_lead_see_no_themes(choir, link):
    ben = Reviewer(link_of(choir, "ben", link))
    assert ben.ask("/codebook/themes")[0] == 403
    assert "/codebook/themes" not in ben.get("/codebook")
    assert "/codebook/themes" in Reviewer(link).get("/codebook")


def test_before_the_first_run_the_page_says_what_to_do(study):
    with served(study) as link:
        assert "Nothing has been suggested yet: run `themis code` first." in themes(Reviewer(link))


def test_a_theme_becomes_a_code_in_the_browser(choir, link, visit):
    themes(Reviewer(link))
    page = visit(link)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Codebook").click()
    page.get_by_role("link", name="What fits no code").click()
    page.get_by_role("button", name="Make it a code").wait_for()
    assert clean(page) == []
    page.set_viewport_size({"width": 360, "height": 640})
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Make it a code").press("Enter")
    page.get_by_label("Name").fill("Singing")
    assert page.get_by_label("Definition").input_value().startswith("Speaks of choir")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the change").click()
    page.get_by_role("heading", name="“Singing” is added.").wait_for()
    assert "exploratory" in page.locator("#done").inner_text()
    assert clean(page) == []
    assert open_study(choir.folder).codebook.by_id["singing"].parent is None

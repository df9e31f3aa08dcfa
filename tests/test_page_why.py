"""Why in full, on the page: worked out in another process, without a number, and only where suggestions are shown."""

import time
from functools import partial

import pytest
from browser import clean, link_of, served
from coding_page import Reviewer, drawn, passages
from letters import at, letters
from twins import opened

from coding import drawing
from coding.learner import Learner
from coding.page import learning
from coding.page import why as page
from coding.why import Explainer

READY = "#card[aria-busy=false]"


@pytest.fixture
def large(study, tmp_path, monkeypatch):
    """The letters, with a child that has the encoder that needs no model."""
    monkeypatch.setattr(learning, "Learner", lambda folder: Learner(folder, partial(opened, folder)))
    return letters(study, tmp_path / "letters")


@pytest.fixture
def link(large):
    with served(large) as link:
        yield link


@pytest.fixture
def ada(link):
    return Reviewer(link)


def reasons(reviewer, key):
    """The answer, when it is worked out."""
    while (answer := reviewer.get("/api/code/why", passage=key))["codes"] is None:
        time.sleep(0.1)
    return answer["codes"]


def test_it_is_what_the_shell_says_without_numbers(large, ada):
    key = at(large, "letter11.md:0-26")
    (own,) = Explainer(large).why(key, ["money"], queued=True).codes
    (told,) = [one for one in reasons(ada, key) if one["code"] == "money"]
    assert [(like["passage"], like["words"]) for like in told["yes"]] == [(o.passage, o.words) for o in own.like_yes]
    assert [like["key"] for like in told["no"]] == [like.key for like in own.like_no]
    assert [(line["kind"], line["text"]) for line in told["for"]] == [(line.kind, line.text) for line in own.like_for]
    assert [line["text"] for line in told["against"]] == [line.text for line in own.like_against]
    assert (told["words"], told["others"]) == ([t for t, _ in own.words_for], [t for t, _ in own.words_against])
    adds = dict(own.parts)
    named = [one["part"] for one in told["pulls"]]
    assert named == sorted(named, key=lambda name: -abs(adds[name]))
    assert [one["up"] for one in told["pulls"]] == [adds[name] > 0 for name in named]
    assert len(named) > 1
    assert "start" not in named
    numbers = {f"{value:.3f}"[:5] for value in (own.score, own.threshold, own.whole, *adds.values()) if value}
    assert not [number for number in numbers if number in ada.bodies[-1]]


def test_its_codes_are_those_of_the_card(large, ada):
    for key in passages(large)[:6]:
        card = ada.get("/api/code/card", mode="review", passage=key)["card"]
        assert [one["code"] for one in reasons(ada, key)] == [hint["code"] for hint in card["hints"]]


def test_nothing_is_told_of_a_passage_that_is_to_be_read_blind(large, link, ada):
    draw = drawing.draw_audit(large, 5, coders=["zoe"])
    zoe = Reviewer(link_of(large, "zoe", link))
    for key in drawn(large, draw):
        status, answer = zoe.ask("/api/code/why", passage=key)
        assert (status, "drawn to be read blind" in answer["error"]) == (400, True)
        assert ada.ask("/api/code/why", passage=key)[0] == 200
    assert ada.ask("/api/code/why", passage=999_999)[0] == 400


def test_others_who_wait_leave_threads_free(large, ada, monkeypatch):
    monkeypatch.setattr(page, "PATIENCE", 0.0)
    key = passages(large)[0]
    assert ada.get("/api/code/why", passage=key) == {"codes": None}
    monkeypatch.setattr(page, "PATIENCE", 30.0)
    assert reasons(ada, key) is not None
    for _ in range(2):
        assert page._asking.acquire(blocking=False)
    try:
        assert ada.get("/api/code/why", passage=key) == {"codes": None}
    finally:
        page._asking.release(2)


def test_in_the_browser_it_is_one_key_away(large, link, visit):
    key = at(large, "letter11.md:0-26")
    view = visit(link)
    view.goto(link.partition("/enter")[0] + f"/review?passage={key}")
    view.wait_for_selector(READY)
    view.keyboard.press("w")
    assert view.locator(".reason .all").all_inner_texts() == [""] * view.locator(".reason").count()
    view.keyboard.press("w")
    view.keyboard.press("W")
    view.wait_for_selector(".reason .all a", timeout=60_000)
    told = view.locator(".reason", has_text="Money").first.locator(".all").inner_text()
    for line in (
        "People said yes to:",
        "People said no to:",
        "In the codebook, for it:",
        "Words for it: ",
        "most first:",
    ):
        assert line in told
    place = view.locator(".reason .all a").first
    assert place.get_attribute("href").startswith("/documents/")
    assert clean(view) == []
    view.keyboard.press("w")
    view.keyboard.press("w")
    assert view.locator(".reason .all a").count() > 0, "it is remembered"
    with view.expect_navigation():
        place.click()
    assert view.locator(f"#p{place_key(large, view.url)}").count() == 1


def place_key(study, url):
    number = int(url.rpartition("#p")[2])
    assert number in passages(study)
    return number


@pytest.mark.parametrize("mode", ["audit", "double"])
def test_blind_work_has_no_why(large, link, visit, mode):
    draw = drawing.draw_audit(large, 3) if mode == "audit" else drawing.draw_double(large, 3, ["ada", "ben"])
    view = visit(link)
    view.goto(link.partition("/enter")[0] + f"/{mode}?draw={draw.id}")
    view.wait_for_selector(READY)
    asked = []
    view.on("request", lambda request: asked.append(request.url))
    view.keyboard.press("W")
    view.wait_for_timeout(300)
    assert view.locator("#all-reasons").count() == 0
    assert [url for url in asked if "why" in url] == []

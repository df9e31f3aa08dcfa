"""The shell of the review page in a real browser: what every view stands in."""

from collections import Counter

import pytest
from browser import clean, link_of, scrolls_sideways, served
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page import app as pages
from coding.page.session import Anyone, Said
from coding.page.shell import View, show
from corpus.errors import EvidenceError

COMMON = "document.querySelector('link[rel=stylesheet]').href.replace('style.css', 'common.js')"
saved = Counter()


class Desk:
    """A view to try the shell's parts in."""

    VIEW = View("/desk", "Desk", "Where <b>things</b> are tried.", todo=lambda visit: "2 to read")
    router = APIRouter()

    class Save(Said):
        act: str = Field(max_length=36)
        value: str = Field(max_length=100)

    @staticmethod
    @router.get("/desk")
    def desk(request: Request, visit: Anyone) -> HTMLResponse:
        return show(request, visit, "problem.html", sentence="A desk.")

    @staticmethod
    @router.post("/api/desk/save")
    def save(visit: Anyone, said: Save) -> dict[str, str]:
        if said.value == "wrong":
            raise EvidenceError("'wrong' cannot be saved: give another value")
        saved[said.act] += 1
        return {"value": said.value}


@pytest.fixture
def link(study, monkeypatch):
    others = [
        type("Other", (), {"VIEW": View(f"/{n}", f"View number {n}", "."), "router": APIRouter()}) for n in "abcdef"
    ]
    monkeypatch.setattr(pages, "VIEWS", (pages.home, Desk, *others))
    saved.clear()
    with served(study) as link:
        yield link


def home(link):
    """The address without the secret."""
    return link.partition("/enter")[0] + "/"


def run(page, script, argument=None):
    """Run a script that has the shell's functions as `c`; what it returns."""
    return page.evaluate(f"async (given) => {{ const c = await import({COMMON}); {script} }}", argument)


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def test_a_link_opens_the_page_and_its_secret_is_gone_from_the_address(link, visit):
    page = visit(link)
    assert page.url == home(link)
    assert page.get_by_role("heading", level=1).inner_text() == "What there is to do"
    assert "9 passages in 5 documents. You are ada, and you lead this study." in page.inner_text("main")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["value"]) == (True, "Strict", link.partition("#")[2])
    assert page.evaluate("document.cookie") == ""
    page.go_back()
    assert "#" not in page.url


def test_a_link_in_a_letter_opens_the_page(link, visit, browser):
    page = visit(home(link) + "enter", enters=False)
    assert "Your link is not whole" in page.inner_text("h1")
    letter = f'<!doctype html><title>Post</title><a href="{link}">your link</a>'
    page.route("http://post.example/", lambda route: route.fulfill(body=letter, content_type="text/html"))
    for _ in range(2):  # without a cookie, and with one
        page.goto("http://post.example/")
        page.get_by_text("your link").click()
        page.wait_for_url(home(link))
        assert page.inner_text("#me-button") == "ada"


def test_a_link_that_opens_nothing_says_so(link, visit):
    page = visit(link + "x", enters=False)
    page.get_by_role("heading", name="This link does not open the page").wait_for()
    assert "it was renewed or removed, so ask for a new one" in page.inner_text("main")
    assert "#" not in page.url


def test_two_studies_on_one_machine_do_not_forget_each_other(study, visit, link):
    with served(study, "ben") as other:
        page = visit(link)
        page.goto(other)
        page.wait_for_url(home(other))
        assert page.inner_text("#me-button") == "ben"
        page.goto(home(link))
        assert page.inner_text("#me-button") == "ada"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(link, visit, scheme):
    page = visit(link, color_scheme=scheme)
    assert clean(page) == []
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert clean(page) == []
    page.goto(home(link) + "nowhere")
    assert clean(page) == []
    run(page, "c.problem('Not saved yet.')")
    assert clean(page) == []


@pytest.mark.parametrize("window", [(320, 640, 1), (640, 400, 2), (1280, 800, 1)])
def test_nothing_is_wider_than_the_window(link, visit, window):
    width, height, zoom = window
    page = visit(link, viewport={"width": width, "height": height}, device_scale_factor=zoom)
    assert page.locator("nav a").count() == 8
    assert not scrolls_sideways(page)
    page.keyboard.press("?")
    box = page.wait_for_selector("dialog[open]").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert not scrolls_sideways(page)


def test_everything_is_reached_by_keys_and_the_first_one_skips_to_the_content(link, visit):
    page = visit(link)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert focused(page) == "main"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(home(link) + "desk")
    assert page.locator("nav [aria-current=page]").inner_text() == "Desk"


def test_what_waits_in_a_view_stands_on_the_first_page_as_text(link, visit):
    page = visit(link)
    assert "Where <b>things</b> are tried." in page.inner_text("main")
    assert page.locator(".todo").all_inner_texts() == ["2 to read"]


def test_keys_are_listed_and_the_focus_comes_back(link, visit):
    page = visit(link)
    run(page, "c.key(['j', 'ArrowDown'], 'Next passage', () => {}); c.key('Enter', 'Save', () => {})")
    run(page, "c.key([...'1234'], 'Tick', () => {})")
    page.locator("nav a").nth(1).focus()
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    listed = [line.split("\n") for line in page.locator(".keys > div").all_inner_texts()]
    assert [[part for part in line if part] for line in listed] == [
        ["m", "Write a memo"],  # of the start page itself
        ["j", "↓", "Next passage"],
        ["Enter", "Save"],
        ["1", "–", "4", "Tick"],
        ["?", "Show all keys"],
    ]
    page.keyboard.press("Space")
    assert page.get_by_label("Single letters and numbers work as keys").is_checked(), "the focus is not on it"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert focused(page) == "Desk"


def test_a_key_acts_once_and_only_where_nobody_types(link, visit):
    page = visit(link)
    run(
        page,
        """window.done = [];
        const field = c.h("input", {id: "field", "aria-label": "Field"});
        const tick = c.h("input", {id: "tick", type: "checkbox", "aria-label": "Tick"});
        const button = c.h("button", {id: "press", on: {click: () => done.push("pressed")}}, "Skip");
        c.at("main").append(field, tick, button);
        c.key("s", "Skip", () => done.push("s"), {button});
        c.key("Enter", "Save", () => done.push("Enter"));
        c.key("j", "Next", () => done.push("j"), {repeat: true});
        c.key("k", "Never", () => done.push("k"), {when: () => false});""",
    )
    did = lambda: page.evaluate("done.splice(0).join(' ')")  # noqa: E731
    assert page.inner_text("#press").split() == ["Skip", "s"]
    assert page.get_attribute("#press", "aria-keyshortcuts") == "s"
    page.locator("main").focus()
    for keys in ("s", "Control+s", "Alt+s", "Meta+s", "Shift+S", "k", "Enter"):
        page.keyboard.press(keys)
    assert did() == "s Enter"
    for held in ("s", "j"):
        page.keyboard.down(held)
        page.keyboard.down(held)
        page.keyboard.up(held)
    assert did() == "s j j"
    page.locator("#field").focus()
    page.keyboard.type("sj?")
    page.keyboard.press("Enter")
    assert (did(), page.input_value("#field")) == ("", "sj?")
    page.locator("#tick").focus()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    assert did() == "s Enter"
    page.locator("#press").focus()
    page.keyboard.press("Enter")
    assert did() == "pressed"
    run(page, "window.chosen = c.dialog({title: 'Sure?', actions: [{label: 'Yes', value: 'yes', primary: true}]})")
    page.keyboard.press("s")
    page.keyboard.press("Enter") if page.locator("dialog button.primary").focus() is None else None
    assert (page.evaluate("chosen"), did()) == ("yes", "")


def test_single_keys_can_be_switched_off_for_good(link, visit):
    page = visit(link)
    page.keyboard.press("?")
    page.get_by_label("Single letters and numbers work as keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    assert not page.locator("#keys-button kbd").is_visible()
    page.keyboard.press("?")
    assert page.locator("dialog").count() == 0
    page.locator("#keys-button").click()
    page.get_by_label("Single letters and numbers work as keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def test_what_is_not_saved_is_said_tried_again_and_saved_once(link, visit):
    page = visit(link)
    asked = []

    def broken(route):
        asked.append(route.request.post_data_json)
        if len(asked) == 1:
            route.abort()
        elif len(asked) == 2:
            route.fulfill(status=503, json={"error": "Busy."})
        else:
            route.continue_()

    page.route("**/api/desk/save", broken)
    run(page, "window.answer = c.api('/api/desk/save', {act: 'a1', value: 'x'})")
    page.get_by_text("Not saved yet. The review page does not answer. Trying again until it is").wait_for()
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    page.locator("h1").click()
    page.evaluate("void (location.href = '/desk')")
    page.get_by_text("Not saved yet. Busy.").wait_for()
    assert warned == ["beforeunload"]
    assert page.evaluate("answer") == {"value": "x"}
    assert asked == [{"act": "a1", "value": "x"}] * 3
    assert saved == {"a1": 1}
    assert page.inner_text("#saving") == "Saved again."
    page.goto(home(link) + "desk")
    assert warned == ["beforeunload"]


def test_leaving_is_warned_of_while_a_save_is_under_way(link, visit):
    page = visit(link)
    page.route("**/api/desk/save", lambda route: waiting.append(route))
    waiting, warned = [], []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    page.locator("h1").click()
    with page.expect_request("**/api/desk/save"):
        run(page, "window.answer = c.api('/api/desk/save', {act: 'a1', value: 'x'})")
    page.evaluate("void (location.href = '/desk')")
    page.wait_for_function("navigator.userActivation.hasBeenActive")
    waiting[0].continue_()
    assert page.evaluate("answer") == {"value": "x"}
    assert (warned, page.locator("#saving").is_visible()) == (["beforeunload"], False)


def test_what_waits_and_what_is_kept_by_hand_do_not_mix(link, visit):
    page = visit(link)
    page.route("**/api/desk/save", lambda route: route.abort(), times=1)
    run(page, "c.holding('note', 'a note is not kept')")
    assert run(page, "return await c.api('/api/desk/save', given)", {"act": "a", "value": "x"}) == {"value": "x"}
    assert page.inner_text("#saving") == "Saved again."


def test_a_refusal_is_shown_in_its_own_words_and_not_repeated(link, visit):
    page = visit(link)
    tried = "return await c.api('/api/desk/save', given).catch((error) => [error.status, error.message])"
    sentence = "'wrong' cannot be saved: give another value."
    assert run(page, tried, {"act": "a", "value": "wrong"}) == [400, sentence]
    assert page.inner_text("#saving span") == f"Not saved. {sentence}"
    page.get_by_role("button", name="Close").click()
    assert not page.locator("#saving").is_visible()
    assert run(page, tried, {"act": "a", "value": "x" * 101}) == [422, "What was sent could not be read: value."]
    assert run(page, tried, {"act": "a", "value": "x" * 300_000})[0] == 413
    assert saved == {}


def test_nothing_becomes_html(link, visit):
    page = visit(link)
    text = "<img src=x onerror=alert(1)>"
    assert run(page, "return c.h('p', {title: given}, given, [given, null], false).childNodes.length", text) == 2
    assert run(page, "return c.h('p', {}, given).children.length", text) == 0
    for wrong in ("{onclick: 'alert(1)'}", "{href: 'javascript:alert(1)'}", "{href: '//evil.example'}"):
        assert "is not set like this" in run(
            page, f"try {{ c.h('a', {wrong}) }} catch (error) {{ return String(error) }}"
        )
    colour = "return c.tint(document.createElement('b'), given).style.getPropertyValue('--code')"
    assert run(page, colour, "#5AA0E0") == "#5AA0E0"
    assert run(page, colour, "red; } body {") == ""


def test_the_browser_itself_refuses_html_and_foreign_scripts(link, browser):
    page = browser.new_context().new_page()  # not `visit`, which fails for what the policy reports
    page.goto(link)
    page.wait_for_url(home(link))
    written = "try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch (error) { return error.name }"
    assert page.evaluate(f"() => {{ {written} }}") == "TypeError"
    for script in ("data:text/javascript,window.ran=1", "http://127.0.0.1:1/x.js"):
        page.evaluate(
            """(src) => new Promise((done) => {
            try { const s = document.createElement('script'); s.onerror = s.onload = done; s.src = src;
                  document.head.append(s); } catch { done(); } })""",
            script,
        )
    assert page.evaluate("window.ran") is None
    page.context.close()


def test_each_reviewer_has_a_page_of_their_own(link, visit, study):
    anna = visit(link_of(study, "anna", beside=link))
    ada = visit(link)
    assert anna.inner_text("#me-button") == "anna"
    assert "you lead" not in anna.inner_text("main")
    assert ada.inner_text("#me-button") == "ada"
    anna.locator("#me-button").click()
    anna.get_by_role("button", name="Forget me on this browser").click()
    anna.get_by_text("Open the review page by your own link").wait_for()
    assert anna.context.cookies() == []

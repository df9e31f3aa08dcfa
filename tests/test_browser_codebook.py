"""The codebook in a real browser: changed by keyboard, seen before it is done, and nothing typed is lost."""

import pytest
from browser import clean, link_of, scrolls_sideways, served
from coding_page import passages, read, rows, said, words

from coding import drawing, draws
from coding.codebook_file import load

HOSTILE = "<img src=x onerror=\"document.title='hit'\"> # - : [x] {y} *a &b 'q' \"r\" 🎂 בְּרֵאשִׁית"
READY = "#card[aria-busy=false]"


@pytest.fixture
def link(study):
    with served(study) as link:
        yield link


@pytest.fixture
def book(study):
    return lambda: load(study.folder / "codebook.yml")


@pytest.fixture
def at(visit):
    """The codebook, or another place, by a link."""

    def opened(link, path="codebook", ready=".entry", **context):
        page = visit(link, **context)
        page.goto(f"{link.partition('/enter')[0]}/{path}")
        page.wait_for_selector(ready)
        return page

    return opened


def keys(page, *names):
    for name in names:
        page.keyboard.press(name)


def plan(page):
    """The change that is asked about: its lines, and what it does."""
    page.wait_for_selector("dialog[open] .effects")
    lines = [one.inner_text().replace("\n", " ") for one in page.query_selector_all("dialog .changes li")]
    return lines, page.locator("dialog .effects").inner_text()


def make(page):
    """Agree by Enter; what was done."""
    page.wait_for_selector("dialog[open] .effects")
    keys(page, "Enter")
    page.wait_for_selector("dialog", state="detached")
    page.wait_for_selector("#done:not([hidden])")
    return page.locator("#done").inner_text()


def entry(page, code):
    return page.locator(f".entry[data-code={code}]")


def test_a_definition_is_changed_by_keyboard_alone(study, link, at, book):
    read(study, "anna", passages(study)[0], "voice")
    page = at(link)
    keys(page, "j", "j")
    assert page.evaluate("document.activeElement.id") == "voice"
    keys(page, "e", "Control+End")
    page.keyboard.type(f" {HOSTILE}")
    keys(page, "Control+Enter")
    lines, effects = plan(page)
    assert "definition" in lines[0]
    assert "1 decision (anna 1) on “Voice” was made under another meaning" in effects
    assert book().by_id["voice"].definition == "Nobody listens to the smaller party."
    assert clean(page) == []
    keys(page, "Escape")
    assert HOSTILE in page.input_value("#edit-definition")
    page.focus("#edit-definition")
    keys(page, "Control+Enter")
    told = make(page)
    assert "“Voice” is changed." in told
    assert "1 decision (anna 1) on “Voice” was made under another meaning" in told
    assert book().by_id["voice"].definition == f"Nobody listens to the smaller party. {HOSTILE}"
    assert HOSTILE in entry(page, "voice").inner_text()
    assert "1 decided under another meaning (anna 1)" in entry(page, "voice").inner_text()
    assert page.evaluate("document.activeElement.id") == "voice"
    assert page.title().startswith("Codebook")
    assert len(rows(study)) == 3


def test_lines_are_added_and_taken_away_by_keyboard(link, at, book):
    page = at(link)
    keys(page, "e")
    page.get_by_role("textbox", name="Examples").last.focus()
    keys(page, "Enter")
    page.keyboard.type("They owe us since May.")
    page.get_by_role("textbox", name="Leaves out").focus()
    keys(page, "Control+a", "Delete", "Backspace", "Control+Enter")
    assert plan(page)[0] == ["− Gone: leaves outmoney well spent", "+ Added: exampleThey owe us since May."]
    make(page)
    money = book().by_id["money"]
    assert (money.exclude, money.examples[-1], len(money.examples)) == ((), "They owe us since May.", 4)


def test_what_was_typed_stays_when_somebody_else_was_faster(study, link, at, book):
    page, other = at(link), at(link_of(study, "cai", link, lead=True))
    for one, more in ((page, " Or asks."), (other, " Or hears.")):
        keys(one, "j", "j", "e", "Control+End")
        one.keyboard.type(more)
    other.get_by_role("textbox", name="Examples").last.focus()
    keys(other, "Enter")
    other.keyboard.type("Nobody rang back.")
    page.get_by_role("textbox", name="Examples").last.focus()
    keys(page, "Enter")
    page.keyboard.type("They never wrote.")
    keys(other, "Control+Enter")
    make(other)
    keys(page, "Control+Enter")
    page.get_by_text("The codebook changed meanwhile: look at it as it is now").wait_for()
    assert clean(page) == []
    keys(page, "Enter")
    page.get_by_text("Meanwhile it became").wait_for()
    assert page.input_value("#edit-definition") == "Nobody listens to the smaller party. Or asks."
    assert "Or hears." in page.locator(".meanwhile").inner_text()
    keys(page, "Control+Enter")
    lines, _ = plan(page)
    assert (len(lines), "They never wrote." in lines[1]) == (2, True)
    make(page)
    voice = book().by_id["voice"]
    assert voice.definition == "Nobody listens to the smaller party. Or asks."
    assert voice.examples[-2:] == ("Nobody rang back.", "They never wrote.")


def test_words_are_not_thrown_away_unasked(link, at, book):
    page = at(link)
    before = book()
    keys(page, "e")
    page.keyboard.type(" All new.")
    keys(page, "Escape")
    page.get_by_text("Leave without making the change?").wait_for()
    keys(page, "Escape")
    assert page.input_value("#edit-definition").endswith(" All new.")
    page.focus("#edit-definition")
    keys(page, "Escape")
    page.get_by_role("button", name="Throw my words away").click()
    page.wait_for_selector("#edit-definition", state="detached")
    assert book() == before


def test_a_code_is_merged_with_its_yes_said_again(study, link, at, book):
    first, second = passages(study)[:2]
    read(study, "anna", first, "money", "late")
    read(study, "ben", second, "voice")
    page = at(link, "codebook#late")
    keys(page, "m")
    page.wait_for_selector("dialog[open] #into")
    assert page.query_selector("dialog input:checked") is None
    page.select_option("#into", "voice")
    page.get_by_role("radio", name="Say each yes again").check()
    page.fill("#reason", HOSTILE)
    assert clean(page) == []
    page.get_by_role("button", name="Go on").click()
    _, effects = plan(page)
    again = "1 yes (anna 1) said again for “Voice”, in each coder's name; 1 of them in place of a no"
    assert again in effects
    assert len(rows(study)) == 6
    keys(page, "Escape")
    page.wait_for_selector("dialog[open] #reason")
    assert page.input_value("#reason") == HOSTILE
    page.get_by_role("button", name="Go on").click()
    told = make(page)
    assert "“Late payment” is merged into “Voice”." in told
    assert again in told
    assert said(study, "coder", "passage", "code", "value")[6:] == [("anna", first, "voice", True)]
    assert (book().retired_by_id["late"].into, book().retired_by_id["late"].reason) == ("voice", HOSTILE)
    assert HOSTILE in entry(page, "late").inner_text()


def test_a_code_is_retired_restored_and_everything_put_back(study, link, at, book):
    read(study, "anna", passages(study)[0], "voice")
    first = book()
    page = at(link)
    keys(page, "x")
    page.get_by_text("cannot be retired yet").wait_for()
    keys(page, "Escape", "j", "j", "x")
    page.wait_for_selector("#reason")
    page.keyboard.type("Too rare.")
    page.get_by_role("button", name="Go on").click()
    assert "1 decision (anna 1) on “Voice” stays in the ledger, and counts no more." in plan(page)[1]
    assert "“Voice” is retired." in make(page)
    assert "Too rare." in entry(page, "voice").inner_text()
    assert page.evaluate("document.activeElement.id") == "voice"
    keys(page, "r")
    assert "counts again" in plan(page)[1]
    assert "“Voice” is used again." in make(page)
    assert book() == first
    keys(page, "a")
    page.get_by_label("Name").fill("Hope")
    page.get_by_label("Definition").fill("Somebody hopes.")
    page.get_by_role("button", name="Go on").click()
    make(page)
    assert book().by_id["hope"].definition == "Somebody hopes."
    keys(page, "h")
    page.wait_for_selector("dialog .version")
    assert clean(page) == []
    page.get_by_role("button", name="Put back").last.click()
    plan(page)
    make(page)
    assert [code.id for code in book().codes] == [code.id for code in first.codes]
    assert "hope" in book().retired_by_id


def test_a_fault_shows_its_place_and_goes_when_it_is_mended(study, link, at, book):
    path = study.folder / "codebook.yml"
    sound = path.read_text()
    page = at(link)
    keys(page, "e")
    page.keyboard.type(" Typed.")
    path.write_text(sound.replace("name: Voice", "nome: Voice"))
    keys(page, "Control+Enter")
    page.get_by_role("button", name="Show it as it is now").click()
    page.get_by_text("Line 21, column 5").wait_for()
    assert clean(page) == []
    assert page.input_value("#edit-definition").endswith(" Typed.")
    path.write_text(sound)
    page.get_by_role("button", name="Look again").click()
    page.wait_for_selector("#faults", state="hidden")
    page.focus("#edit-definition")
    keys(page, "Control+Enter")
    make(page)
    assert book().by_id["money"].definition.endswith(" Typed.")


def test_who_does_not_lead_sees_all_of_it_and_no_way_to_change_it(study, link, at):
    page = at(link_of(study, "ben", link))
    assert "Nobody asked us before they decided." in entry(page, "voice").inner_text()
    keys(page, "e", "n", "m", "x", "a", "j")
    assert page.locator("dialog, form, .entry-tools").count() == 0
    assert page.evaluate("document.activeElement.id") == "late"
    assert clean(page) == []
    keys(page, "h")
    page.get_by_text("No version was used yet").wait_for()


def test_a_passage_becomes_an_example_while_it_is_coded(study, link, at, book):
    page = at(link, "review", READY)
    text = page.locator("#text").inner_text()
    keys(page, "2", "3")
    page.locator("#text").select_text()
    keys(page, "1", "1", "2")
    page.wait_for_timeout(50)
    ticked = page.locator("#save-label").inner_text()
    keys(page, "e", "Enter")  # before the change is seen, Enter makes nothing
    page.wait_for_selector("dialog[open] .changes")
    assert text not in book().by_id["late"].examples
    assert page.eval_on_selector("#example-code", "one => one.value") == "late"
    assert clean(page) == []
    keys(page, "Enter")
    page.get_by_text("Now among the examples of “Late payment”.").first.wait_for()
    assert book().by_id["late"].examples[-1] == text
    assert page.locator("#save-label").inner_text() == ticked
    assert rows(study) == []
    keys(page, "d")
    assert text in page.locator("#meaning-text").inner_text()
    page.wait_for_timeout(300)
    keys(page, "Enter")
    page.get_by_text("Saved:").first.wait_for()
    assert {row.codebook for row in rows(study)} == {book().version}
    assert sorted(row.code for row in rows(study) if row.value) == ["late", "money", "voice"]


def test_selected_words_become_a_near_miss_though_the_codebook_changed_meanwhile(study, link, at, book):
    page = at(link, "review", READY)
    keys(page, "3")
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Nobody listens", "Somebody listens"))
    start, end = page.evaluate(
        """() => { const node = document.querySelector('#text').firstChild; const range = document.createRange();
        range.setStart(node, 0); range.setEnd(node, 12); getSelection().removeAllRanges();
        getSelection().addRange(range); return [0, 12]; }"""
    )
    chosen = page.locator("#text").inner_text()[start:end].strip()
    keys(page, "e")
    page.get_by_role("radio", name="is not: a near miss").check()
    page.wait_for_selector("dialog[open] .changes")
    page.get_by_role("button", name="Make the change").click()
    page.get_by_text("Now among the near misses of “Voice”.").first.wait_for()
    voice = book().by_id["voice"]
    assert (voice.definition, voice.near_misses) == ("Somebody listens to the smaller party.", (chosen,))
    assert page.locator("#save-label").inner_text() == "Save: Voice"


def test_no_example_is_made_where_it_could_tell_something(study, link, at, book):
    before = book()
    drawing.draw_double(study, len(passages(study)) - 1, ["anna", "ben"])
    other = at(link_of(study, "cai", link), "review", READY)
    keys(other, "3", "e")
    assert other.locator("dialog").count() == 0
    drawing.draw_audit(study, size=1)
    blind = at(link, "audit", READY)
    keys(blind, "3", "e")
    assert (blind.locator("dialog").count(), blind.get_by_role("button", name="Example").count()) == (0, 0)
    with study.store.database.reading() as connection:
        key = next(key for key, _ in draws.drawn(connection, 1))
    page = at(link, f"review?passage={key}", READY)
    assert page.locator("#text").inner_text() == words(study, key)
    keys(page, "3", "e")
    page.get_by_text("still to be read blind by somebody").wait_for()
    assert book() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(study, link, at, scheme):
    read(study, "anna", passages(study)[0], "voice")
    page = at(link, color_scheme=scheme)
    assert clean(page) == []
    keys(page, "j", "e")
    page.wait_for_selector("#edit-definition")
    assert clean(page) == []


def test_it_fits_a_narrow_window(link, at):
    page = at(link, viewport={"width": 320, "height": 640})
    assert not scrolls_sideways(page)
    keys(page, "e")
    page.wait_for_selector("#edit-definition")
    assert not scrolls_sideways(page)
    page.keyboard.type("unbroken" * 40)
    keys(page, "Control+Enter")
    plan(page)
    assert not scrolls_sideways(page)
    make(page)
    assert not scrolls_sideways(page)
    assert clean(page) == []

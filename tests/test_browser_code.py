"""Coding in a real browser: by keyboard, and what is on disk after it."""

import json
import re

import pytest
from browser import Server, clean, link_of, scrolls_sideways, served
from coding_page import LED, drawn, passages, read, remark, rows, said, suggest, words

from coding import drawing
from coding.codebook_file import load
from coding.study import add, create_study

READY = "#card[aria-busy=false]"
GRACE = 300  # milliseconds after which Enter is taken to be about the passage that shows
EMOJI = "The cake 🎂🎂 came with candles. Ni wnaeth neb ofyn i ni. We were 👩‍👩‍👧 not asked about it."
HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'


@pytest.fixture
def link(study):
    with served(study) as link:
        yield link


@pytest.fixture
def at(visit):
    """Open a mode of coding by a link: the page, when its first passage shows."""

    def opened(link, path="review", **context):
        page = visit(link, **context)
        page.goto(link.partition("/enter")[0] + f"/{path}")
        page.wait_for_selector(f"{READY}, #done:not([hidden]), .lede")
        return page

    return opened


def keys(page, *names):
    """Press these keys, one after the other, as a person does who looks at what is there."""
    for name in names:
        if name == "Enter":
            page.wait_for_timeout(GRACE)
        page.keyboard.press(name)


def text(page):
    return page.locator("#text").inner_text()


def save(page, *names):
    """Press keys, then Enter; back when what was saved is said, and the next passage shows."""
    before = text(page)
    keys(page, *names, "Enter")
    page.wait_for_function("was => document.querySelector('#text')?.innerText !== was", arg=before)
    page.wait_for_function("() => document.getElementById('status').textContent.startsWith('Saved')")


def button(page):
    return page.locator("#save-label").inner_text()


def ticked(page):
    return page.locator("#codes input:checked").evaluate_all("boxes => boxes.map((box) => box.id.slice(5))")


def answers(study):
    """(passage, code, value) of every row of the ledger."""
    return said(study, "passage", "code", "value")


def of(key, money, late, voice):
    return [(key, "money", money), (key, "late", late), (key, "voice", voice)]


def test_coding_by_keyboard_alone_row_by_row(study, link, at):
    order = suggest(study)
    page = at(link)
    done = [
        (["3"], (False, False, True)),
        (["2"], (True, True, False)),
        (["2", "2"], (False, False, False)),
        (["2", "1"], (False, False, False)),
        (["j", "Space"], (True, False, False)),
        (["j", "j", "Space", "k", "Space", "Space"], (True, False, False)),
        (["/", *"voi", "Enter"], (False, False, True)),
        (["ArrowDown", "k", "Space", "ArrowUp", "Space"], (True, True, True)),
        ([], (False, False, False)),
    ]
    for number, (pressed, _) in enumerate(done):
        assert text(page) == words(study, order[number]).strip()
        if number < len(done) - 1:
            save(page, *pressed)
    keys(page, "Enter")
    page.get_by_text("Every passage has been read.").wait_for()
    assert answers(study) == [row for key, (_, values) in zip(order, done, strict=True) for row in of(key, *values)]
    assert set(said(study, "coder", "why", "suggestions_visible")) == {("ada", "uncertain", True)}
    assert all(0 < seconds < 60 for (seconds,) in said(study, "seconds"))
    assert page.locator("#progress").inner_text() == "9 of 9 read"


def test_nothing_is_ticked_before_and_enter_takes_no_suggestion(study, link, at):
    suggest(study)
    page = at(link)
    assert page.locator(".suggested:visible").count() == 2
    assert (ticked(page), button(page)) == ([], "Save: no code")
    save(page)
    assert (ticked(page), {row.value for row in rows(study)}) == ([], {False})
    keys(page, "2")
    assert (ticked(page), button(page)) == (["money", "late"], "Save: Money, Late payment")


def test_a_theme_that_came_along_goes_with_the_last_code_that_brought_it(study, link, at):
    suggest(study)
    page = at(link)
    for pressed, left in (("22", []), ("122", ["money"]), ("1", [])):
        keys(page, *pressed)
        assert ticked(page) == left
    keys(page, "2")
    page.reload()
    page.wait_for_selector(READY)
    keys(page, "2")
    assert (ticked(page), button(page)) == ([], "Save: no code"), "and it does after a reload"


def test_enter_that_belongs_to_the_passage_before_saves_nothing(study, link, at):
    suggest(study)
    page = at(link)
    keys(page, "Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('status').textContent.startsWith('Saved')")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert len({row.act for row in rows(study)}) == 1


def test_why_shows_the_sentence_and_the_text_behind_a_suggestion(study, link, at):
    suggest(study)
    page = at(link)
    assert page.locator("#why").inner_text() == "Uncertain about Money"
    keys(page, "w")
    assert page.locator("mark.carried").inner_text() == "They pay us late every single year."
    assert [told.split("\n\n") for told in page.locator(".reason").all_inner_texts()] == [
        [
            "Money",
            "Carried by: They pay us late every single year.",
            "Nearest to an example in the codebook: The zebra was paid late.",
            "Learned from what people decided so far.",
        ],
        [
            "Voice",
            "Nearest to the definition in the codebook: Nobody listens to the zebra.",
            "By likeness to the codebook: where to look, not how sure.",
        ],
    ]
    assert ticked(page) == []


def test_undo_goes_back_with_what_was_ticked_and_redo_brings_it_back(study, link, at):
    order = suggest(study)
    page = at(link)
    save(page, "2")
    save(page, "3")
    keys(page, "u")
    page.get_by_text("Undone. You are back").first.wait_for()
    assert (text(page), ticked(page)) == (words(study, order[1]).strip(), ["voice"])
    page.reload()
    page.wait_for_selector(READY)
    keys(page, "u")
    page.get_by_text("Undone. You are back").first.wait_for()
    assert (text(page), ticked(page)) == (words(study, order[0]).strip(), ["money", "late"])
    save(page, "3")
    assert [(row.passage, row.code, row.value) for row in rows(study)[-3:]] == of(order[0], True, True, True)
    keys(page, "u")
    page.get_by_text("Undone. You are back").first.wait_for()
    keys(page, "U")
    page.get_by_text("Brought back.").first.wait_for()
    assert page.locator(".recent-one").count() == 1
    assert page.locator(".recent-codes").inner_text() == "Money\nLate payment\nVoice"


@pytest.fixture
def cake(tmp_path, codebook_file):
    """A study of one passage with emoji in it."""
    study = create_study(tmp_path / "cake", codebook_file)
    (tmp_path / "cake.txt").write_text(EMOJI, encoding="utf-8")
    add(study, [tmp_path / "cake.txt"])
    return study


@pytest.fixture
def answered(tmp_path, codebook_file):
    """A study of one person's answers to three questions."""
    study = create_study(tmp_path / "answered", codebook_file)
    asked = '"What went wrong last year?","What went well, do you think?","What should change now, and how?"'
    said = '"They never listened to our view at all","The new kitchen is a joy to cook in","Pay the invoices on time"'
    (tmp_path / "survey.csv").write_text(f"Response ID,{asked}\nR1,{said}\n")
    add(study, [tmp_path / "survey.csv"])
    return study


def test_a_neighbouring_answer_stands_under_its_own_question(answered, at):
    with served(answered) as link:
        page = at(link, f"review?passage={passages(answered)[1]}")
        assert text(page) == "The new kitchen is a joy to cook in"
        assert page.locator(".before").inner_text().split("\n\n") == [
            "What went wrong last year?",
            "They never listened to our view at all",
        ]
        assert page.locator(".asked").inner_text() == "The question\nWhat went well, do you think?"
        assert page.locator(".after").inner_text().split("\n\n") == [
            "What should change now, and how?",
            "Pay the invoices on time",
        ]
        read(answered, "ada", passages(answered)[1], "voice")
        read(answered, "ben", passages(answered)[1])
        page.goto(link.partition("/enter")[0] + "/disagreements")
        page.wait_for_selector("#passage:not(:empty)")
        asked = page.locator(".reading .answers").all_inner_texts()
        assert asked == ["What went wrong last year?", "What should change now, and how?"]


def choose(page, words):
    """Select these words in the passage, as a mouse does."""
    page.evaluate(
        """words => {
            const node = document.getElementById("text").firstChild;
            const start = node.data.indexOf(words);
            getSelection().setBaseAndExtent(node, start, node, start + words.length);
        }""",
        words,
    )


@pytest.mark.parametrize("chosen", ["candles", "🎂 came ", "👩‍👩‍👧 not asked"])
def test_selecting_words_narrows_a_code_to_them_in_code_points(cake, visit, at, chosen):
    with served(cake) as link:
        page = at(link)
        choose(page, chosen)
        keys(page, "3")
        assert page.locator("mark.quoted").inner_text() == chosen.strip()
        assert page.locator("#about-voice q").inner_text() == chosen.strip()
        keys(page, "Enter")
        page.get_by_text("Every passage has been read.").wait_for()
        (span,) = {(row.quote_start, row.quote_end) for row in rows(cake) if row.code == "voice"}
        assert words(cake, rows(cake)[0].passage)[slice(*span)] == chosen.strip()


def test_a_quote_by_keyboard_is_sentences_and_can_be_taken_away(cake, visit, at):
    with served(cake) as link:
        page = at(link)
        keys(page, "3", "q", "Tab", "Space", "Enter")
        page.wait_for_selector("dialog", state="detached")
        assert page.locator("mark.quoted").inner_text() == "Ni wnaeth neb ofyn i ni."
        keys(page, "q", "Space", "Enter")
        page.wait_for_selector("dialog", state="detached")
        assert page.locator("mark.quoted").inner_text() == "The cake 🎂🎂 came with candles. Ni wnaeth neb ofyn i ni."
        page.get_by_role("button", name="Take the quote of Voice away").press("Enter")
        assert (page.locator("mark").count(), ticked(page)) == (0, ["voice"])
        keys(page, "q", "Tab", "Tab", "Space", "Enter")
        page.wait_for_selector("dialog", state="detached")
        keys(page, "Enter")
        page.get_by_text("Every passage has been read.").wait_for()
        (span,) = {(row.quote_start, row.quote_end) for row in rows(cake) if row.code == "voice"}
        assert words(cake, rows(cake)[0].passage)[slice(*span)] == "We were 👩‍👩‍👧 not asked about it."


def test_an_earlier_decision_is_changed_from_the_side_list(study, link, at):
    order = suggest(study)
    page = at(link)
    save(page, "2")
    save(page, "3")
    interrupted = text(page)
    keys(page, "1", "l", "Tab", "Enter")
    page.get_by_text("You read this before").wait_for()
    assert (text(page), ticked(page)) == (words(study, order[0]).strip(), ["money", "late"])
    save(page, "2")
    assert (text(page), ticked(page)) == (interrupted, ["money"]), "and what was begun is still there"
    assert [(row.passage, row.code, row.value) for row in rows(study)[6:]] == [(order[0], "late", False)]
    assert page.locator(".recent-codes").all_inner_texts() == ["Money", "Voice"]


def test_a_reload_loses_nothing(study, link, at):
    order = suggest(study)
    page = at(link)
    save(page, "2")
    choose(page, "invited")
    keys(page, "3")
    page.reload()
    page.wait_for_selector(READY)
    assert page.get_by_text("They are not saved yet.").is_visible()
    assert (ticked(page), page.locator("mark.quoted").inner_text()) == (["voice"], "invited")
    save(page)
    assert answers(study) == of(order[0], True, True, False) + of(order[1], False, False, True)
    assert page.evaluate("sessionStorage.length") == 1, "what was learned last, and no tick any more"


def test_skipping_flags_and_memos_by_keyboard(study, link, at):
    order = suggest(study)
    page = at(link)
    keys(page, "s")
    page.get_by_text("Skipped: it comes again at the end.").first.wait_for()
    assert text(page) == words(study, order[1]).strip()
    keys(page, "f", *"odd", "Control+Enter")
    page.get_by_text("Flag by ada").wait_for()
    assert page.locator("#flag").get_attribute("aria-pressed") == "true"
    keys(page, "m", *"why?", "Control+Enter")
    page.get_by_text("Memo by ada").wait_for()
    page.get_by_role("button", name="Change").click()
    keys(page, "End", *" so", "Control+Enter")
    page.get_by_text("why? so").wait_for()
    keys(page, "f")
    page.get_by_role("button", name="Take it down").click()
    page.get_by_text("The flag is down.").first.wait_for()
    assert (page.get_by_text("Flag by ada").count(), rows(study)) == (0, [])


def test_codes_that_exclude_each_other_are_not_both_ticked(study, link, at):
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("never_with: []", "never_with: [late]"))
    assert load(path).by_id["voice"].never_with == ("late",)
    page = at(link)
    keys(page, "2", "3")
    assert ticked(page) == ["money", "late"]
    assert page.locator("#status").inner_text() == "“Late payment” is ticked, and excludes “Voice”: untick it first."
    keys(page, "1", "3", "2")
    assert (ticked(page), button(page)) == (["voice"], "Save: Voice")


def test_more_than_nine_codes_have_numbers_page_by_page(tmp_path, transcripts, at):
    book = tmp_path / "many.yml"
    codes = "\n".join(f"  - {{id: c{n}, name: Code {n}, definition: Of {n}.}}" for n in range(1, 13))
    book.write_text(f"title: Many\ncodes:\n{codes}\n")
    study = create_study(tmp_path / "many", book)
    add(study, [transcripts])
    with served(study) as link:
        page = at(link)
        assert page.get_by_role("button", name="Codes 10–12").is_visible()
        keys(page, "1", "0", "3", "9")
        assert ticked(page) == ["c1", "c12"]
        keys(page, "0", "2")
        assert button(page) == "Save: Code 1, Code 2, Code 12"


def test_what_a_code_means_is_one_key_away(study, link, at):
    page = at(link)
    keys(page, "1")
    assert page.locator("#meaning-text").inner_text() == "Money\n\nMoney is short or late."
    keys(page, "d")
    told = page.locator("#meaning-text").inner_text()
    parts = ["late payment", "money well spent", "The grant was cut by half.", "Near misses"]
    assert [part in told for part in parts] == [True] * 4
    page.locator("#codes li", has_text="Voice").hover()
    assert page.locator("#meaning-text h3").inner_text() == "Voice"


def test_the_definition_opens_without_a_code_in_focus_and_is_scrolled(study, link, at):
    page = at(link, viewport={"width": 1280, "height": 560})
    assert page.locator("#meaning-text").inner_text() == "Move to a code with j and k to read what it means."
    keys(page, "d")
    assert page.locator("#meaning-text h3").inner_text() == "Money"
    place = "document.getElementById('meaning-text').scrollTop"
    keys(page, "PageDown")
    assert page.evaluate(place) > 0
    keys(page, "PageUp")
    assert page.evaluate(place) == 0
    keys(page, "3", "d", "d")
    assert page.locator("#meaning-text h3").inner_text() == "Voice"


def test_the_button_says_what_enter_does_while_a_code_is_looked_for(study, link, at):
    suggest(study)
    page = at(link)
    keys(page, "1", "/")
    assert button(page) == "Enter: back to the passage"
    keys(page, *"voi")
    assert button(page) == "Enter ticks: Voice"
    keys(page, "Enter")
    assert (ticked(page), button(page)) == (["money", "voice"], "Save: Money, Voice")
    keys(page, "/", *"mon")
    assert button(page) == "Enter unticks: Money"
    page.locator("#save").click()
    assert (ticked(page), button(page), rows(study)) == (["voice"], "Save: Voice", [])
    keys(page, "/", *"mon", "Escape")
    assert (ticked(page), button(page)) == (["voice"], "Save: Voice")


@pytest.mark.parametrize("key", ["f", "m"])
def test_what_was_typed_is_thrown_away_only_when_asked_twice(study, link, at, key):
    suggest(study)
    page = at(link)
    dialog = page.locator("dialog[open]")
    keys(page, key, "Escape")
    assert dialog.count() == 0, "nothing was typed"
    keys(page, key, *"Mostly", "Escape")
    assert dialog.get_by_role("alert").inner_text() == "Escape again throws away what you wrote."
    keys(page, *" so")
    assert not dialog.get_by_role("alert").is_visible()
    dialog.get_by_role("button", name="Close").click()
    assert dialog.get_by_role("alert").inner_text() == "Close again throws away what you wrote."
    assert dialog.get_by_role("textbox").input_value() == "Mostly so"
    keys(page, "Escape")
    dialog.wait_for(state="detached")
    assert page.locator("#notes > *").count() == 0


def test_a_code_is_not_narrowed_to_nothing(study, link, at):
    page = at(link)
    keys(page, "3", "q", "Enter")
    refused = "Tick a sentence with Space, or take the whole passage."
    assert page.locator("dialog[open]").get_by_role("alert").inner_text() == refused
    keys(page, "Space", "Enter")
    page.wait_for_selector("dialog", state="detached")
    assert page.locator("mark.quoted").count() == 1


def test_what_changed_is_said_in_the_queue_once(study, link, at):
    suggest(study)
    page = at(link)
    assert page.locator("#learned").inner_text() == "Learned from what was decided\nClose\nMoney: the zebra is learned."
    page.reload()
    page.wait_for_selector(READY)
    assert not page.locator("#learned").is_visible()


def test_a_saved_reading_that_the_network_lost_is_sent_again_and_saved_once(study, link, at):
    suggest(study)
    page = at(link)
    keys(page, "3")
    lost = []

    def lose(route):
        if len(lost) == 2:
            return route.continue_()
        lost.append(route.request.post_data_json)
        if len(lost) == 2:
            route.fetch()  # it is saved, and the answer is lost
        return route.abort()

    page.route("**/api/code/save", lose)
    keys(page, "Enter")
    page.get_by_text("Not saved yet.").wait_for()
    page.wait_for_function("() => document.getElementById('status').textContent.startsWith('Saved')")
    assert lost[0] == lost[1]
    assert len(rows(study)) == 3


def test_a_server_that_is_killed_loses_nothing_that_was_said_to_be_saved(study, at):
    order = suggest(study)
    with Server(study.folder) as server:
        page = at(server.link)
        save(page, "3")
        keys(page, "1")
        server.kill()
        keys(page, "Enter")
        page.get_by_text("Not saved yet.").wait_for()
        assert "Saved" not in page.locator("#status").inner_text()
        server.start()
        page.wait_for_function("() => document.getElementById('status').textContent === 'Saved: Money'", timeout=60_000)
    assert answers(study) == of(order[0], False, False, True) + of(order[1], True, False, False)


def test_what_is_refused_is_not_said_to_be_saved(study, link, at):
    suggest(study)
    page = at(link)
    keys(page, "3")
    refuse = {"status": 400, "body": json.dumps({"error": "The disk is full."}), "content_type": "application/json"}
    page.route("**/api/code/save", lambda route: route.fulfill(**refuse))
    keys(page, "Enter")
    page.get_by_text("Not saved. The disk is full.").wait_for()
    assert (page.locator("#status").inner_text(), ticked(page), rows(study)) == ("Not saved.", ["voice"], [])
    page.unroute("**/api/code/save")
    save(page)
    assert {row.code for row in rows(study) if row.value} == {"voice"}


@pytest.fixture
def hostile(tmp_path):
    """A study in which everything that can be named or said is HTML with a script."""
    text = json.dumps(HOSTILE)
    book = tmp_path / "hostile.yml"
    fields = ("definition", "name")
    lists = ("include", "exclude", "examples", "near_misses")
    code = [f"    {f}: {text}" for f in fields] + [f"    {f}: [{json.dumps(f + HOSTILE)}]" for f in lists]
    book.write_text("\n".join([f"title: {text}", "codes:", "  - id: evil", *code]))
    study = create_study(tmp_path / "hostile", book)
    folder = tmp_path / "hostile-files"
    folder.mkdir()
    name = "<img src=x onerror=hit()>.txt"
    (folder / name).write_text(f"<b>Ann</b>: {HOSTILE}\nMair: {HOSTILE} again, and more of it.\n", encoding="utf-8")
    (folder / "attributes.csv").write_text(f'file,"<i>size</i>"\n{name},"<script>window.hit=1</script>"\n')
    add(study, [folder])
    return study


def test_a_transcript_full_of_script_runs_nothing(hostile, at):
    for key in passages(hostile):
        remark(hostile, HOSTILE, key)
    with served(hostile) as link:
        page = at(link)
        assert HOSTILE in text(page)
        keys(page, "1", "d", "q", "Space", "Enter")
        page.wait_for_selector("dialog", state="detached")
        keys(page, "m", *HOSTILE, "Control+Enter")
        page.get_by_text("Memo by ada").wait_for()
        keys(page, "Enter")
        page.wait_for_selector(".recent-one")
        assert HOSTILE in page.locator(".recent").inner_text()
        assert page.evaluate("window.hit") is None
        assert page.locator("main img, main script:not([type])").count() == 0


@pytest.mark.parametrize("mode", ["audit", "double"])
def test_no_answer_that_a_blind_page_gets_tells_of_the_machine_or_of_another(study, link, at, mode):
    for key in suggest(study):
        read(study, "Zebedee", key, "late") if mode == "double" else None
        remark(study, "Zebedee", key)
    draw = drawing.draw_audit(study, 4) if mode == "audit" else drawing.draw_double(study, 4, ["ada", "Nobody"])
    bodies = []
    page = at(link)
    page.on("response", lambda answer: bodies.append((answer.url, answer.text())))
    page.goto(page.url.replace("review", mode))
    page.wait_for_selector(READY)
    named = {"audit": "Audit", "double": "Double coding"}[mode]
    for number in range(1, 5):
        assert page.locator("#why").inner_text() == f"{named} drawn at random, {number} of 4"
        assert "suggested" not in page.content()
        keys(page, "w", "3", "Enter")
        page.locator("#progress", has_text=f"{number} of 4 read").wait_for(state="attached")
    page.wait_for_selector("#done:not([hidden])")
    keys(page, "u")
    page.get_by_text("Undone.").first.wait_for()
    static = {url for url, _ in bodies if "/static/" in url}
    assert len(bodies) - len(static) > 6
    assert [(url, word) for url, body in bodies for word in LED if url not in static and word in body.casefold()] == []
    reads = [row for row in rows(study) if row.coder == "ada" and row.undoes is None]
    assert [row.passage for row in reads[::3]] == drawn(study, draw)
    assert {(row.why, row.draw, row.suggestions_visible) for row in reads} == {(mode, 1, False)}


def test_a_second_reviewer_gets_another_passage_and_both_are_kept(study, link, at):
    order = suggest(study)
    ada, ben = at(link), at(link_of(study, "ben", link))
    assert [text(ada), text(ben)] == [words(study, key).strip() for key in order[:2]]
    save(ben, "3")
    save(ada, "1")
    assert said(study, "coder", "passage")[::3] == [("ben", order[1]), ("ada", order[0])]
    assert text(ada) == words(study, order[3]).strip()


def test_where_nothing_is_left_the_page_says_what_to_do(study, link, at):
    page = at(link, "audit")
    assert "No audit is waiting for you" in page.inner_text("main")
    drawing.draw_audit(study, 1)
    page.reload()
    page.wait_for_selector(READY)
    keys(page, "Enter")
    page.get_by_text("This audit is read to the end.").wait_for()
    assert page.get_by_role("link", name="To the review queue").is_visible()
    top = [page.locator(place).bounding_box()["y"] for place in ("#done", "#recent")]
    assert top == sorted(top), "the last decisions are below it"


def test_the_end_is_in_sight_wherever_the_page_was_scrolled_to(study, link, at):
    for key in passages(study)[:8]:
        read(study, "ada", key, "voice")
    page = at(link, viewport={"width": 900, "height": 500})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    keys(page, "Enter")
    page.get_by_text("Every passage has been read.").wait_for()
    box = page.locator("#done").bounding_box()
    assert 0 <= box["y"] < 500 - box["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(study, link, at, scheme):
    suggest(study)
    remark(study, "Zebedee", passages(study)[1])
    page = at(link, color_scheme=scheme)
    assert clean(page) == []
    save(page, "2")
    choose(page, "invited")
    keys(page, "3", "w", "d")
    page.wait_for_timeout(200)
    assert clean(page) == []
    keys(page, "q")
    assert clean(page) == []
    keys(page, "Escape", "?")
    page.wait_for_selector("dialog[open]")
    assert clean(page) == []


@pytest.mark.parametrize("window", [(320, 640, 1), (640, 400, 2), (1280, 800, 1)])
def test_nothing_is_wider_than_the_window_and_save_is_in_sight(study, link, at, window):
    width, height, zoom = window
    suggest(study)
    page = at(link, viewport={"width": width, "height": height}, device_scale_factor=zoom)
    keys(page, "2", "w")
    assert not scrolls_sideways(page)
    assert re.match("They pay us", text(page))
    if width > 1000:
        box = page.locator("#save").bounding_box()
        assert box["y"] + box["height"] < height
    assert page.locator("#text").bounding_box()["y"] < height


def test_a_passage_is_opened_by_its_link_and_a_sealed_one_is_not(study, link, at):
    order = suggest(study)
    page = at(link, f"review?passage={order[4]}")
    assert text(page) == words(study, order[4]).strip()
    assert page.locator("#source a").get_attribute("href").endswith(f"#p{order[4]}")
    (apart,) = drawn(study, drawing.draw_audit(study, 1))
    page = at(link, f"review?passage={apart}")
    assert "drawn to be read blind" in page.locator("#saving").inner_text()
    assert text(page) != words(study, apart).strip()

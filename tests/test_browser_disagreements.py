"""Disagreements and agreement in a real browser: settled by keyboard alone, and nothing of it lost or assumed."""

import shutil
from pathlib import Path

import pytest
from browser import clean, link_of, scrolls_sideways, served
from coding_page import suggest

from coding import agree, drawing, draws, ledger, memos
from coding.differences import ALL, OPEN, SETTLED, Only, find
from coding.importing import import_decisions
from coding.ledger import DECISIONS, Decision, new_act
from coding.study import add, create_study, open_study

EXAMPLES = Path(__file__).parent.parent / "examples"
HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample corpus with its two codings."""
    study = create_study(tmp_path_factory.mktemp("sample") / "study")
    add(study, [EXAMPLES / "corpus"])
    for name in ("anna.csv", "ben.xlsx"):
        import_decisions(study, EXAMPLES / name)
    study.store.database.close()
    return study.folder


@pytest.fixture
def corpus(sample, tmp_path):
    return open_study(shutil.copytree(sample, tmp_path / "sample"))


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


def decide(study, *rows, **how):
    with study.store.database.writing() as connection:
        ledger.record(connection, [Decision(*row, study.codebook.version, **how) for row in rows])


def differ(study, key, *codes, **how):
    for code in codes:
        decide(study, ("anna", key, code, True), ("ben", key, code, False), **how)


def number(study, state=OPEN):
    with study.store.database.reading() as connection:
        return sum(len(case.codes) for case in find(connection, study.codebook, Only(state=state)).cases)


def rows(study):
    """Who settled what as what, and why, in order."""
    columns = [DECISIONS.c[name] for name in ("coder", "passage", "code", "value", "reason")]
    with study.store.database.reading() as connection:
        query = ledger.select(*columns).where(DECISIONS.c.why == "adjudication").order_by(DECISIONS.c.id)
        return [tuple(row) for row in connection.execute(query)]


def opened(visit, link, path="/disagreements", **context):
    page = visit(link, **context)
    page.goto(link.partition("/enter")[0] + path)
    page.wait_for_selector("#passage:not(:empty), #nothing:not(:empty)", state="attached")
    return page


def shown(page):
    """The words of the passage in focus, and the name of the code."""
    return page.text_content("#passage"), page.text_content("#focused .code")


def press(page, *names):
    for name in names:
        page.keyboard.press(name)


def arrived(page):
    """Wait until what was asked for is shown."""
    page.wait_for_selector("#ruling[aria-busy=false]", state="attached")


def settle(page):
    """Press Enter, and wait for what comes next."""
    with page.expect_response("**/api/disagreements/settle"):
        page.keyboard.press("Enter")
    page.wait_for_selector("#just:text('Settled just now')", state="attached")
    arrived(page)


def test_every_disagreement_of_the_sample_is_settled_by_keyboard_alone(corpus, visit):
    with served(corpus) as link:
        page = visit(link)
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.includes('Disagreements')"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**/disagreements")
        page.wait_for_selector("#cases li")
        todo = number(corpus)
        assert todo == 13
        said = []
        for turn in range(todo):
            value, reason = "yn"[turn % 2], turn % 5 + 1
            press(page, value, str(reason))
            if turn == 3:
                press(page, "m")
                page.keyboard.type("A volunteer's words.")  # y, n and numbers are letters here
            if turn == 4:
                press(page, "b")
            said.append((value == "y", ("ambiguous", "gap", "slip", "edge", "honest")[reason - 1]))
            settle(page)
        page.get_by_text("Everything here is settled.").wait_for()
        assert (number(corpus), number(corpus, SETTLED)) == (0, 13)
        assert [(row[0], *row[3:]) for row in rows(corpus)] == [("ada", *one) for one in said]
        assert len({row[1:3] for row in rows(corpus)}) == 13
        with corpus.store.database.reading() as connection:
            ((author, text, code),) = [(memo.author, memo.text, memo.code) for memo in memos.standing(connection)]
            assert (author, text, code) == ("ada", "A volunteer's words.", rows(corpus)[3][2])
            assert [(flag.coder, flag.code) for flag in memos.raised(connection)] == [("ada", rows(corpus)[4][2])]
            values = [value for _, found in ledger.agreed(connection, corpus.codebook) for value in found.values()]
            assert 0.5 not in values
        press(page, "u")
        page.wait_for_selector("#desk:not([hidden])")
        assert page.is_checked(f"input[name=value][value={'yes' if said[-1][0] else 'no'}]")
        assert number(corpus) == 1
        settle(page)
        assert number(corpus) == 0
        page.get_by_role("button", name="Settled").click()
        page.get_by_text("Settled as").wait_for()
        assert "ada" in page.text_content("#settled")


def test_nothing_is_chosen_and_nothing_is_settled_without_a_reason(study, keys, visit):
    differ(study, keys[0], "voice")
    with served(study) as link:
        page = opened(visit, link)
        assert page.query_selector("input:checked") is None
        for pressed, said in (("Enter", "yes or no"), ("2", ""), ("Enter", "yes or no"), ("n", ""), ("Enter", "")):
            if pressed == "Enter" and not said:
                break
            press(page, pressed)
            assert said in page.text_content("#refused")
        assert rows(study) == []
        settle(page)
        assert rows(study) == [("ada", keys[0], "voice", False, "gap")]
        page.reload()
    differ(study, keys[1], "voice")
    with served(study) as link:
        page = opened(visit, link)
        press(page, "y", "Enter")
        assert "one of the five reasons" in page.text_content("#refused")
        assert len(rows(study)) == 1


@pytest.mark.parametrize("window", [(1280, 800), (1280, 640), (1000, 700), (360, 640)])
def test_what_is_pressed_and_what_is_refused_is_in_sight(study, keys, visit, window):
    width, height = window
    for coder in ("carl", "dan", "eve", "fay", "gus", "hal"):
        decide(study, (coder, keys[0], "money", True), quote_start=0, quote_end=40)
    differ(study, keys[0], "money", "voice", "late")

    def seen(place):
        box = page.locator(place).bounding_box()
        return box["y"] >= 0 and box["y"] + box["height"] <= height

    with served(study) as link:
        page = opened(visit, link, viewport={"width": width, "height": height})
        if (width, height) == (1280, 800):
            assert seen("#outcome"), "before anything is pressed"
        press(page, "2")
        assert seen("#reason-label"), "as it was chosen"
        page.evaluate("scrollTo(0, 0)")
        press(page, "Enter")
        assert (seen("#refused"), "yes or no" in page.text_content("#refused")) == (True, True)
        assert not scrolls_sideways(page)


def test_codes_of_a_passage_are_settled_as_one_act_and_undone_as_one(study, keys, visit):
    differ(study, keys[0], "money", "voice")
    with served(study) as link:
        page = opened(visit, link)
        first = shown(page)[1]
        press(page, "y", "3", "j")
        assert (first, shown(page)[1]) == ("Money", "Voice")
        press(page, "n", "5")
        settle(page)
        assert rows(study) == [("ada", keys[0], "money", True, "slip"), ("ada", keys[0], "voice", False, "honest")]
        with study.store.database.reading() as connection:
            acts = [row.act for row in ledger.adjudicated(connection)]
        assert len(set(acts)) == 1
        press(page, "u")
        page.get_by_text("Taken back").first.wait_for(state="attached")
        page.wait_for_selector("#desk:not([hidden])")
        assert number(study) == 2
        press(page, "u")
        page.wait_for_selector("#just:text('nothing of yours')")


def test_what_is_refused_is_said_beside_it_and_can_be_put_right(study, keys, visit):
    differ(study, keys[0], "money", "late")
    with served(study) as link:
        page = opened(visit, link)
        press(page, "n", "1", "j", "y", "1", "Enter")
        page.get_by_text("'Late payment' is a part of 'Money', which is settled as no").wait_for()
        assert (rows(study), page.is_visible("#saving")) == ([], False)
        press(page, "n")
        settle(page)
        assert [row[3] for row in rows(study)] == [False, False]


def test_moving_keeps_what_was_begun(study, keys, visit):
    for key in keys[:3]:
        differ(study, key, "voice")
    with served(study) as link:
        page = opened(visit, link)
        first = shown(page)[0]
        press(page, "y", "m")
        page.keyboard.type("begun")
        press(page, "Escape", "j")
        arrived(page)
        assert shown(page)[0] != first
        assert page.query_selector("input:checked") is None
        assert page.input_value("#note") == ""
        press(page, "k")
        arrived(page)
        assert shown(page)[0] == first
        assert (page.is_checked("input[value=yes]"), page.input_value("#note")) == (True, "begun")
        press(page, "s")
        arrived(page)
        assert shown(page)[0] != first
        assert page.locator("#cases > li").last.inner_text().startswith("interview.txt")
        assert first.startswith(page.locator("#cases .words").last.text_content())
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto(link.partition("/enter")[0] + "/")
        assert asked == ["beforeunload"]
        assert rows(study) == []


def test_filters_stand_in_the_address(study, keys, visit):
    differ(study, keys[0], "voice")
    differ(study, keys[1], "money")
    decide(study, ("carl", keys[1], "money", True))
    with served(study) as link:
        page = opened(visit, link, "/disagreements?code=money")
        assert (shown(page)[1], page.locator("#cases > li").count()) == ("Money", 1)
        page.select_option("#coders", label="anna and carl")
        page.get_by_text("The coders do not differ here.").first.wait_for()
        assert page.url.endswith("/disagreements?state=open&code=money&coder=anna&coder=carl")
        page.reload()
        page.get_by_text("The coders do not differ here.").first.wait_for()
        page.goto(link.partition("/enter")[0] + f"/disagreements?state=all&passage={keys[0]}")
        page.wait_for_selector("#desk:not([hidden])")
        assert shown(page)[1] == "Voice"


def test_names_are_hidden_and_stay_hidden(study, keys, visit):
    differ(study, keys[0], "voice")
    with study.store.database.writing() as connection:
        memos.add(connection, "ben", "Hm.", passage=keys[0])
    with served(study) as link:
        page = opened(visit, link)
        assert {"anna", "ben"} <= set(page.locator(".who").all_text_contents())
        press(page, "h")
        page.reload()
        page.wait_for_selector(".who")
        assert page.locator(".who").all_text_contents() == ["Coder A", "Coder B"]
        assert "ben" not in page.inner_text("#desk")
        press(page, "h")
        assert "ben" in page.inner_text("#desk")


def test_what_is_sealed_is_nowhere_until_all_have_read_it(study, keys, visit):
    draw = drawing.draw_double(study, 2, ["anna", "ben"])
    with study.store.database.reading() as connection:
        sealed = [key for key, _ in draws.drawn(connection, draw.id)]
    how = {"why": "double", "draw": draw.id, "probability": 0.5}
    for key in sealed:
        decide(study, ("anna", key, "voice", True), **how)
        decide(study, ("carl", key, "voice", False))
    with served(study) as link:
        page = opened(visit, link)
        assert "do not differ here" in page.inner_text("main")
        page.goto(link.partition("/enter")[0] + f"/disagreements?passage={sealed[0]}")
        page.get_by_text("still to be read blind").first.wait_for()
        assert not page.is_visible("#desk")
        differ(study, next(key for key in keys if key not in sealed), "voice")
        page.reload()  # what is not sealed can be settled all the same
        page.wait_for_selector("#desk:not([hidden])")
        assert page.locator("#cases > li").count() == 1
        decide(study, ("ben", sealed[0], "voice", False), **how)
        page.reload()
        page.wait_for_selector("#cases > li:nth-child(2)")


def test_those_who_do_not_lead_do_not_see_it(study, keys, visit):
    with served(study) as link:
        page = visit(link_of(study, "ben", link))
        assert "Disagreements" not in page.inner_text("body")
        for path in ("/disagreements", "/agreement"):
            page.goto(link.partition("/enter")[0] + path)
            assert "for those who lead the study" in page.inner_text("main")


def test_hostile_words_are_words(study, keys, visit):
    differ(study, keys[0], "voice", quote_start=0, quote_end=4)
    decide(study, (HOSTILE, keys[0], "voice", True))
    with study.store.database.writing() as connection:
        memos.add(connection, HOSTILE, HOSTILE, passage=keys[0], code="voice")
        memos.flag(connection, HOSTILE, keys[0], HOSTILE)
    with served(study) as link:
        page = opened(visit, link)
        assert HOSTILE in page.inner_text("#remarks")
        assert HOSTILE in page.locator(".who").all_text_contents()
        press(page, "y", "1", "m")
        page.keyboard.insert_text(HOSTILE)
        settle(page)
        page.goto(link.partition("/enter")[0] + "/disagreements?state=settled")
        page.wait_for_selector("#desk:not([hidden])")
        page.goto(link.partition("/enter")[0] + "/agreement?code=voice")
        assert HOSTILE in page.inner_text("main")
        assert (page.locator("img[src=x]").count(), "broken" in page.title()) == (0, False)


def test_a_quote_is_marked_by_code_points(study, keys, visit):
    decide(study, ("anna", keys[2], "voice", True), quote_start=24, quote_end=33)
    decide(study, ("ben", keys[2], "voice", False))
    with study.store.database.reading() as connection:
        text = find(connection, study.codebook).cases[0].words
    start = text.index("🎂")
    decide(study, ("anna", keys[2], "voice", True), quote_start=start + 2, quote_end=start + 10)
    with served(study) as link:
        page = opened(visit, link)
        assert page.locator("#passage mark").all_text_contents() == ["and sing."[:8]]
        assert page.locator(".saying q").all_text_contents() == ["and sing."[:8]]
        assert shown(page)[0] == text


@pytest.mark.parametrize(
    "context",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 640}},
        {"forced_colors": "active"},
    ],
    ids=["light", "dark", "narrow", "contrast"],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(study, keys, visit, context):
    differ(study, keys[0], "voice", "money", quote_start=0, quote_end=9)
    differ(study, keys[1], "money")
    with served(study) as link:
        page = opened(visit, link, **context)
        assert (clean(page), scrolls_sideways(page)) == ([], False)
        press(page, "y", "Enter", "d")
        page.locator("#agreed summary").click()
        page.wait_for_selector("#agreed td")
        assert (clean(page), scrolls_sideways(page)) == ([], False)
        page.goto(link.partition("/enter")[0] + "/agreement?code=money")
        assert (clean(page), scrolls_sideways(page)) == ([], False)


def test_a_number_of_agreement_leads_to_its_passages(corpus, visit):
    with served(corpus) as link:
        page = visit(link)
        page.goto(link.partition("/enter")[0] + "/agreement")
        with corpus.store.database.reading() as connection:
            lines = [line for line in agree.compare(corpus, connection).lines if line.people.passages]
        for line in lines:
            body = page.locator("tbody", has_text=line.name).first
            assert f"{line.people.alpha.value:.2f}" in body.inner_text()
            assert body.locator("circle.dot").count() == 1
        assert "not drawn at random" in page.inner_text("main")
        page.get_by_role("link", name=f"5 passages in which coders differ on {lines[2].name}").click()
        page.wait_for_selector("#cases li")
        assert page.locator("#cases > li").count() == len(lines[2].people.differ) == 5


def test_each_number_beside_the_machine_leads_to_its_own_passages(study, keys, visit):
    suggest(study)
    draw = drawing.draw_audit(study, 2)
    with study.store.database.reading() as connection:
        drawn = [key for key, _ in draws.drawn(connection, draw.id)]
    decide(study, *(("ada", key, "voice", False) for key in drawn), why="audit", draw=draw.id, probability=0.2)
    others = [key for key in keys if key not in drawn][:4]
    decide(study, *((who, key, "voice", False) for who in ("anna", "ben") for key in others))
    with served(study) as link:
        page = visit(link, viewport={"width": 1280, "height": 500})
        for row, number, compared in (
            ("machine differ on Voice", 4, "Where the machine and coders differ on Voice"),
            ("audit differ on Voice", 2, "Where the machine and coders, in the audit, differ on Voice"),
        ):
            page.goto(link.partition("/enter")[0] + "/agreement")
            page.get_by_role("link", name=f"{number} passages in which machine").and_(
                page.get_by_role("link", name=row)
            ).click()
            page.wait_for_url("**#differing")
            assert page.inner_text("#differing-name") == compared
            assert page.locator("#differing li").count() == number
            assert 0 <= page.locator("#differing-name").bounding_box()["y"] < 400, "it is scrolled to"


def test_agreement_that_is_undefined_says_why(study, keys, visit):
    with served(study) as link:
        page = visit(link)
        page.goto(link.partition("/enter")[0] + "/agreement")
        assert "No passage was read by two coders" in page.inner_text("main")
        decide(study, *((who, key, "voice", False) for who in ("anna", "ben") for key in keys))
        page.reload()
        assert "no alpha: every decision is the same, so chance agreement is total" in page.inner_text("main")
        draw = drawing.draw_double(study, agree.FEWEST, ["dan", "eve"])
        page.reload()
        assert "5 passages drawn for double coding are not read by all coders yet" in page.inner_text("main")
        with study.store.database.reading() as connection:
            passages = [key for key, _ in draws.drawn(connection, draw.id)]
        how = {"why": "double", "draw": draw.id, "probability": 0.5, "act": new_act()}
        decide(study, ("dan", passages[0], "voice", True), ("eve", passages[0], "voice", False), **how)
        decide(study, *((who, key, "voice", False) for who in ("dan", "eve") for key in passages[1:]), **how)
        page.reload()
        assert "Blind readings of random passages by dan, eve." in page.inner_text("main")
        page.get_by_role("link", name="1 passage in which coders differ on Voice").click()
        page.wait_for_selector("#cases li")
        assert page.locator("#cases > li").count() == 1 == number(study, ALL)


@pytest.mark.parametrize("path", ["/counts", "/counts?by={long}", "/agreement?code=voice"])
def test_tables_are_not_wider_than_a_small_window(study, keys, visit, tmp_path, path):
    long = "How often in the last twelve months did somebody of your household go to the village hall?"
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "letter.txt").write_text("Nobody came to the hall at all.\n")
    (tmp_path / "more" / "attributes.csv").write_text(f"file,{long}\nletter.txt,never\n")
    add(study, [tmp_path / "more"])
    differ(study, keys[0], "voice")
    with served(study) as link:
        page = visit(link, viewport={"width": 360, "height": 640})
        page.goto(link.partition("/enter")[0] + path.replace("{long}", long.replace(" ", "%20")))
        assert page.locator("table").count() >= 1
        assert not scrolls_sideways(page)

"""Counts in a real browser: on any window, in the dark, with the keyboard, and for who hears them."""

import pytest
from browser import clean, scrolls_sideways, served
from surveyed import surveyed

from coding.counts import counts
from coding.telling_counts import interval

PATHS = ("/counts", "/counts?by=Size&once=1", "/counts?unit=Size")


@pytest.fixture
def survey(empty, tmp_path):
    surveyed(empty, tmp_path)
    return empty


def at(link, path="/counts"):
    return link.partition("/enter")[0] + path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_no_window_scrolls_sideways(survey, visit, scheme):
    with served(survey) as link:
        for width in (320, 640, 1280):  # the second is a laptop at 200 %
            page = visit(link, viewport={"width": width, "height": 700}, color_scheme=scheme)
            for path in PATHS:
                page.goto(at(link, path))
                assert (path, width, clean(page), scrolls_sideways(page)) == (path, width, [], False)


def test_everything_is_chosen_with_the_keyboard(survey, visit):
    with served(survey) as link:
        page = visit(link)
        page.goto(at(link))
        page.focus("#unit")
        page.keyboard.press("Tab")
        page.keyboard.type("Size")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/counts?unit=passage&by=Size&once=1")
        assert page.input_value("#by") == "Size"
        assert page.is_checked("input[name=once]")
        assert page.locator("details p").first.is_hidden()
        page.focus("summary")
        page.keyboard.press("Enter")
        assert page.locator("details p").first.is_visible()


@pytest.mark.parametrize("width", [400, 1280])
def test_a_screen_reader_hears_a_table_with_the_numbers_of_each_picture(survey, visit, width):
    with served(survey) as link:
        page = visit(link, viewport={"width": width, "height": 700})
        page.goto(at(link))
        for one, row in zip(counts(survey), page.locator("tbody").get_by_role("row").all(), strict=True):
            low, value, high = interval(one)
            name = survey.codebook.by_id[one.code].name
            assert row.get_by_role("rowheader").inner_text() == name
            label = f"Estimate {value:,.0f}, 95 % interval {low:,.0f} to {high:,.0f}"
            assert row.get_by_role("img").get_attribute("aria-label").startswith(label)
            assert row.get_by_role("cell").count() == 8


def test_a_narrow_window_names_each_number_and_shows_the_picture_whole(survey, visit):
    with served(survey) as link:
        page = visit(link, viewport={"width": 320, "height": 700})
        page.goto(at(link))
        shown = page.locator("tbody td.number").first.evaluate("cell => getComputedStyle(cell, '::before').content")
        assert shown.startswith('"Yes')
        for mark in page.locator("tbody svg.plot").all():
            box = mark.bounding_box()
            assert box["width"] > 150
            assert box["x"] + box["width"] <= 320
        top, row = (page.locator(f"{part} svg.plot").first.bounding_box() for part in ("thead", "tbody"))
        assert (top["x"], top["width"]) == (row["x"], row["width"]), "the axis is above the marks"

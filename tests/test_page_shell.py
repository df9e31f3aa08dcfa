"""The shell of the review page in a real browser: what every view stands in."""

import re

import pytest
from browser import Server, clean, link_of, scrolls_sideways, served

SCRIPT = "from './common.js'"


@pytest.fixture
def link(study):
    with served(study) as link:
        yield link


def at(link):
    """The address without the secret."""
    return link.partition("/enter")[0] + "/"


def test_a_link_opens_the_page_and_its_secret_is_gone_from_the_address(link, visit):
    page = visit(link)
    assert page.url == at(link)
    assert page.get_by_role("heading", level=1).inner_text() == "What there is to do"
    assert "9 passages in 5 documents. You are ada, and you lead this study." in page.inner_text("main")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["value"]) == (True, "Strict", link.partition("#")[2])
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("performance.getEntriesByType('navigation')[0].name") == at(link)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(link, visit, scheme):
    page = visit(link, color_scheme=scheme)
    assert clean(page) == []
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    assert clean(page) == []

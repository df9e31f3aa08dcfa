"""The page counts as the shell does: each row with what it rests on, and where something is missing, how to get it."""

import re

import pytest
import reading_audits
from browser import served
from coding_page import Reviewer
from lxml import html
from reading_audits import read
from surveyed import surveyed

from coding import draws
from coding.counts import counts
from coding.drawing import draw_audit, draw_double, draw_units
from coding.page.counts import _Scale
from coding.telling_counts import interval, said


@pytest.fixture
def survey(empty, tmp_path):
    return empty, surveyed(empty, tmp_path)


def asked(study, **query):
    with served(study) as link:
        return html.fromstring(Reviewer(link).get("/counts", **query))


def text(element):
    return " ".join(element.text_content().split())


def rows(page):
    """The cells of each row, without the picture."""
    return [[text(cell) for cell in row] for row in page.xpath("//tbody/tr")]


def sentences(page):
    return [text(one) for one in page.xpath("//main//p[not(ancestor::details)]")]


def labels(page):
    return page.xpath("//tbody//svg/@aria-label")


def expected(count, name, *group):
    low, value, high = interval(count)
    notes = " few" * count.estimate.few
    numbers = (count.decided_yes, count.read - count.decided_yes - count.decided_no, count.read, count.total)
    found = [f"≥ {int(100 * count.recall.recall)} %"] if count.recall else []
    audited = sum(part.share.n for layer in count.estimate.layers for part in layer)
    shown = f"{value:,.0f} {low:,.0f} to {high:,.0f}{notes}"
    return [name, *group, shown, *map(str, numbers), str(audited), *found, str(count.suggested)]


def test_each_row_has_its_interval_what_was_read_the_audit_and_the_certificate(survey):
    study, _ = survey
    page, found = asked(study), counts(study)
    head = [text(one) for one in page.xpath("//thead//th")]
    assert [one.split(" interval")[0] for one in head] == (
        ["Code", "Count, with 95 %", "Yes", "Differ", "Read", "Of", "Audit", "Found", "Machine"]
    )
    names = ("Money", "Late payment", "Voice")
    assert rows(page) == [expected(one, name) for one, name in zip(found, names, strict=True)]
    for one, label in zip(found, labels(page), strict=True):
        low, value, high = interval(one)
        assert label == (
            f"Estimate {value:,.0f}, 95 % interval {low:,.0f} to {high:,.0f}; "
            f"the machine says {one.suggested}, uncorrected"
        )
    (audit,) = page.xpath("//*[@id='audits']/li")
    with study.store.database.reading() as connection:
        (draw,) = draws.draws(connection)
    assert text(audit) == f"Audit 1: 120 of 370 read, drawn at random by seed {draw.seed}."
    assert page.xpath("//tbody//a/@href") == ["#audits"] * 3


def axis(page):
    """The number that stands at a place of the pictures."""
    ticks = [(float(one.get("x")), float(text(one).replace(",", ""))) for one in page.xpath("//thead//svg/text")]
    (left, first), (right, last) = ticks[0], ticks[-1]

    return lambda x: first + (float(x) - left) * (last - first) / (right - left)


def test_marks_stand_where_the_axis_says(survey):
    study, _ = survey
    page, found = asked(study), counts(study)
    number = axis(page)
    dots = [number(x) for x in page.xpath("//tbody//svg/circle/@cx")]
    assert dots == pytest.approx([interval(one)[1] for one in found], abs=0.5)
    paths = page.xpath("//tbody//svg/path[@class='whisker']/@d")
    ends = [[number(x) for x in re.findall(r"M(\S+)", path)[:2]] for path in paths]
    assert ends == [pytest.approx([interval(one)[0], interval(one)[2]], abs=0.5) for one in found]
    hollow = [number(path.split()[0][1:]) for path in page.xpath("//tbody//svg/path[@class='hollow']/@d")]
    assert hollow == pytest.approx([one.suggested for one in found], abs=0.5)


@pytest.mark.parametrize("widest", [0, 1, 3, 7, 99, 100, 101, 54_321])
def test_an_axis_has_few_whole_numbers_and_holds_the_widest(survey, widest, monkeypatch):
    monkeypatch.setattr("coding.telling_counts.end", lambda count: widest)
    marks = [int(mark.replace(",", "")) for _, mark in _Scale([None]).ticks]
    assert marks[0] == 0
    assert widest <= marks[-1] <= max(1, 3 * widest)
    assert 2 <= len(marks) <= 6


def test_groups_stand_under_their_code(survey):
    study, _ = survey
    page, found = asked(study, by="Size"), counts(study, by="Size")
    heads = page.xpath("//tbody")
    assert [text(one.xpath(".//th[@scope='rowgroup']")[0]) for one in heads] == ["Money", "Late payment", "Voice"]
    names = iter(("Money", "Late payment", "Voice"))
    assert rows(page) == [
        expected(one, *([next(names)] if one.group == "large" else []), one.group)
        if one.group == "large"
        else expected(one, one.group)
        for one in found
    ]
    assert "Whether groups differ: themis counts --by Size --compare." in sentences(page)


def test_what_is_missing_is_said_with_the_way_to_it(empty, tmp_path):
    surveyed(empty, tmp_path, audit=0)
    page = asked(empty)
    assert sentences(page)[0] == "No interval: there is no random audit: themis audit."
    assert page.xpath("//p[@class='note']/code/text()") == ["themis audit"]
    assert [row[1] for row in rows(page)] == [f"≥ {one.decided_yes} no interval" for one in counts(empty)]
    assert labels(page) == [
        f"At least {one.decided_yes}, found by people; the machine says {one.suggested}, uncorrected"
        for one in counts(empty)
    ]
    assert page.xpath("//tbody//circle") == []
    hollow = [float(path.split()[0][1:]) for path in page.xpath("//tbody//svg/path[@class='hollow']/@d")]
    found, number = counts(empty), axis(page)
    assert [number(x) for x in hollow[::2]] == pytest.approx([one.suggested for one in found], abs=0.5)
    assert [number(x + 4) for x in hollow[1::2]] == pytest.approx([one.decided_yes for one in found], abs=0.5)
    draw_audit(empty, 20, coders=["ben"])
    page = asked(empty)
    assert sentences(page)[0] == (
        "No interval: audit 1 is not read to the end (0 of 20): read it with themis review. Read it here"
    )
    assert page.xpath("//p[@class='note']/a/@href") == ["/audit"]


def test_who_is_still_to_read_blind_sees_no_estimate_and_how_many_are_left(survey):
    study, _ = survey
    draw_double(study, 7, ["ada", "ben"])
    page = asked(study)
    where = "under Audit, Double coding or Read again: "
    assert sentences(page)[0].startswith(f"You are still to read 7 passages blind, {where}")
    assert page.xpath("//p[@class='note']/a/@href") == ["/audit", "/double", "/reread"]
    assert all(row[1].startswith("≥ ") for row in rows(page))
    assert page.xpath("//details") == []
    assert [one for one in sentences(page) if "interval" in one or "Audit 1" in one] == []


def test_what_an_estimate_does_not_know_of_is_said(survey, tmp_path):
    study, _ = survey
    reading_audits.survey(study, tmp_path, [set()] * 5, name="more.csv")
    page = asked(study)
    (note,) = page.xpath("//p[@class='note stale']")
    assert text(note) == (
        "Stale: 5 passages were added since the last audit and are not covered: themis audit draws from them too."
    )
    assert [one.text for one in page.xpath("//span[@class='badge warn']")] == ["stale"] * 3


def test_documents_are_counted_by_draws_of_whole_ones(survey):
    study, truth = survey
    read(study, draw_units(study, "document", 60), truth)
    page = asked(study, unit="document", once="1")
    assert rows(page)[0][1] == expected(counts(study, unit="document")[0], "Money")[1]
    assert text(page.xpath("//caption")[0]) == "Themes, counted in documents"
    assert page.xpath("//input[@name='once']/@checked") == []


def test_attributes_are_units_too(survey):
    study, _ = survey
    page = asked(study, unit="Size")
    chosen = page.xpath("//select[@id='unit']/option[@selected]/@value")
    assert (page.xpath("//select[@id='unit']/option/@value"), chosen) == (
        ["passage", "document", "speaker", "Size"],
        ["Size"],
    )
    assert text(page.xpath("//caption")[0]) == "Themes, counted in values of Size"
    found = counts(study, unit="Size")
    assert [one.estimate.value for one in found] == [2.0, None, 2.0]  # who has a yes has one, whatever was drawn
    assert any("themis audit --unit Size" in sentence for sentence in sentences(page))


def test_repeated_texts_count_once_when_asked_to(survey):
    study, _ = survey
    page = asked(study, once="1")
    assert page.xpath("//input[@name='once']/@checked") == ["checked"]
    assert rows(page)[0][1] == expected(counts(study, once=True)[0], "Money")[1]
    assert "Repeated texts of 8 words or more count once: themis repeated shows them." in sentences(page)


def test_the_method_and_every_sentence_of_the_shell_are_there(survey):
    study, _ = survey
    page = asked(study)
    method = text(page.xpath("//details")[0])
    assert method.startswith("How was this counted? Themes were counted in passages.")
    assert "Zou, G. Y. and Donner, A. (2008)" in method
    shown = {*sentences(page), *map(text, page.xpath("//*[@id='audits']/li"))}
    told = [one.replace("`", "") for one in said(counts(study))]
    assert [one for one in told if one not in shown] == ["Machine, ×: its own count, uncorrected."]

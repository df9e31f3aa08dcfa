"""A picture says what the table says, is there whole, and is made of nothing that somebody wrote but words."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from browser import clean, scrolls_sideways
from click.testing import CliRunner
from surveyed import surveyed

import cli
from coding.counts import counts
from coding.export import plots
from coding.export.plots import draw
from coding.telling_counts import interval
from corpus.errors import EvidenceError

HOSTILE = (
    """</script></svg><img src=x onerror="document.title='pwn'"> ' {{7*7}} ${datum.x} signal\x1b[31m\x00\ufffe é 声"""
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def survey(empty, tmp_path):
    surveyed(empty, tmp_path)
    return empty


def drawn(counts, path, *more):
    return ElementTree.fromstring(draw(counts, path, *more).read_bytes())


def words(svg):
    return [part.text for one in svg.iter(f"{SVG}text") for part in (list(one) or [one])]


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def across(group):
    """Where the marks of a group are, from left to right within the plot, with their fill."""
    return [(numbers(one.get("transform"))[0], one.get("fill")) for one in group]


def placed(svg):
    """Where numbers are: a function from a place in the plot to the number of the axis there."""
    (labels,) = (one for one in svg.iter(f"{SVG}g") if one.get("class", "").startswith("mark-text role-axis-label"))
    marks = [(numbers(one.get("transform"))[0], float(one.text.replace(",", ""))) for one in labels]
    (left, first), (right, last) = marks[0], marks[-1]
    return lambda x: first + (x - left) * (last - first) / (right - left)


def groups(svg, kind):
    return [one for one in svg.iter(f"{SVG}g") if one.get("class", "").startswith(f"mark-{kind} role-mark")]


def test_marks_are_where_the_numbers_are(survey, tmp_path):
    found = counts(survey)
    svg = drawn(found, tmp_path / "counts.svg", survey.codebook)
    number = placed(svg)
    whole, estimates = groups(svg, "symbol")[:2]
    expected = [interval(one)[1] for one in found]
    assert [number(x) for x, _ in across(estimates)] == pytest.approx(expected, abs=0.5)
    machine = [number(x) for x, fill in across(whole) if fill is None]
    assert machine == pytest.approx([one.suggested for one in found], abs=0.5)
    assert len({*machine, *expected}) > 3
    lines = [one for group in groups(svg, "rule") for one in group if one.get("stroke") == plots.INK]
    ends = [(number(x), number(x + float(one.get("x2")))) for one, (x, _) in zip(lines, across(lines), strict=True)]
    assert [sorted(pair) for pair in ends] == [
        pytest.approx([interval(one)[0], interval(one)[2]], abs=0.5) for one in found
    ]


def test_a_screen_reader_hears_each_mark_once_with_its_numbers(survey, tmp_path):
    found = counts(survey, by="Size")
    svg = drawn(found, tmp_path / "counts.svg", survey.codebook)
    heard = [one.get("aria-label") for group in groups(svg, "symbol") for one in group if one.get("aria-label")]
    assert heard == [
        sentence
        for one in found
        for of in [f"{survey.codebook.by_id[one.code].name}, {one.group}: "]
        for low, value, high in [interval(one)]
        for sentence in (
            f"{of}machine, uncorrected: {one.suggested}",
            f"{of}{value:,.0f}  ({low:,.0f} to {high:,.0f})",
        )
    ]
    others = [one for kind in ("text", "rule", "rect") for group in groups(svg, kind) for one in group]
    assert others
    assert [one.get("aria-label") for one in others if one.get("aria-label")] == []


def test_words_beside_the_marks_say_what_they_show(survey, tmp_path):
    found = counts(survey)
    said = words(drawn(found, tmp_path / "counts.svg", survey.codebook))
    assert said[-2:] == [
        "A line is a 95 % interval: in 19 of 20 audits it holds what these readers would say of every passage.",
        said[-1],
    ]
    assert said[-1].startswith("Audit 1: 120 of 370 read, drawn at random by seed ")
    for one, name in zip(found, ("Money", "Late payment", "Voice"), strict=True):
        low, value, high = interval(one)
        assert {name, f"{value:,.0f}  ({low:,.0f} to {high:,.0f})"} <= {*said}
    assert {"estimate, with its 95 % interval", "machine, uncorrected", "Themes, counted in passages"} <= {*said}
    assert "found by people: at least" not in said


def test_groups_stand_under_their_code(survey, tmp_path):
    found = counts(survey, by="Size")
    said = words(drawn(found, tmp_path / "counts.svg", survey.codebook, True))
    assert [one for one in said if one in ("Money", "Late payment", "Voice")] == ["Money", "Voice", "Late payment"]
    assert [one for one in said if one in ("large", "small")] == ["large", "small"] * 3
    assert "Themes, counted in passages, by Size, repeated texts once" in said


def test_what_has_no_interval_is_a_hollow_mark_without_whiskers_and_says_what_is_missing(empty, tmp_path):
    surveyed(empty, tmp_path, most=50)
    found = counts(empty)
    svg = drawn(found, tmp_path / "counts.svg")
    said = words(svg)
    least = [x for x, fill in across(groups(svg, "symbol")[0]) if fill == "white"]
    assert list(map(placed(svg), least)) == pytest.approx([one.decided_yes for one in found], abs=0.5)
    assert [one for group in groups(svg, "rule") for one in group if one.get("stroke") == plots.INK] == []
    assert {f"≥ {found[0].decided_yes}", "found by people: at least", "money"} <= {*said}
    assert "No interval: audit 1 is not read to the end (50 of 120): read it with `themis review`." in said


def test_without_machine_there_is_no_mark_of_it_and_nothing_at_all_is_a_picture_too(empty, transcripts, tmp_path):
    said = words(drawn(counts(empty), tmp_path / "counts.svg"))
    assert "machine, uncorrected" not in said
    assert drawn([], tmp_path / "none.svg") is not None


@pytest.mark.parametrize(
    ("suffix", "start"), [(".svg", b"<svg"), (".PNG", b"\x89PNG"), (".pdf", b"%PDF"), (".html", b"<!doc")]
)
def test_each_format_is_written_for_its_owner_alone(survey, tmp_path, suffix, start):
    path = tmp_path / f"counts{suffix}"
    path.write_text("what was there before")
    assert draw(counts(survey), path) == path
    assert path.read_bytes().startswith(start)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".*.part"))


def test_nothing_is_left_of_what_could_not_be_written(survey, tmp_path, monkeypatch):
    found = counts(survey)
    with pytest.raises(EvidenceError, match=r"end its name in \.svg, \.png, \.pdf, \.html$"):
        draw(found, tmp_path / "counts.gif")
    with pytest.raises(EvidenceError, match=r"there is no folder .*nowhere$"):
        draw(found, tmp_path / "nowhere" / "counts.svg")
    path = tmp_path / "counts.svg"
    path.write_text("what was there before")

    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(EvidenceError, match="No space left on device"):
        draw(found, path)
    assert path.read_text() == "what was there before"
    assert not list(tmp_path.glob(".*.part"))


def hostile(study):
    """Counts and codebook in which everything that people name is hostile."""
    found = [replace(one, attribute=HOSTILE, group=f"{n} {HOSTILE}") for n, one in enumerate(counts(study))]
    return found, replace(study.codebook, codes=tuple(replace(one, name=HOSTILE) for one in study.codebook.codes))


def test_what_people_wrote_is_words_and_nothing_else(survey, tmp_path):
    found, codebook = hostile(survey)
    svg = drawn(found, tmp_path / "counts.svg", codebook)
    (title,) = (one for one in svg.iter(f"{SVG}g") if one.get("class") == "mark-text role-title-text")
    title = " ".join(words(title))
    assert title == f"Themes, counted in passages, by {plots._plain(HOSTILE)}"
    assert "\x1b" not in title
    assert {one.tag.removeprefix(SVG) for one in svg.iter()} <= {"svg", "g", "path", "rect", "line", "text", "tspan"}
    assert [name for one in svg.iter() for name in one.attrib if name.startswith("on") or "href" in name] == []


def test_the_page_runs_and_fetches_nothing_and_all_can_read_it(survey, tmp_path, browser):
    found, codebook = hostile(survey)
    draw(found, tmp_path / "counts.html", codebook)
    page = browser.new_context(viewport={"width": 900, "height": 700}).new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "counts.html").as_uri())
    assert asked == [page.url]
    assert page.title().startswith("Themes, counted in passages")
    assert page.locator("img, script, [onerror]").count() == 0
    assert page.locator("tbody tr").count() == 3
    assert page.locator("tbody tr").first.inner_text().startswith("money\t0 </script></svg><img src=x")
    draw(counts(survey), tmp_path / "plain.html", survey.codebook)
    page.goto((tmp_path / "plain.html").as_uri())
    assert (clean(page), scrolls_sideways(page)) == ([], False)
    page.context.close()


def test_the_command_draws_beside_the_table(survey, tmp_path):
    path = tmp_path / "counts.svg"
    done = CliRunner().invoke(cli.main, ["counts", "--plot", str(path), "--study", str(survey.folder)])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, f"Drew {path}.")
    assert "Money" in words(ElementTree.parse(path).getroot())
    done = CliRunner().invoke(cli.main, ["counts", "--plot", f"{path}.gif", "--study", str(survey.folder)])
    assert done.exit_code == 1
    assert f"{path}.gif cannot be written: end its name in .svg, .png, .pdf, .html" in done.output

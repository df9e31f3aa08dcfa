"""A picture of theme counts: a dot between whiskers for each code and group, beside what the machine alone says."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from coding import telling_counts
from coding.counts import Count
from coding.export.tables import check, whole
from coding.telling import harmless
from coding.telling_counts import PICTURE, interval, of_counts
from coding.units import several

if TYPE_CHECKING:
    from coding.codebook import Codebook

ESTIMATE, LEAST, MACHINE = "estimate, with its 95 % interval", "found by people: at least", "machine, uncorrected"
INK, SOFT, LINE, ACCENT = "#1f2328", "#565d66", "#d8d3c7", "#1f5673"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first one is within vl-convert, and as wide as the second
WIDTH, STEP, GAP = 430, 24, 14  # of the plot, a row, and between columns
NAME, GROUP, NUMBERS = 250, 130, 110  # of the columns of words
INDENT, DEEPEST = 14, 5  # of a nested code
LETTERS = 110  # in a line under the title


def draw(counts: Sequence[Count], path: Path, codebook: "Codebook | None" = None, once: bool = False) -> Path:
    """Draw counts into a .svg, .png, .pdf or .html, whole or not at all; the path. Nothing in it comes from elsewhere.

    codebook: for names and colours; without it codes go by their ids. once: repeated texts are counted once.
    EvidenceError for another suffix, a folder that is not there, and a file that cannot be written.
    """
    check(path, FORMATS)
    content = FORMATS[path.suffix.lower()](_chart(counts, codebook, once).to_dict(), counts, once)
    with whole(path) as part:
        part.write_bytes(content)
    return path


def _chart(counts: Sequence[Count], codebook: "Codebook | None", once: bool) -> Any:
    """The rows from top to bottom: words to the left, marks on one scale, numbers to the right."""
    alt = _altair()
    coded = any(count.suggested for count in counts)
    rows = list(map(_row, range(len(counts)), counts, [codebook] * len(counts)))
    for before, row in zip([None, *rows], rows, strict=False):
        row["head"] = "" if before and before["code"] == row["code"] else row["name"]
    points = [point for row, count in zip(rows, counts, strict=True) for point in _marks(row, count, coded)]
    most = max((telling_counts.end(count) for count in counts), default=0)
    y = alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    layers = [*_words(base, rows), *_whiskers(base, most or 1), *_points(points, y)]
    size = {"width": WIDTH, "height": STEP * max(1, len(rows))}
    return alt.layer(*layers, **size, title=_title(counts, once), padding=16, background="white").configure(
        font=FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(gridColor="#eceae4", labelColor=SOFT, labelFontSize=11),
        text=alt.MarkConfig(fontSize=12, baseline="middle"),
    )


def _words(base: Any, rows: list[dict[str, Any]]) -> Iterator[Any]:
    """A code's name on its first row under a line, its groups, and the numbers."""
    alt = _altair()
    grouped = any(row["group"] for row in rows)
    left = -NAME - GAP - (GROUP + GAP) * grouped
    heads = base.transform_filter({"not": _is("head", "")})
    yield heads.mark_rule(color=LINE, aria=False, yOffset=-STEP / 2).encode(
        x=alt.value(left), x2=alt.value(WIDTH + GAP + NUMBERS)
    )
    for depth in sorted({row["depth"] for row in rows}):
        name = heads.transform_filter(_is("depth", depth)).mark_text(
            align="left", limit=NAME - INDENT * depth, color=INK, aria=False
        )
        yield name.encode(x=alt.value(left + INDENT * depth), text="head:N")
    if grouped:
        group = base.mark_text(align="left", limit=GROUP, color=SOFT, aria=False)
        yield group.encode(x=alt.value(left + NAME + GAP), text="group:N")
    yield base.mark_text(align="left", color=INK, aria=False).encode(x=alt.value(WIDTH + GAP), text="numbers:N")


def _whiskers(base: Any, most: float) -> Iterator[Any]:
    """A line from low to high with its ends, and the axis that all share."""
    alt = _altair()
    style = {"title": None, "domain": False, "ticks": False, "labelFlush": False, "format": ",.0f"}
    axis = alt.Axis(orient="top", tickMinStep=1, tickCount=6, **style)
    low = alt.X("low:Q", axis=axis, scale=alt.Scale(domain=[0, most], nice=True, zero=True))
    sure = base.transform_filter(_is("sure", True))
    yield sure.mark_rule(color=INK, strokeWidth=1.6, aria=False).encode(x=low, x2="high:Q")
    for end in ("low", "high"):
        yield sure.mark_tick(color=INK, thickness=1.6, size=9, aria=False).encode(x=f"{end}:Q")


def _row(number: int, count: Count, codebook: "Codebook | None") -> dict[str, Any]:
    """The words and numbers of a row."""
    code = codebook.by_id.get(count.code) if codebook else None
    bounds = interval(count)
    low, value, high = bounds or (0, 0, 0)
    numbers = f"{value:,.0f}  ({low:,.0f} to {high:,.0f})" if bounds else f"≥ {count.decided_yes:,}"
    return {
        "row": number,
        "code": count.code,
        "name": _plain(code.name if code else count.code),
        "depth": min(count.depth, DEEPEST),
        "group": _plain(count.group),
        "numbers": numbers,
        "sure": bool(bounds),
        "low": low,
        "value": value,
        "high": high,
        "colour": (codebook.colour(count.code) if code and codebook else "") or ACCENT,
    }


def _marks(row: dict[str, Any], count: Count, coded: bool) -> list[dict[str, Any]]:
    """The points of a row: the estimate, or what people found; and before it the machine's count, if it ever coded."""
    kind, at = (ESTIMATE, row["value"]) if row["sure"] else (LEAST, count.decided_yes)
    of = f"{row['name']}, {row['group']}" if row["group"] else row["name"]
    own = {"row": row["row"], "kind": kind, "at": at, "colour": row["colour"], "said": f"{of}: {row['numbers']}"}
    machine = {**own, "kind": MACHINE, "at": count.suggested, "said": f"{of}: {MACHINE}: {count.suggested:,}"}
    return [*([machine] if coded else []), own]


def _points(points: list[dict[str, Any]], y: Any) -> tuple[Any, Any]:
    """Hollow for all that is no estimate; the estimates once more, in the colours of the codes, on top."""
    alt = _altair()
    looks = {
        ESTIMATE: ("circle", ACCENT, 75),
        LEAST: ("triangle-right", "white", 90),
        MACHINE: ("diamond", "transparent", 170),
    }
    kinds = [kind for kind in looks if any(point["kind"] == kind for point in points)]
    shapes, fills, sizes = ([looks[kind][part] for kind in kinds] for part in range(3))
    legend = alt.Legend(title=None, orient="bottom", direction="horizontal", labelLimit=0, labelFontSize=12)
    base = alt.Chart(alt.Data(values=points)).encode(x="at:Q", y=y)
    style = {"filled": True, "strokeWidth": 1.4, "opacity": 1}
    every = base.mark_point(**style).encode(
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=shapes), legend=legend),
        fill=alt.Fill("kind:N", scale=alt.Scale(domain=kinds, range=fills), legend=legend),
        stroke=alt.Stroke("kind:N", scale=alt.Scale(domain=kinds, range=[INK]), legend=legend),
        size=alt.Size("kind:N", scale=alt.Scale(domain=kinds, range=sizes), legend=legend),
        description="said:N",
    )
    own = base.transform_filter(_is("kind", ESTIMATE)).mark_circle(**style, size=75, stroke=INK, aria=False)
    return every, own.encode(fill=alt.Fill("colour:N", scale=None))


def _is(name: str, value: object) -> dict[str, object]:
    """A filter of rows, as data: no expression is ever made of what people wrote."""
    return {"field": name, "equal": value}


def _title(counts: Sequence[Count], once: bool) -> Any:
    """What is counted, and what the intervals rest on."""
    alt = _altair()
    unit, by = (counts[0].unit, counts[0].attribute) if counts else ("passage", "")
    text = f"Themes, counted in {several(unit)}" + f", by {by}" * bool(by) + ", repeated texts once" * once
    says = [
        "A line is a 95 % interval: in 19 of 20 audits it holds what these readers would say of every passage."
    ] * any(map(interval, counts))
    said = [*says, *telling_counts.drawn(counts), *telling_counts.missing(counts), *telling_counts.stale(counts)]
    lines = [line for sentence in said for line in wrap(_plain(sentence), LETTERS)]
    style = {"anchor": "start", "frame": "bounds", "fontSize": 15, "subtitleFontSize": 11.5, "offset": 14}
    return alt.TitleParams(
        text=wrap(_plain(text), LETTERS * 3 // 4), subtitle=lines, color=INK, subtitleColor=SOFT, **style
    )


def _altair() -> Any:
    """The library that writes the specification; its own types are narrower than what it takes."""
    import altair

    return altair


def _plain(text: str) -> str:
    """One line of characters that any picture can hold."""
    return " ".join(harmless(text).replace("\ufffe", "").replace("\uffff", "").split())


def _svg(spec: dict[str, Any], counts: Sequence[Count], once: bool) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]).encode()


def _png(spec: dict[str, Any], counts: Sequence[Count], once: bool) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[])


def _pdf(spec: dict[str, Any], counts: Sequence[Count], once: bool) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_pdf(spec, allowed_base_urls=[])


def _html(spec: dict[str, Any], counts: Sequence[Count], once: bool) -> bytes:
    """The picture, the numbers as a table and what they are, in a page that runs and fetches nothing."""
    told = of_counts(counts, once=once, room=1000)
    shown = [place for place, name in enumerate(told.columns) if name != PICTURE]
    head = "".join(f'<th scope="col">{escape(told.columns[place])}</th>' for place in shown)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(harmless(row[at]))}</td>' for at in shown)}</tr>\n" for row in told.rows
    )
    said = "".join(f"<p>{escape(harmless(sentence))}</p>\n" for sentence in told.after)
    picture = _svg(spec, counts, once).decode()
    return _PAGE.format(title=escape(told.title), picture=picture, head=head, rows=rows, said=said).encode()


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 64rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 sans-serif; color: #1f2328; }}
svg {{ max-width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-size: 0.9rem; }}
caption {{ text-align: left; font-weight: bold; }}
td, th {{ padding: 0.2rem 0.7rem; border-bottom: 1px solid #d8d3c7; text-align: left; white-space: pre-wrap; }}
</style>
<main>
<h1>{title}</h1>
{picture}
<table><caption>The same in numbers</caption><thead><tr>{head}</tr></thead>
<tbody>
{rows}</tbody></table>
{said}</main>
</html>
"""
FORMATS: dict[str, Callable[[dict[str, Any], Sequence[Count], bool], bytes]] = {
    ".svg": _svg,
    ".png": _png,
    ".pdf": _pdf,
    ".html": _html,
}

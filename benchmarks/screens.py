"""The pictures in docs/screens: the page with the sample corpus, half read. `python -m benchmarks.screens [FOLDER]`"""

import csv
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, sync_playwright

from coding.acts import Reading
from coding.counts import counts
from coding.drawing import draw_audit, draw_double
from coding.export.plots import draw
from coding.ledger import new_act
from coding.pupil import relearn
from coding.review import Desk
from coding.run import code
from coding.study import Study, add, create_study, open_study
from tests.browser import Server

ROOT = Path(__file__).parent.parent
TO = ROOT / "docs" / "screens"
Said = dict[str, set[str]]
VIEWS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "start": ("/", lambda page: None),
    "review": ("/review", lambda page: page.keyboard.press("w")),
    "audit": ("/audit", lambda page: page.keyboard.press("5")),
    "document": ("/documents/2?all=true", lambda page: page.keyboard.press("j")),
    "disagreements": ("/disagreements", lambda page: page.keyboard.press("y")),
    "agreement": ("/agreement", lambda page: None),
    "codebook": ("/codebook", lambda page: None),
    "progress": ("/progress", lambda page: None),
}
AUDITED = {"counts": ("/counts", lambda page: None)}  # when the audit has been read


def main() -> None:
    TO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "inquiry"
        study = half_read(folder)
        study.store.database.close()
        with Server(folder) as server, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for name, scheme in [*((name, "light") for name in VIEWS), ("audit", "dark")]:
                take(
                    chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme).new_page(),
                    server,
                    name,
                    scheme,
                )
            narrow = chromium.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2)
            take(narrow.new_page(), server, "audit", "narrow")
            finish(study := open_study(folder))
            take(chromium.new_context(viewport={"width": 1280, "height": 800}).new_page(), server, "counts", "light")
            draw(counts(study), TO / "plot.svg", study.codebook)
            chromium.close()


def take(page: Page, server: Server, name: str, kind: str) -> None:
    """One picture, of what is seen without scrolling."""
    path, press = (VIEWS | AUDITED)[name]
    page.goto(server.link)
    page.wait_for_url(lambda url: "/enter" not in url)
    page.goto(server.link.partition("/enter")[0] + path)
    page.wait_for_timeout(1500)
    press(page)
    page.wait_for_timeout(700)
    page.screenshot(path=TO / f"{name}{'' if kind == 'light' else f'-{kind}'}.png")
    print(name, kind)


def half_read(folder: Path) -> Study:
    """The sample corpus: 60 passages coded by two, blind, as Anna and Ben did; some of the queue, half of an audit."""
    if (folder / "study.db").exists():
        return open_study(folder)
    study = create_study(folder)
    add(study, [ROOT / "examples" / "corpus"])
    code(study)
    anna, ben = said_by_anna(), slips(said_by_ben())
    desk = Desk(study)
    draw_double(study, 60, ["anna", "ben"])
    for coder, said in (("anna", anna), ("ben", ben)):
        read(desk, coder, "double", said, 60)
    draw_audit(study, 60)
    read(desk, "anna", "audit", anna, 21)
    relearn(study)
    read(desk, "anna", "review", anna, 60)
    code(study)
    relearn(study)
    return study


def finish(study: Study) -> None:
    """Read the audit to its end, and one of 120 more; Ada has a passage open, and Anna gets all others."""
    desk, said = Desk(study), said_by_anna()
    for size in (60, 120):
        if size > 60:
            draw_audit(study, size)
        for coder in ("anna", "ada"):
            read(desk, coder, "audit", said, size)


def slips(said: Said) -> Said:
    """With something to settle: in every seventh passage one code less, or one more."""
    found = {passage: set(codes) for passage, codes in said.items()}
    for passage in sorted(found)[::7]:
        found[passage] ^= {"risk_transfer" if len(passage) % 2 else "power_imbalance"}
    return found


def read(desk: Desk, coder: str, mode: str, said: Said, most: int) -> None:
    sitting = desk.sitting(coder, mode)
    for _ in range(most):
        card = desk.following(sitting)
        if card is None:
            return
        desk.save(sitting, Reading(new_act(), card.passage, frozenset(said.get(card.id, ())), card.why, seconds=14.0))


def said_by_anna() -> Said:
    with open(ROOT / "examples" / "anna.csv", encoding="utf-8", newline="") as file:
        return by_passage([list(row) for row in csv.reader(file)])


def said_by_ben() -> Said:
    sheet = load_workbook(ROOT / "examples" / "ben.xlsx", read_only=True).worksheets[0]
    return by_passage([[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)])


def by_passage(rows: list[list[str]]) -> Said:
    """The codes with a yes, by passage id, from a table with a row for each decision or a column for each code."""
    head, *body = rows
    found: Said = {}
    for row in body:
        cells = dict(zip(head, row, strict=False))
        if "code" in cells:
            pairs = [(cells["code"], cells["value"])]
        else:
            pairs = [
                (name, value) for name, value in cells.items() if name not in ("document", "passage", "text", "coder")
            ]
        found.setdefault(cells["passage"], set()).update(name for name, value in pairs if value.casefold() == "yes")
    return found


if __name__ == "__main__":
    main()

"""Two copies of one study that differ only in what is said of sealed passages, and every request that the page takes.

Ada leads and Zoe does not; both are to read a double coding that Ben and Cat have read half of, and an audit. What Ben,
Cat and the machine say of passages that Ada and Zoe are still to read is another thing in each copy.
"""

import http.client
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from conftest import Words, with_encoder
from sqlalchemy import event

from coding import acts, drawing, draws, ledger, memos, queue, reviewers, suggestions
from coding.acts import Reading
from coding.ledger import Decision, new_act
from coding.pupil import relearn
from coding.queue import Queued, Shown
from coding.run import code
from coding.study import Study, add, create_study, open_study
from coding.suggestions import SUGGESTIONS, Suggestion
from corpus.database import delete

BOOK = """
title: Blind
codes:
  - {id: money, name: Money, definition: Money is short., examples: [The grant was cut.], codes: [
      {id: late, name: Late, definition: Money comes late., examples: [The invoice came late.]}]}
  - {id: voice, name: Voice, definition: Nobody listens., examples: [Nobody asked us.]}
  - {id: choir, name: Choir, definition: People sing., examples: [We sing on Mondays.]}
  - {id: harp, name: Harp, definition: Somebody plays a harp., examples: [She plays the harp.]}
  - {id: %s, name: Tea, definition: People drink tea., examples: [We drink tea.]}
"""
WORDS = "grant invoice late nobody asked choir sings tea cake hall roof council letter winter bus garden".split()
DOUBLE, AUDIT = 16, 12


@dataclass
class Twin:
    """A copy: its study, the keys of its passages by what is known of them, and the secrets of those who visit."""

    study: Study
    double: int
    audit: int
    half: list[int]  # of the double coding, read by Ben and Cat
    rest: list[int]  # of the double coding, read by nobody
    drawn: list[int]  # of the audit, in its order
    open: list[int]
    zoe: str
    statements: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[int]:
        """The sealed passages of which something else is said in each copy; the audit's first ones are to be read."""
        return list(dict.fromkeys([*self.half, *self.rest, *self.drawn[4:]]))


Plant = Callable[[Twin, bool], None]


def opened(folder: Path) -> Study:
    """A study with the encoder that is fast, also in a child process."""
    return with_encoder(open_study(folder), Words())


def twins(tmp_path: Path, plant: Plant) -> tuple[Twin, Twin]:
    """Two copies of the study: told apart by `plant` before or after the machine learns."""
    study, *known, zoe = _common(tmp_path / "first")
    study.store.database.close()
    found = []
    for one in (True, False):
        folder = tmp_path / f"twin {one}" / "study"
        shutil.copytree(study.folder, folder)
        twin = Twin(opened(folder), *known, zoe)
        if plant is not suggested:
            plant(twin, one)
        redefine(twin.study)
        twin.study = opened(folder)
        code(twin.study)
        relearn(twin.study)
        if plant is suggested:
            plant(twin, one)
        found.append(twin)
    return found[0], found[1]


def _common(folder: Path) -> tuple:
    folder.mkdir()
    (folder / "codebook.yml").write_text(BOOK % "tea", encoding="utf-8")
    texts = folder / "texts"
    texts.mkdir()
    for n in range(8):
        chosen = (" ".join(WORDS[(n * 5 + k * 3 + j) % len(WORDS)] for j in range(5)) for k in range(8))
        (texts / f"d{n}.md").write_text("\n\n".join(f"In week {n} the {words} again." for words in chosen))
    (texts / "attributes.csv").write_text("file,size\n" + "".join(f"d{n}.md,size{n % 2}\n" for n in range(8)))
    study = with_encoder(create_study(folder / "study", folder / "codebook.yml"), Words())
    add(study, [texts])
    code(study)
    with study.store.database.writing() as connection:
        zoe = reviewers.add(connection, "zoe")
        reviewers.own(connection, "ada", study.cache / "links.json")
        for name in ("ben", "cat"):
            reviewers.add(connection, name)
    double = drawing.draw_double(study, DOUBLE, ["ada", "zoe", "ben", "cat"])
    audit = drawing.draw_audit(study, AUDIT)
    with study.store.database.reading() as connection:
        twice, once = ([key for key, _ in draws.drawn(connection, one.id)] for one in (double, audit))
        rest = [key for key, _, _ in study.store.places_in_order(connection) if key not in {*twice, *once}]
    for n, key in enumerate(rest[:16]):
        for who in ("ben", "cat", "ada")[: 2 + n % 2]:
            yes = (
                {"money", "late"} if (n + len(who)) % 3 == 0 else {("voice", "choir")[n % 2]} if who != "cat" else set()
            )
            read(study, who, key, yes)
    with study.store.database.writing() as connection:
        memos.add(connection, "ben", "An open memo.", passage=rest[0])
        memos.flag(connection, "cat", rest[1], "An open flag.", code="voice")
    return study, double.id, audit.id, twice[:8], twice[8:], once, rest, zoe


def read(study, who, key, yes, *, draw=None, why="manual", quotes=None):
    """A reading outside the page."""
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        one = Reading(new_act(), key, frozenset(yes), why, quotes or {}, draw)
        acts.save(connection, who, one, study.codebook, study.store.words(connection, key))


def redefine(study: Study) -> None:
    """Another meaning for two codes, and another code in place of one: what was decided until now is behind."""
    path = study.folder / "codebook.yml"
    text = (BOOK % "cake").replace("Money is short.", "Money is short or was.").replace("name: Tea", "name: Cake")
    path.write_text(text.replace("Nobody listens.", "Nobody hears us."), encoding="utf-8")


# What is said of sealed passages


def decisions(twin: Twin, one: bool) -> None:
    """Ben and Cat read the same passages and say other things of them, some outside of the draw."""
    said = ({"money", "harp"}, {"voice"}, {"tea", "choir"}, set())
    for n, key in enumerate(twin.half):
        ben, cat = (said[n % 4], said[(n + 1) % 4]) if one else (said[3], said[3])
        read(twin.study, "ben", key, ben, draw=twin.double, why="double", quotes=dict.fromkeys(ben, (0, 9 + n)))
        read(twin.study, "cat", key, cat, draw=twin.double, why="double")
    for n, key in enumerate([*twin.rest, *twin.drawn[4:]]):
        rows = [
            ("dan", "voice" if one else "choir", True),
            ("eve", "voice", not one),
            ("dan", "money", one or n % 2 == 0),
        ]
        rows += [("eve", "tea" if one else "late", one)]
        version = twin.study.codebook.version
        with twin.study.store.database.writing() as connection:
            ledger.keep(connection, twin.study.codebook)
            made = [Decision(who, key, code, value, version, act=new_act()) for who, code, value in rows]
            ledger.record(connection, made)


def remarks(twin: Twin, one: bool) -> None:
    """Memos and flags on sealed passages, in one copy only."""
    with twin.study.store.database.writing() as connection:
        for key in twin.told if one else ():
            memos.add(connection, "ben", "quagga", passage=key)
            memos.add(connection, "cat", "quagga", passage=key, code="money")
            memos.flag(connection, "cat", key, "quagga")
            memos.flag(connection, "ben", key, "quagga", code="voice")
        for key in twin.study.store.holding(connection, twin.told) if one else ():
            memos.add(connection, "ben", "quagga", document=key)


def settled(twin: Twin, one: bool) -> None:
    """What somebody settled of sealed passages, before they were drawn."""
    for n, key in enumerate(twin.told):
        code = ("money", "voice", "choir")[n % 3] if one else "late"
        version, why = twin.study.codebook.version, "adjudication"
        with twin.study.store.database.writing() as connection:
            ledger.keep(connection, twin.study.codebook)
            row = Decision("ben", key, code, one, version, why, reason="gap" if one else "slip", act=new_act())
            ledger.record(connection, [row])


def suggested(twin: Twin, one: bool) -> None:
    """What the machine says of sealed passages; with a queue that is older than the draws and begins with them."""
    database = twin.study.store.database
    with database.writing() as connection:
        run = suggestions.newest(connection)
        connection.execute(delete(SUGGESTIONS).where(SUGGESTIONS.c.run == run, SUGGESTIONS.c.passage.in_(twin.told)))
        rows = [
            Suggestion(key, id, 0.9173 if one else 0.0117, one, 0 if one else -1, 0 if one else -1)
            for key in twin.told
            for id in twin.study.codebook.by_id
        ]
        suggestions.write(connection, run, rows)
        shown = (Shown("money", 0.9173, True, 0, "example", "A quagga."),)
        old = [Queued(key, "certain" if one else "diverse", "money", shown) for key in twin.told if one or key % 2]
        new = [Queued(key, "uncertain", "voice", ()) for key in twin.open[16:24]]
        queue.replace(connection, 0, ["Something changed."], [*old, *new] if one else [*new, *old])


def everything(twin: Twin, one: bool) -> None:
    """All of it at once."""
    for plant in (decisions, remarks, settled):
        plant(twin, one)


# Requests


@dataclass
class Visitor:
    """One who asks; `heard` is every answer without what is random in it, with the work that the database had."""

    twin: Twin
    link: str
    heard: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = urlsplit(self.link)
        self.host, self.port, self.secret = place.netloc, place.port, place.fragment
        engine = self.twin.study.store.database._engine
        if not self.twin.statements:
            event.listen(engine, "before_cursor_execute", self._note)
            self.twin.statements.append("")

    def _note(self, _connection, _cursor, statement, *_) -> None:
        self.twin.statements.append(re.sub(r"\?(, \?)*", "?", statement))

    def ask(self, path: str, query: dict | None = None, body: dict | None = None) -> tuple[int, str]:
        """Status and text."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        headers = {"cookie": f"themis-{self.port}={self.secret}", "origin": f"http://{self.host}"}
        content = None if body is None else json.dumps(body).encode()
        headers |= {} if body is None else {"content-type": "application/json"}
        self.twin.statements[:] = [""]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET" if body is None else "POST", target, content, headers)
        answer = connection.getresponse()
        text, given = answer.read().decode(), dict(answer.getheaders())
        connection.close()
        given.pop("date")
        shown = {name: self._plain(value) for name, value in given.items()}
        if path.startswith("/api/codebook/"):  # a merge says again what there is: that it has more to do is its work
            self.twin.statements[:] = [
                one for one in self.twin.statements if not one.startswith("INSERT INTO decisions")
            ]
        asked = f"{target} {json.dumps(body, sort_keys=True) if body is not None else ''}"
        self.heard.append((asked, answer.status, shown, self._plain(text), tuple(self.twin.statements[1:])))
        return answer.status, text

    def _plain(self, text: str) -> str:
        """Without times, the version of the static files, and what chance gave: ids and ports."""
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "TIME", text)
        text = re.sub(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", "ID", text)
        text = re.sub(r"/static/[0-9a-f]{16}/|expires=[^;]+;", "", text)
        return text.replace(self.secret, "SECRET").replace(str(self.port), "PORT")

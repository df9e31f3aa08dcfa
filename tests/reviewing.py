"""Scripted reviewers: they read, undo, skip and change their minds over HTTP, and remember what was shown as saved.

Used by tests/test_soak.py for a minute and by benchmarks/soak.py for hours.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from coding.codebook import Codebook
from coding.draws import drawn, draws
from coding.ledger import COLUMNS, DECISIONS, HELD, OWN, Decision, new_act
from coding.study import Study
from corpus.database import Connection, select

PATIENCE = 120  # seconds for which a request is sent again while the server is away


@dataclass
class Reviewer:
    """One scripted reviewer. acknowledged: by act, what the server said it saved. waits: seconds for each saving."""

    name: str
    link: str
    mode: str
    seed: int
    codebook: Codebook
    acknowledged: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    pile: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = urlsplit(self.link)
        self._chance = random.Random(self.seed)
        self._host, self._port = place.hostname, place.port
        self._headers = {
            "cookie": f"themis-{place.port}={place.fragment}",
            "origin": f"http://{place.netloc}",
            "content-type": "application/json",
        }
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and answer; sent again, as the page does, until somebody answers."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection(self._host or "", self._port, timeout=30)
                content = None if body is None else json.dumps(body).encode()
                self._connection.request("GET" if body is None else "POST", path, content, self._headers)
                answer = self._connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def work(self, over: threading.Event, pause: float = 0.0) -> None:
        """Review until it is over; pause: seconds between readings, on average."""
        card = None
        try:
            while not over.is_set():
                if card is None:
                    _, answer = self.ask(f"/api/code/next?mode={self.mode}")
                    card = answer.get("card")
                if card is None:
                    return
                card = self._step(card)
                if pause:
                    time.sleep(self._chance.expovariate(1 / pause))
        except Exception as error:  # noqa: BLE001 - it is told by the test
            self.errors.append(repr(error))
        finally:
            self.close()

    def _step(self, card: dict[str, Any]) -> dict[str, Any] | None:
        what = self._chance.random()
        if what < 0.08 and self.pile:
            return self._undo()
        if what < 0.12:
            _, answer = self.ask("/api/code/skip", {"mode": self.mode, "passage": card["passage"]})
            return answer.get("card")
        ticked = [code for code in self.codebook.by_id if self._chance.random() < 0.15]
        yes = frozenset(over for code in ticked for over in (code, *self.codebook.above(code)))
        saving = {"mode": self.mode, "act": new_act(), "passage": card["passage"], "yes": sorted(yes), "quotes": {}}
        saving |= {"why": card["why"], "codebook": card["codebook"], "seconds": 1.0}
        began = time.perf_counter()
        status, answer = self.ask("/api/code/save", saving)
        self.waits.append(time.perf_counter() - began)
        if status != 200:
            self.errors.append(f"{status} {answer}")
            return None
        self.acknowledged[saving["act"]] = (card["passage"], yes)
        self.pile.append((card["passage"], yes))
        return answer.get("card")

    def _undo(self) -> dict[str, Any] | None:
        status, answer = self.ask("/api/code/undo", {"mode": self.mode, "act": new_act()})
        if status != 200:
            self.errors.append(f"{status} {answer}")
            return None
        self.undone.add(answer["undone"]["undid"])
        self.pile.pop()
        return answer.get("card")

    @property
    def holds(self) -> dict[int, frozenset[str]]:
        """What should hold of each passage this reviewer has read."""
        return dict(self.pile)


def lost_or_doubled(study: Study, reviewers: list[Reviewer]) -> list[str]:
    """What is wrong in the ledger, a line each: acts that are missing, partial, there twice, or that nobody made."""
    with study.store.database.reading() as connection:
        return lost_or_doubled_within(connection, study, reviewers)


def lost_or_doubled_within(connection: Connection, study: Study, reviewers: list[Reviewer]) -> list[str]:
    """The same, as this connection sees the ledger."""
    codes = set(study.codebook.by_id)
    rows = [Decision(*row) for row in connection.execute(select(*COLUMNS).order_by(DECISIONS.c.id))]
    held: dict[tuple[str, int], set[str]] = {}
    for row in connection.execute(select(HELD).where(HELD.c.lane == OWN, HELD.c.value.is_not(None))):
        held.setdefault((row.coder, row.passage), set()).update([row.code] * bool(row.value))
    wrong = []
    by_act: dict[str, list[Decision]] = {}
    for row in rows:
        by_act.setdefault(row.act or "", []).append(row)
    for act, members in by_act.items():
        twice = [key for key, n in Counter((m.passage, m.code, m.value) for m in members).items() if n > 1]
        if twice or (members[0].undoes is None and {m.code for m in members} - codes):
            wrong.append(f"act {act} has {twice or members}")
    undone = [members[0].undoes for members in by_act.values() if members[0].undoes]
    wrong += [f"act {act} was undone {n} times" for act, n in Counter(undone).items() if n > 1]
    for reviewer in reviewers:
        for act, (passage, yes) in reviewer.acknowledged.items():
            members = by_act.get(act, [])
            found = {m.code for m in members if m.value}
            if (
                not members
                or {m.passage for m in members} != {passage}
                or not found <= yes
                or len(members) > len(codes)
            ):
                wrong.append(f"{reviewer.name} was told that {act} is saved: {passage} {sorted(yes)}, found {members}")
        expected = {passage: set(yes) for passage, yes in reviewer.holds.items()}
        own = {passage: found for (coder, passage), found in held.items() if coder == reviewer.name}
        differing = [passage for passage in own | expected if own.get(passage) != expected.get(passage)]
        wrong += [f"{reviewer.name}, {p}: holds {own.get(p)}, should {expected.get(p)}" for p in differing]
    every = {key for draw in draws(connection) if draw.every for key, _ in drawn(connection, draw.id)}
    readers = Counter(passage for _, passage in held if passage not in every)
    return wrong + [f"passage {passage} was read by {n} coders" for passage, n in readers.items() if n > 1]

"""What the tests of coding in the page share: a study with suggestions and a queue, and its requests."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

from coding import acts, draws, ledger, memos, queue, suggestions
from coding.acts import Reading
from coding.ledger import COLUMNS, DECISIONS, Decision, new_act
from coding.queue import Queued, Shown
from coding.suggestions import Basis, Suggestion
from corpus.database import select

LED = ["zebra", "0.7713", "zebedee", "giraffe", "okapi"]  # what tells of the machine or of Zebedee
SHOWN = (
    Shown("money", 0.7713, True, 0, "example", "The zebra was paid late."),
    Shown("late", 0.2, False, -1, "", ""),
    Shown("voice", 0.7713, True, -1, "definition", "Nobody listens to the zebra."),
)


def passages(study):
    """Keys of the passages, in the order of places."""
    with study.store.database.reading() as connection:
        return [key for key, _, _ in study.store.places_in_order(connection)]


def words(study, key):
    with study.store.database.reading() as connection:
        return study.store.words(connection, key)


def suggest(study, why="uncertain"):
    """A finished run that suggests two codes of every passage, and a queue of all passages in the order of places."""
    keys = passages(study)
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        basis = Basis("b", "words", study.codebook.version, ledger.last(connection), "1", 1)
        run = suggestions.begin(connection, basis)
        kinds = {code: ("score" if code == "money" else "likeness", 0.5) for code in study.codebook.by_id}
        reasons = [("example", "money", "The zebra was paid late."), ("definition", "voice", "zebra")]
        suggestions.describe(connection, run, kinds, reasons)
        rows = [
            Suggestion(key, one.code, one.score, one.suggested, one.sentence, n if n < 2 else 1)
            for key in keys
            for n, one in enumerate(SHOWN)
        ]
        suggestions.write(connection, run, rows)
        suggestions.finish(connection, run)
        queue.replace(connection, 0, ["Money: the zebra is learned."], [Queued(k, why, "money", SHOWN) for k in keys])
    return keys


def read(study, coder, passage, *yes, draw=None, why="manual"):
    """A coder's reading of a passage, outside the page."""
    with study.store.database.writing() as connection:
        text = study.store.words(connection, passage)
        one = Reading(new_act(), passage, frozenset(yes), why, draw=draw)
        ledger.keep(connection, study.codebook)
        acts.save(connection, coder, one, study.codebook, text)


def remark(study, coder, passage):
    """A memo and a flag of a coder."""
    with study.store.database.writing() as connection:
        memos.add(connection, coder, "a giraffe of a memo", passage=passage)
        memos.flag(connection, coder, passage, "an okapi of a flag")


def rows(study):
    """Every row of the ledger, oldest first."""
    with study.store.database.reading() as connection:
        return [Decision(*row) for row in connection.execute(select(*COLUMNS).order_by(DECISIONS.c.id))]


def said(study, *names):
    """Of every row, what these fields have."""
    return [tuple(getattr(row, name) for name in names) for row in rows(study)]


def drawn(study, draw):
    with study.store.database.reading() as connection:
        return [key for key, _ in draws.drawn(connection, draw.id)]


class Reviewer:
    """Requests of one reviewer, by their link; `bodies` is every answer that came."""

    def __init__(self, link):
        place = urlsplit(link)
        self.host, self.port = place.netloc, place.port
        self.headers = {"cookie": f"themis-{self.port}={place.fragment}", "origin": f"http://{self.host}"}
        self.bodies = []

    def ask(self, path, body=None, **query):
        """Status and parsed answer; a text where it is no JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        path = f"{path}?{urlencode(query)}" if query else path
        content = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, **({"content-type": "application/json"} if body is not None else {})}
        connection.request("GET" if body is None else "POST", path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.bodies.append(text)
        kind = answer.getheader("content-type")
        return answer.status, json.loads(text) if kind == "application/json" else text

    def get(self, path, **query):
        status, answer = self.ask(path, **query)
        assert status == 200, answer
        return answer

    def post(self, path, **body):
        status, answer = self.ask(path, body)
        assert status == 200, answer
        return answer

    def save(self, card, *yes, **more):
        """Save a card with these codes ticked."""
        known = {"passage": card["passage"], "why": card["why"], "codebook": card["codebook"]}
        place = {"mode": card["mode"], "draw": card["draw"]}
        usual = {"act": new_act(), "yes": list(yes), "quotes": {}, "seconds": 1.5}
        return self.post("/api/code/save", **{**place, **known, **usual, **more})

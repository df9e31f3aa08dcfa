"""Every request that the review page takes, as one who is curious would send it; by method and path of the route."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from twins import Twin

Asked = tuple[dict[str, Any] | None, dict[str, Any] | None]  # query, body
REASON = {"reason": "gap", "note": "", "flag": True}


def routes(app) -> set[tuple[str, str]]:
    """(method, path) of every route of an application, those of its routers too."""
    found = set()
    for route in app.routes:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if hasattr(route, "methods"):
            found |= {(method, route.path) for method in route.methods}
        elif hasattr(inner, "routes"):
            found |= routes(inner)
        else:
            raise AssertionError(f"{route} is no route that is known here")
    return found


class Asking:
    """What is asked of one copy, in order; the acts are named alike in both."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self._numbers = count(1)
        self.some = [twin.half[0], twin.half[3], twin.rest[0], twin.drawn[5], twin.open[0], twin.open[20], 999_999]
        self.draws = (None, twin.double, twin.audit, 99)

    def act(self) -> str:
        """A name for an act."""
        return f"{next(self._numbers):032x}"

    def places(self) -> Iterator[dict[str, Any]]:
        """Every mode, with draws of its kind and of another."""
        draws = {"review": (None, 99), "audit": (None, self.twin.double), "double": (None, self.twin.double)}
        draws["reread"] = (None, self.twin.double)
        for mode, numbers in draws.items():
            for draw in numbers:
                yield {"mode": mode} | ({"draw": draw} if draw is not None else {})

    def calls(self) -> dict[tuple[str, str], Callable[[], Iterator[Any]]]:
        """By route, what is asked of it."""

        def none() -> Iterator[Any]:
            return iter([None])

        def place() -> Iterator[Any]:
            return ({"draw": draw} if draw else None for draw in self.draws)

        return {
            ("GET", "/static/{version}/{name}"): lambda: iter([{"version": "0", "name": "style.css"}]),
            ("GET", "/enter"): none,
            ("GET", "/"): none,
            ("GET", "/api/me"): none,
            ("GET", "/review"): lambda: ({"passage": key} for key in self.some),
            ("GET", "/audit"): place,
            ("GET", "/double"): place,
            ("GET", "/reread"): place,
            ("GET", "/api/code/codebook"): none,
            ("GET", "/api/code/next"): self.places,
            ("GET", "/api/code/recent"): self.places,
            ("GET", "/api/code/card"): lambda: ({**at, "passage": key} for at in self.places() for key in self.some),
            ("GET", "/api/code/why"): lambda: ({"passage": key} for key in self.some),
            ("GET", "/documents"): none,
            ("GET", "/documents/{key}"): lambda: (
                {"key": key, "all": everybody} for key in range(1, 10) for everybody in ("true", "false")
            ),
            ("GET", "/api/memos"): lambda: iter(
                [None, {"code": "money"}, *({"document": key} for key in range(1, 10))]
            ),
            ("GET", "/search"): lambda: (
                {"q": words, "how": how}
                for words in ("", "choir tea", "quagga", "-tea")
                for how in ("words", "meaning")
            ),
            ("GET", "/codebook"): none,
            ("GET", "/codebook/themes"): none,
            ("GET", "/codebook/doubts"): none,
            ("GET", "/api/codebook"): none,
            ("GET", "/api/codebook/history"): none,
            ("GET", "/progress"): none,
            ("GET", "/disagreements"): none,
            ("GET", "/api/disagreements"): self.filters,
            ("GET", "/api/disagreements/passage"): lambda: ({"passage": key} for key in [*self.some, *self.twin.half]),
            ("GET", "/api/disagreements/agreed"): none,
            ("GET", "/agreement"): lambda: ({"code": code} for code in ("", "money", "late", "voice", "choir", "no")),
            ("GET", "/counts"): lambda: (
                {"unit": unit, "by": by} | ({"once": once} if once else {})
                for unit in ("passage", "document", "speaker", "size", "no")
                for by in ("", "size", "no")
                for once in ("", "1", "no")
            ),
            ("POST", "/api/code/skip"): lambda: ({**at, "passage": key} for at in self.places() for key in self.some),
            ("POST", "/api/code/save"): self.savings,
            ("POST", "/api/code/undo"): lambda: ({**at, "act": self.act()} for at in self.places()),
            ("POST", "/api/code/redo"): lambda: ({**at, "act": self.act()} for at in self.places()),
            ("POST", "/api/code/flag"): lambda: (
                {**at, "act": self.act(), "passage": key, "note": "mine"} for at in self.places() for key in self.some
            ),
            ("POST", "/api/code/memo"): lambda: (
                {**at, "act": self.act(), "passage": key, "text": "mine"} for at in self.places() for key in self.some
            ),
            ("POST", "/api/memos"): lambda: (
                {"act": self.act(), "text": "mine", **about} for about in ({}, {"code": "voice"}, {"document": 3})
            ),
            ("POST", "/api/disagreements/settle"): self.settlements,
            ("POST", "/api/disagreements/undo"): lambda: ({"act": self.act()} for _ in range(3)),
            ("POST", "/api/codebook/rehearse"): self.edits,
            ("POST", "/api/codebook/edit"): lambda: ({**edit, "act": self.act()} for edit in self.edits()),
            ("POST", "/api/leave"): lambda: iter([{}]),
            ("POST", "/api/enter"): lambda: iter([{"secret": "wrong"}]),
        }

    def filters(self) -> Iterator[dict[str, Any]]:
        """Every filter of the disagreements."""
        for state in ("open", "settled", "all"):
            for draw in (None, 0, self.twin.double, self.twin.audit):
                yield {"state": state} | ({"draw": draw} if draw is not None else {})
            for code in ("money", "late", "voice", "choir"):
                yield {"state": state, "code": code}
            for pair in (("ben", "cat"), ("ada", "ben"), ("dan", "eve")):
                yield {"state": state, "coder": pair}

    def savings(self) -> Iterator[dict[str, Any]]:
        """Readings: of the double coding, of the first of the audit, and in review, of what may be read there."""
        version, twin = self.twin.study.codebook.version, self.twin
        usual = {"quotes": {}, "why": "manual", "codebook": version, "seconds": 2}
        for key in (*twin.half[:3], *twin.rest[:2]):
            place = {"mode": "double", "draw": twin.double, "passage": key}
            yield {**usual, **place, "act": self.act(), "yes": ["late"]}
        for key in twin.drawn[:2]:
            place = {"mode": "audit", "draw": twin.audit, "passage": key}
            yield {**usual, **place, "act": self.act(), "yes": ["voice"]}
        for key in (*twin.open[16:19], twin.half[3]):
            yield {**usual, "mode": "review", "passage": key, "act": self.act(), "yes": ["choir"]}

    def settlements(self) -> Iterator[dict[str, Any]]:
        """Of sealed passages, of an open one, and of nothing."""
        for key in self.some:
            for code in ("money", "voice"):
                outcome = {"code": code, "value": True, **REASON}
                version = self.twin.study.codebook.version
                yield {"act": self.act(), "passage": key, "outcomes": [outcome], "codebook": version, "seconds": 1}

    def edits(self) -> Iterator[dict[str, Any]]:
        """Edits of every kind; those after the first that is made are refused, as of a version that is no more."""
        twin, expected = self.twin, self.twin.study.latest().codebook.version
        shows = [
            {"kind": "show", "code": "voice", "field": "examples", "line": "A line.", "passage": key}
            for key in (twin.half[0], twin.drawn[5])
        ]
        merges = [
            {"kind": "merge", "code": one, "into": other, "reason": "", "repeat": repeat}
            for one, other in (
                ("choir", "voice"),
                ("harp", "voice"),
                ("cake", "voice"),
                ("voice", "late"),
                ("late", "voice"),
            )
            for repeat in (True, False)
        ]
        others = [
            {"kind": "change", "code": "voice", "fields": {"definition": "Nobody hears."}},
            {"kind": "change", "code": "money", "fields": {"definition": "Money is short."}},
            {"kind": "retire", "code": "choir", "reason": ""},
            {"kind": "retire", "code": "cake", "reason": ""},
            {"kind": "restore", "code": "choir"},
            {"kind": "put back", "version": expected},
            {"kind": "theme", "theme": 1, "name": "Sung", "definition": ""},
            {"kind": "add", "name": "Tea", "definition": "Tea."},
        ]
        yield from ({"expected": expected, "edit": edit} for edit in [*shows, *merges, *others])

"""The door of the page: what is refused before any view sees it, and the headers that every response carries."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
LARGEST = 256 * 1024  # bytes of a request
_PLACE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page listens. names: host names it answers to, in small letters; numbers: whether to any IP number.

    A page that another site made the browser ask for comes under that site's name, never under a number: so numbers are
    safe, and a network's page answers to all of its machine's.
    """

    port: int
    names: frozenset[str]
    numbers: bool = False

    @classmethod
    def local(cls, port: int, host: str = "localhost") -> "Address":
        """For this machine only, by its usual names and by the one of its own that was asked for."""
        name = f"[{host}]" if ":" in host else host
        return cls(port, frozenset({"localhost", "127.0.0.1", "[::1]", name.casefold()}))

    @classmethod
    def open(cls, port: int, names: Iterable[str]) -> "Address":
        """For the network, under these names and every number of the machine."""
        return cls(port, frozenset({"localhost", *(name.casefold() for name in names)}), numbers=True)

    def answers(self, host: str) -> bool:
        """Whether a Host header names this place."""
        found = _PLACE.fullmatch(host)
        if found is None or int(found[2] or 80) != self.port:
            return False
        name = found[1].casefold()
        return name in self.names or (self.numbers and _is_number(name))


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Guard:
    """Wraps the whole application, so that its errors carry the headers too."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self.app = app
        self.address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer why not."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no sockets: the server closes the connection

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._refused(scope)
        answer = JSONResponse({"error": refused[1]}, refused[0]) if refused else self.app
        await answer(scope, receive, sealed)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for a request that no view may see."""
        headers = Headers(scope=scope)
        host = headers.getlist("host")
        if len(host) != 1 or not self.address.answers(host[0]):
            return 421, "This address is not the review page's: open the link that you were given."
        if scope["method"] not in ("GET", "POST"):
            return 405, "The review page knows GET and POST only."
        fetched = headers.get("sec-fetch-site", "same-origin")
        if scope["method"] == "POST":
            return _refused_change(headers, host[0], fetched)
        if scope["path"].startswith("/api/") and fetched not in ("same-origin", "none"):
            return 403, "This was asked for by another page."
        return None


def _refused_change(headers: Headers, host: str, fetched: str) -> tuple[int, str] | None:
    if headers.get("origin") != f"http://{host}" or fetched != "same-origin":
        return 403, "This was sent by another page, and nothing was changed."
    if headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/json":
        return 415, "The review page takes JSON only."
    if int(headers.get("content-length", "0")) > LARGEST:  # a body without a length is cut off as it is read
        return 413, "That is too long to be sent."
    return None

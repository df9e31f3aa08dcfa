"""The story of `themis review`: a free port, the owner's link, the server until somebody stops it."""

import ipaddress
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from coding import reviewers
from coding.page.app import create_app
from coding.page.guard import Address
from coding.page.session import TICKETS
from coding.study import Study
from corpus.errors import EvidenceError

NEXT = 20  # ports that are tried after the one that was asked for
LINKS = "links.json"  # in the study's cache: secrets of those who start the page on this machine


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is open. link: the owner's own; wanted: the port that was asked for and may have been taken.

    once: the link for the browser that is started here; it opens once, soon.
    """

    link: str
    once: str
    port: int
    wanted: int
    coder: str
    network: bool


@dataclass(frozen=True, slots=True)
class Listening:
    """What `themis review` was asked for. port 0 is any free one."""

    host: str = "127.0.0.1"
    port: int = reviewers.PORT
    network: bool = False
    browser: bool = True


def serve(study: Study, coder: str, how: Listening, ready: Callable[[Place], None]) -> None:
    """Serve until Ctrl-C; requests that are under way are answered first. ready(place) is called when it listens.

    EvidenceError where the study cannot be written, the port cannot be had, or the network was not allowed.
    """
    with opened(study, coder, how) as (place, run, _):
        ready(place)
        if how.browser:
            threading.Thread(target=webbrowser.open, args=(place.once,), daemon=True).start()
        with suppress(KeyboardInterrupt):
            run()


@contextmanager
def opened(study: Study, coder: str, how: Listening) -> Iterator[tuple[Place, Callable[[], None], Callable[[], None]]]:
    """Where the page is, what serves it until it is stopped, and what stops that from another thread."""
    network = not _is_loopback(how.host)
    if network and not how.network:
        raise EvidenceError(
            f"--host {how.host} would open the study to the network, unencrypted: add --allow-network if you want that"
        )
    with study.store.database.writing() as connection:
        secret = reviewers.own(connection, coder, study.cache / LINKS)
        owner = reviewers.who(connection, secret)
    assert owner
    with closing(_listen(how.host, how.port)) as listener:
        port = listener.getsockname()[1]
        address = Address.open(port, [how.host, *_names()]) if network else Address.local(port, how.host)
        host = _reached(how.host)
        link, once = (reviewers.link(one, host, port) for one in (secret, TICKETS.make(secret)))
        place = Place(link, once, port, how.port, owner.name, network)
        server = uvicorn.Server(_config(create_app(study, address)))
        yield place, lambda: server.run(sockets=[listener]), lambda: setattr(server, "should_exit", True)


def _config(app: object) -> uvicorn.Config:
    """No log of addresses, no name of the server, no trust in a proxy's word, nothing but plain HTTP."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=30,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A socket at this port, or the next free one."""
    try:
        family, _, _, _, at = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise EvidenceError(f"--host {host} is no address of this machine: give one, or leave it out") from error
    for offset in range(NEXT if port else 1):
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio lets answers wait 40 ms
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: nobody else may listen here as well
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((at[0], port + offset, *at[2:]))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            listener.close()
            fault = error
        else:
            return listener
    raise EvidenceError(f"no port from {port} to {port + NEXT - 1} on {host} can be had ({fault}): give another --port")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reached(host: str) -> str:
    """The host for a link: this machine's name where it listens everywhere."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host


def _names() -> list[str]:
    name = socket.gethostname()
    return [name, socket.getfqdn(name)]

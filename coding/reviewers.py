"""Who may open the review page: a name, a link that only its owner has, and whether they lead."""

import hashlib
import json
import os
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coding.ledger import DECISIONS, now
from corpus.database import Boolean, Column, Connection, Integer, String, Table, Text, insert, metadata, select, update
from corpus.errors import EvidenceError

PORT = 8765  # where the page listens unless another port is asked for
LONGEST = 60  # letters of a name

REVIEWERS = Table(
    "reviewers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("secret", String(64)),
    Column("lead", Boolean, nullable=False),
    Column("added", String(32), nullable=False),
    Column("removed", String(32)),
)
PRESENT = REVIEWERS.c.removed.is_(None)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """name: the coder in the ledger. lead: may also settle disagreements, edit the codebook and see counts."""

    name: str
    lead: bool
    added: str = ""


def add(connection: Connection, name: str, lead: bool = False) -> str:
    """The secret of a new reviewer's link; whoever coded under this name before keeps its capitals.

    EvidenceError where the name cannot be one, or is a reviewer's already.
    """
    name = sound(name)
    if _row(connection, name):
        raise EvidenceError(
            f"there is a reviewer '{name}' already: `themis reviewers link \"{name}\"` makes a new link"
        )
    secret = secrets.token_urlsafe(32)
    row = {"name": spelled(connection, [name])[0], "name_key": name.casefold(), "secret": _hash(secret)}
    connection.execute(insert(REVIEWERS).values(**row, lead=lead, added=now()))
    return secret


def spelled(connection: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Names as the study writes them: Anna is anna where anna coded, was asked for in a draw, or is a reviewer."""
    known = spellings(connection)
    return tuple(dict.fromkeys(known.setdefault(sound(name).casefold(), sound(name)) for name in names))


def strangers(connection: Connection, names: Iterable[str]) -> list[str]:
    """Those of these names that nobody has here: who never coded, is in no draw, and is no reviewer."""
    known = spellings(connection)
    return [name for name in names if sound(name).casefold() not in known]


def spellings(connection: Connection) -> dict[str, str]:
    """How the study writes each name it knows, by the name in small letters."""
    from coding.draws import draws  # which asks this module how its coders are spelled

    known = {coder.casefold(): coder for draw in draws(connection) for coder in draw.coders}
    known |= {coder.casefold(): coder for coder in connection.execute(select(DECISIONS.c.coder).distinct()).scalars()}
    return known | {reviewer.name.casefold(): reviewer.name for reviewer in listed(connection)}


def who(connection: Connection, secret: str) -> Reviewer | None:
    """Whose link this is; None where it is nobody's, or no longer."""
    row = connection.execute(select(REVIEWERS).where(PRESENT, REVIEWERS.c.secret == _hash(secret))).first()
    if row is None or not secrets.compare_digest(row.secret, _hash(secret)):
        return None
    return Reviewer(row.name, row.lead, row.added)


def listed(connection: Connection) -> list[Reviewer]:
    """The reviewers, in the order they were added."""
    rows = connection.execute(select(REVIEWERS).where(PRESENT).order_by(REVIEWERS.c.id))
    return [Reviewer(row.name, row.lead, row.added) for row in rows]


def renew(connection: Connection, name: str) -> str:
    """A new secret for this reviewer: the link they had opens nothing from now on. EvidenceError for a stranger."""
    secret = secrets.token_urlsafe(32)
    connection.execute(update(REVIEWERS).where(REVIEWERS.c.id == _key(connection, name)).values(secret=_hash(secret)))
    return secret


def remove(connection: Connection, name: str) -> None:
    """Close this reviewer's link for good; what they decided stays. EvidenceError for a stranger."""
    gone = update(REVIEWERS).where(REVIEWERS.c.id == _key(connection, name))
    connection.execute(gone.values(removed=now(), secret=None))


def link(secret: str, host: str = "127.0.0.1", port: int = PORT) -> str:
    """A reviewer's link; what stands behind the # stays in the browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/enter#{secret}"


def own(connection: Connection, name: str, links: Path) -> str:
    """The secret of whoever starts the page on this machine: the one kept in the file `links`, as long as it opens.

    A name that is no reviewer yet becomes one who leads. The file is the owner's to read only; without it a new secret
    is made. EvidenceError where the name cannot be one.
    """
    name = sound(name)
    kept = _kept(links)
    secret = kept.get(name.casefold(), "")
    if who(connection, secret):
        return secret
    secret = renew(connection, name) if _row(connection, name) else add(connection, name, lead=True)
    _keep(links, {**kept, name.casefold(): secret})
    return secret


def sound(name: str) -> str:
    """The name without space around it; EvidenceError where it cannot be one."""
    name = unicodedata.normalize("NFC", name.strip())
    if not (0 < len(name) <= LONGEST and name.isprintable()):
        raise EvidenceError(f"{name[:LONGEST]!r} cannot be a reviewer's name: give 1 to {LONGEST} letters on one line")
    return name


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _row(connection: Connection, name: str) -> int | None:
    found = select(REVIEWERS.c.id).where(PRESENT, REVIEWERS.c.name_key == sound(name).casefold())
    return connection.execute(found).scalar()


def _key(connection: Connection, name: str) -> int:
    key = _row(connection, name)
    if key is None:
        raise EvidenceError(f"there is no reviewer '{name}': {_few(listed(connection))}")
    return key


def _few(reviewers: Iterable[Reviewer]) -> str:
    names = ", ".join(reviewer.name for reviewer in reviewers)
    return f"there are {names}" if names else "add one with `themis reviewers add NAME`"


def _kept(links: Path) -> dict[str, str]:
    """Secrets by name; none where the file is missing or spoilt, since new ones can be made."""
    try:
        found = json.loads(links.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(secret) for name, secret in found.items()} if isinstance(found, dict) else {}


def _keep(links: Path, secrets_by_name: dict[str, str]) -> None:
    try:
        links.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = links.with_name(f"{links.name}.part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(secrets_by_name, file)
        part.replace(links)
    except OSError as error:
        raise EvidenceError(
            f"{links} could not be written ({error.strerror}): see to it that you may write there"
        ) from error

"""codebook.yml as it is on disk: read with the line of every fault, watched for changes; ruamel's only door."""

import io
import re
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from coding.codebook import LISTS, REQUIRED, TEXTS, Code, Codebook, Retired, plain
from corpus.errors import EvidenceError

LEAVING = ("under", "on", "into", "reason")  # what a retired code says besides: `under` is the code it was nested in
MAX_BYTES = 5_000_000
OTHERWISE = "codebook.yml is written in a way that this cannot be changed in: change it in an editor"
SETTLED = 2_000_000_000  # nanoseconds after which no write can hide behind an earlier one of the same time and size

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong in a codebook file; line and column count from 1."""

    line: int
    column: int
    message: str


def load(path: Path) -> Codebook:
    """The codebook in a yaml file; EvidenceError names the first fault with its line and column."""
    return sound(path, *parse(read(path)))


def check(path: Path) -> list[Fault]:
    """Every fault in a codebook file, in the order of the file; empty when it can be used."""
    return parse(read(path))[1]


def sound(path: Path, codebook: Codebook | None, faults: list[Fault]) -> Codebook:
    """What `parse` made of the file, where it has no fault; EvidenceError names the first with its line and column."""
    if codebook is None or faults:
        first = faults[0]
        more = f" ({len(faults) - 1} more: `themis codebook check` lists them)" if len(faults) > 1 else ""
        raise EvidenceError(f"{path}:{first.line}:{first.column}: {first.message}{more}")
    return codebook


def read(path: Path) -> bytes:
    """The file as it is, not more of it than can be a codebook; EvidenceError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise EvidenceError(f"{path} could not be read: {error.strerror}") from error


def parse(raw: bytes) -> tuple[Codebook | None, list[Fault]]:
    """The codebook in the bytes of a file, None where there is nothing like one; and its faults, in order."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Fault(line, 1, "not UTF-8 text: save the codebook as UTF-8")]
    if len(raw) > MAX_BYTES:
        return None, [Fault(1, 1, f"longer than {MAX_BYTES // 1_000_000} MB, which no codebook is")]
    try:
        data = YAML(typ="rt").load(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, [Fault(line, column, f"not yaml here: {(error.problem or error.context or '').splitlines()[0]}")]
    except (YAMLError, ValueError, RecursionError) as error:
        return None, [Fault(1, 1, f"not yaml: {str(error).splitlines()[0]}")]
    parser = _Parser()
    codebook = parser.codebook(data)
    return codebook, sorted(parser.faults)


def refers_to_itself(text: str) -> bool:
    """Whether a part of the yaml stands for another one (&name and *name), so that one edit would be two."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent

    return any(isinstance(event, AliasEvent) for event in YAML(typ="rt").parse(text))


def nodes(text: str) -> Any:
    """The yaml as ruamel's nodes, each with the place in `text` where it begins and ends; EvidenceError for no yaml."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="rt").compose(text)
    except YAMLError as error:
        raise EvidenceError(OTHERWISE) from error


class Watch:
    """codebook.yml as it is at any moment, read again only when it was changed; threads may share one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._stamp: tuple[int, ...] = ()
        self._raw: bytes | None = None
        self._read: tuple[Codebook | None, list[Fault]] = (None, [])

    def codebook(self) -> Codebook:
        """The codebook now, the same object while the file says the same; EvidenceError where it has a fault."""
        with self._lock:
            self._look()
            return sound(self.path, *self._read)

    def _look(self) -> None:
        """A stat, unless the file was changed, or so lately that a change could have left time and size alone."""
        try:
            stat = self.path.stat()
        except OSError as error:
            raise EvidenceError(f"{self.path} could not be read: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp == self._stamp:
            return
        if (raw := read(self.path)) != self._raw:
            self._raw, self._read = raw, parse(raw)
        self._stamp = stamp if time.time_ns() - stat.st_mtime_ns > SETTLED else ()


class _Parser:
    """Walks the yaml once, making codes of what is right and a fault of what is not."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.codes: list[Code] = []
        self.retired: list[Retired] = []
        self.places: dict[tuple[str, str, int], tuple[int, int]] = {}

    def codebook(self, data: Any) -> Codebook | None:
        if not isinstance(data, dict) or not isinstance(data.get("codes"), list) or not data["codes"]:
            self.faults.append(
                Fault(1, 1, "a codebook is a title and a list of codes: write `codes:` and a list under it")
            )
            return None
        for key in data:
            if key not in ("title", "codes", "retired"):
                self._fault(data, key, f"'{key}' is not known here: title, codes and retired are")
        self._codes(data["codes"], parent=None)
        self._retired(data)
        self._check_ids()
        self._check_others()
        self._check_examples()
        return Codebook(str(data.get("title") or ""), tuple(self.codes), tuple(self.retired))

    def _fault(self, holder: Any, key: Any, message: str) -> None:
        self.faults.append(Fault(*_place(holder, key), message))

    def _codes(self, items: Any, parent: str | None) -> None:
        for i, item in enumerate(items):
            if isinstance(item, dict):
                self._code(item, parent)
            else:
                self._fault(items, i, "a code is a mapping that begins with `id:`")

    def _code(self, item: Any, parent: str | None) -> None:
        fields = self._fields(item, (*TEXTS, *LISTS, "codes"))
        self.codes.append(Code(**fields, parent=parent))
        nested = item.get("codes")
        if isinstance(nested, list):
            self._codes(nested, parent=fields["id"])
        elif nested is not None:
            self._fault(item, "codes", "nested codes are a list")

    def _retired(self, data: Any) -> None:
        items = data.get("retired") or []
        if not isinstance(items, list):
            self._fault(data, "retired", "retired codes are a list")
            return
        for i, item in enumerate(items):
            if not isinstance(item, dict):
                self._fault(items, i, "a retired code is a mapping that begins with `id:`")
                continue
            fields = self._fields(item, (*TEXTS, *LISTS, *LEAVING, "codes"))
            if item.get("codes") is not None:
                self._fault(item, "codes", "a retired code has no codes nested in it: retire them one by one")
            left = {name: self._text(item, name) for name in LEAVING}
            code = Code(**fields, parent=left["under"] or None)
            self.retired.append(Retired(code, left["on"], left["reason"], left["into"] or None))
            self.places[code.id, "into", 0] = _place(item, "into")

    def _fields(self, item: Any, known: tuple[str, ...]) -> dict[str, Any]:
        for key in item:
            if key not in known:
                self._fault(item, key, f"'{key}' is not known in a code: {', '.join(known)} are")
        fields: dict[str, Any] = {name: self._text(item, name) for name in TEXTS}
        fields |= {name: self._list(item, name, fields["id"]) for name in LISTS}
        self.places[fields["id"], "id", len(self.codes) + len(self.retired)] = _place(item, "id")
        return fields

    def _text(self, item: Any, name: str) -> str:
        value = item.get(name)
        if value is None or value == "":
            if name in REQUIRED:
                self._fault(item, name, f"code '{item.get('id', '?')}' has no {name}")
            return ""
        if name == "on" and isinstance(value, date):
            return value.isoformat()[:10]
        if not isinstance(value, str):
            self._fault(item, name, f"{name} must be text: put {value} in quotes")
            return str(value)
        text = plain(value)
        if not text and name in REQUIRED:
            self._fault(item, name, f"code '{item.get('id', '?')}' has an empty {name}")
        if name == "id" and text and not _ID.fullmatch(text):
            self._fault(item, name, f"id '{text}' must be small letters, digits and _, beginning with a letter")
        if name == "colour" and not _COLOUR.fullmatch(text):
            self._fault(item, name, f"colour '{text}' must look like #1f77b4 (in quotes)")
        return text

    def _list(self, item: Any, name: str, id: str) -> tuple[str, ...]:
        values = item.get(name)
        if values is None:
            return ()
        if not isinstance(values, list):
            self._fault(item, name, f"{name} is a list: begin each line with '- '")
            return ()
        texts: list[str] = []
        for i, value in enumerate(values):
            text = plain(value) if isinstance(value, str) else ""
            if isinstance(value, str) and not text:
                self._fault(values, i, f"an empty line under {name}")
            elif not isinstance(value, str):
                self._fault(
                    values, i, f"under {name}, each line is text: put it in quotes (a colon or a number misleads yaml)"
                )
            elif text in texts:
                self._fault(values, i, f"under {name} of '{id}' twice: '{_short(text)}'")
            else:
                self.places[id, name, len(texts)] = _place(values, i)
                texts.append(text)
        return tuple(texts)

    def _check_ids(self) -> None:
        seen: set[str] = set()
        names: dict[str, str] = {}
        for number, code in enumerate((*self.codes, *(retired.code for retired in self.retired))):
            place = self.places[code.id, "id", number]
            if code.id and code.id in seen:
                retired = ": one is retired, and its id stays taken" if number >= len(self.codes) else ""
                self.faults.append(Fault(*place, f"two codes have the id '{code.id}'{retired}"))
            elif code.name and code.name.casefold() in names and number < len(self.codes):
                self.faults.append(Fault(*place, f"'{code.id}' and '{names[code.name.casefold()]}' have the same name"))
            seen.add(code.id)
            names[code.name.casefold()] = code.id

    def _check_others(self) -> None:
        """The other codes that a code names are there."""
        ids = {code.id for code in self.codes}
        for code in self.codes:
            for i, other in enumerate(code.never_with):
                if other not in ids or other == code.id:
                    place = self.places[code.id, "never_with", i]
                    self.faults.append(Fault(*place, f"never_with names '{other}', which is no other code here"))
        ids |= {retired.code.id for retired in self.retired}
        for retired in self.retired:
            if retired.into and (retired.into not in ids or retired.into == retired.code.id):
                place = self.places[retired.code.id, "into", 0]
                self.faults.append(Fault(*place, f"into names '{retired.into}', which is no other code here"))

    def _check_examples(self) -> None:
        holders: dict[str, list[Code]] = {}
        for code in self.codes:
            for i, text in enumerate(code.examples):
                for other in holders.get(text.casefold(), []):
                    if other.id in code.never_with or code.id in other.never_with:
                        message = f"'{_short(text)}' is an example of '{other.id}' too, and the two exclude each other"
                        self.faults.append(Fault(*self.places[code.id, "examples", i], message))
                holders.setdefault(text.casefold(), []).append(code)
            for i, text in enumerate(code.near_misses):
                if text in code.examples:
                    message = f"'{_short(text)}' is both an example and a near-miss of '{code.id}'"
                    self.faults.append(Fault(*self.places[code.id, "near_misses", i], message))


def _place(holder: Any, key: Any) -> tuple[int, int]:
    """Line and column, from 1, of a key's value or an item; of the holder itself where the key is missing."""
    try:
        line, column = holder.lc.value(key) if hasattr(holder, "keys") else holder.lc.item(key)
    except (KeyError, TypeError):
        line, column = holder.lc.line, holder.lc.col
    return line + 1, column + 1


def _short(text: str) -> str:
    return text if len(text) <= 50 else text[:47] + "..."

"""The codebook: codes with definitions and examples, read from yaml with the line of every fault."""

import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from corpus.errors import EvidenceError

TEXTS = ("id", "name", "definition", "colour")
LISTS = ("include", "exclude", "examples", "near_misses", "never_with")
REQUIRED = ("id", "name", "definition")
MAX_BYTES = 5_000_000

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Code:
    """One theme, or a part of one: `parent` is the code it is nested in, None at the top.

    never_with: ids of codes that cannot hold of the same passage.
    """

    id: str
    name: str
    definition: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    never_with: tuple[str, ...] = ()
    colour: str = ""
    parent: str | None = None


@dataclass(frozen=True)
class Codebook:
    """The codes in the order of the file, each parent before the codes nested in it."""

    title: str
    codes: tuple[Code, ...]

    @cached_property
    def by_id(self) -> dict[str, Code]:
        """The codes by id."""
        return {code.id: code for code in self.codes}

    @cached_property
    def version(self) -> str:
        """Hash of what the codes mean: order, colours, title and white space do not change it."""
        meaning = sorted(
            [
                *(_plain(getattr(code, name)) for name in REQUIRED),
                *(sorted(map(_plain, getattr(code, name))) for name in LISTS),
                code.parent or "",
            ]
            for code in self.codes
        )
        return hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()

    def find(self, name: str) -> str:
        """The id of the code that has this id or name, capitals apart; EvidenceError where none has."""
        plain = _plain(name).casefold()
        for code in self.codes:
            if plain in (code.id, code.name.casefold()):
                return code.id
        near = get_close_matches(plain, [word for code in self.codes for word in (code.id, code.name.casefold())], 1)
        advice = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(self.by_id)}"
        raise EvidenceError(f"the codebook has no code '{name}': {advice}")

    def above(self, id: str) -> tuple[str, ...]:
        """Ids of the codes that this one is nested in, nearest first: a yes here is a yes there."""
        parent = self.by_id[id].parent if id in self.by_id else None
        return (parent, *self.above(parent)) if parent else ()

    def below(self, id: str) -> tuple[str, ...]:
        """Ids of the codes nested in this one, at any depth."""
        return tuple(code.id for code in self.codes if id in self.above(code.id))

    def to_json(self) -> str:
        """All of it, for the study's own record; `from_json` is the inverse."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, content: str) -> "Codebook":
        """The codebook that `to_json` wrote."""
        data = json.loads(content)
        for code in data["codes"]:
            code.update({name: tuple(code[name]) for name in LISTS})
        return cls(data["title"], tuple(Code(**code) for code in data["codes"]))


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong in a codebook file; line and column count from 1."""

    line: int
    column: int
    message: str


def load(path: Path) -> Codebook:
    """The codebook in a yaml file; EvidenceError names the first fault with its line and column."""
    codebook, faults = _read(path)
    if codebook is None or faults:
        first = faults[0]
        more = f" ({len(faults) - 1} more: `themis codebook check` lists them)" if len(faults) > 1 else ""
        raise EvidenceError(f"{path}:{first.line}:{first.column}: {first.message}{more}")
    return codebook


def check(path: Path) -> list[Fault]:
    """Every fault in a codebook file, in the order of the file; empty when it can be used."""
    return _read(path)[1]


def diff(old: Codebook, new: Codebook) -> list[str]:
    """What changed in meaning from one version to another, a line each, in the order of the new one."""
    lines = [f"- {code.id}: removed" for code in old.codes if code.id not in new.by_id]
    for code in new.codes:
        before = old.by_id.get(code.id)
        if before is None:
            lines.append(f"+ {code.id}: added ({code.name})")
            continue
        for name in ("name", "definition", "parent"):
            was, now = _plain(getattr(before, name) or ""), _plain(getattr(code, name) or "")
            if was != now:
                lines.append(f"~ {code.id}: {name} was '{was}', is '{now}'")
        for name in LISTS:
            was_all, now_all = getattr(before, name), getattr(code, name)
            lines += [f"- {code.id}: {name}: {text}" for text in was_all if text not in now_all]
            lines += [f"+ {code.id}: {name}: {text}" for text in now_all if text not in was_all]
    return lines


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _read(path: Path) -> tuple[Codebook | None, list[Fault]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        raw = path.read_bytes()[: MAX_BYTES + 1]
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise EvidenceError(f"{path} could not be read: {error.strerror}") from error
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


class _Parser:
    """Walks the yaml once, making codes of what is right and a fault of what is not."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.codes: list[Code] = []
        self.places: dict[tuple[str, str, int], tuple[int, int]] = {}

    def codebook(self, data: Any) -> Codebook | None:
        if not isinstance(data, dict) or not isinstance(data.get("codes"), list) or not data["codes"]:
            self.faults.append(
                Fault(1, 1, "a codebook is a title and a list of codes: write `codes:` and a list under it")
            )
            return None
        for key in data:
            if key not in ("title", "codes"):
                self._fault(data, key, f"'{key}' is not known here: title and codes are")
        self._codes(data["codes"], parent=None)
        self._check_ids()
        self._check_examples()
        return Codebook(str(data.get("title") or ""), tuple(self.codes))

    def _fault(self, holder: Any, key: Any, message: str) -> None:
        self.faults.append(Fault(*_place(holder, key), message))

    def _codes(self, items: Any, parent: str | None) -> None:
        for i, item in enumerate(items):
            if isinstance(item, dict):
                self._code(item, parent)
            else:
                self._fault(items, i, "a code is a mapping that begins with `id:`")

    def _code(self, item: Any, parent: str | None) -> None:
        for key in item:
            if key not in (*TEXTS, *LISTS, "codes"):
                known = ", ".join((*TEXTS, *LISTS, "codes"))
                self._fault(item, key, f"'{key}' is not known in a code: {known} are")
        fields: dict[str, Any] = {name: self._text(item, name) for name in TEXTS}
        fields |= {name: self._list(item, name, fields["id"]) for name in LISTS}
        self.places[fields["id"], "id", len(self.codes)] = _place(item, "id")
        self.codes.append(Code(**fields, parent=parent))
        nested = item.get("codes")
        if isinstance(nested, list):
            self._codes(nested, parent=fields["id"])
        elif nested is not None:
            self._fault(item, "codes", "nested codes are a list")

    def _text(self, item: Any, name: str) -> str:
        value = item.get(name)
        if value is None or value == "":
            if name in REQUIRED:
                self._fault(item, name, f"code '{item.get('id', '?')}' has no {name}")
            return ""
        if not isinstance(value, str):
            self._fault(item, name, f"{name} must be text: put {value} in quotes")
            return str(value)
        text = _plain(value)
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
            text = _plain(value) if isinstance(value, str) else ""
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
        seen: dict[str, str] = {}
        names: dict[str, str] = {}
        for number, code in enumerate(self.codes):
            place = self.places[code.id, "id", number]
            if code.id and code.id in seen:
                self.faults.append(Fault(*place, f"two codes have the id '{code.id}'"))
            elif code.name and code.name.casefold() in names:
                self.faults.append(Fault(*place, f"'{code.id}' and '{names[code.name.casefold()]}' have the same name"))
            seen[code.id] = names[code.name.casefold()] = code.id
        for code in self.codes:
            for i, other in enumerate(code.never_with):
                if other not in seen or other == code.id:
                    place = self.places[code.id, "never_with", i]
                    self.faults.append(Fault(*place, f"never_with names '{other}', which is no other code here"))

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


def nested(codebook: Codebook) -> Iterator[tuple[int, Code]]:
    """Each code with its depth, 0 at the top, in the order of the file."""
    for code in codebook.codes:
        yield len(codebook.above(code.id)), code

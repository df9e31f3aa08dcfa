"""The codebook: codes with definitions and examples, what they mean, and what changed in them."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from corpus.errors import EvidenceError

TEXTS = ("id", "name", "definition", "colour")
LISTS = ("include", "exclude", "examples", "near_misses", "never_with")
REQUIRED = ("id", "name", "definition")


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


@dataclass(frozen=True, slots=True)
class Retired:
    """A code that is used no more; its id stays taken, so that decisions made on it never come to mean another thing.

    code: as it was, with the parent that it had. on: the day, ISO 8601. into: the code that it was merged into.
    """

    code: Code
    on: str = ""
    reason: str = ""
    into: str | None = None


@dataclass(frozen=True)
class Codebook:
    """The codes in the order of the file, each parent before the codes nested in it; and the retired ones, apart."""

    title: str
    codes: tuple[Code, ...]
    retired: tuple[Retired, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Code]:
        """The codes by id."""
        return {code.id: code for code in self.codes}

    @cached_property
    def retired_by_id(self) -> dict[str, Retired]:
        """The retired codes by id."""
        return {retired.code.id: retired for retired in self.retired}

    @cached_property
    def version(self) -> str:
        """Hash of what the codes mean: order, colours, title and white space do not change it.

        Nor do retired codes: nobody decides on them and nothing is suggested from them. Retiring one changes it.
        """
        meaning = sorted(
            [
                *(plain(getattr(code, name)) for name in REQUIRED),
                *(sorted(map(plain, getattr(code, name))) for name in LISTS),
                code.parent or "",
            ]
            for code in self.codes
        )
        return hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()

    def find(self, name: str) -> str:
        """The id of the code that has this id or name, capitals apart; EvidenceError where none has."""
        wanted = plain(name).casefold()
        for code in self.codes:
            if wanted in (code.id, code.name.casefold()):
                return code.id
        for gone in self.retired:
            if wanted in (gone.code.id, gone.code.name.casefold()):
                where = f"use '{gone.into}', which it was merged into" if gone.into else "restore it, or use another"
                raise EvidenceError(f"the code '{name}' was retired: {where}")
        near = get_close_matches(wanted, [word for code in self.codes for word in (code.id, code.name.casefold())], 1)
        advice = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(self.by_id)}"
        raise EvidenceError(f"the codebook has no code '{name}': {advice}")

    def above(self, id: str) -> tuple[str, ...]:
        """Ids of the codes that this one is nested in, nearest first: a yes here is a yes there."""
        parent = self.by_id[id].parent if id in self.by_id else None
        return (parent, *self.above(parent)) if parent else ()

    def colour(self, id: str) -> str:
        """A code's own colour or that of the nearest code above it that has one; "" where none has."""
        return next((self.by_id[one].colour for one in (id, *self.above(id)) if self.by_id[one].colour), "")

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
        retired = (Retired(**{**row, "code": _code(row["code"])}) for row in data.get("retired", ()))
        return cls(data["title"], tuple(map(_code, data["codes"])), tuple(retired))


def diff(old: Codebook, new: Codebook) -> list[str]:
    """What changed in meaning from one version to another, a line each, in the order of the new one."""
    lines = [f"- {code.id}: {_gone(new.retired_by_id.get(code.id))}" for code in old.codes if code.id not in new.by_id]
    for code in new.codes:
        before = old.by_id.get(code.id)
        if before is None:
            lines.append(f"+ {code.id}: {'restored' if code.id in old.retired_by_id else 'added'} ({code.name})")
            continue
        for name in ("name", "definition", "parent"):
            was, now = plain(getattr(before, name) or ""), plain(getattr(code, name) or "")
            if was != now:
                lines.append(f"~ {code.id}: {name} was '{was}', is '{now}'")
        for name in LISTS:
            was_all, now_all = getattr(before, name), getattr(code, name)
            lines += [f"- {code.id}: {name}: {text}" for text in was_all if text not in now_all]
            lines += [f"+ {code.id}: {name}: {text}" for text in now_all if text not in was_all]
    return lines


def plain(text: str) -> str:
    """The text as it is compared: composed characters, and single spaces for all white space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _code(fields: dict[str, Any]) -> Code:
    return Code(**{**fields, **{name: tuple(fields[name]) for name in LISTS}})


def _gone(retired: Retired | None) -> str:
    if retired is None:
        return "removed"
    done = f"merged into {retired.into}" if retired.into else "retired"
    return f"{done} ({retired.reason})" if retired.reason else done


def nested(codebook: Codebook) -> Iterator[tuple[int, Code]]:
    """Each code with its depth, 0 at the top, in the order of the file."""
    for code in codebook.codes:
        yield len(codebook.above(code.id)), code

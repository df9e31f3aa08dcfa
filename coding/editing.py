"""Edits of codebook.yml, each a new version: the file stays as it was written but for the edit, and nothing is lost.

Each takes the version that the person had before them (`expected`), and refuses where the file says another thing by
now. A decision is never moved: what was decided under another meaning stays as it is, and is counted as stale.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coding import codebook_text as yaml
from coding import ledger, versions
from coding.codebook import LISTS, Code, Codebook, Retired, plain
from coding.edited import Edited, edit
from coding.repeating import Repeated, repeat
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError

CHANGEABLE = ("name", "definition", "colour", "include", "exclude", "examples", "near_misses", "never_with")
JOINED = ("include", "examples")  # what a code takes over that another is merged into
PALETTE = ("#5AA0E0", "#F5E27A", "#F28CB0", "#7FCFA9", "#F2A65A", "#B9A5E8", "#9FD3F0", "#C8C8C8")


def add_code(
    study: Study, expected: str, name: str, definition: str, parent: str | None = None, examples: Sequence[str] = ()
) -> Edited:
    """Add a code, nested in `parent` or not, with an id made of its name; one at the top gets a colour."""

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        if parent is not None:
            _live(before, parent)
        if _clean(name) in before.by_id:
            raise EvidenceError(f"'{_clean(name)}' is the id of a code that is there already: give it another name")
        colour = "" if parent else free_colour(before)
        id = proposed(name, _ids(before))
        shown = tuple(dict.fromkeys(map(_clean, examples)))
        code = Code(id, _clean(name), _clean(definition), examples=shown, colour=colour, parent=parent)
        return yaml.with_code(text, yaml.block(code), parent), replace(before, codes=(*before.codes, code))

    return edit(study, expected, None, change)


def change_code(study: Study, expected: str, id: str, fields: Mapping[str, str | Sequence[str]]) -> Edited:
    """Give a code another name, definition or colour (text), or other criteria, examples and the like (lists)."""

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        code, values = _live(before, id), dict(fields)
        if unknown := [name for name in values if name not in CHANGEABLE]:
            raise EvidenceError(f"'{unknown[0]}' of a code cannot be changed here: {', '.join(CHANGEABLE)} can")
        wanted = {
            name: tuple(dict.fromkeys(map(_clean, value))) if name in LISTS else _clean(str(value))
            for name, value in values.items()
        }
        return _changed(text, before, code, wanted)

    return edit(study, expected, id, change)


def add_line(study: Study, expected: str, id: str, name: str, line: str) -> Edited:
    """Add to a code's examples (the words of the passage in focus), near misses or criteria."""

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        code, held = _listed(before, id, name)
        if _clean(line) in held:
            raise EvidenceError(f"'{id}' has these words among its {_said(name)} already")
        return _changed(text, before, code, {name: (*held, _clean(line))})

    return edit(study, expected, id, change)


def remove_line(study: Study, expected: str, id: str, name: str, line: str) -> Edited:
    """Take an example, near miss or criterion away."""

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        code, held = _listed(before, id, name)
        if _clean(line) not in held:
            raise EvidenceError(f"'{id}' has no such words among its {_said(name)}: reload the page")
        return _changed(text, before, code, {name: tuple(one for one in held if one != _clean(line))})

    return edit(study, expected, id, change)


def merge(study: Study, expected: str, source: str, target: str, reason: str, repeated: bool = False) -> Edited:
    """Retire `source` into `target`, which gets its examples and what it includes.

    What it excludes, and its near misses, stay with the retired code: they may be the very thing that `target` means.
    repeated: whether each coder's yes for `source` is said again for `target`, in that coder's name (see `repeat`);
    otherwise decisions stay where they are. EvidenceError while codes are nested in `source`.
    """

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        gone, into = _live(before, source), _live(before, target)
        if source == target:
            raise EvidenceError("a code cannot be merged into itself: choose another")
        wanted = {name: tuple(dict.fromkeys((*getattr(into, name), *getattr(gone, name)))) for name in JOINED}
        wanted["near_misses"] = tuple(line for line in into.near_misses if line not in wanted["examples"])
        text, before = _retired(text, before, source, reason, target)
        return _changed(text, before, before.by_id[target], wanted)

    def then(connection: Connection, after: Codebook) -> Repeated:
        return repeat(connection, after, source, target) if repeated else Repeated()

    return edit(study, expected, source, change, then)


def repeat_merged(study: Study, source: str) -> Repeated:
    """Say each coder's yes for a code that was merged again for the code that it went into, as `merge` does.

    EvidenceError where it was not merged, or what it was merged into is retired too.
    """
    codebook = study.latest().codebook
    target = codebook.retired_by_id[source].into if source in codebook.retired_by_id else None
    if target is None:
        raise EvidenceError(f"'{source}' was not merged into another code")
    _live(codebook, target)
    with study.store.database.writing() as connection:
        ledger.keep(connection, codebook)
        return repeat(connection, codebook, source, target)


def retire(study: Study, expected: str, id: str, reason: str) -> Edited:
    """Use a code no more: it moves to `retired:` at the end of the file, and its decisions stay in the ledger.

    EvidenceError while codes are nested in it. Those are not moved up by themselves: a yes for a nested code counts as
    a yes above, so somebody has to say for each of them what it is to count for.
    """
    return edit(study, expected, id, lambda text, before: _retired(text, before, id, reason, None))


def restore(study: Study, expected: str, id: str) -> Edited:
    """Use a retired code again, where it was nested if that code is there, at the top otherwise."""

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        if id not in before.retired_by_id:
            raise EvidenceError(f"the codebook has no retired code '{id}': reload the page")
        code = before.retired_by_id[id].code
        parent = code.parent if code.parent in before.by_id else None
        for other in [one for one in code.never_with if one not in before.by_id]:
            text = yaml.without_line(text, id, "never_with", other)
        never = tuple(one for one in code.never_with if one in before.by_id)
        kept = tuple(one for one in before.retired if one.code.id != id)
        back = replace(code, parent=parent, never_with=never)
        return yaml.restored(text, id, parent), replace(before, codes=(*before.codes, back), retired=kept)

    return edit(study, expected, id, change)


def restore_version(study: Study, expected: str, version: str) -> Edited:
    """Put codebook.yml back to what it was at `version` (its first letters do), which undoes every edit since.

    Codes that there are now and were not then are retired, so that no id loses its meaning.
    """
    with study.store.database.reading() as connection:
        then, meant = versions.of_version(study.folder, connection, version)

    def change(text: str, before: Codebook) -> tuple[str, Codebook]:
        text, after = then, meant
        known = _ids(meant)
        why = f"Not in version {meant.version[:12]}, which was put back"
        live = (Retired(code, ledger.now()[:10], why) for code in before.codes)
        for gone in (*live, *before.retired):
            if gone.code.id not in known:
                text = yaml.retired(text, yaml.block(gone.code), yaml.leaving(gone))
                after = replace(after, retired=(*after.retired, gone))
        return text, after

    return edit(study, expected, "", change)


def proposed(name: str, taken: Iterable[str]) -> str:
    """An id for a code of this name that no code has or had."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "_", letters).lstrip("_0123456789")[:56].strip("_") or "code"
    used, id, number = set(taken), stem, 1
    while id in used:
        number += 1
        id = f"{stem}_{number}"
    return id


def free_colour(codebook: Codebook) -> str:
    """The first colour of the palette that fewest codes have: light hues that colour-blind people tell apart."""
    used = [code.colour.upper() for code in codebook.codes]
    return min(PALETTE, key=lambda colour: used.count(colour.upper()))


def _changed(text: str, before: Codebook, code: Code, wanted: Mapping[str, Any]) -> tuple[str, Codebook]:
    """Give a code these texts and lists; what stays of a list stays where it is."""
    after = code
    for name, value in wanted.items():
        held = getattr(code, name)
        if name not in LISTS:
            text = text if value == held else yaml.with_text(text, code.id, name, value)
            after = replace(after, **{name: value})
            continue
        new = [line for line in value if line not in held]
        text = yaml.with_lines(text, code.id, name, new)
        for line in held:
            text = text if line in value else yaml.without_line(text, code.id, name, line)
        lines: Any = (*(line for line in held if line in value), *new)
        after = replace(after, **{name: lines})
    return text, replace(before, codes=tuple(after if one.id == code.id else one for one in before.codes))


def _retired(text: str, before: Codebook, id: str, reason: str, into: str | None) -> tuple[str, Codebook]:
    """Move a code to the retired ones; what excluded it is said by the code itself, for the day it is restored."""
    code = _live(before, id)
    if below := before.below(id):
        raise EvidenceError(f"{', '.join(below)}: nested in '{id}', so retire, merge or move these first")
    if len(before.codes) == 1:
        raise EvidenceError(f"'{id}' is the only code, and a codebook has one at least: add another first")
    for other in [one for one in before.codes if id in one.never_with]:
        text = yaml.without_line(text, other.id, "never_with", id)
        if other.id not in code.never_with:
            text = yaml.with_lines(text, id, "never_with", [other.id])
            code = replace(code, never_with=(*code.never_with, other.id))
    gone = Retired(code, ledger.now()[:10], _clean(reason), into)
    text, block = yaml.cut(text, id)
    left = (replace(one, never_with=tuple(other for other in one.never_with if other != id)) for one in before.codes)
    codes = tuple(one for one in left if one.id != id)
    after = replace(before, codes=codes, retired=(*before.retired, gone))
    return yaml.retired(text, block, yaml.leaving(gone)), after


def _ids(codebook: Codebook) -> set[str]:
    return {*codebook.by_id, *codebook.retired_by_id}


def _live(codebook: Codebook, id: str) -> Code:
    if id not in codebook.by_id:
        raise EvidenceError(f"the codebook has no code '{id}' in use: reload the page")
    return codebook.by_id[id]


def _listed(codebook: Codebook, id: str, name: str) -> tuple[Code, tuple[str, ...]]:
    if name not in CHANGEABLE or name not in LISTS:
        raise EvidenceError(f"'{name}' of a code is no list that can be changed here")
    code = _live(codebook, id)
    return code, getattr(code, name)


def _said(name: str) -> str:
    return name.replace("_", " ")


def _clean(text: str) -> str:
    """As the codebook has it; EvidenceError for halves of characters, which are no text."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EvidenceError("these words hold a character that is broken: type them again") from error
    return plain(text)

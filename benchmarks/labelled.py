"""Labelled data as studies of the program's own, and what its machine says of them after so many passages were read.

Everything is the program's: passages are cut, embedded and stored, the queue is learned anew after each batch, whoever
reads it says what the labels say, and the scores are those of the run that follows.
"""

import csv
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coding import acts, frames, ledger, queue, suggestions
from coding.acts import Reading
from coding.pupil import Pupil
from coding.run import code, embed
from coding.study import Study, configure, create_study, open_study
from corpus.passage import Document, Turn
from corpus.split import passages
from models.evidence import Flags, Floats
from models.picks import BATCH
from models.vectors import Encodes

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
DECIDE = ("evidence", "frames", "pupil", "queue", "run")  # modules, beside those of the models, that scores come from
MOST_FREQUENT = 20  # codes of nhs_px_fft


@dataclass(frozen=True)
class Item:
    document: str
    text: str
    codes: frozenset[str]
    question: str | None = None


@dataclass(frozen=True)
class Labelled:
    """n passages, document by document. codes: (name, definition) of c. labels: (n, c) of 0 and 1."""

    items: tuple[Item, ...]
    codes: tuple[tuple[str, str], ...]
    language: str = "en"

    @property
    def labels(self) -> Floats:
        return np.array([[float(name in item.codes) for name, _ in self.codes] for item in self.items])


@dataclass(frozen=True)
class Machine:
    """What is known of n passages and c codes before an audit.

    read: (n,) those that people have read by the queue. scores: (n, c) from 0 to 1. suggested: (n, c).
    """

    read: Flags
    scores: Floats
    suggested: Flags

    def of(self, codes: Flags) -> "Machine":
        """The same of some of the codes."""
        return Machine(self.read, self.scores[:, codes], self.suggested[:, codes])


def nhs_px_fft(data: Path) -> Labelled:
    """The 20 most frequent codes, those that say that there was nothing to code among them."""
    rows = _lines(data / "nhs_px_fft" / "items.jsonl")
    often = Counter(label for row in rows for label in set(row["labels"])).most_common(MOST_FREQUENT)
    defined = _defined(data / "nhs_px_fft" / "codebook.csv")
    items = [Item(row["doc_id"], row["text"], frozenset(row["labels"]), row["question"]) for row in rows]
    return _labelled(items, [(name, defined.get(name, "")) for name, _ in often])


def anes2008_ds5(data: Path) -> Labelled:
    """Every code but the administrative ones."""
    defined = _defined(data / "anes2008_open_ended" / "codebook_ds5.csv")
    rows = _lines(data / "anes2008_open_ended" / "items_ds5.jsonl")
    items = [Item(row["doc_id"], row["text"], frozenset(row["labels"])) for row in rows]
    return _labelled(items, [one for one in defined.items() if not one[0].startswith("admin_")])


def uk_manifestos(data: Path) -> Labelled:
    """A yes where more than half of a sentence's coders said so; a tie is a no."""
    defined = _defined(data / "uk_manifestos_immigration" / "codebook.csv")
    items = []
    for row in _lines(data / "uk_manifestos_immigration" / "items.jsonl"):
        yes = sum("immigration" in said for said in row["coders"].values())
        said = frozenset({"immigration"} if 2 * yes > len(row["coders"]) else ())
        items.append(Item(row["doc_id"], row["text"], said))
    return _labelled(items, list(defined.items()))


def cimt_argument_de(data: Path) -> Labelled:
    defined = _defined(data / "cimt_argument_de" / "codebook.csv")
    rows = _lines(data / "cimt_argument_de" / "items.jsonl")
    items = [Item(row["doc_id"], row["text"], frozenset(row["labels"])) for row in rows]
    return _labelled(items, list(defined.items()), "de")


SETS: dict[str, Callable[[Path], Labelled]] = {
    "nhs_px_fft": nhs_px_fft,
    "anes2008 ds5": anes2008_ds5,
    "uk_manifestos": uk_manifestos,
    "cimt_argument_de": cimt_argument_de,
}


def _labelled(items: Iterable[Item], codes: Iterable[tuple[str, str]], language: str = "en") -> Labelled:
    of_document: dict[str, list[Item]] = {}
    for item in items:
        of_document.setdefault(item.document, []).append(item)
    ordered = tuple(item for own in of_document.values() for item in own)
    return Labelled(ordered, tuple((name, said or name) for name, said in codes), language)


def _lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _defined(path: Path) -> dict[str, str]:
    """Names and definitions only: examples may be quotes of the data."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["label"]: row["definition"].replace("no definition published", "") for row in rows}


def study_of(data: Labelled, folder: Path, encoder: Encodes | None = None) -> Study:
    """The study in this folder, made and embedded now if it is not there. encoder: None is the program's own."""
    if not (folder / "study.db").exists():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        _made(data, part, encoder)
        part.rename(folder)
    return _opened(folder, encoder)


def _opened(folder: Path, encoder: Encodes | None) -> Study:
    study = open_study(folder)
    if encoder:
        study.__dict__["encoder"] = encoder
    return study


def _made(data: Labelled, folder: Path, encoder: Encodes | None) -> None:
    folder.mkdir(parents=True)
    book = [{"id": f"c{n}", "name": name, "definition": said} for n, (name, said) in enumerate(data.codes)]
    (folder / "codebook.yml").write_text(json.dumps({"title": folder.name, "codes": book}), encoding="utf-8")
    study = create_study(folder, folder / "codebook.yml", {"unit": "answer", "language": data.language})
    if encoder:
        study.__dict__["encoder"] = encoder
    documents: dict[str, list[Item]] = {}
    for item in data.items:
        documents.setdefault(item.document, []).append(item)
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        source = study.store.add_source(connection, folder.name, folder.name)
        made = [_document(name, own) for name, own in documents.items()]
        study.store.add(connection, source, [(one, passages(one, study.splitting)) for one in made])
        assert study.store.size(connection)[1] == len(data.items)
    embed(study)
    study.store.database.close()


def _document(name: str, items: Sequence[Item]) -> Document:
    turns, place = [], 0
    for number, item in enumerate(items, start=1):
        turns.append(Turn(number, None, None, place, place + len(item.text), question=item.question))
        place += len(item.text) + 2
    return Document(name, "\n\n".join(item.text for item in items), tuple(turns))


def machine(name: str, data: Labelled, readings: int, seed: int, cache: Path) -> Machine:
    """What the machine says after so many readings by its queue; kept in the cache, and taken from there."""
    file = cache / f"{name.replace(' ', '_')}-{readings}-{seed}-{_program()}.npz"
    if not file.exists():
        made = study_of(data, cache / name.replace(" ", "_"))
        found = after(made, data, readings, seed)
        part = file.with_suffix(".part.npz")
        np.savez_compressed(part, read=found.read, scores=found.scores, suggested=found.suggested)
        part.rename(file)
    kept = np.load(file)
    return Machine(kept["read"], kept["scores"], kept["suggested"])


def _program() -> str:
    """A hash of what decides the scores, so that no cache outlives it."""
    rooms = [*sorted((ROOT / "models").glob("*.py")), *(ROOT / "coding" / f"{one}.py" for one in DECIDE)]
    sources = b"".join(path.read_bytes() for path in [*rooms, Path(__file__)])
    return hashlib.sha256(sources).hexdigest()[:8]


def after(made: Study, data: Labelled, readings: int, seed: int, batch: int = BATCH) -> Machine:
    """Read so many passages as the queue has them, learning after each batch, and score all; `made` stays as it is."""
    with tempfile.TemporaryDirectory() as place:
        study, found = read(made, data, readings, seed, Path(place) / "study", batch)
        study.store.database.close()
        return found


def read(
    made: Study, data: Labelled, readings: int, seed: int, folder: Path, batch: int = BATCH
) -> tuple[Study, Machine]:
    """The same in a copy of the study in this folder, which stays."""
    study, row = _copied(made, folder, seed)
    was_read = np.zeros(len(row), bool)
    was_read[_read(study, data, row, readings, batch)] = True
    code(study)
    return study, Machine(was_read, *_said(study, row))


def ordered(made: Study, data: Labelled, readings: int, seed: int, folder: Path) -> list[int]:
    """Rows in the order that the queue has them read, in a copy of the study in this folder."""
    study, row = _copied(made, folder, seed)
    found = _read(study, data, row, readings, BATCH)
    study.store.database.close()
    return found


def _copied(made: Study, folder: Path, seed: int) -> tuple[Study, dict[int, int]]:
    """A copy with this seed, and the row of each passage by its key."""
    shutil.copytree(made.folder, folder)
    study = configure(_opened(folder, made.encoder), {"seed": str(seed)})
    study.__dict__["encoder"] = made.encoder
    with study.store.database.reading() as connection:
        return study, {key: row for row, key in enumerate(study.store.passage_keys(connection))}


def _read(study: Study, data: Labelled, row: dict[int, int], readings: int, batch: int) -> list[int]:
    """Rows of what was read."""
    pupil, read, ids = Pupil(study), [], {name: f"c{n}" for n, (name, _) in enumerate(data.codes)}
    while len(read) < readings:
        queued = pupil.learn().queue
        with study.store.database.writing() as connection:
            why = {one.passage: one.why for one in queue.rows(connection, queued)}
            waiting = queue.waiting(connection, queued, min(batch, readings - len(read)))
            if not waiting:  # what is left is too short for the queue
                break
            for key in waiting:
                yes = frozenset(ids[name] for name in data.items[row[key]].codes if name in ids)
                said = Reading(ledger.new_act(), key, yes, why[key], suggestions_visible=True)
                acts.save(connection, "reader", said, study.codebook, "")
                read.append(row[key])
    return read


def _said(study: Study, row: dict[int, int]) -> tuple[Floats, Flags]:
    """Scores of the newest run as a draw freezes them, and what it suggests; (n, c) both."""
    ids = list(study.codebook.by_id)
    suggested = np.zeros((len(row), len(ids)), bool)
    with study.store.database.reading() as connection:
        run = suggestions.shown(connection)
        frozen = frames.of_run(connection, run, ids)
        for one in suggestions.suggested(connection, run.id):
            suggested[row[one.passage], ids.index(one.code)] = True
    assert frozen.passages.tolist() == list(row)
    return np.stack([frozen.scores[id].values for id in ids], axis=1), suggested

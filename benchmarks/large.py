"""A large study as reviewers meet it: long hearing days, suggestions, a queue, decisions, draws that are half read."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks import queue as made_up
from benchmarks.scale import Digest
from coding import acts, drawing, draws, ledger, suggestions
from coding.acts import Reading
from coding.draws import Draw
from coding.ledger import Decision, new_act, now
from coding.pupil import Pupil
from coding.search import search
from coding.study import Study, open_study
from coding.suggestions import Basis, Suggestion
from corpus.database import Connection

PEOPLE = tuple(f"r{number}" for number in range(10))
PAIR = PEOPLE[8:]  # who double codes
DAY = 1_000  # passages of a document: 40,000 words
SHARE = 0.1  # of the answers that are yes
AUDIT, AUDIT_READ, DOUBLE, DOUBLE_READ = 400, 100, 200, 80


def made(folder: Path, passages: int, decisions: int) -> Study:
    """The study in this folder, made now if it is not there; what it needs of vectors is on disk."""
    if not (folder / "study.db").exists():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        made_up.PER_DOCUMENT = DAY
        study = made_up.made(part, passages)
        chance = random.Random(5)
        with study.store.database.writing() as connection:
            keys = study.store.passage_keys(connection)
            ledger.keep(connection, study.codebook)
            ledger.record(connection, _decisions(study, keys, decisions, chance))
            _suggest(study, connection, keys, chance)
        _read(study, drawing.draw_audit(study, AUDIT), PEOPLE[6:8], AUDIT_READ, chance)
        _read(study, drawing.draw_double(study, DOUBLE, PAIR), PAIR, DOUBLE_READ, chance)
        encoder = Digest()
        encoder.fingerprint = (
            study.encoder.fingerprint
        )  # its vectors stand for the real ones: nothing is embedded later
        study.__dict__["encoder"] = encoder
        Pupil(study).learn()
        search(study, "office")
        study.store.database.close()
        study.folder.rename(folder)
        part.rmdir()
    return open_study(folder)


def _decisions(study: Study, keys: list[int], decisions: int, chance: random.Random) -> Iterator[Decision]:
    """Readings of whole passages; a tenth of the passages is read by two."""
    codes, version = list(study.codebook.by_id), study.codebook.version
    readings = decisions // len(codes)
    once = chance.sample(keys, round(readings / 1.1))
    for key in [*once, *chance.sample(once, readings - len(once))]:
        act, time, coder = new_act(), now(), chance.choice(PEOPLE)
        yes = {code for code in codes if chance.random() < SHARE}
        yes |= {over for code in yes for over in study.codebook.above(code)}
        for code in codes:
            yield Decision(
                coder,
                key,
                code,
                code in yes,
                version,
                "certain",
                suggestions_visible=True,
                seconds=9.0,
                time=time,
                act=act,
            )


def _suggest(study: Study, connection: Connection, keys: list[int], chance: random.Random) -> None:
    """A finished run, with a score for every code of every passage."""
    codes = list(study.codebook.by_id)
    reasons = [("definition", code, "What the codebook says of it, in a sentence or two of its own.") for code in codes]
    reasons += [("example", code, f"Somebody said a thing like this, number {n}.") for code in codes for n in range(50)]
    basis = Basis("made up", "made up", study.codebook.version, ledger.last(connection), "0", 1)
    run = suggestions.begin(connection, basis)
    suggestions.describe(connection, run, dict.fromkeys(codes, ("score", 0.5)), reasons)
    for start in range(0, len(keys), 10_000):
        rows = (
            Suggestion(key, code, score, score < SHARE, chance.choice((0, 1)), chance.randrange(len(reasons)))
            for key in keys[start : start + 10_000]
            for code in codes
            for score in (chance.random(),)
        )
        suggestions.write(connection, run, rows)
    suggestions.finish(connection, run)


def _read(study: Study, draw: Draw, coders: tuple[str, ...], number: int, chance: random.Random) -> None:
    """Read the first of a draw, each passage by one of these coders in turn, or by all of them where it asks that."""
    with study.store.database.writing() as connection:
        for place, (key, probability) in enumerate(draws.drawn(connection, draw.id)[:number]):
            for coder in coders if draw.every else (coders[place % len(coders)],):
                yes = frozenset(code for code in study.codebook.by_id if chance.random() < SHARE)
                said = Reading(new_act(), key, yes, draw.kind, draw=draw.id, probability=probability, seconds=9.0)
                acts.save(connection, coder, said, study.codebook, "")

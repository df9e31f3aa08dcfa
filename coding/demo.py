"""The whole main job on the sample corpus, in one go, for someone who has just installed the program."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coding import telling
from coding.counts import Count, counts
from coding.entering import Imported
from coding.importing import import_decisions
from coding.run import Done, code
from coding.shipped import shipped
from coding.study import Show, Study, add, create_study, open_study, quiet
from coding.telling import Telling
from coding.telling_counts import of_counts
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from corpus.add import Account

CODINGS = ("anna.csv", "ben.xlsx")  # two invented coders, in the two layouts that `themis import` reads


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the demo and what it gave."""

    command: str
    result: "Study | Account | Done | Imported | list[Count]"


def demo(folder: Path, show: Show = quiet) -> Iterator[Step]:
    """Do it all in `folder`, or go on with what an earlier demo left there; each step when it is done.

    EvidenceError where `folder` holds a study that is no demo, or cannot be written.
    """
    examples = shipped("examples")
    if (folder / "study.db").exists():
        study = open_study(folder)
        if "demo" not in study.settings:
            raise EvidenceError(f"{folder} is a study of your own: give the demo another folder")
    else:
        study = create_study(folder)
        with study.store.database.writing() as connection:
            study.store.configure(connection, {"demo": "yes"})
    yield Step(f"themis init {folder}", study)
    yield Step(f"themis add {_short(examples)}/corpus", add(study, [examples / "corpus"], show=show))
    yield Step("themis code", code(study, show))
    for name in CODINGS:
        yield Step(f"themis import {_short(examples)}/{name}", import_decisions(study, examples / name))
    yield Step("themis code", code(study, show))
    yield Step("themis counts", counts(study))


def told(step: Step) -> Telling:
    """What the shell says of a step."""
    result = step.result
    if isinstance(result, Imported):
        return telling.of_import(result)
    if isinstance(result, Done):
        return telling.of_run(result)
    if isinstance(result, Study):
        return Telling(before=[f"{result.folder} has {len(result.codebook.codes)} codes in codebook.yml."])
    if isinstance(result, list):
        return of_counts(result)
    return telling.of_account(result)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

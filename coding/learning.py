"""What the machine learned of each code, tried on passages that people decided, by models that did not see them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coding import deep, pupil, run
from coding.codebook import nested
from coding.study import Show, Study, quiet

if TYPE_CHECKING:
    from models.evidence import Flags
    from models.learn import Model

MANY = 0.25  # more decided passages, as a share of those learned from, that make an adapted encoder out of date


@dataclass(frozen=True, slots=True)
class Tried:
    """f1 of what would be suggested. ap: average precision, 1 where all yeses come first."""

    f1: float
    ap: float


@dataclass(frozen=True, slots=True)
class CodeLearned:
    """One code. kind: "likeness" or "score"; tried: None for a likeness.

    plain: without the adapted encoder, None where none is in use. share: of the adapted encoder in the score.
    """

    code: str
    name: str
    depth: int
    kind: str
    yes: int
    no: int
    tried: Tried | None
    plain: Tried | None
    share: float


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was learned. passages: decided ones. changes: sentences. waiting: passages in the queue.

    deep: what is told of the adapted encoder, None where there is none.
    """

    passages: int
    lines: tuple[CodeLearned, ...]
    changes: tuple[str, ...]
    waiting: int
    deep: "Standing | None"


@dataclass(frozen=True, slots=True)
class Standing:
    """An adapted encoder now. unfit: why it is not used, as the end of a sentence, "" where it is.

    passages: that it learned from. since: others decided since then.
    """

    unfit: str
    passages: int
    since: int

    @property
    def stale(self) -> bool:
        """Whether so much was decided since that it should be made again."""
        return self.since > MANY * self.passages


def lessons(study: Study, show: Show = quiet) -> Lessons:
    """Learn from what people decided until now, renew the queue, and try what was learned."""
    run.embed(study, show)
    learned = pupil.relearn(study)
    with study.store.database.reading() as connection:
        decided = run.known(connection, study.codebook, learned.decisions)
    standing = stands(study, decided)
    model, _ = run.learn(study, learned.decisions)
    used = standing is not None and not standing.unfit
    plain = run.learn(study, learned.decisions, plain=True)[0] if used else None
    own, without = _tried(model, decided), _tried(plain, decided) if plain else {}
    lines = []
    for depth, code in nested(study.codebook):
        said = [values[code.id] for values in decided.values() if code.id in values]
        place = model.codes.index(code.id)
        counts = said.count(1), said.count(0)
        tried = own.get(code.id), without.get(code.id)
        lines.append(
            CodeLearned(code.id, code.name, depth, model.kind[place], *counts, *tried, float(model.adapted[place]))
        )
    return Lessons(len(decided), tuple(lines), learned.changes, learned.waiting, standing)


def stands(study: Study, decided: Collection[int] | None = None) -> Standing | None:
    """How an adapted encoder stands; None where there is none. decided: passages, looked up where not given."""
    about = deep.made(study)
    if about is None:
        return None
    with study.store.database.reading() as connection:
        if decided is None:
            decided = run.known(connection, study.codebook).keys()
        why = deep.unfit(study, connection, about)
    return Standing(why, len(about.passages), len(set(decided) - set(about.passages)))


def _tried(model: "Model", decided: dict[int, dict[str, float]]) -> dict[str, Tried]:
    """The codes with a score, tried out of fold."""
    import numpy as np

    from models.mixing import average_precision

    if model.trained is None:
        return {}
    keys = model.trained.keys.tolist()
    found = {}
    for place, column in enumerate(model.trained.columns.tolist()):
        code = model.codes[column]
        said = np.array([decided.get(key, {}).get(code, np.nan) for key in keys])
        known = (said == 0) | (said == 1)
        scores, yes = model.trained.held[known, place], said[known] == 1
        found[code] = Tried(_f1(yes, scores >= model.thresholds[column]), average_precision(yes, scores))
    return found


def _f1(yes: "Flags", suggested: "Flags") -> float:
    return float(2 * (yes & suggested).sum() / (yes.sum() + suggested.sum()))

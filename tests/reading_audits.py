"""A survey of which the truth is known, scored by a machine, and people who read draws of it without mistakes."""

import random

from coding import draws, ledger, suggestions
from coding.ledger import Decision
from coding.study import add
from coding.suggestions import Basis, Suggestion
from corpus.read.options import Options

SIZES = ("small", "large")


def survey(study, folder, truth, name="survey.csv", attribute=lambda n: SIZES[n % 2]):
    """One passage of a document of its own for each of the truth: a set of codes; the keys, in that order."""
    rows = "\n".join(f"R{n:05},{attribute(n)},Answer {n} to what went wrong here" for n in range(len(truth)))
    (folder / name).write_text(f"id,Size,What went wrong?\n{rows}\n", encoding="utf-8")
    with study.store.database.reading() as connection:
        before = set(study.store.passage_keys(connection))
    add(study, [folder / name], Options(id="id", attributes=("Size",)))
    with study.store.database.reading() as connection:
        return [key for key, _, _ in study.store.places_in_order(connection) if key not in before]


def suggest(study, scores, cut=0.5, kind="score"):
    """A finished run that gives {passage: {code: score}}, 0 to what is left out."""
    codes = study.codebook.by_id
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        basis = Basis(f"{ledger.last(connection)}", "words", study.codebook.version, ledger.last(connection), "0", 1)
        run = suggestions.begin(connection, basis)
        suggestions.describe(connection, run, dict.fromkeys(codes, (kind, cut)), [])
        given = [
            (key, code, scores.get(key, {}).get(code, 0.0))
            for key in study.store.passage_keys(connection)
            for code in codes
        ]
        suggestions.write(connection, run, (Suggestion(k, c, s, s >= cut, 0, -1) for k, c, s in given))
        suggestions.finish(connection, run)


def decide(study, truth, keys, coder="anna", draw=None, codes=None):
    """Record what a coder says of these passages; truth: codes by passage. draw: within which, None outside any."""
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version, codes = study.codebook.version, codes or list(study.codebook.by_id)
        how = {"why": "audit", "draw": draw.id, "probability": draw.size / draw.population} if draw else {}
        said = [Decision(coder, key, code, code in truth[key], version, **how) for key in keys for code in codes]
        ledger.record(connection, said)


def read(study, draw, truth, most=None, coder="anna"):
    """Read a draw in its order, or the first `most` of it; what was read."""
    with study.store.database.reading() as connection:
        keys = [key for key, _ in draws.drawn(connection, draw.id)][:most]
    decide(study, truth, keys, coder, draw)
    return keys


def some(number, share, seed, code="money"):
    """The truth of so many passages: that share of them hold a code."""
    chance = random.Random(seed)
    yes = set(chance.sample(range(number), round(share * number)))
    return [{code} if n in yes else set() for n in range(number)]

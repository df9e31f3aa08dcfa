"""A study of letters that were half decided, so that a code is learned: what the tests of explaining share."""

from coding_page import passages

from coding import ledger
from coding.ledger import Decision
from coding.run import code
from coding.study import add


def of(study, key):
    """The id of a passage."""
    with study.store.database.reading() as connection:
        return next(p.id for kept in study.store.kept(connection) for one, p in kept.passages if one == key)


def at(study, id):
    """The key of a passage."""
    return next(key for key in passages(study) if of(study, key) == id)


def decide(study, *said):
    """Decisions: (coder, passage, code, yes or no)."""
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        ledger.record(connection, [Decision(who, key, id, value, version) for who, key, id, value in said])


def letters(study, folder):
    """Twelve letters of two passages, one of money and one of a choir; anna decided on Money in the first ten."""
    folder.mkdir()
    for n in range(12):
        (folder / f"letter{n:02}.md").write_text(f"They paid invoice {n} late.\n\nThe choir sang in week {n}.\n")
    add(study, [folder])
    code(study)
    keys = [key for key in passages(study) if of(study, key).startswith("letter")]
    decide(study, *(("anna", key, "money", n % 2 == 0) for n, key in enumerate(keys[:20])))
    code(study)
    return study

"""How many passages are read: what is kept up with the ledger is what counting all of it gives."""

from contextlib import suppress

from coding_page import passages, read, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coding import acts
from coding.ledger import new_act
from coding.reads import Reads
from coding.study import add, remove
from corpus.errors import EvidenceError

STEPS = st.lists(st.tuples(st.sampled_from(["read", "undo", "count"]), st.integers(0, 8)), max_size=12)


def counted(study, reads):
    with study.store.database.reading() as connection:
        return reads.count(connection)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_is_kept_up_is_what_counting_all_gives(study, steps):
    kept, keys = Reads(), passages(study)
    for step, n in steps:
        if step == "read":
            read(study, "anna", keys[n], "voice")
        elif step == "count":
            counted(study, kept)
        elif here := [row.act for row in rows(study) if row.undoes is None and row.passage == keys[n]]:
            with study.store.database.writing() as connection, suppress(EvidenceError):  # undone before
                acts.undo(connection, "anna", here[-1], new_act())
    assert counted(study, kept) == counted(study, Reads())


def test_the_count_follows_documents_that_come_and_go(study, tmp_path):
    kept, keys = Reads(), passages(study)
    read(study, "anna", keys[0], "voice")
    assert counted(study, kept) == (1, 9)
    (tmp_path / "more.txt").write_text("Nobody asked the school.")
    add(study, [tmp_path / "more.txt"])
    assert counted(study, kept) == (1, 10)
    remove(study, ["interview.txt"])
    assert counted(study, Reads()) == (0, 7)

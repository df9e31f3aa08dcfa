"""The queue on disk: replaced as a whole, read in order, and silent on what is read blind."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import drawing, draws, ledger, queue
from coding.ledger import Decision
from coding.queue import Queue, Queued, Shown
from coding.study import add
from corpus.errors import EvidenceError

SHOWN = (
    Shown("money", 0.75, True, 0, "decided", "“They pay us late.” (interview.txt:1-20)"),
    Shown("voice", -1.5, False, -1, "", ""),
)


@pytest.fixture
def keys(study):
    with study.store.database.reading() as connection:
        return study.store.passage_keys(connection)


def written(study, queued, decisions=0, changes=()):
    with study.store.database.writing() as connection:
        return queue.replace(connection, decisions, changes, queued)


def standing(study):
    """The queue, its rows, and what of it is still to be read."""
    with study.store.database.reading() as connection:
        newest = queue.latest(connection)
        return newest, queue.rows(connection, newest.id), queue.waiting(connection, newest.id)


def decide(study, passage, value=True, coder="anna", **given):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        ledger.record(connection, [Decision(coder, passage, "money", value, study.codebook.version, **given)])


def test_there_is_none_before_the_first(study):
    with study.store.database.reading() as connection:
        assert queue.latest(connection) is None
        assert queue.of_passage(connection, 1) is None


def test_what_was_written_is_read_in_order(study, keys):
    queued = [Queued(key, "certain", "money", SHOWN) for key in (keys[4], keys[0], keys[7])]
    queued.append(Queued(keys[1], "diverse", None, ()))
    number = written(study, queued, 17, ["Money is now learned from 6 yes and 11 no.", "“É” 🎂"])
    newest, rows, waiting = standing(study)
    made = newest.made
    assert newest == Queue(number, 17, ("Money is now learned from 6 yes and 11 no.", "“É” 🎂"), made)
    assert rows == queued
    assert waiting == [one.passage for one in queued]
    with study.store.database.reading() as connection:
        assert queue.of_passage(connection, keys[0]) == queued[1]
        assert queue.of_passage(connection, keys[2]) is None


texts = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(1, 9)
shown = st.builds(
    Shown,
    texts,
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.integers(-1, 9),
    texts,
    texts,
)
queues = st.dictionaries(
    numbers, st.tuples(st.sampled_from(["certain", "diverse"]), st.none() | texts, st.lists(shown, max_size=3))
)


@given(made=queues, changes=st.lists(texts))
def test_anything_is_read_as_it_was_written(made, changes):
    queued = [Queued(key, why, code, tuple(said)) for key, (why, code, said) in made.items()]
    rows = [queue._row(one) for one in queued]
    assert [queue._queued(SimpleNamespace(**row)) for row in rows] == queued


def test_a_queue_takes_the_place_of_the_one_before_and_has_a_higher_number(study, keys):
    first = written(study, [Queued(key, "certain", "money", ()) for key in keys])
    second = written(study, [])
    third = written(study, [Queued(keys[0], "diverse", None, ())])
    assert first < second < third
    newest, rows, _ = standing(study)
    assert (newest.id, [one.passage for one in rows]) == (third, [keys[0]])
    with study.store.database.reading() as connection:
        assert queue.rows(connection, first) == []
        assert [row.id for row in connection.execute(queue.select(queue.QUEUES.c.id))] == [third]


def test_a_queue_that_cannot_be_written_leaves_the_one_that_stands(study, keys):
    number = written(study, [Queued(keys[0], "certain", "money", ())])
    again = Queued(keys[1], "certain", "money", ())
    with pytest.raises(EvidenceError), study.store.database.writing() as connection:
        queue.replace(connection, 1, [], _one_then_fault(again))
    newest, rows, _ = standing(study)
    assert (newest.id, [one.passage for one in rows]) == (number, [keys[0]])


def _one_then_fault(queued):
    yield queued
    raise EvidenceError("the learner was stopped")


def test_what_was_read_or_drawn_or_is_gone_waits_no_more(study, keys, tmp_path):
    (tmp_path / "more.txt").write_text("A lonely new line.\n")
    add(study, [tmp_path / "more.txt"])
    with study.store.database.reading() as connection:
        new = max(study.store.passage_keys(connection))
        gone = study.store.document(connection, "more.txt").key
    written(study, [Queued(key, "certain", "money", ()) for key in (*keys[:5], new)])
    decide(study, keys[0])
    decide(study, keys[1], value=None)  # taken back: nobody has read it
    decide(study, keys[2], False, why="adjudication")
    draw = drawing.draw_audit(study, 1)
    with study.store.database.writing() as connection:
        study.store.retire(connection, gone)
    with study.store.database.reading() as connection:
        ((drawn, _),) = draws.drawn(connection, draw.id)
    assert standing(study)[2] == [key for key in (keys[1], keys[3], keys[4]) if key != drawn]

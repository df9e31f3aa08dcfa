"""What the page remembers so as to be quick is never older than what the study says."""

import random
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from coding import draws, ledger
from coding.drawing import draw_audit, draw_double
from coding.ledger import Decision
from coding.page import serve
from coding.review import Desk, Sitting
from coding.study import configure, open_study
from corpus import database

PEOPLE = ("anna", "ben", "carol")


def keys_of(study):
    with study.store.database.reading() as connection:
        return study.store.passage_keys(connection)


def is_read(draw, readers):
    return bool(readers) and (not draw.every or set(draw.coders) <= readers)


def open_to(connection, draw, coder, but):
    """(passage, probability) that may be read next, in order, worked out row by row."""
    read, taken = draws.readers(connection, draw.id), draws.taken(connection, draw.id, coder)
    put_off = draws.skipped(connection, draw.id, coder)
    return sorted(
        (
            (key, chance)
            for key, chance in draws.drawn(connection, draw.id)
            if coder not in read.get(key, ()) and (draw.every or not (key in read or key in taken))
        ),
        key=lambda row: (row[0] == but, put_off.get(row[0], 0.0)),
    )


def mixed_up(connection, study, chance):
    """Decisions, take-backs, claims and a retired document, by chance."""
    keys, codes = study.store.passage_keys(connection), list(study.codebook.by_id)
    for _ in range(chance.randint(0, 60)):
        of = chance.choice([None, *draws.draws(connection)])
        key = chance.choice([key for key, _ in draws.drawn(connection, of.id)] or keys if of else keys)
        said = (chance.choice(PEOPLE), key, chance.choice(codes), chance.choice((True, False, None)))
        ledger.record(connection, [Decision(*said, study.codebook.version, draw=of and of.id)])
        draws.claim(connection, of.id if of else 0, key, chance.choice(PEOPLE), chance.random() < 0.5)
    if chance.random() < 0.3:
        study.store.retire(connection, chance.choice(list(study.store.names(connection).values())))


@pytest.mark.parametrize("seed", range(30))
def test_what_the_database_counts_of_draws_is_what_their_rows_say(study, seed):
    draw_audit(study, 5), draw_audit(study, 2, coders=["ben"]), draw_double(study, 3, ["anna", "ben"])
    chance = random.Random(seed)
    with study.store.database.writing() as connection:
        mixed_up(connection, study, chance)
        left = {}
        for draw in draws.draws(connection):
            read, rows = draws.readers(connection, draw.id), draws.drawn(connection, draw.id)
            left[draw] = {key for key, _ in rows if not is_read(draw, read.get(key, set()))}
            assert draws.progress(connection, draw) == (len(rows) - len(left[draw]), len(rows))
            for key in study.store.passage_keys(connection):
                assert draws.probability(connection, draw.id, key) == dict(rows).get(key)
            for coder in PEOPLE:
                but = chance.choice([None, *(key for key, _ in rows)])
                found = draws.following(connection, draw, coder, but)
                assert found == next(iter(open_to(connection, draw, coder, but)), None)
                own = len(rows) - len(left[draw])
                if draw.every:
                    own = sum(coder in read.get(key, ()) for key, _ in rows)
                assert draws.progress(connection, draw, coder) == (own, len(rows))
        some = set(chance.sample(study.store.passage_keys(connection), 3))
        assert draws.awaited(connection) == set().union(*left.values())
        assert draws.awaited(connection, some) == some & set().union(*left.values())
        for coder in PEOPLE:
            sealed = set().union(*(keys for draw, keys in left.items() if draws.asks(draw, coder)))
            assert (draws.sealed(connection, coder), draws.sealed(connection, coder, some)) == (sealed, some & sealed)


def test_answers_are_sent_at_once(tmp_path):
    """asyncio switches Nagle's algorithm off only for sockets that say they are TCP; with it, answers wait 40 ms."""
    with serve._listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as visitor:
        accepted, _ = listener.accept()
        with accepted:
            assert visitor.proto == accepted.proto == socket.IPPROTO_TCP


def test_how_much_is_read_is_what_any_process_has_said_by_now(study):
    desk, other = Desk(study), open_study(study.folder)  # as another process opens it
    keys, code = keys_of(study), next(iter(study.codebook.by_id))

    def told():
        return desk.progress(Sitting("anna"))

    def decided(coder, key, value):
        with other.store.database.writing() as connection:
            ledger.keep(connection, other.codebook)
            ledger.record(connection, [Decision(coder, key, code, value, other.codebook.version)])

    assert told() == (0, len(keys))
    decided("ben", keys[0], False)
    decided("carol", keys[-1], True)
    assert told() == (2, len(keys))
    decided("ben", keys[0], None)
    assert told() == (1, len(keys))
    with other.store.database.writing() as connection:
        (document,) = other.store.holding(connection, [keys[-1]])
        other.store.retire(connection, document)
    left = keys_of(study)
    assert told() == (0, len(left)) != (0, len(keys))
    sentences = configure(other, {"unit": "sentence"})
    now = keys_of(study)
    decided("ben", now[0], True)
    assert told() == (1, len(now)) != (1, len(left))
    configure(sentences, {"unit": "turn"})  # no passage is new, others count
    assert told() == (int(now[0] in left), len(left))
    other.store.database.close()


def test_threads_that_write_wait_for_one_another_without_asking_again_and_again(study, monkeypatch):
    with monkeypatch.context() as impatient:
        impatient.setattr(database, "PATIENCE", 0)  # who is left to SQLite's own waiting is refused
        store = open_study(study.folder).store
    names = [str(number) for number in range(20)]

    def write(name):
        with store.database.writing() as connection:
            store.add_source(connection, name, name)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, names))
    with store.database.reading() as connection:
        assert [bool(store.source(connection, name)) for name in names] == [True] * 20
    store.database.close()


def test_only_who_has_what_open_does_not_wait_for_the_disk(study):
    normal, full = 1, 2

    def waits(**how):
        with study.store.database.writing(**how) as connection:
            return connection.exec_driver_sql("pragma synchronous").scalar()

    assert [waits(), waits(lasting=False), waits(), waits(lasting=False)] == [full, normal, full, normal]

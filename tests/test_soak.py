"""Reviewers at work while the server is killed under them: what was shown as saved is there, once."""

import threading
import time

from browser import Server
from reviewing import Reviewer, lost_or_doubled, lost_or_doubled_within

from coding import ledger, reviewers
from coding.ledger import Decision
from coding.study import add, create_study
from corpus.read.options import Options

KILLS, CODERS, PASSAGES = 3, 5, 1_500


class Dropped(Exception):
    """Takes what was found out of a transaction of which nothing stays."""


def test_a_server_killed_again_and_again_loses_and_doubles_nothing(tmp_path, codebook_file):
    study = create_study(tmp_path / "study", codebook_file)
    rows = "\n".join(f"R{n},Answer number {n} about the money that came late" for n in range(PASSAGES))
    (tmp_path / "survey.csv").write_text(f"id,What went wrong?\n{rows}\n", encoding="utf-8")
    add(study, [tmp_path / "survey.csv"], Options(id="id"))
    with Server(study.folder) as server:
        people = []
        for number in range(CODERS):
            with study.store.database.writing() as connection:
                secret = reviewers.add(connection, f"r{number}")
            link = f"{server.link.partition('#')[0]}#{secret}"
            people.append(Reviewer(f"r{number}", link, "review", number, study.codebook))
        over = threading.Event()
        threads = [threading.Thread(target=one.work, args=(over,)) for one in people]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            before = sum(len(one.acknowledged) for one in people)
            end = time.monotonic() + 60
            while sum(len(one.acknowledged) for one in people) < before + 60 and time.monotonic() < end:
                time.sleep(0.01)
            server.kill()
            server.start()
        over.set()
        for thread in threads:
            thread.join()
        assert [one.errors for one in people] == [[]] * CODERS
        assert lost_or_doubled(study, people) == []
        assert sum(len(one.acknowledged) for one in people) >= KILLS * 60
        assert any(one.undone for one in people)


def test_what_is_lost_or_doubled_would_be_told(study):
    """The check itself: one reading that holds, then every way in which a ledger could betray it."""
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        first, second, *_ = study.store.passage_keys(connection)
    yes = frozenset({"voice"})

    def told(rows, *acts):
        anna = Reviewer("anna", "http://127.0.0.1:1/enter#x", "review", 0, study.codebook)
        for act, passage in acts:
            anna.acknowledged[act] = (passage, yes)
            anna.pile.append((passage, yes))
        version = study.codebook.version
        try:
            with study.store.database.writing() as connection:
                made = [Decision(who, key, code, code in said, version, act=act) for who, key, code, said, act in rows]
                ledger.record(connection, made)
                raise Dropped(lost_or_doubled_within(connection, study, [anna]))
        except Dropped as dropped:
            return dropped.args[0]

    whole = [("anna", first, code, yes, "a") for code in study.codebook.by_id]
    assert told(whole, ("a", first)) == []
    assert told(whole, ("a", first), ("b", second))  # acknowledged, and not there
    assert told(whole[:1], ("a", first))  # there in part
    assert told([*whole, *whole], ("a", first))  # there twice
    assert told([*whole, ("ben", first, "money", yes, "c")], ("a", first))  # read by two, where once was asked
    assert told([("anna", first, code, {"money"}, "a") for code in study.codebook.by_id], ("a", first))  # otherwise

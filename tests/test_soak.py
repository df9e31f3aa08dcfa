"""Reviewers at work while the server is killed under them: what was shown as saved is there, once."""

import threading
import time

from browser import Server
from reviewing import Reviewer, lost_or_doubled

from coding import reviewers
from coding.study import add, create_study
from corpus.read.options import Options

KILLS, CODERS, PASSAGES = 3, 5, 1_500


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

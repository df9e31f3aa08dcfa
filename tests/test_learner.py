"""Learning in the background, with real child processes: what it learns is what a run would, and nothing stops it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from conftest import Words, with_encoder

from coding import ledger, pupil, queue, suggestions
from coding.changes import told
from coding.drawing import draw_audit
from coding.learner import Learner, Learning
from coding.ledger import Decision
from coding.pupil import Pupil, relearn
from coding.queue import Shown
from coding.run import code
from coding.study import Study, add, create_study, open_study
from corpus.errors import EvidenceError

NEEDS = "Money ({}), Late payment (needs 4 more yes and 4 more no), Voice (needs 4 more yes and 4 more no)"


def opened(folder: Path) -> Study:
    """The study as a child process opens it."""
    return with_encoder(open_study(folder), Words())


def decide(study, *rows):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        keys = study.store.passage_keys(connection)
        version = study.codebook.version
        ledger.record(connection, [Decision(who, keys[i], code, value, version) for who, i, code, value in rows])


def queued(study):
    with study.store.database.reading() as connection:
        newest = queue.latest(connection)
        return newest, queue.rows(connection, newest.id) if newest else []


def keys_of(study):
    with study.store.database.reading() as connection:
        return study.store.passage_keys(connection)


@pytest.fixture
def large(study, tmp_path):
    """Twenty documents more, of three passages each, one of them too brief to read."""
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(20):
        said = f"They paid invoice {number} late.\n\nOkay then.\n\nChoir number {number} sings about week {number}.\n"
        (folder / f"letter{number:02}.md").write_text(said)
    add(study, [folder])
    return study


MONEY = [("anna", i, "money", i in (0, 2, 4, 6)) for i in range(8)]


def test_the_queue_offers_what_nobody_has_read_and_no_draw_has(large):
    decide(large, ("anna", 0, "money", True), ("ben", 5, "voice", False), ("ben", 6, "voice", None))
    draw_audit(large, 9)
    done = relearn(large)
    newest, rows = queued(large)
    with large.store.database.reading() as connection:
        drawn = set(connection.execute(queue.SET_APART).scalars())
        brief = {key for key in keys_of(large) if len(large.store.words(connection, key).split()) < 3}
        waiting = queue.waiting(connection, newest.id)
    keys = keys_of(large)
    assert len(brief) == 20
    offered = [one.passage for one in rows]
    assert len(set(offered)) == len(offered) == done.waiting
    assert set(offered) <= {*keys} - drawn - brief - {keys[0], keys[5]}
    assert offered == waiting
    assert (newest.id, newest.decisions, newest.changes) == (done.queue, 3, done.changes)


def test_what_is_suggested_is_what_a_run_would_suggest(study):
    decide(study, *((who, i, code, i % 2 == 0) for who, i, code, _ in MONEY[:7]), ("anna", 7, "money", True))
    decide(study, ("anna", 4, "voice", True), ("anna", 0, "voice", False))
    relearn(study)
    _, rows = queued(study)
    code(study)
    with study.store.database.reading() as connection:
        newest = suggestions.latest(connection)
        found = suggestions.of_documents(connection, newest.id, study.store.names(connection).values())
    assert rows
    kinds = set()
    for row in rows:
        assert [ours.code for ours in row.suggestions] == list(study.codebook.by_id)
        by_code = {theirs.code: theirs for theirs in found[row.passage]}
        for ours in row.suggestions:
            theirs = by_code[ours.code]
            kind, _, text = newest.reasons[theirs.because]
            assert ours == Shown(
                theirs.code, pytest.approx(theirs.score, abs=1e-4), theirs.suggested, theirs.sentence, kind, text
            )
            kinds.add(kind)
    assert "decided" in kinds


def test_the_order_in_which_documents_came_in_changes_nothing(study, tmp_path, transcripts, codebook_file):
    other = with_encoder(create_study(tmp_path / "other", codebook_file), Words())
    for name in ("survey.csv", "submission.md", "interview.txt"):
        add(other, [transcripts / name])
    found = []
    for one in (study, other):
        with one.store.database.reading() as connection:
            ids = {key: passage.id for kept in one.store.kept(connection) for key, passage in kept.passages}
        keys = keys_of(one)
        places = sorted(keys, key=ids.__getitem__)
        decide(one, *(("anna", keys.index(key), "money", number % 2 == 0) for number, key in enumerate(places[:8])))
        relearn(one)
        found.append([(ids[row.passage], row.why, row.code, row.suggestions) for row in queued(one)[1]])
    assert found[0] == found[1]


def test_decided_passages_are_learned_from_in_the_order_of_their_places(study):
    corpus = Pupil(study).corpus()
    rows = corpus.rows([*reversed(keys_of(study)), 10_000])
    with study.store.database.reading() as connection:
        places = [key for key, _, _ in study.store.places_in_order(connection)]
    assert corpus.memory.keys[rows].tolist() == places


def test_nothing_new_is_not_learned_again_and_what_is_new_is(study, tmp_path):
    learner = Pupil(study)
    first = learner.learn()
    assert learner.learn() is first
    numbers = [first.queue]
    decide(study, ("anna", 0, "money", True))
    numbers.append(learner.learn().queue)
    (tmp_path / "more.txt").write_text("A lonely new line.\n")
    add(study, [tmp_path / "more.txt"])
    numbers.append(learner.learn().queue)
    assert max(keys_of(study)) in {row.passage for row in queued(study)[1]}
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Money is short or late.", "Money is short."))
    numbers.append(learner.learn().queue)
    draw_audit(study, 1)
    numbers.append(learner.learn().queue)
    with study.store.database.writing() as connection:
        study.store.configure(connection, {"expected": "0.2"})
    numbers.append(learner.learn().queue)
    relearn(open_again(study))  # somebody else's queue stands now
    numbers.append(learner.learn().queue)
    assert len(set(numbers)) == len(numbers)


def open_again(study):
    return with_encoder(open_study(study.folder), study.encoder)


def test_no_text_is_read_again_to_learn_again(study):
    learner = Pupil(study)
    learner.learn()
    seen = len(study.encoder.seen)
    (study.cache / "vectors" / "data.mdb").rename(study.cache / "moved")
    decide(study, ("anna", 0, "money", True))
    learner.learn()
    assert set(study.encoder.seen[seen:]) == {text for theme in run_themes(study) for text in theme.texts()}


def run_themes(study):
    from coding.evidence import themes

    return themes(study.codebook)


def test_of_a_large_corpus_the_best_are_found_without_scoring_all(large, monkeypatch):
    decide(large, *MONEY)
    relearn(large)
    whole = queued(large)[1]
    monkeypatch.setattr(pupil, "WHOLE", 10)
    monkeypatch.setattr(pupil, "BLOCK", 16)
    relearn(open_again(large))
    assert queued(large)[1] == whole


def test_a_corpus_too_large_for_memory_is_kept_in_a_file(study, monkeypatch):
    from models import memory

    relearn(study)
    first = queued(study)[1]
    monkeypatch.setattr(memory, "ROOM", 0)
    made = Pupil(study)
    made.learn()
    assert type(made.corpus().memory.kept).__name__ == "memmap"
    assert queued(study)[1] == first
    assert {path.name for path in study.cache.iterdir()} == {"vectors"}


def test_the_changes_say_what_is_learned_and_what_is_missing(study):
    assert relearn(study).changes == (
        f"Still by likeness to the codebook alone: {NEEDS.format('needs 4 more yes and 4 more no')}.",
    )
    decide(study, *MONEY[:4], ("ben", 0, "money", False))
    second = relearn(open_again(study))
    assert second.changes == (
        f"Still by likeness to the codebook alone: {NEEDS.format('needs 3 more yes and 2 more no')}.",
        "New in the queue: 0 of 5 passages.",
    )
    decide(study, *((who, i, "money", value) for who, i, _, value in MONEY), ("ben", 0, "money", None))
    learner = Pupil(open_again(study))
    rest = NEEDS.split(", ", 1)[1]
    assert learner.learn().changes == (
        "Money is now learned from 4 yes and 4 no.",
        f"Still by likeness to the codebook alone: {rest}.",
        "New in the queue: 0 of 1 passages.",
    )
    decide(study, ("anna", 8, "money", False))
    assert learner.learn().changes[0] == "Learned again, from other decisions than before: Money."
    decide(study, ("anna", 0, "money", False))
    assert learner.learn().changes[0] == "Money is no longer learned: needs 1 more yes."


def test_of_many_codes_a_few_are_named(study):
    many = dict.fromkeys(study.codebook.by_id, (0, 9))
    line = told(study.codebook, None, many, 0, 0)[0]
    assert line.endswith("Money (needs 4 more yes), Late payment (needs 4 more yes), Voice (needs 4 more yes).")


def test_a_study_without_passages_is_refused(empty):
    with pytest.raises(EvidenceError, match="the study has no passages yet"):
        relearn(empty)


# In a child process


def settled(learner, patience=60):
    """The state when nothing is under way any more."""
    end = time.monotonic() + patience
    while (state := learner.state()).state == "learning":
        assert time.monotonic() < end, "still learning"
        time.sleep(0.02)
    return state


@pytest.fixture
def learner(study):
    study.store.database.close()
    with closing(Learner(study.folder, partial(opened, study.folder))) as made:
        yield made


def gone(pid, patience=20):
    end = time.monotonic() + patience
    while Path(f"/proc/{pid}").exists() and "Z (" not in Path(f"/proc/{pid}/stat").read_text():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_child_learns_what_was_decided_while_it_is_not_waited_for(study, learner):
    assert learner.state() == Learning("idle", None, 0, (), "Nothing has been learned yet since the page was opened.")
    decide(study, *MONEY)
    begun = time.monotonic()
    learner.learn()
    assert time.monotonic() - begun < 1
    assert learner.state().state == "learning"
    state = settled(learner)
    newest, rows = queued(study)
    said = f"Learned: {len(rows)} passages are in the queue."
    assert state == Learning("idle", newest.id, 8, newest.changes, said)
    assert newest.changes[0] == "Money is now learned from 4 yes and 4 no."


def test_requests_while_it_learns_become_one_more(study, learner):
    for number in range(5):
        decide(study, ("anna", number, "money", True))
        learner.learn()
    state = settled(learner)
    assert state.decisions == 5
    assert state.queue <= 2


def test_a_child_that_was_killed_is_started_again(study, learner):
    learner.learn()
    settled(learner)
    pid = learner._pupil.pid
    decide(study, ("anna", 0, "money", True))
    os.kill(pid, signal.SIGSTOP)  # so that it is killed at work
    learner.learn()
    os.kill(pid, signal.SIGKILL)
    failed = settled(learner)
    log = study.folder / ".themis" / "learner.log"
    assert (failed.state, failed.decisions) == ("failed", 0)
    assert failed.sentence == (
        f"Learning failed: learning was lost (signal 9) and is started again when it is next needed: see {log}."
    )
    learner.learn()
    assert (settled(learner).state, settled(learner).decisions) == ("idle", 1)
    assert learner._pupil.pid != pid


def breaks(folder: Path) -> Study:
    """A study whose learning meets a fault of ours the first time."""
    made = opened(folder)
    if not (folder / "broken").exists():
        (folder / "broken").touch()
        made.__dict__["settings"] = {}
    return made


def test_a_fault_is_logged_with_its_traceback_and_the_next_request_works(study):
    with closing(Learner(study.folder, partial(breaks, study.folder))) as learner:
        learner.learn()
        assert settled(learner).state == "failed"
        assert "exit code 1" in learner.state().sentence
        log = study.folder / ".themis" / "learner.log"
        assert "KeyError: 'encoder'" in log.read_text()
        assert log.stat().st_mode & 0o077 == 0
        learner.learn()
        assert settled(learner).state == "idle"


def test_what_the_user_can_put_right_is_said_and_the_child_goes_on(study, learner):
    path = study.folder / "codebook.yml"
    good = path.read_text()
    path.write_text(good.replace("name: Money", "nam: Money"))
    learner.learn()
    state = settled(learner)
    assert state.state == "failed"
    assert state.sentence.startswith(f"Learning failed: {path}:")
    pid = learner._pupil.pid
    path.write_text(good)
    learner.learn()
    assert settled(learner).state == "idle"
    assert learner._pupil.pid == pid


def test_children_end_when_they_are_closed(learner):
    learner.learn()
    settled(learner)
    learner.warm()
    learner.search("money")
    pids = [learner._pupil.pid, learner._finder.pid]
    learner.close()
    assert all(gone(pid, 0) for pid in pids)
    learner.close()


def test_a_child_at_work_is_closed_too(study, learner):
    learner.learn()
    pid = learner._pupil.pid
    os.kill(pid, signal.SIGSTOP)
    learner.close()
    assert gone(pid, 0)


PARENT = """
import sys, time
from functools import partial
from pathlib import Path
sys.path.insert(0, "tests")
from test_learner import opened
from coding.learner import Learner
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    learner = Learner(folder, partial(opened, folder))
    learner.learn()
    learner.warm()
    print(learner._pupil.pid, learner._finder.pid, flush=True)
    time.sleep(600)
"""


def test_children_end_with_a_parent_that_was_killed(study, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, script, study.folder], cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    assert all(gone(pid) for pid in pids)


def test_search_finds_by_meaning_and_does_not_wait_for_learning(study, learner):
    learner.learn()
    settled(learner)
    os.kill(learner._pupil.pid, signal.SIGSTOP)  # learning takes its time
    learner.learn()
    found = learner.search("the money was late", most=3)
    with study.store.database.reading() as connection:
        words = [study.store.words(connection, key) for key, _ in found]
    assert words[0] == '=HYPERLINK("http://x") the money was late'
    assert [alike for _, alike in found] == sorted((alike for _, alike in found), reverse=True)
    assert len(found) == 3
    assert learner.search("  ") == []
    assert len(learner.search("money")) == 9
    assert learner.state().state == "learning"


def test_search_knows_what_was_added_and_what_is_gone(study, learner, tmp_path):
    code(study)
    assert len(learner.search("choir")) == 9
    (tmp_path / "more.txt").write_text("A lonely new line.\n")
    add(study, [tmp_path / "more.txt"])
    assert len(learner.search("choir")) == 9  # it has no vector yet
    learner.learn()
    settled(learner)
    assert learner.search("A lonely new line.", 1)[0] == (max(keys_of(study)), pytest.approx(1, abs=0.01))
    with study.store.database.writing() as connection:
        study.store.retire(connection, study.store.document(connection, "more.txt").key)
    assert len(learner.search("choir")) == 9


def test_search_says_what_to_do_where_nothing_is_embedded(learner):
    with pytest.raises(EvidenceError, match="run `themis code` first"):
        learner.search("money")
    with pytest.raises(EvidenceError, match="try again in a minute"):
        learner.search("money", patience=0)

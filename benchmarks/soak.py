"""Eight hours of ten reviewers, compressed, with the server killed twenty times: `python -m benchmarks.soak`.

Six work in the queue, two in an audit, two code the same passages. People read some 150 passages an hour, so ten of
them in eight hours save about 12,000 (another number can be given). At the end the ledger must hold every reading that
was shown as saved, once.
"""

import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from coding import reviewers
from coding.drawing import draw_audit, draw_double
from coding.run import code
from coding.study import add, create_study
from corpus.read.options import Options
from tests.browser import Server
from tests.reviewing import Reviewer, lost_or_doubled

MODES = ("review",) * 6 + ("audit",) * 2 + ("double",) * 2
KILLS = 20


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000
    with tempfile.TemporaryDirectory() as temporary:
        study = create_study(Path(temporary) / "study")
        source = Path(temporary) / "survey.csv"
        source.write_text("\n".join(["id,What went wrong?", *answers(int(wanted * 1.5))]), encoding="utf-8")
        add(study, [source], Options(id="id"))
        code(study)
        names = [f"reviewer {number}" for number in range(len(MODES))]
        draw_audit(study, wanted // 6)
        draw_double(study, wanted // 8, names[-2:])
        with Server(study.folder) as server:
            people = []
            for number, (name, mode) in enumerate(zip(names, MODES, strict=True)):
                with study.store.database.writing() as connection:
                    secret = reviewers.add(connection, name)
                link = f"{server.link.partition('#')[0]}#{secret}"
                people.append(Reviewer(name, link, mode, number, study.codebook))
            began = time.monotonic()
            away = kill_again_and_again(server, people, wanted)
            took = time.monotonic() - began
        report(people, away, took)
        wrong = lost_or_doubled(study, people)
        print(f"lost or doubled: {len(wrong)}", *wrong[:10], sep="\n")
        sys.exit(bool(wrong) or any(one.errors for one in people))


def answers(number: int) -> list[str]:
    """Rows of a survey: a few hundred different sentences, so that embedding them takes no time."""
    chance = random.Random(3)
    who = ("The lead charity", "The prime", "Our funder", "The council", "A big name", "Nobody")
    did = ("paid us late", "used our logo", "set the terms", "passed the risk on", "listened to us", "asked us first")
    when = ("last year", "every year", "once", "in the bid", "after the meeting", "when the contract ended")
    said = [f"{chance.choice(who)} {chance.choice(did)} {chance.choice(when)}." for _ in range(number)]
    return [f"R{n},{text}" for n, text in enumerate(said)]


def kill_again_and_again(server: Server, people: list[Reviewer], wanted: int) -> float:
    """Let them work until enough is saved, and kill the server at random moments; seconds that it was away."""
    over = threading.Event()
    threads = [threading.Thread(target=one.work, args=(over,)) for one in people]
    for thread in threads:
        thread.start()
    chance = random.Random(7)
    moments = sorted(chance.randrange(wanted // 50, wanted) for _ in range(KILLS))
    away = 0.0
    for moment in moments:
        while saved(people) < moment and any(thread.is_alive() for thread in threads):
            time.sleep(0.005)
        time.sleep(chance.random() / 20)
        began = time.monotonic()
        server.kill()
        server.start()
        away += time.monotonic() - began
        print(f"killed after {saved(people):,} readings", flush=True)
    while saved(people) < wanted and any(thread.is_alive() for thread in threads):
        time.sleep(0.01)
    over.set()
    for thread in threads:
        thread.join()
    return away


def saved(people: list[Reviewer]) -> int:
    return sum(len(one.acknowledged) for one in people)


def report(people: list[Reviewer], away: float, took: float) -> None:
    waits = sorted(wait for one in people for wait in one.waits)
    undone = sum(len(one.undone) for one in people)
    print(f"{saved(people):,} readings and {undone:,} undos of {len(people)} reviewers in {took:,.0f} s")
    print(f"server killed {KILLS} times, away {away:,.0f} s of them")
    median, high = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.95))
    print(f"saving, flat out: median {median:.0f} ms, p95 {high:.0f} ms")
    for one in people:
        print(f"  {one.name}, {one.mode}: {len(one.acknowledged):,} saved, errors: {one.errors or 'none'}")


if __name__ == "__main__":
    main()

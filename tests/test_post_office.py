"""The Post Office Horizon IT Inquiry: real hearings, counted independently of the reader."""

import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.passage import INTERVIEWER, Document, Draft
from corpus.read.options import File, Options
from corpus.read.text import read
from corpus.transcript import document, speakers

ARCHIVE = Path(__file__).parent.parent.parent / "shared" / "data" / "post_office_inquiry.tar.xz"
EVERY = 4  # of the 230 hearing days, so that the suite stays quick; benchmarks/reading.py reads all of them
NAME = re.compile(r"((?:[A-Z][\w.'’-]*)(?: (?:[A-Z][\w.'’-]*|van|den|of|\d+))*): +(?![\"“])(?=\S)")
NOT_NAMES = {
    "Note",
    "Question",
    "Continuing",
    "Falkirk",
    "Horizon",
    "Pol",
    "Fujitsu",
    "Ukgi",
    "Lesley",
    "MW",
    "You",
    "Him",
}


def days() -> Iterator[tuple[str, str]]:
    with tarfile.open(ARCHIVE) as packed:
        files = sorted((one for one in packed if one.isfile()), key=lambda one: one.name)
        for one in sorted(files[::EVERY], key=lambda one: one.offset):
            stream = packed.extractfile(one)
            assert stream is not None
            yield one.name, stream.read().decode("utf-8")


@pytest.fixture(scope="module")
def hearings() -> list[tuple[str, Document]]:
    if not ARCHIVE.is_file():
        pytest.skip("the transcripts of the Post Office Inquiry are not beside the checkout")
    read_days = []
    for name, text in days():
        (draft,) = read(File(name, text.encode()), Options())
        assert isinstance(draft, Draft)
        read_days.append((text, document(draft)))
    return read_days


def labelled(text: str) -> list[tuple[str, str]]:
    """Name and first words of every paragraph that begins with a capitalised name and a colon."""
    found = [(match[1], line[match.end() :]) for line in text.split("\n") if (match := NAME.match(line.strip()))]
    return [(name, words.strip()) for name, words in found if name not in NOT_NAMES]


def test_labelled_turns_get_their_speaker(hearings):
    expected = found = 0
    for text, hearing in hearings:
        said = Counter((turn.speaker, hearing.text[turn.start : turn.end].split("\n")[0]) for turn in hearing.turns)
        wanted = Counter(labelled(text))
        expected += wanted.total()
        found += (wanted & said).total()
    assert expected > 25_000
    assert found >= 0.999 * expected


def test_nobody_else_is_a_speaker(hearings):
    for text, hearing in hearings:
        assert set(speakers(hearing)) - {name for name, _ in labelled(text)} == set()


def test_offsets_hold_and_no_word_is_lost(hearings):
    for text, hearing in hearings:
        assert hearing.text.split() == text.split()
        place = 0
        for turn in hearing.turns:
            words = hearing.text[turn.start : turn.end]
            assert place <= turn.start
            assert words == words.strip() != ""
            place = turn.end


def test_counsel_and_facilitators_ask(hearings):
    asking = Counter(name for _, hearing in hearings for name, role in speakers(hearing).items() if role == INTERVIEWER)
    assert asking.keys() <= {"Facilitator", "Sir Wyn Williams"} | {
        name for name in asking if name.startswith(("Mr ", "Ms "))
    }
    assert asking.total() >= 0.3 * len(hearings)

"""An edit changes one place of codebook.yml and nothing else, whole or not at all; decisions stay where they are."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cli
from coding import acts, codebook_text, editing, ledger, versions
from coding.acts import Reading
from coding.codebook import Code, Codebook, Retired, plain
from coding.codebook_file import load, parse
from coding.ledger import Decision
from coding.repeating import Repeated
from coding.review import Desk
from coding.study import open_study
from coding.summary import cautions
from coding.telling import of_history, of_orphans
from coding.versions import Stale
from corpus.errors import EvidenceError

ROOT = Path(__file__).parent.parent
COMMENTED = """\
# How to use this codebook
title: 'Two themes'   # in single quotes

codes:
- id: money   # c1
  name: Money
  definition: >-
    Money is short
    or late.

  # between the fields
  include: [late payment, "half: paid",]  # c2
  exclude:   # nothing yet
  examples:
  - We waited for
    the money.   # c3

  # before the second
  - "They pay us
     late."
  # after the last
  codes:
      # nested deeply
      - name: Late payment
        id: late
        definition: |
          Money comes late.
        never_with: [voice]
# before voice
- {id: voice, name: Voice, definition: Nobody listens., examples: [Nobody asked us.]}  # in braces
# the end
"""
PLAIN = """\
title: Plain
codes:
  - id: money
    name: Money
    definition: Money is short.
    codes:
      - id: late
        name: Late
        definition: Late.
  - id: voice
    name: Voice
    definition: Nobody listens.
"""
CODEBOOKS = {
    "commented": COMMENTED,
    "plain": PLAIN,
    "windows": "\ufeff" + COMMENTED.replace("\n", "\r\n"),
    "no end of line": COMMENTED.rstrip().removesuffix("# the end").rstrip(),
    "json": '{"codes": [{"id": "a", "name": "A", "definition": "d"}, {"id": "late", "name": "L", "definition": "e"}]}',
}
HOSTILE = [
    "- x",
    "# not a comment",
    "key: value",
    "'single' \"double\" \\ back\\slash \\n",
    "line\nbreak\r\n---\n...\nand more",
    "%YAML 1.1",
    "*alias &anchor !!python/object:os.system [x] {y}",
    "null",
    "~",
    "2026-11-22",
    "= 1 | > @ ` ? ,",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\x00\x07\x1b[31m\x7f\x85\x9f\u2028\u2029\ufeff\uffff",
    "Dw i'n caru 🎂 cafe\u0301 בְּרֵאשִׁית",
    "word " * 2000,
    "unbroken" * 1250,
]
TEXTS = st.one_of(st.text(), st.sampled_from(HOSTILE), st.tuples(st.text(), st.sampled_from(HOSTILE)).map(" ".join))
WORDS = TEXTS.filter(lambda text: plain(text) != "")


ROUNDS = settings(deadline=None, max_examples=60)


def meant(text):
    codebook, faults = parse(text.encode())
    assert faults == []
    return codebook


def comments(text):
    return Counter(re.findall(r"(?:^|\s)(# ?[a-z][a-z0-9 ]*)$", text.replace("\r", ""), re.MULTILINE | re.IGNORECASE))


def written(study, text):
    (study.folder / "codebook.yml").write_bytes(text.encode())
    return study.latest()


def text_of(study):
    return (study.folder / "codebook.yml").read_bytes().decode()


def now(study):
    return study.latest().codebook


def kept(study):
    with study.store.database.reading() as connection:
        return [book for _, book in ledger.codebooks(connection)]


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


def decide(study, *rows, **same):
    with study.store.database.writing() as connection:
        version = now(study).version
        ledger.keep(connection, now(study))
        made = [Decision(who, key, code, value, version, **same) for who, key, code, value in rows]
        ledger.record(connection, made)


def held(study, lane=ledger.OWN):
    with study.store.database.reading() as connection:
        found = ledger.current(connection) if lane == ledger.OWN else ledger.adjudicated(connection)
        return {(d.coder, d.passage, d.code): d.value for d in found}


def stale(study):
    with study.store.database.reading() as connection:
        return {id: said for id, said in versions.stale(connection, now(study)).items() if said != Stale()}


@ROUNDS
@given(words=WORDS, where=st.sampled_from(["name", "definition"]), id=st.sampled_from(["money", "late", "voice"]))
@pytest.mark.parametrize("style", ["commented", "windows"])
def test_every_text_comes_back_and_nothing_else_changes(style, words, where, id):
    text = CODEBOOKS["commented"]
    before = meant(text)
    after = codebook_text.with_text(text, id, where, words)
    codes = tuple(replace(code, **{where: plain(words)}) if code.id == id else code for code in before.codes)
    assert meant(after) == replace(before, codes=codes)
    assert comments(text) - comments(after) == Counter()


@ROUNDS
@given(
    words=WORDS,
    id=st.sampled_from(["money", "late", "voice"]),
    where=st.sampled_from(["include", "exclude", "examples", "near_misses"]),
)
def test_a_line_added_and_taken_away_leaves_what_was(words, id, where):
    before = meant(COMMENTED)
    words = f"Unlike the others: {plain(words)}"
    added = codebook_text.with_lines(COMMENTED, id, where, [words, "And one more."])
    (code,) = [code for code in meant(added).codes if code.id == id]
    assert getattr(code, where) == (*getattr(before.by_id[id], where), plain(words), "And one more.")
    back = codebook_text.without_line(added, id, where, plain(words))
    back = codebook_text.without_line(back, id, where, "And one more.")
    assert meant(back) == before
    assert comments(back) == comments(COMMENTED)


@ROUNDS
@given(
    name=WORDS,
    definition=WORDS,
    reason=TEXTS,
    parent=st.sampled_from([None, "money", "late"]),
    lines=st.lists(WORDS, max_size=3),
)
@example(name="null", definition="d", reason="", parent=None, lines=[])
def test_a_code_added_retired_and_restored_means_the_same(name, definition, reason, parent, lines):
    before = meant(COMMENTED)
    id = editing.proposed(name, before.by_id)
    lines = tuple(dict.fromkeys(map(plain, lines)))
    code = Code(id, plain(name) + "!", plain(definition), include=lines, colour="#123456", parent=parent)
    added = codebook_text.with_code(COMMENTED, codebook_text.block(code), parent)
    assert set(meant(added).codes) == {*before.codes, code}
    gone = Retired(code, "2026-11-22", plain(reason))
    without, block = codebook_text.cut(added, id)
    left = codebook_text.retired(without, block, codebook_text.leaving(gone))
    assert meant(left) == replace(before, retired=(gone,))
    back = codebook_text.restored(left, id, parent)
    assert meant(back) == meant(added)
    assert comments(COMMENTED) - comments(back) == Counter()


CODES = st.lists(
    st.builds(
        Code,
        id=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        name=WORDS.map(plain),
        definition=WORDS.map(plain),
        include=st.lists(WORDS.map(plain), unique=True, max_size=2).map(tuple),
        examples=st.lists(st.text(min_size=1).map(plain).filter(bool), unique=True, max_size=2).map(tuple),
        colour=st.sampled_from(["", "#123456"]),
    ),
    unique_by=(lambda code: code.id, lambda code: code.name.casefold()),
    min_size=2,
    max_size=4,
)


@ROUNDS
@given(title=TEXTS.map(plain), codes=CODES, retired=st.integers(0, 1))
def test_a_codebook_without_a_file_can_be_written(title, codes, retired):
    live = codes[: len(codes) - retired]
    live = [code if i % 3 != 1 else replace(code, parent=live[i - 1].id) for i, code in enumerate(live)]
    gone = [Retired(code, "2026-11-22", "No need.", live[0].id) for code in codes[len(codes) - retired :]]
    book = Codebook(title, tuple(live), tuple(gone))
    assert meant(codebook_text.written(book)) == book


@ROUNDS
@given(name=st.text(), taken=st.sets(st.sampled_from(["code", "code_2", "a", "late_payment"])))
@example(name="Late payment", taken={"late_payment", "late_payment_2"})
def test_a_proposed_id_is_one_and_new(name, taken):
    id = editing.proposed(name, taken)
    assert re.fullmatch("[a-z][a-z0-9_]{0,63}", id)
    assert id not in taken


def test_ids_are_proposed_from_names():
    assert editing.proposed("Late payment", {"late_payment"}) == "late_payment_2"
    assert editing.proposed("  3 Éclairs & more!  ", ()) == "eclairs_more"
    assert editing.proposed("Деньги", {"code"}) == "code_2"


@pytest.mark.parametrize("style", ["commented", "plain", "windows", "no end of line"])
def test_edits_keep_the_file_as_it_was_written(empty, style):
    study = written(empty, CODEBOOKS[style])
    before = text_of(study)
    version = now(study).version
    steps = [
        lambda: editing.add_code(study, version, "Power", "Who decides.", examples=["They decide: always."]),
        lambda: editing.add_code(study, version, "Who pays", "Payer.", "money"),
        lambda: editing.change_code(study, version, "money", {"definition": "Money is scarce.", "colour": "#ABCDEF"}),
        lambda: editing.change_code(study, version, "voice", {"include": ["not heard", "not asked"], "name": "Voices"}),
        lambda: editing.add_line(study, version, "voice", "examples", "“We”: were\nnever asked…"),
        lambda: editing.add_line(study, version, "money", "near_misses", "There is # plenty."),
        lambda: editing.remove_line(study, version, "voice", "include", "not heard"),
        lambda: editing.retire(study, version, "late", "Rare."),
        lambda: editing.merge(study, version, "voice", "power", "The same."),
        lambda: editing.restore(study, version, "late"),
    ]
    for step in steps:
        done = step()
        assert now(study) == done.codebook
        assert done.changes
        version = done.codebook.version
    after = text_of(study)
    assert comments(before) - comments(after) == Counter()
    lines = Counter(line.strip() for line in before.splitlines()) - Counter(line.strip() for line in after.splitlines())
    assert sum(lines.values()) <= 5  # the definition that was changed, and the code in braces
    assert after.startswith("\ufeff") == before.startswith("\ufeff")
    assert after.count("\n") == (after.count("\r\n") if style == "windows" else after.count("\n"))
    book = done.codebook
    assert list(book.retired_by_id) == ["voice"]
    assert book.by_id["power"].examples[:1] == ("They decide: always.",)
    assert book.by_id["power"].examples[-1] == "“We”: were never asked…"
    assert book.by_id["late"].parent == "money"
    assert (study.folder / "codebook.yml").stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in versions.archived(study.folder)] == [0o600] * 11
    assert (study.folder / versions.HISTORY).stat().st_mode & 0o777 == 0o700
    assert len(kept(study)) == 11


def test_an_edit_changes_its_own_lines_only(empty):
    study = written(empty, COMMENTED)
    editing.add_line(study, now(study).version, "money", "examples", "We had # to wait.")
    line = '    the money.   # c3\n\n  # before the second\n  - "They pay us\n     late."\n'
    assert text_of(study) == COMMENTED.replace(line, line + '  - "We had # to wait."\n')
    editing.remove_line(study, now(study).version, "money", "examples", "We had # to wait.")
    editing.change_code(study, now(study).version, "money", {"definition": "Money is scarce."})
    changed = COMMENTED.replace("    Money is short\n    or late.\n", "    Money is scarce.\n")
    assert text_of(study) == changed
    editing.change_code(study, now(study).version, "late", {"name": "Late: payment"})
    assert text_of(study) == changed.replace("name: Late payment", 'name: "Late: payment"')


def test_a_retired_code_moves_to_the_end_and_back_again(empty):
    study = written(empty, PLAIN)
    before = now(study)
    done = editing.retire(study, before.version, "late", "Seldom: twice.")
    end = PLAIN.replace("      - id: late\n        name: Late\n        definition: Late.\n", "")
    today = ledger.now()[:10]
    end += f'retired:\n  - id: late\n    name: Late\n    definition: Late.\n    under: "money"\n    on: "{today}"\n'
    assert text_of(study) == end + '    reason: "Seldom: twice."\n'
    assert done.changes == ["- late: retired (Seldom: twice.)"]
    assert done.codebook.retired == (Retired(before.by_id["late"], today, "Seldom: twice."),)
    done = editing.restore(study, done.codebook.version, "late")
    assert done.changes == ["+ late: restored (Late)"]
    assert (done.codebook, done.codebook.version) == (before, before.version)


def test_an_id_that_was_used_is_never_used_for_another_meaning(empty):
    study = written(empty, PLAIN)
    done = editing.retire(study, now(study).version, "voice", "")
    done = editing.add_code(study, done.codebook.version, "Voice", "Another thing.")
    assert (done.code, done.codebook.by_id["voice_2"].definition) == ("voice_2", "Another thing.")
    with pytest.raises(EvidenceError, match="that cannot be: 'voice' and 'voice_2' have the same name"):
        editing.restore(study, done.codebook.version, "voice")


def test_codes_that_exclude_a_retired_one_do_so_again_when_it_is_back(empty):
    study = written(empty, COMMENTED)
    done = editing.retire(study, now(study).version, "voice", "")
    assert done.codebook.by_id["late"].never_with == ()
    assert done.codebook.retired_by_id["voice"].code.never_with == ("late",)
    done = editing.restore(study, done.codebook.version, "voice")
    assert done.codebook.by_id["voice"].never_with == ("late",)
    done = editing.retire(study, done.codebook.version, "late", "")
    done = editing.retire(study, done.codebook.version, "voice", "")
    done = editing.restore(study, done.codebook.version, "late")
    assert done.codebook.by_id["late"].never_with == ()


def test_a_restored_code_stands_at_the_top_when_what_it_was_nested_in_is_gone(empty):
    study = written(empty, PLAIN)
    for id in ("late", "money"):
        done = editing.retire(study, now(study).version, id, "")
    done = editing.restore(study, done.codebook.version, "late")
    assert {code.id: code.parent for code in done.codebook.codes} == {"voice": None, "late": None}


def test_what_cannot_be_is_refused_and_changes_nothing(empty):
    study = written(empty, COMMENTED)
    version = now(study).version
    refused = {
        "that cannot be: code 'power' has no definition": lambda: editing.add_code(study, version, "Power", " \n"),
        "that cannot be: 'money_2' and 'money' have the same name": lambda: editing.add_code(
            study, version, "MONEY", "d"
        ),
        "'late' is the id of a code that is there already": lambda: editing.add_code(study, version, "late", "d"),
        "the codebook has no code 'gone' in use: reload": lambda: editing.add_code(study, version, "New", "d", "gone"),
        "'id' of a code cannot be changed here: name,": lambda: editing.change_code(
            study, version, "late", {"id": "x"}
        ),
        "colour 'red' must look like": lambda: editing.change_code(study, version, "late", {"colour": "red"}),
        "'colour' of a code is no list": lambda: editing.add_line(study, version, "late", "colour", "x"),
        "has these words among its examples already": lambda: editing.add_line(
            study, version, "money", "examples", "They  pay us late."
        ),
        "'They pay us late.' is both an example and a near-miss": lambda: editing.add_line(
            study, version, "money", "near_misses", "They pay us late."
        ),
        "has no such words among its near misses": lambda: editing.remove_line(
            study, version, "money", "near_misses", "x"
        ),
        "hold a character that is broken": lambda: editing.add_line(study, version, "late", "examples", "\ud800"),
        "late: nested in 'money', so retire, merge or move": lambda: editing.retire(study, version, "money", ""),
        "late: nested in 'money'": lambda: editing.merge(study, version, "money", "voice", ""),
        "cannot be merged into itself": lambda: editing.merge(study, version, "late", "late", ""),
        "no code 'gone' in use": lambda: editing.merge(study, version, "late", "gone", ""),
        "no retired code 'late': reload": lambda: editing.restore(study, version, "late"),
        "version 'abc' is none of those": lambda: editing.restore_version(study, version, "abc"),
        "longer than 5 MB": lambda: editing.change_code(study, version, "late", {"definition": "x" * 5_000_000}),
        "in brackets, where they cannot be": lambda: editing.add_code(study, version, "New", "d", "voice"),
    }
    for message, edit in refused.items():
        with pytest.raises(EvidenceError, match=re.escape(message)):
            edit()
    assert text_of(study) == COMMENTED
    assert versions.archived(study.folder) == []
    only = written(study, "codes:\n  - {id: a, name: A, definition: one}\n")
    with pytest.raises(EvidenceError, match="'a' is the only code, and a codebook has one at least"):
        editing.retire(only, only.codebook.version, "a", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CODEBOOKS["json"], "in brackets, where they cannot be added or moved"),
        (PLAIN.replace("Late.", "&d Late.").replace("Nobody listens.", "*d"), "refers to parts of itself (& and *)"),
        (PLAIN + "...\n", "is written in a way that this cannot be changed in"),
        (PLAIN.replace("- id: late", "-\n        id: late"), "is written in a way that"),
        (PLAIN.replace("\n", "\r"), "is written in a way that this cannot be changed in"),
        ("codes: [", "codebook.yml:1:9: not yaml here"),
    ],
)
def test_a_file_that_is_written_otherwise_is_left_to_an_editor(empty, text, message):
    version = written(empty, PLAIN).codebook.version
    if message[0] != "c":
        version = written(empty, text).codebook.version
    else:
        (empty.folder / "codebook.yml").write_text(text)
    with pytest.raises(EvidenceError, match=re.escape(message)):
        editing.retire(empty, version, "late", "")
    assert text_of(empty) == text


@pytest.mark.parametrize(
    ("include", "without"),
    [
        ("[a, b, c,]", "[a, c,]"),
        ("[b]", "[]"),
        ("[b , ]", "[ ]"),
        ("[a, b]", "[a]"),
        ("[a, b,]", "[a]"),
        ("[b, c]", "[c]"),
    ],
)
def test_a_line_is_taken_out_of_brackets(empty, include, without):
    study = written(empty, f"{PLAIN}    include: {include}  # short\n")
    editing.remove_line(study, now(study).version, "voice", "include", "b")
    assert text_of(study) == f"{PLAIN}    include: {without}  # short\n"


def test_a_link_is_followed_and_stays_a_link(empty, tmp_path):
    shared = tmp_path / "shared.yml"
    path = empty.folder / "codebook.yml"
    path.rename(shared)
    path.symlink_to(shared)
    done = editing.add_code(empty, now(empty).version, "New", "d")
    assert path.is_symlink()
    assert load(shared) == done.codebook


def test_of_two_who_edit_at_once_one_is_told(empty):
    version = now(empty).version
    barrier = threading.Barrier(4)

    def edit(number):
        study = open_study(empty.folder)
        barrier.wait()
        try:
            return editing.add_code(study, version, f"Code {number}", "d").code
        except EvidenceError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(edit, range(4)))
    (won,) = [one for one in said if one.startswith("code_")]
    assert [one for one in said if one != won] == [
        "the codebook changed meanwhile: look at it as it is now, and make the change again"
    ] * 3
    assert won in now(empty).by_id
    assert len(now(empty).codes) == 4


def test_an_edit_of_what_was_seen_before_another_edit_is_refused(empty):
    version = now(empty).version
    after = editing.add_code(empty, version, "First", "d").codebook
    with pytest.raises(EvidenceError, match="changed meanwhile: look at it as it is now"):
        editing.add_code(empty, version, "Second", "d")
    assert now(empty) == after


def test_an_edit_that_would_go_astray_is_seen_when_the_file_is_read_again(empty):
    study = written(empty, PLAIN.replace("\n", "\r"))  # ends of line that no editor has written for twenty years
    with pytest.raises(EvidenceError, match="is written in a way that this cannot be changed in"):
        editing.add_line(study, now(study).version, "money", "include", "x")
    assert text_of(study) == PLAIN.replace("\n", "\r")


def test_what_an_editor_saves_in_the_last_moment_is_not_overwritten(empty):
    version = now(empty).version
    path = empty.folder / "codebook.yml"
    mine = path.read_text() + "# saved by hand\n"
    study = open_study(empty.folder)
    with ThreadPoolExecutor(1) as pool:
        with empty.store.database.writing():  # the edit has read the file, and waits for its turn
            waiting = pool.submit(editing.add_code, study, version, "New", "d")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
            path.write_text(mine)
        with pytest.raises(EvidenceError, match="changed meanwhile"):
            waiting.result()
    assert path.read_text() == mine
    assert kept(empty) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from coding import editing
from coding.study import open_study

what, number = sys.argv[2], int(sys.argv[3])
owner, name = (os, "fsync") if what == "fsync" else (Path, "replace")
real, calls = getattr(owner, name), [0]

def dying(*given):
    calls[0] += 1
    if what == "before" and calls[0] == number: os.kill(os.getpid(), signal.SIGKILL)
    done = real(*given)
    if what != "before" and calls[0] == number: os.kill(os.getpid(), signal.SIGKILL)
    return done

setattr(owner, name, dying)
study = open_study(sys.argv[1])
editing.add_code(study, study.codebook.version, "New", "d")
"""


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("what", ["fsync", "before", "after"])
def test_an_edit_that_is_killed_leaves_the_old_file_or_the_new_one(empty, what, number):
    before = text_of(empty)
    words = [sys.executable, "-c", KILLED, str(empty.folder), what, str(number)]
    assert subprocess.run(words, cwd=ROOT).returncode == -signal.SIGKILL
    whole = (what, number) == ("after", 3)
    assert (text_of(empty) != before) == whole
    study = open_study(empty.folder)
    assert ("new" in study.codebook.by_id) == whole
    done = editing.add_code(study, study.codebook.version, "Other", "d")
    assert now(study) == done.codebook
    assert len(kept(study)) == 2
    assert versions.archived(study.folder)[-1].read_text() == text_of(study)
    assert before in [path.read_text() for path in versions.archived(study.folder)]
    assert list(study.folder.rglob(".*.part")) == []


def test_a_full_disk_leaves_the_file_as_it_was(empty, monkeypatch):
    before = text_of(empty)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvidenceError, match=r"could not be written \(No space left on device\): see to it that"):
        editing.add_code(empty, now(empty).version, "New", "d")
    assert text_of(empty) == before
    assert kept(empty) == []


def test_earlier_versions_come_back_with_their_comments(empty):
    study = written(empty, COMMENTED)
    first = now(study)
    editing.add_code(study, first.version, "Power", "Who decides.")
    editing.change_code(study, now(study).version, "voice", {"name": "Voices"})
    done = editing.restore_version(study, now(study).version, first.version[:8])
    why = f"Not in version {first.version[:12]}, which was put back"
    assert done.codebook.version == first.version
    assert done.changes == [f"- power: retired ({why})", "~ voice: name was 'Voices', is 'Voice'"]
    assert text_of(study).startswith(COMMENTED.rstrip())
    assert [(gone.code.id, gone.reason) for gone in done.codebook.retired] == [("power", why)]
    again = editing.restore_version(study, done.codebook.version, kept(study)[2].version)
    assert ("power" in again.codebook.by_id, again.codebook.by_id["voice"].name) == (True, "Voices")
    assert again.codebook.retired == ()


def test_a_version_that_has_no_file_comes_back_without_comments(empty):
    study = written(empty, COMMENTED)
    first = now(study)
    with study.store.database.writing() as connection:
        ledger.keep(connection, first)
    study = written(study, PLAIN)
    done = editing.restore_version(study, study.codebook.version, first.version)
    assert set(done.codebook.codes) == set(first.codes)
    assert PLAIN in [path.read_text() for path in versions.archived(study.folder)]


def test_the_history_tells_each_version_and_what_changed(empty):
    first = now(empty)
    with empty.store.database.reading() as connection:
        assert of_history(versions.history(connection), first.version).before == [
            "No version of the codebook was used yet: `themis code` uses it."
        ]
    second = editing.add_code(empty, first.version, "New", "d").codebook
    third = editing.retire(empty, second.version, "new", "No need.").codebook
    with empty.store.database.reading() as connection:
        found = versions.history(connection)
    assert [(one.version, one.changes) for one in found] == [
        (first.version, ()),
        (second.version, ("+ new: added (New)",)),
    ]
    assert third.version == first.version
    lines = of_history(found, third.version).before
    assert lines[0].endswith(f"{first.version[:12]}, as codebook.yml is now")
    assert lines[2:] == ["    + new: added (New)"]


def test_the_shell_tells_the_versions_and_what_changed_since_they_were_used(study, keys):
    first = now(study).version
    decide(study, ("anna", keys[0], "money", True))
    editing.add_code(study, first, "New", "d")
    editing.change_code(study, now(study).version, "new", {"name": "Newer"})

    def themis(*words):
        done = CliRunner().invoke(cli.main, ["codebook", *words, "--study", str(study.folder)])
        assert done.exit_code == 0, done.output
        return done.output.splitlines()

    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d  ", "", line) for line in themis("log")] == [
        first[:12],
        kept(study)[1].version[:12],
        "    + new: added (New)",
        f"{now(study).version[:12]}, as codebook.yml is now",
        "    ~ new: name was 'New', is 'Newer'",
    ]
    assert themis("diff")[0] == "+ new: added (Newer)"
    assert themis("diff", kept(study)[1].version[:12])[0] == "~ new: name was 'New', is 'Newer'"


def test_decisions_made_under_another_meaning_are_counted_by_coder_and_draw(study, keys):
    decide(study, ("anna", keys[0], "money", True), ("ben", keys[0], "money", False), ("anna", keys[1], "voice", True))
    decide(study, ("anna", keys[1], "money", True), why="audit", draw=7, probability=0.5)
    decide(study, ("mair", keys[0], "money", True), why="adjudication")
    first = now(study)
    done = editing.add_line(study, first.version, "money", "examples", "A new one.")
    assert stale(study) == {}
    done = editing.change_code(study, done.codebook.version, "money", {"definition": "Money is scarce."})
    wanted = Stale({"anna": 2, "ben": 1, "mair": 1}, {7: 1})
    assert stale(study) == {"money": wanted}
    assert done.stale == {"money": wanted, "late": Stale(), "voice": Stale()}
    assert (wanted.decisions, done.stale["voice"].decisions) == (4, 0)
    decide(study, ("ben", keys[0], "money", False), ("anna", keys[0], "money", None))
    assert stale(study) == {"money": Stale({"anna": 1, "mair": 1}, {7: 1})}
    editing.change_code(study, now(study).version, "money", {"definition": "Money  is short or late."})
    assert now(study).version != first.version  # it has an example more, and means the same
    assert stale(study) == {"money": Stale({"ben": 1})}


@pytest.mark.parametrize(
    ("field", "value", "stays"),
    [
        ("name", "Cash", False),
        ("definition", "Other.", False),
        ("include", ["late payment", "more"], False),
        ("exclude", [], False),
        ("colour", "#000000", True),
        ("examples", [], True),
        ("near_misses", [], True),
    ],
)
def test_what_a_person_goes_by_makes_decisions_stale(study, keys, field, value, stays):
    decide(study, ("anna", keys[0], "money", True))
    editing.change_code(study, now(study).version, "money", {field: value})
    assert stale(study) == ({} if stays else {"money": Stale({"anna": 1})})


def test_retired_passages_are_not_stale(study, keys):
    decide(study, *(("anna", key, "money", True) for key in keys))
    editing.change_code(study, now(study).version, "money", {"name": "Cash"})
    with study.store.database.writing() as connection:
        study.store.retire(connection, study.store.names(connection)["submission.md"])
    assert stale(study) == {"money": Stale({"anna": len(keys) - 3})}


def test_a_merged_code_leaves_its_decisions_where_they_are(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[1], "voice", False))
    before = held(study)
    done = editing.merge(study, now(study).version, "voice", "late", "One thing.")
    assert (held(study), done.repeated) == (before, Repeated())
    late = done.codebook.by_id["late"]
    voice = done.codebook.retired_by_id["voice"]
    assert late.examples == ("The invoice was paid after a year.", *voice.code.examples)
    assert (voice.into, voice.reason) == ("late", "One thing.")
    with study.store.database.reading() as connection:
        assert ledger.orphans(connection, done.codebook) == {"voice": 2}
    told = cautions(study.latest())
    assert of_orphans(told.orphans, told.retired) == [
        "2 decisions are on 'voice', which is retired: they are kept, and do not count"
    ]


def test_a_merged_example_is_no_near_miss_any_more(empty):
    text = PLAIN + "    examples: [We waited., Never asked.]\n"
    study = written(empty, text.replace("name: Late\n", "name: Late\n        near_misses: [We waited., On time.]\n"))
    done = editing.merge(study, now(study).version, "voice", "late", "")
    late = done.codebook.by_id["late"]
    assert (late.examples, late.near_misses) == (("We waited.", "Never asked."), ("On time.",))


def test_a_merge_says_each_yes_again_for_the_coder_who_said_it(study, keys):
    one, two, three, four, five = keys[:5]
    decide(study, ("kept", four, "voice", True))
    decide(study, ("anna", one, "voice", True), quote_start=3, quote_end=9, why="audit", draw=7, probability=0.5)
    decide(study, ("anna", two, "voice", True), ("anna", two, "late", False), ("anna", two, "money", False), act="a1")
    decide(study, ("ben", two, "late", False))
    decide(study, ("ben", two, "voice", True))
    decide(study, ("ben", three, "voice", True), ("ben", three, "late", True), ("ben", three, "money", True))
    decide(study, ("kept", four, "late", False))
    decide(study, ("anna", five, "voice", True), ("anna", four, "voice", False), ("ben", five, "money", True))
    decide(study, ("anna", five, "voice", None))
    decide(study, ("mair", one, "voice", True), why="adjudication", reason="slip")
    before = held(study)
    done = editing.merge(study, now(study).version, "voice", "late", "One thing.", repeated=True)
    repeated = done.repeated
    assert (repeated.yes, repeated.over, repeated.already, repeated.kept) == (4, 2, 1, 1)
    yes = {(who, key, code): True for who, key in [("anna", one), ("anna", two), ("ben", two)] for code in LATE}
    assert held(study) == before | yes
    assert held(study, ledger.ADJUDICATED) == {("mair", one, code): True for code in ("voice", "late", "money")}
    with study.store.database.reading() as connection:
        rows = [row for _, act in repeated.acts for row in ledger.acted(connection, act)]
    assert {(row.codebook, row.draw, row.probability) for row in rows} == {(done.codebook.version, None, None)}
    quotes = {
        row.code: (row.quote_start, row.quote_end, row.why) for row in rows if (row.coder, row.passage) == ("anna", one)
    }
    assert quotes == {"late": (3, 9, "import"), "money": (None, None, "import")}
    assert {(row.why, row.reason) for row in rows if row.coder == "mair"} == {("adjudication", "slip")}
    assert editing.repeat_merged(study, "voice") == Repeated(already=5, kept=1)
    with study.store.database.writing() as connection:
        for coder, act in repeated.acts:
            acts.undo(connection, coder, act)
    assert held(study) == before


LATE = ("late", "money")


def test_yeses_can_be_said_again_later_and_once(study, keys):
    decide(study, ("anna", keys[0], "voice", True))
    with pytest.raises(EvidenceError, match="'voice' was not merged into another code"):
        editing.repeat_merged(study, "voice")
    editing.merge(study, now(study).version, "voice", "late", "")
    done = editing.repeat_merged(study, "voice")
    assert (done.yes, held(study)["anna", keys[0], "late"]) == (1, True)
    assert editing.repeat_merged(study, "voice") == Repeated(already=1)
    editing.retire(study, now(study).version, "late", "")
    with pytest.raises(EvidenceError, match="the codebook has no code 'late' in use"):
        editing.repeat_merged(study, "voice")


def test_the_version_that_was_used_last_is_that_of_the_last_decision(study, keys):
    with study.store.database.reading() as connection:
        assert versions.last_used(connection) is None
    first = now(study)
    decide(study, ("anna", keys[0], "money", True))
    editing.change_code(study, first.version, "money", {"name": "Cash"})
    with study.store.database.reading() as connection:
        assert versions.last_used(connection) == first


def test_colours_are_those_that_fewest_codes_have(empty):
    study = empty
    for number in range(len(editing.PALETTE) + 1):
        done = editing.add_code(study, now(study).version, f"Code {number}", "d")
    colours = Counter(code.colour for code in done.codebook.codes if code.colour)
    assert (set(colours), max(colours.values())) == (set(editing.PALETTE), 2)
    nested = editing.add_code(study, now(study).version, "Nested", "d", "money")
    assert nested.codebook.by_id["nested"].colour == ""


def test_what_is_said_again_of_a_merge_is_no_act_that_its_coder_undoes(study, keys):
    desk = Desk(study)
    anna = desk.sitting("anna")
    desk.save(anna, Reading(ledger.new_act(), keys[0], frozenset({"voice"}), "diverse"))
    desk.save(anna, Reading(ledger.new_act(), keys[1], frozenset(), "diverse"))
    editing.merge(study, now(study).version, "voice", "money", "", repeated=True)
    assert [desk.undo(anna).passage for _ in range(2)] == [keys[1], keys[0]]
    assert held(study) == {("anna", keys[0], "money"): True}

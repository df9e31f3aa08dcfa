"""A codebook says what it means once, and every fault in it has a line and a column."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.codebook import Code, Codebook, Retired, diff
from coding.codebook_file import Fault, check, load
from corpus.errors import EvidenceError

ROOT = Path(__file__).parent.parent

FAULTY = """\
title: Faults
codes:
  - id: money
    name: Money
    definition: Money is short.
    never_with: [voice, weather]
    examples:
      - We waited for the money.
      - Note: this is a mapping
      - We waited for the money.
  - id: voice
    name: money
    definition: "   "
    colour: blue
    examples: We waited for the money.
  - id: Other Code
    name: Other
    definition: Something else.
    examples: [2020]
    near_misses: [Yes.]
    codes:
      - id: money
        name: Nested
        definition: The same id again.
        examples: [Yes.]
        near_misses: [Yes.]
        defnition: misspelt
"""


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "codebook.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_fault_has_its_line_and_column(tmp_path):
    quotes = "under examples, each line is text: put it in quotes (a colon or a number misleads yaml)"
    known = "id, name, definition, colour, include, exclude, examples, near_misses, never_with, codes"
    assert check(written(tmp_path, FAULTY)) == [
        Fault(6, 25, "never_with names 'weather', which is no other code here"),
        Fault(9, 9, quotes),
        Fault(10, 9, "under examples of 'money' twice: 'We waited for the money.'"),
        Fault(11, 9, "'voice' and 'money' have the same name"),
        Fault(13, 17, "code 'voice' has an empty definition"),
        Fault(14, 13, "colour 'blue' must look like #1f77b4 (in quotes)"),
        Fault(15, 15, "examples is a list: begin each line with '- '"),
        Fault(16, 9, "id 'Other Code' must be small letters, digits and _, beginning with a letter"),
        Fault(19, 16, quotes),
        Fault(22, 13, "two codes have the id 'money'"),
        Fault(26, 23, "'Yes.' is both an example and a near-miss of 'money'"),
        Fault(27, 20, f"'defnition' is not known in a code: {known} are"),
    ]


def test_an_example_of_two_codes_that_exclude_each_other_is_a_fault(tmp_path):
    text = """
codes:
  - {id: a, name: A, definition: one, examples: [We waited.], never_with: [b]}
  - {id: b, name: B, definition: two, examples: [we waited.]}
  - {id: c, name: C, definition: three, examples: [We waited.]}
"""
    message = "'we waited.' is an example of 'a' too, and the two exclude each other"
    assert check(written(tmp_path, text)) == [Fault(4, 50, message)]


RETIRED = """\
codes:
  - {id: a, name: A, definition: one}
retired:
  - id: b
    name: A
    definition: two
    examples: [We waited.]
    under: gone
    on: 2026-11-22
    into: a
    reason: The same as a.
  - {id: c, name: C, definition: three, on: "last week"}
"""


def test_retired_codes_are_read_apart_and_change_no_version(tmp_path):
    book = load(written(tmp_path, RETIRED))
    b = Code("b", "A", "two", examples=("We waited.",), parent="gone")
    kept = (Retired(b, "2026-11-22", "The same as a.", "a"), Retired(Code("c", "C", "three"), "last week"))
    assert book == Codebook("", (Code("a", "A", "one"),), kept)
    assert book.version == Codebook("", (Code("a", "A", "one"),)).version
    assert Codebook.from_json(book.to_json()) == book


def test_the_record_of_a_study_made_before_codes_could_be_retired_is_read():
    book = Codebook("T", (Code("a", "A", "one"),))
    assert Codebook.from_json(book.to_json().replace(', "retired": []', "")) == book


def test_faults_of_retired_codes_have_their_place(tmp_path):
    text = RETIRED.replace("into: a", "into: weather").replace("id: c", "id: a").replace("definition: two", "codes: []")
    assert check(written(tmp_path, text)) == [
        Fault(4, 5, "code 'b' has no definition"),
        Fault(6, 12, "a retired code has no codes nested in it: retire them one by one"),
        Fault(10, 11, "into names 'weather', which is no other code here"),
        Fault(12, 10, "two codes have the id 'a': one is retired, and its id stays taken"),
    ]
    assert check(written(tmp_path, "codes: [{id: a, name: A, definition: one}]\nretired: all\n")) == [
        Fault(2, 10, "retired codes are a list")
    ]
    assert check(written(tmp_path, "codes: [{id: a, name: A, definition: one}]\nretired: [b]\n")) == [
        Fault(2, 11, "a retired code is a mapping that begins with `id:`")
    ]


def test_a_retired_code_says_where_it_went(tmp_path):
    book = load(written(tmp_path, RETIRED))
    with pytest.raises(EvidenceError, match="the code 'b' was retired: use 'a', which it was merged into"):
        book.find("b")
    with pytest.raises(EvidenceError, match="the code 'C' was retired: restore it, or use another"):
        book.find("C")
    assert book.find("A") == "a"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("codes:\n  - id: [a\n", 3, "not yaml here"),
        ("title: x\ncodes:\n - id: a\n   id: b\n", 4, "not yaml here: found duplicate key"),
        ("- a\n- b\n", 1, "a codebook is a title and a list of codes"),
        ("", 1, "a codebook is a title and a list of codes"),
        ("codes: []\n", 1, "a codebook is a title and a list of codes"),
        ("codes:\n  - money\n", 2, "a code is a mapping"),
        (b"title: caf\xe9\n", 1, "not UTF-8"),
        ("codes: !!python/object:os.system [x]\n", 1, "a code is a mapping"),
    ],
)
def test_a_file_that_is_no_codebook_says_where_it_goes_wrong(tmp_path, content, line, message):
    (fault, *_) = check(written(tmp_path, content))
    assert fault.line == line
    assert message in fault.message


def test_loading_a_faulty_codebook_names_the_first_fault_and_how_many_more(tmp_path):
    with pytest.raises(EvidenceError, match=r"codebook.yml:6:25: never_with names 'weather'.* \(11 more: `themis"):
        load(written(tmp_path, FAULTY))


CODES = st.lists(
    st.builds(
        Code,
        id=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        name=st.text(min_size=1),
        definition=st.text(min_size=1),
        include=st.lists(st.text()).map(tuple),
        examples=st.lists(st.text()).map(tuple),
        near_misses=st.lists(st.text()).map(tuple),
        colour=st.sampled_from(["", "#123456"]),
    ),
    unique_by=lambda code: code.id,
    min_size=1,
)


@given(codes=CODES)
def test_a_codebook_survives_the_record_that_a_study_keeps(codes):
    book = Codebook("A title", tuple(codes))
    assert Codebook.from_json(book.to_json()) == book


@given(codes=CODES)
def test_a_version_is_what_the_codes_mean(codes):
    book = Codebook("A title", tuple(codes))
    looks = [replace(code, colour="#abcdef", definition=f"  {code.definition} ") for code in reversed(codes)]
    looks = [replace(code, examples=code.examples[::-1], include=code.include[::-1]) for code in looks]
    assert Codebook("Another", tuple(looks)).version == book.version
    meant = [replace(codes[0], definition=codes[0].definition + " not"), *codes[1:]]
    assert Codebook("A title", tuple(meant)).version != book.version
    assert diff(book, book) == []
    assert diff(book, Codebook("A title", tuple(meant))) != []


def test_a_difference_is_told_line_by_line():
    old = Codebook("T", (Code("a", "A", "one", examples=("x", "y")), Code("b", "B", "two")))
    new = Codebook("T", (Code("a", "A", "uno", examples=("y", "z")), Code("c", "C", "three")))
    assert diff(old, new) == [
        "- b: removed",
        "~ a: definition was 'one', is 'uno'",
        "- a: examples: x",
        "+ a: examples: z",
        "+ c: added (C)",
    ]


def test_a_difference_tells_a_retired_code_from_one_that_is_gone():
    one, two = Code("a", "A", "one"), Code("b", "B", "two")
    live, retired = Codebook("T", (one, two)), Codebook("T", (one,), (Retired(two, "2026-11-22", "The same.", "a"),))
    plain = Codebook("T", (one,), (Retired(two),))
    assert diff(live, retired) == ["- b: merged into a (The same.)"]
    assert diff(live, plain) == ["- b: retired"]
    assert diff(retired, live) == ["+ b: restored (B)"]


def test_a_study_sees_the_file_change_when_it_asks_for_the_latest(empty):
    path, first = empty.folder / "codebook.yml", empty.codebook
    assert empty.latest() is empty
    path.write_text(path.read_text().replace("Voice", "Choir"))
    second = empty.latest()
    assert (empty.codebook, second.codebook.by_id["voice"].name) == (first, "Choir")
    assert second.latest() is empty.latest() is second
    assert second.encoder is empty.encoder
    path.write_text(path.read_text().replace("Choir", "Chair"))  # of the same size, at once
    assert second.latest().codebook.by_id["voice"].name == "Chair"
    path.write_text("codes: [")
    for _ in range(2):
        with pytest.raises(EvidenceError, match=r"codebook\.yml:1:9: not yaml here"):
            second.latest()
    path.unlink()
    with pytest.raises(EvidenceError, match=r"codebook\.yml could not be read: No such file"):
        second.latest()


def test_threads_that_ask_for_the_latest_get_one_and_the_same(empty):
    path = empty.folder / "codebook.yml"
    for name in ("Choir", "Chair", "Quire"):
        path.write_text(path.read_text().replace(empty.latest().codebook.by_id["voice"].name, name))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: empty.latest(), range(64)))
        assert {id(study) for study in found} == {id(empty.latest())}
        assert found[0].codebook.by_id["voice"].name == name


def test_nested_codes_know_what_is_above_and_below(codebook_file):
    book = load(codebook_file)
    assert [code.id for code in book.codes] == ["money", "late", "voice"]
    assert (book.above("late"), book.below("money"), book.above("gone")) == (("money",), ("late",), ())


def test_the_default_codebook_is_sound_and_full():
    path = ROOT / "codebook.yml"
    assert check(path) == []
    themes = [code for code in load(path).codes if code.parent is None]
    assert [code.id for code in themes] == ["power_imbalance", "risk_transfer", "brand_capture"]
    assert min(len(code.examples) for code in themes) >= 15
    assert min(len(code.near_misses) for code in themes) >= 10
    every = [text.casefold() for code in load(path).codes for text in (*code.examples, *code.near_misses)]
    assert len(every) == len(set(every))

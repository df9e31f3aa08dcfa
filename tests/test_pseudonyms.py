"""Names out, pseudonyms in: consistently, as whole words, and the key apart from the study."""

import os
import stat
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.passage import Block, Document, Draft, Turn
from corpus.pseudonyms import Candidate, Pseudonyms, candidates

NAMES = Pseudonyms(
    [
        ("Anna", ""),
        ("Anna Smith", "Person 1"),
        ("Smith-Jones", ""),
        ("James", ""),
        ("O'Brien", "Worker A"),
        ("Will", ""),
        ("Zoë", ""),
        ("田中", ""),
        ("Anna-Maria", ""),
        ("de Vries", ""),
    ]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna said", "Person 2 said"),
        ("ANNA SAID", "PERSON 2 SAID"),
        ("anna said", "person 2 said"),
        ("Anna Smith and Anna\nSmith, Anna  Smith", "Person 1 and Person 1, Person 1"),
        ("Anna's, Anna’s, ANNA'S", "Person 2's, Person 2’s, PERSON 2'S"),
        ("James' coat and James's coat", "Person 4' coat and Person 4's coat"),
        ("Annabel, Hannah, Joanna, Anna2, AnnaB", "Annabel, Hannah, Joanna, Anna2, AnnaB"),
        ("Anna Smithson and Anna Smith-Jones", "Person 2 Smithson and Person 1-Jones"),
        ("Ms Smith-Jones, Smith‑Jones; Smith", "Ms Person 3, Person 3; Smith"),
        ("the Anna-led group, Anna–Zoë, (Anna)", "the Person 2-led group, Person 2–Person 6, (Person 2)"),
        ("O’Brien, O'BRIEN, Brien, o'brien", "Worker A, WORKER A, Brien, worker a"),
        ("Will will. WILL", "Person 5 will. PERSON 5"),
        ("Zoe\u0308 Zoë ZOË Zoe", "Person 6 Person 6 PERSON 6 Zoe"),
        ("田中さんは", "Person 7さんは"),
        ("Anna-Maria ANNA-MARIA", "Person 8 PERSON 8"),
        ("de Vries. De Vries! DE VRIES", "Person 9. Person 9! PERSON 9"),
        ("Anna\u0301 and नAnna", "Anna\u0301 and नAnna"),
        ("", ""),
    ],
)
def test_how_names_are_replaced(text, expected):
    assert NAMES.text(text) == expected


def test_a_part_of_a_name_after_an_irish_o():
    assert (
        Pseudonyms([("Brien", "")]).text("O'Brien, O’Brien and Brien; d'Brien")
        == "O'Brien, O’Brien and Person 1; d'Person 1"
    )


def test_every_part_of_a_draft_but_its_name():
    draft = Draft(
        "anna smith.docx",
        (
            Block("Anna Smith: I know Will.", label=11),
            Block("Anna Smith: hello", label=4),
            Block("None here", label=4, speaker="ANNA", question="Did James's help matter?", place="row 3", time=1.0),
        ),
        {"contact": "Zoë", "size": "small"},
        notes=('"Interview with Anna" removed from 3 pages',),
    )
    assert NAMES.apply(draft) == Draft(
        "anna smith.docx",
        (
            Block("Person 1: I know Person 5.", label=9),
            Block("Person 1: hello", label=8),
            Block(
                "None here",
                label=4,
                speaker="PERSON 2",
                question="Did Person 4's help matter?",
                place="row 3",
                time=1.0,
            ),
        ),
        {"contact": "Person 6", "size": "small"},
        notes=(
            '"Interview with Person 2" removed from 3 pages',
            "the file's name or the row's id holds a listed name, which stays: rename it and add it again",
        ),
    )


@pytest.mark.parametrize("name", ["Anna.docx", "interview_anna.docx", "ANNA-SMITH-2.txt", "annasmith.txt", "s.csv#Zoë"])
def test_a_name_in_a_file_name_is_said(name):
    assert len(NAMES.apply(Draft(name, ())).notes) == 1


@pytest.mark.parametrize("name", ["Annabel.docx", "interview 3.docx", "willing.txt"])
def test_other_file_names_are_not(name):
    assert NAMES.apply(Draft(name, ())).notes == ()


LETTERS = st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F)
WORDS = st.text(LETTERS, min_size=2, max_size=8)
GAPS = st.text(st.sampled_from(" .,;:!?()\n–…"), min_size=1, max_size=3)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(st.tuples(WORDS, GAPS), max_size=20), st.data())
def test_names_go_and_all_else_stays(names, words, data):
    """A text made of words is the same text with each word looked up by itself."""
    assume(not {name.casefold() for name in names} & {"person"})
    mixed = [(data.draw(st.sampled_from(names)) if data.draw(st.booleans()) else word, gap) for word, gap in words]
    listed = Pseudonyms([(name, "") for name in names])
    text = "".join(word + gap for word, gap in mixed)
    masked = listed.text(text)
    assert masked == "".join(listed.text(word) + gap for word, gap in mixed)
    assert listed.text(masked) == masked
    assert not {word for word, _ in mixed} & set(names) or masked != text


@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(st.tuples(WORDS, GAPS), max_size=6), st.integers(0, 6))
def test_a_label_stays_the_label(names, words, labelled):
    assume(not {name.casefold() for name in names} & {"person"})
    listed = Pseudonyms([(name, "") for name in names])
    pieces = [gap.join((names[n % len(names)], word)) + gap for n, (word, gap) in enumerate(words)]
    label = "".join(pieces[:labelled])
    (block,) = listed.apply(Draft("a", (Block("".join(pieces), label=len(label)),))).blocks
    assert block.text[: block.label] == listed.text(label)


def test_a_draft_without_names_is_the_same():
    draft = Draft("a.txt", (Block("Nothing here: at all", label=12),), {"a": "b"}, notes=("one note",))
    assert Pseudonyms([]).apply(draft) == draft
    assert NAMES.apply(draft) == draft


def test_spellings_share_a_replacement_and_numbers_go_on():
    names = [("Ann", "Person 2"), ("Bea", ""), ("Annie", "Person 2"), ("Cy", ""), ("Bea", ""), (" ", "")]
    assert Pseudonyms(names).text("Ann Annie Bea Cy") == "Person 2 Person 2 Person 1 Person 3"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([("Anna", "A"), ("anna", "B")], "two replacements"),
        ([("Anna", "Ben"), ("Ben", "Carl")], "holds a listed name"),
        ([("Anna", "Anna's friend")], "holds a listed name"),
    ],
)
def test_names_that_contradict_each_other(names, reason):
    with pytest.raises(EvidenceError, match=reason):
        Pseudonyms(names)


@pytest.mark.parametrize(
    "content",
    [
        "name,replacement\nAnna,\nZoë,Worker\n".encode(),
        "Name;Replacement\r\nAnna;\r\nZoë;Worker\r\n".encode("cp1252"),
        "id,NAME,Pseudonym\n1,Anna,\n2,Zoë,Worker\n".encode("utf-16"),
    ],
)
def test_a_file_of_names(tmp_path, content):
    (tmp_path / "names.csv").write_bytes(content)
    assert Pseudonyms.load(tmp_path / "names.csv").text("Anna, Zoë") == "Person 1, Worker"


def test_a_file_with_names_alone_or_in_a_workbook(tmp_path):
    (tmp_path / "names.csv").write_text("name\nAnna\nBen Fox\n")
    assert Pseudonyms.load(tmp_path / "names.csv").text("Anna, Ben Fox") == "Person 1, Person 2"
    book = openpyxl.Workbook()
    for row in (["name"], ["Anna"], ["Ben Fox"]):
        book.active.append(row)
    book.save(tmp_path / "names.xlsx")
    assert Pseudonyms.load(tmp_path / "names.xlsx").text("Anna, Ben Fox") == "Person 1, Person 2"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Anna\nBen\n", "no column 'name'"),
        (b"", "no column 'name'"),
        (b"\x00\x00", "looks binary"),
        (b"name,replacement\nAnna,A\nAnna,B\n", "two replacements"),
        (b"name,replacement\nAnna,A,surplus\n", "row 2: has 3 cells"),
        (b'name\n"Anna\nBen\n', "never closes"),
    ],
)
def test_a_file_of_names_that_is_wrong(tmp_path, content, reason):
    (tmp_path / "names.csv").write_bytes(content)
    with pytest.raises(EvidenceError, match=reason) as raised:
        Pseudonyms.load(tmp_path / "names.csv")
    assert str(tmp_path / "names.csv") in str(raised.value)


class TestKey:
    def test_what_it_says_and_who_may_read_it(self, tmp_path):
        key = tmp_path / "key.csv"
        old = os.umask(0)
        try:
            Pseudonyms([("Anna", ""), ("Ben, Fox", "B")]).write_key(key)
        finally:
            os.umask(old)
        assert key.read_text() == 'name,replacement\nAnna,Person 1\n"Ben, Fox",B\n'
        assert os.listdir(tmp_path) == ["key.csv"]
        if os.name == "posix":
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert Pseudonyms.load(key).text("Anna and Ben, Fox") == "Person 1 and B"

    def test_not_within_a_study(self, tmp_path):
        study = tmp_path / "study"
        (study / "exports").mkdir(parents=True)
        (study / "study.db").touch()
        (tmp_path / "way").symlink_to(study / "exports")
        for place in (study / "key.csv", study / "exports" / "key.csv", tmp_path / "way" / "key.csv"):
            with pytest.raises(EvidenceError, match="keep the key apart"):
                NAMES.write_key(place)
        assert [path.name for path in study.rglob("*.csv")] == []
        with pytest.raises(EvidenceError, match="keep the key apart"):
            NAMES.write_key(tmp_path / "remote" / "key.csv", tmp_path / "remote")

    def test_a_key_grows_but_nothing_else_is_overwritten(self, tmp_path):
        key = tmp_path / "key.csv"
        Pseudonyms([("Anna", "")]).write_key(key)
        Pseudonyms([("Anna", ""), ("Ben", "")]).write_key(key)
        assert key.read_text() == "name,replacement\nAnna,Person 1\nBen,Person 2\n"
        for names in ([("Anna", "")], [("Ben", ""), ("Anna", "")]):
            with pytest.raises(EvidenceError, match="there already"):
                Pseudonyms(names).write_key(key)
        (tmp_path / "letter.csv").write_text("name,address\nAnna,London\n")
        with pytest.raises(EvidenceError, match="there already"):
            NAMES.write_key(tmp_path / "letter.csv")
        assert (tmp_path / "letter.csv").read_text() == "name,address\nAnna,London\n"

    def test_a_link_is_not_followed(self, tmp_path):
        (tmp_path / "target.csv").write_text("")
        (tmp_path / "key.csv").symlink_to(tmp_path / "target.csv")
        NAMES.write_key(tmp_path / "key.csv")
        assert (tmp_path / "target.csv").read_text() == ""

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(EvidenceError, match="cannot be written"):
            NAMES.write_key(tmp_path / "missing" / "key.csv")


TEXT = """Rosa Lindqvist: I worked with Marcus O'Hara in Great Yarmouth, at the Damson House.
Interviewer: Did Marcus help? Volunteering is hard. On Monday the NHS rang. Perhaps Marcus knows.
Rosa Lindqvist: Mail rosa.l@example.org, or ring 07700 900123 or +44 (0)20 7946 0000; we are at NR30 2AB.
It cost £12,000.50 in 2019-2020, on 01/02/2021. Code 012 34 56.
Ludwig van der Berg came. My volunteering began then."""


def document() -> Document:
    turns = tuple(
        Turn(n, who, None, 0, 1) for n, who in enumerate(["Rosa Lindqvist", "Interviewer", "Rosa Lindqvist"], 1)
    )
    return Document("a.docx", TEXT, turns)


def test_candidates():
    where = ("a.docx",)
    assert [one for one in candidates([document()]) if one.kind not in ("person", "organisation", "place")] == [
        Candidate("speaker", "Rosa Lindqvist", 2, where),
        Candidate("speaker", "Interviewer", 1, where),
        Candidate("name", "Marcus", 2, where),
        Candidate("name", "Damson House", 1, where),
        Candidate("name", "Great Yarmouth", 1, where),
        Candidate("name", "Ludwig van der Berg", 1, where),
        Candidate("name", "Marcus O'Hara", 1, where),
        Candidate("e-mail", "rosa.l@example.org", 1, where),
        Candidate("phone", "+44 (0)20 7946 0000", 1, where),
        Candidate("phone", "07700 900123", 1, where),
        Candidate("postcode", "NR30 2AB", 1, where),
    ]


def test_where_candidates_are_and_drafts():
    two = replace(document(), name="b.docx")
    draft = Draft("c.docx", (Block("Marcus: I met Marcus", label=7), Block("Yes", speaker="Ben Fox")))
    found = {(one.kind, one.text): (one.count, one.where) for one in candidates([document(), two, draft])}
    assert found["speaker", "Rosa Lindqvist"] == (4, ("a.docx", "b.docx"))
    assert found["speaker", "Marcus"] == (1, ("c.docx",))
    assert found["speaker", "Ben Fox"] == (1, ("c.docx",))
    assert candidates([]) == []

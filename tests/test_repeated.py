"""Copies are found whatever the script and the order, near ones by their exact share, and nothing else is a copy."""

import json
import random
import stat
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import kept

import cli
from coding import alike
from coding.repeated import among, copies, known, shown
from coding.study import Study, create_study, open_study
from coding.study import remove as take_out
from corpus.database import update
from corpus.tables import PASSAGES

NHS = Path(__file__).parent.parent.parent / "shared" / "data" / "nhs_px_fft" / "items.jsonl"
VOCABULARY = [f"word{number}" for number in range(200)]
LETTER = (
    "Dear Minister, I write to you about the closing of our library in the valley. It is where my children learned to "
    "read, where old people keep warm, and where those without a computer look for work. Please think again before the "
    "vote in March, and come and see for yourself what it means to us. We would be glad to show you around any day."
)
SHORT = "The library must stay open, whatever it costs."


def texts(*said: str) -> list[tuple[int, int, str]]:
    """Each in a document of its own, with keys from 1."""
    return [(key, key, text) for key, text in enumerate(said, start=1)]


def families(*said: str) -> list[list[int]]:
    return [sorted(key for wording in family for key in wording) for family in among(texts(*said)).families]


def changed(text: str, *places: int) -> str:
    """The text with other words at these places."""
    found = text.split()
    for place in places:
        found[place] = f"other{place}"
    return " ".join(found)


def shares(one: str, other: str) -> float:
    """The Jaccard index of the runs of four words."""
    a, b = ({tuple(said[i : i + 4]) for i in range(len(said) - 3)} for said in (one.split(), other.split()))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t  CLOSE\nthe café; it's £1,000!", ["dont", "close", "the", "cafe", "its", "1", "000"]),
        ("ＦＵＬＬ ﬁne Straße x²", ["full", "fine", "strasse", "x", "2"]),
        ("so\u00adft \u200bspace🎂s \u202eright\u202c", ["soft", "space", "s", "right"]),
        ("图书馆必须开放", list("图书馆必须开放")),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مكتبةٌ عامّة", ["مكتبة", "عامة"]),
        ("a" * 21, ["a"] * 21),
        ("a" * 20, ["a" * 20]),
        ("🎂 … — \ud800", []),
    ],
)
def test_the_words_of_a_text(text, words):
    assert alike.words(text) == words


def test_a_text_is_the_same_in_other_capitals_and_marks_and_spaces():
    same = "THE LIBRARY\u00a0must — stay “open” - whatever\n\n it costs 🎂"
    (family,) = among(texts(SHORT, same, "No.", "No.", SHORT)).families
    assert family == ((1, 2, 5),)


@pytest.mark.parametrize("number", [7, 8])
def test_a_text_of_fewer_than_eight_words_is_no_copy(number):
    said = " ".join(VOCABULARY[:number])
    assert families(said, said) == ([[1, 2]] if number == 8 else [])


@pytest.mark.parametrize("number", [15, 16])
def test_where_each_letter_is_a_word_twice_as_many_are_wanted(number):
    said = "我們村的圖書館必須繼續開放給大家"[:number]
    assert families(said, said) == ([[1, 2]] if number == 16 else [])


@pytest.mark.parametrize(
    "said",
    [
        "我们村的图书馆必须继续开放给所有的孩子和老人因为没有电脑的人在那里找工作而且冬天很暖和请部长再想一想谢谢",
        "ห้องสมุดของหมู่บ้านเราต้องเปิดต่อไปเพื่อเด็กและผู้สูงอายุทุกคนเพราะคนที่ไม่มีคอมพิวเตอร์หางานที่นั่น",
        " ".join(f"مكتبة{number} القرية" for number in "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
        " ".join(f"הספרייה{number} שלנו" for number in "אבגדהוזחטיכלמנסעפצקרשת"),
        " ".join(f"पुस्तकालय{number} हमारा" for number in "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह"),
        " ".join(f"🎂 library{number} ❤️" for number in range(60)),
        "".join(chr(ord("a") + number * number % 26) + str(number) for number in range(60)),
    ],
    ids=["Chinese", "Thai", "Arabic", "Hebrew", "Hindi", "pictures", "no spaces"],
)
def test_copies_and_near_copies_in_any_script(said):
    near, other = said + said[:1], said[::-1]
    assert families(said, near, other, said) == [[1, 2, 4]]


def test_a_letter_with_a_name_changed_is_a_near_copy_and_one_with_half_of_it_is_not():
    name, half = LETTER.replace("Minister", "Mr Evans"), " ".join(LETTER.split()[:30])
    assert families(LETTER, half, name, LETTER) == [[1, 3, 4]]
    assert among(texts(name, LETTER, half, LETTER)).families == (((2, 4), (1,)),)


def test_short_answers_that_differ_in_one_word_are_two():
    said = "agree with the plan to close the library in the valley as it stands in the paper"
    one, other = f"Yes, I {said}", f"No, I {said}"
    assert shares(one, other) > 0.8
    assert families(one, other) == []
    assert families(f"{one} today", f"{other} today") == [[1, 2]]


def test_near_begins_at_eighty_percent_exactly():
    said = VOCABULARY[:39]
    near, far = changed(" ".join(said), 20), changed(" ".join(said[:-1]), 20)
    assert (shares(" ".join(said), near), shares(" ".join(said[:-1]), far)) == (32 / 40, 31 / 39)
    assert families(" ".join(said), near) == [[1, 2]]
    assert families(" ".join(said[:-1]), far) == []


MANY = st.lists(  # texts of a few letters, each shortened and with a few words changed
    st.tuples(
        st.integers(0, 3),
        st.integers(20, 60),
        st.lists(st.integers(0, 19), max_size=2),
    ).map(lambda drawn: changed(" ".join(VOCABULARY[drawn[0] * 50 :][: drawn[1]]), *drawn[2])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(said=MANY)
def test_families_are_those_of_comparing_every_pair(said):
    family = {key: {key} for key in range(1, len(said) + 1)}
    for (one, text), (other, another) in combinations(enumerate(said, start=1), 2):
        if shares(text, another) >= 0.8:
            joined = family[one] | family[other]
            family.update(dict.fromkeys(joined, joined))
    wanted = sorted({tuple(sorted(keys)) for keys in family.values() if len(keys) > 1})
    assert sorted(map(tuple, families(*said))) == wanted


@settings(max_examples=100, deadline=None)
@given(said=MANY, data=st.data())
def test_the_order_of_the_texts_makes_no_difference(said, data):
    given_in_order = texts(*said)
    assert among(data.draw(st.permutations(given_in_order))) == among(given_in_order)


@settings(max_examples=100, deadline=None)
@given(said=MANY, data=st.data())
def test_one_more_copy_counts_in_its_family_and_nowhere_else(said, data):
    again = data.draw(st.integers(1, len(said)))
    keys = range(1, len(said) + 1)
    before, after = among(texts(*said)), among(texts(*said, said[again - 1]))
    family = {key for found in before.families for one in found if again in sum(found, ()) for key in one} | {again}
    times = [round(1 / weight) for weight in before.weights(keys)]
    wanted = [number + (key in family) for key, number in zip(keys, times, strict=True)]
    assert [round(1 / weight) for weight in after.weights(keys)] == wanted
    assert sum(after.weights([*keys, len(said) + 1])) == pytest.approx(sum(before.weights(keys)))


def test_weights_are_one_over_the_copies_and_one_for_all_others():
    found = among(texts(LETTER, "No.", changed(LETTER, 3), SHORT, LETTER, SHORT))
    assert found.weights([6, 1, 2, 3, 99, 1]) == [1 / 2, 1 / 3, 1.0, 1 / 3, 1.0, 1 / 3]
    assert found.compared == 5


def test_a_letter_links_all_that_changed_a_sentence_of_it_though_they_are_not_alike():
    base = [VOCABULARY[number] for number in range(100)]
    chance = random.Random(3)
    said = []
    for number in range(300):
        first = chance.randrange(1, 80)
        said.append(" ".join([*base[:first], *(f"own{number}x{i}" for i in range(7)), *base[first + 7 :]]))
    letter = " ".join(base)
    assert min(shares(letter, one) for one in said) > 0.8
    assert Counter(shares(one, other) >= 0.8 for one, other in combinations(said[:50], 2))[False] > 500
    assert families(*said, letter, letter) == [list(range(1, 303))]


def test_word_for_word_copies_are_one_family_whatever_is_near_them():
    chance = random.Random(5)
    said = [" ".join(chance.choices(VOCABULARY, k=chance.randrange(8, 60))) for _ in range(40)]
    many = [text for text in said for _ in range(5)]
    assert sorted(families(*many)) == [[5 * i + 1, 5 * i + 2, 5 * i + 3, 5 * i + 4, 5 * i + 5] for i in range(40)]


@pytest.mark.parametrize("size", [2, 17, 2000])
def test_a_bucket_takes_time_in_line_with_its_size(size):
    pairs = list(alike._pairs(np.zeros(size, dtype=np.uint64), np.arange(size)))
    assert sum(len(left) for left, _ in pairs) <= 16 * size
    if size <= 17:
        every = {(a, b) for left, right in pairs for a, b in zip(left.tolist(), right.tolist(), strict=True)}
        assert every == set(combinations(range(size), 2))


def test_what_is_linked_already_is_not_looked_at_again():
    root = np.zeros(2000, dtype=np.int64)
    assert list(alike._pairs(np.zeros(2000, dtype=np.uint64), root)) == []


def test_ten_thousand_copies_and_five_megabytes():
    long = " ".join(f"{number:019}" for number in range(250_000))
    assert len(long) == 5_000_000 - 1
    found = among(texts(*[LETTER] * 10_000, long, f"{long} end", "a " * 1_000_000, "x" * 1_000_000))
    assert [sum(map(len, family)) for family in found.families] == [10_000, 2]
    assert found.weights([1, 10_001, 10_003]) == [1 / 10_000, 1 / 2, 1.0]


def test_a_form_of_which_two_thirds_are_one_text_is_no_letter():
    chance = random.Random(11)
    said = [" ".join([*VOCABULARY[:60], *(f"w{chance.randrange(10**6)}" for _ in range(20))]) for _ in range(500)]
    assert 0.5 < shares(said[0], said[1]) < 0.8
    assert families(*said) == []


def test_documents_that_say_mostly_the_same_are_one_letter():
    one, two, three, four, own = (" ".join(VOCABULARY[20 * i : 20 * i + 16]) for i in range(5))
    documents = {
        1: [one, two, three, four, "Yours, Mair Jones"],
        2: [four, one, two, three, "Cofion, Dai"],
        3: [one, two, three, four, own],  # 8 of 10 parts
        4: [one, two, three, four, f"{own} {own}"],  # 8 of 12
        5: ["Yours, Mair Jones", "No."],
    }
    found = among((document, key, text) for document, said in documents.items() for key, text in enumerate(said))
    assert found.letters == ((1, 2, 3),)


def test_words_have_the_same_number_in_every_process():
    assert alike.numbers(["library", "图"]).tolist() == [2879015036323254840, 7329017204543969831]


@settings(max_examples=200, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20))
def test_what_is_linked_has_one_root(pairs):
    root, group = np.arange(15), {number: {number} for number in range(15)}
    for one, other in pairs:
        joined = group[one] | group[other]
        group.update(dict.fromkeys(joined, joined))
    for chunk in (pairs[:7], pairs[7:]):
        alike._unite(root, *np.array(chunk, dtype=np.int64).reshape(-1, 2).T)
    assert root.tolist() == [min(group[number]) for number in range(15)]


@pytest.mark.skipif(not NHS.is_file(), reason="the comments of the NHS are not beside the checkout")
def test_comments_that_were_given_twice():
    said = [json.loads(line)["text"] for line in NHS.read_text(encoding="utf-8").splitlines()]
    plain = Counter("".join(c for c in text.casefold() if c.isalnum() or c == " ") for text in said)
    twice = {text: number for text, number in plain.items() if number > 1 and len(text.split()) >= 9}
    found = among(texts(*said))
    assert len(twice) > 10
    assert {number for family in found.families for number in map(len, family)} == set(twice.values()) | {2}
    assert sum(map(len, sum(found.families, ()))) >= sum(twice.values())
    assert sum(map(len, sum(found.families, ()))) < 0.02 * found.compared


@pytest.fixture
def campaign(tmp_path: Path) -> Study:
    """Three copies of a letter of two paragraphs, one with another name; in a fourth file an answer pasted twice."""
    study = create_study(tmp_path / "study")
    for name, who in (("a.txt", "Minister"), ("b.txt", "Minister"), ("c.txt", "Mr Evans")):
        kept(study, [LETTER.replace("Minister", who), f"{SHORT} Yours", f"Resident {name}"], name)
    kept(study, [SHORT, "No.", "Nothing that anybody else has said in this study.", SHORT], "d.txt")
    return study


def of(study: Study):
    with study.store.database.reading() as connection:
        found = known(study, connection)
        assert found == copies(connection)
    return found


def test_live_passages_are_compared(campaign):
    assert of(campaign).families == (((1, 4), (7,)), ((2, 5, 8),), ((10, 13),))
    assert of(campaign).letters == ((1, 2, 3),)
    take_out(campaign, ["b.txt"])
    assert of(campaign).families == (((1,), (7,)), ((2, 8),), ((10, 13),))
    with campaign.store.database.writing() as connection:
        connection.execute(update(PASSAGES).where(PASSAGES.c.id == 7).values(live=False))
    assert of(campaign).families == (((2, 8),), ((10, 13),))
    take_out(campaign, ["a.txt", "c.txt", "d.txt"])
    assert of(campaign) == among([])


def rewritten(path: Path, **changes) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_was_found_is_kept_until_the_passages_are_others(campaign):
    first = of(campaign)
    path = campaign.cache / "repeated.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in campaign.cache.iterdir()] == ["repeated.json"]
    rewritten(path, compared=99)
    with campaign.store.database.reading() as connection:
        assert known(campaign, connection).compared == 99
        assert known(campaign, connection).families == first.families
    kept(campaign, [SHORT], "e.txt")
    assert of(campaign).weights([10]) == [1 / 3]


def test_another_study_in_the_same_place_is_not_taken_for_this_one(campaign):
    of(campaign)
    campaign.store.database.close()
    for file in campaign.folder.glob("study.db*"):
        file.unlink()
    other = create_study(campaign.folder)
    for name in "abc":
        kept(other, ["One.", "Two.", "Three."], f"{name}.txt")
    kept(other, ["One.", "Two.", "Three.", "Four."], "d.txt")
    assert of(other) == among([])


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"state": 1}', "STATE", '{"state": STATE}', '{"state": STATE, "families": 3}']
)
def test_a_damaged_file_is_made_again(campaign, content):
    first = of(campaign)
    path = campaign.cache / "repeated.json"
    path.write_text(content.replace("STATE", json.dumps(json.loads(path.read_text())["state"])))
    assert of(campaign) == first
    assert json.loads(path.read_text())["compared"] == first.compared


def test_nothing_is_lost_where_nothing_can_be_kept(campaign):
    (campaign.cache / "repeated.json").mkdir(parents=True)
    assert len(of(campaign).families) == 3
    assert [file.name for file in campaign.cache.iterdir()] == ["repeated.json"]
    (campaign.cache / "repeated.json").rmdir()
    campaign.cache.rmdir()
    campaign.cache.write_text("in the way")
    assert len(of(campaign).families) == 3


def test_families_are_shown_by_how_many_copies_wordings_and_documents(campaign):
    found = shown(campaign, most=0).largest
    assert [(one.copies, one.wordings, one.documents) for one in found] == [(3, 2, 3), (3, 1, 3), (2, 1, 1)]
    assert (found[2].text, found[2].passage) == (SHORT, "d.txt:0-46")


def test_the_shell_lists_what_came_more_than_once(campaign):
    done = CliRunner().invoke(cli.main, ["repeated", "--most", "2", "-s", str(campaign.folder)], catch_exceptions=False)
    assert [line.rstrip() for line in done.output.splitlines()] == [
        "Repeated texts",
        "Times  Documents  Wordings  First words                                                 First place",
        "    3          3         2  Dear Minister, I write to you about the closing of our ...  a.txt:0-337",
        "    3          3         1  The library must stay open, whatever it costs. Yours        a.txt:338-390",
        "1 more: --most 0 prints all.",
        "3 documents are copies of one letter: a.txt, b.txt, c.txt.",
        "Texts that came more than once: 3, in 8 of the 9 passages of 8 words or more.",
        "From 20 words on, a text with small changes is the same one (80 % of its runs of four words are).",
        "Counts take each as often as it came; `themis counts --once` takes each text once.",
    ]


def test_the_shell_says_that_nothing_is_repeated(campaign):
    take_out(campaign, ["b.txt", "c.txt", "d.txt"])
    done = CliRunner().invoke(cli.main, ["repeated", "-s", str(campaign.folder)], catch_exceptions=False)
    assert done.output.splitlines() == [
        "Nothing is repeated: no two of the 2 passages of 8 words or more say the same.",
        "From 20 words on, a text with small changes is the same one (80 % of its runs of four words are).",
    ]


def test_rows_of_a_spreadsheet_are_families_and_not_told_again_as_letters(campaign):
    take_out(campaign, ["a.txt", "b.txt", "c.txt", "d.txt"])
    for number in range(1, 6):
        kept(campaign, [LETTER], f"survey.csv#{number}")
    found = shown(open_study(campaign.folder))
    assert [(one.copies, one.wordings, one.documents) for one in found.largest] == [(5, 1, 5)]
    assert (found.families, found.passages, found.compared, found.letters) == (1, 5, 5, ())
    assert len(of(campaign).letters[0]) == 5

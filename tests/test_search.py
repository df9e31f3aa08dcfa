"""A search finds what a person who reads every passage finds, whatever is typed, and whatever became of the index."""

import random
import signal
import sqlite3
import stat
import subprocess
import sys
import unicodedata
from contextlib import closing, suppress

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_store import place, read_only  # noqa: F401

import cli
from coding.search import LONGEST, search
from coding.study import Study, configure, create_study, open_study
from coding.study import remove as take_out
from corpus import index
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage, Turn
from corpus.store import create
from corpus.terms import Phrase, folded, spans, terms

SPOKEN = {  # what a person may say, and the terms that it holds
    "late": ["late"],
    "Late,": ["late"],
    "lately": ["lately"],
    "LÂTE!": ["late"],
    "la\u0302te": ["late"],
    "pay": ["pay"],
    "payment…": ["payment"],
    "don’t": ["don", "t"],
    "don't": ["don", "t"],
    "t": ["t"],
    "don": ["don"],
    "£1,000": ["1", "000"],
    "Straße": ["strasse"],
    "evidence²": ["evidence", "2"],
    "AND": ["and"],
    "NEAR(": ["near"],
    "text:": ["text"],
    "北京大学": ["北", "京", "大", "学"],
    "京": ["京"],
    "大北": ["大", "北"],
    "🎂": ["🎂"],
    "\u2014": [],
}


def kept(study, texts, name="a.txt"):
    """A document of one turn and one passage for each text; its key."""
    turns, passages, start = [], [], 0
    for number, text in enumerate(texts, start=1):
        end = start + len(text)
        turns.append(Turn(number, "Mair", None, start, end))
        passages.append(Passage(name, start, end, text, number, "Mair", None, ((0, len(text)),)))
        start = end + 1
    with study.store.database.writing() as connection:
        source = study.store.add_source(connection, name, "0" * 64)
        return study.store.add(connection, source, [(Document(name, "\n".join(texts), tuple(turns)), passages)])[0]


def read(study, wanted, unwanted=()):
    """Keys of the live passages with all these phrases [(terms, prefix)], by reading every passage."""
    with study.store.database.reading() as connection:
        passages = [passage for one in study.store.kept(connection) for passage in one.passages]

    def has(text, phrase):
        said = [term for word in text.split() for term in SPOKEN[word]]
        sought, prefix = phrase
        for first in range(len(said) - len(sought) + 1):
            *before, last = said[first : first + len(sought)]
            if before == sought[:-1] and (last == sought[-1] or (prefix and last.startswith(sought[-1]))):
                return True
        return False

    return [
        key
        for key, passage in passages
        if all(has(passage.text, p) for p in wanted) and not any(has(passage.text, p) for p in unwanted)
    ]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """300 passages of words that people may say, in 20 documents."""
    chance = random.Random(7)
    study = create_study(tmp_path_factory.mktemp("spoken") / "study")
    for number in range(20):
        kept(
            study,
            [" ".join(chance.choices(list(SPOKEN), k=chance.randrange(1, 9))) for _ in range(15)],
            f"{number}.txt",
        )
    return study


PARTS = st.tuples(
    st.lists(st.sampled_from(list(SPOKEN)), min_size=1, max_size=3),
    st.booleans(),  # in quotes
    st.sampled_from(["", "", "*"]),
    st.sampled_from(["", "", "", "-"]),
)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(PARTS, min_size=1, max_size=4))
def test_what_is_found_is_what_reading_every_passage_finds(spoken, parts):
    question, phrases = [], {"": [], "-": []}
    for words, quoted, star, minus in parts:
        question.append(f'{minus}"{" ".join(words)}"{star}' if quoted else f"{minus}{words[0]}{star}")
        sought = [term for word in (words if quoted else words[:1]) for term in SPOKEN[word]]
        if sought:
            phrases[minus].append((sought, bool(star)))
    if not phrases[""]:
        with pytest.raises(EvidenceError, match="no word to look for"):
            search(spoken, " ".join(question))
        return
    found = search(spoken, " ".join(question), 0)
    assert [hit.key for hit in found.hits] == read(spoken, phrases[""], phrases["-"])
    assert found.total == len(found.hits)
    ranked = search(spoken, " ".join(question), 5, ranked=True)
    assert (ranked.total, len(ranked.hits)) == (found.total, min(5, found.total))
    assert set(ranked.hits) <= set(found.hits)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(max_size=60) | st.text(st.sampled_from("aÉé\u0301 ﬁßİ²½ﷺ北がท🎂\u200b\u00ad\x00\"*-'"), max_size=40)
)
def test_the_terms_of_a_text_are_the_words_that_are_indexed_each_at_its_place(text):
    found = terms(text)
    assert [term for term, _, _ in found] == folded(text).split()
    assert all(term in folded(text[start:end]) for term, start, end in found)
    starts = [start for _, start, _ in found]
    assert starts == sorted(starts)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40))
def test_composed_and_decomposed_text_have_the_same_terms(text):
    composed, apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert folded(composed).split() == folded(apart).split()


def test_the_places_of_the_words_are_told(spoken, tmp_path):
    study = create_study(tmp_path / "study")
    kept(study, ["We were paid LATE, late; la\u0302te. Too late!", "北京大学 is in 北京北京", "don’t pay"])
    marked = {}
    for question in ("late we", '"late late"', "北京", "don't", "pa*", "too -x"):
        marked[question] = [[h.text[a:b] for a, b in h.spans] for h in search(study, question).hits]
    assert marked == {
        "late we": [["We", "LATE", "late", "la\u0302te", "late"]],
        '"late late"': [["LATE, late; la\u0302te"]],
        "北京": [["北京", "北京", "北京"]],
        "don't": [["don’t"]],
        "pa*": [["paid"], ["pay"]],
        "too -x": [["Too"]],
    }


def test_a_hit_says_whose_words_it_is_and_where(study):
    (hit,) = search(study, '"nobody asked"').hits
    with study.store.database.reading() as connection:
        passages = {key: p for one in study.store.kept(connection) for key, p in one.passages}
    passage = passages[hit.key]
    assert (hit.passage, hit.document, hit.text) == (passage.id, "interview.txt", passage.text)
    assert (hit.speaker, hit.spans) == ("Mair Jones", ((0, 12),))


def test_ranked_is_by_how_much_a_passage_is_about_the_words(tmp_path, monkeypatch):
    study = create_study(tmp_path / "study")
    kept(study, ["a long way round to come to the cake at the very end of it", "other words", "cake, cake and cake"])
    in_order, ranked = search(study, "cake", 1), search(study, "cake", 1, ranked=True)
    assert [hit.text[:4] for hit in in_order.hits] == ["a lo"]
    assert [hit.text[:4] for hit in ranked.hits] == ["cake"]
    assert (in_order.total, in_order.ranked, ranked.total, ranked.ranked) == (2, False, 2, True)
    monkeypatch.setattr(index, "RANKED", 1)
    assert search(study, "cake", 1, ranked=True) == in_order


HOSTILE = [
    '"',
    '""',
    "*",
    "-",
    '-"',
    "-late",
    "()",
    "\x00",
    "\ud800",
    "   ",
    "",
    "!?…—",
    "\u0301",
]


@pytest.mark.parametrize("question", HOSTILE)
def test_a_question_without_a_word_is_one_sentence(spoken, question):
    with pytest.raises(EvidenceError, match=r"there is no word to look for in .*: give one that the passage must"):
        search(spoken, question)


@settings(max_examples=200, deadline=None)
@given(question=st.text(max_size=80) | st.text(st.sampled_from('"*-+^:(){}[]\\ \x00andorAEnt'), max_size=60))
def test_no_question_is_an_error_of_the_database(spoken, question):
    with suppress(EvidenceError):  # there is no word in it
        found = search(spoken, question, 3)
        assert len(found.hits) == min(3, found.total)


@pytest.mark.parametrize(
    "question", ["late " * 2_000, "x" * 10_000, '"' + "late pay " * 400 + '"', "-a " * 900 + "late"]
)
def test_a_long_question_is_answered(spoken, question):
    assert search(spoken, question).total in (0, len(read(spoken, [(["late"], False)])))


def test_a_question_that_is_too_long_is_refused(spoken):
    with pytest.raises(EvidenceError, match=r"has more than 1,000 words: look for fewer") as refused:
        search(spoken, " ".join(f"w{n}" for n in range(LONGEST + 1)))
    assert len(str(refused.value)) < 100
    assert search(spoken, " ".join(f"w{n}" for n in range(LONGEST))).total == 0


def test_what_is_found_follows_the_study(study):
    def found(study):
        total = search(study, "the", 1).total
        hits = search(study, "the").hits
        with study.store.database.reading() as connection:
            passages = [passage for one in study.store.kept(connection) for passage in one.passages]
        read = [(key, p.id, p.text) for key, p in passages if "the" in p.text.casefold().replace(".", " ").split()]
        assert [(hit.key, hit.passage, hit.text) for hit in hits] == read
        assert total == len(read)
        return [hit.document for hit in hits]

    before = found(study)
    interview, submission, survey = ["interview.txt"] * 3, ["submission.md"] * 3, ["survey.csv#R3"]
    assert before == interview + submission + survey
    kept(study, ["and the rest", "nothing"], "late.txt")
    assert found(study) == [*before, "late.txt"]
    take_out(study, ["submission.md"])
    assert found(study) == [*interview, *survey, "late.txt"]
    kept(study, ["the submission again"], "submission.md")
    assert found(study) == [*interview, *survey, "late.txt", "submission.md"]
    found(configure(study, {"unit": "sentence"}))


def test_what_is_found_follows_the_unit(tmp_path):
    study = create_study(tmp_path / "study")
    kept(study, ["The cake is here. We like the cake."])
    assert [search(study, "cake", 1).total, search(configure(study, {"unit": "sentence"}), "cake", 1).total] == [1, 2]


def test_new_documents_are_added_to_the_index_and_the_rest_is_left(spoken, tmp_path, monkeypatch):
    study = create_study(tmp_path / "study")
    kept(study, ["late"])
    assert search(study, "late").total == 1
    kept(study, ["late again"], "b.txt")
    rows = []
    monkeypatch.setattr(index, "_rows", lambda *a, of=index._rows: rows.append(a[1]) or of(*a))
    assert [search(study, "late").total, search(study, "late").total] == [2, 2]
    assert rows == [1]


def words_file(study):
    return study.folder / ".themis" / "words.db"


def test_the_index_is_private_and_can_be_deleted(study):
    before = search(study, "the")
    assert stat.S_IMODE(words_file(study).stat().st_mode) == 0o600
    words_file(study).unlink()
    assert search(open_study(study.folder), "the") == before
    assert words_file(study).exists()


def garbage(path, study):
    path.write_bytes(b"no database at all " * 1000)


def cut_short(path, study):
    path.write_bytes(path.read_bytes()[:4096])


def emptied(path, study):
    path.write_bytes(b"")


def overwritten(path, study):
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def of_another_program(path, study):
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table words (text)")
        other.execute("create table state (other)")


def without_a_state(path, study):
    with closing(sqlite3.connect(path)) as other:
        other.execute("delete from state")
        other.commit()


def with_nonsense_for_a_state(path, study):
    with closing(sqlite3.connect(path)) as other:
        other.execute("update state set basis = 'nonsense'")
        other.commit()


def that_lies(path, study):
    with closing(sqlite3.connect(path)) as other:
        rows = [row[0] for row in other.execute("select rowid from words")]
        other.execute("insert into words(words) values ('delete-all')")
        other.executemany("insert into words(rowid, text) values (?, 'the')", [(row,) for row in [*rows, 77 << 32]])
        other.commit()


@pytest.mark.parametrize(
    "harm",
    [
        garbage,
        cut_short,
        emptied,
        overwritten,
        of_another_program,
        without_a_state,
        with_nonsense_for_a_state,
        that_lies,
    ],
)
def test_an_index_that_is_damaged_is_made_anew(study, harm):
    before = search(study, "the")
    harm(words_file(study), study)
    again = open_study(study.folder)
    assert search(again, "the") == before
    assert search(open_study(study.folder), "the") == before
    assert again.index._open.execute("pragma database_list").fetchone()[2] == str(words_file(study))


def test_the_index_of_another_study_is_not_believed(tmp_path):
    studies = [create_study(tmp_path / name) for name in "ab"]
    for study, last in zip(studies, ["late", "not"], strict=True):
        kept(study, ["late"])
        kept(study, [last], "b.txt")
        search(study, "late")
    studies[0].index._open.close()
    words_file(studies[0]).rename(words_file(studies[1]))
    assert search(open_study(studies[1].folder), "late", 1).total == 1


def test_a_search_that_breaks_off_leaves_the_index_as_it_was(tmp_path, monkeypatch):
    study = create_study(tmp_path / "study")
    kept(study, ["late"])
    search(study, "late")
    kept(study, ["late", "late"], "b.txt")

    def rows(*given, of=index._rows):
        yield next(of(*given))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(index, "_rows", rows)
        with pytest.raises(KeyboardInterrupt):
            search(study, "late")
    with closing(sqlite3.connect(words_file(study))) as words:
        assert words.execute("select count(*) from words where words match 'late'").fetchone()[0] == 1
    assert search(study, "late").total == 3


def test_a_study_that_cannot_be_written_is_searched_all_the_same(place, transcripts):  # noqa: F811
    study = Study(place, create(place))
    kept(study, ["They pay late.", "Cake."])
    study.store.database.close()
    with read_only(place):
        found = search(open_study(place), "late")
    assert [hit.text for hit in found.hits] == ["They pay late."]
    assert sorted(path.name for path in place.iterdir()) == ["study.db"]


def test_an_index_on_a_disk_that_cannot_be_written_is_used_while_it_holds(place):  # noqa: F811
    study = Study(place, create(place))
    kept(study, ["They pay late.", "Cake."])
    search(study, "late")
    study.store.database.close()
    (place / "study.db").chmod(0o644)
    with read_only(place / ".themis"):
        again = open_study(place)
        assert search(again, "late").total == 1
        assert again.index._open.execute("pragma database_list").fetchone()[2] == str(words_file(study))


def test_an_index_that_another_program_keeps_to_itself_is_done_without(study, monkeypatch):
    monkeypatch.setattr(index, "PATIENCE", 0.01)
    before = search(study, "the")
    with closing(sqlite3.connect(words_file(study), isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert search(open_study(study.folder), "the") == before
        other.execute("rollback")
    assert words_file(study).exists()


SEARCH = """
import sys
from coding.search import search
from coding.study import open_study
print(search(open_study(sys.argv[1]), "late").total)
"""


def test_several_programs_that_make_the_index_at_once_do_not_spoil_it(tmp_path):
    study = create_study(tmp_path / "study")
    for number in range(20):
        kept(study, ["They pay late. " * 20] * 100, f"{number}.txt")
    command = [sys.executable, "-c", SEARCH, str(study.folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [one.communicate(timeout=120)[0] for one in running] == ["2000\n"] * 4
    with closing(sqlite3.connect(words_file(study))) as words:
        assert words.execute("select count(*) from words where words match 'late'").fetchone()[0] == 2000


KILLED = """
import os, signal, sys
from coding.search import search
from coding.study import open_study
from corpus import index
made = index._rows
def rows(*given):
    for number, row in enumerate(made(*given)):
        if number == 300:
            os.kill(os.getpid(), signal.SIGKILL)
        yield row
index._rows = rows
search(open_study(sys.argv[1]), "late")
"""


def test_a_search_that_is_killed_leaves_an_index_that_the_next_one_makes_whole(tmp_path):
    study = create_study(tmp_path / "study")
    for number in range(5):
        kept(study, ["They pay late. " * 20] * 100, f"{number}.txt")
    done = subprocess.run([sys.executable, "-c", KILLED, str(study.folder)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert search(study, "late").total == 500


def test_threads_may_search_at_once(spoken):
    from concurrent.futures import ThreadPoolExecutor

    fresh = open_study(spoken.folder)
    wanted = search(spoken, "late", 0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: search(fresh, "late", 0) == wanted, range(40))) == [True] * 40


def test_phrases_that_overlap_are_marked_once():
    phrases = [Phrase(("b", "c")), Phrase(("a", "b")), Phrase(("x",), prefix=True)]
    assert spans("A b, c a; xyz", phrases) == ((0, 6), (10, 13))


def test_the_command_marks_the_words_and_says_how_many_passages(study):
    def themis(*words):
        result = CliRunner().invoke(cli.main, ["search", "--study", str(study.folder), *words])
        return result.exit_code, result.output

    assert themis("nobody asked", "before", "--most", "1") == (
        0,
        "“«Nobody» «asked» us «before» they decided. We were never invited to the meeting about our own building.”\n"
        "    Mair Jones · interview.txt:220-317\n\n1 passage.\n",
    )
    code, output = themis("the", "--most", "1", "--ranked")
    assert code == 0
    assert output.endswith("passages, 6 of them not shown: --most 0 prints all.\n")
    assert themis("zebra") == (0, "0 passages.\n")
    assert themis('"') == (1, "Error: there is no word to look for in '\"': give one that the passage must have\n")

"""Passages are places: nothing moves, nothing is lost, nothing overlaps."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.passage import INTERVIEWEE, INTERVIEWER, Document, Turn
from corpus.split import UNITS, Splitting, passages, words

ODD = "Mr. Jones, e.g. said: “No.” Ond dw i'n hapus! هل أنت بخير؟ نعم. 👩‍👩‍👧 é́!\n田中です。元気？\n\nz. B. gut\t…"


def one_turn(text: str, role: str | None = INTERVIEWEE) -> Document:
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return Document("a.txt", text, (Turn(1, "A", role, start, end),))


TEXTS = st.text(alphabet=st.sampled_from([*"aB1.!? \n,;é。؟🎂\u200f'"]), min_size=1, max_size=400)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS.filter(lambda text: text.strip()), unit=st.sampled_from(UNITS), limit=st.integers(3, 40))
def test_every_character_that_shows_is_in_one_passage(text, unit, limit):
    document = one_turn(text)
    found = passages(document, Splitting(unit, limit))
    assert [p.text for p in found] == [text[p.start : p.end] for p in found]
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert "".join("".join(p.text.split()) for p in found) == "".join(text.split())
    for p in found:
        spans = [p.text[a:b] for a, b in p.sentences]
        assert all(span == span.strip() and span for span in spans)
        assert "".join("".join(span.split()) for span in spans) == "".join(p.text.split())


@pytest.mark.parametrize("language", ["en", "de", "cy", "ar", "tlh"])
def test_sentences_of_many_scripts_keep_their_places(language):
    found = passages(one_turn(ODD), Splitting("sentence", language=language))
    assert [ODD[p.start : p.end] for p in found] == [p.text for p in found]
    assert found[0].text.startswith("Mr.")
    assert "田中です。" in [p.text for p in found]


def test_abbreviations_do_not_end_a_sentence():
    text = "Mr. Jones came at 3.30 p.m. with Dr. Patel. They left."
    found = passages(one_turn(text), Splitting("sentence"))
    assert [p.text for p in found] == ["Mr. Jones came at 3.30 p.m. with Dr. Patel.", "They left."]


def test_a_long_turn_is_cut_at_sentence_ends_into_even_pieces():
    sentence = "We waited for the money and nobody told us why it was late. "
    text = (sentence * 25).strip()
    found = passages(one_turn(text), Splitting(limit=120))
    sizes = [words(p.text) for p in found]
    assert sum(sizes) == 25 * 13
    assert sizes == [104, 117, 104]
    assert all(p.text.endswith(".") for p in found)


def test_short_lines_of_one_turn_stay_together():
    text = "Yes.\nWell, no.\nIt depends."
    assert [p.text for p in passages(one_turn(text), Splitting())] == [text]
    assert [p.text for p in passages(one_turn(text), Splitting("paragraph"))] == text.split("\n")
    assert [p.text for p in passages(one_turn(text), Splitting("answer"))] == [text]


def test_an_answer_is_kept_whole_however_long():
    text = "One more thing happened then. " * 80
    assert len(passages(one_turn(text), Splitting("answer"))) == 1


def test_speech_without_a_full_stop_is_cut_all_the_same():
    text = "and then we went on " * 200
    found = passages(one_turn(text), Splitting())
    assert len(found) > 2
    assert " ".join(p.text for p in found).split() == text.split()


def test_interviewers_are_context_unless_asked_for():
    document = one_turn("How are you?", INTERVIEWER)
    assert passages(document, Splitting()) == ()
    assert [p.role for p in passages(document, Splitting(code_interviewer=True))] == [INTERVIEWER]


def test_two_people_who_say_the_same_are_two_passages():
    text = "Yes.\nYes."
    document = Document("a.txt", text, (Turn(1, "A", INTERVIEWEE, 0, 4), Turn(2, "B", INTERVIEWEE, 5, 9)))
    assert [(p.speaker, p.id) for p in passages(document, Splitting())] == [("A", "a.txt:0-4"), ("B", "a.txt:5-9")]


def test_an_unknown_unit_is_refused():
    with pytest.raises(EvidenceError, match="'word' is not a unit: choose one of turn, paragraph, sentence, answer"):
        Splitting("word")

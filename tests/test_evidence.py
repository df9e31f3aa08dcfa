"""What the models room is given: a passage's question, and a theme with the examples of what is nested in it."""

from coding.codebook_file import load
from coding.evidence import items, themes
from corpus.passage import Block, Draft
from corpus.split import Splitting, passages
from corpus.store import Kept
from corpus.transcript import document


def kept(draft):
    made = document(draft)
    return Kept(1, made, tuple(enumerate(passages(made, Splitting()))))


def test_the_question_before_an_answer_goes_with_it_for_a_few_turns():
    lines = ["Interviewer: How is money?", *(f"{who}: Answer {i} here." for i, who in enumerate(["Ann", "Tom"] * 3))]
    found = items(kept(Draft("a.txt", tuple(Block(line) for line in lines))))
    assert [item.question for item in found] == ["How is money?"] * 3 + [""] * 3


def test_a_survey_answer_has_its_column_as_the_question():
    blocks = (Block("It was late.", question="What went wrong?"), Block("Nothing.", question="What went well?"))
    found = items(kept(Draft("s.csv#1", blocks, transcript=False)))
    assert [item.question for item in found] == ["What went wrong?", "What went well?"]


def test_a_theme_has_the_examples_of_the_codes_nested_in_it_but_not_their_near_misses(codebook_file):
    money, late, voice = themes(load(codebook_file))
    assert money.examples[-1] == late.examples[0] == "The invoice was paid after a year."
    assert money.definition == ("Money", "Money is short or late.", "late payment")
    assert (money.near_misses, late.near_misses) == (("The money came on time and was enough.",), ())
    assert voice.examples == load(codebook_file).by_id["voice"].examples

"""Drafts to documents: offsets, speakers of every style, times, roles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from corpus.passage import INTERVIEWEE, INTERVIEWER, Block, Document, Draft, Turn
from corpus.transcript import document, speakers


def of(text: str, interviewers: tuple[str, ...] = ()) -> Document:
    return document(Draft("t.txt", tuple(Block(line) for line in text.split("\n"))), interviewers)


def said(found: Document) -> list[tuple[str | None, str]]:
    return [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns]


# --- what always holds

pieces = some.one_of(
    some.text(max_size=40),
    some.sampled_from(
        [
            "Anna: yes",
            "Ben: why?",
            "[00:01:02] so",
            "Anna (0:03):",
            "(A short break)",
            "Q. no",
            "A. yes",
            "http://x.y",
            " ",
        ]
    ),
)
blocks = some.builds(
    Block,
    text=some.lists(pieces, min_size=1, max_size=3).map(lambda lines: "\n".join(lines).strip("\n")),
    speaker=some.one_of(some.none(), some.none(), some.sampled_from(["Anna", "Carla O'Neill"])),
    label=some.integers(0, 6),
    time=some.one_of(some.none(), some.floats(0, 9999)),
    question=some.one_of(some.none(), some.just("Why?")),
    place=some.sampled_from(["", "page 2", "footnote 1"]),
).map(
    lambda block: Block(
        block.text, block.speaker, min(block.label, len(block.text)), block.time, block.question, block.place
    )
)


@given(some.lists(blocks, max_size=12), some.booleans())
def test_turns_lie_in_the_text_in_order_and_tight(made, transcript):
    found = document(Draft("t", tuple(made), transcript=transcript))
    place = 0
    for number, turn in enumerate(found.turns, 1):
        words = found.text[turn.start : turn.end]
        assert turn.number == number
        assert place <= turn.start < turn.end <= len(found.text)
        assert words == words.strip() != ""
        assert (turn.role is None) == (turn.speaker is None)
        place = turn.end


@given(some.lists(blocks, max_size=12), some.booleans())
def test_every_block_is_in_the_text_as_it_was(made, transcript):
    found = document(Draft("t", tuple(made), transcript=transcript))
    place = 0
    for block in made:
        if block.text.strip():
            place = found.text.index(block.text, place) + len(block.text)


@given(some.lists(blocks, max_size=12))
def test_rows_give_one_turn_a_block(made):
    found = document(Draft("t", tuple(made), transcript=False))
    full = [block for block in made if block.text.strip()]
    assert [turn.question for turn in found.turns] == [block.question for block in full]
    assert [turn.speaker for turn in found.turns] == [block.speaker for block in full]


STYLES = (
    "{name}: {words}",
    "**{name}**: {words}",
    "**{name}:** {words}",
    "[{name}] {words}",
    "[{name}]: {words}",
    "{name} (00:{minute:02}:03): {words}",
    "{name} [00:{minute:02}]: {words}",
    "(00:{minute:02}) {name}: {words}",
    "00:{minute:02}:03 {name}: {words}",
    "{name}  {minute}:03\n{words}",
    "{name}:\n{words}",
    "{name}\t{words}",
)
NAMES = (
    ("Anna", "Ben", "Carla"),
    ("INTERVIEWER", "PARTICIPANT 1", "PARTICIPANT 2"),
    ("Dr J. O'Brien-Smith", "Ms van den Berg", "Lord Arbuthnot of Edrom"),
    ("Speaker 1", "Speaker 2", "Unknown Speaker"),
    ("Дмитрий", "Анна", "Łukasz Żak"),
    ("I", "P1", "P2"),
)
words = some.lists(
    some.sampled_from("we were told that it is not our job 12 3:1 yes, no; they said - well then…".split()), min_size=1
)
speech = words.map(lambda said: "So " + " ".join(said) + ".")


@settings(max_examples=150)
@given(
    some.sampled_from(STYLES),
    some.sampled_from(NAMES),
    some.lists(some.tuples(some.integers(0, 2), speech, speech), min_size=4, max_size=12),
)
def test_a_conversation_comes_back_as_it_was_written(style, names, talk):
    talk = [
        (0, "So we begin.", "So on."),
        (1, "So we do.", "So on."),
        *talk,
        (0, "So it is.", "So on."),
        (1, "So so.", "So on."),
    ]
    lines = [
        style.format(name=names[who], words=first, minute=minute) + "\n" + second
        for minute, (who, first, second) in enumerate(talk)
    ]
    assert said(of("\n".join(lines))) == [(names[who], f"{first}\n{second}") for who, first, second in talk]


# --- shapes


def test_lines_after_a_label_belong_to_it_and_lines_before_the_first_to_nobody():
    found = of("Interview 4\n3 May 2024\nAnna: Why?\nBen: Because.\nAnd also this.\nNote: they left.\nAnna: Oh.")
    assert found.turns == (
        Turn(1, None, None, 0, 11),
        Turn(2, None, None, 12, 22),
        Turn(3, "Anna", INTERVIEWEE, 29, 33),
        Turn(4, "Ben", INTERVIEWEE, 39, 79),
        Turn(5, "Anna", INTERVIEWEE, 86, 89),
    )


def test_a_text_without_speakers_gives_a_turn_a_paragraph():
    assert said(of("We feed people.\nThere are two reasons: need and will.")) == [
        (None, "We feed people."),
        (None, "There are two reasons: need and will."),
    ]


def test_time_marks_and_notes_about_the_recording_are_no_words():
    found = of(
        "Anna: Shall we?\nBen: Yes.\n[00:01:00]\nSo it began.\n(A short break)\n00:02:00 Then it ended.\n"
        "(I had to take a break from work.)\nAnna: I see.\n[End of recording]"
    )
    assert [(turn.speaker, turn.time, found.text[turn.start : turn.end]) for turn in found.turns] == [
        ("Anna", None, "Shall we?"),
        ("Ben", None, "Yes."),
        ("Ben", 60.0, "So it began."),
        ("Ben", 120.0, "Then it ended.\n(I had to take a break from work.)"),
        ("Anna", None, "I see."),
    ]


def test_times_of_speechless_segments():
    found = of("[00:00:00.000 --> 00:00:04.500] We began.\n[00:00:04.500 --> 00:00:09.000] We ended.")
    assert [(turn.time, found.text[turn.start : turn.end]) for turn in found.turns] == [
        (0.0, "We began."),
        (4.5, "We ended."),
    ]


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("Anna (00:12:03): yes", 723.0),
        ("Anna [1:02:03]: yes", 3723.0),
        ("Anna 0:12: yes", 12.0),
        ("[00:12:03.500] Anna: yes", 723.5),
        ("00:12:03,250 Anna: yes", 723.25),
        ("[00:12:03 - 00:12:09] Anna: yes", 723.0),
        ("Anna: [00:12:03] yes", 723.0),
        ("(12:03) Anna: yes", 723.0),
        ("Anna (12m 3s): yes", 723.0),
        ("Anna: yes", None),
    ],
)
def test_times_in_labels(line, time):
    found = of(f"{line}\nBen: no\nAnna: well\nBen: so")
    assert (found.turns[0].speaker, found.turns[0].time) == ("Anna", time)
    assert said(found)[0] == ("Anna", "yes")


def test_spellings_of_one_name_are_one_speaker():
    found = of("ANNA: Why?\nMr. Beer: So.\nAnna: Oh.\nMr Beer: Yes.\nMr  Beer: No.\nAnna: Well.")
    assert [speaker for speaker, _ in said(found)] == ["Anna", "Mr Beer", "Anna", "Mr Beer", "Mr Beer", "Anna"]


def test_a_slip_in_a_name_is_mended_and_noted():
    found = of("\n".join(["Dan: Why?", "Participant: So."] * 30 + ["Particpant: Right."]))
    assert said(found)[-1] == ("Participant", "Right.")
    assert found.notes == ('"Particpant" read as Participant',)


def test_quotations_read_out_are_no_speakers():
    lines = ["Mr Beer: Go on?", "The Witness: Yes."] * 30
    found = of(
        "\n".join([*lines, 'Mr Ward: "I never said so."', "Penny Thomas:", '"Nor did I."', "Ms Page: Thank you."])
    )
    assert set(speakers(found)) == {"Mr Beer", "The Witness", "Ms Page"}


def test_speakers_that_the_format_names_stand_in_front_of_their_words_once():
    found = document(
        Draft(
            "t",
            (
                Block("Who pays?", speaker="Anna", time=1.5),
                Block("We do.", speaker="Ben"),
                Block("All of us.", speaker="Ben"),
                Block("(no name)"),
            ),
        )
    )
    assert found.text == "Anna: Who pays?\nBen: We do.\nAll of us.\n(no name)"
    assert said(found) == [("Anna", "Who pays?"), ("Ben", "We do.\nAll of us."), (None, "(no name)")]
    assert found.turns[0].time == 1.5


def test_attributes_and_notes_go_with_the_document():
    found = document(Draft("t", (Block("x"),), {"size": "small"}, notes=("mended",)))
    assert found == Document("t", "x", (Turn(1, None, None, 0, 1),), {"size": "small"}, ("mended",))


# --- roles


def roles(text: str, interviewers: tuple[str, ...] = ()) -> dict[str, str | None]:
    return speakers(of(text, interviewers))


TALK = "Dan: How are you?\nEve: Tired, since the grant ended.\nDan: Why?\nEve: No money came after that at all.\n"


def test_who_asks_is_the_interviewer():
    assert roles(TALK) == {"Dan": INTERVIEWER, "Eve": INTERVIEWEE}


@pytest.mark.parametrize(
    "word", ["Interviewer", "I", "Q", "INT", "Moderator 2", "Facilitator", "Researcher", "Cyfwelydd"]
)
def test_words_for_the_interviewer(word):
    assert roles(f"{word}: Well.\nP1: Is it?\n{word}: Hm.\nP1: Was it?\nP2: Why?") == {
        word: INTERVIEWER,
        "P1": INTERVIEWEE,
        "P2": INTERVIEWEE,
    }


def test_given_interviewers_are_exactly_the_interviewers():
    text = TALK + "Interviewer: Yes?\nEve: No."
    assert roles(text, ("EVE", "interviewer", "nobody")) == {
        "Dan": INTERVIEWEE,
        "Eve": INTERVIEWER,
        "Interviewer": INTERVIEWER,
    }


def test_where_nobody_clearly_asks_all_are_interviewees():
    text = "Ann: We met.\nBea: When?\nAnn: In May.\nBea: It rained.\nAnn: Did it?\nBea: Yes."
    assert roles(text) == {"Ann": INTERVIEWEE, "Bea": INTERVIEWEE}


def test_one_who_asks_and_talks_most_is_not_taken_for_the_interviewer():
    text = "Ann: Why? " + "We lost it all, " * 40 + "didn't we?\nBen: Yes.\nAnn: We did, and then some.\nBen: No.\n"
    assert roles(text + "Ann: More of that, much more.\nBen: Ah.\nAnn: Is that so?") == {
        "Ann": INTERVIEWEE,
        "Ben": INTERVIEWEE,
    }


@pytest.mark.parametrize(
    "talk",
    [
        "Ann: Well?\nBea: So.\nAnn: Yes?\nCat: When?\nAnn: Now?\nDot: Where?\n" + "Bea: Oh.\nCat: Hm.\n" * 8,
        "Ann: Well?\nAnn: So.\nAnn: So.\nBea: Hm, and so it went on and on.\n" * 6 + "Bea: Oh?\nAnn: I see.\n" * 2,
    ],
    ids=["others ask together nearly as much", "another asks nearly as often"],
)
def test_among_people_who_all_ask_nobody_is_the_interviewer(talk):
    assert set(roles(talk).values()) == {INTERVIEWEE}


def test_a_question_may_end_in_a_quotation_mark():
    text = TALK.replace("Why?", '"Why?"').replace("How are you?", "**How are you?**")
    assert roles(text) == {"Dan": INTERVIEWER, "Eve": INTERVIEWEE}


def test_a_word_for_the_interviewer_that_comes_once_does_not_hide_who_asks():
    assert roles(TALK * 20 + "Question: No.\nAnswer: So.\nModerator: Hm.")["Dan"] == INTERVIEWER


def test_a_document_without_speakers_has_no_roles():
    assert of("We are few.").turns == (Turn(1, None, None, 0, 11),)

"""json and jsonl: rows, and transcripts of speech recognition."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import File, Options
from corpus.read.records import read

LONG = "We think it is good overall"
OTHER = "No, I do not think so at all"


def records(value: object, **options: object) -> list[Draft | SetAside | str]:
    data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return list(read(File("a.json", data), Options(**options)))


def test_rows_with_nested_fields():
    found = records(
        [
            {
                "id": 1,
                "answers": {"q1": LONG, "q2": None},
                "org": {"size": "small"},
                "ticked": ["a", "b"],
                "paid": True,
            },
            {"id": 2, "answers": {"q1": OTHER}, "org": {"size": "small"}, "paid": False},
            {"id": 3, "org": {"size": "large"}},
        ]
    )
    assert found == [
        "text in 'answers.q1'; id from 'id'; attributes 'org.size', 'ticked', 'paid'",
        Draft(
            "a.json#1",
            (Block(LONG, question="answers.q1", place="item 1"),),
            {"org.size": "small", "ticked": "a; b", "paid": "true"},
            transcript=False,
        ),
        Draft(
            "a.json#2",
            (Block(OTHER, question="answers.q1", place="item 2"),),
            {"org.size": "small", "paid": "false"},
            transcript=False,
        ),
        SetAside("a.json", "item 3", "no answer in the text columns"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        [{"id": "x", "text": LONG}, {"id": "y", "text": OTHER}],
        {"documents": [{"id": "x", "text": LONG}, {"id": "y", "text": OTHER}], "count": 2},
        {"x": {"text": LONG}, "y": {"text": OTHER}},
    ],
)
def test_shapes_of_rows(value):
    drafts = [item for item in records(value) if isinstance(item, Draft)]
    assert [(draft.name, draft.blocks[0].text, draft.transcript) for draft in drafts] == [
        ("a.json#x", LONG, False),
        ("a.json#y", OTHER, False),
    ]


def test_texts_alone():
    assert [item.blocks[0].text for item in records([LONG, OTHER])[1:]] == [LONG, OTHER]


def test_a_question_of_its_own_in_each_row():
    rows = [{"id": n, "question": f"Question {n}?", "text": f"{LONG} {n}"} for n in (1, 2)]
    assert [item.blocks[0].question for item in records(rows)[1:]] == ["Question 1?", "Question 2?"]


def test_lines_that_are_no_json_are_set_aside():
    data = f'{{"id": "x", "text": "{LONG}"}}\n\n{{bad\n[1]\n{{"id": "y", "text": "{OTHER}"}}\n'.encode()
    found = records(data)
    assert [item.name for item in found if isinstance(item, Draft)] == ["a.json#x", "a.json#y"]
    assert [item.blocks[0].place for item in found if isinstance(item, Draft)] == ["line 1", "line 5"]
    assert [item.place for item in found if isinstance(item, SetAside)] == ["line 3", "line 4"]


TURNS = (Block("So how did it start?", "Anna", time=0.5), Block("Well, slowly. Then fast.", "Ben", time=62.5))


@pytest.mark.parametrize(
    "value",
    [
        [
            {"speaker": "Anna", "text": "So how did it start?", "start": 0.5},
            {"speaker": "Ben", "text": "Well, slowly.", "start": "00:01:02.500"},
            {"speaker": "Ben", "text": "Then fast.", "start": "1:10"},
        ],
        {
            "text": "So how did it start? Well, slowly. Then fast.",
            "language": "en",
            "segments": [
                {"id": 0, "seek": 0, "start": 0.5, "end": 60.0, "text": " So how did it start?", "speaker": "Anna"},
                {"id": 1, "seek": 0, "start": 62.5, "end": 70.0, "text": " Well, slowly.", "speaker": "Ben"},
                {"id": 2, "seek": 0, "start": 70.0, "end": 71.0, "text": " Then fast.", "speaker": "Ben"},
            ],
        },
        {
            "utterances": [
                {"speaker": "Anna", "text": "So how did it start?", "start": 500, "end": 62000, "confidence": 0.9},
                {"speaker": "Ben", "text": "Well, slowly. Then fast.", "start": 62500, "end": 400000, "words": []},
            ],
            "audio_duration": 400,
        },
        {
            "results": {
                "utterances": [
                    {"speaker": "Anna", "transcript": "So how did it start?", "start": 0.5, "end": 3.0},
                    {"speaker": "Ben", "transcript": "Well, slowly. Then fast.", "start": 62.5, "end": 65.0},
                ]
            }
        },
    ],
)
def test_turns_are_a_transcript(value):
    assert records(value) == [Draft("a.json", TURNS)]


def test_turns_line_by_line():
    lines = b'{"speaker": "Anna", "text": "So?", "start": 1}\n{"speaker": "Ben", "text": "Well.", "start": 2}\n'
    assert records(lines) == [Draft("a.json", (Block("So?", "Anna", time=1.0), Block("Well.", "Ben", time=2.0)))]


def test_several_transcripts_with_attributes():
    value = {
        "documents": [{"id": "d1", "size": "small", "email": "a@b.org", "turns": [{"speaker": "A", "text": "Yes."}]}]
    }
    assert records(value) == [Draft("a.json#d1", (Block("Yes.", "Speaker A"),), {"size": "small"})]
    assert records(value, attributes=("email",))[0].attributes == {"email": "a@b.org"}


def test_speech_without_speakers_is_cut_into_paragraphs():
    segments = [{"start": float(n), "end": n + 1.0, "text": f" Sentence {n} has these five words."} for n in range(40)]
    (draft,) = records({"segments": segments})
    assert [block.time for block in draft.blocks] == [0.0, 17.0, 34.0]
    assert " ".join(block.text for block in draft.blocks) == " ".join(one["text"].strip() for one in segments)


def test_texts_with_authors_are_rows():
    value = [{"id": n, "author": f"Organisation {n}", "text": f"{LONG} {n}"} for n in range(4)]
    assert [item.name for item in records(value) if isinstance(item, Draft)] == [f"a.json#{n}" for n in range(4)]
    data = [{"speaker": "Anna", "region": "North", "text": f"{LONG} {n}"} for n in range(4)]
    assert [item.attributes for item in records(data)[1:]] == [{"speaker": "Anna", "region": "North"}] * 4
    chat = [{"role": "user", "content": LONG}, {"role": "interviewer", "content": "Why?"}] * 2
    assert [block.speaker for block in records(chat)[0].blocks] == ["user", "interviewer"] * 2
    posts = [{"user": f"u{n % 5}", "text": f"{LONG} {n}", "timestamp": "2024-01-01T09:30:00"} for n in range(6)]
    assert len([item for item in records(posts) if isinstance(item, Draft)]) == 6


def test_pieces_of_a_monologue():
    value = {
        "monologues": [{"speaker": 0, "elements": [{"type": "text", "value": "Hi"}, {"type": "punct", "value": "."}]}]
    }
    assert records(value) == [Draft("a.json", (Block("Hi.", "Speaker 0"),))]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"text": ', "not valid json"),
        (b"3", "single value"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"{bad\n{worse\n", "line 1, column 2"),
    ],
)
def test_what_is_no_data(data, reason):
    with pytest.raises(EvidenceError, match=reason):
        records(data)


def test_values_without_names():
    reason = "is not an object with named fields"
    assert records([1, [2]]) == [SetAside("a.json", f"item {n}", reason) for n in (1, 2)]


def test_nesting_deeper_than_fields_are_taken_apart():
    value: object = "deep"
    for _ in range(40):
        value = {"a": value}
    (_, draft) = records([{"text": LONG, "more": value}], attributes=("more",))
    assert [json.loads(text) for text in draft.attributes.values()] != []


def test_large_numbers_and_repeated_keys():
    found = records(
        b'[{"id": ' + b"9" * 5000 + b', "text": "first", "text": "' + LONG.encode() + b'"}]', text=("text",)
    )
    assert found[-1].blocks == (Block(LONG, place="item 1"),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=20,
)


@given(VALUES)
def test_any_json_is_read_or_refused(value):
    try:
        items = records(json.dumps(value).encode())
    except EvidenceError:
        return
    assert all(isinstance(item, Draft | SetAside | str) for item in items)

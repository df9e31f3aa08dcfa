"""Coding in the page, request by request: what is saved, what is answered, and what nobody may be told."""

import pytest
from browser import link_of, served
from coding_page import LED, Reviewer, drawn, read, remark, rows, said, suggest, words

from coding import drawing, ledger, memos, queue
from coding.learner import Learner
from coding.ledger import new_act
from coding.page.learning import BATCH, Lessons


@pytest.fixture
def link(study):
    with served(study) as link:
        yield link


@pytest.fixture
def ada(link):
    return Reviewer(link)


@pytest.fixture
def zebedee(study, link):
    return Reviewer(link_of(study, "Zebedee", link))


def test_a_card_has_the_passage_its_context_why_it_is_shown_and_what_is_suggested(study, ada):
    first, second, *_ = suggest(study)
    answer = ada.get("/api/code/next")
    assert answer == {
        "card": {
            "passage": first,
            "id": "interview.txt:76-174",
            "document": "interview.txt",
            "document_key": 1,
            "attributes": {"size": "small"},
            "speaker": "Mair Jones",
            "role": "interviewee",
            "question": "How is the funding going?",
            "before": [
                {"speaker": None, "role": None, "text": "Interview with a manager", "question": ""},
                {"speaker": "Interviewer", "role": "interviewer", "text": "How is the funding going?", "question": ""},
            ],
            "text": words(study, first),
            "sentences": [[0, 35], [36, 77], [78, 98]],
            "after": [
                {"speaker": "Interviewer", "role": "interviewer", "text": "And do they listen?", "question": ""},
                {"speaker": "Mair Jones", "role": "interviewee", "text": words(study, second), "question": ""},
            ],
            "mode": "review",
            "draw": None,
            "why": "uncertain",
            "wanted": "money",
            "codebook": study.codebook.version,
            "hints": [
                {
                    "code": "money",
                    "kind": "score",
                    "sentence": [0, 35],
                    "because": "example",
                    "text": "The zebra was paid late.",
                },
                {
                    "code": "voice",
                    "kind": "likeness",
                    "sentence": None,
                    "because": "definition",
                    "text": "Nobody listens to the zebra.",
                },
            ],
            "mine": {},
            "memos": [],
            "flags": [],
            "read": False,
        },
        "recent": [],
        "progress": {"read": 0, "total": 9},
        "learned": {"queue": 1, "changes": ["Money: the zebra is learned."]},
    }


def test_a_reading_is_on_disk_when_the_next_passage_comes(study, ada):
    keys = suggest(study)
    card = ada.get("/api/code/next")["card"]
    act = new_act()
    answer = ada.save(card, "late", act=act, quotes={"late": [5, 21]})
    assert said(study, "coder", "passage", "code", "value", "quote_start", "quote_end", "why", "draw", "act") == [
        ("ada", keys[0], "money", True, None, None, "uncertain", None, act),
        ("ada", keys[0], "late", True, 5, 21, "uncertain", None, act),
        ("ada", keys[0], "voice", False, None, None, "uncertain", None, act),
    ]
    assert set(said(study, "suggestions_visible", "seconds", "codebook")) == {(True, 1.5, study.codebook.version)}
    assert answer["saved"] == {"act": act, "passage": keys[0], "rows": 3}
    assert answer["card"]["passage"] == keys[1]
    assert answer["progress"] == {"read": 1, "total": 9}
    first = {"passage": keys[0], "speaker": "Mair Jones", "words": words(study, keys[0]), "why": "uncertain"}
    assert answer["recent"] == [{**first, "codes": ["money", "late"]}]


def test_a_reading_that_is_sent_again_is_saved_once(study, ada):
    suggest(study)
    card = ada.get("/api/code/next")["card"]
    act = new_act()
    first, again = (ada.save(card, "voice", act=act) for _ in range(2))
    assert (first["saved"]["rows"], again["saved"]["rows"], len(rows(study))) == (3, 0, 3)
    assert first["card"] == again["card"]


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"yes": ["gold"]}, 400, "The codebook of this passage has no code 'gold': reload the page."),
        (
            {"yes": ["voice"], "quotes": {"voice": [0, 9999]}},
            400,
            "The quote of 'voice' lies outside the passage: mark the words again.",
        ),
        ({"passage": 9999}, 400, "The study has no passage number 9999: go back to the queue."),
        ({"passage": 2**63}, 422, "What was sent could not be read: passage."),
        ({"seconds": -1}, 422, "What was sent could not be read: seconds."),
        ({"act": "me"}, 422, "What was sent could not be read: act."),
        ({"coder": "Zebedee"}, 422, "What was sent could not be read: coder."),
        ({"mode": "machine"}, 422, "What was sent could not be read: mode."),
        (
            {"codebook": "0" * 64},
            400,
            "The codebook changed while this passage was open: reload the page and decide again.",
        ),
    ],
)
def test_what_cannot_be_saved_is_refused_whole(study, ada, more, status, sentence):
    suggest(study)
    card = ada.get("/api/code/next")["card"]
    body = {"act": new_act(), "passage": card["passage"], "yes": [], "quotes": {}, "why": "certain"}
    body |= {"codebook": card["codebook"], "seconds": None}
    assert ada.ask("/api/code/save", {**body, **more}) == (status, {"error": sentence})
    assert rows(study) == []


def test_two_reviewers_read_different_passages(study, ada, zebedee):
    keys = suggest(study)
    assert [one.get("/api/code/next")["card"]["passage"] for one in (ada, zebedee, ada)] == [keys[0], keys[1], keys[0]]


def test_a_skipped_passage_comes_again_at_the_end(study, ada):
    keys = suggest(study)
    assert ada.post("/api/code/skip", passage=keys[0])["card"]["passage"] == keys[1]
    order = []
    while card := ada.get("/api/code/next")["card"]:
        order.append(card["passage"])
        ada.save(card)
    assert order == [*keys[1:], keys[0]]
    assert ada.get("/api/code/next")["progress"] == {"read": 9, "total": 9}


def test_a_skipped_passage_that_was_drawn_or_read_since_does_not_come_again(study, ada):
    keys = suggest(study)
    for key in keys:
        ada.post("/api/code/skip", passage=key)
    (apart,) = drawn(study, drawing.draw_audit(study, 1))
    left = [key for key in keys if key != apart]
    read(study, "Zebedee", left[0])
    order = []
    while card := ada.get("/api/code/next")["card"]:
        order.append(card["passage"])
        ada.save(card)
    assert order == left[1:]


def test_undo_gives_the_passage_back_with_what_was_said_and_redo_takes_it_again(study, ada):
    keys = suggest(study)
    ada.save(ada.get("/api/code/next")["card"], "late", quotes={"late": [0, 4]})
    ada.save(ada.get("/api/code/next")["card"])
    undone = [ada.post("/api/code/undo", act=new_act()) for _ in range(2)]
    assert [one["card"]["passage"] for one in undone] == [keys[1], keys[0]]
    assert (undone[1]["card"]["mine"], undone[1]["recent"], undone[1]["progress"]["read"]) == ({}, [], 0)
    assert undone[1]["undone"]["was"] == {
        "money": {"value": True, "quote": None},
        "late": {"value": True, "quote": [0, 4]},
        "voice": {"value": False, "quote": None},
    }
    assert ada.post("/api/code/undo", act=new_act()) == {"undone": None}
    redone = ada.post("/api/code/redo", act=new_act())
    assert (redone["card"]["passage"], redone["recent"][0]["codes"]) == (keys[1], ["money", "late"])
    assert len(ada.post("/api/code/redo", act=new_act())["recent"]) == 2
    assert ada.post("/api/code/redo", act=new_act()) == {"redone": None}


def test_undo_and_redo_that_are_sent_again_are_done_once(study, ada):
    suggest(study)
    for _ in range(2):
        ada.save(ada.get("/api/code/next")["card"], "late")
    act = new_act()
    first, again = (ada.post("/api/code/undo", act=act) for _ in range(2))
    assert first == again
    assert len(first["recent"]) == 1
    act = new_act()
    first, again = (ada.post("/api/code/redo", act=act) for _ in range(2))
    assert first == again
    assert len(first["recent"]) == 2


def test_what_was_drawn_since_is_undone_and_not_shown(study, ada):
    keys = suggest(study)
    ada.save(ada.get("/api/code/next")["card"], "money")
    ada.post("/api/code/undo", act=new_act())
    drawing.draw_audit(study, 9)
    ada.post("/api/code/redo", act=new_act())
    undone = ada.post("/api/code/undo", act=new_act())
    assert (undone["undone"]["passage"], undone["card"], undone["recent"]) == (keys[0], None, [])


def test_an_undone_change_gives_back_all_that_held_with_it(study, ada):
    keys = suggest(study)
    ada.save(ada.get("/api/code/next")["card"], "money", "voice")
    ada.save(ada.get("/api/code/card", passage=keys[0])["card"], "voice")
    assert [one["codes"] for one in ada.get("/api/code/recent")] == [["voice"]]
    undone = ada.post("/api/code/undo", act=new_act())
    values = {code: one["value"] for code, one in undone["undone"]["was"].items()}
    assert values == {"money": False, "late": False, "voice": True}
    values = {code: one["value"] for code, one in undone["card"]["mine"].items()}
    assert values == {"money": True, "late": False, "voice": True}


def test_undo_stays_within_a_draw_and_a_mode(study, ada):
    keys = suggest(study)
    ada.save(ada.get("/api/code/next")["card"], "money")
    for _ in range(2):
        drawing.draw_double(study, 2, ["ada", "Zebedee"])
    assert ada.get("/api/code/next", mode="double", draw=1)["card"]["draw"] == 1
    ada.save(ada.get("/api/code/next", mode="double", draw=1)["card"], "voice")
    assert ada.post("/api/code/undo", act=new_act(), mode="double", draw=2) == {"undone": None}
    assert ada.post("/api/code/undo", act=new_act(), mode="review")["card"]["passage"] == keys[0]
    assert ada.post("/api/code/redo", act=new_act(), mode="double", draw=1) == {"redone": None}
    assert ada.post("/api/code/undo", act=new_act(), mode="double", draw=1)["card"]["mode"] == "double"


def test_an_earlier_reading_is_changed_by_new_rows_under_the_reason_it_was_shown_for(study, ada):
    keys = suggest(study)
    ada.save(ada.get("/api/code/next")["card"], "voice")
    earlier = ada.get("/api/code/card", passage=keys[0])["card"]
    assert (earlier["read"], {code for code, one in earlier["mine"].items() if one["value"]}) == (True, {"voice"})
    ada.save(earlier, "money")
    assert [(row.code, row.value, row.why) for row in rows(study)[3:]] == [
        ("money", True, "uncertain"),
        ("voice", False, "uncertain"),
    ]


def test_a_flag_and_a_memo_stand_on_the_card(study, ada, zebedee):
    keys = suggest(study)
    place = {"passage": keys[0]}
    ada.post("/api/code/flag", act=new_act(), note="odd", **place)
    first = new_act()
    ada.post("/api/code/memo", act=first, text="look again", **place)
    seen = zebedee.get("/api/code/card", **place)["card"]
    assert [(one["author"], one["text"]) for one in (*seen["flags"], *seen["memos"])] == [
        ("ada", "odd"),
        ("ada", "look again"),
    ]
    act = new_act()
    for _ in range(2):
        card = ada.post("/api/code/memo", act=act, text="", replaces=first, **place)["card"]
    assert card["memos"] == []
    assert ada.post("/api/code/flag", act=new_act(), note="", raised=False, **place)["card"]["flags"] == []


def test_nobody_changes_the_memo_of_another(study, ada, zebedee):
    keys = suggest(study)
    first = new_act()
    ada.post("/api/code/memo", act=first, text="mine", passage=keys[0])
    body = {"act": new_act(), "text": "", "passage": keys[0], "replaces": first}
    sentence = {"error": "Only its author changes a memo: add one of your own."}
    assert zebedee.ask("/api/code/memo", body) == (400, sentence)
    assert [one["text"] for one in ada.get("/api/code/card", passage=keys[0])["card"]["memos"]] == ["mine"]


@pytest.mark.parametrize("mode", ["audit", "double"])
def test_a_draw_is_recorded_as_one_whatever_the_page_says(study, ada, mode):
    suggest(study)
    if mode == "audit":
        drawing.draw_audit(study, 3)
    else:
        drawing.draw_double(study, 3, ["ada", "Zebedee"])
    ada.save(ada.get("/api/code/next", mode=mode)["card"], "money", why="certain")
    assert set(said(study, "why", "draw", "probability", "suggestions_visible")) == {(mode, 1, 3 / 9, False)}


def test_a_draw_is_for_those_it_asks(study, ada, zebedee):
    drawing.draw_double(study, 4, ["ada", "ben"])
    assert ada.get("/api/code/next", mode="double")["card"]["draw"] == 1
    assert 'href="/double?draw=1"' not in ada.get("/double")
    drawing.draw_double(study, 2, ["ada", "ben"])
    page = ada.get("/double", draw=2)
    assert ('href="/double?draw=1">' in page, 'href="/double?draw=2" aria-current="page">' in page) == (True, True)
    status, answer = zebedee.ask("/api/code/next", mode="double", draw=1)
    assert (status, answer["error"][:36]) == (400, "There is no double draw 1 for Zebede")
    assert "No double coding is waiting for you" in zebedee.get("/double")
    assert zebedee.ask("/double", draw=1)[0] == 400


def led(bodies):
    """The words of LED that these answers have."""
    return [word for word in LED for body in bodies if word in body.casefold()]


def everything(reviewer, mode):
    """All that a reviewer can ask and do in a mode, to the end of it."""
    place = {"mode": mode, "draw": 1}
    reviewer.get("/")
    reviewer.get(f"/{mode}")
    reviewer.get("/api/code/codebook")
    card = reviewer.get("/api/code/next", **place)["card"]
    reviewer.post("/api/code/skip", passage=card["passage"], **place)
    reviewer.get("/api/code/card", passage=card["passage"], **place)
    reviewer.post("/api/code/flag", act=new_act(), passage=card["passage"], note="mine", **place)
    reviewer.post("/api/code/memo", act=new_act(), passage=card["passage"], text="mine", **place)
    reviewer.save(card, "voice")
    reviewer.post("/api/code/undo", act=new_act(), **place)
    reviewer.post("/api/code/redo", act=new_act(), **place)
    while card := reviewer.get("/api/code/next", **place)["card"]:
        assert card["hints"] is None
        reviewer.save(card)
    reviewer.get("/api/code/recent", **place)


@pytest.mark.parametrize("mode", ["audit", "double"])
def test_no_answer_of_a_blind_mode_tells_of_the_machine_or_of_another(study, ada, zebedee, mode):
    for key in suggest(study):
        read(study, "Zebedee", key, "late") if mode == "double" else None
        remark(study, "Zebedee", key)
    drawing.draw_audit(study, 8) if mode == "audit" else drawing.draw_double(study, 8, ["ada", "Nobody"])
    everything(ada, mode)
    assert led(ada.bodies) == []
    assert led([zebedee.get("/api/code/next") and zebedee.bodies[-1]]) != [], "the same words are there to be told"


def test_what_the_others_of_a_double_coding_said_is_told_nobody_until_all_have_read(study, ada, zebedee):
    suggest(study)
    draw = drawing.draw_double(study, 9, ["ada", "Zebedee"])
    for key in drawn(study, draw):
        read(study, "Zebedee", key, "late", draw=1, why="double")
        remark(study, "Zebedee", key)
    refused = {"error": "This passage was drawn to be read blind: read it in its draw first."}
    for key in drawn(study, draw):
        assert ada.ask("/api/code/card", passage=key) == (400, refused)
        for path, more in (("memo", {"text": "mine"}), ("flag", {"note": "mine"})):
            assert ada.ask(f"/api/code/{path}", {"act": new_act(), "passage": key, **more}) == (400, refused)
    assert ada.get("/api/code/next")["card"] is None
    ada.bodies = [body for body in ada.bodies if '"learned"' not in body]  # the queue's news are not of these passages
    everything(ada, "double")
    assert led(ada.bodies) == []
    with study.store.database.reading() as connection:
        assert {one.author for one in memos.standing(connection)} == {"ada", "Zebedee"}
    assert led([str(ada.get("/api/code/card", passage=drawn(study, draw)[0]))]) == [w for w in LED if w != "0.7713"]


def test_a_reason_that_quotes_a_sealed_passage_is_not_told(study, ada):
    keys = suggest(study)
    draw = drawing.draw_audit(study, 1)
    (apart,) = drawn(study, draw)
    place = ada.get("/api/code/card", mode="audit", draw=1, passage=apart)["card"]["id"]
    shown = queue.Shown("money", 0.9, True, 0, "decided", f"“what it says” ({place})")
    others = [key for key in keys if key != apart]
    with study.store.database.writing() as connection:
        queue.replace(connection, 0, [], [queue.Queued(key, "certain", "money", (shown,)) for key in others])
    hint = {"code": "money", "kind": "score", "because": "", "text": ""}
    (told,) = ada.get("/api/code/next")["card"]["hints"]
    assert {**told, "sentence": None} == {**hint, "sentence": None}


def test_the_codebook_may_change_while_a_passage_is_open(study, ada):
    suggest(study)
    card = ada.get("/api/code/next")["card"]
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Nobody listens", "Hardly anybody listens"))
    saved = ada.save(card, "voice")
    assert set(said(study, "codebook")) == {(card["codebook"],)}
    assert saved["card"]["codebook"] != card["codebook"]
    assert ada.get("/api/code/codebook")["codebook"] == saved["card"]["codebook"]
    path.write_text("codes: [")
    again = ada.save(saved["card"], "voice")
    assert again["saved"]["rows"] == 3


def test_the_start_says_what_waits(study, ada):
    drawing.draw_audit(study, 3)
    start = ada.get("/")
    assert [f'<span class="todo">{n} to read' in start for n in (9, 3)] == [True, True]


class Counted(Learner):
    """Counts how often it was asked."""

    asked = 0

    def learn(self):
        self.asked += 1


def test_the_machine_learns_after_each_batch_and_once_at_the_start_where_there_is_no_queue(study):
    learner = Counted(study.folder)
    lessons = Lessons(learner)
    lessons.begin(fresh=True)
    lessons.begin(fresh=True)
    assert learner.asked == 1
    for _ in range(2 * BATCH):
        lessons.saved()
    assert learner.asked == 3
    Lessons(learner).begin(fresh=False)
    assert learner.asked == 3
    learner.close()


def test_a_second_window_does_not_overwrite_what_the_first_saved(study, ada):
    card = ada.get("/api/code/next", mode="review")["card"]
    ada.save(card, "money", seen={})
    place = {name: card[name] for name in ("mode", "draw", "passage", "why", "codebook")}
    body = {**place, "act": new_act(), "yes": ["voice"], "quotes": {}, "seconds": 1.5, "seen": {}}
    status, answer = ada.ask("/api/code/save", body)
    assert (status, "in another window meanwhile (money)" in answer["error"]) == (400, True)
    assert {row.code for row in rows(study) if row.value} == {"money"}
    ada.save(card, "voice", seen={code: code == "money" for code in study.codebook.by_id})
    assert held_by(study, "ada", card["passage"]) == {"voice"}


def held_by(study, coder, passage):
    with study.store.database.reading() as connection:
        return {d.code for d in ledger.of_passages(connection, [passage]) if d.coder == coder and d.value}

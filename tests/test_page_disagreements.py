"""Disagreements over HTTP: for leads alone, nothing sealed in any answer, and what is refused changes nothing."""

import json
from urllib.parse import urlencode

import pytest
from browser import link_of, served
from test_page_security import Door

from coding import drawing, draws, ledger, memos
from coding.ledger import DECISIONS, Decision, new_act

WORDS = "They pay us late every single year."
GETS = (
    "/disagreements",
    "/api/disagreements",
    "/api/disagreements/passage?passage=1",
    "/api/disagreements/agreed",
    "/agreement",
    "/agreement?code=voice",
)


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


@pytest.fixture
def door(study, keys):
    with served(study) as link:
        yield Door(link)


def decide(study, *rows, **how):
    with study.store.database.writing() as connection:
        ledger.record(connection, [Decision(*row, study.codebook.version, **how) for row in rows])


def differ(study, key, code="voice", **how):
    decide(study, ("anna", key, code, True), ("ben", key, code, False), **how)


def answer(door, path, **asked):
    status, _, body = door.ask(f"{path}?{urlencode(asked, doseq=True)}" if asked else path)
    assert status == 200, body
    return json.loads(body)


def outcome(study, passage, **said):
    one = {"code": "voice", "value": True, "reason": "slip", **said}
    return {"act": new_act(), "passage": passage, "codebook": study.codebook.version, "outcomes": [one]}


def settled(study):
    query = ledger.select(DECISIONS.c.coder, DECISIONS.c.code, DECISIONS.c.value, DECISIONS.c.reason)
    with study.store.database.reading() as connection:
        found = connection.execute(query.where(DECISIONS.c.why == "adjudication").order_by(DECISIONS.c.id))
        return [tuple(row) for row in found]


def test_those_who_do_not_lead_get_nothing(study, keys, door):
    differ(study, keys[0])
    other = Door(link_of(study, "ben", door.link))
    stranger = Door(door.link + "x")
    for path in GETS:
        assert (other.ask(path)[0], stranger.ask(path)[0]) == (403, 401), path
    for path, body in (("settle", outcome(study, keys[0])), ("undo", {"act": new_act()})):
        assert other.post(f"/api/disagreements/{path}", body)[0] == 403
        assert stranger.post(f"/api/disagreements/{path}", body)[0] == 401
    assert settled(study) == []
    assert "/disagreements" not in other.ask("/")[2]
    assert "1 to settle" in door.ask("/")[2]


def test_the_list_is_asked_for_by_filters(study, keys, door):
    differ(study, keys[0])
    differ(study, keys[1], "money")
    decide(study, ("carl", keys[1], "money", True))
    listed = answer(door, "/api/disagreements")
    assert [case | {"words": ""} for case in listed["cases"]] == [
        {
            "passage": key,
            "document": "interview.txt",
            "same": 0,
            "compared": 1,
            "codes": [{"code": code, "settled": None}],
            "words": "",
        }
        for key, code in ((keys[0], "voice"), (keys[1], "money"))
    ]
    assert listed["cases"][0]["words"].startswith(WORDS)
    assert (listed["total"], listed["open"], listed["settled"]) == (2, 2, 0)
    for asked, number in (
        ({"code": "money"}, 1),
        ({"code": "nothing"}, 0),
        ({"coder": ["ben", "carl"]}, 1),
        ({"draw": 1}, 0),
        ({"state": "settled"}, 0),
        ({"state": "all"}, 2),
    ):
        assert answer(door, "/api/disagreements", **asked)["total"] == number, asked


@pytest.mark.parametrize(
    "asked",
    ["state=some", "draw=x", "draw=-1", "coder=a&coder=b&coder=c", "code=" + "x" * 65, "draw=99999999999999999999"],
)
def test_a_filter_that_cannot_be_is_refused(door, asked):
    assert door.ask(f"/api/disagreements?{asked}")[0] == 422


def test_an_outcome_is_settled_once_and_taken_back(study, keys, door):
    differ(study, keys[0])
    said = outcome(study, keys[0], note="Plain to see.", flag=True)
    for rows in (1, 0):
        status, _, body = door.post("/api/disagreements/settle", {**said, "seconds": 2.5})
        assert (status, json.loads(body)) == (200, {"rows": rows, "disputes": [{"code": "voice", "settled": True}]})
    assert settled(study) == [("ada", "voice", True, "slip")]
    heard = answer(door, "/api/disagreements/passage", passage=keys[0])
    assert [(one["code"], one["settled"], [said["coder"] for said in one["said"]]) for one in heard["disputes"]] == [
        ("voice", True, ["anna", "ben"])
    ]
    assert [memo["text"] for memo in heard["memos"]] == [flag["text"] for flag in heard["flags"]] == ["Plain to see."]
    assert answer(door, "/api/disagreements/agreed")["voice"] == {
        "one": 0,
        "unanimous": 0,
        "adjudicated": 1,
        "unresolved": 0,
    }
    undo = {"act": new_act()}
    for _ in range(2):
        status, _, body = door.post("/api/disagreements/undo", undo)
        assert (status, json.loads(body)["undone"]["passage"]) == (200, keys[0])
    assert settled(study)[1:] == [("ada", "voice", None, None)]
    assert json.loads(door.post("/api/disagreements/undo", {"act": new_act()})[2]) == {"undone": None}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"reason": ""}, 400, "is no reason"),
        ({"reason": "x" * 17}, 422, "outcomes.0.reason"),
        ({"code": "money"}, 400, "do not differ on 'Money'"),
        ({"value": None}, 422, "outcomes.0.value"),
        ({"note": "x" * 20_001}, 422, "outcomes.0.note"),
        ({"coder": "ben"}, 422, "outcomes.0.coder"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(study, keys, door, change, status, said):
    differ(study, keys[0])
    answered, _, body = door.post("/api/disagreements/settle", outcome(study, keys[0], **change))
    assert (answered, said in json.loads(body)["error"]) == (status, True), body
    for wrong in (
        {"outcomes": []},
        {"passage": 0},
        {"passage": 2**63},
        {"act": "x"},
        {"seconds": "nan"},
        {"coder": "ben"},
    ):
        assert door.post("/api/disagreements/settle", {**outcome(study, keys[0]), **wrong})[0] == 422, wrong
    for wrong in ({"passage": 99_999}, {"codebook": "another"}):
        assert door.post("/api/disagreements/settle", {**outcome(study, keys[0]), **wrong})[0] == 400, wrong
    assert settled(study) == []


def test_nothing_of_a_sealed_passage_is_in_any_answer(study, keys, door):
    draw = drawing.draw_double(study, 4, ["anna", "ben"])
    audit = drawing.draw_audit(study, 2)
    with study.store.database.reading() as connection:
        sealed = [key for number in (draw.id, audit.id) for key, _ in draws.drawn(connection, number)]
    how = {"why": "double", "draw": draw.id, "probability": 0.5}
    for key in sealed:
        decide(study, ("anna", key, "voice", True), **how)
        decide(study, ("carl", key, "voice", False), ("dan", key, "money", True), ("carl", key, "money", False))
    with study.store.database.writing() as connection:
        for key in sealed:
            memos.add(connection, "anna", "Secret memo", passage=key)
            memos.flag(connection, "anna", key, "Secret flag")
    assert answer(door, "/api/disagreements", state="all")["cases"] == []
    assert answer(door, "/api/disagreements", state="all", draw=draw.id)["total"] == 0
    assert not any(sum(number.values()) for number in answer(door, "/api/disagreements/agreed").values())
    for key in sealed:
        status, _, body = door.ask(f"/api/disagreements/passage?passage={key}")
        assert (status, "still to be read blind" in body, "Secret" in body) == (400, True, False)
        assert door.post("/api/disagreements/settle", outcome(study, key))[0] == 400
    for page in ("/", "/disagreements", "/agreement", "/agreement?code=voice"):
        assert WORDS not in door.ask(page)[2]
    assert "No passage was read by two coders" in door.ask("/agreement")[2]
    assert "4 passages drawn for double coding are not read by all coders yet" in door.ask("/agreement")[2]
    decide(study, ("ben", sealed[0], "voice", False), **how)  # now both have read it
    assert [case["passage"] for case in answer(door, "/api/disagreements")["cases"]] == [sealed[0]]

"""The codebook over HTTP: everybody reads it, leads change it, nothing is moved, doubled or told that is sealed."""

import json
import threading

import pytest
from browser import link_of, served
from coding_page import Reviewer, passages, read, rows, said
from conftest import CODEBOOK

from coding import drawing, draws, ledger, memos, versions
from coding.codebook_file import load
from coding.ledger import HELD, new_act

CHANGE = {"kind": "change", "code": "voice", "fields": {"definition": "Nobody asks the smaller party."}}
HOSTILE = [
    '<img src=x onerror="document.title=1"><script>alert(1)</script>',
    "key: value # no comment - x: [y] {z} *a &b !!c %d `e`",
    "'single' \"double\" \\n \\x41 ${x} {{ y }}",
    "Dw i'n caru 🎂👩‍👩‍👧 בְּרֵאשִׁית \u202eعربي\u202c",
    "word " * 1_999 + "word",
    "unbroken" * 1_250,
]


@pytest.fixture
def lead(study):
    with served(study) as link:
        yield Reviewer(link)


@pytest.fixture
def book(study):
    return lambda: load(study.folder / "codebook.yml")


def edit(reviewer, what, expected=None, act=None):
    """Status and answer of an edit, under the version that is there unless another is expected."""
    expected = expected or reviewer.get("/api/codebook")["codebook"]
    return reviewer.ask("/api/codebook/edit", {"act": act or new_act(), "expected": expected, "edit": what})


def rehearse(reviewer, what):
    expected = reviewer.get("/api/codebook")["codebook"]
    return reviewer.ask("/api/codebook/rehearse", {"expected": expected, "edit": what})


def everything(study):
    """What an edit may change: the file, its history and every row that a rehearsal could leave behind."""
    files = {str(path): path.read_bytes() for path in sorted(study.folder.rglob("*.yml"))}
    with study.store.database.reading() as connection:
        kept = [book.version for _, book in ledger.codebooks(connection)]
        held = [tuple(row) for row in connection.execute(ledger.select(HELD))]
    return files, kept, held, rows(study)


def code(reviewer, id):
    return next(one for one in reviewer.get("/api/codebook")["codes"] if one["id"] == id)


def test_those_who_do_not_lead_see_and_cannot_edit(study, lead):
    key = passages(study)[0]
    read(study, "anna", key, "voice")
    ben = Reviewer(link_of(study, "ben", f"http://{lead.host}/enter#"))
    stranger = Reviewer(f"http://{lead.host}/enter#nobody")
    before = everything(study)
    page = ben.get("/codebook")
    assert "Nobody listens to the smaller party." in page
    assert "Add a code" not in page
    assert "Add a code" in lead.get("/codebook")
    shown = ben.get("/api/codebook")
    assert [(one["id"], one["depth"], one["yes"], one["no"]) for one in shown["codes"]] == [
        ("money", 0, 0, 1),
        ("late", 1, 0, 1),
        ("voice", 0, 1, 0),
    ]
    for path, more in (("edit", {"act": new_act()}), ("rehearse", {})):
        body = {"expected": shown["codebook"], "edit": CHANGE, **more}
        assert ben.ask(f"/api/codebook/{path}", body)[0] == 403
        assert stranger.ask(f"/api/codebook/{path}", body)[0] == 401
    for path in ("/codebook", "/api/codebook", "/api/codebook/history"):
        assert stranger.ask(path)[0] == 401
    assert everything(study) == before
    assert edit(lead, CHANGE)[0] == 200
    assert code(ben, "voice")["stale"] == code(lead, "voice")["stale"] == 1
    assert (code(ben, "voice")["stale_coders"], code(lead, "voice")["stale_coders"]) == ({}, {"anna": 1})


def test_a_rehearsal_says_what_the_edit_then_does_and_changes_nothing(study, lead, book):
    first, second = passages(study)[:2]
    read(study, "anna", first, "voice")
    read(study, "anna", second)
    read(study, "ben", first)
    before = everything(study)
    wanted = [
        ["~ voice: definition was 'Nobody listens to the smaller party.', is 'Nobody asks the smaller party.'"],
        [
            "3 decisions (anna 2, ben 1) on “Voice” were made under another meaning: they stay what they are, and are "
            "marked so.",
            "Nothing has been suggested yet: run `themis code`.",
        ],
    ]
    status, plan = rehearse(lead, CHANGE)
    assert (status, [plan["changes"], plan["effects"]]) == (200, wanted)
    assert everything(study) == before
    status, done = edit(lead, CHANGE)
    assert (status, [done["changes"], done["effects"]]) == (200, wanted)
    assert done["codebook"] == plan["codebook"] == book().version
    assert book().by_id["voice"].definition == "Nobody asks the smaller party."
    assert rows(study) == before[3]
    assert lead.get("/api/codebook")["codebook"] == book().version
    back = {"kind": "change", "code": "voice", "fields": {"definition": "Nobody listens to the smaller party."}}
    assert edit(lead, back)[1]["effects"][0] == "3 decisions on “Voice” were made under this meaning."
    assert code(lead, "voice")["stale"] == 0


def test_an_edit_that_is_sent_again_is_made_once(study, lead, book):
    act, expected = new_act(), book().version
    add = {"kind": "add", "name": "Hope", "definition": "Somebody hopes.", "parent": "money"}
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(edit(lead, add, expected, act))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 3
    assert answers[0] == answers[1] == answers[2]
    assert list(book().by_id) == ["money", "late", "hope", "voice"]


def test_of_two_leads_the_second_is_told_that_it_changed(study, lead, book):
    expected = book().version
    other = Reviewer(link_of(study, "cai", f"http://{lead.host}/enter#", lead=True))
    assert edit(lead, CHANGE, expected)[0] == 200
    refused = "The codebook changed meanwhile: look at it as it is now, and make the change again."
    theirs = {"kind": "retire", "code": "late", "reason": "Too fine."}
    assert edit(other, theirs, expected) == (400, {"error": refused})
    assert other.ask("/api/codebook/rehearse", {"expected": expected, "edit": theirs}) == (400, {"error": refused})
    assert "late" in book().by_id
    assert edit(other, theirs)[0] == 200


def test_a_merge_says_the_yes_again_in_numbers_before_and_after(study, lead):
    first, second, third = passages(study)[:3]
    read(study, "anna", first, "money", "late")
    read(study, "ben", first, "money", "late", "voice")
    read(study, "anna", second, "voice")
    read(study, "ben", third, "money", "late")
    merge = {"kind": "merge", "code": "late", "into": "voice", "reason": "The same."}
    before = everything(study)
    said_again = (
        "2 yes (anna 1, ben 1) said again for “Voice”, in each coder's name; 2 of them in place of a no that was said "
        "with it or before; 1 had a yes there already."
    )
    set_aside = "4 decisions (anna 2, ben 2) on “Late payment” stay in the ledger, and count no more."
    _, plan = rehearse(lead, {**merge, "repeat": True})
    assert (set_aside in plan["effects"], said_again in plan["effects"]) == (True, True)
    _, without = rehearse(lead, {**merge, "repeat": False})
    assert "No decision is said again for “Voice”." in without["effects"]
    assert everything(study) == before
    act, expected = new_act(), lead.get("/api/codebook")["codebook"]
    once = edit(lead, {**merge, "repeat": True}, expected, act)
    again = edit(lead, {**merge, "repeat": True}, expected, act)
    assert once == again
    assert (set_aside in once[1]["effects"], said_again in once[1]["effects"]) == (True, True)
    added = said(study, "coder", "passage", "code", "value")[len(before[3]) :]
    assert sorted(added) == [("anna", first, "voice", True), ("ben", third, "voice", True)]
    assert rows(study)[: len(before[3])] == before[3]
    gone = lead.get("/api/codebook")["retired"]
    assert [(one["id"], one["into"], one["reason"]) for one in gone] == [("late", "voice", "The same.")]


def test_how_many_are_said_again_is_kept_from_who_is_to_read_blind(study, lead):
    key = passages(study)[0]
    read(study, "anna", key, "money", "late")
    drawing.draw_audit(study, size=2)
    merge = {"kind": "merge", "code": "late", "into": "voice", "reason": "x", "repeat": True}
    effects = rehearse(lead, merge)[1]["effects"]
    hidden = "Its yes are said again for “Voice”. How many is not said while you have passages to read blind."
    assert hidden in effects
    assert not any("yes (" in sentence for sentence in effects)


def test_no_number_counts_what_is_to_be_read_blind(study, lead):
    keys = passages(study)
    draw = drawing.draw_double(study, 3, ["ada", "anna"])
    with study.store.database.reading() as connection:
        closed = [key for key, _ in draws.drawn(connection, draw.id)]
    opened = next(key for key in keys if key not in closed)
    read(study, "ben", opened)
    for key in closed:
        read(study, "anna", key, "voice", draw=draw.id, why="double")
    assert rehearse(lead, CHANGE)[1]["effects"][0].startswith("1 decision (ben 1) on “Voice” was made")
    retire = {"kind": "retire", "code": "voice", "reason": "x"}
    assert rehearse(lead, retire)[1]["effects"][0].startswith("1 decision (ben 1) on “Voice” stays")
    edit(lead, CHANGE)
    assert (code(lead, "voice")["stale_coders"], lead.get("/api/codebook")["behind"]) == ({"ben": 1}, [])
    for key in closed:
        read(study, "ada", key, draw=draw.id, why="double")
    assert code(lead, "voice")["stale_coders"]["anna"] == 3


def test_a_code_is_retired_and_restored(study, lead, book):
    read(study, "anna", passages(study)[0], "voice")
    status, done = edit(lead, {"kind": "retire", "code": "voice", "reason": "Nobody used it."})
    assert (status, done["effects"][0]) == (
        200,
        "1 decision (anna 1) on “Voice” stays in the ledger, and counts no more.",
    )
    assert [one["id"] for one in lead.get("/api/codebook")["retired"]] == ["voice"]
    assert "voice" not in book().by_id
    status, done = edit(lead, {"kind": "restore", "code": "voice"})
    assert (status, done["effects"][0]) == (200, "1 decision (anna 1) on “Voice” counts again.")
    assert code(lead, "voice")["yes"] == 1
    nested = edit(lead, {"kind": "retire", "code": "money", "reason": "x"})
    assert nested == (400, {"error": "Late: nested in 'money', so retire, merge or move these first."})


def test_an_earlier_version_is_put_back_by_an_edit(study, lead, book):
    first = book()
    assert edit(lead, CHANGE)[0] == 200
    second = book().version
    history = lead.get("/api/codebook/history")
    assert [(one["version"], len(one["changes"])) for one in history] == [(second, 1), (first.version, 0)]
    status, done = edit(lead, {"kind": "put back", "version": first.version})
    assert (status, done["codebook"]) == (200, first.version)
    assert book() == first
    assert edit(lead, {"kind": "put back", "version": "f" * 64})[0] == 400


def test_hostile_words_come_back_as_they_were(study, lead, book):
    for words in HOSTILE:
        fields = {"definition": words, "include": [words], "exclude": [f"{words}!"], "near_misses": [f"{words}?"]}
        status, answer = edit(lead, {"kind": "change", "code": "voice", "fields": fields})
        assert status == 200, answer
        found = book().by_id["voice"]
        assert (found.definition, found.include, found.exclude) == (words, (words,), (f"{words}!",))
        assert {name: code(lead, "voice")[name] for name in fields} == fields
        page = lead.get("/codebook")
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    assert book().by_id["money"] == load_text(CODEBOOK, study).by_id["money"]


def load_text(text, study):
    path = study.folder / "other.yml"
    path.write_text(text)
    return load(path)


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"kind": "change", "code": "voice", "fields": {"definition": "x" * 20_001}}, 422),
        ({"kind": "change", "code": "voice", "fields": {"examples": ["x"] * 1_001}}, 422),
        ({"kind": "change", "code": "voice", "fields": {"id": "other"}}, 422),
        ({"kind": "change", "code": "voice", "fields": {"colour": "red"}}, 400),
        ({"kind": "change", "code": "voice", "fields": {"name": " "}}, 400),
        ({"kind": "change", "code": "voice", "fields": {"name": "Money"}}, 400),
        ({"kind": "change", "code": "voice", "fields": {"never_with": ["nobody"]}}, 400),
        ({"kind": "change", "code": "voice", "fields": {"definition": "\ud800"}}, 422),
        ({"kind": "change", "code": "nobody", "fields": {"definition": "x"}}, 400),
        ({"kind": "add", "name": "", "definition": "x"}, 400),
        ({"kind": "merge", "code": "voice", "into": "voice", "reason": "x"}, 400),
        ({"kind": "show", "code": "voice", "field": "definition", "line": "x"}, 422),
        ({"kind": "show", "code": "voice", "field": "examples", "line": ""}, 400),
        ({"kind": "restore", "code": "voice"}, 400),
        ({"kind": "burn", "code": "voice"}, 422),
    ],
)
def test_what_cannot_be_is_refused_whole(study, lead, what, status):
    before = everything(study)
    found, answer = edit(lead, what)
    assert (found, list(answer)) == (status, ["error"])
    assert everything(study) == before


def test_codes_exclude_each_other_and_have_a_colour(study, lead, book):
    fields = {"never_with": ["late"], "colour": "#5AA0E0"}
    assert edit(lead, {"kind": "change", "code": "voice", "fields": fields})[0] == 200
    assert (book().by_id["voice"].never_with, book().by_id["voice"].colour) == (("late",), "#5AA0E0")
    version = book().version
    status, done = edit(lead, {"kind": "change", "code": "voice", "fields": {"colour": ""}})
    assert (status, done["changes"], done["effects"]) == (200, [], ["No decision is touched, and none becomes stale."])
    assert (book().version, book().by_id["voice"].colour) == (version, "")


def test_a_passage_becomes_an_example_unless_somebody_is_to_read_it_blind(study, lead, book):
    keys = passages(study)
    draw = drawing.draw_double(study, 2, ["anna", "ben"])
    with study.store.database.reading() as connection:
        closed = {key for key, _ in draws.drawn(connection, draw.id)}
    show = {"kind": "show", "code": "voice", "field": "examples", "line": "They sing."}
    before = everything(study)
    for key in closed:
        sealed = "This passage is still to be read blind by somebody, whom the example would tell."
        assert edit(lead, {**show, "passage": key}) == (400, {"error": sealed})
        assert rehearse(lead, {**show, "passage": key}) == (400, {"error": sealed})
    assert everything(study) == before
    opened = next(key for key in keys if key not in closed)
    status, done = edit(lead, {**show, "passage": opened})
    assert (status, done["changes"]) == (200, ["+ voice: examples: They sing."])
    assert done["effects"][0] == "No decision is touched, and none becomes stale."
    assert book().by_id["voice"].examples[-1] == "They sing."
    twice = edit(lead, {**show, "passage": opened})
    assert twice == (400, {"error": "'voice' has these words among its examples already."})
    for key in closed:
        read(study, "anna", key, draw=draw.id, why="double")
        read(study, "ben", key, draw=draw.id, why="double")
    assert edit(lead, {**show, "line": "They sang.", "passage": min(closed)})[0] == 200


def test_a_fault_in_the_file_is_told_with_its_place_until_it_is_mended(study, lead, book):
    path = study.folder / "codebook.yml"
    sound = path.read_text()
    version = book().version
    lead.get("/codebook")
    path.write_text(sound.replace("name: Voice", "nome: Voice"))
    shown = lead.get("/api/codebook")
    line = next(i for i, one in enumerate(sound.splitlines(), 1) if "name: Voice" in one)
    places = [(one["line"], one["column"]) for one in shown["faults"]]
    assert (line, sound.splitlines()[line - 1].index("name") + 7) in places
    assert (shown["codebook"], len(shown["codes"])) == (version, 3)
    assert f'"line": {line}' in lead.get("/codebook")
    status, answer = edit(lead, CHANGE, version)
    first = shown["faults"][0]
    place = f"codebook.yml:{first['line']}:{first['column']}: {first['message']}"
    assert (status, place in answer["error"]) == (400, True)
    path.write_text("codes: [")
    assert lead.get("/api/codebook")["faults"][0]["line"] == 1
    path.unlink()
    assert lead.get("/api/codebook")["faults"][0]["line"] == 0
    path.write_text(sound.replace("Nobody listens", "Somebody listens"))
    mended = lead.get("/api/codebook")
    assert (mended["faults"], mended["codes"][2]["definition"]) == ([], "Somebody listens to the smaller party.")


def test_what_is_behind_says_how_it_is_made_anew(study, lead):
    draw = drawing.draw_audit(study, size=2)
    with study.store.database.reading() as connection:
        key = draws.drawn(connection, draw.id)[0][0]
    read(study, "ada", key, "voice", draw=draw.id, why="audit")
    assert lead.get("/api/codebook")["behind"] == []
    assert edit(lead, CHANGE)[0] == 200
    assert lead.get("/api/codebook")["behind"] == [
        f"1 decision in draw {draw.id} (audit) was made under another meaning of the code: "
        "`themis audit` makes a new draw."
    ]


def test_flags_on_a_code_are_counted_for_leads_alone_and_never_sealed_ones(study, lead):
    first, second = passages(study)[:2]
    with study.store.database.writing() as connection:
        for key in (first, second):
            memos.flag(connection, "anna", key, "Unclear.", code="voice")
    ben = Reviewer(link_of(study, "ben", f"http://{lead.host}/enter#"))
    assert (code(lead, "voice")["flags"], code(ben, "voice")["flags"]) == (2, 0)
    drawing.draw_audit(study, size=len(passages(study)))
    assert code(lead, "voice")["flags"] == 0


def test_versions_that_were_never_edited_here_are_in_the_history(study, lead):
    path = study.folder / "codebook.yml"
    with study.store.database.writing() as connection:
        ledger.keep(connection, load(path))
    path.write_text(path.read_text().replace("Nobody listens", "Somebody listens"))
    read(study, "anna", passages(study)[0])
    with study.store.database.writing() as connection:
        ledger.keep(connection, load(path))
    with study.store.database.reading() as connection:
        known = [version.version for version in versions.history(connection)]
    assert [one["version"] for one in lead.get("/api/codebook/history")] == known[::-1]
    assert json.dumps(lead.get("/api/codebook/history")[0]["changes"]).count("Somebody listens") == 1

"""Documents and search in the page: everything that may be known of a passage stands beside it, and nothing else."""

import json
import re

import pytest
from browser import clean, link_of, scrolls_sideways, served
from test_page_security import Door

from coding import ledger, memos
from coding.acts import Reading
from coding.drawing import draw_double
from coding.ledger import Decision, new_act
from coding.review import Desk
from coding.run import code
from coding.study import add
from coding.transcripts import listed, transcript
from corpus.errors import EvidenceError


@pytest.fixture
def keys(study):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return study.store.passage_keys(connection)


def decide(study, *rows):
    with study.store.database.writing() as connection:
        version = study.codebook.version
        ledger.record(connection, [Decision(who, key, id, value, version) for who, key, id, value in rows])


def document_of(study, key):
    with study.store.database.reading() as connection:
        return study.store.holding(connection, [key]).pop()


def parts(study, coder, everybody=False):
    """Every part of every document, by passage."""
    with study.store.database.reading() as connection:
        documents = list(study.store.names(connection).values())
    found = [transcript(study, coder, document, everybody) for document in documents]
    return {part.passage: part for one in found for turn in one.turns for part in turn.parts if part.passage}


def test_a_transcript_is_its_document_word_for_word(study):
    with study.store.database.reading() as connection:
        for kept in study.store.kept(connection):
            shown = transcript(study, "anna", kept.key, everybody=False)
            assert [turn.number for turn in shown.turns] == [turn.number for turn in kept.document.turns]
            for spoken, turn in zip(shown.turns, kept.document.turns, strict=True):
                whole = kept.document.text[turn.start : turn.end]
                assert "".join("".join(part.text for part in spoken.parts).split()) == "".join(whole.split())
            here = [part.passage for turn in shown.turns for part in turn.parts if part.passage]
            assert here == [key for key, _ in kept.passages]


def test_a_coder_sees_their_own_codes_and_a_lead_may_see_all(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False), ("ben", keys[1], "money", True))
    own, everybody = parts(study, "anna"), parts(study, "anna", everybody=True)
    assert [(one.coder, one.code, one.value) for one in own[keys[0]].said] == [("anna", "voice", True)]
    assert own[keys[1]].said == ()
    assert {(one.coder, one.value) for one in everybody[keys[0]].said} == {("anna", True), ("ben", False)}
    assert [one.coder for one in everybody[keys[1]].said] == ["ben"]


def test_what_was_settled_is_seen_by_everybody(study, keys):
    decide(study, ("anna", keys[0], "voice", True), ("ben", keys[0], "voice", False))
    with study.store.database.writing() as connection:
        row = Decision("lead", keys[0], "voice", False, study.codebook.version, why="adjudication")
        ledger.record(connection, [row])
    assert (None, False) in {(one.coder, one.value) for one in parts(study, "carol")[keys[0]].said}


def test_what_is_suggested_is_shown_until_it_is_decided(study, keys):
    code(study)
    before = parts(study, "anna")
    key, id = next((key, part.suggested[0]) for key, part in before.items() if part.suggested)
    decide(study, ("anna", key, id, False))
    assert id not in parts(study, "anna")[key].suggested
    assert parts(study, "ben")[key].suggested == before[key].suggested


def test_nothing_is_told_of_a_sealed_passage(study, keys):
    code(study)
    draw = draw_double(study, 3, ["anna", "ben"])
    desk = Desk(study)
    sitting = desk.sitting("ben", "double")
    told = []
    for _ in range(draw.size):
        card = desk.following(sitting)
        desk.save(sitting, Reading(new_act(), card.passage, frozenset({"voice"}), "double"))
        told.append(card.passage)
    with study.store.database.writing() as connection:
        memos.add(connection, "ben", "What ben noticed", passage=told[0])
    shown = parts(study, "anna", everybody=True)
    assert {key for key, part in shown.items() if part.sealed} == set(told)
    assert {(part.said, part.suggested, part.remarks) for part in shown.values() if part.sealed} == {((), (), ())}
    assert sum(one.read for one in listed(study, "anna")) == 0
    assert sum(one.read for one in listed(study, "carol")) == 3


def test_a_document_that_is_gone_says_so(study):
    with pytest.raises(EvidenceError, match="there is no document number 999"):
        transcript(study, "anna", 999, everybody=False)


def test_only_a_lead_gets_what_all_said(study, keys):
    decide(study, ("ben", keys[0], "money", True))
    place = f"/documents/{document_of(study, keys[0])}?all=true"
    with served(study) as link:
        lead, other = Door(link), Door(link_of(study, "carol", link))
        pages = [re.sub(r"\s+", " ", door.ask(place)[2]) for door in (lead, other)]
    assert ["Money <span" in page for page in pages] == [True, False]


@pytest.mark.parametrize("path", ["/documents/0", "/documents/999", "/documents/x", "/documents/9999999999999999999"])
def test_a_wrong_document_is_answered_with_a_sentence(study, path):
    with served(study) as link:
        status, _, page = Door(link).ask(path)
    assert status in (400, 404, 422)
    assert "Traceback" not in page


def test_reading_and_finding_in_the_browser(study, visit):
    code(study)
    with served(study) as link:
        page = visit(link, viewport={"width": 320, "height": 640})
        base = link.partition("/enter")[0]
        page.goto(f"{base}/documents")
        page.get_by_label("Show those whose name has").fill("inter")
        assert page.get_by_role("link", name=re.compile("interview|survey|submission")).all_text_contents() == [
            "interview.txt"
        ]
        assert clean(page) == []
        page.get_by_role("link", name="interview.txt").click()
        page.locator("#unread kbd").wait_for()  # until then no key is heard
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.locator(".part.here").inner_text().startswith("Nobody asked us")
        assert (clean(page), scrolls_sideways(page)) == ([], False)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/review\?passage=\d+"))
        page.get_by_role("article").get_by_text("Nobody asked us before").wait_for()
        page.goto(f"{base}/search")
        page.get_by_label("Look for").fill('"nine months" -cake')
        page.keyboard.press("Enter")
        page.locator("mark").wait_for()
        assert page.locator("mark").all_text_contents() == ["nine months"]
        assert page.get_by_role("heading", name="1 passage").count() == 1
        assert (clean(page), scrolls_sideways(page)) == ([], False)
        page.get_by_role("link", name="In its document").click()
        assert page.locator(".part.here").inner_text().startswith("They pay us late")


def test_hostile_words_are_shown_as_words(empty, tmp_path, visit):
    evil = '<img src=x onerror="document.title=1"></p><script>document.title=2</script>{{ 7*7 }}'
    (tmp_path / "evil.json").write_text(
        json.dumps([{"speaker": f"A {evil}", "text": f"We waited {evil} for them."}]), encoding="utf-8"
    )
    (tmp_path / "attributes.csv").write_text(f'file,"Kind <b>"\nevil.json,"{evil.replace(chr(34), chr(39))}"\n')
    add(empty, [tmp_path / "evil.json", tmp_path / "attributes.csv"])
    with served(empty) as link:
        page = visit(link)
        base = link.partition("/enter")[0]
        for path in ("/documents", "/documents/1", "/search?q=waited", "/search?q=%3Cscript%3E%22%27*", "/progress"):
            page.goto(f"{base}{path}")
            assert page.locator("main img, main script:not([type='application/json'])").count() == 0
            assert page.title() not in ("1", "2")
        page.goto(f"{base}/documents/1")
        assert "{{ 7*7 }}" in page.locator("#transcript").inner_text()


def test_the_page_knows_the_codebook_as_it_is_now(study):
    place = study.folder / "codebook.yml"
    text = place.read_text(encoding="utf-8")
    with served(study) as link:
        door = Door(link)
        place.write_text(text.replace("name: Voice", "name: Being heard"), encoding="utf-8")
        assert "Being heard" in door.ask("/progress")[2]
        place.write_text("codes: [", encoding="utf-8")
        assert "Being heard" in door.ask("/progress")[2]

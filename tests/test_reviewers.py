"""Reviewers: names, links, and who they are in the ledger."""

import json
import stat

import pytest

from coding import reviewers
from coding.drawing import draw_audit
from coding.ledger import Decision, keep, record
from coding.reviewers import Reviewer, add, link, listed, own, remove, renew, who
from corpus.database import select
from corpus.errors import EvidenceError


@pytest.fixture
def connection(study):
    with study.store.database.writing() as connection:
        yield connection


def names(connection):
    return [(one.name, one.lead) for one in listed(connection)]


def test_a_link_is_its_reviewers_until_it_is_renewed_or_they_are_removed(connection):
    anna, ben = add(connection, "anna"), add(connection, "Ben Jones", lead=True)
    assert names(connection) == [("anna", False), ("Ben Jones", True)]
    found = who(connection, anna)
    assert found == Reviewer("anna", False, found.added)
    assert who(connection, ben).name == "Ben Jones"
    newer = renew(connection, "BEN jones")
    assert who(connection, ben) is None
    assert who(connection, newer).lead
    remove(connection, "Anna")
    assert who(connection, anna) is None
    assert names(connection) == [("Ben Jones", True)]
    again = add(connection, "anna", lead=True)
    assert (who(connection, anna), who(connection, again).lead) == (None, True)


def test_the_database_never_has_a_secret(connection, study):
    secret = add(connection, "anna")
    assert len(secret) >= 43
    (row,) = connection.execute(select(reviewers.REVIEWERS)).all()
    assert secret not in map(str, row)
    assert who(connection, row.secret) is None
    assert [who(connection, wrong) for wrong in ("", secret[:-1], secret + "a", "\ud800")] == [None] * 4


def test_whoever_coded_before_keeps_the_capitals(connection, study):
    keep(connection, study.codebook)
    (passage, _, _), *_ = study.store.places_in_order(connection)
    record(connection, [Decision("Anna Åsa", passage, "money", True, study.codebook.version)])
    assert who(connection, add(connection, " anna åsa ")).name == "Anna Åsa"


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, "an\nna", "an\x00na", "a\u202enna", "\u200b"])
def test_what_cannot_be_a_name_is_refused(connection, name):
    with pytest.raises(EvidenceError, match="cannot be a reviewer's name: give 1 to 60 letters on one line"):
        add(connection, name)
    assert names(connection) == []


def test_two_names_that_are_read_the_same_are_one(connection):
    add(connection, "Zoë")
    for same in ("zoë", "ZOË", "Zoe\u0308", " Zoë "):
        with pytest.raises(EvidenceError, match=r"there is a reviewer '[Zz][oO].+' already"):
            add(connection, same)
    with pytest.raises(EvidenceError, match="there is no reviewer 'ben': there are Zoë"):
        renew(connection, "ben")
    remove(connection, "zoë")
    with pytest.raises(EvidenceError, match="there is no reviewer 'Zoë': add one with `themis reviewers add NAME`"):
        remove(connection, "Zoë")


def test_the_owner_keeps_one_link_on_this_machine(connection, tmp_path):
    links = tmp_path / "cache" / "links.json"
    first = own(connection, "Ada", links)
    assert who(connection, first).lead
    assert own(connection, "ada", links) == first
    assert stat.S_IMODE(links.stat().st_mode) == 0o600
    links.write_text("[spoilt", encoding="utf-8")
    second = own(connection, "ada", links)
    assert second != first
    assert who(connection, first) is None
    own(connection, "ben", links)
    assert own(connection, "ada", links) == second
    assert sorted(json.loads(links.read_text(encoding="utf-8"))) == ["ada", "ben"]
    remove(connection, "ada")
    assert own(connection, "ada", links) not in (first, second)
    assert names(connection) == [("ben", True), ("ada", True)]


def test_the_owner_of_a_machine_does_not_make_a_reviewer_a_lead(connection, tmp_path):
    add(connection, "anna")
    assert not who(connection, own(connection, "anna", tmp_path / "links.json")).lead


def test_a_link_has_its_secret_where_no_server_sees_it():
    assert link("abc") == "http://127.0.0.1:8765/enter#abc"
    assert link("abc", "::1", 9000) == "http://[::1]:9000/enter#abc"


def test_a_name_is_new_until_somebody_coded_or_is_a_reviewer_or_is_asked_by_a_draw(study):
    def new(*asked):
        with study.store.database.reading() as connection:
            return reviewers.strangers(connection, asked)

    assert new("anna", "Ben", "carol") == ["anna", "Ben", "carol"]
    with study.store.database.writing() as connection:
        add(connection, "Anna")
        keep(connection, study.codebook)
        record(connection, [Decision("BEN", 1, "money", True, study.codebook.version)])
    draw_audit(study, 2, coders=["Carol"])
    assert new("anna", "Ben", "carol", "bne") == ["bne"]

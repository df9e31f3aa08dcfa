"""What a researcher reads of agreement: the number, what it rests on, and what to do where there is none."""

import pytest
from click.testing import CliRunner

import cli
from coding import drawing, draws, ledger
from coding.agree import compare
from coding.agreement import SAME
from coding.export.rows import agreement
from coding.intervals import MEASURES
from coding.ledger import Decision
from coding.study import add
from tests.test_agree import ANNA, BEN, say, suggest


@pytest.fixture
def agree(study):
    def run(*words, code=0):
        result = CliRunner().invoke(cli.main, ["agree", *words, "--study", str(study.folder)])
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture
def keys(study, tmp_path):
    """Keys of two passages of each of twelve documents more."""
    for number in range(12):
        (tmp_path / f"more{number:02}.md").write_text("First they said this.\n\nThen they said that.\n")
    add(study, sorted(tmp_path.glob("more*.md")))
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        return [key for key, name, _ in study.store.places_in_order(connection) if name.startswith("more")]


def table(output):
    """The cells of the table, by code and by who is compared."""
    _, _, rest = output.partition("Code by code")
    rows = [line.split() for line in rest.splitlines()[2:]]
    found, code = {}, ""
    for row in rows:
        if len(row) < 8 or not {"coders", "machine", "audit"} & {*row[:2]}:
            break
        code = row.pop(0) if row[0] not in ("coders", "machine", "audit") else code
        found[code, row[0]] = " ".join(row[1:])
    return found


def test_without_two_readers_it_says_what_to_do(agree, study, keys):
    drawing.draw_double(study, 3, ["anna", "ben"])
    assert agree() == (
        "No passage was read by two coders, so there is no agreement of people to tell.\n"
        "3 passages drawn for double coding are not read by all of their coders yet.\n"
        "Next: themis double --n 60 --coders NAME,NAME; then each of them: themis review\n"
    )


def test_what_was_not_drawn_says_so(agree, study, keys):
    say(study, "anna", keys, [True, False] * 12)
    say(study, "ben", keys, [True, False] * 9 + [False, True] * 3)
    output = agree()
    assert output.startswith(
        "anna and ben: 24 passages that two of them have read. They were not drawn at random, nor read blind for this, "
        "so agreement on other passages may differ.\n"
        "For agreement that can be reported: themis double --n 60 --coders anna,ben\n"
        "Coders with each other: alpha 0.51 (0."
    )
    numbers = table(output)["voice", "coders"]
    assert numbers.startswith("24 50 % 0.51 0.")
    assert numbers.endswith(" 0.50 0.75 75 % 0.50 6")
    assert "The machine has suggested nothing yet: after `themis code` it stands here beside the coders." in output
    assert "Not read by two coders: money, late." in output
    assert "Next: themis agree --differ voice " in output


def test_blind_readings_and_the_machine_stand_side_by_side(agree, study, keys):
    draw = drawing.draw_double(study, 6, ["anna", "ben"])
    with study.store.database.reading() as connection:
        drawn = [key for key, _ in draws.drawn(connection, draw.id)]
    suggest(study, {(drawn[0], "voice"), (drawn[5], "voice")}, kind="likeness")
    for who, values in (("anna", ANNA), ("ben", BEN)):
        say(study, who, drawn, values, why="double", draw=draw.id)
    output = agree()
    assert output.startswith("anna and ben have read 6 passages of random draws for double coding, blind.\n")
    assert "\nThe machine with them:  alpha 0.34, 1 code; 0.34 over whole sets of codes" in output
    assert table(output) == {
        ("voice", "coders"): "6 50 % 0.39 - 0.33 0.67 67 % 0.33 2",
        ("voice", "machine"): "6 33 % 0.34 - 0.33 0.60 67 % 0.35 3",
    }
    assert output.index("Code by code") < output.index("Each pair, lowest first") < output.index("Alpha is")
    assert (
        "No bounds for voice (coders, machine): fewer than 5 positives. More passages read twice would give them.\n"
        in output
    )
    assert "Not learned yet: voice. By likeness the machine marks a fixed share" in output


def test_undefined_is_a_sentence_and_never_nan(agree, study, keys):
    say(study, "anna", keys, [False] * 24)
    say(study, "ben", keys, [False] * 24)
    say(study, "carl", keys[:1], [False])
    output = agree()
    assert table(output) == {("voice", "coders"): "24 0 % - - - - 100 % 1.00 0"}
    assert "Coders with each other: no code has an alpha; - over whole sets of codes" in output
    why = "No alpha for voice (coders): every decision is the same, so chance agreement is total. Read Same instead;"
    assert why in output
    assert "Kappa is for two coders: themis agree --coder anna --coder ben" in output
    assert "nan" not in output
    assert "Next: themis agree --differ" not in output


def test_an_earlier_meaning_is_told(agree, study, keys):
    say(study, "anna", keys, [True, False] * 12)
    say(study, "ben", keys, [True, False] * 12)
    book = study.folder / "codebook.yml"
    book.write_text(book.read_text().replace("Nobody listens to the smaller party.", "Nobody listens."))
    output = agree()
    assert "voice: 48 of 48 decisions were made under an earlier meaning of the code." in output
    assert "No bounds for voice (coders): nobody differs, so drawing the documents again says nothing." in output


def test_disagreements_are_listed(agree, study, keys):
    suggest(study, {(keys[3], "voice")})
    say(study, "anna", keys[:4], [True, True, False, False])
    say(study, "ben", keys[:4], [True, False, False, False])
    with study.store.database.writing() as connection:
        settled = Decision("carl", keys[1], "voice", True, study.codebook.version, why="adjudication")
        ledger.record(connection, [settled])
    assert agree("--differ", "Voice", "--most", "2") == (
        "voice: coders differ in 1 passage; in 2 more the machine alone differs from them.\n"
        "\n"
        "“Then they said that.”\n"
        "    more00.md:22-42 [yes: anna; no: ben; machine: no; settled: yes]\n"
        "\n"
        "“First they said this.”\n"
        "    more00.md:0-21 [yes: anna, ben; machine: no]\n"
        "\n"
        "1 more: --most 0 prints all.\n"
    )
    assert agree("--differ", "money") == "money: nobody differs on it in what was compared.\n"


def test_a_wrong_name_is_one_sentence(agree, study, keys):
    say(study, "anna", keys[:1], [True])
    wanted = "Error: there are no decisions of 'tom': there are those of anna\n"
    assert agree("--coder", "tom", "--coder", "anna", code=1) == wanted


def test_the_export_has_every_number_and_why_there_is_none(study, keys, tmp_path):
    suggest(study, {(keys[0], "voice")})
    say(study, "anna", keys, [True, False] * 12)
    say(study, "ben", keys, [True, False] * 9 + [False, True] * 3)
    with study.store.database.reading() as connection:
        found = compare(study, connection)
        written = agreement(study, connection)
        rows = list(written.rows)
    assert all(row.keys() == written.columns.keys() for row in rows)
    assert [(row["code"], row["between"], row["measure"]) for row in rows] == [
        (code, between, measure)
        for between in ("people", "machine")
        for code, measure in [*(("voice", m) for m in MEASURES), (None, "alpha_mean"), (None, "alpha_sets")]
    ]
    people = next(line for line in found.lines if line.code == "voice").people
    low, high = people.alpha.interval
    place = {"code": "voice", "between": "people", "measure": "alpha", "blind": False, "why": None}
    numbers = {"value": people.alpha.value, "low": low, "high": high, "passages": 24, "documents": 12}
    assert rows[0] == {**place, **numbers, "differ": 6, "yes": 0.5}
    say(study, "ben", keys, [None] * 24)
    say(study, "ben", keys, [False] * 24)
    say(study, "anna", keys, [False] * 24)
    with study.store.database.reading() as connection:
        alpha, *_ = agreement(study, connection).rows
    assert (alpha["value"], alpha["low"], alpha["why"]) == (None, None, SAME)

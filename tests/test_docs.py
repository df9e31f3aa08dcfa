"""The documents tell the truth: every command and option is in the reference, and README's commands exist."""

import re
from pathlib import Path

import click

import cli

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "commands.md"
HEAD = """# Commands

What `themis COMMAND --help` prints, for every command. Made by `python -m tests.test_docs`; a test compares it.
"""


def commands(group: click.Group = cli.main, above: str = "themis"):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


def reference() -> str:
    parts = [HEAD]
    for name, command in commands():
        settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": 100}
        context = click.Context(command, info_name=name, **settings)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def test_the_reference_is_what_the_program_prints():
    assert REFERENCE.read_text(encoding="utf-8") == reference()


def test_every_command_and_option_says_what_it_is_for():
    for name, command in commands():
        assert command.help, name
        silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
        assert silent == [], name


def test_commands_in_the_documents_exist():
    known = {name for name, _ in commands()}
    for path in (ROOT / "README.md", ROOT / "examples" / "README.md", *(ROOT / "docs").glob("*.md")):
        for found in re.findall(
            r"^(?:\$ |    )?themis ([a-z]+(?: (?:check|diff))?)", path.read_text("utf-8"), re.MULTILINE
        ):
            assert any(f"themis {found}".startswith(name) for name in known), (path.name, found)


def test_paths_in_the_readme_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, transcripts):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (transcripts / "attributes.csv").write_text("file,Size\ninterview.txt,small\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(block, found)
    assert {count.group for count in found["counts"](found["study"], by="Size")} == {"(none)", "small", "large"}


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")

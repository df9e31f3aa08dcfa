"""The shell: words in, one call, words out."""

import io
import sys
from typing import Any

import click

from coding import telling
from coding.shell import codebook, numbers, people, study
from corpus.errors import EvidenceError


class Commands(click.Group):
    """Every error that a user can put right is one line and exit 1; a bug keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EvidenceError as error:
            raise click.ClickException(telling.harmless(str(error))) from error
        except KeyboardInterrupt:
            click.echo("\nStopped. What was done is kept: the same command goes on from there.", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="themis-coding", prog_name="themis")
def main() -> None:
    """Code interview transcripts and evidence against a codebook, with people in charge.

    A first run: themis init STUDY; cd STUDY; themis add FILES; themis code; themis counts
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows a question mark instead
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


for _command in (
    *(study.init, study.add, study.names, study.code, study.learn),
    *(people.review, people.reviewers, people.audit, people.double, people.agree, people.doubts, people.accept),
    *(numbers.search, numbers.repeated, numbers.quotes, numbers.why, numbers.counts, numbers.plan, numbers.export),
    *(study.import_, study.merge, study.remove),
    *(codebook.codebook, codebook.discover),
    *(study.settings, study.documents, study.demo),
):
    main.add_command(_command)


if __name__ == "__main__":
    main()

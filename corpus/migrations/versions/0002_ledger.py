"""Codebook versions, people's decisions, the machine's runs and suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = {  # by dialect; an insert that replaces a row is a deletion that fires no trigger for deletions
    "sqlite": [
        f"""create trigger decisions_no_{event} before {event} on decisions {when}
        begin select raise(abort, 'decisions are never changed: add another one'); end"""
        for event, when in [
            ("update", ""),
            ("delete", ""),
            ("insert", "when exists (select 1 from decisions where id = new.id)"),
        ]
    ],
}


def upgrade() -> None:
    op.create_table(
        "codebooks",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("added", sa.String(32), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("coder", sa.Text, nullable=False),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("value", sa.Boolean),  # null: the decision is taken back
        sa.Column("quote_start", sa.Integer),
        sa.Column("quote_end", sa.Integer),
        sa.Column("codebook", sa.String(64), sa.ForeignKey("codebooks.version"), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("draw", sa.Integer),
        sa.Column("probability", sa.Float),
        sa.Column("suggestions_visible", sa.Boolean, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("time", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "why in ('audit', 'certain', 'uncertain', 'diverse', 'double', 'adjudication', 'manual', 'import')",
            name="decisions_why",
        ),
    )
    for trigger in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(trigger)
    op.create_index("decisions_current", "decisions", ["coder", "passage", "code", "id"])
    op.create_index("decisions_passage", "decisions", ["passage"])
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("encoder", sa.Text, nullable=False),
        sa.Column("codebook", sa.String(64), sa.ForeignKey("codebooks.version"), nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("code_version", sa.String(32), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("codes", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("finished", sa.String(32)),
    )
    op.create_table(
        "suggestions",
        sa.Column("run", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("suggested", sa.Boolean, nullable=False),
        sa.Column("sentence", sa.Integer, nullable=False),
        sa.Column("because", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )

"""A third kind of draw: passages that a coder has read before, to be read again, blind."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make `draws` anew, as SQLite changes no check; what points at its rows is checked when all is done."""
    op.execute("pragma defer_foreign_keys = on")
    op.execute("create temporary table drawn_before as select * from draws")
    op.drop_table("draws")
    op.create_table(
        "draws",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(36), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("coders", sa.Text, nullable=False),
        sa.Column("every", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("codebook", sa.String(64), sa.ForeignKey("codebooks.version"), nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False, server_default="passage"),
        sa.Column("units", sa.Integer),
        sa.Column("of_units", sa.Integer),
        sa.Column("code", sa.String(64)),
        sa.CheckConstraint("kind in ('audit', 'double', 'reread')", name="draws_kind"),
    )
    op.execute("insert into draws select * from drawn_before")
    op.drop_table("drawn_before")
    said = "begin select raise(abort, 'draws are never changed: add another one'); end"
    there = "when exists (select 1 from draws where id = new.id or key = new.key)"
    for event, when in (("update", ""), ("delete", ""), ("insert", there)):
        op.execute(f"create trigger draws_no_{event} before {event} on draws {when} {said}")

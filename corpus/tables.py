"""The tables of the corpus room: files, documents, turns, passages, and what was set aside."""

from corpus.database import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    metadata,
)

SETTINGS = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
SOURCES = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("added", String(32), nullable=False),
)
DOCUMENTS = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Integer, ForeignKey("sources.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("notes", Text, nullable=False),
    Column("live", Boolean, nullable=False),
)
ATTRIBUTES = Table(
    "attributes",
    metadata,
    Column("document", Integer, ForeignKey("documents.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
TURNS = Table(
    "turns",
    metadata,
    Column("document", Integer, ForeignKey("documents.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("speaker", Text),
    Column("role", String(16)),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("time", Float),
    Column("question", Text),
)
PASSAGES = Table(
    "passages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", Integer, ForeignKey("documents.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("sentences", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    UniqueConstraint("document", "start", "end"),
)
LEFT_OUT = Table(
    "set_aside",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
LIVE = and_(
    PASSAGES.c.live, DOCUMENTS.c.live
)  # what is counted: a passage of today's splitting, in a document not retired

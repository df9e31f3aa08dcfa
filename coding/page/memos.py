"""Memos on documents, codes and the study: kept here, shown by the views that they belong to."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from coding import remarks
from coding.memos import LONGEST
from coding.page.session import Anyone, Said

router = APIRouter()

Act = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Document = Annotated[int, Field(ge=1, le=2**53)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class Remark(Said):
    """A memo on a document, on a code or, with neither, on the study; replaces: the act of the one it takes over."""

    act: Act
    text: str = Field(max_length=LONGEST)
    document: Document | None = None
    code: Code | None = None
    replaces: Act | None = None


@router.get("/api/memos")
def about(visit: Anyone, document: Document | None = None, code: Code | None = None) -> list[dict[str, Any]]:
    """The memos that stand there, as this visitor may read them."""
    return [asdict(memo) for memo in remarks.read(visit.study, visit.coder, document, code)]


@router.post("/api/memos")
def keep(visit: Anyone, said: Remark) -> list[dict[str, Any]]:
    """Keep one, and tell all that stand there."""
    remarks.write(
        visit.study,
        visit.coder,
        said.text,
        document=said.document,
        code=said.code,
        act=said.act,
        replaces=said.replaces,
    )
    return [asdict(memo) for memo in remarks.read(visit.study, visit.coder, said.document, said.code)]

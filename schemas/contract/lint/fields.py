"""What the fields (领域) must hold to; they are no tables, so they are looked at on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.contract import Field, code_list, departments, fields, shown


def broken_fields() -> Iterator[str]:
    """Every sentence that a field breaks, as `file: key: why`."""
    claimed: dict[tuple[str, str], str] = {}
    for name, field in fields().items():
        for broken in (*_words(name, field), *_codes(field), *_claimed(name, field, claimed)):
            yield f"{shown(field.file)}: {name}.{broken}"


def _words(name: str, field: Field) -> Iterator[str]:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        yield "(name): is not snake_case"
    if not re.search("[\u4e00-\u9fff]", field.title):
        yield "title: is not Chinese"


def _codes(field: Field) -> Iterator[str]:
    """Departments and codes are there."""
    yield from (
        f"departments: {code} is not in departments.yaml" for code in field.departments if code not in departments()
    )
    for key, codes, listed in (
        ("national", field.national, "supervision_department"),
        ("problems", field.problems, "problem_class"),
    ):
        known = {code.code for code in code_list(listed)}
        yield from (f"{key}: {code} is not a code of {listed}" for code in codes if code not in known)
    for begins in field.industries:
        if not any(code.code.startswith(begins) for code in code_list("industry")):
            yield f"industries: no code of industry begins with {begins}"


def _claimed(name: str, field: Field, claimed: dict[tuple[str, str], str]) -> Iterator[str]:
    """An act belongs to one field: what two claim, the second would never see."""
    for key in ("departments", "national", "problems"):
        for code in getattr(field, key):
            owner = claimed.setdefault((key, code), name)
            if owner != name:
                yield f"{key}: {code} belongs to {owner} already, which gets its acts"

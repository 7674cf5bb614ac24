"""`fields.yaml` flows in; the nine fields (领域), and what makes an act or an object belong to each, flow out."""

from __future__ import annotations

from functools import cache

from pydantic import Field as Key
from pydantic import ValidationError

from schemas.contract.model import Strict
from schemas.contract.read import read_yaml, refusal, roots


class Field(Strict):
    """One field: who works in it, and what belongs to it (see the head of `fields.yaml`)."""

    title: str
    departments: tuple[str, ...] = Key(min_length=1)
    national: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    licence_kinds: tuple[str, ...] = ()
    all_objects: bool = False


@cache
def fields() -> dict[str, Field]:
    """The fields by name, in the file's order; a further schemas folder may add some, or replace one."""
    read: dict[str, Field] = {}
    for path in (root / "fields.yaml" for root in roots()):
        if path.exists():
            try:
                read |= {name: Field.model_validate(entry) for name, entry in read_yaml(path).items()}
            except ValidationError as error:
                raise refusal(path, error) from None
    return read

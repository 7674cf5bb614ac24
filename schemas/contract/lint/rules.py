"""Rules register here; each is a function whose docstring is the sentence that it holds contracts to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TypeVar

from schemas.contract import Contract

Rule = Callable[[Contract], Iterator[str]]
Kind = TypeVar("Kind", bound=Contract)
RULES: list[Rule] = []


def rule(kind: type[Kind]) -> Callable[[Callable[[Kind], Iterator[str]]], Rule]:
    """Registers a rule for contracts of one kind."""

    def register(check: Callable[[Kind], Iterator[str]]) -> Rule:
        @wraps(check)
        def checked(contract: Contract) -> Iterator[str]:
            return check(contract) if isinstance(contract, kind) else iter(())

        RULES.append(checked)
        return checked

    return register

"""What a person calls a contract flows in: its name, title or folder; the contract flows out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from schemas.contract.model import Contract, ContractError, FeedContract
from schemas.contract.registry import contracts, feed_of, feeds

C = TypeVar("C", bound=Contract)


def named(words: str) -> Contract:
    """A contract by its name, scjg_enterprise, title, 市场主体登记信息, or folder, enterprise or scjg/enterprise.

    Raises ContractError for what none is called, or several are.
    """
    return _called(words, contracts(), "contract")


def feed_named(words: str) -> FeedContract:
    """The same of a feed."""
    return _called(words, feeds(), "feed")


def _called(words: str, known: Mapping[str, C], kind: str) -> C:
    if words in known:
        return known[words]
    department, _, folder = words.strip("/").rpartition("/")
    own = feed_of(department, folder) if department else None
    if own and own.name in known:
        return known[own.name]
    found = [contract for contract in known.values() if words in _names(contract)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ContractError(f"{words}: {', '.join(contract.name for contract in found)} are called so; write one name")
    names = {name: contract.name for contract in known.values() for name in (contract.name, *_names(contract))}
    likely = dict.fromkeys(names[name] for name in get_close_matches(words, names, 3, 0.6))
    asked = f"did you mean {' or '.join(likely)}?" if likely else f"there are {', '.join(known)}"
    raise ContractError(f"{words}: no such {kind}; {asked}")


def _names(contract: Contract) -> tuple[str, ...]:
    """What it may be called beside its name."""
    if isinstance(contract, FeedContract):
        return contract.title, contract.folder
    return contract.title, contract.table

"""`python -m schemas show <contract>` and `python -m schemas lint`."""

from __future__ import annotations

import sys
from collections.abc import Sized

from schemas.contract import ContractError, contracts, fields, indicators
from schemas.contract.lint import lint
from schemas.contract.risk import risk_models
from schemas.contract.show import describe
from schemas.folders import misnamed

USAGE = "usage: python -m schemas show <contract> | python -m schemas lint"


def main(words: list[str]) -> int:
    """Exit code 0, 1 when lint finds something, 2 for wrong use."""
    if wrong := misnamed():
        print("\n".join(wrong), file=sys.stderr)
        return 2
    match words:
        case ["lint"]:
            found = lint()
            print("\n".join(found or [f"{_looked_at()}, nothing wrong"]))
            return 1 if found else 0
        case ["show", name]:
            try:
                print("\n".join(describe(name)))
            except ContractError as error:
                print(error, file=sys.stderr)
                return 2
            return 0
    print(USAGE, file=sys.stderr)
    return 2


def _looked_at() -> str:
    """How many of each kind of declaration the lint has read."""
    read: dict[str, Sized] = {
        "contracts": contracts(),
        "fields": fields(),
        "indicators": indicators(),
        "risk models": risk_models(),
    }
    return ", ".join(f"{len(declared)} {kind}" for kind, declared in read.items())


sys.exit(main(sys.argv[1:]))

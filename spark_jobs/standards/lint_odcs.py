"""ODCS documents flow in, what datacontract-cli says of each flows out. It runs in .venv-tools, without ours."""

import logging
import sys
from pathlib import Path

from datacontract.data_contract import DataContract


def main(folder: Path) -> int:
    """The number of documents that are none."""
    logging.disable(logging.CRITICAL)
    wrong = 0
    files = sorted(folder.glob("*.yaml"))
    for file in files:
        run = DataContract(data_contract_file=str(file), inline_references=False, all_errors=True).lint()
        if not run.has_passed():
            wrong += 1
            print(file.name, *(check.reason for check in run.checks if check.result != "passed"), sep="\n  ")
    print(f"{len(files)} ODCS documents, {wrong or 'nothing'} wrong")
    return min(wrong, 1) if files else 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

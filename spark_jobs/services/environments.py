"""Where the project and its two environments lie."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.prefix) / "bin"
BI_BIN = PROJECT / ".venv-bi" / "bin"

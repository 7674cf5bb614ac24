"""A risk model flows in; the text of its file flows out, always the same for the same model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from schemas.contract.risk import RiskModel

WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Lists are indented under their key, as everywhere in schemas/."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never without an indent."""
        return super().increase_indent(flow, False)


def _number(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
    text = f"{value.normalize():f}"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = dumper.represent_str(value)
    if not isinstance(yaml.safe_load(value or "''"), str):
        plain.style = '"'
    return plain


_Dumper.add_representer(Decimal, _number)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(date, lambda dumper, day: dumper.represent_scalar("tag:yaml.org,2002:timestamp", str(day)))
_Dumper.add_representer(tuple, lambda dumper, values: dumper.represent_list(list(values)))


def text_of(model: RiskModel) -> str:
    """The file's text, after the comment with which the model's present file begins."""
    told = model.model_dump(exclude={"file"}, exclude_defaults=True)
    told = {"title": told.pop("title"), "doc": told.pop("doc"), **told}
    late = {key: told.pop(key) for key in ("indicators", "grades", "calibration", "trained", "metrics") if key in told}
    told |= {key: late[key] for key in ("grades", "indicators", "calibration", "trained", "metrics") if key in late}
    for indicator in told["indicators"]:
        indicator["measure"] = {"kind": indicator["measure"].pop("kind"), **indicator["measure"]}
    told["approved"] = told.pop("approved", None)
    kept = {key: value for key, value in told.items() if value is not None}
    dumped = yaml.dump(
        _plain(kept), Dumper=_Dumper, default_flow_style=None, allow_unicode=True, sort_keys=False, width=WIDTH
    )
    return comment_of(model.file) + dumped


def _plain(value: Any) -> Any:
    """Mappings without keys that pydantic counts as numbers only."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def comment_of(path: Path) -> str:
    """The comment with which a file begins."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:end])

"""Pages and the YAML files beside them flow in; what Superset imports, filled in for one home, flows out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

from dashboards.render.datasets import with_columns
from dashboards.render.metrics import dataset_assets
from dashboards.render.pages import page_assets
from schemas.contract import ContractError

DASHBOARDS = Path(__file__).parent.parent
KINDS = ("databases", "datasets", "charts", "dashboards")
METADATA = {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}


def written(root: Path = DASHBOARDS) -> dict[str, dict[str, Any]]:
    """Databases, datasets, and charts and dashboards as Superset exports them, by path: `datasets/risk_score.yaml`."""
    files = [file for kind in KINDS if kind != "datasets" for file in sorted((root / kind).glob("*.yaml"))]
    exported = {str(file.relative_to(root)): yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}
    return {**exported, **dataset_assets(root)}


def load(root: Path = DASHBOARDS) -> dict[str, dict[str, Any]]:
    """Every asset by path, those of pages as `charts/<page>.<chart>.yaml`; raises ContractError for a wrong page."""
    pages, faults = page_assets(root)
    if faults:
        raise ContractError("\n".join(faults))
    return {**written(root), **pages}


def rendered(serving_file: Path, root: Path = DASHBOARDS) -> dict[str, str]:
    """The assets as text in Superset's import format."""
    assets = {"metadata.yaml": METADATA, **load(root)}
    return {path: _text(_filled(path, asset, serving_file)) for path, asset in assets.items()}


def fingerprint(contents: dict[str, str]) -> str:
    """Changes when anything changes that an import would bring."""
    digest = hashlib.sha256()
    for path in sorted(contents):
        digest.update(f"{path}\n{contents[path]}\n".encode())
    return digest.hexdigest()


def _filled(path: str, asset: dict[str, Any], serving_file: Path) -> dict[str, Any]:
    if path.startswith("databases/"):
        return {**asset, "sqlalchemy_uri": asset["sqlalchemy_uri"].replace("${serving_file}", str(serving_file))}
    if path.startswith("datasets/"):
        return with_columns(asset)
    return asset


def _text(asset: dict[str, Any]) -> str:
    return yaml.safe_dump(asset, allow_unicode=True, sort_keys=False)

"""A contract flows in; the same as an Open Data Contract Standard 3.2 document flows out, for tools of others.

https://bitol-io.github.io/open-data-contract-standard: our code lists are its `enum`, our headings its `synonyms`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from schemas.contract import Column, Contract, FeedContract, code_list, contracts, departments, fed_tables
from schemas.contract.model import Bound, Expect

Json = dict[str, Any]
API = "v3.2.0"
LOGICAL = {"string": "string", "date": "date", "timestamp": "timestamp", "integer": "integer", "boolean": "boolean"}
# A longer list is named, not repeated: every division of the country in every feed would be no contract to read.
LONGEST_ENUM = 200
FREQUENCY = {
    "daily": (1, "d"),
    "weekly": (7, "d"),
    "monthly": (1, "m"),
    "quarterly": (3, "m"),
    "yearly": (1, "y"),
}


def write_all(folder: Path) -> int:
    """Writes every contract's document into a folder; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for contract in contracts().values():
        text = yaml.safe_dump(odcs(contract), allow_unicode=True, sort_keys=False)
        (folder / f"{contract.name}.yaml").write_text(text, "utf-8")
    return len(contracts())


def odcs(contract: Contract) -> Json:
    """The document; its version follows from what the contract says."""
    schema = {
        "name": contract.name,
        "physicalName": contract.name,
        "logicalType": "object",
        "physicalType": "table",
        "businessName": contract.title,
        "description": contract.doc,
        "properties": [_property(column, contract) for column in contract.columns],
        **_some("quality", _quality(contract)),
    }
    told = {"schema": [schema], **_promise(contract)}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return {
        "apiVersion": API,
        "kind": "DataContract",
        "id": f"lakewarden.{contract.name}",
        "name": contract.title,
        "version": f"1.0.0+{digest[:12]}",
        "status": "active",
        "description": {"purpose": contract.doc},
        **told,
    }


def _property(column: Column, contract: Contract) -> Json:
    codes = code_list(column.codes) if column.codes else ()
    is_key = column.name in contract.key
    return {
        "name": column.name,
        "businessName": column.label or column.name,
        "logicalType": _logical(column),
        "physicalType": column.spark_type,
        **_some("description", column.doc),
        **({"required": True} if column.required or is_key else {}),
        **({"primaryKey": True, "primaryKeyPosition": contract.key.index(column.name) + 1} if is_key else {}),
        **_some("classification", column.sensitivity),
        **_some("logicalTypeOptions", _options(column)),
        **_some("synonyms", [{"synonym": heading.heading, "locale": "zh-CN"} for heading in column.headings]),
        **_some("enum", [_code(code.code, code.label) for code in codes] if len(codes) <= LONGEST_ENUM else []),
        **_some("items", {"name": "item", "logicalType": "string"} if column.type == "list" else {}),
        **_some("quality", _filled(column, contract)),
        **_some("customProperties", _custom(column)),
    }


def _code(code: str, label: str) -> Json:
    return {"value": code, "description": label}


def _logical(column: Column) -> str:
    kind = str(column.type)
    if kind.startswith(("decimal", "double")):
        return "number"
    if kind == "list" or kind.startswith("array"):
        return "array"
    return LOGICAL.get(kind, "object")


def _options(column: Column) -> Json:
    """Bounds of a value; a list's are its items'."""
    if column.type == "string":
        return {**_some("maxLength", column.max_length), **_some("pattern", column.pattern)}
    if column.type == "integer" or str(column.type).startswith(("decimal", "double")):
        return {**_some("minimum", column.min), **_some("maximum", column.max)}
    return {}


def _custom(column: Column) -> list[Json]:
    """What the standard has no key for."""
    said = {
        "codes": column.codes,
        "check": column.check,
        "notBefore": column.not_before,
        "notFuture": column.not_future or None,
        "refers": column.refers and _whole(column.refers),
    }
    return [{"property": name, "value": value} for name, value in said.items() if value]


def _whole(refers: str) -> str:
    """The column with its table and layer."""
    table, _, column = refers.partition(".")
    return f"{fed_tables()[table].name}.{column}"


def _quality(contract: Contract) -> list[Json]:
    """Of a feed: what each delivery as a whole is held to."""
    if not isinstance(contract, FeedContract):
        return []
    expect: Expect = contract.expect
    return [
        {"type": "library", "metric": "rowCount", **_bound(expect.rows)},
        {
            "type": "library",
            "metric": "duplicateValues",
            "unit": "rows",
            **_keys(contract),
            **_bound(expect.duplicate_keys),
        },
    ]


def _keys(contract: Contract) -> Json:
    return {"arguments": {"properties": list(contract.key)}}


def _bound(bound: Bound) -> Json:
    severity = {"severity": "error" if bound.on == "fail" else "warning"}
    if bound.min is not None and bound.max is not None:
        return {**severity, "mustBeBetween": [bound.min, bound.max]}
    if bound.min is not None:
        return {**severity, "mustBeGreaterOrEqualTo": bound.min}
    return {**severity, "mustBeLessOrEqualTo": bound.max}


def _filled(column: Column, contract: Contract) -> list[Json]:
    share = contract.expect.filled.get(column.name) if isinstance(contract, FeedContract) else None
    if share is None:
        return []
    most = round(100 * (1 - share), 6)
    return [{"type": "library", "metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": most}]


def _promise(contract: Contract) -> Json:
    """Of a feed: how often it comes, in which forms, and from whom."""
    if not isinstance(contract, FeedContract):
        return {"customProperties": [{"property": "layer", "value": contract.layer}]}
    sla = FREQUENCY.get(contract.delivery.cadence)
    owner = departments().get(contract.department) if contract.department else None
    return {
        "customProperties": [
            {"property": "layer", "value": "silver"},
            {"property": "mode", "value": contract.delivery.mode},
            {"property": "formats", "value": ", ".join(contract.delivery.formats)},
            {"property": "deliveredBy", "value": contract.department or ", ".join(contract.by) or "every department"},
            {
                "property": "flowsInto",
                "value": ", ".join(fed_tables()[table].name for table in contract.into) or "silver alone",
            },
        ],
        **_some("slaProperties", [{"property": "frequency", "value": sla[0], "unit": sla[1]}] if sla else []),
        **_some("team", {"name": owner.title} if owner else {}),
    }


def _some(key: str, value: Any) -> Json:
    """The key, unless there is nothing to say."""
    return {} if value is None or value in ("", [], {}, ()) else {key: value}

"""Contracts flow in; the data dictionary (数据字典) flows out: pages that open from a folder, without a network.

Every table, column, code list, rule and figure has its place, each name in Chinese and English; beside the pages lie
the contracts as ODCS, the code lists as CSV and all columns in one CSV.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.rule import rules
from schemas.contract import (
    Code,
    Column,
    Contract,
    FeedContract,
    TableContract,
    code_list,
    code_lists,
    contracts,
    departments,
    fed_tables,
    indicators,
    measures,
)
from schemas.contract.feeding import feeds_into
from schemas.contract.indicators import used_measures
from spark_jobs.building.lineage import Lineage
from spark_jobs.lake.home import Home, today
from spark_jobs.standards.odcs import write_all

TEMPLATES = Path(__file__).parent / "pages"
LAYERS = {
    "feed": "数据集（部门报送）",
    "base": "基础库",
    "themes": "主题库",
    "gold": "应用库",
    "ops": "运行库",
}
MODE = {"full": "全量：每份是完整清单", "change": "增量：每份是新增、变更或删除"}
SENSITIVITY = {"public": "公开", "internal": "内部", "personal": "个人信息"}
Lines = dict[str, list[str]]


@dataclass(frozen=True)
class Link:
    """What a page leads to."""

    name: str
    title: str

    @property
    def href(self) -> str:
        """The page, from another page of a table."""
        return f"{self.name}.html"


def write_site(home: Home) -> Path:
    """Writes the dictionary below docs/dictionary; returns its first page."""
    folder = home.docs / "dictionary"
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    for name in ("table", "codes"):
        (draft / name).mkdir(parents=True)
    write_all(draft / "odcs")
    pages = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    pages.globals |= {
        "layers": LAYERS,
        "cadence": {code.code: code.label for code in code_list("cadence")},
        "mode": MODE,
        "sensitivity": SENSITIVITY,
        "whole": {table: contract.name for table, contract in fed_tables().items()},
    }
    described = [contract for contract in contracts().values() if contract.layer in LAYERS]
    for path, text in _files(pages, described, _reads(home)):
        (draft / path).write_text(text, "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)
    return folder / "index.html"


def _files(pages: Environment, described: list[Contract], reads: Lines) -> Iterator[tuple[str, str]]:
    def page(template: str, up: str = "", **told: Any) -> str:
        return pages.get_template(f"{template}.j2").render(up=up, **told)

    lists = {name: code_list(name) for name in code_lists()}
    by_layer = {
        title: [contract for contract in described if contract.layer == layer] for layer, title in LAYERS.items()
    }
    yield "index.html", page("index", by_layer=by_layer, search=_search(described, lists))
    for contract in described:
        told = {
            "contract": contract,
            "comes_from": _links(reads.get(contract.name, [])),
            "goes_to": _links(_targets(contract, reads)),
            "rules": [rule for rule in rules().values() if contract.name in {f"base.{table}" for table in rule.tables}],
            "figures": _figures(contract),
            "owner": _owner(contract),
        }
        yield f"table/{contract.name}.html", page("table", "../", **told)
    yield "columns.html", page("columns", columns=_columns(described))
    yield "columns.csv", _columns_csv(described)
    yield "codes.html", page("codes", lists=lists)
    for name, codes in lists.items():
        yield f"codes/{name}.html", page("code_list", "../", name=name, codes=codes)
        yield f"codes/{name}.csv", _codes_csv(codes)
    families = {code.code: code.label for code in code_list("check_family")}
    yield "rules.html", page("rules", rules=rules().values(), families=families)
    yield "figures.html", page("figures", measures=measures(), indicators=indicators().values())


def _reads(home: Home) -> Lines:
    """What each table of base, themes and gold reads, by its model."""
    reads: Lines = {}
    for contract in contracts().values():
        if isinstance(contract, TableContract) and contract.is_fed:
            reads[contract.name] = [feed.name for feed in feeds_into(contract.table, contracts())]
    for layer in ("themes", "gold"):
        lineage = Lineage(home, layer, today())
        for table in lineage.all_tables():
            reads[f"{layer}.{table}"] = sorted(lineage.inputs({table}))
    return reads


def _targets(contract: Contract, reads: Lines) -> list[str]:
    return sorted(name for name, read in reads.items() if contract.name in read)


def _links(names: list[str]) -> list[Link]:
    return [Link(name, contracts()[name].title) for name in names if name in contracts()]


def _owner(contract: Contract) -> str:
    """Who delivers a feed, in Chinese; of other tables nobody."""
    if not isinstance(contract, FeedContract):
        return ""
    who = (contract.department,) if contract.department else contract.by
    return "、".join(departments()[name].label for name in who) or "各部门"


def _figures(contract: Contract) -> list[tuple[str, str]]:
    """The measures and indicators that count a table's rows: name and label."""
    own = {name: measure for name, (table, measure) in measures().items() if table.name == contract.name}
    counting = [one for one in indicators().values() if {*used_measures(one)} & {*own}]
    return [(name, measure.label) for name, measure in own.items()] + [(one.name, one.label) for one in counting]


def _columns(described: list[Contract]) -> list[tuple[str, list[tuple[Contract, Column]]]]:
    """Every column by name, with each table that has it: one name has one meaning."""
    by_name: dict[str, list[tuple[Contract, Column]]] = {}
    for contract in described:
        for column in contract.columns:
            by_name.setdefault(column.name, []).append((contract, column))
    return sorted(by_name.items())


def _columns_csv(described: list[Contract]) -> str:
    rows = [
        (contract.name, contract.title, column.name, column.label or "", column.spark_type, column.codes or "",
         SENSITIVITY.get(column.sensitivity or "", ""), column.doc or "")
        for contract in described
        for column in contract.columns
    ]  # fmt: skip
    return _csv(("表", "表名", "列", "列名", "类型", "代码表", "敏感级别", "说明"), rows)


def _codes_csv(codes: tuple[Code, ...]) -> str:
    rows = [
        (code.code, code.label, "|".join(code.aliases), code.valid_from or "", code.valid_to or "") for code in codes
    ]
    return _csv(("代码", "名称", "别名", "启用", "停用"), rows)


def _csv(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """With the mark that Excel needs to read Chinese."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([headings, *rows])
    return "\ufeff" + text.getvalue()


def _search(described: list[Contract], lists: dict[str, tuple[Code, ...]]) -> str:
    """What the search box looks through: what is shown, what is looked at, where it leads."""
    found = [[f"{one.title} {one.name}", f"{one.title} {one.name}", f"table/{one.name}.html"] for one in described]
    for contract in described:
        for column in contract.columns:
            headings = " ".join(heading.heading for heading in column.headings)
            said = f"{column.label or ''} {column.name}"
            where = f"table/{contract.name}.html#{column.name}"
            found.append([f"{said}（{contract.title}）", f"{said} {headings}", where])
    found += [[f"代码表 {name}", name, f"codes/{name}.html"] for name in lists]
    found += [
        [f"规则 {rule.label}", f"{rule.label} {rule.name}", f"rules.html#{name}"] for name, rule in rules().items()
    ]
    found += [
        [f"指标 {one.label}", f"{one.label} {name}", f"figures.html#{name}"] for name, one in indicators().items()
    ]
    return json.dumps(found, ensure_ascii=False).replace("</", "<\\/")

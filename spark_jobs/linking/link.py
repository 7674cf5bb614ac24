"""Base tables flow in; their rows without a code are linked to objects by name, as far as that is sure.

What a name in a place means (a mention) is decided once. A delivered code is never touched; a person's decision
(base.link_decision) outweighs everything; a silent link, once made, stands in `ops.link`, so that a firm that comes
later re-links nothing; whatever else is open is tried again and has candidates in `ops.link_candidate`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import TableContract, table_of, tables
from schemas.contract.views import OBJECT, OBJECT_KEY
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import append, exists, overwrite, read, version

Row = dict[str, Any]
# How a row was linked: of its mention the object and the step, or neither.
Link = tuple[str | None, str | None]
NONE: Link = (None, None)
DECISIONS = "link_decision"
PERSON, ACCEPT = "person", "accept"


def linking() -> list[TableContract]:
    """The base tables whose rows may name an object without its code."""
    return [table for table in tables("base").values() if any(column.links for column in table.columns)]


def mention_of(name: str, place: str | None) -> str:
    """The identity of what is called so in such a prefecture."""
    return hashlib.sha256(f"{name}|{place or ''}".encode()).hexdigest()[:16].upper()


def link(home: Home) -> int:
    """Links what can be linked and offers candidates for the rest; returns how many rows of base it has changed."""
    asking = [table for table in linking() if exists(home.table("base", table.table))]
    mark = _mark(home, asking)
    if not asking or mark.is_current():
        return 0
    from spark_jobs.linking.names import is_withheld, normalised

    uncoded = {table.table: _uncoded(home, table) for table in asking}
    names = sorted({row["name"] for rows in uncoded.values() for row in rows if row["name"]})
    spellings = normalised(pa.array(names, pa.string()))
    readable = pc.if_else(is_withheld(spellings), None, spellings)  # nobody is sought who is not to be known
    spelled = dict(zip(names, readable.to_pylist(), strict=True))
    mentions: dict[str, tuple[str, str | None]] = {}
    counts: Counter[str] = Counter()
    for row in (row for rows in uncoded.values() for row in rows if spelled.get(row["name"])):
        row["mention"] = mention_of(spelled[row["name"]], row["place"])
        mentions[row["mention"]] = (spelled[row["name"]], row["place"])
        counts[row["mention"]] += 1
    links = _links(home, mentions, counts)
    changed = sum(_write(home, table, uncoded[table.table], links) for table in asking)
    _mark(home, asking).keep()
    return changed


def _mark(home: Home, asking: list[TableContract]) -> Mark:
    names = [*(table.table for table in asking), OBJECT, DECISIONS]
    versions = {name: str(version(home.table("base", name))) for name in names}
    return Mark(home.state / "linked.json", {**versions, "declared": declared()})


def _uncoded(home: Home, table: TableContract) -> list[Row]:
    """The keys of rows without a delivered code, with name, place, and how they are linked so far."""
    how = next(column.links for column in table.columns if column.links)
    assert how
    names = list(dict.fromkeys([*table.key, OBJECT_KEY, "object_link", how.name, how.place]))
    rows = read(home.table("base", table.table), names).to_pylist()
    return [
        {"key": tuple(row[name] for name in table.key), "name": row[how.name], "place": row[how.place],
         "link": (row[OBJECT_KEY], row["object_link"])}
        for row in rows
        if row[OBJECT_KEY] is None or row["object_link"] is not None
    ]  # fmt: skip


def _links(home: Home, mentions: dict[str, tuple[str, str | None]], counts: Counter[str]) -> dict[str, Link]:
    """By mention: what a person decided, else what was linked before, else what links now."""
    decided = {
        row["mention"]: row for row in read(home.table("base", DECISIONS)).to_pylist() if not row["withdrawn_at"]
    }
    ledger = {row["mention"]: (row[OBJECT_KEY], row["step"]) for row in read(home.table("ops", "link")).to_pylist()}
    links: dict[str, Link] = {name: found for name, found in ledger.items() if name in mentions}
    open_ones = sorted(mentions.keys() - decided.keys() - ledger.keys())
    links |= _found(home, {name: mentions[name] for name in open_ones}, counts)
    for name, row in decided.items():
        accepted = row["link_verdict"] == ACCEPT and row[OBJECT_KEY]
        links[name] = (row[OBJECT_KEY], PERSON) if accepted else NONE
    return links


def _found(home: Home, mentions: dict[str, tuple[str, str | None]], counts: Counter[str]) -> dict[str, Link]:
    """What links by itself, kept for ever, and the candidates of the rest, written anew."""
    from spark_jobs.linking.cascade import answers

    objects = read(home.table("base", OBJECT), [OBJECT_KEY, "object_name", "city_code", "withdrawn_at"])
    objects = objects.filter(pc.is_null(objects["withdrawn_at"]))
    asked = {
        "mention": [*mentions],
        "name": [name for name, _ in mentions.values()],
        "place": pa.array([place for _, place in mentions.values()], pa.string()),
    }
    renamed = objects.select([OBJECT_KEY, "object_name", "city_code"]).rename_columns([OBJECT_KEY, "name", "place"])
    found = answers(pa.table(asked), renamed)
    moment = now()
    linked = [
        {"mention": row["mention"], **_named(mentions, row), OBJECT_KEY: row[OBJECT_KEY], "step": row["step"],
         "linked_at": moment}
        for row in found.links.to_pylist()
    ]  # fmt: skip
    if linked:
        append(home.table("ops", "link"), pa.Table.from_pylist(linked, schema=table_schema(table_of("ops.link"))))
    offered = [
        {"mention": row["mention"], **_named(mentions, row), "mentioned_rows": counts[row["mention"]],
         "rank": row["rank"], OBJECT_KEY: row[OBJECT_KEY], "candidate_name": row["object_name"],
         "likeness": float(row["score"]), "candidate_reasons": row["reasons"]}
        for row in found.candidates.to_pylist()
    ]  # fmt: skip
    rows = pa.Table.from_pylist(offered, schema=table_schema(table_of("ops.link_candidate")))
    if not rows.equals(read(home.table("ops", "link_candidate"))):
        overwrite(home.table("ops", "link_candidate"), rows)
    return {row["mention"]: (row[OBJECT_KEY], row["step"]) for row in linked}


def _named(mentions: dict[str, tuple[str, str | None]], row: Row) -> Row:
    name, place = mentions[row["mention"]]
    return {"mention_name": name, "mention_city": place}


def _write(home: Home, table: TableContract, uncoded: list[Row], links: dict[str, Link]) -> int:
    """Brings the rows of a table to their links; returns how many were otherwise."""
    wanted = [(row, links.get(row.get("mention", ""), NONE)) for row in uncoded]
    changed = [(row["key"], wanted_link) for row, wanted_link in wanted if wanted_link != row["link"]]
    if not changed:
        return 0
    schema = table_schema(table)
    columns = [*table.key, OBJECT_KEY, "object_link"]
    rows = [dict(zip(columns, (*key, *found), strict=True)) for key, found in changed]
    given = pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in columns]))
    _merge(home, table, given)
    return len(changed)


def _merge(home: Home, table: TableContract, given: pa.Table) -> None:
    """Writes the links into the rows with their keys.

    The engine does it, which wrote the table: of a column that can hold no null it promises so in the table's schema,
    which delta-rs would break, and Sail 0.7 would then not read the table again.
    """
    from spark_jobs.engine.session import connect

    spark = connect(home, needs={table.name})
    laid = home.table("work", "linked")
    overwrite(laid, given)
    spark.read.format("delta").load(str(laid)).createOrReplaceTempView("linked")
    same = " and ".join(f"known.{name} = linked.{name}" for name in table.key)
    found = ", ".join(f"{name} = linked.{name}" for name in given.column_names if name not in table.key)
    spark.sql(f"merge into {table.name} as known using linked on {same} when matched then update set {found}")
    shutil.rmtree(laid)

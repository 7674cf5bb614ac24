"""Accepted rows of new deliveries flow in; the base tables flow out, each merged with what it held before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.frozen import frozen_tables
from bench.peers.duckdb_deltalake import delta
from bench.peers.duckdb_deltalake.cells import half_width
from bench.peers.duckdb_deltalake.conform import Conformed
from bench.peers.files import CORES

# The newest statement by department and number.
FACTS = {"check_action": "check_action_code", "complaint": "complaint_no", "punish_action": "punish_action_code"}
PROBLEMS = pa.array(["02", "03", "04", "05"])
FULL = {
    "enforcement_officer": (
        "officer",
        "certificate_no",
        """officer_name, id_card, gender, organisation, officer_nature, certificate_expiry_date, enforcement_class,
        region_code, _department as department""",
    ),
    "supervision_item": (
        "supervision_item",
        "item_code",
        """item_name, sub_item_name, supervision_department, supervised_object_class, measure, legal_basis, item_level,
        item_class, item_status""",
    ),
}
REGISTERED = (
    "enterprise_type", "registration_state", "established_date", "capital_amount", "capital_currency", "industry_code",
    "address_registered", "business_scope", "legal_representative",
)  # fmt: skip
CLAIMED = ("object_name", "region_code", "address_operating", *REGISTERED, "flags")
# Rank, delivery and line of a statement are one number; the greatest wins.
AUTHORITY, OWN_REGISTER = 1 << 60, 2 << 60
FROM_ACTS = f"case when _department = 'scjg' then {AUTHORITY} else 0 end + _order"


def merge_base(con: duckdb.DuckDBPyConnection, base: Path, new: Conformed, codes: dict[str, pa.Table]) -> None:
    """Every base table, two at a time."""
    known = {"region": codes["region"], "file": new.files}
    known |= {f"{name}_said": table for name, table in new.accepted.items()}
    known |= {f"{name}_raw": table for name, table in new.raw.items()}
    work: list[Callable[[duckdb.DuckDBPyConnection, Path], None]] = [
        merge_objects,
        *(partial(_merge_facts, table=table, new=new, region=codes["region"]) for table in FACTS),
        *(partial(_merge_snapshots, table=table) for table in FULL),
    ]

    def run(merge: Callable[[duckdb.DuckDBPyConnection, Path], None]) -> None:
        own = con.cursor()
        for name, table in known.items():
            own.register(name, table)
        merge(own, base)

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(run, work))


def _merge_facts(con: duckdb.DuckDBPyConnection, base: Path, table: str, new: Conformed, region: pa.Table) -> None:
    """Inspections, penalties and complaints: Arrow moves the columns, DuckDB finds the keys."""
    key, said = FACTS[table], new.accepted[table]
    newest = con.execute(f"select max(_order) as _order from {table}_said group by _department, {key}").to_arrow_table()
    if len(newest) < len(said):
        said = said.filter(pc.is_in(said["_order"], value_set=newest["_order"]))
    objects = _object_of(said)
    derived = {
        "department": said["_department"],
        "object_id": objects,
        "city_code": _city(region, said["region_code"], objects),
        "withdrawn_at": pa.nulls(len(said), pa.timestamp("us", "UTC")),
    }
    if table == "check_action":
        derived["is_problem"] = pc.is_in(said["check_result"], value_set=PROBLEMS)
    names = [*frozen_tables()[f"base.{table}"].columns, "_order"]
    rows = pa.table({name: derived[name] if name in derived else said[name] for name in names})
    con.register("new", rows)
    touched = _touched(con, base / table, f"department, {key}")
    if touched:
        rest = con.execute(f"select * from read_parquet({touched}) anti join new using (department, {key})")
        rows = pa.concat_tables([rows, rest.to_arrow_table().select(rows.column_names).cast(rows.schema)])
    delta.write(con, rows, base / table, touched)


def _object_of(said: pa.Table) -> pa.ChunkedArray:
    """The organisation that an act was done to, or a complaint is about."""
    if "complained_uscc" in said.column_names:
        return said["complained_uscc"]
    return pc.if_else(pc.equal(said["administrative_cp_document"], "001"), said["administrative_cp_code"], None)


def _city(region: pa.Table, place: pa.ChunkedArray, objects: pa.ChunkedArray) -> pa.ChunkedArray:
    """Today's prefecture of the row's place, else of the division that issued the object's code."""
    origin = pc.utf8_slice_codeunits(objects, 2, 8)
    found = (pc.index_in(codes, value_set=region["code"]) for codes in (place, origin))
    return pc.coalesce(*(region["city_code"].take(places) for places in found))


def _touched(con: duckdb.DuckDBPyConnection, table: Path, keys: str) -> list[str]:
    """The table's files that hold rows of the keys of `new`; they are written anew, the others stay."""
    if not (known := delta.files(table)):
        return []
    there = f"select distinct filename from read_parquet({known}, filename = true) semi join new using ({keys})"
    return [name for (name,) in con.execute(there).fetchall()]


def merge_objects(con: duckdb.DuckDBPyConnection, base: Path) -> None:
    """Supervised objects, column by column: the registry's word, then its department's, then anyone's newest."""
    table = base / "supervised_object"
    known = delta.files(table)
    merged = ", ".join(
        f"arg_max({column}, {column}_order) as {column}, max({column}_order) as {column}_order" for column in CLAIMED
    )
    con.execute(f"""
        create temp table new as
        select merged.* exclude (region_code), coalesce(place.current_code, merged.region_code) as region_code,
            substr(object_id, 3, 6) as registration_region_code, origin.city_code as registration_city_code,
            coalesce(place.city_code, origin.city_code) as city_code, null::timestamptz as withdrawn_at
        from (
            select object_id, {merged}, list_sort(list_distinct(flatten(list(sources)))) as sources
            from ({_claims(known)}) group by object_id
        ) as merged
        left join region as place on place.code = region_code
        left join region as origin on origin.code = substr(object_id, 3, 6)""")
    touched = _touched(con, table, "object_id")
    rest = f"union all by name select * from read_parquet({touched}) anti join new using (object_id)" if touched else ""
    delta.write(con, f"select * from new {rest}", table, touched)


def _claims(known: list[str]) -> str:
    """What the registry, inspections and penalties say of objects, and what was known of those objects."""
    own = ", ".join(f"{c}, case when {c} is not null then {OWN_REGISTER} + _order end as {c}_order" for c in REGISTERED)
    registry = f"""
        select uscc as object_id, [_department] as sources, object_name, {OWN_REGISTER} + _order as object_name_order,
            region_code, case when region_code is not null then {OWN_REGISTER} + _order end as region_code_order, {own},
            _flags as flags, _order as flags_order
        from scjg_enterprise_said"""
    place = "address_operating, case when address_operating is not null then _order end as address_operating_order"
    acts = [_claims_of_acts("check_action", f", {place}"), _claims_of_acts("punish_action", "")]
    said = " union all by name ".join([registry, *acts])
    if not known:
        return said
    columns = ", ".join(f"{column}, {column}_order" for column in CLAIMED)
    return f"""
        with said as ({said})
        select * from said union all by name
        select object_id, sources, {columns} from read_parquet({known}) semi join said using (object_id)"""


def _claims_of_acts(feed: str, more: str) -> str:
    return f"""
        select administrative_cp_code as object_id, [_department] as sources,
            coalesce(supervised_object, administrative_cp) as object_name, {FROM_ACTS} as object_name_order,
            region_code, {FROM_ACTS} as region_code_order{more}
        from {feed}_said where administrative_cp_document = '001'"""


def _merge_snapshots(con: duckdb.DuckDBPyConnection, base: Path, table: str) -> None:
    """Officers and items: the newest statement, withdrawn when each department's later snapshot leaves it out.

    `_words` keeps by department when it last stated the key and when it first left it out.
    """
    feed, key, columns = FULL[table]
    known = delta.files(base / table)
    words, rest = "", ""
    if known:
        words = f"""
            union all select {key}, word.teller, word.stated, word.withdrawn
            from (select {key}, unnest(_words) as word from read_parquet({known}))"""
        rest = f"union all by name select * from read_parquet({known}) anti join statement using ({key})"
    has_place = table == "enforcement_officer"
    city, cities = (
        (", place.city_code", "left join region as place on place.code = region_code") if has_place else ("", "")
    )
    query = f"""
        with statement as (
            select {key}, _department as teller, epoch_us(_received_at) as stated
            from {feed}_said
        ),
        told as (
            select {key}, teller, max(stated) as stated, max(withdrawn) as withdrawn
            from (select {key}, teller, stated, null::bigint as withdrawn from statement {words})
            group by {key}, teller
        ),
        later as (
            select told.{key}, teller, snapshot._file, snapshot.stated
            from told join (
                select _file, _department as teller, epoch_us(_received_at) as stated from file where _feed = '{feed}'
            ) as snapshot using (teller)
            where snapshot.stated > told.stated
        ),
        missed as (
            select {key}, teller, min(stated) as missed
            from (
                select * from later anti join (
                    select _file, upper(trim({half_width(key)})) as {key} from {feed}_raw
                ) using (_file, {key})
            ) as unmentioned anti join (
                select _file, upper({half_width("_raw")}) as text from {feed}_raw where _raw is not null
            ) as unsplit on unsplit._file = unmentioned._file and contains(unsplit.text, unmentioned.{key})
            group by {key}, teller
        ),
        standing as (
            select {key}, list({{'teller': teller, 'stated': stated, 'withdrawn': left_out}} order by teller) as _words,
                case when count(*) = count(left_out) then make_timestamptz(max(left_out)) end as withdrawn_at
            from (
                select told.*, least(case when withdrawn > stated then withdrawn end, missed) as left_out
                from told left join missed using ({key}, teller)
            )
            group by {key}
        ),
        newest as (
            select {key}, {columns}, _order from {feed}_said
            where _order in (select max(_order) from {feed}_said group by {key})
            {rest}
        )
        select newest.{key}, {_names(columns)}, newest._order{city}, standing._words, standing.withdrawn_at
        from newest join standing using ({key}) {cities}"""
    delta.write(con, query, base / table, known)


def _names(columns: str) -> str:
    return ", ".join(f"newest.{column.split()[-1]}" for column in columns.split(","))

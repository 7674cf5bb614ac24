"""Judged rows of new deliveries flow in; the base tables flow out, each merged with what it held before."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.peers.duckdb_deltalake import delta
from bench.peers.duckdb_deltalake.cells import half_width

# Newest statement by key; rank, delivery and line of a statement make one number, and the greatest wins.
CITY = """coalesce(place.city_code, origin.city_code) as city_code"""
CITIES = """
    left join region as place on place.code = region_code
    left join region as origin on origin.code = substr(object_id, 3, 6)"""
OBJECT_OF_ACT = "case when administrative_cp_document = '001' then administrative_cp_code end as object_id"
FACTS = {
    "check_action": (
        "check_action_code",
        f"""item_code, check_action_name, plan_id, implement_institution, implement_institution_code,
        {OBJECT_OF_ACT}, supervised_object, supervised_object_class, administrative_cp, administrative_cp_document,
        administrative_cp_code, region_code, check_form, check_class, check_mode, check_result,
        check_result in ('02', '03', '04', '05') as is_problem, check_date, check_personnel, check_personnel_code,
        submitted_date""",
    ),
    "punish_action": (
        "punish_action_code",
        f"""item_code, punish_action_name, check_action_code, case_source, implement_institution, {OBJECT_OF_ACT},
        supervised_object, administrative_cp, administrative_cp_document, administrative_cp_code, region_code,
        illegal_fact, punish_accord, punish_procedure, punish_set_date, major_case, legal_review, punish_file_no,
        punish_date, punish_kind, fine_cny, punish_result, reconsideration, litigation, closed_date, submitted_date""",
    ),
    "complaint": (
        "complaint_no",
        """complaint_kind, complaint_channel, problem_class, complainant_name, complainant_phone, complained_name,
        complained_uscc as object_id, region_code, complaint_matter, disputed_cny, received_date, decided_date,
        is_accepted, closed_date, redeemed_cny""",
    ),
}
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
AUTHORITY, OWN_REGISTER = 1 << 60, 2 << 60
FROM_ACTS = f"case when _department = 'scjg' then {AUTHORITY} else 0 end + _order"


def merge_facts(con: duckdb.DuckDBPyConnection, base: Path, table: str) -> None:
    """Inspections, penalties and complaints: the newest statement by department and number."""
    key, columns = FACTS[table]
    con.execute(f"""
        create temp table new_{table} as
        select said.*, {CITY}, null::timestamptz as withdrawn_at
        from (
            select _department as department, {key}, {columns}, _order from {table}_said
            where _order in (
                select max(_order) from {table}_said group by _department, {key}
            )
        ) as said {CITIES}""")
    _merge(con, base / table, f"new_{table}", ("department", key))


def _merge(con: duckdb.DuckDBPyConnection, table: Path, new: str, key: tuple[str, ...]) -> None:
    """Writes the new rows, and again what else lies in the files that hold rows of the same keys."""
    keys, touched = ", ".join(key), []
    if known := delta.files(table):
        touched = [
            name
            for (name,) in con.execute(
                f"select distinct filename from read_parquet({known}, filename = true) semi join {new} using ({keys})"
            ).fetchall()
        ]
    rest = f" union all by name select * from read_parquet({touched}) anti join {new} using ({keys})" if touched else ""
    delta.write(con, f"select * from {new}{rest}", table, touched)


def merge_objects(con: duckdb.DuckDBPyConnection, base: Path) -> None:
    """Supervised objects, column by column: the registry's word, then its department's, then anyone's newest."""
    table = base / "supervised_object"
    known = delta.files(table)
    con.execute(f"create temp table claim as {_claims(known)}")
    merged = ", ".join(
        f"arg_max({column}, {column}_order) as {column}, max({column}_order) as {column}_order" for column in CLAIMED
    )
    con.execute(f"""
        create temp table new_object as
        select merged.* exclude (region_code),
            coalesce(place.current_code, merged.region_code) as region_code,
            substr(object_id, 3, 6) as registration_region_code, origin.city_code as registration_city_code, {CITY},
            null::timestamptz as withdrawn_at
        from (
            select object_id, {merged}, list_sort(list_distinct(flatten(list(sources)))) as sources
            from claim group by object_id
        ) as merged {CITIES}""")
    _merge(con, table, "new_object", ("object_id",))


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


def merge_snapshots(con: duckdb.DuckDBPyConnection, base: Path, table: str) -> None:
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

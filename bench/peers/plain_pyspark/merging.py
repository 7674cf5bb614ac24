"""Judged rows flow in; the SQL of what they say of each base table, and of merging it there, flows out.

Of statements under one key the newest counts: received_at differs between deliveries, and later runs are later.
"""

from __future__ import annotations

from bench.frozen import frozen_tables
from bench.peers.plain_pyspark.judging import narrow, texts
from schemas.contract import feeds

OBJECT = "supervised_object"
ACTS = {"check_action": "check_action_code", "punish_action": "punish_action_code", "complaint": "complaint_no"}
SNAPSHOTS = {
    "enforcement_officer": ("officer", "certificate_no"),
    "supervision_item": ("supervision_item", "item_code"),
}
# The base tables that a feed's rows flow into.
FLOWS = {
    "scjg_enterprise": (OBJECT,),
    "check_action": ("check_action", OBJECT),
    "punish_action": ("punish_action", OBJECT),
    "complaint": ("complaint",),
    **{feed: (table,) for table, (feed, _) in SNAPSHOTS.items()},
}
OBJECT_COLUMNS = frozen_tables()[f"base.{OBJECT}"].columns
DERIVED = ("object_id", "registration_region_code", "registration_city_code", "city_code", "sources", "withdrawn_at")
CLAIMED = tuple(name for name in OBJECT_COLUMNS if name not in (*DERIVED, "flags"))
WITHOUT_AUTHORITY = ("address_operating",)
ORGANISATION = """case when administrative_cp_document = '001'
    and upper(trim(administrative_cp_code)) rlike '^[0-9A-HJ-NPQRTUWXY]{18}$'
    then upper(trim(administrative_cp_code)) end"""
STATED_AT = "lpad(cast(unix_micros(_received_at) as string), 16, '0')"
VERSION = f"concat({STATED_AT}, lpad(cast(_line as string), 9, '0'))"
# The registry speaks of a column with authority in its own feed (2), in another of its feeds (1), others without (0).
AUTHORITY = "case when _department = 'scjg' then '1' else '0' end"


def accepted(feed: str) -> str:
    """This run's good rows of a feed."""
    return f"(select * from {feed}_judged where _bad = '')"


def act_sql(table: str) -> str:
    """The newest statement of each act among this run's rows."""
    key, organisation = ACTS[table], "complained_uscc" if table == "complaint" else ORGANISATION
    told = {
        "department": "_department",
        "object_id": organisation,
        "city_code": "coalesce(place.city_code, origin.city_code)",
        "is_problem": "check_result in ('02', '03', '04', '05')",
        "withdrawn_at": "cast(null as timestamp)",
    }
    columns = [*frozen_tables()[f"base.{table}"].columns]
    selected = ", ".join(f"{told.get(name, name)} as {name}" for name in columns)
    return f"""
        select {selected}
        from (
            select *, row_number() over (partition by _department, {key} order by _received_at desc, _line desc) as age
            from (select *, {organisation} as organisation from {accepted(table)})
        ) as newest
        left join region as place on place.code = region_code
        left join region as origin on origin.code = substr(organisation, 3, 6)
        where age = 1"""


def merge_act_sql(table: str, path: str) -> str:
    """A later run's statement is the newer one."""
    key = ACTS[table]
    return f"""
        merge into delta.`{path}` as known using said_{table} as said
        on known.{key} = said.{key} and known.department = said.department
        when matched then update set * when not matched then insert *"""


def object_sql() -> str:
    """One row an organisation: of each column the strongest, then newest claim, and its rank and version."""
    claims = ", ".join(f"max({_claim(column)}) as {column}" for column in (*CLAIMED, "flags"))
    values = ", ".join(f"{c}.value as {c}, {c}.claim as _{c}_claim" for c in (*CLAIMED, "flags") if c != "region_code")
    return f"""
        select object_id, {values},
            coalesce(place.current_code, region_code.value) as region_code, region_code.claim as _region_code_claim,
            substr(object_id, 3, 6) as registration_region_code, origin.city_code as registration_city_code,
            coalesce(place.city_code, origin.city_code) as city_code, sources, cast(null as timestamp) as withdrawn_at
        from (
            select object_id, {claims}, array_sort(collect_set(_department)) as sources
            from ({" union all ".join(map(_claims, ("scjg_enterprise", "check_action", "punish_action")))})
            where object_id is not null group by object_id
        ) as merged
        left join region as place on place.code = region_code.value
        left join region as origin on origin.code = substr(object_id, 3, 6)"""


def _claim(column: str) -> str:
    """A rank and a version before the value: the greatest of them wins."""
    return f"""case when {column} is not null
        then named_struct('claim', concat({column}_rank, _version), 'value', {column}) end"""


def _claims(feed: str) -> str:
    """What a feed says of organisations, column by column."""
    delivered = {column.name for column in feeds()[feed].columns}
    is_registry = feed == "scjg_enterprise"
    said = []
    for name in CLAIMED:
        value = name if name in delivered else f"cast(null as {OBJECT_COLUMNS[name]})"
        if name == "object_name" and not is_registry:
            value = "coalesce(supervised_object, administrative_cp)"
        rank = "'0'" if name in WITHOUT_AUTHORITY else "'2'" if is_registry else AUTHORITY
        said.append(f"{value} as {name}, {rank} as {name}_rank")
    flags = texts("_doubts") if is_registry else "cast(null as array<string>)"
    return f"""select {"uscc" if is_registry else ORGANISATION} as object_id, _department, {VERSION} as _version,
        {", ".join(said)}, {flags} as flags, '2' as flags_rank from {accepted(feed)}"""


def merge_object_sql(path: str) -> str:
    """Merges column by column: a claim that beats the known one brings its value."""

    def better(column: str) -> str:
        return f"said._{column}_claim > coalesce(known._{column}_claim, '')"

    def newer(name: str, column: str) -> str:
        return f"{name} = case when {better(column)} then said.{name} else known.{name} end"

    sets = [newer(name, column) for column in (*CLAIMED, "flags") for name in (column, f"_{column}_claim")]
    sets += [newer("city_code", "region_code"), "sources = array_sort(array_union(known.sources, said.sources))"]
    return f"""
        merge into delta.`{path}` as known using said_{OBJECT} as said on known.object_id = said.object_id
        when matched then update set {", ".join(sets)} when not matched then insert *"""


def snapshot_sql(table: str, is_new: bool) -> str:
    """Every key that the table knows or hears of, with its newest statement and whether anyone still states it.

    A teller's word is the newest statement of the key and the first later snapshot of the teller that has not got it,
    neither in a good row nor in a rejected one.
    """
    feed, key = SNAPSHOTS[table]
    known = (
        ""
        if is_new
        else f"""union all
                select {key}, teller, word.stated, word.withdrawn
                from known_{table} lateral view explode(_words) as teller, word"""
    )
    columns = [*frozen_tables()[f"base.{table}"].columns]
    told = {"department": "_department", "city_code": "place.city_code", "withdrawn_at": "words.withdrawn_at"}
    told[key] = f"words.{key}"
    selected = ", ".join(f"{told.get(name, f'newest.{name}')} as {name}" for name in columns)
    spelled = _spelled(f"told.{key}")
    takes_back = "case when told.withdrawn > told.stated then told.withdrawn end"
    return f"""
        with told as (
            select {key}, teller, max(stated) as stated, max(withdrawn) as withdrawn from (
                select {key}, _department as teller, {STATED_AT} as stated, cast(null as string) as withdrawn
                from {accepted(feed)} {known}
            ) group by {key}, teller
        ),
        snapshot as (select distinct _department as teller, {STATED_AT} as received from {feed}_judged),
        mention as (select distinct {STATED_AT} as received, {_spelled(f"{key}__raw")} as spelled from {feed}_judged),
        broken as (
            select {STATED_AT} as received, {_spelled("_raw")} as row from {feed}_judged where _raw is not null
        ),
        missing as (
            select told.{key}, told.teller, min(snapshot.received) as received
            from told join snapshot on snapshot.teller = told.teller and snapshot.received > told.stated
            left anti join mention on mention.received = snapshot.received and mention.spelled = {spelled}
            left anti join broken on broken.received = snapshot.received and instr(broken.row, {spelled}) > 0
            group by told.{key}, told.teller
        ),
        words as (
            select {key}, map_from_entries(collect_list(struct(teller, struct(stated, withdrawn)))) as _words,
                case when count(*) = count(withdrawn)
                    then timestamp_micros(cast(max(withdrawn) as bigint)) end as withdrawn_at
            from (
                select told.{key}, told.teller, told.stated,
                    least({takes_back}, missing.received) as withdrawn
                from told left join missing on missing.{key} = told.{key} and missing.teller = told.teller
            ) group by {key}
        ),
        newest as (
            select * from (
                select *, row_number() over (partition by {key} order by _received_at desc, _line desc) as age
                from {accepted(feed)}
            ) where age = 1
        )
        select {selected}, words._words, newest.{key} is not null as _is_stated
        from words left join newest on newest.{key} = words.{key}
        left join region as place on place.code = {"newest.region_code" if "city_code" in columns else "null"}"""


def merge_snapshot_sql(table: str, path: str) -> str:
    """What nobody states in this run keeps its contents."""
    key = SNAPSHOTS[table][1]
    return f"""
        merge into delta.`{path}` as known using said_{table} as said on known.{key} = said.{key}
        when matched and said._is_stated then update set *
        when matched then update set withdrawn_at = said.withdrawn_at, _words = said._words
        when not matched then insert *"""


def _spelled(text: str) -> str:
    return f"upper(btrim({narrow(text)}))"

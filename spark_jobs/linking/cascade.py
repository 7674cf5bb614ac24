"""Mentions and objects, as names with a prefecture, flow in; silent links, and candidates for the rest, flow out.

Two steps link by themselves, and each only where one object answers: the normalised name; core, form and prefecture.
Measured on a real register they are right in 999 of 1,000 cases and more (bench/linkage.py). Everything weaker is a
candidate: a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from spark_jobs.linking.names import is_a_body, normalised, split

BEST = 5
# (ours) Objects that share a block: a block of more says nothing, and costs most.
LARGEST_BLOCK = 2000
# (ours) Below this a candidate is no help to whoever decides.
LEAST_SCORE = 0.5
# (ours) Shorter cores are half a name: most errors of the second step were such (bench/linkage.py).
SHORTEST_CORE = 3
# (ours) A name registered by a county or district is single there only. With its division left out, a shorter core is
# often another's, of the next district (bench/linkage.py).
SHORTEST_LOCAL_CORE = 4
SILENT = ("name", "core")

# A core's characters, and its pairs of neighbours: DuckDB's own distances count bytes, of which a character has three.
CUT = (
    "string_split(core, '') as letters, [substr(core, nth, 2) for nth in range(1, greatest(length(core), 2))] as pieces"
)

CANDIDATES = f"""
with open as (
    select *, {CUT} from mention
    where (is_body or length(name) >= 4) and mention not in (select mention from link)
),
block as (
    select mention, key from (
        select mention, unnest(case when place is not null
            then ['a' || substr(core, 1, 2) || place, 'b' || right(core, 2) || place,
                'c' || substr(core, 2, 2) || place]
            else ['d' || substr(core, 1, 2) || right(core, 2)] end) as key
        from open
    )
),
keyed as (
    select object_id, key from (
        select object_id, unnest(['d' || substr(core, 1, 2) || right(core, 2),
            'a' || substr(core, 1, 2) || place, 'b' || right(core, 2) || place,
            'c' || substr(core, 2, 2) || place]) as key
        from object
    )
    where key in (select key from block)
),
small as (select key from keyed group by key having count(*) <= {LARGEST_BLOCK}),
pair as (
    select distinct block.mention, keyed.object_id
    from block join small using (key) join keyed using (key)
),
known as (select *, {CUT} from object where object_id in (select object_id from pair)),
compared as (
    select
        pair.mention, pair.object_id, known.name as object_name, known.place as object_place,
        open.core = known.core as is_core, open.form is not distinct from known.form as is_form,
        coalesce(open.place = known.place, false) as is_place,
        length(open.core) = length(known.core) and len(list_filter(
            list_zip(open.letters, known.letters), lambda two: two[1] <> two[2])) = 1 as is_one_off,
        2.0 * len(list_intersect(open.pieces, known.pieces)) / (len(open.pieces) + len(known.pieces)) as likeness
    from pair join open using (mention) join known using (object_id)
),
scored as (
    select *,
        round(case when is_core then 0.8 when is_one_off then 0.7 else 0.65 * likeness end
            + case when is_form then 0.1 else 0 end + case when is_place then 0.1 else 0 end, 4) as score
    from compared
)
select
    mention, object_id, object_name, object_place, score,
    concat_ws('；', case when is_core then '字号相同' when is_one_off then '字号差一字'
            else '字号相近 ' || cast(round(100 * likeness) as integer) || '%' end,
        case when is_form then '组织形式相同' end, case when is_place then '市州相同' end) as reasons,
    row_number() over (partition by mention order by score desc, object_id) as rank
from scored
where score >= {LEAST_SCORE}
qualify rank <= {BEST}
order by mention, rank
"""


@dataclass(frozen=True)
class Answers:
    """`links`: mention, object_id, step. `candidates`: mention, rank, object_id, object_name, score, reasons."""

    links: pa.Table
    candidates: pa.Table


def answers(mentions: pa.Table, objects: pa.Table) -> Answers:
    """What is found for mentions (mention, name, place) among objects (object_id, name, place), names as delivered.

    place: a prefecture's code of today, or null. The answer depends on no order of rows.
    """
    with duckdb.connect() as database:
        database.execute("set threads = 2")
        database.register("mention_rows", _parts(mentions))
        database.register("object_rows", _parts(objects))
        database.execute(_prepared("mention", "mention_rows", "mention"))
        database.execute(_prepared("object", "object_rows", "object_id"))
        database.execute(f"create table link as {_links()}")
        links = _table(database, "select mention, object_id, step from link order by mention")
        return Answers(links, _table(database, CANDIDATES))


def _table(database: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    return database.execute(query).to_arrow_table()


def _parts(rows: pa.Table) -> pa.Table:
    """The rows with the parts of their names; the prefecture that the name itself tells stands beside the one given."""
    columns = {name: rows[name].combine_chunks() for name in rows.column_names}
    name = normalised(columns["name"])
    parts = split(name)
    return pa.table({**columns, "name": name, **parts, "is_body": is_a_body(name, parts["form"])})


def _prepared(table: str, rows: str, key: str) -> str:
    return (
        f"create table {table} as select {key}, name, coalesce(place, named_city) as place, divisions, is_local,"
        " is_inside, core, form, is_body, place is null or named_city is null or place = named_city as is_of_one_place"
        f" from {rows} where name is not null"
    )


def _links() -> str:
    """The first step that one object answers; a name that two objects have is nobody's, whatever the second says."""
    by_name = "select name, min(object_id) as object_id, count(*) as objects from object group by name"
    by_core = (
        "select core, form, place, min(object_id) as object_id, count(*) as objects,"
        " min(divisions) as divisions, min(is_local) as is_local, min(is_inside) as is_inside from object"
        f" where form is not null and place is not null and length(core) >= {SHORTEST_CORE} group by core, form, place"
    )
    return f"""
select mention, object_id, step from (
    select
        mention.mention,
        case when named.objects = 1 then named.object_id
            when named.objects is null and cored.objects = 1 then cored.object_id end as object_id,
        case when named.objects = 1 then 'name' else 'core' end as step
    from mention
    left join ({by_name}) as named on named.name = mention.name
    left join ({by_core}) as cored
        on cored.core = mention.core and cored.form = mention.form and cored.place = mention.place
        and mention.is_of_one_place and mention.is_inside = cored.is_inside -- 武汉甲乙 and 甲乙(武汉) are two
        and (mention.divisions is not null or not cored.is_local or length(mention.core) >= {SHORTEST_LOCAL_CORE})
        and (mention.divisions = cored.divisions or mention.divisions is null or cored.divisions is null)
    where mention.is_body
)
where object_id is not null
"""

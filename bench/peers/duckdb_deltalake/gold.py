"""Base tables flow in; the market theme, scores with their reasons, complaint clocks and monthly figures flow out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from bench.peers.duckdb_deltalake import delta
from bench.peers.duckdb_deltalake.base import OWN_REGISTER
from bench.peers.duckdb_deltalake.score import score_sql
from bench.peers.files import CORES

BASE = ("supervised_object", "check_action", "punish_action", "complaint")
PROFILE = f"""
    select firm.object_id, firm.object_name, firm.enterprise_type, firm.registration_state, firm.established_date,
        firm.capital_amount, firm.capital_currency, firm.industry_code, industry.section as industry_section,
        industry.section_label as industry_section_name, firm.region_code, place.label as region_name, firm.city_code,
        city.label as city_name, coalesce(firm.object_name_order >= {OWN_REGISTER}, false) as is_registered,
        coalesce(checks, 0) as checks, coalesce(checks_with_problem, 0) as checks_with_problem,
        first_check_date, last_check_date, coalesce(punishments, 0) as punishments,
        coalesce(punished.fine_cny, 0)::decimal(18,2) as fine_cny, last_punish_date,
        coalesce(complaints, 0) as complaints, first_complaint_date, last_complaint_date
    from supervised_object as firm
    left join industry on industry.code = firm.industry_code
    left join region as place on place.code = firm.region_code
    left join region as city on city.code = firm.city_code
    left join (
        select object_id, count(*) as checks, count(*) filter (is_problem) as checks_with_problem,
            min(check_date) as first_check_date, max(check_date) as last_check_date
        from check_action group by object_id
    ) as inspected using (object_id)
    left join (
        select object_id, count(*) as punishments, sum(fine_cny) as fine_cny, max(punish_date) as last_punish_date
        from punish_action group by object_id
    ) as punished using (object_id)
    left join (
        select object_id, count(*) as complaints, min(received_date) as first_complaint_date,
            max(received_date) as last_complaint_date
        from complaint group by object_id
    ) as complained using (object_id)
    where firm.withdrawn_at is null"""
ACTIVITY = """
    select coalesce(city_code, '420000') as city_code, department, item_code, date_trunc('month', day)::date as month,
        sum(checks)::bigint as checks, sum(problems)::bigint as checks_with_problem,
        sum(punishments)::bigint as punishments, sum(fine_cny)::decimal(18,2) as fine_cny,
        sum(complaints)::bigint as complaints
    from (
        select city_code, department, item_code, check_date as day, 1 as checks, is_problem::int as problems,
            0 as punishments, 0::decimal(18,2) as fine_cny, 0 as complaints
        from check_action
        union all
        select city_code, department, item_code, punish_date, 0, 0, 1, coalesce(fine_cny, 0), 0 from punish_action
        union all
        select city_code, department, '', received_date, 0, 0, 0, 0, 1 from complaint
    )
    group by all"""
CLOCK = """
    with clock as (
        select complaint.*, deadline.date as accept_deadline,
            stopped.working_day_no - started.working_day_no as accept_working_days
        from complaint
        left join working_day as started on started.date = received_date
        left join working_day as deadline
            on deadline.is_working_day and deadline.working_day_no = started.working_day_no + 7
        left join working_day as stopped on stopped.date = greatest(coalesce(decided_date, $as_of), received_date)
        where complaint_kind = '1'
    ),
    judged as (
        select *, case
            when decided_date <= accept_deadline then 'on_time'
            when decided_date is not null then 'late'
            when $as_of > accept_deadline then 'overdue'
            else 'pending' end as accept_state
        from clock
    )
    select complaint_no, coalesce(judged.city_code, '420000') as city_code, coalesce(city.label, '省本级') as city_name,
        department, department.label as department_name, date_trunc('month', received_date)::date as month, object_id,
        received_date, accept_deadline, decided_date, accept_working_days, accept_state,
        case accept_state when 'on_time' then '按期受理' when 'late' then '逾期受理' when 'overdue' then '逾期未受理'
            else '办理中' end as accept_state_name,
        closed_date
    from judged
    left join region as city on city.code = judged.city_code
    join department using (department)"""
MONTH = """
    with acted as (
        select city_code, department, month, sum(checks)::bigint as checks,
            sum(checks_with_problem)::bigint as checks_with_problem, sum(punishments)::bigint as punishments,
            sum(fine_cny)::decimal(18,2) as fine_cny, sum(complaints)::bigint as complaints
        from market_activity_month group by all
    ),
    reached as (
        select coalesce(city_code, '420000') as city_code, department, date_trunc('month', check_date)::date as month,
            count(distinct object_id) as objects_checked
        from check_action group by all
    ),
    answered as (
        select city_code, department, month, count(*) filter (accept_state <> 'pending') as complaints_due,
            count(*) filter (accept_state = 'on_time') as complaints_on_time
        from complaint_clock group by all
    ),
    finished as (
        select coalesce(city_code, '420000') as city_code, department,
            date_trunc('month', received_date)::date as month, count(closed_date) as complaints_closed
        from complaint group by all
    )
    select city_code, case when city_code = '420000' then '省本级' else city.label end as city_name, department,
        department.label as department_name, month, checks, checks_with_problem,
        coalesce(objects_checked, 0) as objects_checked, punishments, fine_cny, complaints,
        coalesce(complaints_due, 0) as complaints_due, coalesce(complaints_on_time, 0) as complaints_on_time,
        coalesce(complaints_closed, 0) as complaints_closed
    from acted
    join (select code as city_code, label from region) as city using (city_code)
    join department using (department)
    left join reached using (city_code, department, month)
    left join answered using (city_code, department, month)
    left join finished using (city_code, department, month)"""

REASON = """
    select object_id, city_code, grade, reason.indicator, reason.label as indicator_label, reason.value, reason.weight,
        reason.points, reason.reason
    from (select object_id, city_code, grade, unnest(reasons) as reason from risk_score)"""


def build_themes(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Base → the market theme."""
    for table in BASE:
        con.execute(f"create view {table} as select * from read_parquet({delta.files(out / 'base' / table)})")
    _build(con, out / "themes", ("market_firm_profile", PROFILE), ("market_activity_month", ACTIVITY))


def build_gold(con: duckdb.DuckDBPyConnection, out: Path, as_of: str) -> None:
    """Base and theme → what is counted and scored as of a day."""
    clock = CLOCK.replace("$as_of", f"date '{as_of}'")
    _build(con, out / "gold", ("risk_score", score_sql(as_of)), ("complaint_clock", clock))
    _build(con, out / "gold", ("risk_reason", REASON), ("region_department_month", MONTH))


def _build(con: duckdb.DuckDBPyConnection, layer: Path, *queries: tuple[str, str]) -> None:
    """Builds tables of a layer side by side; they stay in memory for those that build on them."""

    def build(name: str, query: str) -> None:
        own = con.cursor()
        own.execute(f"create table {name} as {query}")
        delta.write(own, f"from {name}", layer / name, delta.files(layer / name))

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(build, *zip(*queries, strict=True)))

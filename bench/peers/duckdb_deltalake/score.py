"""The risk model of market firms (schemas/risk/market_firm.yaml) as SQL over the profile; points in hundredths."""

from __future__ import annotations

# name, label, weight, points, value, reason
INDICATORS = (
    ("problem_checks", "检查发现问题", 24, "least(problem_level, 200) * 2400 // 200", "problem_seen",
     "'近一年检查发现问题' || (problem_seen // 100) || '次'"),
    ("unchecked_days", "长期未检查", 6,
     "case when last_check_date is null then 300 when days >= 730 then 600 when days >= 365 then 300 else 0 end",
     "days * 100",
     "case when last_check_date is null then '尚无检查记录' else '距最近一次检查已' || days || '日' end"),
    ("punishments", "行政处罚", 18, "least(punish_level, 200) * 1800 // 200", "punish_seen",
     "'近三年受到行政处罚' || (punish_seen // 100) || '次'"),
    ("heavy_punishments", "重大行政处罚", 6, "least(heavy_level, 100) * 600 // 100", "heavy_seen",
     "'近三年受到停产停业、暂扣吊销许可等重大处罚' || (heavy_seen // 100) || '次'"),
    ("fine_cny", "罚款金额", 8,
     """case when fine_seen >= 50000000 then 800 when fine_seen >= 10000000 then 640 when fine_seen >= 2000000 then 400
        when fine_seen >= 500000 then 160 else 0 end""", "fine_seen",
     "'近三年罚款合计' || (fine_seen // 100) || '元'"),
    ("complaints", "投诉举报", 20, "least(complaint_level, 500) * 2000 // 500", "complaint_seen",
     "'近半年被投诉举报' || (complaint_seen // 100) || '件'"),
    ("accepted_complaints", "已受理投诉举报", 8, "least(accepted_seen, 400) * 800 // 400", "accepted_seen",
     "'近一年被受理的投诉举报' || (accepted_seen // 100) || '件'"),
    ("registration_state", "登记状态异常", 7, "state_share * 700 // 100", "state_share",
     "'登记状态为“' || state.label || '”'"),
    ("doubtful_code", "统一社会信用代码存疑", 3, "doubt * 300 // 100", "doubt", "'统一社会信用代码校验码不符'"),
)  # fmt: skip


def score_sql(as_of: str) -> str:
    """One row an object of the profile, with its score and the reasons that gave points, the weightiest first."""
    points = ", ".join(f"({points})::bigint as {name}_points" for name, _, _, points, _, _ in INDICATORS)
    total = " + ".join(f"{name}_points" for name, *_ in INDICATORS)
    reasons = ", ".join(
        f"""case when {name}_points > 0 then {{'falling': -{name}_points, 'place': {place}, 'indicator': '{name}',
            'label': '{label}', 'value': ({value})::double / 100, 'weight': {weight}::double,
            'points': {_decimal(f"{name}_points")}, 'reason': {words}}} end"""
        for place, (name, label, weight, _, value, words) in enumerate(INDICATORS)
    )
    kept = ", ".join(
        f"'{name}': found.{name}" for name in ("indicator", "label", "value", "weight", "points", "reason")
    )
    return f"""
        with measured as ({_measured(as_of)}),
        weighed as (select *, {points} from measured),
        scored as (
            select *, {total} as hundredths,
                list_transform(
                    list_sort(list_filter([{reasons}], lambda found: found is not null)), lambda found: {{{kept}}}
                ) as reasons
            from weighed left join state on state.code = registration_state
        )
        select object_id, object_name, region_code, region_name, city_code, city_name, industry_section,
            industry_section_name, {_decimal("hundredths")} as score,
            case when hundredths >= 4500 then 'red' when hundredths >= 2500 then 'orange' when hundredths >= 800
                then 'yellow' else 'blue' end as grade,
            case grade when 'red' then '红' when 'orange' then '橙' when 'yellow' then '黄' else '蓝' end as grade_name,
            reasons, array_to_string(list_transform(reasons, lambda found: found.reason), '；') as reasons_text,
            checks, checks_with_problem, punishments, complaints, last_check_date, 'market_firm' as model,
            '2026.1' as model_version, date '{as_of}' as as_of
        from scored"""


def _measured(as_of: str) -> str:
    """The profile with what each indicator counts of an object, plain (seen) and faded by age (level)."""
    checked = f"(select object_id, is_problem, date '{as_of}' - check_date as age from check_action)"
    punished = f"(select object_id, punish_kind, fine_cny, date '{as_of}' - punish_date as age from punish_action)"
    complained = f"""(
        select object_id, is_accepted, date '{as_of}' - received_date as age from complaint
        where complaint_kind in ('1', '2', '6'))"""
    return f"""
        select profile.*, date '{as_of}' - last_check_date as days,
            coalesce(problem_seen, 0) as problem_seen, coalesce(problem_level, 0) as problem_level,
            coalesce(punish_seen, 0) as punish_seen, coalesce(punish_level, 0) as punish_level,
            coalesce(heavy_seen, 0) as heavy_seen, coalesce(heavy_level, 0) as heavy_level,
            coalesce(fine_seen, 0) as fine_seen, coalesce(complaint_seen, 0) as complaint_seen,
            coalesce(complaint_level, 0) as complaint_level, coalesce(accepted_seen, 0) as accepted_seen,
            case registration_state when '2' then 100 when '4' then 50 when '9' then 25 else 0 end as state_share,
            case when list_contains(
                list_transform(doubted.flags, lambda flag: flag like 'uscc: %校验码不符%'), true
            ) then 100 else 0 end as doubt
        from market_firm_profile as profile
        left join (
            select object_id, count(*) * 100 as problem_seen, sum(if(age > 180, 60, 100))::bigint as problem_level
            from {checked} where is_problem and age between 0 and 365 group by object_id
        ) using (object_id)
        left join (
            select object_id, count(*) * 100 as punish_seen,
                sum(case when age > 730 then 30 when age > 365 then 60 else 100 end)::bigint as punish_level,
                count(*) filter (punish_kind in ('04', '05', '06')) * 100 as heavy_seen,
                coalesce(sum(if(age > 730, 50, 100)) filter (punish_kind in ('04', '05', '06')), 0)::bigint
                    as heavy_level,
                coalesce(sum((fine_cny * 100)::bigint), 0)::bigint as fine_seen
            from {punished} where age between 0 and 1095 group by object_id
        ) using (object_id)
        left join (
            select object_id, count(*) filter (age <= 180) * 100 as complaint_seen,
                coalesce(sum(if(age > 90, 60, 100)) filter (age <= 180), 0)::bigint as complaint_level,
                count(*) filter (is_accepted = '1') * 100 as accepted_seen
            from {complained} where age between 0 and 365 group by object_id
        ) using (object_id)
        left join (
            select object_id, flags from supervised_object where withdrawn_at is null and len(flags) > 0
        ) as doubted using (object_id)"""


def _decimal(hundredths: str) -> str:
    return f"(({hundredths})::decimal(8,0) * 0.01::decimal(3,2))::decimal(6,2)"

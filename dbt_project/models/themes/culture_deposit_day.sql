{#- Every travel agency of today: what its deposit must come to, by scope, branches and three years without a fine; how much lacks;
    whether it is insured; whether one that sends people abroad had its licence for two years first. All bounds are limits of
    theme_limit as they hold on the day. -#}
{% set codes = {'base_cny': 'WL1-JB', 'outbound_cny': 'WL1-CJ', 'branch_cny': 'WL1-FS', 'outbound_branch_cny': 'WL1-FC',
    'reduced_share': 'WL1-JD', 'clean_years': 'WL1-JN', 'licensed_years': 'WL2-NX'} %}

with fined as (
    select object_id, max(punish_date) as last_fined_date
    from {{ standing('punish_action') }}
    where department = 'wlt' and fine_cny > 0 and punish_date <= {{ as_of() }}
    group by object_id
),

agency as (
    select
        agency.*,
        held.*,
        arrays_overlap(agency.agency_scope, array('3', '4', '5')) as is_outbound,
        -- Three years since it was paid in, or since the last fine, without another (旅行社条例 art. 17).
        coalesce(
            greatest(agency.deposited_date, fined.last_fined_date) <= add_months({{ as_of() }}, -12 * cast(held.clean_years as int)),
            false
        ) as is_reduced,
        agency.first_issued_date <= add_months({{ as_of() }}, -12 * cast(held.licensed_years as int))
            and coalesce(
                fined.last_fined_date < add_months({{ as_of() }}, -12 * cast(held.licensed_years as int)), true
            ) as is_outbound_qualified
    from {{ standing('culture_agency') }} as agency
    cross join {{ limits_held(codes, as_of()) }} as held
    left join fined on fined.object_id = agency.object_id
    where coalesce(agency.licence_status, '10') = '10'
),

required as (
    select
        *,
        cast(
            (
                base_cny
                + case when is_outbound then outbound_cny else 0 end
                + coalesce(agency_branches, 0) * branch_cny
                + coalesce(outbound_branches, 0) * outbound_branch_cny
            ) * case when is_reduced then reduced_share else 1 end as decimal(18,2)
        ) as required_cny
    from agency
)

select
    licence_no,
    {{ as_of() }} as as_of,
    department,
    'culture' as field,
    object_id,
    holder_name,
    region_code,
    city_code,
    agency_branches,
    outbound_branches,
    deposit_cny,
    required_cny,
    cast(greatest(required_cny - deposit_cny, 0) as decimal(18,2)) as gap_cny,
    insured_until,
    legal_basis,
    deposit_cny < required_cny as is_short,
    coalesce(insured_until >= {{ as_of() }}, false) as is_insured,
    coalesce(is_outbound, false) as is_outbound,
    is_outbound_qualified
from required

{#- Which feeds of live departments have come in time (ops.feed says which are late, in working days of their cadence). -#}
select
    department,
    feed,
    feed_title,
    cadence,
    last_delivery_date,
    punctuality,
    working_days_late
from {{ source('ops', 'feed') }}
where punctuality <> 'waived' and (punctuality <> 'never' or onboarding = 'live')

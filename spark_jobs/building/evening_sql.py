"""Checks flow in; what an act of each body counts beside one of a usual body flows out, as steps of scoring.

A strict body finds more in the same firms, and fines more; counted as they are, its acts would make its firms look
worse than others. `gold.strictness` tells the same of people and departments, and asks how the firms were before; here
that must not be asked, for a strict body's own findings are what the firms were before.

Rates are whole millionths and shares whole hundredths, so that both engines come to the same to the last digit.
"""

from __future__ import annotations

from datetime import date

from schemas.contract.risk import MADE_BY
from spark_jobs.lake.sql import literal

# Checks of so many days tell how strict a body is; of few little is sure: drawn towards 1 as if so many more findings
# had been expected and made. (ours)
DAYS, PRIOR = 730, 1
ONE = 1_000_000
BODY = f"coalesce({MADE_BY}, department)"
SHARE = "coalesce(body_share.share, 100)"
"""Hundredths, where acts are joined with `JOIN`."""
JOIN = f"left join body_share on body_share.body = {BODY}"


def body_steps(as_of: date) -> dict[str, str]:
    """Steps to `body_share`: `body`, and `share` in hundredths, 50 where it finds twice what is expected of its checks.

    Expected of a check is the province's rate over checks of the same mode and industry.
    """
    day = literal(as_of)
    return {
        "looked_at": f"""
            select
                {BODY} as body, coalesce(check_mode, '') as mode, coalesce(profile.industry_section, '') as industry,
                case when is_problem then {ONE} else 0 end as found
            from base.check_action as act
            left join themes.object_profile as profile on profile.object_id = act.object_id
            where act.withdrawn_at is null and is_problem is not null
                and check_date <= {day} and datediff({day}, check_date) < {DAYS}""",
        "usually": "select mode, industry, sum(found) div count(*) as rate from looked_at group by mode, industry",
        "body_share": f"""
            select
                body,
                ((sum(usually.rate) + {PRIOR * ONE}) * 100) div (sum(looked_at.found) + {PRIOR * ONE}) as share
            from looked_at
            join usually on usually.mode = looked_at.mode and usually.industry = looked_at.industry
            group by body""",
    }

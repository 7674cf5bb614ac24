"""The ledger flows in; each feed's state flows out: onboarded or not, late or not, and which files wait for somebody.

It is the table `ops.feed`, which is served, and the notices on Airflow's start page.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from schemas.contract import FeedContract, contracts, deliverers, departments, feeds
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import LOCAL, Home, today
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import overwrite, version
from spark_jobs.lake.whole import write_whole
from spark_jobs.lake.working_days import DUE, days_late

# States in which something came, and those in which a person has to see to a file.
CAME, OPEN = ("accepted", "held", "nil"), ("refused", "held", "rejected")
YES, NO = "1", "0"  # of the code list yes_no
NAMED = 8
"""As many a notice names; of the others it gives the number."""


@dataclass(frozen=True)
class FeedState:
    """One feed of one department, as the columns of `ops.feed`."""

    department: str
    feed: str
    feed_title: str
    onboarding: str
    cadence: str
    punctuality: str
    working_days_late: int
    last_delivery: datetime | None
    last_delivery_date: date | None
    deliveries: int
    refused: int
    rows_delivered: int
    rows_quarantined: int
    open_files: int
    open_file: str | None
    attention: str
    as_of: date

    @property
    def is_late(self) -> bool:
        """Whether somebody should ask the department: only a live one promised anything."""
        return self.punctuality == "late"

    @property
    def lateness(self) -> str:
        """What a notice says of a late feed."""
        return f"{self.name}逾期{self.working_days_late}个工作日"

    @property
    def name(self) -> str:
        """Department and feed as people call them."""
        return f"{departments()[self.department].label}《{self.feed_title}》"


def feed_states(home: Home, as_of: date | None = None) -> list[FeedState]:
    """Every feed of every department that may deliver it, in the order of the contracts, as of a day (today)."""
    delivered: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in read_ledger(home):
        delivered[delivery.department, delivery.feed].append(delivery)
    return [
        _state(contract, department, delivered[department, name], as_of or today())
        for name, contract in feeds().items()
        for department in deliverers(contract)
    ]


def _state(contract: FeedContract, department: str, deliveries: Sequence[Delivery], as_of: date) -> FeedState:
    """`deliveries` are in order of receipt."""
    onboarding = departments()[department].onboarding
    came = [delivery for delivery in deliveries if delivery.state in CAME]
    last = came[-1].received_at if came else None
    waiting = _open(deliveries)
    late = 0
    if last and onboarding == "live":
        late = days_late(contract.delivery.cadence, last.astimezone(LOCAL).date(), as_of)
    return FeedState(
        department=department,
        feed=contract.name,
        feed_title=contract.title,
        onboarding=onboarding,
        cadence=contract.delivery.cadence,
        punctuality=_punctuality(contract, onboarding, last, late),
        working_days_late=late,
        last_delivery=last and last.replace(microsecond=0),  # which only keep receipts of one moment in order
        last_delivery_date=last.astimezone(LOCAL).date() if last else None,
        deliveries=len(came),
        refused=sum(delivery.state == "refused" for delivery in deliveries),
        rows_delivered=sum(delivery.rows for delivery in came),
        rows_quarantined=sum(delivery.rows_quarantined for delivery in came),
        open_files=len(waiting),
        open_file=waiting[-1].file_name if waiting else None,
        attention=YES if late or waiting else NO,
        as_of=as_of,
    )


def _punctuality(contract: FeedContract, onboarding: str, last: datetime | None, late: int) -> str:
    if onboarding != "live" or contract.delivery.cadence not in DUE:
        return "waived"
    if last is None:
        return "never"
    return "late" if late else "on_time"


def _open(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Files that were turned away or are held, and after which nothing of the feed was accepted."""
    found: list[Delivery] = []
    for delivery in deliveries:
        if delivery.state in OPEN:
            found.append(delivery)
        elif delivery.state in CAME:
            found = [one for one in found if one.state == "held"]
    return found


def keep_feed_states(home: Home, as_of: date | None = None) -> list[FeedState] | None:
    """Writes `ops.feed` and the notices as of a day (today), if ledger, contracts or day are others since; None if they
    are not."""
    inputs = {
        "ledger": str(version(home.table("ops", "delivery"))),
        "declared": declared(),
        "today": (as_of or today()).isoformat(),
    }
    mark = Mark(home.state / "feed_states.json", inputs)
    if mark.is_current() or "ops.feed" not in contracts():
        return None
    states = feed_states(home, as_of)
    rows = pa.Table.from_pylist([vars(state) for state in states], schema=table_schema(contracts()["ops.feed"]))
    overwrite(home.table("ops", "feed"), rows)
    write_whole(notices_path(home), json.dumps(list(_notices(states)), ensure_ascii=False))
    mark.keep()
    return states


def notices_path(home: Home) -> Path:
    """What Airflow's start page tells (services/airflow_ui/airflow_local_settings.py)."""
    return home.state / "notices.json"


def _notices(states: Sequence[FeedState]) -> Iterator[dict[str, str]]:
    late = [state.lateness for state in states if state.is_late]
    waiting = [f"{state.name}{state.open_file}" for state in states if state.open_files]
    if waiting:
        yield {"category": "warning", "text": _listed("有文件退回或暂缓入库", waiting)}
    if late:
        yield {"category": "error", "text": _listed("逾期未报送", late)}


def _listed(heading: str, entries: Sequence[str]) -> str:
    more = f"；另有{len(entries) - NAMED}项" if len(entries) > NAMED else ""
    return f"{heading}（{len(entries)}）：{'；'.join(entries[:NAMED])}{more}"

"""Full lists flow in, with the ledger; how many keys each would withdraw, of how many that stand, flows out (ADR 14).

The keys of a department's last accepted list are compared with those that the new one mentions, before base is built:
silver and quarantine know both, at the cost of two lists' key columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from expectations.bounds import bounds, is_within
from schemas.contract import FeedContract
from spark_jobs.judging.figures import Figures, Profile
from spark_jobs.judging.listed_keys import Listed, Lists
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import LOADED, REPLAY_QUARANTINED, REPLAYED, Delivery

# Lists that are looked at to know what stands: as many only while each has rejected rows.
LAST = 12


@dataclass(frozen=True)
class Withdrawal:
    """What a list takes back: how many keys of how many, the gate's figures, and what the department reads of each."""

    standing: int | None = None
    withdrawn: int | None = None
    figures: Figures = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


@dataclass
class _Known:
    """What the ledger says of a feed's deliveries, and this run adds: by identity first receipt and rows rejected."""

    accepted: list[Delivery]
    there: set[str]
    received: dict[str, datetime]
    rejected: dict[str, int]

    @classmethod
    def of(cls, ledger: Sequence[Delivery], run: Sequence[Delivery], profiles: Mapping[str, Profile]) -> _Known:
        judged = {one.delivery for one in run}
        known = cls([], set(judged), {}, {})
        for one in (one for one in ledger if one.feed == run[0].feed):
            if one.state in (*LOADED, *REPLAYED):
                known.there.add(one.delivery)
                known.rejected[one.delivery] = one.rows_quarantined
            if one.state == "accepted" and one.delivery not in judged:
                known.accepted.append(one)
        for one in (*ledger, *run):
            known.received[one.delivery] = min(one.received_at, known.received.get(one.delivery, one.received_at))
        known.rejected |= {name: int(profiles[name].figures["rows_quarantined"]) for name in judged}
        return known

    def listed(self, delivery: Delivery) -> Listed:
        """The list that a delivery is, or is a part of."""
        parts = tuple(part for part in delivery.parts if part) or (delivery.delivery,)
        return Listed(parts, sum(self.rejected.get(part, 0) for part in parts))

    def before(self, delivery: Delivery) -> list[Listed]:
        """The lists that its department had accepted before it, the newest first."""
        mine = [one for one in self.accepted if one.department == delivery.department]
        earlier = sorted(
            (one for one in mine if one.received_at < delivery.received_at), key=lambda one: one.received_at
        )
        lists = dict.fromkeys(self.listed(one) for one in reversed(earlier))
        return [one for one in lists if one.parts != self.listed(delivery).parts][:LAST]

    def since(self, lists: Sequence[Listed]) -> datetime:
        """When the first file of these lists was received."""
        return min(self.received[part] for one in lists for part in one.parts if part in self.received)


def withdrawals(
    home: Home,
    contract: FeedContract,
    deliveries: Sequence[Delivery],
    profiles: Mapping[str, Profile],
    ledger: Sequence[Delivery],
) -> dict[str, Withdrawal]:
    """By delivery, each compared with the list that was accepted before it; of a change feed nothing.

    Deliveries of one run are taken in order of receipt, and those that the gate will hold are no list to compare with.
    """
    if not contract.is_snapshot:
        return {one.delivery: Withdrawal() for one in deliveries}
    known = _Known.of(ledger, deliveries, profiles)
    found: dict[str, Withdrawal] = {}
    counted: dict[Listed, tuple[int, int]] = {}
    for one in sorted(deliveries, key=lambda one: (one.received_at, one.delivery)):
        if one.state == REPLAY_QUARANTINED:  # accepted before, and what it took back is taken back
            figures: Figures = {"withdrawn": None, "parts_lacking": None}
            found[one.delivery] = Withdrawal(one.keys_standing, one.keys_withdrawn, figures)
        else:
            listed = known.listed(one)
            if listed not in counted:
                counted[listed] = _counted(home, contract, listed, known.before(one), known)
            found[one.delivery] = _withdrawal(
                contract, one, *counted[listed], sum(part not in known.there for part in one.parts)
            )
        if one.decided_by or not _is_held(contract, {**profiles[one.delivery].figures, **found[one.delivery].figures}):
            known.accepted.append(one)
    return found


def _counted(
    home: Home, contract: FeedContract, own: Listed, before: Sequence[Listed], known: _Known
) -> tuple[int, int]:
    """How many keys stand of the lists before, and how many of them this one does not mention."""
    if not before:
        return 0, 0
    return Lists(home, contract, known.since([own, *before])).withdrawn(own, before)


def _is_held(contract: FeedContract, figures: Figures) -> bool:
    return any(
        bound.on == "fail" and figure in figures and not is_within(bound, figures[figure])
        for figure, bound in bounds(contract).items()
    )


def _withdrawal(contract: FeedContract, one: Delivery, standing: int, withdrawn: int, lacking: int) -> Withdrawal:
    share = withdrawn / standing if standing else None
    most = contract.expect.withdrawn.max
    limit = f"，约定不超过 {_percent(most)}" if most is not None else ""
    said = {
        "withdrawn": (
            f"清单缺少此前在册 {standing} 条中的 {withdrawn} 条（{_percent(share or 0)}{limit}），入库会将其撤下"
        ),
        "parts_lacking": f"清单分 {len(one.parts)} 份，其中 {lacking} 份缺号或不能读取",
    }
    return Withdrawal(standing, withdrawn, {"withdrawn": share, "parts_lacking": lacking}, said)


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g}%"

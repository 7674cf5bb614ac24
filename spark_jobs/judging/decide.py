"""A person's word about deliveries flows in: released, rejected, or to be judged again; ledger and receipts follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.contract import departments, feed_of, feeds
from schemas.likely import likely
from spark_jobs.judging.told import released
from spark_jobs.lake.home import Home, Refused, now
from spark_jobs.lake.ledger import REPLAY_ALL, REPLAY_QUARANTINED, Delivery, read_ledger, record
from spark_jobs.receipts import write_receipts

SHORTEST = 6


def release(home: Home, named: str, by: str, why: str) -> Delivery:
    """Accepts a held delivery as it is, and the other held parts of its list; the next build loads their rows.

    Raises Refused unless it is held.
    """
    return _decide(home, named, "accepted", by, why, released)


def reject(home: Home, named: str, by: str, why: str) -> Delivery:
    """Turns a held delivery away for good, with the other held parts of its list; they never reach base.

    Raises Refused unless it is held.
    """
    return _decide(home, named, "rejected", by, why, str)


def _decide(home: Home, named: str, state: str, by: str, why: str, told: Callable[[str], str]) -> Delivery:
    if not why.strip():
        raise Refused("--why must say why; the department reads it")
    held = _find(home, named)
    if held.state != "held":
        raise Refused(f"{held.file_name} ({held.delivery[:12]}) is {held.state}, not held: there is nothing to decide")
    moment = now()
    decided = [
        replace(one, state=state, reason=told(one.reason), decided_by=by, decided_why=why.strip(), decided_at=moment)
        for one in (held, *_other_parts(home, held))
    ]
    write_receipts(home, decided)
    record(home, decided)
    return decided[0]


def _other_parts(home: Home, held: Delivery) -> list[Delivery]:
    """The held deliveries that are one list with this one: half a list would withdraw what the other half holds."""
    if not held.parts:
        return []
    also = read_ledger(home, [("state", "=", "held"), ("_delivery", "in", sorted(held.parts))])
    return [one for one in also if one.delivery != held.delivery and one.parts == held.parts]


def _find(home: Home, named: str) -> Delivery:
    """The one delivery of that file name or that beginning of its identity; the held one where names repeat."""
    is_identity = len(named) >= SHORTEST and set(named) <= set("0123456789abcdef")
    known = [d for d in read_ledger(home) if d.file_name == named or (is_identity and d.delivery.startswith(named))]
    found = [d for d in known if d.state == "held"] or known
    if not found:
        raise Refused(f"no delivery is called {named!r}; lakewarden deliveries --state held lists those to decide")
    if len(found) > 1:
        listed = ", ".join(f"{d.delivery[:12]} ({d.department}/{d.folder}/{d.file_name}, {d.state})" for d in found[:5])
        raise Refused(
            f"{named!r} names {len(found)} deliveries: {listed}; name one by the first letters of its identity"
        )
    return found[0]


def to_replay(home: Home, feed: str | None, department: str | None) -> list[Delivery]:
    """Deliveries that another judgement could change: refused, held, or accepted with rows in quarantine.

    Raises Refused for a feed or a department that there is none of: nothing chosen would mean everything.
    """
    for kind, named, known in (("feed", feed, feeds()), ("department", department, departments())):
        if named is not None and named not in known:
            raise Refused(f"{named!r} is no {kind}; {likely(named, known)}")
    return [
        delivery
        for delivery in read_ledger(home)
        if feed in (None, delivery.feed, _promised_now(delivery))
        and department in (None, delivery.department)
        and (delivery.state in ("held", "refused") or (delivery.state == "accepted" and delivery.rows_quarantined))
    ]


def _promised_now(delivery: Delivery) -> str | None:
    """The feed that its folder carries today; what came before its contract was recorded under the folder's name."""
    contract = feed_of(delivery.department, delivery.folder)
    return contract.name if contract else None


def put_back(home: Home, deliveries: list[Delivery]) -> list[Delivery]:
    """Marks those that were judged row by row as to be judged again; returns the others, which were refused whole.

    One commit: a crash after it, and the next run judges them.
    """
    again = {"held": REPLAY_ALL, "accepted": REPLAY_QUARANTINED}
    record(home, [replace(one, state=again[one.state]) for one in deliveries if one.state in again])
    return [one for one in deliveries if one.state == "refused" and one.delivery]

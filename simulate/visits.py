"""Inspections flow in; the visits that officers recorded on their devices flow out as six tables: visits, steps, items,
evidence, documents and signatures.

Spare, and so the only ones that are spoiled, are rows whose loss makes nothing doubtful: what is doubted is what is
planted, but for evidence whose visit's number was mistyped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from simulate.firms import Period
from simulate.marks import SPARE
from simulate.staff import Staff
from simulate.visit_plan import STEPS, Visit, displace, near, planned_visits
from simulate.word_lists import Row, Table, table_of

REFUSED = 0.04
MORE = ("99", "其他检查事项")  # an item that the checklist does not ask
ORDERED, RECHECK = "02", "13"
TABLES = ("visit", "visit_step", "visit_item", "visit_evidence", "visit_document", "visit_signature")
# Kinds of evidence, in the order in which it is taken, with their words and the ends of their files' names.
TAKEN = ("1", "1", "1", "2", "1", "3")
WORDS, ENDS = {"1": "照片", "2": "录像", "3": "录音"}, {"1": "jpg", "2": "mp4", "3": "m4a"}
FOUND = ("02", "03", "04", "05")


def make_visits(
    checks: Table, department: str, staff: Staff, firms: Table, asked: Table, period: Period, rng: np.random.Generator
) -> dict[str, Table]:
    """The six tables by name; `firms` with longitude and latitude, `asked` the check items of checklists."""
    visits = planned_visits(checks, department, asked, period, rng)
    displace(visits, firms)
    told: dict[str, list[Row]] = {kind: [] for kind in TABLES}
    numbers: dict[tuple[int, str], int] = {}
    earlier: list[str] = []
    for visit in visits:
        told["visit"].append(_visit(visit, checks, rng))
        if not visit.is_spare:
            told["visit_step"] += _steps(visit, checks, firms, period.last, rng)
            told["visit_item"] += _items(visit, checks, rng)
            told["visit_evidence"] += _evidence(visit, firms, earlier, rng)
            documents = [*_documents(visit, checks, staff, numbers)]
            told["visit_document"] += documents
            told["visit_signature"] += _signatures(visit, documents[0]["document_no"], rng)
    return {kind: table_of(rows) for kind, rows in told.items()}


def _about(visit: Visit) -> Row:
    return {"firm": visit.firm, "body": visit.body, "visit_no": visit.number, "visit_date": _day(visit.began)}


def _day(moment: np.datetime64) -> np.datetime64:
    day: np.datetime64 = moment.astype("datetime64[D]")
    return day


def _visit(visit: Visit, checks: Table, rng: np.random.Generator) -> Row:
    rating = int(rng.choice([3, 4, 5], p=[0.05, 0.25, 0.7]))
    return {
        **_about(visit),
        "item": int(checks["item"][visit.check]),
        "officers": visit.officers,
        "task_no": f"RW{visit.number}",
        "plan_id": "",
        "check_action_code": checks["check_action_code"][visit.check],
        "check_icode": checks["check_icode"][visit.check],
        "check_result": checks["check_result"][visit.check],
        "assistants": float(rng.integers(0, 3)),
        "notice_kind": "1" if rng.random() < 0.4 else "2",
        "is_scanned": "1" if visit.is_scanned else "0",
        "scanned_at": visit.at("03") if visit.is_scanned else np.datetime64("NaT", "s"),
        "started_at": visit.began,
        "ended_at": visit.ended,
        "app_version": f"3.{_day(visit.began).astype('datetime64[M]').astype(int) % 4}.1",
        "terminal_no": f"ZD{visit.officers[0]:06d}",
        "offline_minutes": float(rng.integers(0, 6)),
        "visit_rating": float(rating),
        "rating_text": {3: "一般", 4: "满意", 5: "非常满意"}[rating],
        SPARE: visit.is_spare,
    }


def _steps(visit: Visit, checks: Table, firms: Table, last: np.datetime64, rng: np.random.Generator) -> Iterator[Row]:
    """The steps from the order to signing out; where something was found, what is done about it and the re-check."""
    has_found = checks["check_result"][visit.check] in FOUND
    times = [(visit.at(step), lasts) for step, lasts in zip(STEPS, visit.lasts, strict=True)]
    if has_found and visit.rechecked <= last:
        times += [(visit.rechecked.astype("datetime64[s]") + np.timedelta64(10, "h"), 900)]
    for step, (began, lasts) in zip((*STEPS, RECHECK), times, strict=False):
        away = rng.uniform(2000, 6000) if step == "01" else abs(rng.normal(0, 40))
        if visit.doubt == "place" and step == "02":
            away = rng.uniform(600, 2500)
        longitude, latitude = near(firms, visit.firm, away, rng)
        is_skipped = step == "09" and not has_found
        skew = rng.integers(300, 900) if visit.doubt == "clock" else rng.integers(-20, 20)
        yield {
            **_about(visit),
            "step_no": float(step),
            "visit_step": step,
            "started_at": began,
            "ended_at": began + np.timedelta64(lasts, "s"),
            "officer_longitude": longitude,
            "officer_latitude": latitude,
            "coordinate_system": "1",
            "accuracy_m": round(float(rng.uniform(3, 20)), 2),
            "distance_m": round(float(away), 2),
            "network": str(rng.choice(["1", "3", "0"], p=[0.7, 0.25, 0.05])),
            "clock_skew_s": float(skew),
            "is_skipped": "1" if is_skipped else "0",
            "skip_reason": "未发现问题" if is_skipped else "",
            SPARE: step == "10" and visit.check % 8 == 0,
        }


def _items(visit: Visit, checks: Table, rng: np.random.Generator) -> Iterator[Row]:
    """An answer to each item of the checklist; where something was found, the last one answered is not in order."""
    answered = visit.asked[:-1] if visit.doubt == "unanswered" else visit.asked
    has_found = checks["check_result"][visit.check] in FOUND
    more = [MORE] if visit.check % 10 == 0 else []
    for place, (number, name) in enumerate([*answered, *more]):
        is_wrong = has_found and place == len(answered) - 1
        finding = "0" if is_wrong else "3" if visit.doubt == "unanswered" and not place else "1"
        yield {
            **_about(visit),
            "check_item_no": number,
            "check_item_name": name,
            "requirement": f"{name}，符合有关规定",
            "finding": finding if rng.random() > 0.03 or is_wrong else "4",
            "finding_note": "责令限期整改" if is_wrong else "",
            "measured_value": "",
            "evidence_nos": "",
            "finding_basis": "",
            "rectify_deadline": visit.deadline if is_wrong else np.datetime64("NaT", "D"),
            SPARE: number == MORE[0],
        }


def _evidence(visit: Visit, firms: Table, earlier: list[str], rng: np.random.Generator) -> Iterator[Row]:
    """Each piece with the hash of the one before it; all were taken while items were checked."""
    count = int(rng.integers(3, len(TAKEN) + 1))
    # the second half of the last step in which evidence is taken stays free, so that no piece ends outside of it
    seconds = np.sort(rng.choice(sum(visit.lasts[4:6]) * 3 // 4, count, replace=False)).tolist()
    hashes = [hashlib.sha256(f"{visit.number} {place}".encode()).hexdigest() for place in range(count)]
    if visit.doubt == "again" and earlier:
        hashes[1] = earlier[0]
    previous = ["", *(one for one, _ in pairwise(hashes))]
    if visit.doubt == "chain":
        previous[-1] = hashlib.sha256(previous[-1].encode()).hexdigest()
    for place in range(count):
        began = visit.at("05") + np.timedelta64(seconds[place], "s")
        if visit.doubt == "outside" and place == count - 1:
            began = visit.ended + np.timedelta64(40, "m")
        longitude, latitude = near(
            firms, visit.firm, rng.uniform(300, 900) if visit.doubt == "apart" else rng.uniform(0, 30), rng
        )
        wait = rng.integers(30 * 60, 70 * 60) * 60 if visit.doubt == "late" else rng.integers(600, 5 * 3600)
        kind = TAKEN[place]
        ended = began + np.timedelta64(int(rng.integers(5, 40)), "s")
        yield {
            **_about(visit),
            "evidence_no": f"{visit.number}-{place + 1:02d}",
            "step_no": 5.0 if seconds[place] < visit.lasts[4] else 6.0,
            "evidence_kind": kind,
            "evidence_name": f"现场{WORDS[kind]}{place + 1}",
            "evidence_label": visit.asked[place % len(visit.asked)][1],
            "recorder_no": f"JLY{visit.officers[1]:06d}",
            "evidence_place": firms["address_registered"][visit.firm],
            "officer_longitude": longitude,
            "officer_latitude": latitude,
            "started_at": began,
            "ended_at": ended,
            "saved_at": ended + np.timedelta64(int(wait), "s"),
            "file_name": f"{visit.number}-{place + 1:02d}.{ENDS[kind]}",
            "file_bytes": float(rng.integers(2, 80) * 100_000),
            "file_hash": hashes[place],
            "storage_key": f"evidence/{visit.number}/{place + 1:02d}",
            "attestation_no": "",
            "retain_until": _day(began) + np.timedelta64(90 if visit.doubt == "kept" else 3 * 365, "D"),
            "previous_hash": previous[place],
            SPARE: place == count - 1 and visit.check % 10 == 0,
        }
    earlier += hashes[:1] * (not visit.doubt)


def _documents(visit: Visit, checks: Table, staff: Staff, numbers: dict[tuple[int, str], int]) -> Iterator[Row]:
    """The record, and an order to put right what was found; numbered by body and year."""
    has_order = checks["check_result"][visit.check] == ORDERED
    year = str(_day(visit.began))[:4]
    for step, kind in (("07", "01"), ("09", "90")):
        if kind == "90" and not has_order:
            continue
        skipped = 2 if visit.doubt == "gap" and kind == "01" else 0
        number = numbers[visit.body, year] = numbers.get((visit.body, year), 0) + 1 + skipped
        document_no = f"{staff.bodies[visit.body].name}检〔{year}〕{number}号"
        yield {
            **_about(visit),
            "document_no": document_no,
            "act_document_kind": kind,
            "document_version": 1.0,
            "created_at": visit.at(step),
            "file_hash": hashlib.sha256(document_no.encode()).hexdigest(),
            "storage_key": f"documents/{visit.number}/{kind}",
            "template_version": "2025",
            SPARE: kind == "90" and visit.firm % 10 == 0,  # nobody signs an order
        }


def _signatures(visit: Visit, document_no: str, rng: np.random.Generator) -> Iterator[Row]:
    """Both officers sign the record, and the firm does; who refuses has a witness, but where that is left out."""
    is_refused = visit.doubt == "unsigned" or rng.random() < REFUSED
    signers = [("1", officer) for officer in visit.officers[:2]] + [("2", -visit.firm - 1)]
    for place, (role, signer) in enumerate(signers):
        refuses = role == "2" and is_refused
        signed = visit.at("08") + np.timedelta64(int(rng.integers(5, 60)) + place, "s")
        key = hashlib.sha256(f"signer {signer}".encode()).hexdigest().upper()
        yield {
            **_about(visit),
            "document_no": document_no,
            "signer_role": role,
            "signer_key": key,
            "signed_at": signed,
            "signing_method": "" if refuses else str(rng.choice(["1", "2", "3"], p=[0.7, 0.2, 0.1])),
            "certificate_serial": "",
            "signature_hash": "" if refuses else hashlib.sha256(f"{document_no} {signer}".encode()).hexdigest(),
            "is_refused": "1" if refuses else "0",
            "refusal_note": "当事人拒绝签名，已注明情况" if refuses and visit.doubt != "unsigned" else "",
            "witness_name": "",
            SPARE: place == 1 and visit.check % 10 == 0,
        }

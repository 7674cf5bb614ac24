"""The world flows in; what each department has to say, in the contracts' columns, flows out.

A key that no contract column has is a heading that contracts ignore; a key with `_` before it never reaches a file:
`_window` says which file, `_spare` which rows nothing else depends on, `_fault` how a firm's code was wrong from birth.
"""

from __future__ import annotations

import numpy as np

from schemas.contract import departments
from simulate.complaints import as_reported
from simulate.departments import office_of
from simulate.divisions import places
from simulate.staff import Staff
from simulate.windows import WINDOW, Windows
from simulate.word_lists import Array, Item, Table, items, person_names, random_for

SPARE, FAULT = "_spare", "_fault"
SPARE_ITEMS, SPARE_OFFICERS = 5, 12
NATURE = {"91": "02", "92": "03", "93": "02", "52": "03"}


def item_code(item: Item, measure: str) -> str:
    """14 digits: department, main item, sub-item, measure, province, serial: a composition of ours (domain.md §2.7)."""
    national = departments()[item.department].national
    return f"{national}{item.main}{item.sub}{measure}{int(item.province or 0):02d}001"


def catalogue_codes(measure: str) -> Array:
    """The code of every item for one measure."""
    return texts([item_code(item, measure) for item in items()])


def object_class(form: str) -> str:
    """What a firm is as an object of supervision, by its legal form."""
    return "10" if form == "52" else "1"


def texts(values: list[str]) -> Array:
    """Python strings as an array, none of them cut."""
    return np.array(values, dtype=object)


def catalogue(department: str) -> Table:
    """A department's items, once to check and once to punish, and a few that no act uses."""
    own = [item for item in items() if item.department == department]
    listed = [(item, measure) for measure in ("1", "2") for item in own]
    spare = [(item, "9") for item in own[:SPARE_ITEMS]]
    every = listed + spare
    return {
        "item_code": texts([item_code(item, measure) for item, measure in every]),
        "item_name": texts([item.name for item, _ in every]),
        "sub_item_name": texts(
            [item.sub_name if measure == "1" else item.name + "违法行为处理" for item, measure in every]
        ),
        "supervision_department": texts([departments()[department].national for _ in every]),
        "supervised_object_class": texts([item.object_class for item, _ in every]),
        "measure": texts([measure for _, measure in every]),
        "legal_basis": texts([item.basis if measure == "1" else item.accord for item, measure in every]),
        "item_level": texts([office_of(item.department).level for item, _ in every]),
        "item_class": texts([item.item_class for item, _ in every]),
        "item_status": texts(["01" if measure != "9" else "03" for _, measure in every]),
        SPARE: np.repeat([False, True], [len(listed), len(spare)]),
    }


def officers(staff: Staff, department: str, seed: int) -> Table:
    """A department's officers, and a few beside them who never inspect."""
    rng = random_for(seed, "spare officers", department)
    active = staff.officers
    like = rng.integers(0, len(active["officer_name"]), SPARE_OFFICERS)
    spare = {name: column[like] for name, column in active.items()}
    spare["officer_name"] = person_names(rng, SPARE_OFFICERS)
    spare["officer_nature"] = np.full(SPARE_OFFICERS, "05", dtype=object)
    spare["certificate_no"] = texts([f"{code[:5]}9{n:05d}" for n, code in enumerate(spare["certificate_no"])])
    listed = {name: np.concatenate([column, spare[name]]) for name, column in active.items()}
    listed["id_card"] = np.where(rng.random(len(listed["id_card"])) < 0.3, "", listed["id_card"]).astype(object)
    return {**listed, SPARE: np.repeat([False, True], [len(active["officer_name"]), SPARE_OFFICERS])}


def _parties(firms: Table, firm: Array) -> Table:
    """The firm as object and counterparty of an act."""
    return {
        "supervised_object_class": texts([object_class(form) for form in firms["form"][firm]]),
        "supervised_object": firms["object_name"][firm],
        "administrative_cp": firms["object_name"][firm],
        "administrative_cp_nature": texts([NATURE[form] for form in firms["form"][firm]]),
        "administrative_cp_document": np.full(len(firm), "001", dtype=object),
        "administrative_cp_code": firms["uscc"][firm],
        "region_code": _regions(firms, firm),
        FAULT: firms["code_fault"][firm],
    }


def _regions(firms: Table, firm: Array) -> Array:
    """Today's code; where a division was renumbered, every third act still has the former one."""
    former = texts([place.former or place.code for place in places()])[firms["place"][firm]]
    return np.where(firm % 3 == 0, former, firms["region_code"][firm]).astype(object)


def check_actions(department: str, checks: Table, firms: Table, staff: Staff, windows: Windows) -> Table:
    """A department's inspections."""
    firm, item = checks["firm"], checks["item"]
    code = catalogue_codes("1")[item]
    body_name = texts([body.name for body in staff.bodies])[checks["body"]]
    body_code = texts([body.code for body in staff.bodies])[checks["body"]]
    year = np.datetime_as_string(checks["check_date"], unit="Y").astype(object)
    plan = "SJ" + firms["region_code"][firm] + year + texts([f"{i:03d}" for i in range(len(items()))])[item]
    name = staff.officers["officer_name"]
    licence = staff.officers["certificate_no"]
    return {
        "item_code": code,
        "check_icode": body_code + office_of(department).level + code + "001",
        "check_action_name": "对" + firms["object_name"][firm] + "的" + texts([i.sub_name for i in items()])[item],
        "check_action_code": checks["check_action_code"],
        "plan_id": np.where(checks["check_mode"] == "1", plan, "").astype(object),
        "implement_institution": body_name,
        "implement_institution_code": body_code,
        **_parties(firms, firm),
        "address_operating": firms["address_registered"][firm],
        "check_form": checks["check_form"],
        "check_class": checks["check_class"],
        "check_mode": checks["check_mode"],
        "check_result": checks["check_result"],
        "check_date": checks["check_date"],
        "check_personnel": listed(name, checks["officers"]),
        "check_personnel_code": listed(licence, checks["officers"]),
        "submitted_date": checks["submitted_date"],
        "注册地址": firms["address_registered"][firm],
        WINDOW: windows.of(checks["submitted_date"]),
    }


def listed(values: Array, chosen: Array) -> Array:
    """The chosen officers' values, a comma between them."""
    first, second = values[chosen[:, 0]] + ",", values[chosen[:, 1]]
    third = np.where(chosen[:, 2] >= 0, "," + values[chosen[:, 2]], "")
    listed: Array = first + second + third
    return listed


def punish_actions(penalties: Table, firms: Table, staff: Staff, windows: Windows) -> Table:
    """A department's penalties; those against a person in charge name the person, not the firm's code."""
    firm, item, person = penalties["firm"], penalties["item"], penalties["is_person"]
    name = firms["object_name"][firm]
    fact, accord = texts([i.fact for i in items()])[item], texts([i.accord for i in items()])[item]
    year = np.datetime_as_string(penalties["punish_date"], unit="Y").astype(object)
    short = texts([places()[place].short for place in firms["place"][firm]])
    serial = texts([f"{n}号" for n in range(1, len(firm) + 1)])
    rows = {
        "item_code": catalogue_codes("2")[item],
        "punish_action_name": name + fact + "案",
        "punish_action_code": penalties["punish_action_code"],
        "implement_institution": texts([body.name for body in staff.bodies])[penalties["body"]],
        "implement_institution_code": texts([body.code for body in staff.bodies])[penalties["body"]],
        **_parties(firms, firm),
        "illegal_fact": name + fact,
        "punish_accord": accord,
        "punish_file_no": short + "罚〔" + year + "〕" + serial,
        "punish_result": _outcomes(penalties),
        "报送人员": np.full(len(firm), "系统管理员", dtype=object),
        WINDOW: windows.of(penalties["submitted_date"]),
    }
    copied = (
        "case_source",
        "check_action_code",
        "punish_procedure",
        "punish_set_date",
        "major_case",
        "legal_review",
        "punish_date",
        "punish_kind",
        "fine_cny",
        "reconsideration",
        "litigation",
        "closed_date",
        "submitted_date",
    )
    rows |= {column: penalties[column] for column in copied}
    persons = {
        "administrative_cp": penalties["person"],
        "administrative_cp_nature": np.full(len(firm), "01", dtype=object),
        "administrative_cp_document": np.full(len(firm), "111", dtype=object),
        "administrative_cp_code": penalties["id_card"],
        FAULT: np.full(len(firm), "", dtype=object),
    }
    return rows | {column: np.where(person, values, rows[column]) for column, values in persons.items()}


def _outcomes(penalties: Table) -> Array:
    words = {
        "01": "给予警告",
        "02": "处以罚款{}元",
        "03": "没收违法所得，并处罚款{}元",
        "04": "责令停产停业整顿",
        "05": "吊销许可证",
        "07": "责令限期改正并通报",
    }
    pairs = zip(penalties["punish_kind"], penalties["fine_cny"], strict=True)
    return texts([words[kind].format(f"{fine:.0f}") for kind, fine in pairs])


def complaint_reports(complaints: Table, firms: Table, windows: Windows) -> Table:
    """Complaints in every state in which the 12315 platform passes them on."""
    rows = as_reported(complaints, windows)
    firm = rows["firm"]
    kept = {name: column for name, column in rows.items() if name not in ("firm", "names_code")}
    return {
        **kept,
        "complained_name": firms["object_name"][firm],
        "complained_uscc": np.where(rows["names_code"], firms["uscc"][firm], "").astype(object),
        "region_code": _regions(firms, firm),
        FAULT: np.where(rows["names_code"], firms["code_fault"][firm], "").astype(object),
    }

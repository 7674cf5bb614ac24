"""The world flows in; what each department has to say of it, in the contracts' columns, flows out.

A key that no contract column has is a heading that contracts ignore; a key with `_` before it never reaches a file.
"""

from __future__ import annotations

import numpy as np

from schemas.contract import departments, feed_of
from simulate.complaints import as_reported
from simulate.departments import office_of
from simulate.divisions import places
from simulate.draw import Draw
from simulate.knowledge import with_versions
from simulate.marks import FAULT, PLANTED, SPARE, WINDOW
from simulate.windows import Windows
from simulate.word_lists import Array, Table, items, person_names, random_for, texts
from simulate.world import World, catalogue_codes, item_code

SPARE_ITEMS, SPARE_OFFICERS = 5, 12
OUTCOMES = {
    "01": "给予警告",
    "02": "处以罚款{}元",
    "03": "没收违法所得，并处罚款{}元",
    "04": "责令停产停业整顿",
    "05": "吊销许可证",
    "07": "责令限期改正并通报",
}


def catalogue(department: str) -> Table:
    """A department's items, once to check and once to punish, and a few that no act uses."""
    own = [item for item in items() if item.department == department]
    listed = [(item, measure) for measure in ("1", "2") for item in own]
    spare = [(item, "9") for item in own[:SPARE_ITEMS]]
    every = listed + spare
    listed_items: Table = {
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
    return with_versions(listed_items)


def officers(department: str, world: World) -> Table:
    """A department's officers, and a few beside them who never inspect."""
    rng = random_for(world.seed, "spare officers", department)
    active = world.staff(department).officers
    like = rng.integers(0, len(active["officer_name"]), SPARE_OFFICERS)
    spare = {name: column[like] for name, column in active.items()}
    spare["officer_name"] = person_names(rng, SPARE_OFFICERS)
    spare["officer_nature"] = np.full(SPARE_OFFICERS, "05", dtype=object)
    spare["certificate_no"] = texts([f"{code[:5]}9{n:05d}" for n, code in enumerate(spare["certificate_no"])])
    listed = {name: np.concatenate([column, spare[name]]) for name, column in active.items()}
    listed["id_card"] = np.where(rng.random(len(listed["id_card"])) < 0.3, "", listed["id_card"]).astype(object)
    return {**listed, SPARE: np.repeat([False, True], [len(active["officer_name"]), SPARE_OFFICERS])}


def _told(department: str, folder: str, act: str, table: Table, world: World) -> Table:
    """Acts in the columns of their feed: what is known of each, of its firm, item and body and of its officers."""
    contract = feed_of(department, folder)
    assert contract, f"{department}/{folder}"
    draw = Draw(contract, department, world, {}, acts=(act, table))
    values = {column.name: draw.value(column) for column in contract.columns}
    told = {name: column for name, column in values.items() if column is not None}
    marks = {PLANTED: table[PLANTED]} if PLANTED in table else {}
    return told | {"region_code": _regions(world.firms, draw.firm), FAULT: world.firms["code_fault"][draw.firm]} | marks


def _regions(firms: Table, firm: Array) -> Array:
    """Today's code; where a division was renumbered, every third act still has the former one."""
    former = texts([place.former or place.code for place in places()])[firms["place"][firm]]
    return np.where(firm % 3 == 0, former, firms["region_code"][firm]).astype(object)


def check_actions(department: str, world: World, windows: Windows) -> Table:
    """A department's inspections."""
    checks, firms = world.table("check", department), world.firms
    firm, item = checks["firm"], checks["item"]
    year = np.datetime_as_string(checks["check_date"], unit="Y").astype(object)
    plan = "SJ" + firms["region_code"][firm] + year + texts([f"{i:03d}" for i in range(len(items()))])[item]
    return {
        **_told(department, "check_action", "check", checks, world),
        "check_action_name": "对" + firms["object_name"][firm] + "的" + texts([i.sub_name for i in items()])[item],
        "plan_id": np.where(checks["check_mode"] == "1", plan, "").astype(object),
        "注册地址": firms["address_registered"][firm],
        WINDOW: windows.of(checks["submitted_date"]),
    }


def punish_actions(department: str, world: World, windows: Windows) -> Table:
    """A department's penalties; those against a person in charge name the person, not the firm's code."""
    penalties, firms = world.table("penalty", department), world.firms
    firm, item, person = penalties["firm"], penalties["item"], penalties["is_person"]
    name, fact = firms["object_name"][firm], texts([i.fact for i in items()])[item]
    rows = {
        **_told(department, "punish_action", "penalty", penalties, world),
        "item_code": catalogue_codes("2")[item],
        "punish_action_name": name + fact + "案",
        "illegal_fact": name + fact,
        "punish_result": _outcomes(penalties),
        "报送人员": np.full(len(firm), "系统管理员", dtype=object),
        WINDOW: windows.of(penalties["submitted_date"]),
    }
    persons = {
        "administrative_cp": penalties["person"],
        "administrative_cp_nature": np.full(len(firm), "01", dtype=object),
        "administrative_cp_document": np.full(len(firm), "111", dtype=object),
        "administrative_cp_code": penalties["id_card"],
        FAULT: np.full(len(firm), "", dtype=object),
    }
    return rows | {column: np.where(person, values, rows[column]) for column, values in persons.items()}


def _outcomes(penalties: Table) -> Array:
    pairs = zip(penalties["punish_kind"], penalties["fine_cny"], strict=True)
    return texts([OUTCOMES[kind].format(f"{fine:.0f}") for kind, fine in pairs])


def complaint_reports(department: str, folder: str, world: World, windows: Windows) -> Table:
    """A platform's registrations in every state in which it tells of them."""
    reports = as_reported(world.table("complaint", department), windows)
    rows = _told(department, folder, "complaint", reports, world)
    if "complained_uscc" in rows:
        rows["complained_uscc"] = np.where(reports["names_code"], rows["complained_uscc"], "").astype(object)
    names_code = reports["names_code"] & ("complained_uscc" in rows)
    return rows | {FAULT: np.where(names_code, rows[FAULT], "").astype(object), WINDOW: reports[WINDOW]}

"""Firms flow in; the register as it stood, and what became of it month by month, flow out in the contract's columns."""

from __future__ import annotations

import numpy as np

from schemas.contract import feed_of
from simulate.divisions import places
from simulate.firms import Period
from simulate.marks import FAULT, WINDOW
from simulate.windows import Windows, with_enough
from simulate.word_lists import Table, person_names, random_for, some, texts

FEWEST_ENTERPRISES = 8


def register(firms: Table, period: Period) -> Table:
    """The whole register as it stood the day before the period began."""
    there = firms["established_date"] < period.first
    rows = _registration({name: column[there] for name, column in firms.items()})
    rows["所在省份"] = np.full(int(there.sum()), "湖北", dtype=object)
    rows["来源年份文件"] = np.datetime_as_string(rows["established_date"], unit="Y").astype(object)
    return rows


def register_changes(firms: Table, windows: Windows, seed: int) -> Table:
    """New firms, and firms that changed, each in the file of its month."""
    rng = random_for(seed, "register changes")
    is_new = np.flatnonzero(firms["established_date"] >= windows.period.first)
    is_changed = np.flatnonzero(~np.isnat(firms["change_date"]))
    who = np.concatenate([is_new, is_changed])
    day = np.concatenate([firms["established_date"][is_new], firms["change_date"][is_changed]])
    order = np.argsort(day, kind="stable")
    who, day = who[order], day[order]
    rows = {name: column[who] for name, column in firms.items()}
    change, count = np.where(day == rows["change_date"], rows["change"], ""), len(who)
    rows["registration_state"] = np.where(change == "closed", "3", rows["registration_state"]).astype(object)
    rows["capital_amount"] = np.where(
        change == "capital", rows["capital_amount"] * rng.choice([0.5, 2, 5], count), rows["capital_amount"]
    )
    elsewhere = texts([places()[place].full_label for place in rows["place"]]) + some(rng, "road", count) + "新址"
    rows["address_registered"] = np.where(change == "moved", elsewhere, rows["address_registered"])
    rows["legal_representative"] = np.where(change == "head", person_names(rng, count), rows["legal_representative"])
    return {**_registration(rows), WINDOW: with_enough(windows.of(day), FEWEST_ENTERPRISES)}


def _registration(firms: Table) -> Table:
    contract = feed_of("scjg", "enterprise")
    assert contract, "scjg/enterprise"
    told = {column.name: firms[column.name].copy() for column in contract.columns if column.name in firms}
    return {**told, FAULT: firms["code_fault"]}

"""All that is known of an object: from every table that names it, each value with who said it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import pytest

from schemas.contract import table_of, tables
from spark_jobs.building.base import build_base
from spark_jobs.command.known import NOT_SHOWN, Known, known_of, lines, state_on
from spark_jobs.lake.home import Refused
from tests.silver_rows import deliver, lake
from tests.test_cli import lakewarden

FIRM, OTHER = "91420100MA4K00010R", "92420502MA4L0TE52G"
PARTY = {"administrative_cp_document": "001", "administrative_cp_code": FIRM, "supervised_object": "另一名称"}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with lake(tmp_path_factory.mktemp("known")) as home:
        registered = {"object_name": "武汉样本商贸有限公司", "legal_representative": "样本甲", "region_code": "420103"}
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", [{"uscc": OTHER}, {"uscc": FIRM, **registered}])
        act = {**PARTY, "check_date": date(2026, 1, 10), "check_result": "01", "address_operating": "样本路1号"}
        acts = [{**act, "check_action_code": f"JC-{number}"} for number in range(5)]
        deliver(home, "check_action", "yjj", "2026-02-01", acts)
        licence = {"licence_kind": "YP01", "licence_no": "1", "uscc": FIRM, "valid_to": date(2026, 6, 30)}
        deliver(home, "yjj_drug_trade_licence", "yjj", "2026-02-02", [licence])
        build_base(home)
        found = known_of(home, FIRM, date(2026, 7, 1), last=3)
        yield SimpleNamespace(home=home, found=found, text="\n".join(lines(FIRM, found, 120)))


def _table(known: SimpleNamespace, name: str) -> Known:
    return next(found for found in known.found if found.table.name == name)


def test_every_table_that_names_the_object_is_there_and_the_object_comes_first(known: SimpleNamespace) -> None:
    names = [found.table.name for found in known.found]
    assert names == ["base.supervised_object", "base.check_action", "base.licence"]
    assert known.text.startswith(f"{FIRM}  武汉样本商贸有限公司")


def test_each_claimed_value_has_its_own_source(known: SimpleNamespace) -> None:
    [row] = _table(known, "base.supervised_object").rows
    name, address = row.said_of["object_name"], row.said_of["address_operating"]
    assert (name.department, name.feed, name.line, name.at.date()) == ("scjg", "scjg_enterprise", 3, date(2026, 1, 1))
    assert (address.department, address.feed, address.at.date()) == ("yjj", "check_action", date(2026, 2, 1))
    assert "2026-02-01.csv line" in known.text


def test_a_row_of_a_newest_table_has_one_source(known: SimpleNamespace) -> None:
    [row] = _table(known, "base.licence").rows
    assert row.said is not None
    assert (row.said.department, row.said.feed, row.said.file) == ("yjj", "yjj_drug_trade_licence", "2026-02-02.csv")
    assert row.values["licence_kind"] == "YP01 药品经营许可证"


def test_a_new_licence_names_the_items_that_it_falls_under(known: SimpleNamespace) -> None:
    [row] = _table(known, "base.licence").rows
    assert row.values["item_codes"] == "72001001100001、72002001100001"


def test_only_the_newest_of_many_rows_are_shown_and_the_rest_are_counted(known: SimpleNamespace) -> None:
    checks = _table(known, "base.check_action")
    assert (len(checks.rows), checks.count) == (3, 5)
    assert "(5, the newest 3)" in known.text


def test_what_is_personal_is_said_to_be_there_and_not_shown(known: SimpleNamespace) -> None:
    [row] = _table(known, "base.supervised_object").rows
    assert row.values["legal_representative"] == NOT_SHOWN
    assert "样本甲" not in known.text


def test_a_licence_is_in_force_on_the_days_of_its_term(known: SimpleNamespace) -> None:
    [row] = _table(known, "base.licence").rows
    assert row.state == "on 2026-07-01: not after 2026-06-30"
    approval = table_of("base.approval")
    held = {"valid_from": date(2025, 1, 1), "valid_until": date(2026, 4, 30)}
    assert state_on(approval, held, date(2024, 12, 31)) == "on 2024-12-31: not before 2025-01-01"
    assert state_on(approval, held, date(2026, 4, 30)) == "on 2026-04-30: in force"
    assert state_on(approval, held, date(2026, 5, 1)) == "on 2026-05-01: not after 2026-04-30"


def test_an_unknown_object_is_refused_in_one_sentence(known: SimpleNamespace) -> None:
    with pytest.raises(Refused, match="is no object that any base table knows"):
        known_of(known.home, "91420600MA4873X97K", date(2026, 7, 1), 3)


def test_the_command_says_what_is_wrong_and_ends_with_2(known: SimpleNamespace) -> None:
    for words in (["object"], ["object", "甲"], ["base.licence", "甲"]):
        told = lakewarden(known.home.path, "show", *words)
        assert told.returncode == 2, told.stderr
        assert told.stderr.count("\n") == 1
    told = lakewarden(known.home.path, "show", "object", FIRM.lower(), "--day", "2026-01-01")
    assert told.returncode == 0
    assert "on 2026-01-01: in force" in told.stdout


def test_no_table_that_has_objects_is_forgotten() -> None:
    named = [table.name for table in tables("base").values() if any(c.name == "object_id" for c in table.columns)]
    assert {"base.approval", "base.monitor_device", "base.special_device", "base.registration_event"} <= {*named}

"""A synthetic province from landing to serving: what came out is compared with what is known to be true."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest

from schemas.contract import contracts, feed_of, feeds
from simulate import simulate
from spark_jobs import pipeline
from spark_jobs.building.flows import hop_into
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import connect, forget
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import overwrite, read
from spark_jobs.landing.land import make_landing_zone
from spark_jobs.serving.publish import served_names, serving_file

UNTIL = date(2026, 6, 30)
WIDTH = "_row"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("province"))
    make_landing_zone(home)
    simulate(800, 90, 7, home.landing, UNTIL, truth=home.state / "truth.csv", bad_files=True, say=lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEWARDEN_TODAY", "2026-07-01")
        for stage in pipeline.STAGES:
            stage(home)
    return home


def truth(home: Home) -> list[dict[str, str]]:
    with (home.state / "truth.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def said(home: Home, layer: str, column: str) -> Counter[tuple[str, str, int, str]]:
    """(feed, file, line, column) of everything that was said against a row."""
    ledger = read(home.table("ops", "delivery"), ["_delivery", "department", "feed", "file_name", "state"]).to_pylist()
    files = {row["_delivery"]: row for row in ledger if row["state"] in ("accepted", "held")}
    found: Counter[tuple[str, str, int, str]] = Counter()
    for contract in contracts().values():
        if contract.layer == "feed":
            for row in read(home.table(layer, contract.name), ["_delivery", "_line", column]).to_pylist():
                file = files[row["_delivery"]]
                place = (f"{file['department']}/{contract.name}", file["file_name"], row["_line"])
                for name in {text.split(": ", 1)[0] for text in row[column]}:
                    found[*place, name] += 1
    return found


def expected(home: Home, verdict: str) -> Counter[tuple[str, str, int, str]]:
    found: Counter[tuple[str, str, int, str]] = Counter()
    for row in truth(home):
        if row["verdict"] == verdict:
            contract = feed_of(row["department"], row["feed"])
            assert contract
            place = (f"{row['department']}/{contract.name}", row["file"], int(row["line"]))
            found[*place, row["column"] or WIDTH] = 1
    return found


def test_quarantine_is_exactly_what_is_known_to_be_dirty(province: Home) -> None:
    assert said(province, "quarantine", "_reasons") == expected(province, "quarantine")


def test_flags_are_exactly_what_is_known_to_be_doubtful(province: Home) -> None:
    assert said(province, "silver", "_flags") == expected(province, "flag")


def test_the_ledger_counts_the_doubtful_rows_of_each_delivery(province: Home) -> None:
    counted: Counter[str] = Counter()
    for feed in feeds():
        rows = read(province.table("silver", feed), ["_delivery", "_flags"]).to_pylist()
        counted += Counter(row["_delivery"] for row in rows if row["_flags"])
    ledger = read(province.table("ops", "delivery"), ["_delivery", "rows_doubtful"]).to_pylist()
    assert counted
    assert {row["_delivery"]: row["rows_doubtful"] for row in ledger if row["rows_doubtful"]} == counted


def test_every_bad_file_is_refused_and_no_other(province: Home) -> None:
    refused = {(row["department"], row["file"]) for row in truth(province) if row["verdict"] == "refused"}
    ledger = read(province.table("ops", "delivery"), ["department", "file_name", "state"]).to_pylist()
    assert refused
    assert {(row["department"], row["file_name"]) for row in ledger if row["state"] == "refused"} == refused


def test_nothing_is_lost_on_any_hop(province: Home) -> None:
    hops = read(province.table("ops", "reconciliation")).to_pylist()
    assert all(row["rows_in"] == row["rows_out"] + row["rows_aside"] for row in hops)
    accepted = [row for row in read(province.table("ops", "delivery")).to_pylist() if row["state"] == "accepted"]
    expected = Counter({"land": len(accepted), "conform": len(accepted)})
    expected.update(hop_into(table) for row in accepted for table in feeds()[row["feed"]].into)
    assert Counter(row["hop"] for row in hops) == expected


def test_every_table_has_the_columns_and_types_of_its_contract(province: Home) -> None:
    from spark_jobs.lake.columns import arrow_type

    for contract in contracts().values():
        if contract.layer in ("base", "themes", "gold"):
            schema = read(province.table(contract.layer, contract.table)).schema
            names = [column.name for column in contract.columns]
            days = getattr(contract, "partition", None)  # which Delta keeps behind the others
            assert [name for name in schema.names if name != days] == [name for name in names if name != days]
            for column in contract.columns:
                if not str(column.type).startswith("array<struct"):
                    found = schema.field(column.name).type
                    assert found == arrow_type(str(column.type)), f"{contract.name}.{column.name}: {found}"


def test_monthly_figures_add_up_to_the_acts_they_count(province: Home) -> None:
    months = read(province.table("gold", "supervision_month")).to_pandas()
    checks = read(province.table("base", "check_action"), ["is_problem", "city_code"]).to_pandas()
    assert months.checks.sum() == checks.city_code.notna().sum()
    assert months.checks_with_problem.sum() == checks[checks.city_code.notna()].is_problem.sum()
    punished = read(province.table("base", "punish_action"), ["city_code"]).to_pandas()
    assert months.punishments.sum() == punished.city_code.notna().sum()


def test_every_score_is_the_sum_of_its_reasons(province: Home) -> None:
    for row in read(province.table("gold", "risk_score"), ["score", "reasons", "as_of"]).to_pylist():
        assert 0 <= row["score"] <= 100
        assert min(sum(reason["points"] for reason in row["reasons"]), 100) == row["score"]
        assert row["as_of"] == date(2026, 7, 1)


def test_a_second_run_changes_nothing(province: Home) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEWARDEN_TODAY", "2026-07-01")
        assert [stage(province).changed for stage in pipeline.STAGES] == [False] * len(pipeline.STAGES)


def test_the_serving_file_holds_gold_and_nothing_personal(province: Home) -> None:
    with duckdb.connect(str(serving_file(province)), read_only=True) as served:
        tables = set(served_names(served))
        columns = {row[0] for row in served.sql("select column_name from duckdb_columns()").fetchall()}
        scored = served.sql("select count(*) from gold.risk_score").fetchone()
    assert {"gold.risk_score", "gold.supervision_month", "gold.complaint_clock", "gold.region_shape"} <= tables
    assert {contract.name for contract in contracts().values() if contract.layer == "detail"} <= tables
    personal = {c.name for contract in contracts().values() for c in contract.columns if c.sensitivity == "personal"}
    assert columns.isdisjoint(personal)
    assert scored
    assert scored[0] == read(province.table("gold", "risk_score"), ["object_id"]).num_rows


def test_gold_never_shows_a_citizen_number(province: Home) -> None:
    for path in Path(province.warehouse / "gold").iterdir():
        for column in read(path).columns:
            if str(column.type) == "string":
                assert not any(
                    len(str(v)) == 18 and str(v)[6:10] in {"1990", "1985"} and str(v)[:17].isdigit()
                    for v in column.to_pylist()
                )


def test_a_table_whose_contract_has_gained_a_column_is_built_with_it(province: Home) -> None:
    spark = connect(province)
    scores, reasons = ("gold", "risk_score"), ("gold", "risk_reason")
    gained = {("themes", "drug_profile"): "checks", scores: "is_general", reasons: "model"}
    before = {table: read(province.table(*table)) for table in gained}
    for table, column in gained.items():
        overwrite(province.table(*table), before[table].drop_columns([column]))
        forget(spark, province, *table)
    build_themes(province, full=True, as_of=date(2026, 7, 1))
    build_gold(province, date(2026, 7, 1), full=True)
    for table, rows in before.items():
        after = read(province.table(*table))
        assert (after.column_names, after.num_rows) == (rows.column_names, rows.num_rows)

"""What a model reads, it is built anew for: by its own words, and by those of the macros that it calls."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from spark_jobs.building.lineage import Lineage
from spark_jobs.lake.home import Home


@pytest.mark.parametrize(
    ("layer", "table", "read"),
    [
        ("themes", "environment_manifest_check", "base.theme_limit"),
        ("themes", "market_sampling_month", "base.sampling_result"),  # sampled('sampling_result', …)
        ("themes", "drug_adr_month", "base.supervised_object"),
        ("themes", "culture_deposit_day", "base.theme_limit"),  # inside limits_held
        ("gold", "visit_check", "base.visit_signature"),  # inside visit_documents
    ],
)
def test_a_table_that_a_macro_reads_is_an_input(tmp_path: Path, layer: str, table: str, read: str) -> None:
    inputs = Lineage(Home(tmp_path), layer, date(2026, 1, 1)).inputs({table})
    assert read in inputs
    assert {name.split(".")[0] for name in inputs} <= {"base", "themes", "gold", "codes", "ops"}

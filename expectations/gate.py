"""Delivery profiles flow in; Great Expectations' verdict on each delivery flows out, and Data Docs beside it.

Run as `python -m expectations.gate` it answers each JSON line of its input with one, until that ends. A line names the
folders of a home and what is asked of each feed; the answer has the verdicts of each. Then the Data Docs are there too.
It is a process of its own, because importing Great Expectations takes longer than judging a day's rows.
"""

from __future__ import annotations

import gc
import json
import logging
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

# Profiles are pandas frames; with PySpark in reach, Great Expectations would import all of it, ML library included.
sys.modules["pyspark"] = None  # type: ignore[assignment]
# Nor are these asked for anything, but by expectations that no contract can state; they are a third of its start.
sys.modules |= {name: ModuleType(name) for name in ("scipy.stats", "altair")}

# And none of the many objects that this import makes is garbage, which Python would look for after every 700.
gc.set_threshold(50_000, 100)

# ruff: noqa: E402
import great_expectations as gx
import pandas as pd
from great_expectations.core import ExpectationSuiteValidationResult, RunIdentifier
from great_expectations.data_context import FileDataContext

from expectations.bounds import bounds
from expectations.data_docs import index, site
from expectations.suite import suite
from expectations.verdict import Verdict
from expectations.words import CHINA, figure_label
from schemas.contract import FeedContract, feeds

# Results that the Data Docs show (ours: a month of a province's daily feeds).
KEPT = 150
# Deliveries that their index lists.
LISTED = 2000

# Of a delivery by its identity: department, file and moment of receipt, as people read them.
Told = Mapping[str, Mapping[str, str]]


class CheckBroken(Exception):
    """An expectation that could not be evaluated, which is not the same as one that is not met."""


class Gate:
    """A Great Expectations project in `folder`, its Data Docs in `docs`.

    Great Expectations writes its files in place, so a killed run or a full disk may have left half of one. What they
    hold follows from the contracts: a project that does not open or judge is thrown away and begun anew, once.
    """

    def __init__(self, folder: Path, docs: Path) -> None:
        warnings.filterwarnings("ignore")
        logging.disable(logging.WARNING)
        self.folder, self.docs = folder, docs
        try:
            self._open()
        except Exception:
            self._begin_anew()

    def _begin_anew(self) -> None:
        shutil.rmtree(self.folder)
        shutil.rmtree(self.docs, ignore_errors=True)
        self._open()

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.context: FileDataContext = gx.get_context(mode="file", project_root_dir=self.folder)
        self.context.variables.progress_bars = {"globally": False}
        self.source = self.context.data_sources.add_or_update_pandas("deliveries")
        self._place_docs(self.docs)

    def _place_docs(self, docs: Path) -> None:
        wanted = {"quality": site(docs)}
        if self.context.variables.data_docs_sites != wanted:
            for name in self.context.get_site_names():
                self.context.delete_data_docs_site(name)
            shutil.rmtree(docs, ignore_errors=True)
            self.context.add_data_docs_site("quality", wanted["quality"])

    def judge(self, contract: FeedContract, profiles: pd.DataFrame, told: Told) -> list[Verdict]:
        """One verdict a delivery and bound of the contract; `profiles` has a column `_delivery` and the figures."""
        # A folder of the Data Docs is called so.
        moment = datetime.now(UTC)
        run = RunIdentifier(run_name=f"{moment.astimezone(CHINA):%Y-%m-%d %H%M%S}", run_time=moment)
        try:
            verdicts = self._judge(contract, profiles, run)
        except CheckBroken:
            raise
        except Exception:
            self._begin_anew()
            verdicts = self._judge(contract, profiles, run)
        self._note(contract, run, verdicts, told)
        return verdicts

    def _note(self, contract: FeedContract, run: RunIdentifier, verdicts: Sequence[Verdict], told: Told) -> None:
        """Keeps what the index says of the deliveries, the newest first; one that was judged again is told once."""
        broken: dict[str, list[str]] = {verdict.delivery: [] for verdict in verdicts}
        for verdict in verdicts:
            if not verdict.is_met:
                broken[verdict.delivery].append(figure_label(verdict.figure, contract.name))
        shared = {"feed": contract.name, "title": contract.title, "run": run.run_time.isoformat()}
        new = [
            {"department": "", "file": name[:12], "received": str(run.run_name), **told.get(name, {})}
            | {**shared, "delivery": name, "broken": some}
            for name, some in broken.items()
        ]
        kept = [one for one in self._noted() if one["delivery"] not in broken]
        listed = sorted([*new, *kept], key=lambda one: str(one["received"]), reverse=True)[:LISTED]
        self._notes.write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")

    @property
    def _notes(self) -> Path:
        return self.folder / "deliveries.json"

    def _noted(self) -> list[dict[str, Any]]:
        noted: list[dict[str, Any]] = (
            json.loads(self._notes.read_text(encoding="utf-8")) if self._notes.exists() else []
        )
        return noted

    def _judge(self, contract: FeedContract, profiles: pd.DataFrame, run: RunIdentifier) -> list[Verdict]:
        batch = self.source.add_dataframe_asset(contract.name).add_batch_definition_whole_dataframe("run")
        definition = gx.ValidationDefinition(
            name=contract.name, data=batch, suite=self.context.suites.add_or_update(suite(contract))
        )
        result = self.context.validation_definitions.add_or_update(definition).run(
            batch_parameters={"dataframe": profiles},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["_delivery"]},
            run_id=run,
        )
        return [v for figure in bounds(contract) for v in _verdicts(contract, figure, profiles, result)]

    def publish(self) -> None:
        """Renders the Data Docs; results that cannot be read again lose their pages."""
        try:
            self._publish()
        except Exception:
            self._begin_anew()
            self._publish()

    def _publish(self) -> None:
        """Renders the pages of what has been judged since the last time: all of them would cost more every day.

        The index comes last: a page younger than it may have been cut short. The oldest results go with their pages;
        `ops.expectation` holds for good what was found.
        """
        results = sorted(self.context.validation_results_store.list_keys(), key=lambda key: key.run_id.run_time)
        places = {key: Path("validations", *key.to_tuple()) for key in results}
        for key in results[:-KEPT]:
            for root in (self.folder / "gx" / "uncommitted", self.docs):
                shutil.rmtree(root / places[key].parent, ignore_errors=True)
        first = self.docs / "index.html"
        rendered = first.stat().st_mtime_ns if first.exists() else 0
        pages = {key: self.docs / f"{places[key]}.html" for key in results[-KEPT:]}
        new = [key for key, page in pages.items() if not page.exists() or page.stat().st_mtime_ns > rendered]
        suites = {key.expectation_suite_identifier for key in new}
        self.context.build_data_docs(resource_identifiers=[*new, *suites] or results)
        # Two may have begun in one second, and have one name; before 0.3 names were noted.
        shown = {
            (key.expectation_suite_identifier.name, said): key
            for key in pages
            for said in (key.run_id.run_name, key.run_id.run_time.isoformat())
        }
        entries = self._noted()
        for one in entries:
            key = shown.get((one["feed"], one["run"]))
            one["page"] = quote(f"{places[key]}.html") if key else ""
        first.write_text(index(entries), encoding="utf-8")


def _verdicts(
    contract: FeedContract, figure: str, profiles: pd.DataFrame, result: ExpectationSuiteValidationResult
) -> list[Verdict]:
    outcome = next(
        r for r in result.results if r.expectation_config and r.expectation_config.kwargs["column"] == figure
    )
    if outcome.exception_info and outcome.exception_info.get("raised_exception"):
        raise CheckBroken(f"{contract.name}: {figure}: {outcome.exception_info.get('exception_message')}")
    broken = {entry["_delivery"] for entry in outcome.result.get("unexpected_index_list") or []}
    bound = bounds(contract)[figure]
    return [
        Verdict(
            delivery=delivery,
            figure=figure,
            observed=None if pd.isna(value) else float(value),
            minimum=bound.min,
            maximum=bound.max,
            is_met=delivery not in broken,
            severity=bound.on,
        )
        for delivery, value in zip(profiles["_delivery"], profiles[figure], strict=True)
    ]


def answer(asked: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The verdicts on each feed's deliveries, and the Data Docs rendered."""
    gate = Gate(Path(asked["folder"]), Path(asked["docs"]))
    verdicts = [
        gate.judge(feeds()[feed["feed"]], pd.DataFrame(feed["profiles"]), feed.get("deliveries", {}))
        for feed in asked["feeds"]
    ]
    gate.publish()
    return [[asdict(verdict) for verdict in some] for some in verdicts]


def main() -> None:
    """Answers standard input on standard output."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()

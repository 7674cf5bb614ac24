"""Bronze rows flow in; Great Expectations alone gives every row its verdict, and silver and quarantine flow out.

What a good engineer would write with nothing but Great Expectations and pandas: cells cleaned and typed by column, one
suite over all of them, `unexpected_index_list` for the rows. It has no check digits, which are not in its gallery.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from schemas.contract import Column, code_list, feeds
from spark_jobs.lake.home import Home, today

NOTHING = ["", "N/A", "NA", "无", "-", "--", "/", "NULL"]
USCC = "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
FORMS = {"uscc": USCC, "item_code": "^[0-9]{14}$"}
TYPED = "__typed"
# Within every bound, for cells that hold nothing: what must not be empty is asked of the cell as delivered.
NO_DAY, NO_NUMBER = pd.Timestamp("2001-01-01"), 0.0


def run(home: Home, feed: str) -> dict[str, Any]:
    """The whole pipeline; `work` is what is done for rows, `engine` what Great Expectations needs to be there."""
    started = time.perf_counter()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    up = time.perf_counter()
    columns = feeds()[feed].columns
    there = [column for column in columns if not column.name.startswith("cd_")]
    frame = DeltaTable(home.table("bronze", feed)).to_pandas(columns=[*(c.name for c in there), "_delivery", "_line"])
    for column in there:
        _type(frame, column)
    suite = gx.ExpectationSuite(name=feed, expectations=[rule for column in there for rule in _rules(column)])
    reasons = _reasons(context, frame, suite)
    bad = frame.index.isin(list(reasons))
    kept = [column.name + TYPED if column.name + TYPED in frame else column.name for column in there]
    write_deltalake(home.table("work", f"{feed}_silver"), pa.Table.from_pandas(frame.loc[~bad, [*kept, "_line"]]))
    aside = frame.loc[bad, ["_delivery", "_line"]].assign(_reasons=[reasons[row] for row in frame.index[bad]])
    write_deltalake(home.table("work", f"{feed}_quarantine"), pa.Table.from_pandas(aside))
    return {
        "stages": {"engine": up - started, "work": time.perf_counter() - up},
        "rows": len(frame),
        "quarantined": int(bad.sum()),
        "expectations": len(suite.expectations),
    }


def _type(frame: pd.DataFrame, column: Column) -> None:
    """The cell without surrounding space, and beside it its date or number."""
    text = frame[column.name].str.strip()
    text = text.mask(text.isin(NOTHING))
    frame[column.name] = text
    if column.type == "date":
        frame[column.name + TYPED] = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").mask(text.isna(), NO_DAY)
    elif str(column.type).startswith("decimal"):
        frame[column.name + TYPED] = pd.to_numeric(text, errors="coerce").mask(text.isna(), NO_NUMBER)


def _rules(column: Column) -> Iterator[Any]:
    name, typed = column.name, column.name + TYPED
    if column.required:
        yield gxe.ExpectColumnValuesToNotBeNull(column=name)
    if column.type == "date" or str(column.type).startswith("decimal"):
        yield gxe.ExpectColumnValuesToNotBeNull(column=typed)
    if column.codes:
        known = [text for code in code_list(column.codes) for text in (code.code, code.label, *code.aliases)]
        yield gxe.ExpectColumnValuesToBeInSet(column=name, value_set=known)
    if column.check:
        yield gxe.ExpectColumnValuesToMatchRegex(column=name, regex=FORMS[column.check])
    if column.max_length:
        yield gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=column.max_length)
    if column.min is not None or column.max is not None or column.not_future:
        is_day = column.type == "date"
        least = pd.Timestamp(f"{column.min:.0f}-01-01") if is_day and column.min else column.min
        most = pd.Timestamp(today()) if column.not_future else column.max
        yield gxe.ExpectColumnValuesToBeBetween(column=typed, min_value=least, max_value=most)
    if column.not_before:
        yield gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=typed, column_B=column.not_before + TYPED, or_equal=True, ignore_row_if="either_value_is_missing"
        )


def _reasons(context: Any, frame: pd.DataFrame, suite: gx.ExpectationSuite) -> dict[int, list[str]]:
    """Of each row that breaks a rule which."""
    source = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = source.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    found: dict[int, list[str]] = defaultdict(list)
    for result in batch.validate(suite, result_format="COMPLETE").results:
        asked = result.expectation_config
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"{asked.type}: {result.exception_info['exception_message']}")
        column = asked.kwargs.get("column", asked.kwargs.get("column_A"))
        for row in result.result.get("unexpected_index_list") or []:
            found[row].append(f"{column}: {asked.type}")
    return found

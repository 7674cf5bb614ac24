"""A page of Great Expectations flows in; the same page flows out as a clerk reads it: Chinese, in China's time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.contract import feeds

CHINA = ZoneInfo("Asia/Shanghai")
# What stands between two tags.
TEXT = re.compile(r">([^<>]+)<")
MOMENT = re.compile(r"\b(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d)(?:\.\d+)?(?:Z| UTC)")
FIGURES = {
    "rows": "行数",
    "quarantined_share": "退回行占比",
    "duplicate_keys": "主键重复行数",
    "volume": "行数与以往之比",
    "emptied": "以往有值、这次全空的列数",
    "shift": "代码分布与以往之差",
    "withdrawn": "清单撤下的占比",
    "parts_lacking": "清单缺少的份数",
}
# A text that is one of these, or holds one of these; longer ones first.
WORDS = {
    "values must be greater than or equal to": "应不小于",
    "values must be less than or equal to": "应不大于",
    "and less than or equal to": "且不大于",
    "This Expectation suite currently contains": "本数据集约定",
    "total Expectations across": "项检查，涉及指标",
    "Unsuccessful Expectations": "未通过",
    "Successful Expectations": "通过",
    "Evaluated Expectations": "检查项数",
    "Great Expectations Version": "Great Expectations 版本",
    "Expectation Suite Name": "数据集",
    "Expectation Suites": "各数据集的约定",
    "Expectation Suite": "数据集",
    "Expectations /": "约定 /",
    "Validations /": "核验 /",
    "Validation Results": "核验结果",
    "Unexpected Index List": "未通过的报送",
    "Unexpected Value": "未通过的值",
    "unexpected values found": "个不符",
    "Success Percent": "通过率",
    "Show more info...": "技术信息",
    "Show more...": "更多",
    "Batch Parameters": "批次参数",
    "Batch Markers": "批次标记",
    "Observed Value": "实际",
    "Data asset: None": "",
    "Batch Spec": "批次说明",
    "Statistics": "统计",
    "unexpected": "不符",
    "Expectation": "约定",
    "Run Name": "批次",
    "Run Time": "时间",
    "Succeeded": "通过",
    "Overview": "概况",
    "Sampled": "抽取",
    "Failed": "未通过",
    "Status": "结果",
    "Count": "个数",
    "Index": "报送",
    "Notes": "说明",
    "columns.": "项。",
    "total.": "项。",
    "Info": "信息",
}
WORD = re.compile("|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True)))


def figure_label(figure: str, feed: str) -> str:
    """What a figure of a delivery's profile is called; of a column's filling by the column's own label."""
    if not figure.startswith("filled__"):
        return FIGURES.get(figure, figure)
    name = figure.removeprefix("filled__")
    labels = {column.name: column.label for column in feeds()[feed].columns} if feed in feeds() else {}
    return f"{labels.get(name) or name}填报率"


def in_chinese(page: str, feed: str) -> str:
    """The page with its own words, figures and moments told anew; a page that is of no feed has "" for it."""
    return TEXT.sub(lambda found: f">{_said(found[1], feed)}<", page)


def _said(text: str, feed: str) -> str:
    stripped = text.strip()
    if stripped in FIGURES or stripped.startswith("filled__"):
        return text.replace(stripped, figure_label(stripped, feed))
    if stripped in feeds():
        return text.replace(stripped, feeds()[stripped].title)
    if feed in feeds() and "/" in text:
        text = text.replace(f"/ {feed}", f"/ {feeds()[feed].title}")
    return MOMENT.sub(_in_china, WORD.sub(lambda word: WORDS[word[0]], text))


def _in_china(moment: re.Match[str]) -> str:
    year, month, day, hour, minute, second = (int(part) for part in moment.groups())
    there = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return f"{there.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"

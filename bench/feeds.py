"""The shapes of what departments send flow in; the bench's own feeds, of inspections and of a register, flow out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.rows import Feed, counties, hundredths, industries, joined, padded, picked, usccs
from schemas.contract import code_list

CHECKS_FROM, CHECK_DAYS = np.datetime64("2023-01-01"), 1000
FOUNDED_FROM, FOUNDING_DAYS = np.datetime64("1990-01-01"), 13_000
PLACES = ["武汉", "宜昌", "荆州", "襄阳", "黄石", "十堰", "随州", "恩施"]
KINDS = ["商贸", "食品", "餐饮", "医药", "建材"]
SURNAMES, SYLLABLES = (
    "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗",
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超华鑫宏达盛兴隆恒泰安和顺",
)
TYPES = [
    "有限责任公司(自然人独资)",
    "有限责任公司（自然人投资或控股）",
    "有限责任公司(非自然人投资或控股的法人独资)",
    "股份有限公司(上市)",
    "个人独资企业",
    "个体工商户",
    "农民专业合作社",
    "有限责任公司分公司",
]
# In 万元, as most firms have it.
USUAL_CAPITAL = np.array([300, 1000, 3000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000]) * 10
UNITS = ["(万元人民币)", "万元人民币", "(万元)", "", "(万美元)", "万港元"]
UNIT_SHARES = [0.6, 0.15, 0.1, 0.12, 0.02, 0.01]


def _inspections(random: np.random.Generator, start: int, count: int) -> dict[str, pa.Array]:
    regions = counties()
    region = random.integers(len(regions), size=count)
    checked = CHECKS_FROM + random.integers(CHECK_DAYS, size=count)
    names = [f"{place}第{number}{kind}有限公司" for place in PLACES for kind in KINDS for number in range(1, 501)]
    return {
        "检查行为编号": joined("JC", padded(np.arange(start, start + count), 10)),
        "统一社会信用代码": usccs(random, np.array(regions, "S6")[region]),
        "监管对象名称": picked(random, names, count),
        "监管事项目录编码": joined("310", padded(random.integers(10**11, size=count), 11)),
        "行政区划代码": pa.array(regions).take(pa.array(region)),
        "行业代码": picked(random, industries(), count),
        # Departments write the code or its name.
        "检查形式": picked(random, _codes_and_labels("check_form"), count),
        "检查结果": picked(random, _codes_and_labels("check_result"), count),
        "检查时间": pa.array(checked.astype("datetime64[D]")).cast(pa.string()),
        "报送时间": pa.array((checked + random.integers(8, size=count)).astype("datetime64[D]")).cast(pa.string()),
        "罚款金额": pc.if_else(pa.array(random.random(count) < 0.1), hundredths(random, 10**7, count), ""),
        "经营面积": hundredths(random, 10**6, count),
    }


def _codes_and_labels(name: str) -> list[str]:
    return [text for code in code_list(name) for text in (code.code, code.label)]


def _firms(random: np.random.Generator, start: int, count: int) -> dict[str, pa.Array]:
    """As a register is exported: hardly a cell is a bare code, number or ISO date."""
    known = {*counties()}
    names, regions = zip(*(pair for pair in _names("region") if pair[1] in known), strict=True)
    region = random.integers(len(regions), size=count)
    return {
        "统一社会信用代码": usccs(random, np.array(regions, "S6")[region]),
        "企业名称": joined(
            picked(random, PLACES, count), _words(random, 4, count), picked(random, KINDS, count), "有限公司"
        ),
        "企业类型": picked(random, TYPES, count),
        "法定代表人": joined(picked(random, list(SURNAMES), count), _words(random, 2, count)),
        "注册资本": _capital(random, count),
        "成立日期": _chinese_days(FOUNDED_FROM + random.integers(FOUNDING_DAYS, size=count)),
        "登记状态": picked(random, [name for name, _ in _names("registration_state")], count),
        "行政区划": pa.array(names).take(pa.array(region)),
        "行业代码": picked(random, industries(), count),
    }


def _names(codes: str) -> list[tuple[str, str]]:
    """Whatever a list's codes are called, each with its code; no codes, and nothing that a CSV would have to quote."""
    from spark_jobs.lake.codes import code_spellings  # the bare copy, which is timed, does without

    return [pair for pair in code_spellings(codes).items() if not pair[0].isdigit() and "," not in pair[0]]


def _words(random: np.random.Generator, length: int, count: int) -> pa.Array:
    return joined(*(picked(random, list(SYLLABLES), count) for _ in range(length)))


def _capital(random: np.random.Generator, count: int) -> pa.Array:
    """Two in three are a usual sum; the others are any, to the hundredth of 万元."""
    usual = USUAL_CAPITAL[random.integers(len(USUAL_CAPITAL), size=count)]
    figures = np.where(random.random(count) < 2 / 3, usual, random.integers(1, 10**7, size=count))
    whole, rest = pa.array(figures // 100).cast(pa.string()), padded(figures % 100, 2)
    units = pa.array(UNITS).take(pa.array(random.choice(len(UNITS), size=count, p=UNIT_SHARES)))
    return joined(whole, ".", rest, units)


def _chinese_days(days: np.ndarray) -> pa.Array:
    """2016年3月1日"""
    dates = pa.array(days.astype("datetime64[D]"))
    year, month, day = (part(dates).cast(pa.string()) for part in (pc.year, pc.month, pc.day))
    return joined(year, "年", month, "月", day, "日")


INSPECTIONS = Feed(
    Path("scjg", "bench"),
    _inspections,
    (
        ("统一社会信用代码", "9142O100MA4K00010R"),
        ("监管对象名称", ""),
        ("监管事项目录编码", "3100100110000"),
        ("行政区划代码", "429999"),
        ("检查结果", "不清楚"),
        ("检查时间", "2026-13-45"),
        ("罚款金额", "若干"),
        ("经营面积", "-12.50"),
    ),
)
REGISTER = Feed(
    Path("scjg", "register"),
    _firms,
    (
        # The letter O is in no code; the other code's last character should be T.
        ("统一社会信用代码", "9142O100MA4K00010R"),
        ("统一社会信用代码", "91420100MA4K000100"),
        ("企业名称", ""),
        ("企业类型", "50.00(万元人民币)"),
        ("注册资本", "面议"),
        ("注册资本", "50.00(万法朗克)"),
        ("成立日期", "2016年2月30日"),
        ("成立日期", "2066年3月1日"),
        ("登记状态", "不清楚"),
        ("行政区划", "江城区"),
        ("行业代码", "99999"),
    ),
)

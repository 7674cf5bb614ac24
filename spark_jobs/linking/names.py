"""Names of organisations flow in; normalised, and split into division, core (字号 and trade) and form, they flow out.

The parts of a name are those of 企业名称登记管理规定: division, name proper, trade, form. All of it is Arrow kernels: a
million names take seconds.
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import province
from spark_jobs.lake.codes import regions

# What stands at the end of a name and says what kind of body it is; the longest first.
FORMS = sorted(
    [
        "有限责任公司",
        "股份有限公司",
        "有限公司",
        "集团有限公司",
        "集团股份有限公司",
        "责任公司",
        "股份公司",
        "集团公司",
        "公司",
        "集团",
        "总公司",
        "分公司",
        "有限责任公司分公司",
        "有限公司分公司",
        "股份有限公司分公司",
        "厂",
        "总厂",
        "分厂",
        "店",
        "商店",
        "分店",
        "总店",
        "门店",
        "专卖店",
        "便利店",
        "药店",
        "大药房",
        "药房",
        "餐馆",
        "饭店",
        "酒店",
        "宾馆",
        "超市",
        "商行",
        "经营部",
        "服务部",
        "门市部",
        "加工厂",
        "工作室",
        "中心",
        "服务中心",
        "合作社",
        "专业合作社",
        "农民专业合作社",
        "专业合作联社",
        "家庭农场",
        "事务所",
        "合伙企业(有限合伙)",
        "合伙企业(普通合伙)",
        "(有限合伙)",
        "(普通合伙)",
        "合伙企业",
        "医院",
        "卫生院",
        "诊所",
        "卫生室",
        "学校",
        "幼儿园",
        "协会",
        "基金会",
        "研究院",
        "研究所",
        "站",
        "行",
        "部",
        "社",
        "场",
        "馆",
        "院",
        "所",
    ],
    key=len,
    reverse=True,
)
# Signs that are written or left out as people like.
SIGNS = r"[\s·•.．,，、\"'“”‘’《》<>\-—_]"
# Traditional characters and others that mean the same (ours: those that the names of a real register hold).
SAME = dict(
    zip(
        "〇零壹貳叁參華東國龍興業貿電機車發達豐廣億榮飛馬鑫門風",
        "〇〇一二三三华东国龙兴业贸电机车发达丰广亿荣飞马鑫门风",
        strict=True,
    )
)
# A division's name without what kind of division it is.
KINDS = "土家族苗族自治州|土家族自治县|自治州|自治县|林区|新区|地区|省|市|县|区"
KIND = re.compile(f"({KINDS})$")
# Signs that stand for what a sender keeps to itself: 武汉**有限公司, 张某某, 王×, 武汉XX餐饮.
WITHHELD = "[*×○●□■◯]|(?:^|[^A-Z])X{2,}(?:[^A-Z]|$)"
SOMEBODY = "某"
# (ours) Shorter names without a form are as likely a person's.
SHORTEST_WITHOUT_FORM = 5


@cache
def _divisions() -> dict[str, str | None]:
    """The names of the province's divisions, today's and earlier ones, with their prefecture.

    None for the province, and for a name that several prefectures have.
    """
    home = province()
    found: dict[str, set[str | None]] = {}
    for region in regions():
        code = str(region["code"])
        if code[:2] != home.code[:2]:
            continue
        for name in {str(region["label"]), KIND.sub("", str(region["label"]))}:
            if len(name) >= 2 and name != "市辖":
                found.setdefault(name, set()).add(str(region["city_code"]) if region["city_code"] else None)
    found.pop("市辖区", None)
    found.pop("郊区", None)
    return {name: next(iter(cities)) if len(cities) == 1 else None for name, cities in found.items()}


@cache
def _prefectures() -> set[str]:
    """The names of divisions that are no part of a prefecture: prefectures, the province, and what it runs itself."""
    whole = [str(region["label"]) for region in regions() if region["city_code"] in (None, region["code"])]
    return {*whole, *(KIND.sub("", label) for label in whole)}


def _alternatives(texts: list[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text)))


@cache
def _patterns() -> tuple[str, str, str]:
    """What stands in front of a name, what stands in brackets inside, and what ends it."""
    divisions = _alternatives([*_divisions()])
    return rf"^(?:{divisions}|中国)+", rf"\((?:{divisions}|中国)+\)", rf"(?:{_alternatives(FORMS)})$"


def normalised(names: pa.Array) -> pa.Array:
    """Names as they are compared: one width, no signs between, capitals, simplified characters."""
    text = pc.utf8_upper(pc.utf8_normalize(names.cast(pa.string()), form="NFKC"))
    text = pc.replace_substring_regex(text, SIGNS, "")
    for pattern, one in (("[（〔【\\[]", "("), ("[）〕】\\]]", ")")):
        text = pc.replace_substring_regex(text, pattern, one)
    for other, same in SAME.items():
        if other != same:
            text = pc.replace_substring(text, other, same)
    return pc.replace_with_mask(text, pc.fill_null(pc.equal(text, ""), False), pa.scalar(None, pa.string()))


def split(names: pa.Array) -> dict[str, pa.Array]:
    """Normalised names in parts.

    `front`: the divisions before; `divisions`: those before, else those in brackets, without their kind (武汉江汉);
    `is_local`: whether a county or a district is among them; `is_inside`: whether they stand in brackets; `named_city`:
    the prefecture that they name; `core`; `form`.
    """
    front_pattern, inside, form_pattern = _patterns()
    front = pc.struct_field(pc.extract_regex(names, f"(?P<front>{front_pattern})"), "front")
    brackets = pc.struct_field(pc.extract_regex(names, rf"(?P<inside>{inside})"), "inside")
    form = pc.replace_substring(_form(names), "有限责任公司", "有限公司")  # the same form (公司法 art. 7)
    rest = pc.replace_substring_regex(pc.replace_substring_regex(names, inside, ""), front_pattern, "")
    core = pc.replace_substring_regex(rest, form_pattern, "")
    # A name that is nothing but divisions and a form (武汉市中心医院) keeps them: there is no other core.
    core = pc.if_else(pc.less(pc.utf8_length(core), 2), names, core)
    named = pc.coalesce(front, brackets)
    divisions = pc.replace_substring_regex(named, f"[()]|{KINDS}", "")
    distinct = pc.unique(named)
    texts, place = distinct.to_pylist(), pc.index_in(named, distinct)
    return {
        "front": front,
        "divisions": divisions,
        "is_local": pa.array([_is_local(text or "") for text in texts], pa.bool_()).take(place),
        "is_inside": pc.and_(pc.is_null(front), pc.is_valid(brackets)),
        "named_city": pa.array([_innermost(text) if text else None for text in texts], pa.string()).take(place),
        "core": core,
        "form": form,
    }


@cache
def _division() -> re.Pattern[str]:
    return re.compile(_alternatives([*_divisions()]))


def _form(names: pa.Array) -> pa.Array:
    """What ends the names as their form; null where nothing does."""
    return pc.struct_field(pc.extract_regex(names, f"(?P<form>{_patterns()[2]})"), "form")


def _is_local(text: str) -> bool:
    """Whether a county or a district is among divisions."""
    return any(piece not in _prefectures() for piece in _division().findall(text))


def _innermost(text: str) -> str | None:
    """The prefecture that divisions name; None where they name none or several."""
    cities = {_divisions()[piece] for piece in _division().findall(text)} - {None}
    return next(iter(cities)) if len(cities) == 1 else None


def is_a_body(names: pa.Array, form: pa.Array) -> pa.Array:
    """Whether a name is an organisation's for certain: what might be a person's never links on the name alone."""
    return pc.or_(
        pc.is_valid(form), pc.fill_null(pc.greater_equal(pc.utf8_length(names), SHORTEST_WITHOUT_FORM), False)
    )


def is_withheld(names: pa.Array) -> pa.Array:
    """Which normalised names were made unreadable on purpose: by a sign, or as somebody (张某) without a form."""
    is_signed = pc.fill_null(pc.match_substring_regex(names, WITHHELD), False)
    is_somebody = pc.fill_null(pc.match_substring(names, SOMEBODY), False)
    return pc.or_(is_signed, pc.and_(is_somebody, pc.is_null(_form(names))))

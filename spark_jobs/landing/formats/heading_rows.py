"""The first rows of a table flow in; its headings flow out, be they in one row or in up to three, below what titles.

Also said here: which rows below are no data: headings again, sums, signatures, and "nothing to report".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from spark_jobs.lake.headings import plain, undressed
from spark_jobs.landing.formats.sheet import RAW_SHOWN, Source, Told, Unreadable, shown

MOST_ROWS = 3
MOST_OF_A_NOTE = 2
STEMS = list("甲乙丙丁戊己庚辛壬癸")
# A cell of more characters is no word that closes a table, and no unit.
LONGEST_WORD = 100
# Rows that show whether a column without a heading numbers them.
SAMPLE = 20
SUMS = ("合计", "总计", "小计", "共计", "累计", "合 计", "总 计", "小 计", "合　计", "总　计", "合计：", "总计：")
_SUM = re.compile(r".{0,10}(?:合计|总计|小计|共计|累计)(?:[:(].{0,20}|\d.{0,10})?")
_SIGNED = re.compile(
    r"(?:(?:制|填)表|填报|报送|报表|编制|审核|复核|经办|统计|联系|(?:单位|部门|科室|主管)?负责|分管领导|校对)"
    r"(?:人|人员|单位|部门|日期|时间|电话|方式|领导)*(?:\((?:签字|签章|盖章|公章)\))?:.*"
)
# What programs and people write below a table: notes, how many rows, the number of the page, a day.
_NOTE = re.compile(
    r"(?:#|//|--(?=.)|(?:附?[注说备][注明]?\d?|附):|(?:数据)?来源:|数据(?:截至|截止|来自)|截[至止]"
    r"|(?:导出|打印|查询|下载)(?:人|时间|日期|单位)?:|填(?:表|报)(?:说明|须知|日期|时间):|(?:(?:金额|计量)?单位|日期|电话):"
    r"|以上(?:数据|信息|内容)).*|\(?\d+(?:rows?|行|条|条记录)(?:affected|selected|受影响|记录)?.{0,3}"
    r"|共\d+(?:行|条|户|家|项|件|笔|页).{0,10}|\d{1,2}[.、)].*[\u4e00-\u9fff].*|第\d+页(?:[,/]?共\d+页)?"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}日)?",
    re.IGNORECASE,
)
_DIVIDER = re.compile("[-=+|:_*—─━]{3,}")
_OFFICE = "局|委|委员会|厅|办公室|中心|大队|支队|总队"
_WHOSE = f"(?:(?:我|本|该|此)?(?:局|委|厅|办|单位|部门|辖区|表|处|科)|[\u4e00-\u9fff]{{2,20}}(?:{_OFFICE}))"
_WHEN = (
    r"(?:(?:本|当|该|上|今|这|次)(?:期|月|季度?|年度?|周|日|次|批次)?"
    r"|(?:\d{2,4}年度?)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})月份?"
    r"|(?:\d{2,4}年度?)?(?:第?[一二三四1-4]季度|[上下]半年|全年)|\d{4}年度?|截[至止]?目前|目前|期间|经?(?:核查|核实|自查|统计|查))"
)
_NO = "(?:暂?无|没有|暂?未(?:发生|产生|开展|收到|办理|实施|新增|发现)|零|数据为空|为空|空|0条)"
_THINGS = (
    "(?:数据|报告|申报|报送|上报|记录|情况|信息|业务|变化|变更|更新|新增|异常|报|内容|案件|发生|企业|市场主体"
    "|相关|有关|此类|可|的)*"
)
_NOTHING = f"(?:{_NO}{_THINGS}|不涉及{_THINGS}|nodata)"
_NIL = re.compile(
    r"(?:特此说明:|说明:|备注:|注:)?\(?"
    rf"(?:{_WHOSE}?[,:]?{_NOTHING}(?:[、,]{_NOTHING})*"
    rf"|{_WHOSE}?[,:]?(?:{_WHEN}[,:]?)+{_WHOSE}?(?:{_WHEN}[,:]?)*{_NO}[\u4e00-\u9fff、]{{0,20}})"
    r"\)?(?:\([^()]{0,20}\))?(?:[,;]特此(?:报告|说明))?[。.!]?",
    re.IGNORECASE,
)
# What stands in every cell of a row where there is nothing to report.
STROKES = frozenset(("无", "暂无", "/", "\\", "-", "--", "—", "——", "null", "none", "nil"))
_NIL_IN_NAME = re.compile(r"(?:无数据|零报告|零报送|零申报|零上报|空报|无新增|无变更|无报送)")


@dataclass(frozen=True)
class Headed:
    """Headings by column, blank where a column has none; the rows they stand in, the last being `row` (from 0)."""

    cells: list[str]
    row: int
    rows: int
    promised: int

    @property
    def worth(self) -> tuple[int, int, int]:
        """More promised headings are better, then more that name their unit, then fewer rows."""
        short = [cell for cell in self.cells if 0 < len(cell) <= RAW_SHOWN] if self.promised else []
        return self.promised, sum(undressed(cell)[1] is not None for cell in short), -self.rows


def find_headings(source: Source, rows: Sequence[Sequence[str]]) -> Headed | None:
    """Of the rows, and of up to three that follow one another read as one, that with the most promised headings.

    Behind a row that holds nothing but known headings there are none to look for.
    """
    best: Headed | None = None
    for first, cells in enumerate(rows):
        joined = [cell.strip() for cell in cells]
        if not any(joined):
            continue
        is_wide = sum(map(bool, joined)) > source.limits.columns  # which is refused, and costs no more before
        for last in range(first, first + 1 if is_wide else min(first + MOST_ROWS, len(rows))):
            if last > first:
                if not any(cell.strip() for cell in rows[last]):
                    break
                joined = _joined(source, joined, rows[last])
            seen = joined[: source.limits.columns] if is_wide else joined
            found = Headed(joined, last, last - first + 1, source.promised(seen))
            if best is None or found.worth > best.worth:
                best = found
        if best and best.promised > 1 and all_known(source, cells):
            break
    return replace(best, cells=[_named(source, cell) for cell in best.cells]) if best else None


def refuse_late_headings(
    source: Source, found: Headed, rows: Sequence[Sequence[str]], most: int, above: int = 0
) -> None:
    """Refuses a table whose headings stand below the first `most` rows, where none are looked for, and says where.

    `above`: empty rows that are not among `rows`.
    """
    late = find_headings(source, rows[most:]) if found.promised < 2 else None
    if late and late.promised > 1:
        cells = "、".join(shown(cell, 20) for cell in late.cells[:3] if cell)
        raise Unreadable(
            f"第 {above + most + late.row + 1} 行看上去是表头（{cells}…），它上面的行太多："
            f"表头须在前 {above + most} 行之内。"
            "请删去表头上方的说明和空行，或移到表格下方，再重新报送。"
        )


def all_known(source: Source, cells: Sequence[str]) -> bool:
    """Whether a row's cells, as far as they hold anything, are headings that the contract knows."""
    return all(source.promises.is_known(cell.strip()) for cell in cells if cell.strip())


def _named(source: Source, heading: str) -> str:
    """A heading, or nothing: `Unnamed: 0` is what pandas writes where there is none."""
    return "" if heading.startswith("Unnamed: ") and not source.promises.is_known(heading) else heading


def _joined(source: Source, above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Two rows of headings as one, of which some are merged over several columns, and some are two rows high."""
    joined, group = [], ""
    for column in range(max(len(above), len(below))):
        upper = above[column] if column < len(above) else ""
        lower = below[column].strip() if column < len(below) else ""
        group = upper or group
        if not (upper or lower):
            joined.append("")
            continue
        is_word = 0 < len(lower) <= LONGEST_WORD
        unit = undressed(f"({lower.strip('()（） ')})")[1] if upper and is_word else None
        both = "" if lower.isascii() else group + lower  # what is dropped of a heading in Latin letters is data here
        ways = [f"{upper}（{lower.strip('()（） ')}）"] if unit else [lower, upper, both]
        joined.append(next((way for way in ways if way and source.promised([way])), lower or upper))
    return joined


def is_headings_again(headings: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row below is the headings once more, as where files were put one behind the other."""
    if len(cells) != len(headings) or max(map(len, cells), default=0) > RAW_SHOWN:
        return False
    return all(plain(cell) == plain(heading) for cell, heading in zip(cells, headings, strict=True))


def is_other_headings(source: Source, cells: Sequence[str]) -> bool:
    """Whether most of what a row holds is headings."""
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) > 1 and source.promised(filled) * 2 > len(filled)


def other_headings(row: str) -> Unreadable:
    """The refusal of a table in whose middle other headings stand: what follows would be read under the wrong ones."""
    return Unreadable(f"{row}又是一行表头，与上面的表头不同。请把它们拆成几个文件，或统一列的顺序。")


def refuse_other_headings(source: Source, cells: Sequence[str], row: str) -> None:
    """Refuses a table if this row of it is other headings."""
    if is_other_headings(source, cells):
        raise other_headings(row)


def refuse_headings_above(source: Source, above: Sequence[Sequence[str]], row: str) -> None:
    """Refuses a table above whose headings stand others: what lies between is data under those, and would be lost."""
    for cells in above:
        refuse_other_headings(source, cells, row)


def closing(cells: Sequence[str], keys: Sequence[int]) -> str:
    """What a row that is no data says, such as 合计 or 填表人：张三; empty for a row that may be data.

    Data has a key; a row whose key columns hold nothing but that word has none. A note of several cells begins in the
    first column: what begins further right is a row whose key was left out.
    """
    place = next((place for place, cell in enumerate(cells) if cell.strip()), None)
    if place is None or any(cells[key].strip() for key in keys if key != place):
        return ""
    if len(cells[place]) > LONGEST_WORD:
        return ""
    first = "".join(unicodedata.normalize("NFKC", cells[place]).split())
    if _SUM.fullmatch(first) or _SIGNED.fullmatch(first):
        return first
    filled = [cell.strip() for cell in cells if cell.strip()]
    is_note = len(filled) <= (1 if place else MOST_OF_A_NOTE) and _NOTE.fullmatch(first)
    return first if is_note or (_DIVIDER.match(first) and all(map(_DIVIDER.fullmatch, filled))) else ""


def is_sum(word: str) -> bool:
    """Whether what closes a table is a sum, which may have another unit than its rows."""
    return bool(_SUM.fullmatch(word))


def numbers_columns(cells: Sequence[str]) -> bool:
    """Whether a row below the headings only numbers the columns, as forms have it: 1 2 3, 甲 乙 1 2, （1）（2）."""
    signs = [unicodedata.normalize("NFKC", cell).strip("()栏列 ") for cell in cells if cell.strip()]
    letters = next(
        (place for place, sign in enumerate(signs) if sign not in (STEMS[place : place + 1] or ["-"])), len(signs)
    )
    numbers = [str(number) for number in range(1, len(signs) - letters + 1)]
    return len(signs) > MOST_OF_A_NOTE and len(signs) * 2 > len(cells) and signs[letters:] == numbers


def says_nothing_to_report(cells: Sequence[str]) -> bool:
    """Whether what a row holds, beside its number, says that there is nothing to report: 本期无数据, / / / /."""
    filled = [plain(cell) for cell in cells if cell.strip() and len(cell) <= LONGEST_WORD]
    if len(filled) != sum(1 for cell in cells if cell.strip()):
        return False
    words = [word for word in filled if not (word.isascii() and word.isdigit() and len(word) < 4)]
    if not words or len(filled) > len(words) + 1:
        return False
    return all(word.lower() in STROKES for word in words) or (len(words) == 1 and bool(_NIL.fullmatch(words[0])))


def name_says_nothing_to_report(name: str) -> bool:
    """The same of a file's name."""
    return bool(_NIL_IN_NAME.search(plain(name)))


@dataclass
class PassedOver:
    """The rows that are no data, by what they are; told in the receipt, because nothing is left out in silence."""

    again: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    nothing: list[str] = field(default_factory=list)

    def tell(self, told: Told) -> None:
        """Adds a sentence for each kind."""
        if self.again:
            told.remarks.append(f"表中重复出现的表头未作为数据读取：{_some(self.again)}。")
        if self.nothing:
            told.remarks.append(f"写着没有数据的行未作为数据读取：{_some(self.nothing)}。")
        if self.closing:
            told.remarks.append(f"表中的合计、落款、附注未作为数据读取：{_some(self.closing)}。")


def _some(rows: Sequence[str]) -> str:
    return "、".join(rows[:5]) + (f"等 {len(rows)} 行" if len(rows) > 5 else "")


def nameless(column: int, cell: str = "") -> Unreadable:
    """The refusal of a column (from 1) without a heading, and of what is in it."""
    holding = f"，其中有“{shown(cell, 20)}”" if cell else ""
    return Unreadable(f"表头第 {column} 列没有列名{holding}。请补上列名，或删去该列。")


@dataclass(frozen=True)
class Nameless:
    """Columns without a heading: those that only number the rows, and all others, which must be empty."""

    numbering: tuple[int, ...]
    others: tuple[int, ...]

    @classmethod
    def of(cls, headings: Sequence[str], rows: Sequence[Sequence[str]], first: int = 1) -> Nameless:
        """By what the first rows below hold; raises Unreadable where it is neither, and not at the right end.

        `first`: the column (from 1) that the first heading stands in.
        """
        named = [place for place, heading in enumerate(headings) if heading]
        some = [row for row in rows[:SAMPLE] if any(map(str.strip, row))]
        numbering, others = [], []
        for place, heading in enumerate(headings):
            if heading:
                continue
            cells = [row[place].strip() for row in some if place < len(row)]
            filled = [cell for cell in cells if cell]
            if filled and numbers_rows(filled):
                numbering.append(place)
            elif len(filled) * 2 > len(cells) and named and place < named[-1]:
                raise nameless(place + first, filled[0])
            else:
                others.append(place)
        return cls(tuple(numbering), tuple(others))


def numbers_rows(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers that rise from row to row."""
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit() and len(cell) < 10]
    rise = all(low < high for low, high in pairwise(numbers))
    return len(numbers) == len(cells) and rise and (len(numbers) > 1 or numbers[0] in (0, 1))

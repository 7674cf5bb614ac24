"""Separated text as departments send it, and as nobody should."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.cases import REFUSED, TAKEN, Case, Draw

DIRT = (
    *(
        "2026/13/45",
        "2026-02-30",
        "0000-00-00",
        "46000",
        "１２３",
        "１９９９年１月１日",
        "1e400",
        "-1e-400",
        "NaN",
        "Infinity",
        "-0",
    ),
    *(
        "=1+1",
        "=cmd|' /C calc'!A0",
        "@SUM(A1)",
        "+86 13800000000",
        "-1",
        "\t=1",
        "<script>alert(1)</script>",
        "'; drop --",
    ),
    *(
        "a,b",
        'say "no"',
        "多\n行",
        "多\r\n行",
        "半\r行",
        "；",
        "|",
        "\\",
        "\\N",
        "%s%n",
        "{{7*7}}",
        "../../../etc/passwd",
    ),
    *(
        "\x01\x02\x1b[31m",
        "\x0b\x0c",
        "\x7f",
        "\x85",
        "\u2028\u2029",
        "\ufeff",
        "\u200b",
        "\u202e反",
        "e\u0301",
        "👩‍👩‍👧",
        "𠀀",
    ),
    *(
        '="0101"',
        "'0101",
        "`0101",
        "1.42E+19",
        "20261102.0",
        "12 000.00",
        "¥5",
        "12000元整",
        "壹万贰仟元整",
        "1,0000000(万)",
    ),
    *("2026-11-02T01:00:00Z", "1762041600000", "20261102093000", "2021-06-01 至 2027-05-31", "长期", "46000.5"),
    *("罚款、没收违法所得", "1.罚款 2.警告", "张三\n李四", "张三 17012000001", "420106007012", "湖北省/武汉市/江岸区"),
    *("\ue863", "\ufffd", "武汉??", "锟斤拷", "#REF!", "同上"),
    *(" ", "  前后  ", "　", "无", "N/A", "-", "null", "None", "0", "99999999999999999999", "1" * 400, "长" * 5000),
)
SEPARATORS = (",", ",", ",", "\t", ";", "|")
ENDS = ("\n", "\n", "\r\n", "\r\n", "\r")


class Text:
    """A table on its way to bytes: each step may change how many rows it has, or whether anybody can say."""

    def __init__(self, draw: Draw, count: int | None = None) -> None:
        self.draw, self.random = draw, draw.random
        source = draw.rows(count)
        self.place, self.headings, self.rows = source.place, source.headings, source.rows
        self.separator, self.end = self.random.choice(SEPARATORS), self.random.choice(ENDS)
        self.quotes_all = draw.chance(0.2)
        self.what: list[str] = []
        self.fate, self.is_countable = TAKEN, True
        self.lines: list[str] = []

    def soil(self) -> None:
        """Dirt in some cells, never in so many that a row is empty."""
        for row in self.rows:
            for _ in range(self.random.choice((0, 0, 1, 2, 5))):
                row[self.random.randrange(len(row))] = self.random.choice(DIRT)
            if not "".join(row).strip():
                row[0] = "1"

    def lay(self) -> None:
        """Rows as lines, after which only lines can be changed."""
        self.lines = [self.line(self.headings), *map(self.line, self.rows)]

    def line(self, cells: list[str]) -> str:
        return self.separator.join(map(self.cell, cells))

    def cell(self, text: str) -> str:
        special = any(letter in text for letter in ('"', "\n", "\r", ",", "\t", ";", "|")) or text != text.strip()
        return '"' + text.replace('"', '""') + '"' if special or self.quotes_all else text

    def text(self) -> str:
        return self.end.join(self.lines) + self.random.choice(("", self.end, self.end))

    def case(self, content: bytes, ending: str | None = None) -> Case:
        known = {"rows": len(self.rows) if self.is_countable else None, "fate": self.fate}
        ending = ending or self.random.choice((".csv", ".csv", ".csv", ".CSV", ".tsv", ".txt"))
        return self.draw.case("text: " + (", ".join(self.what) or "as it is"), self.place, ending, content, **known)


def text(draw: Draw) -> Case:
    """One table with one thing done to its shape, perhaps in another encoding, perhaps with broken bytes."""
    table = Text(draw)
    if draw.chance(0.6):
        table.soil()
        table.what.append("dirty cells")
    if draw.chance(0.6):
        _do(table, draw.random.choice(HEADINGS))
    table.lay()
    if draw.chance(0.6):
        _do(table, draw.random.choice(LINES))
    content = _encoded(table)
    if draw.chance(0.15):
        content = broken(draw, content)
        table.what.append("broken bytes")
        table.fate, table.is_countable = "", False
    return table.case(content)


def _do(table: Text, change: Callable[[Text], None]) -> None:
    table.what.append(change.__name__.replace("_", " "))
    change(table)


def _unsure(table: Text) -> None:
    table.fate, table.is_countable = "", False


def heading_missing(table: Text) -> None:
    place = table.random.randrange(len(table.headings))
    del table.headings[place]
    for row in table.rows:
        del row[place]
    table.fate = ""
    table.rows = [row if "".join(row).strip() else ["1"] * len(row) for row in table.rows]


def heading_twice(table: Text) -> None:
    table.headings.append(table.random.choice(table.headings))
    for row in table.rows:
        row.append("")
    table.fate = REFUSED


def heading_unknown(table: Text) -> None:
    strange = table.random.choice(("星座", "\x00", "<b>列</b>", "=1", "列" * 300, "\u202e", "a" * 5000))
    table.headings.append(strange)
    for row in table.rows:
        row.append("x")
    table.fate = REFUSED


def heading_empty(table: Text) -> None:
    place = table.random.randrange(len(table.headings) + 1)
    table.headings.insert(place, "")
    for row in table.rows:
        row.insert(place, "")
    _unsure(table)


def headings_spelled_otherwise(table: Text) -> None:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    table.headings = [f" {heading.translate(wide)}　" for heading in table.headings]


def headings_in_another_order(table: Text) -> None:
    order = list(range(len(table.headings)))
    table.random.shuffle(order)
    table.headings = [table.headings[place] for place in order]
    table.rows = [[row[place] for place in order] for row in table.rows]


def headings_dressed(table: Text) -> None:
    dresses = ("*{}", "{}（必填）", "{}：", "1.{}", "{}（18位）", '="{}"', "\u200b{}")
    table.headings = [table.random.choice(dresses).format(heading) for heading in table.headings]


def headings_with_units(table: Text) -> None:
    dresses = ("{}（万元）", "{}（元）", "{}", "{}")
    table.headings = [table.random.choice(dresses).format(heading) for heading in table.headings]
    _unsure(table)


def rows_numbered(table: Text) -> None:
    table.headings.insert(0, table.random.choice(("", "序号", "#")))
    for number, row in enumerate(table.rows, 1):
        row.insert(0, str(number))
    _unsure(table)


def no_headings(table: Text) -> None:
    table.headings = table.rows[0]
    _unsure(table)


def no_rows(table: Text) -> None:
    table.rows = []
    table.fate = REFUSED


HEADINGS = (
    *(heading_missing, heading_twice, heading_unknown, heading_empty, headings_spelled_otherwise),
    *(headings_in_another_order, headings_dressed, headings_with_units, rows_numbered, no_headings, no_rows),
)


def ragged(table: Text) -> None:
    for place in range(1, len(table.lines)):
        if table.random.random() < 0.5:
            cells = table.rows[place - 1] if place <= len(table.rows) else []
            cells = [cell.replace("\n", " ").replace("\r", " ") for cell in cells]
            more = [*cells, *["多"] * table.draw.some(5)]
            fewer = ["少", *cells[1 : table.draw.some(len(cells) or 1)]]
            table.lines[place] = table.line(table.random.choice((more, fewer)))


def blank_lines(table: Text) -> None:
    for _ in range(table.draw.some(6)):
        blank = table.random.choice(("", "", table.separator * (len(table.headings) - 1)))
        table.lines.insert(table.random.randint(1, len(table.lines)), blank)


def very_many_blank_lines(table: Text) -> None:
    table.lines.insert(table.random.randint(1, len(table.lines)), table.end * 200_000)


def title_above(table: Text) -> None:
    table.lines.insert(0, "二〇二六年第一季度报表")
    _unsure(table)


def other_ends_of_line(table: Text) -> None:
    table.lines = [
        "".join((line, table.random.choice(("\r\n", "\n", "\r")))) for line in table.lines[:-1]
    ] + table.lines[-1:]
    table.end = ""


def quote_never_closed(table: Text) -> None:
    place = table.random.randrange(len(table.lines))
    table.lines[place] = table.lines[place].replace(table.separator, f'{table.separator}"', 1)
    _unsure(table)


def quote_inside(table: Text) -> None:
    place = table.random.randrange(len(table.lines))
    half = len(table.lines[place]) // 2
    table.lines[place] = table.lines[place][:half] + table.random.choice(('"', '""', '"x"')) + table.lines[place][half:]
    _unsure(table)


def separators_mixed(table: Text) -> None:
    table.lines = [line.replace(table.separator, table.random.choice(",;\t|")) for line in table.lines]
    _unsure(table)


def nul(table: Text) -> None:
    place = table.random.randrange(len(table.lines))
    half = table.random.randint(0, len(table.lines[place]))
    table.lines[place] = table.lines[place][:half] + "\x00" * table.draw.some(3) + table.lines[place][half:]
    _unsure(table)


def mark_in_the_middle(table: Text) -> None:
    place = table.random.randrange(len(table.lines))
    table.lines[place] = "\ufeff" + table.lines[place]
    _unsure(table)


def the_same_row_again(table: Text) -> None:
    table.rows.append(table.rows[0] if table.rows else [])
    table.lines.append(table.lines[min(1, len(table.lines) - 1)])
    _unsure(table)


def separator_behind_every_row(table: Text) -> None:
    table.lines[1:] = [line + table.separator for line in table.lines[1:]]
    _unsure(table)


def headings_in_the_middle(table: Text) -> None:
    table.lines.insert(table.random.randint(1, len(table.lines)), table.lines[0])
    _unsure(table)


def backslash_before_quote(table: Text) -> None:
    place = table.random.randrange(len(table.lines))
    table.lines[place] = table.lines[place].replace('"', '\\"') if '"' in table.lines[place] else '"甲\\"乙"'
    _unsure(table)


def nothing_to_report(table: Text) -> None:
    table.lines.insert(1, table.random.choice(("本期无数据", "无", "零报告")))
    _unsure(table)


def notes_below(table: Text) -> None:
    table.lines += ["", "填表人：张三", "合计" + table.separator * 3 + "12"]
    _unsure(table)


def unit_beside_the_table(table: Text) -> None:
    place = table.random.choice((0, len(table.lines)))
    table.lines.insert(place, table.random.choice(("单位：万元", "金额单位：元", "单位,万元")))
    _unsure(table)


def columns_numbered(table: Text) -> None:
    table.lines.insert(1, table.line([str(number) for number in range(1, len(table.headings) + 1)]))
    _unsure(table)


def separator_declared(table: Text) -> None:
    table.lines.insert(0, f"sep={table.separator}")


def other_headings_in_the_middle(table: Text) -> None:
    table.lines.insert(table.random.randint(1, len(table.lines)), table.line(table.headings[::-1]))
    _unsure(table)


LINES = (
    *(unit_beside_the_table, columns_numbered, separator_declared, other_headings_in_the_middle),
    *(ragged, ragged, blank_lines, very_many_blank_lines, title_above, other_ends_of_line, quote_never_closed),
    *(quote_inside, separators_mixed, nul, mark_in_the_middle, the_same_row_again, notes_below),
    *(separator_behind_every_row, headings_in_the_middle, backslash_before_quote, nothing_to_report),
)


def _encoded(table: Text) -> bytes:
    whole = table.text()
    encoding = table.random.choice(
        (*["utf-8"] * 5, *["utf-8-sig"] * 3, *["gb18030"] * 5, "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")
    )
    kind = table.random.choice((*["whole"] * 8, "mixed", "cut"))
    table.what.append(f"{encoding} {kind}".removesuffix(" whole"))
    if encoding not in ("utf-8", "utf-8-sig", "gb18030") or kind != "whole":
        _unsure(table)
    content = whole.encode(encoding, "replace")
    if kind == "mixed":
        half = len(whole) // 2
        content = whole[:half].encode(encoding, "replace") + whole[half:].encode("gb18030")
    if kind == "cut":
        content = content[: -table.draw.some(min(len(content), 9))]
    return content


def broken(draw: Draw, content: bytes) -> bytes:
    """The same bytes but for a few that are flipped, lost, doubled or put in."""
    changed = bytearray(content or b"\x00")
    for _ in range(draw.random.choice((1, 1, 3, 30))):
        place = draw.random.randrange(len(changed) or 1)
        match draw.random.choice(("flip", "lose", "double", "put", "cut")):
            case "flip":
                changed[place : place + 1] = bytes([draw.random.randrange(256)])
            case "lose":
                del changed[place : place + draw.some(20)]
            case "double":
                changed[place:place] = changed[place : place + draw.some(200)]
            case "put":
                changed[place:place] = draw.random.randbytes(draw.some(8))
            case "cut" if draw.chance(0.2):
                del changed[place:]
        changed = changed or bytearray(b"\x00")
    return bytes(changed)


def noise(draw: Draw) -> Case:
    """Bytes that are no file of any kind, under an ending that promises one."""
    ending = draw.random.choice(
        (".csv", ".txt", ".xlsx", ".xls", ".json", ".jsonl", ".parquet", ".zip", ".gz", ".csv.gz")
    )
    start = draw.random.choice(
        (b"", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"[{", b"\xef\xbb\xbf")
    )
    content = start + draw.random.randbytes(draw.random.choice((0, 1, 10, 1000, 100_000)))
    return draw.case(f"noise: {ending}", draw.rows(1).place, ending, content, fate=REFUSED if not content else "")


def very_many_columns(draw: Draw) -> Case:
    """10,000 columns: beyond the limit, whatever they are called."""
    table = Text(draw)
    table.headings += [f"列{number}" for number in range(10_000)]
    table.rows = [row + ["x"] * 10_000 for row in table.rows]
    table.what, table.fate, table.is_countable = ["10,000 columns"], REFUSED, False
    table.lay()
    return table.case(table.text().encode(), ".csv")


def very_long_cell(draw: Draw) -> Case:
    """One cell of 50 MB, quoted or not, among good rows."""
    table = Text(draw, 3)
    letters = draw.random.choice(("x", "长", "=", "0", " x", "\t", "\n"))
    table.rows[1][draw.random.randrange(len(table.headings))] = letters * (50_000_000 // len(letters.encode()))
    table.what, table.fate = [f"a cell of 50 MB of {letters!r}"], ""
    table.lay()
    return table.case(table.text().encode(draw.random.choice(("utf-8", "gb18030"))), ".csv")


def very_long_line(draw: Draw) -> Case:
    """50 MB without an end of line, and a quote that is never closed before 20 MB of rows."""
    table = Text(draw, 3)
    table.lay()
    line = draw.random.choice(("", '"')) + draw.random.choice((table.separator * 50_000_000, "x" * 50_000_000))
    table.lines.insert(draw.random.randint(0, 3), line)
    table.what, table.fate, table.is_countable = ["a line of 50 MB"], "", False
    return table.case(table.text().encode(), ".csv")


def very_many_rows_of_nothing(draw: Draw) -> Case:
    """A million rows of separators, and a few of something."""
    table = Text(draw, 5)
    table.lay()
    nothing = (table.separator * (len(table.headings) - 1) + table.end) * 1_000_000
    table.lines.insert(draw.random.randint(1, 5), nothing)
    table.what = ["a million rows of nothing"]
    return table.case(table.text().encode(), ".csv")


HEAVY = (very_many_columns, very_long_cell, very_long_line, very_many_rows_of_nothing)

"""What departments drop, for tests: files into landing folders, receipts out."""

from __future__ import annotations

import json
from pathlib import Path

from spark_jobs.lake.home import Home

HEADINGS = "统一社会信用代码,企业名称,注册日期"
GOOD = "91420100MA4K00010R,武汉样本商贸有限公司,2016-03-01"
OTHER = "92420502MA4L0TE52G,西陵区样本小吃店,2018-05-01"
FIRMS = (
    GOOD,
    OTHER,
    "93421083MA4M00A75M,洪湖样本合作社,2017-03-04",
    "52420000MJH000019H,湖北样本协会,2015-06-07",
    "12420300420000015D,十堰样本事业单位,2003-04-05",
)


def drop(home: Home, name: str, text: str | bytes, folder: str = "scjg/enterprise") -> Path:
    """Puts a file into a landing folder."""
    path = home.landing / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(*rows: str, headings: str = HEADINGS) -> str:
    """Headings and rows as a file's text."""
    return "\n".join([headings, *rows, ""])


def receipt(home: Home, name: str, folder: str = "scjg/enterprise") -> dict[str, object]:
    """What the department reads of a file."""
    read_back = json.loads((home.receipts / folder / f"{name}.receipt.json").read_text(encoding="utf-8"))
    assert isinstance(read_back, dict)
    return read_back

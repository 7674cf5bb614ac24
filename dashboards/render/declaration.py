"""A file of `pages/` flows in, a frozen Page flows out, or `file: key: why`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationError
from pydantic_core import PydanticCustomError

from schemas.contract import Strict
from schemas.contract.read import read_yaml, refusal

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
ROWS = "rows"
"""The tag of rows that stand beside a chart; the others are the kinds of charts."""


def title_fault(text: str | None) -> str | None:
    """What keeps a title from being Chinese."""
    if not text or not CHINESE.search(text):
        return f"must be Chinese: {text!r}"
    word = LATIN_WORD.search(text)
    return f"must be Chinese throughout: {word.group()!r}" if word else None


def _chinese(text: str) -> str:
    if fault := title_fault(text):
        raise PydanticCustomError("title", "{why}", {"why": fault})
    return text


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_widths(value: Any) -> Any:
    return dict.fromkeys(value) if isinstance(value, list) else value


Title = Annotated[str, AfterValidator(_chinese)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
Figure = Annotated[Names, Field(max_length=1)]


class Placed(Strict):
    """What every chart may say; the name is its identity and follows from the rest, unless two would be the same."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")] | None = None
    title: Title | None = None
    width: Annotated[int, Field(ge=1, le=12)] | None = None
    where: dict[str, Names] = Field(default_factory=dict)
    """What this chart alone is about, a dimension and its codes, instead of what the page says of that dimension."""


class Key(Placed):
    """One figure, over a small curve where its dataset has months."""

    chart: Literal["key"]
    of: Figure


class Trend(Placed):
    """Columns by month; `line` is drawn over them on an axis of its own."""

    chart: Literal["trend"]
    of: Names
    line: str | None = None
    by: Literal["month"] = "month"
    stacked: bool = False


class Map(Placed):
    """Areas coloured by the first figure; the others are told where the mouse points."""

    chart: Literal["map"]
    of: Names
    by: str


class Ranking(Placed):
    """Bars sorted by the first figure."""

    chart: Literal["ranking"]
    of: Names
    by: str
    order: Literal["largest", "smallest"] = "largest"
    """Which stands at the top."""


class Share(Placed):
    """A ring of one figure's parts."""

    chart: Literal["share"]
    of: Figure
    by: str


class Table(Placed):
    """Figures side by side, one row a value of the dimension."""

    chart: Literal["table"]
    of: Names
    by: str


class Listing(Placed):
    """The rows of a table themselves, page by page; `of` is the table, `order` a column, with `-` from the largest."""

    chart: Literal["list"]
    of: str
    order: Annotated[str, Field(pattern="^-?[a-z][a-z0-9_]*$")]
    columns: Annotated[dict[str, int | None], BeforeValidator(_as_widths), Field(min_length=1)]
    """Column by column, its width in pixels where that matters."""
    means: str | None = None
    """Which rows these are, in Chinese."""


class Scope(Placed):
    """How far the acts reach that a page counts; it stands at the top of every page and is not declared."""

    chart: Literal["scope"] = "scope"
    of: Names


Chart = Key | Trend | Map | Ranking | Share | Table | Listing
KINDS = tuple(get_args(kind.model_fields["chart"].annotation)[0] for kind in get_args(Chart))


def _kind_of(value: Any) -> Any:
    """What a place in a row holds: a chart of a kind, or rows that stand beside a chart."""
    if isinstance(value, list | tuple):
        return ROWS
    return value.get("chart") if isinstance(value, dict) else getattr(value, "chart", None)


_UNKNOWN = f"no such chart: there are {', '.join(KINDS)}"
_kind = Discriminator(_kind_of, custom_error_type="chart_kind", custom_error_message=_UNKNOWN)
_AnyChart = (
    Annotated[Key, Tag("key")]
    | Annotated[Trend, Tag("trend")]
    | Annotated[Map, Tag("map")]
    | Annotated[Ranking, Tag("ranking")]
    | Annotated[Share, Tag("share")]
    | Annotated[Table, Tag("table")]
    | Annotated[Listing, Tag("list")]
)
Stack = tuple[tuple[Annotated[_AnyChart, _kind], ...], ...]
Row = tuple[Annotated[_AnyChart | Annotated[Stack, Tag(ROWS)], _kind], ...]


class Page(Strict):
    """A page as declared: what can be chosen, and rows of charts from top to bottom."""

    title: Title
    doc: Title
    each: str | None = None
    """A dimension of which every value gets a page of this kind; `{}` in title and doc stands for the value's label."""
    filters: tuple[str, ...] = ()
    where: dict[str, Names] = Field(default_factory=dict)
    """What the page is about, for all its charts: a dimension and its codes, such as `field: drug`."""
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


class OwnRows(Strict):
    """Rows that one page of `each` has below those of all; its file is `pages/<page>/<value>.yaml`."""

    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


def own_rows(page: Path, value: str) -> tuple[Row, ...]:
    """The rows that only the page of that value has; none without a file."""
    path = page.parent / page.stem / f"{value}.yaml"
    if not path.exists():
        return ()
    try:
        return OwnRows.model_validate(read_yaml(path)).rows
    except ValidationError as error:
        raise refusal(path, error) from None


def read_page(path: Path) -> Page:
    """The page of one file; raises ContractError with the first thing that is wrong."""
    try:
        return Page.model_validate(read_yaml(path))
    except ValidationError as error:
        raise refusal(path, error) from None

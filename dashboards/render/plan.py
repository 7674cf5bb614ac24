"""A declared page and the catalogue of metrics flow in; the page with everything looked up flows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from dashboards.render.declaration import ROWS, Chart, Key, Listing, Map, Page, Scope, Table, Trend, own_rows, read_page
from dashboards.render.dimensions import ACT, DIMENSIONS, Dimension
from dashboards.render.measured import REACH
from dashboards.render.metrics import Catalogue, Dataset, Metric
from schemas.contract import ContractError, code_list, indicators, measures, shown
from schemas.contract.indicators import used_measures
from schemas.likely import likely

SCOPE, SCOPE_TITLE = "scope.0.scope", "数据范围"
NAMESPACE = uuid5(NAMESPACE_URL, "lakewarden/dashboards/pages")


@dataclass(frozen=True)
class Drawn:
    """A chart of a page with what it draws; `key` is where the page declares it."""

    page: str
    key: str
    chart: Chart | Scope
    dataset: Dataset
    metrics: tuple[Metric, ...]
    line: Metric | None
    by: Dimension | None

    @cached_property
    def name(self) -> str:
        """What it is called on its page: `key_checks`, `map_problem_rate_by_city`."""
        chart = self.chart
        if chart.name:
            return chart.name
        first = chart.of.replace(".", "_") if isinstance(chart, Listing) else chart.of[0]
        by = "" if isinstance(chart, Key | Listing | Scope) else f"_by_{chart.by}"
        return f"{chart.chart}_{first}{by}"

    @cached_property
    def title(self) -> str:
        """As declared, or as its figure, dimension or table is called."""
        if self.chart.title:
            return self.chart.title
        if isinstance(self.chart, Listing):
            return self.dataset.contract.title
        label, by = self.metrics[0].label, self.by.title if self.by else ""
        titles = {"key": label, "trend": f"{label}趋势", "share": f"{by}分布", "table": f"各{by}情况"}
        return titles.get(self.chart.chart, f"各{by}{label}")

    @cached_property
    def uuid(self) -> str:
        """Follows from page and name, so that an import finds the chart again."""
        return str(uuid5(NAMESPACE, f"{self.page}/{self.name}"))

    @cached_property
    def number(self) -> int:
        """The chart id inside our files; an import puts Superset's own in its place."""
        return UUID(self.uuid).int % 1_000_000_000


@dataclass(frozen=True)
class Plan:
    """A page with its charts in reading order."""

    slug: str
    page: Page
    charts: tuple[Drawn, ...]

    @cached_property
    def uuid(self) -> str:
        """The dashboard's."""
        return str(uuid5(NAMESPACE, self.slug))

    def drawn(self, key: str) -> Drawn:
        """The chart that the page declares there."""
        return next(drawn for drawn in self.charts if drawn.key == key)


class Fault(Exception):
    """What is wrong, and at which key."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")


def plans(path: Path, catalogue: Catalogue) -> list[Plan]:
    """The pages of a file, looked up: one, or one a value; raises ContractError with `file: key: why`."""
    try:
        return [_plan(slug, page, catalogue) for slug, page in _pages(path, read_page(path))]
    except Fault as fault:
        raise ContractError(f"{shown(path)}: {fault}") from None


def _pages(path: Path, page: Page) -> Iterator[tuple[str, Page]]:
    if page.each is None:
        yield path.stem, page
        return
    codes = _dimension("each", page.each).codes
    if codes is None:
        raise Fault("each", f"{page.each} has no list of values")
    for code in code_list(codes):
        words = {"title": page.title.replace("{}", code.label), "doc": page.doc.replace("{}", code.label)}
        more = {"where": {**page.where, page.each: (code.code,)}, "rows": (*page.rows, *own_rows(path, code.code))}
        yield f"{path.stem}_{code.code}", page.model_copy(update={**words, **more})


def _plan(slug: str, page: Page, catalogue: Catalogue) -> Plan:
    charts = tuple(_drawn(slug, page, key, chart, catalogue) for key, chart in declared(page))
    charts = (*_scope(slug, page, charts, catalogue), *charts)
    for key, why in _faults(page, charts):
        raise Fault(key, why)
    return Plan(slug, page, charts)


def _scope(slug: str, page: Page, charts: tuple[Drawn, ...], catalogue: Catalogue) -> Iterator[Drawn]:
    """What tells how far the acts reach that the page counts, if it counts any."""
    names = [metric.name for drawn in charts for metric in (*drawn.metrics, *filter(None, [drawn.line]))]
    kinds = dict.fromkeys(kind for name in names for kind in _kinds(name))
    found = catalogue.of_metrics(tuple(REACH), ())
    if kinds and found and {DIMENSIONS[name].code for name in page.where} <= found[1].columns:
        chart = Scope(name="scope", title=SCOPE_TITLE, where={ACT: tuple(kinds)}, of=tuple(REACH))
        yield Drawn(slug, SCOPE, chart, found[1], tuple(found[0]), None, None)


def _kinds(name: str) -> Iterator[str]:
    """The kinds of acts that a figure counts."""
    for measure in used_measures(indicators()[name]) if name in indicators() else [name]:
        table = measures()[measure][0] if measure in measures() else None
        if table and table.layer == "base" and table.event:
            yield table.table


def declared(page: Page) -> Iterator[tuple[str, Chart]]:
    """Every chart with its place in the file, such as `rows.0.2.key`."""
    for row_number, row in enumerate(page.rows):
        for number, place in enumerate(row):
            key = f"rows.{row_number}.{number}"
            if not isinstance(place, tuple):
                yield f"{key}.{place.chart}", place
                continue
            for inner_number, inner_row in enumerate(place):
                for chart_number, chart in enumerate(inner_row):
                    yield f"{key}.{ROWS}.{inner_number}.{chart_number}.{chart.chart}", chart


def _drawn(slug: str, page: Page, key: str, chart: Chart, catalogue: Catalogue) -> Drawn:
    if isinstance(chart, Listing):
        dataset = catalogue.of_table(chart.of)
        if dataset is None:
            raise Fault(f"{key}.of", f"no such dataset: {chart.of}")
        return Drawn(slug, key, chart, dataset, (), None, None)
    pairs = [(f"{key}.of", name) for name in chart.of]
    if isinstance(chart, Trend) and chart.line:
        pairs.append((f"{key}.line", chart.line))
    by = None if isinstance(chart, Key) else _dimension(f"{key}.by", chart.by)
    chosen = [_dimension(f"where.{name}", name).code for name in {**page.where, **chart.where}]
    metrics, dataset = _looked_up(pairs, [*chosen, *([by.label] if by else [])], catalogue)
    line = metrics.pop() if len(pairs) > len(chart.of) else None
    return Drawn(slug, key, chart, dataset, tuple(metrics), line, by)


def _looked_up(pairs: list[tuple[str, str]], columns: list[str], catalogue: Catalogue) -> tuple[list[Metric], Dataset]:
    """The metrics, which must be of one dataset: a chart asks one table, if possible one with the columns it needs."""
    homes = []
    for key, name in pairs:
        home = catalogue.of_metric(name)
        if home is None:
            raise Fault(key, f"no such metric: {name}; {likely(name, catalogue.names())}")
        homes.append(home[1].contract.name)
    names = [name for _, name in pairs]
    found = catalogue.of_metrics(names, columns) or catalogue.of_metrics(names, ())
    if found is None:
        key, name = next(pair for pair, home in zip(pairs, homes, strict=True) if home != homes[0])
        raise Fault(key, f"no table has both {name} and {names[0]}")
    return found


def _dimension(key: str, name: str) -> Dimension:
    if name not in DIMENSIONS:
        raise Fault(key, f"no such dimension: {name}; there are {', '.join(DIMENSIONS)}")
    return DIMENSIONS[name]


def _shows_models(drawn: Drawn) -> bool:
    """Whether the chart itself tells models apart, so that nothing is counted once a model."""
    named = {getattr(drawn.chart, "by", None), *getattr(drawn.chart, "columns", ())}
    return bool(named & {"model", "model_name"})


def _faults(page: Page, charts: tuple[Drawn, ...]) -> Iterator[tuple[str, str]]:
    """What only shows when page, metrics and dimensions are seen together."""
    names = Counter(drawn.name for drawn in charts)
    for drawn in charts:
        if names[drawn.name] > 1:
            yield f"{drawn.key}.name", f"two charts are called {drawn.name}: name one of them"
        yield from _chart_faults(drawn)
        tells = "model" in {**page.where, **drawn.chart.where} or _shows_models(drawn)
        if "model" in drawn.dataset.contract.key and not tells:
            yield f"{drawn.key}.where", f"{drawn.dataset.contract.name} has a row a model: say which (model: …)"
    for number, name in enumerate(page.filters):
        column = _dimension(f"filters.{number}", name).label
        if not any(column in drawn.dataset.columns for drawn in charts):
            yield f"filters.{number}", f"no chart of the page knows {name}"
    for name, codes in page.where.items():
        own = tuple(drawn for drawn in charts if name not in drawn.chart.where)
        yield from _where_faults(f"where.{name}", _dimension(f"where.{name}", name), codes, own)
    for drawn in charts:
        for name, codes in drawn.chart.where.items():
            key = f"{drawn.key}.where.{name}"
            yield from _where_faults(key, _dimension(key, name), codes, (drawn,))


def _chart_faults(drawn: Drawn) -> Iterator[tuple[str, str]]:
    chart, contract = drawn.chart, drawn.dataset.contract
    if drawn.by and drawn.by.label not in drawn.dataset.columns:
        yield f"{drawn.key}.by", f"{contract.name} has no column {drawn.by.label}"
    is_monthly = drawn.by is not None and drawn.by.is_time and not isinstance(chart, Trend | Table)
    is_placeless = drawn.by is not None and drawn.by.shapes is None and isinstance(chart, Map)
    if is_monthly or is_placeless:
        yield f"{drawn.key}.by", f"there is no {chart.chart} by that"
    if isinstance(chart, Listing):
        for key, name in (("order", chart.order.removeprefix("-")), *(("columns", name) for name in chart.columns)):
            if name not in drawn.dataset.columns:
                yield f"{drawn.key}.{key}", f"{contract.name} has no column {name}"


def _where_faults(
    key: str, dimension: Dimension, codes: tuple[str, ...], charts: tuple[Drawn, ...]
) -> Iterator[tuple[str, str]]:
    for drawn in charts:
        if dimension.code not in drawn.dataset.columns:
            yield key, f"{drawn.dataset.contract.name} of {drawn.key} has no column {dimension.code}"
            continue
        codes_list = drawn.dataset.contract.column(dimension.code).codes
        valid = {code.code for code in code_list(codes_list)} if codes_list else set(codes)
        if wrong := [code for code in codes if code not in valid]:
            yield key, f"not in codes/{codes_list}: {', '.join(wrong)}"

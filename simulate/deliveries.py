"""The world flows in; every file that departments send, with its rows and its manner, flows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from schemas.contract import FeedContract, deliverers, feed_of, feeds, fields
from simulate.departments import inspecting, office_of
from simulate.draw import Pools
from simulate.feeds import filled_feeds, filled_rows, speaking_of
from simulate.fill import Feed
from simulate.firms import Period
from simulate.knowledge import item_changes, law_articles, laws, theme_limits
from simulate.marks import DAY, WINDOW
from simulate.platforms import HOTLINE, MARKET
from simulate.registrations import register, register_changes
from simulate.rows import (
    catalogue,
    check_actions,
    complaint_reports,
    officers,
    punish_actions,
)
from simulate.style import Style
from simulate.windows import Windows, act_windows, gathered
from simulate.word_lists import Array, Table, items, random_for
from simulate.world import World

FEWEST_ROWS = 8  # of a file: fewer go with the next one's
TYPED_ROWS = 700  # larger tables are exported as text, nobody saves them from a spreadsheet
PLATFORM_12315 = Style(dates="clock", labels=0.4, newline="\n")
OLD_REGISTER = Style(encoding="gb18030", newline="\n", dates="iso", labels=0.5, nothing="N/A")
NEW_REGISTER = Style(encoding="utf-8-sig", dates="slash", headings=1, labels=0.1)
# Which of its headings a column has in the register's old and new files; the others as the style says.
OLD_HEADINGS = {"industry_code": 1, "region_code": 1, "capital_amount": 0, "capital_currency": 0}
NEW_HEADINGS = {"industry_code": 0, "region_code": 0, "established_date": 1, "object_name": 0}


@dataclass(frozen=True)
class SimulatedFile:
    """One file to be: where it goes, what it carries, how it is written."""

    department: str
    folder: str
    stem: str
    rows: Table
    style: Style
    headings: dict[str, int]

    @property
    def contract(self) -> FeedContract:
        """What the feed promises."""
        contract = feed_of(self.department, self.folder)
        assert contract, f"{self.department}/{self.folder}"
        return contract

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.stem}.{self.style.suffix}"


def make_deliveries(objects: int, period: Period, seed: int, daily: bool = False) -> Iterator[SimulatedFile]:
    """All files of the province, department by department, each feed in the order of its days.

    Daily: a file every day that has rows, where departments otherwise gather a week's or a month's.
    """
    told = _all_files(objects, period, seed, daily)
    for file in told:
        contract = feed_of(file.department, file.folder)
        if contract and file.department in deliverers(contract):
            yield file


def _all_files(objects: int, period: Period, seed: int, daily: bool) -> Iterator[SimulatedFile]:
    """The files of every feed that has a story, be it declared or not, and of those that are filled."""
    days = Windows(period, 1)
    weeks, months = (days, days) if daily else (Windows(period, 7), Windows(period, 30))
    windows = days if daily else act_windows(period)
    world = World(objects, period, seed)
    yield from _register(world.firms, months, seed)
    yield from _complaints(world, weeks, windows)
    for department in _senders("law", inspecting())[:1]:
        yield _sheet(department, "law", "法律法规", laws(), world)
        yield _sheet(department, "law_article", "法律条文", law_articles(), world)
    works_in = {name: field.departments for name, field in fields().items()}
    for department in sorted({one for several in works_in.values() for one in several}):
        if len((limits := theme_limits(department, works_in))["limit_code"]):
            yield _sheet(department, "theme_limit", "领域限值", limits, world)
    filled = filled_feeds()
    listed = {item.department for item in items()}
    with_items = [*inspecting(), *(name for name in speaking_of("item", filled) if name in listed)]
    yield from _catalogues(with_items, world)
    for department in inspecting():
        yield _officers(department, world)
        yield from _acts(department, world, windows)
    yield from (_officers(department, world) for department in speaking_of("officer", filled))
    pools: Pools = {}
    for feed in filled:
        for day, rows in filled_rows(feed, world, pools, daily):
            yield _filled_file(feed, day, rows, seed)


def _senders(folder: str, otherwise: Iterable[str]) -> list[str]:
    """The departments that a standard shape names, or others where it names none."""
    named = [contract.by for contract in feeds().values() if contract.name == folder and contract.by]
    return [*named[0]] if named else [*otherwise]


def _complaints(world: World, weeks: Windows, windows: Windows) -> Iterator[SimulatedFile]:
    """What the platforms register: 12315 and the others in one shape, the hotline in its own."""
    for department in world.registrations:
        folder, title = ("hotline_order", "热线工单") if department == HOTLINE else ("complaint", "投诉举报")
        if feed_of(department, folder):
            habit = PLATFORM_12315 if department == MARKET else office_of(department).style
            often = weeks if department == MARKET else windows
            rows = complaint_reports(department, folder, world, often)
            rows[WINDOW] = gathered(rows[WINDOW], FEWEST_ROWS)
            yield from _in_windows(department, folder, title, rows, often, habit, world.seed)


def _catalogues(departments: list[str], world: World) -> Iterator[SimulatedFile]:
    """The items of all departments and what was changed of them, saved from a spreadsheet by the one who keeps the
    catalogue; where nobody is named who does, each department its own."""
    keepers = _senders("supervision_item", ())[:1]
    every = list(dict.fromkeys(item.department for item in items()))
    for keeper, kept in [(name, every) for name in keepers] or [(name, [name]) for name in departments]:
        listed = [catalogue(name) for name in kept]
        changes = [item_changes(rows, world.period) for rows in listed]
        yield _sheet(keeper, "supervision_item", "监管事项目录清单", _joined(listed), world)
        yield _sheet(keeper, "item_change", "监管事项动态管理记录", _joined(changes), world)


def _joined(tables: list[Table]) -> Table:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _officers(department: str, world: World) -> SimulatedFile:
    """A department's officers, from a spreadsheet too."""
    return _sheet(department, "officer", "执法人员信息", officers(department, world), world)


def _sheet(department: str, folder: str, title: str, rows: Table, world: World) -> SimulatedFile:
    style = replace(office_of(department).style, suffix="xlsx")
    return SimulatedFile(department, folder, f"{title}_{_day(world.period.first)}", rows, style, {})


def _acts(department: str, world: World, windows: Windows) -> Iterator[SimulatedFile]:
    """A department's inspections and penalties."""
    habit = office_of(department).style
    for folder, title, made in (
        ("check_action", "行政检查", check_actions),
        ("punish_action", "行政处罚", punish_actions),
    ):
        rows = made(department, world, windows)
        rows[WINDOW] = gathered(rows[WINDOW], FEWEST_ROWS)
        yield from _in_windows(department, folder, title, rows, windows, habit, world.seed)


def _filled_file(feed: Feed, day: np.datetime64, rows: Table, seed: int) -> SimulatedFile:
    """A file of a filled feed in the department's manner, as far as the feed takes its format."""
    stem = f"{feed.contract.title}_{_day(day)}"
    rng = random_for(seed, "style", feed.department, feed.folder, stem)
    style = _on_the_day(office_of(feed.department).style, rng, len(rows[DAY]))
    promise = feed.contract.delivery
    if promise and style.suffix not in promise.formats:
        style = replace(style, suffix=promise.formats[0])
    return SimulatedFile(feed.department, feed.folder, stem, _taken(rows, np.arange(len(rows[DAY]))), style, {})


def _register(firms: Table, windows: Windows, seed: int) -> Iterator[SimulatedFile]:
    """The whole register once, as it used to be exported, then a file a window as it is now."""
    stem = f"市场主体登记信息_{_day(windows.period.first)}_全量"
    whole = register(firms, windows.period)
    order = np.argsort(whole["established_date"], kind="stable")
    yield SimulatedFile("scjg", "enterprise", stem, _taken(whole, order), OLD_REGISTER, OLD_HEADINGS)
    changes = register_changes(firms, windows, seed)
    for delivery in _in_windows("scjg", "enterprise", "市场主体登记信息", changes, windows, NEW_REGISTER, seed):
        in_yuan = int(random_for(seed, delivery.stem).integers(1, 3))
        headings = {**NEW_HEADINGS, "capital_amount": in_yuan, "capital_currency": in_yuan}
        yield replace(delivery, headings=headings)


def _in_windows(
    department: str, folder: str, name: str, rows: Table, windows: Windows, habit: Style, seed: int
) -> Iterator[SimulatedFile]:
    for window in range(windows.count):
        here = np.flatnonzero(rows[WINDOW] == window)
        if len(here):
            stem = f"{name}_{_day(windows.end(window))}"
            style = _on_the_day(habit, random_for(seed, "style", department, stem), len(here))
            yield SimulatedFile(department, folder, stem, _taken(rows, here), style, {})


def _on_the_day(habit: Style, rng: np.random.Generator, rows: int) -> Style:
    """The department's habit, unless somebody saved the file from a spreadsheet or another system."""
    draw = rng.random(6)
    style = habit
    if draw[0] < 0.15 and rows < TYPED_ROWS:
        style = replace(style, suffix="xlsx")
    if draw[1] < 0.15:
        style = replace(style, encoding=str(rng.choice(["utf-8", "utf-8-sig", "gb18030"])))
    if draw[2] < 0.2:
        style = replace(style, headings=1 - style.headings)
    if draw[3] < 0.2:
        style = replace(style, dates=str(rng.choice(["iso", "slash", "compact", "chinese"])))
    if draw[4] < 0.2:
        style = replace(style, separator=str(rng.choice([",", "，", "、", ";", "；"])), quote_all=True)
    return (
        replace(style, nothing=str(rng.choice(["", "", "", "无", "N/A", "--", "【已脱敏】"])))
        if draw[5] < 0.3
        else style
    )


def _taken(rows: Table, which: Array) -> Table:
    return {name: column[which] for name, column in rows.items() if name != WINDOW}


def _day(day: Array | np.datetime64) -> str:
    return str(day).replace("-", "")

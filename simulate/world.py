"""Size, period and seed flow in; everything a row can speak of flows out: tables of things, as a department sees them.

A thing is a firm, an officer, an item, an act …; `meanings.csv` says which column holds which value of which thing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from schemas.contract import departments
from simulate.acts import make_checks
from simulate.checklists import checklist_codes, make_checklists
from simulate.courses import duty_rules, make_routes, make_steps
from simulate.departments import inspecting, office_of
from simulate.divisions import places, prefectures
from simulate.firms import Period, make_firms
from simulate.forces import make_forces
from simulate.monitoring import Devices, make_alarms, make_devices, make_limits, make_readings
from simulate.penalties import make_penalties
from simulate.platforms import ENVIRONMENT, HOTLINE, make_registrations
from simulate.staff import Staff, id_cards, make_staff
from simulate.word_lists import Array, Item, Table, items, person_names, random_for, texts

NATURE = {"91": "02", "92": "03", "93": "02", "52": "03"}
LICENSED, LICENCE_YEARS = 0.3, 5
PERSONS_A_FIRM = 0.5
# The acts, with the column that names one and the column of the day on which it was done.
ACTS = {
    "force": ("force_action_code", "begin_date"),
    "step": ("event_no", "event_date"),
    "route": ("route_no", "routed_date"),
    "penalty": ("punish_action_code", "punish_date"),
    "check": ("check_action_code", "check_date"),
    "complaint": ("complaint_no", "received_date"),
    "licence": ("licence_no", "issued_date"),
}
# Those of them that stories deliver.
TOLD = ("penalty", "check", "complaint")
# What one feed delivers whole, as it is in the world, with the column of the day on which each came about.
WHOLE = {name: ACTS[name][1] for name in ("force", "step", "route")} | {
    "checklist": "effective_date",
    "duty": "duty_from",
    "device": "installed_date",
    "device_limit": "valid_from",
    "reading": "reading_day",
    "alarm": "alarm_day",
}
# Other values by which a row can be named.
OTHER_NAMES = {"penalty.punish_file_no"}


class World:
    """The things of a province; nothing is made before somebody asks for it, and everything is made once."""

    def __init__(self, objects: int, period: Period, seed: int) -> None:
        self.period, self.seed = period, seed
        self.firms = make_firms(objects, period, seed)
        self._tables: dict[tuple[str, str], Table] = {}
        self._staff: dict[str, Staff] = {}
        self._devices: dict[str, Devices] = {}

    def staff(self, department: str) -> Staff:
        """The department's officers and bodies."""
        if department not in self._staff:
            self._staff[department] = make_staff(department, self.seed)
        return self._staff[department]

    @cached_property
    def checks(self) -> dict[str, Table]:
        """The inspections of every department that has any, each by the checklist of its body and item."""
        staff = {department: self.staff(department) for department in inspecting()}
        made = make_checks(self.firms, staff, self.period, self.seed)
        for name, checks in made.items():
            codes = catalogue_codes("1")[checks["item"]]
            checks["check_icode"] = checklist_codes(name, staff[name], checks["body"], codes)
        return made

    @cached_property
    def registrations(self) -> dict[str, Table]:
        """What each platform registers of complaints."""
        return make_registrations(self.firms, self.period, self.seed)

    def devices(self, department: str) -> Devices:
        """The devices with which a department watches from afar."""
        if department not in self._devices:
            rng = random_for(self.seed, "devices", department)
            self._devices[department] = make_devices(department, self.firms, self.firms_there(), self.period, rng)
        return self._devices[department]

    def everyones(self, thing: str) -> Table:
        """The things of a kind of every department that inspects; whose they are is told by the bodies' names."""
        key = (thing, "")
        if key not in self._tables:
            tables = [_with_body(self, thing, department) for department in inspecting()]
            tables = [table for table in tables if table]
            self._tables[key] = (
                {name: np.concatenate([t[name] for t in tables]) for name in tables[0]} if tables else {}
            )
        return self._tables[key]

    def table(self, thing: str, department: str) -> Table:
        """The things of a kind that a department may speak of; a table without columns where there are none."""
        if (thing, department) not in self._tables:
            self._tables[thing, department] = THINGS[thing](self, department)
        return self._tables[thing, department]

    def firms_there(self) -> Array:
        """The firms that were there before the period began and still are."""
        firms = self.firms
        there = (firms["registration_state"] == "1") & (firms["established_date"] < self.period.first)
        return np.flatnonzero(there & np.isnat(firms["closed_date"])) if there.any() else np.arange(len(there))


def item_code(item: Item, measure: str) -> str:
    """14 digits: department, main item, sub-item, measure, province, serial: a composition of ours (domain.md §2.7)."""
    national = departments()[item.department].national
    return f"{national}{item.main}{item.sub}{measure}{int(item.province or 0):02d}001"


def catalogue_codes(measure: str) -> Array:
    """The code of every item for one measure."""
    return texts([item_code(item, measure) for item in items()])


def object_class(form: str) -> str:
    """What a firm is as an object of supervision, by its legal form."""
    return "10" if form == "52" else "1"


def _firms(world: World, department: str) -> Table:
    firms = world.firms
    longitude, latitude = _spots(firms["place"], random_for(world.seed, "spots"))
    return {
        **firms,
        "object_class": texts([object_class(form) for form in firms["form"]]),
        "nature": texts([NATURE[form] for form in firms["form"]]),
        "party_class": texts(["3" if form == "92" else "1" for form in firms["form"]]),
        "document": np.full(len(firms["form"]), "001", dtype=object),
        "city_code": texts([places()[place].city for place in firms["place"]]),
        "longitude": longitude,
        "latitude": latitude,
    }


def _spots(place: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Somewhere around their county, which lies around its prefecture's seat."""
    seats = np.array([(prefectures()[p.city].longitude, prefectures()[p.city].latitude) for p in places()])
    counties = seats + rng.normal(0, 0.2, seats.shape)
    spots = np.round(counties[place] + rng.normal(0, 0.03, (len(place), 2)), 6)
    return spots[:, 0], spots[:, 1]


def _bodies(world: World, department: str) -> Table:
    bodies = world.staff(department).bodies
    return {"name": texts([body.name for body in bodies]), "code": texts([body.code for body in bodies])}


def _items(world: World, department: str) -> Table:
    return {
        "item_code": catalogue_codes("1"),
        "measure": np.full(len(items()), "1", dtype=object),
        "item_version": np.full(len(items()), "1", dtype=object),
        "item_level": texts([office_of(item.department).level for item in items()]),
        **{
            column: texts([getattr(item, name) for item in items()])
            for column, name in (
                ("item_name", "name"),
                ("sub_item_name", "sub_name"),
                ("item_class", "item_class"),
                ("legal_basis", "basis"),
                ("fact", "fact"),
                ("accord", "accord"),
            )
        },
    }


def _persons(world: World, department: str) -> Table:
    rng = random_for(world.seed, "persons", department)
    count = max(50, round(PERSONS_A_FIRM * len(world.firms["uscc"])))
    female = rng.random(count) < 0.45
    cards = id_cards(rng, count, female)
    return {
        "name": person_names(rng, count),
        "id_card": cards,
        "gender": np.where(female, "2", "1").astype(object),
        "phone": texts([f"100{number:08d}" for number in rng.integers(0, 10**8, count)]),
        "born": np.array([f"{card[6:10]}-{card[10:12]}-{card[12:14]}" for card in cards], dtype="datetime64[D]"),
    }


def _licences(world: World, department: str) -> Table:
    """Some of the firms that are there hold one of the department's licences, for five years from its day."""
    rng = random_for(world.seed, "licences", department)
    pool = world.firms_there()
    firm = np.sort(rng.choice(pool, max(1, round(LICENSED * len(pool))), replace=False))
    issued = world.period.last - rng.integers(1, LICENCE_YEARS * 365, len(firm)).astype("timedelta64[D]")
    issued = np.maximum(issued, world.firms["established_date"][firm]).astype("datetime64[D]")
    region = world.firms["region_code"][firm]
    return {
        "firm": firm,
        "licence_no": texts([f"{department.upper()}XK{r}{n:06d}" for n, r in enumerate(region, 1)]),
        "issued_date": issued,
        "expiry_date": issued + np.timedelta64(LICENCE_YEARS * 365 - 1, "D"),
    }


def _departments(world: World, department: str) -> Table:
    entry = departments()[department]
    return {
        "name": texts([department]),
        "code": texts([entry.code]),
        "national": texts([entry.national]),
        "label": texts([entry.label]),
        "title": texts([entry.title]),
    }


def _with_body(world: World, thing: str, department: str) -> Table:
    """A department's things with the names of their bodies in place of what counts only within the department."""
    table, bodies = world.table(thing, department), world.table("body", department)
    if "body" not in table:
        return table
    named = {f"body_{name}": values[table["body"]] for name, values in bodies.items()}
    return {name: values for name, values in table.items() if name not in ("body", "officers")} | named


def _checklists(world: World, department: str) -> Table:
    checks = world.checks.get(department)
    if not checks or not len(checks["item"]):
        return {}
    rng = random_for(world.seed, "checklists", department)
    return make_checklists(checks, department, world.staff(department), catalogue_codes("1"), world.period, rng)


def _forces(world: World, department: str) -> Table:
    checks = world.checks.get(department)
    return make_forces(checks, department, world.firms, world.period, world.seed) if checks else {}


def _steps(world: World, department: str) -> Table:
    registered = world.registrations.get(department)
    rng = random_for(world.seed, "steps", department)
    return make_steps(registered, department == HOTLINE, world.period, rng) if registered else {}


def _routes(world: World, department: str) -> Table:
    registered = world.registrations.get(department)
    return make_routes(registered, world.period, random_for(world.seed, "routes", department)) if registered else {}


def _penalties(world: World, department: str) -> Table:
    checks = world.checks.get(department)
    return make_penalties(checks, department, world.firms, world.period, world.seed) if checks else {}


def _readings(world: World, department: str) -> Table:
    """Only the environment's platform hands down what devices read."""
    if department != ENVIRONMENT:
        return {}
    rng = random_for(world.seed, "readings", department)
    return make_readings(world.devices(department), world.firms, world.period, rng)


def _alarms(world: World, department: str) -> Table:
    rng = random_for(world.seed, "alarms", department)
    return make_alarms(world.devices(department), world.table("reading", department), world.period, rng)


THINGS: dict[str, Callable[[World, str], Table]] = {
    "firm": _firms,
    "body": _bodies,
    "officer": lambda world, department: world.staff(department).officers,
    "item": _items,
    "person": _persons,
    "check": lambda world, department: world.checks.get(department, {}),
    "penalty": _penalties,
    "complaint": lambda world, department: world.registrations.get(department, {}),
    "checklist": _checklists,
    "force": _forces,
    "step": _steps,
    "route": _routes,
    "duty": lambda world, department: duty_rules(),
    "licence": _licences,
    "device": lambda world, department: world.devices(department).table,
    "device_limit": lambda world, department: make_limits(world.devices(department)),
    "reading": _readings,
    "alarm": _alarms,
    "department": _departments,
}

"""Size, period and seed flow in; everything a row can speak of flows out: tables of things, as a department sees them.

A thing is a firm, an officer, an item, an act …; `meanings.csv` says which column holds which value of which thing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from schemas.contract import departments
from simulate.acts import make_checks
from simulate.checklists import check_items, checklist_codes, make_checklists
from simulate.courses import duty_rules, make_routes, make_steps
from simulate.departments import inspecting, office_of
from simulate.devices import TABLES as DEVICE_TABLES
from simulate.devices import make_devices
from simulate.divisions import places, prefectures
from simulate.finance import make_clues, make_forms, make_organisations, make_ratings, make_shareholders
from simulate.firms import Period, make_firms
from simulate.forces import make_forces
from simulate.hazard_sources import make_chemicals, make_sources
from simulate.health import (
    make_exposures,
    make_gradings,
    make_infections,
    make_institutions,
    make_nurses,
    make_physicians,
    make_places,
    make_samples,
)
from simulate.penalties import make_penalties
from simulate.platforms import HOTLINE, make_registrations
from simulate.roads import make_alarms, make_drivers, make_terminals, make_tracks, make_vehicles, make_weighings
from simulate.staff import FEWEST_PERSONS, Staff, id_cards, make_staff
from simulate.visits import TABLES as VISIT_TABLES
from simulate.visits import make_visits
from simulate.word_lists import Array, Item, Table, items, person_names, random_for, texts

NATURE = {"91": "02", "92": "03", "93": "02", "52": "03"}
LICENSED, LICENCE_YEARS = 0.3, 5
LAPSED_YEARS = 0.25  # so long ago did the oldest end: few go on without
PERSONS_A_FIRM = 0.5
ROADS, HEALTH, SAFETY, FINANCE = "jtys", "wjw", "yjgl", "jrj"
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
    **dict.fromkeys(("checklist", "check_item"), "effective_date"),
    "duty": "duty_from",
    **dict.fromkeys(VISIT_TABLES, "visit_date"),
    **dict.fromkeys(("hazard_source", "source_chemical", "shareholder"), "told_date"),
    "organisation": "issued_date",
    "finance_rating": "rated_date",
    "raising_clue": "received_date",
    **dict.fromkeys(("microloan_form", "guarantee_form", "pawn_form"), "filed_date"),
    "device": "installed_date",
    "device_limit": "valid_from",
    **dict.fromkeys(("frame", "reading", "station", "alarm"), "day"),
    "vehicle": "registered_date",
    "terminal": "installed_date",
    "track": "track_date",
    "vehicle_alarm": "started_at",
    "weighing": "weighed_at",
    "institution": "issued_date",
    "place": "issued_date",
    "grading": "rated_date",
    "sample": "sampling_date",
    "infection": "report_date",
    "exposure": "declared_date",
    "nurse": "issued_date",
    "physician": "issued_date",
    "driver": "issued_date",
}
# Other values by which a row can be named.
OTHER_NAMES = {"penalty.punish_file_no"}
WATCHING = "sthj"


class World:
    """The things of a province; nothing is made before somebody asks for it, and everything is made once."""

    def __init__(self, objects: int, period: Period, seed: int) -> None:
        self.period, self.seed = period, seed
        self.firms = make_firms(objects, period, seed)
        self._tables: dict[tuple[str, str], Table] = {}
        self._staff: dict[str, Staff] = {}
        self._visits: dict[str, dict[str, Table]] = {}

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

    def visits(self, department: str) -> dict[str, Table]:
        """What officers recorded of a department's inspections on their devices."""
        if department not in self._visits:
            checks, asked = self.checks.get(department), self.table("check_item", department)
            made = random_for(self.seed, "visits", department)
            args = (self.staff(department), self.table("firm", department), asked, self.period, made)
            self._visits[department] = make_visits(checks, department, *args) if checks and asked else {}
        return self._visits[department]

    @cached_property
    def devices(self) -> dict[str, Table]:
        """The devices of the department that watches the environment, and what they told."""
        made = random_for(self.seed, "devices")
        return make_devices(self.table("firm", WATCHING), self.firms_there(), self.period, made)

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
    count = max(FEWEST_PERSONS, round(PERSONS_A_FIRM * len(world.firms["uscc"])))
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
    issued = world.period.last - rng.integers(1, round((LICENCE_YEARS + LAPSED_YEARS) * 365), len(firm)).astype(
        "timedelta64[D]"
    )
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


def _check_items(world: World, department: str) -> Table:
    checklists = world.table("checklist", department)
    return check_items(checklists, random_for(world.seed, "check items", department)) if checklists else {}


def _visits(kind: str) -> Callable[[World, str], Table]:
    """One of the tables of the visits, which are all made at once."""
    return lambda world, department: world.visits(department).get(kind, {})


def _devices(kind: str) -> Callable[[World, str], Table]:
    """One of the tables of devices, of the one department whose devices have a story."""
    return lambda world, department: world.devices[kind] if department == WATCHING else {}


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


def _of_one(owner: str, thing: str, make: Callable[..., Table], source: str = "") -> Callable[[World, str], Table]:
    """What one department alone has, made of another thing of its own or of the firms; of any other nothing."""

    def made(world: World, department: str) -> Table:
        if department != owner:
            return {}
        rng = random_for(world.seed, owner, thing)
        given = (world.table(source, department),) if source else (world.firms, world.firms_there())
        return make(*given, world.period, rng)

    return made


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
    "check_item": _check_items,
    **{kind: _visits(kind) for kind in VISIT_TABLES},
    **{kind: _devices(kind) for kind in DEVICE_TABLES},
    "force": _forces,
    "step": _steps,
    "route": _routes,
    "duty": lambda world, department: duty_rules(),
    "licence": _licences,
    "vehicle": _of_one(ROADS, "vehicle", make_vehicles),
    "terminal": _of_one(ROADS, "terminal", make_terminals, "vehicle"),
    "track": _of_one(ROADS, "track", make_tracks, "vehicle"),
    "vehicle_alarm": _of_one(ROADS, "vehicle_alarm", make_alarms, "vehicle"),
    "weighing": _of_one(ROADS, "weighing", make_weighings, "vehicle"),
    "institution": _of_one(HEALTH, "institution", make_institutions),
    "place": _of_one(HEALTH, "place", make_places),
    "grading": _of_one(HEALTH, "grading", make_gradings, "place"),
    "sample": _of_one(HEALTH, "sample", make_samples, "place"),
    "infection": _of_one(HEALTH, "infection", make_infections, "institution"),
    "exposure": _of_one(HEALTH, "exposure", make_exposures),
    "nurse": _of_one(HEALTH, "nurse", make_nurses, "institution"),
    "physician": _of_one(HEALTH, "physician", make_physicians, "institution"),
    "driver": _of_one(ROADS, "driver", make_drivers, "vehicle"),
    "hazard_source": _of_one(SAFETY, "hazard_source", make_sources),
    "source_chemical": _of_one(SAFETY, "source_chemical", make_chemicals, "hazard_source"),
    "organisation": _of_one(FINANCE, "organisation", make_organisations),
    "shareholder": _of_one(FINANCE, "shareholder", make_shareholders, "organisation"),
    "finance_rating": _of_one(FINANCE, "finance_rating", make_ratings, "organisation"),
    "raising_clue": _of_one(FINANCE, "raising_clue", make_clues, "organisation"),
    **{
        thing: _of_one(FINANCE, thing, partial(make_forms, form), "organisation")
        for thing, form in (("microloan_form", "XD"), ("guarantee_form", "DB"), ("pawn_form", "DD"))
    },
    "department": _departments,
}

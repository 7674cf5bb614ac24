"""Firms flow in; their vehicles, what the terminals in them send, and what they weigh on the road, flow out.

Sizes and shares are (ours), near what 四川 and counties of Hubei publish: nearly all vehicles online, more than nine
tenths of the track complete, one vehicle in a hundred drifting.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulate.divisions import places, prefectures
from simulate.firms import NAT, Period, of_trade
from simulate.marks import SPARE
from simulate.staff import FEWEST_PERSONS, id_cards
from simulate.word_lists import Array, Table, texts

VEHICLES_A_FIRM, FEWEST, MOST, SPARE_VEHICLES = 0.08, 15, 300, 6
FEWEST_FIRMS = 4
TRACKED_DAYS = 35  # the last month and a little of the one before
HAZARDOUS = "5435"
USES, SHARES = ("1", "2", "3", "4", "5"), (0.15, 0.1, 0.1, 0.5, 0.15)
FIGURES = (
    *(("track_km", "km"), ("track_km_complete", "km"), ("online_minutes", "min")),
    *(("points", "个"), ("points_valid", "个"), ("points_drifting", "个")),
)
LIMITS = {2: 18.0, 3: 25.0, 4: 31.0, 6: 49.0}  # tonnes by axles
GOODS = ("砂石", "水泥", "煤炭", "钢材", "粮食", "百货")
BITS, BIT_SHARES = ("1", "2", "14", "13", "23", "4"), (0.45, 0.2, 0.1, 0.1, 0.1, 0.05)
SPEEDING = ("1", "13")
ALARMED, OVER, DECIDED = 0.05, 0.18, 0.6
DAY = np.timedelta64(1, "D")


class Build(NamedTuple):
    """A kind of vehicle as it is built: kilograms, axles and seats."""

    kind: str
    gross: float
    curb: float
    load: float
    axles: int
    seats: int


BUILDS = {
    "1": Build("K11", 18000, 13000, np.nan, 2, 53),
    "2": Build("K21", 8000, 5500, np.nan, 2, 19),
    "3": Build("H14", 25000, 12000, 12800, 3, 3),
    "4": Build("H17", 31000, 12500, 18300, 4, 3),
    "5": Build("H11", 18000, 6500, 11300, 2, 3),
}
TRACTOR = Build("Q11", 49000, 15000, 33800, 6, 3)  # with its trailer


def make_vehicles(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """The fleets of the firms of road transport, and a few vehicles that nothing refers to; two share a VIN."""
    count = int(np.clip(VEHICLES_A_FIRM * len(there), FEWEST, MOST)) + SPARE_VEHICLES
    carriers = of_trade(firms, there, ("54",), FEWEST_FIRMS, rng)
    firm = rng.choice(carriers, count)
    use = np.where(firms["industry_code"][firm] == HAZARDOUS, "3", rng.choice(USES, count, p=SHARES)).astype(object)
    built = [TRACTOR if use[n] == "4" and rng.random() < 0.4 else BUILDS[use[n]] for n in range(count)]
    letters = [prefectures()[places()[place].city].plate for place in firms["place"][firm]]
    registered = period.first - rng.integers(200, 3000, count) * DAY
    issued = np.minimum(registered + 10 * DAY, period.first)
    years = -(-((period.last - issued).astype(int) // 365 + 1) // 6) * 6  # renewed every six years
    expired = rng.random(count) < 0.03
    vins = texts([f"LGAX4C34{'ABCDEFGH'[n % 8]}N1{n:06d}" for n in range(count)])
    vins[count // 2] = vins[0]
    return {
        "firm": firm,
        "plate_no": texts([f"鄂{letter}{10000 + 7 * n:05d}" for n, letter in enumerate(letters)]),
        "plate_colour": np.where(rng.random(count) < 0.9, "2", "1").astype(object),
        "vin": vins,
        "vehicle_kind": texts([one.kind for one in built]),
        "vehicle_use": use,
        "registered_date": registered,
        "gross_kg": np.array([one.gross for one in built]),
        "curb_kg": np.array([one.curb for one in built]),
        "load_kg": np.array([one.load for one in built]),
        "axles": np.array([float(one.axles) for one in built]),
        "seats": np.array([float(one.seats) for one in built]),
        "transport_cert_no": texts([f"42{firms['region_code'][f][2:]}{n:06d}" for n, f in enumerate(firm)]),
        "cert_issued_date": issued,
        "cert_valid_to": np.where(expired, period.last - 30 * DAY, issued + years * 365 * DAY).astype("datetime64[D]"),
        "inspected_until": period.last + rng.integers(-25, 360, count) * DAY,
        "insured_until": np.where(use > "3", NAT, period.last + rng.integers(-15, 350, count) * DAY),
        "operating_state": rng.choice(
            np.array(["10", "21", "33", "80"], dtype=object), count, p=[0.93, 0.03, 0.02, 0.02]
        ),
        "terminal_code": texts([f"{13900000000 + n}" for n in range(count)]),
        SPARE: np.arange(count) >= count - SPARE_VEHICLES,
    }


def make_terminals(vehicles: Table, period: Period, rng: np.random.Generator) -> Table:
    """The terminals of buses, of vehicles with hazardous goods and of heavy trucks; hardly any lacks."""
    which = np.flatnonzero((vehicles["vehicle_use"] < "5") & (rng.random(len(vehicles["firm"])) < 0.99))
    watched = vehicles["vehicle_use"][which] < "4"
    return {
        **{name: vehicles[name][which] for name in ("firm", "plate_no", "plate_colour", SPARE)},
        "device_serial_no": vehicles["terminal_code"][which],
        "monitor_device_class": np.where(watched, "VG", "VH").astype(object),
        "installed_date": vehicles["registered_date"][which] + rng.integers(5, 60, len(which)) * DAY,
    }


def make_drivers(vehicles: Table, period: Period, rng: np.random.Generator) -> Table:
    """A driver for each vehicle, with a certificate for what it carries; of some its six years are over."""
    category = {"1": "01001", "2": "01001", "3": "03001"}
    count = len(vehicles["firm"])
    issued = period.last - rng.integers(20, 6 * 365 + 60, count) * DAY
    return {
        "firm": vehicles["firm"],
        "person": rng.integers(0, FEWEST_PERSONS, count),
        "practice_certificate_no": texts([f"4200000000000{n:05d}" for n in range(1, count + 1)]),
        "practice_category": texts([category.get(use, "02001") for use in vehicles["vehicle_use"]]),
        "issued_date": issued,
        "valid_to": issued + 6 * 365 * DAY,
        "licence_status": np.where(rng.random(count) < 0.97, "10", "03").astype(object),
    }


def make_tracks(vehicles: Table, period: Period, rng: np.random.Generator) -> Table:
    """The figures of every vehicle in the net and day of the last weeks on which it drove; some hardly drive."""
    driving = np.flatnonzero((vehicles["operating_state"] == "10") & (vehicles["vehicle_use"] < "5") & ~vehicles[SPARE])
    driving = driving[rng.random(len(driving)) < 0.97]  # of the others nothing ever came
    habit = np.where(rng.random(len(driving)) < 0.05, 0.1, rng.uniform(0.7, 1, len(driving)))
    days = period.last - np.arange(min(TRACKED_DAYS, period.days)) * DAY
    is_out = rng.random((len(driving), len(days))) < habit[:, None]
    place, when = np.nonzero(is_out)
    km = np.round(rng.lognormal(5.4, 0.5, len(place)), 1)
    minutes = np.round(np.clip(km * 1.5 + rng.normal(60, 20, len(place)), 10, 1440))
    points = minutes * 2
    drifts = rng.random(len(place)) < 0.002
    figures = (
        *(km, np.round(km * np.where(rng.random(len(km)) < 0.1, rng.uniform(0.3, 0.9, len(km)), 1), 1), minutes),
        *(points, points - rng.binomial(points.astype(int), 0.003), np.where(drifts, rng.integers(1, 40, len(km)), 0)),
    )
    repeated = np.repeat(driving[place], len(FIGURES))
    return {
        **{name: vehicles[name][repeated] for name in ("firm", "plate_no", "plate_colour")},
        "track_date": np.repeat(days[when], len(FIGURES)),
        "indicator_code": np.tile(texts([name for name, _ in FIGURES]), len(place)),
        "unit": np.tile(texts([unit for _, unit in FIGURES]), len(place)),
        "reading_value": np.column_stack(figures).ravel().astype(float),
    }


def make_alarms(vehicles: Table, period: Period, rng: np.random.Generator) -> Table:
    """Alarms of a share of the vehicles and days: mostly too fast, then too long at the wheel."""
    driving = np.flatnonzero((vehicles["operating_state"] == "10") & (vehicles["vehicle_use"] < "4") & ~vehicles[SPARE])
    days = min(TRACKED_DAYS, period.days)
    count = rng.binomial(len(driving) * days, ALARMED)
    which = rng.choice(driving, count) if len(driving) else driving
    bit = rng.choice(np.array(BITS, dtype=object), len(which), p=BIT_SHARES)
    is_fast = np.isin(bit, SPEEDING)
    return {
        **{name: vehicles[name][which] for name in ("firm", "plate_no", "plate_colour")},
        "vehicle_alarm": bit,
        "started_at": period.last - rng.integers(0, days, len(which)) * DAY,
        "alarm_value": np.where(is_fast, rng.integers(82, 125, len(which)), np.nan),
        "alarm_threshold": np.where(is_fast, 80.0, np.nan),
    }


def make_weighings(vehicles: Table, period: Period, rng: np.random.Generator) -> Table:
    """Trucks weighed, some above the limit, most of these fined; one truck is caught again and again."""
    trucks = np.flatnonzero((vehicles["vehicle_use"] > "2") & ~vehicles[SPARE])
    if not len(trucks):
        return {}
    count = max(40, len(trucks) * period.days // 20)
    which = rng.choice(trucks, count)
    which[: min(6, count)] = trucks[0]
    limit = np.array([LIMITS[int(axles)] for axles in vehicles["axles"][which]])
    is_over = (rng.random(count) < OVER) | (np.arange(count) < 6)
    total = np.round(limit * np.where(is_over, rng.uniform(1.02, 1.6, count), rng.uniform(0.45, 0.99, count)), 2)
    is_fined = is_over & ((rng.random(count) < DECIDED) | (np.arange(count) < 6))
    weighed = period.first + rng.integers(0, period.days, count) * DAY
    decided = np.minimum(weighed + rng.integers(0, 10, count) * DAY, period.last)
    drivers = id_cards(rng, len(vehicles["firm"]), np.zeros(len(vehicles["firm"]), bool))
    over = np.round(np.maximum(total - limit, 0), 2)
    return {
        **{name: vehicles[name][which] for name in ("firm", "plate_no", "plate_colour", "axles", "transport_cert_no")},
        "record_code": texts([f"ZC{str(day).replace('-', '')}{n:05d}" for n, day in enumerate(weighed)]),
        "weighed_at": weighed,
        "total_t": total,
        "limit_t": limit,
        "over_t": over,
        "over_rate": np.round(over / limit * 100, 2),
        "unloaded_t": np.where(is_over, over, np.nan),
        "goods_name": rng.choice(np.array(GOODS, dtype=object), count),
        "id_card": drivers[which],
        "punish_file_no": texts(
            [
                f"鄂交罚〔{str(day)[:4]}〕{n:05d}号" if fined else ""
                for n, (day, fined) in enumerate(zip(decided, is_fined, strict=True))
            ]
        ),
        "punish_date": np.where(is_fined, decided, NAT),
        "fine_cny": np.where(is_fined, np.minimum(np.ceil(over) * 500, 30000), np.nan),
    }

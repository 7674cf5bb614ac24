"""Names of firms flow in; corrupted mentions of some of them are linked, and how well that went flows out.

    python -m bench.linkage                             20,000 mentions against 1,000,000 firms of the simulator
    python -m bench.linkage --register register.csv.gz --mentions 3000      against a register's own names

A tenth of the mentions speaks of firms that were taken out: to link those is an error. A wrong character that makes the
name of another firm is left out: that firm is what the text names.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import resource
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulate.divisions import places
from simulate.firms import Period, make_firms
from spark_jobs.lake.codes import code_of, regions
from spark_jobs.linking.cascade import SILENT, answers
from spark_jobs.linking.names import normalised, split

ABSENT, WITHOUT_PLACE = 0.1, 0.1
Parts = dict[str, str]
# What people write instead of a name, from its parts; a kind that changes nothing of a name is not counted for it.
KINDS: dict[str, Callable[[Parts, np.random.Generator], str]] = {
    "as registered": lambda name, rng: name["name"],
    "full width and blanks": lambda name, rng: " ".join(name["name"][:4]) + name["name"][4:].replace("(", "（"),
    "form dropped": lambda name, rng: name["name"].removesuffix(name["form"]),
    "form written otherwise": lambda name, rng: name["name"].replace("有限公司", "有限责任公司"),
    "division dropped": lambda name, rng: name["name"].removeprefix(name["front"]),
    "division shortened": lambda name, rng: name["front"].rstrip("市县区省") + name["name"].removeprefix(name["front"]),
    "both dropped": lambda name, rng: name["name"].removeprefix(name["front"]).removesuffix(name["form"]),
    "one wrong character": lambda name, rng: _wrong(name, rng),
    "popular short name": lambda name, rng: name["core"][:2] + name["form"],
}


def _wrong(name: Parts, rng: np.random.Generator) -> str:
    at = name["name"].index(name["core"]) + int(rng.integers(len(name["core"]))) if name["core"] in name["name"] else 0
    return name["name"][:at] + str(rng.choice(list("安达鑫源泰丰"))) + name["name"][at + 1 :]


def objects_of(register: Path | None, count: int) -> pa.Table:
    """object_id, name and prefecture: a register's, or simulated firms'."""
    if register is None:
        firms = make_firms(count, Period.until(date(2026, 6, 30), 90), 42)
        cities = [places()[place].city for place in firms["place"]]
        return pa.table({"object_id": firms["uscc"].tolist(), "name": firms["object_name"].tolist(), "place": cities})
    prefectures = {str(region["code"]): region["city_code"] for region in regions()}
    unpacked = gzip.decompress(register.read_bytes()) if register.suffix == ".gz" else register.read_bytes()
    rows = list(csv.DictReader(io.StringIO(unpacked.decode("utf-8"))))
    code = {text: prefectures.get(code_of("region", text) or "") for text in {row["地区"] for row in rows}}
    return pa.table(
        {
            "object_id": [row["统一社会信用代码"] or f"row {number}" for number, row in enumerate(rows)],
            "name": [row["企业名称"] for row in rows],
            "place": [code[row["地区"]] for row in rows],
        }
    )


def truth_of(objects: pa.Table, count: int, seed: int) -> list[Parts]:
    """Mentions, each with the object that is meant and the kind of error; those of absent firms mean none."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(objects.num_rows, min(2 * count, objects.num_rows), replace=False))
    rows = objects.take(pa.array(chosen))
    names = normalised(rows["name"].combine_chunks())
    parts = split(names)
    mentions: list[Parts] = []
    kinds, known = list(KINDS), {*normalised(objects["name"].combine_chunks()).to_pylist()}
    for number in range(rows.num_rows):
        name = {key: str(values[number].as_py() or "") for key, values in parts.items()} | {
            "name": names[number].as_py()
        }
        kind = kinds[len(mentions) % len(kinds)]
        text = KINDS[kind](name, rng)
        is_another = kind == "one wrong character" and text.replace("有限责任公司", "有限公司") in known
        is_changed = text != name["name"] or kind == "as registered"
        if len(mentions) < count and is_changed and not is_another and len(text) > 1:
            place = "" if rng.random() < WITHOUT_PLACE else str(rows["place"][number].as_py() or "")
            is_absent = rng.random() < ABSENT
            meant = str(rows["object_id"][number].as_py())
            mention = {"mention": f"{len(mentions):06d}", "name": text, "place": place, "kind": kind}
            mentions.append({**mention, "removed" if is_absent else "object_id": meant})
    return mentions


def measured(objects: pa.Table, mentions: list[Parts]) -> dict[str, dict[str, float]]:
    """By kind: mentions, silent links, those that are right, and how often the firm is among the five candidates."""
    removed = {mention["removed"] for mention in mentions if "removed" in mention}
    is_left = [object_id not in removed for object_id in objects["object_id"].to_pylist()]
    asked = pa.table(
        {
            "mention": [mention["mention"] for mention in mentions],
            "name": [mention["name"] for mention in mentions],
            "place": pa.array([mention["place"] or None for mention in mentions], pa.string()),
        }
    )
    found = answers(asked, objects.filter(pa.array(is_left)))
    linked = {row["mention"]: row for row in found.links.to_pylist()}
    offered: dict[str, set[str]] = {}
    for row in found.candidates.to_pylist():
        offered.setdefault(row["mention"], set()).add(row["object_id"])
    figures: dict[str, dict[str, float]] = {}
    for mention in mentions:
        kind = figures.setdefault(
            mention["kind"], dict.fromkeys(("mentions", "present", "linked", "right", "offered"), 0)
        )
        kind["mentions"] += 1
        kind["present"] += "object_id" in mention
        link = linked.get(mention["mention"])
        assert link is None or link["step"] in SILENT
        kind["linked"] += link is not None
        kind["right"] += link is not None and link["object_id"] == mention.get("object_id")
        kind["offered"] += link is None and mention.get("object_id") in offered.get(mention["mention"], set())
    return figures


def main() -> None:
    """Prints precision and recall by kind of error, seconds and memory."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--register", type=Path, help="A CSV with 企业名称, 统一社会信用代码 and 地区.")
    asked.add_argument("--objects", type=int, default=1_000_000)
    asked.add_argument("--mentions", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    objects = objects_of(options.register, options.objects)
    mentions = truth_of(objects, options.mentions, options.seed)
    started = time.perf_counter()
    figures = measured(objects, mentions)
    seconds = time.perf_counter() - started
    total = {
        name: sum(kind[name] for kind in figures.values())
        for name in ("mentions", "present", "linked", "right", "offered")
    }
    print(f"{len(mentions):,} mentions, {objects.num_rows:,} objects: {seconds:.0f} s, {_mebibytes():,} MiB")
    print(f"{'kind of error':<24} mentions  precision  recall  among candidates")
    for name, kind in {**figures, "all": total}.items():
        precision = kind["right"] / max(kind["linked"], 1)
        recall, offered = (kind[what] / max(kind["present"], 1) for what in ("right", "offered"))
        print(f"{name:<24} {kind['mentions']:6.0f}  {precision:.4f}  {recall:.3f}  {offered:.3f}")


def _mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main()

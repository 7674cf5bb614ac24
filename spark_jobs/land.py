"""Landing files flow in; bronze rows, the archive and a verdict for every file flow out."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from schemas.contract import Contract, feed_of, landing_folders
from spark_jobs.home import Home, now
from spark_jobs.lake import SYSTEM
from spark_jobs.ledger import Delivery, archived, pending, record, recorded, write_sidecar
from spark_jobs.reader import Reader, Unreadable
from spark_jobs.receipts import write_receipt

UNFINISHED = (".part", ".tmp", ".crdownload")
CHUNK = 4 << 20


@dataclass
class Landing:
    """What one pass over the landing zone found."""

    accepted: list[Delivery] = field(default_factory=list)
    turned_away: list[Delivery] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows committed to bronze."""
        return sum(delivery.rows for delivery in self.accepted)


def make_landing_zone(home: Home) -> int:
    """Makes a landing folder for every department and feed; returns how many there are."""
    home.create()
    folders = [home.landing / department / folder for department, folder, _ in landing_folders()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return len(folders)


def land(home: Home) -> Landing:
    """Takes every new file: archived, then committed to bronze or turned away with a receipt."""
    seen = _Seen.load(home)
    files = [file for file in _files(home) if not seen.has(file)]
    result = Landing()
    if not files:
        return result
    known = _Known.load(home)
    staged: dict[str, list[tuple[Delivery, Path]]] = {}
    with Reader(home.logs) as reader:
        for file in files:
            delivery = _archive(home, file)
            if delivery is None:
                continue
            verdict = _judge(home, reader, delivery, known, staged)
            if verdict is not None:
                result.turned_away.append(verdict)
            seen.add(file, delivery.delivery)
    for feed, landings in staged.items():
        _commit(home, feed, landings)
        result.accepted += [delivery for delivery, _ in landings]
    for delivery in result.turned_away:
        write_receipt(home, delivery)
    record(home, result.turned_away)
    seen.save()
    return result


def _files(home: Home) -> Iterator[Path]:
    """Finished files of the landing zone, in the order of their names; links and devices are nobody's delivery."""
    for folder, folders, names in os.walk(home.landing):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            is_finished = not name.startswith(".") and not name.lower().endswith(UNFINISHED)
            if is_finished and path.is_file() and not path.is_symlink():
                yield path


@dataclass
class _Seen:
    """The files already looked at, by size and time: a cache, the ledger decides."""

    home: Home
    files: dict[str, list[int | str]]

    @classmethod
    def load(cls, home: Home) -> _Seen:
        path = home.state / "landing.json"
        return cls(home, json.loads(path.read_bytes()) if path.exists() else {})

    def _mark(self, file: Path) -> tuple[str, list[int | str]]:
        status = file.stat()
        return str(file.relative_to(self.home.landing)), [status.st_size, status.st_mtime_ns]

    def has(self, file: Path) -> bool:
        name, mark = self._mark(file)
        return self.files.get(name, [])[:2] == mark

    def add(self, file: Path, delivery: str) -> None:
        if file.exists():
            name, mark = self._mark(file)
            self.files[name] = [*mark, delivery]

    def save(self) -> None:
        path = self.home.state / "landing.json"
        path.with_suffix(".part").write_text(json.dumps(self.files, ensure_ascii=False))
        path.with_suffix(".part").replace(path)


@dataclass
class _Known:
    """Contents that count already, and files whose verdict stands."""

    first: dict[str, str]
    judged: set[tuple[str, str, str, str]]

    @classmethod
    def load(cls, home: Home) -> _Known:
        first: dict[str, str] = {}
        judged = set()
        for row in recorded(home).to_pylist():
            judged.add((row["_delivery"], row["department"], row["feed"], row["file_name"]))
            if row["state"] in ("accepted", "held"):
                first[row["_delivery"]] = f"{row['department']}/{row['feed']}/{row['file_name']}"
        for waiting in pending(home).values():
            for delivery in waiting:
                first[delivery.delivery] = f"{delivery.department}/{delivery.feed}/{delivery.file_name}"
                judged.add((delivery.delivery, delivery.department, delivery.feed, delivery.file_name))
        return cls(first, judged)


def _archive(home: Home, file: Path) -> Delivery | None:
    """Copies a file into the archive while hashing it; None if it is still being written."""
    parts = file.relative_to(home.landing).parts
    before, started = file.stat(), time.perf_counter()
    temporary = home.archive / f".{os.getpid()}.part"
    digest = hashlib.sha256()
    with file.open("rb") as source, temporary.open("wb") as copy:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    after = file.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        temporary.unlink()
        return None
    kept = archived(home, digest.hexdigest())
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(kept)
    department, folder = (*parts[:-1], "", "")[:2] if len(parts) <= 3 else (parts[0], "/".join(parts[1:-1]))
    contract = feed_of(department, folder)
    return Delivery(
        delivery=digest.hexdigest(),
        department=department,
        folder=folder,
        feed=contract.name if contract else folder,
        file_name=file.name,
        bytes=before.st_size,
        received_at=now(),
        seconds=time.perf_counter() - started,
    )


def _judge(
    home: Home, reader: Reader, delivery: Delivery, known: _Known, staged: dict[str, list[tuple[Delivery, Path]]]
) -> Delivery | None:
    """Stages a good delivery for its bronze table, or returns it as it is turned away; None also if nothing is new."""
    if (delivery.delivery, delivery.department, delivery.feed, delivery.file_name) in known.judged:
        return None
    contract = feed_of(delivery.department, delivery.folder)
    if contract is None or delivery.department not in contract.departments():
        return replace(delivery, state="refused", reason=_unknown_folder(delivery))
    if first := known.first.get(delivery.delivery):
        reason = f"内容与此前报送的 {first} 完全相同，不重复入库。如需更正，请修改内容后再报送。"
        return replace(delivery, state="duplicate", reason=reason)
    try:
        landing = _stage(home, reader, contract, delivery)
    except Unreadable as refusal:
        return replace(delivery, state="refused", reason=str(refusal))
    staged.setdefault(contract.name, []).append(landing)
    known.first[delivery.delivery] = f"{delivery.department}/{delivery.feed}/{delivery.file_name}"
    return None


def _unknown_folder(delivery: Delivery) -> str:
    own = sorted(folder for department, folder, _ in landing_folders() if department == delivery.department)
    place = "/".join(part for part in (delivery.department, delivery.folder) if part) or "landing"
    if own:
        return f"目录 {place} 没有约定任何数据集。请把文件放入以下目录之一：{'、'.join(own)}。"
    return f"目录 {place} 不属于已登记的报送部门。请放入 landing/<部门简称>/<数据集>/ 目录。"


def _stage(home: Home, reader: Reader, contract: Contract, delivery: Delivery) -> tuple[Delivery, Path]:
    """Writes the delivery's rows as the Parquet file that its commit will add; the name is the delivery."""
    started = time.perf_counter()
    path = home.table("bronze", contract.name) / f"{delivery.delivery}.parquet"
    staged = reader.stage(contract, delivery, archived(home, delivery.delivery), path)
    seconds = delivery.seconds + time.perf_counter() - started
    complete = replace(delivery, encoding=staged.encoding, rows=staged.rows, columns=staged.columns, seconds=seconds)
    write_sidecar(home, complete)
    return complete, path


def _commit(home: Home, feed: str, landings: list[tuple[Delivery, Path]]) -> None:
    """Adds all staged files of a feed to bronze in one commit."""
    table = DeltaTable(home.table("bronze", feed))
    actions = [
        AddAction(path.name, path.stat().st_size, {}, int(path.stat().st_mtime * 1000), True, _statistics(delivery))
        for delivery, path in landings
    ]
    table.create_write_transaction(actions, "append", table.schema())


def _statistics(delivery: Delivery) -> str:
    """What lets readers skip the file: whose rows it holds."""
    same = {"_delivery": delivery.delivery, "_department": delivery.department}
    nulls = {field_.name: 0 for field_ in SYSTEM}
    return json.dumps({"numRecords": delivery.rows, "minValues": same, "maxValues": same, "nullCount": nulls})

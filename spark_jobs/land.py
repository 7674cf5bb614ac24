"""Landing files flow in; bronze rows, the archive and a verdict for every file flow out."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from schemas.contract import Contract, feed_of, landing_folders
from spark_jobs.formats import FAULT, LINE, RAW, Sheet, Unreadable, open_sheet, plain
from spark_jobs.home import Home, now
from spark_jobs.lake import SYSTEM, bronze_schema
from spark_jobs.ledger import Delivery, archived, pending, record, recorded, write_sidecar
from spark_jobs.receipts import write_receipts
from spark_jobs.spreadsheet import REJECTED_HEADINGS, unmarked

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
    for file in files:
        delivery = _archive(home, file)
        if delivery is None:
            continue
        verdict = _judge(home, delivery, known, staged)
        if verdict is not None:
            result.turned_away.append(verdict)
        seen.add(file, delivery.delivery)
    for feed, landings in staged.items():
        _commit(home, feed, landings)
        result.accepted += [delivery for delivery, _ in landings]
    if result.turned_away:
        write_receipts(home, result.turned_away)
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
    home: Home, delivery: Delivery, known: _Known, staged: dict[str, list[tuple[Delivery, Path]]]
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
        landing = _stage(home, contract, delivery)
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


def _headings(contract: Contract, delivered: list[str]) -> dict[str, int]:
    """Which cell each contract column is read from; raises Unreadable for a heading that nobody promised."""
    plains = [plain(heading) for heading in delivered]
    doubled = sorted({heading for heading in plains if plains.count(heading) > 1})
    if doubled:
        raise Unreadable(f"表头重复：{'、'.join(doubled)}。每个列名只能出现一次。")
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    unknown = [
        h
        for h, p in zip(delivered, plains, strict=True)
        if p not in promised | set(map(plain, [*contract.ignore, *REJECTED_HEADINGS]))
    ]
    if unknown:
        shown = "、".join(f"“{heading}”" for heading in unknown[:10])
        raise Unreadable(f"表头中有未约定的列：{shown}。请按约定的表头报送，或联系平台登记新列。")
    found: dict[str, int] = {}
    for column in contract.columns:
        cells = [plains.index(plain(h.heading)) for h in column.headings if plain(h.heading) in plains]
        if len(cells) > 1:
            raise Unreadable(
                f"{column.label}同时有多列：{'、'.join(delivered[cell] for cell in cells)}。请只保留一列。"
            )
        if cells:
            found[column.name] = cells[0]
        elif column.required:
            names = "或".join(f"“{h.heading}”" for h in column.headings)
            raise Unreadable(f"表头缺少必需的列：{names}（{column.label}）。")
    return found


def _stage(home: Home, contract: Contract, delivery: Delivery) -> tuple[Delivery, Path]:
    """Writes the delivery's rows as the Parquet file that its commit will add; the name is the delivery."""
    started = time.perf_counter()
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    kept = archived(home, delivery.delivery)
    sheet = open_sheet(kept, delivery.file_name, lambda headings: bool(promised & set(map(plain, headings))))
    cells = _headings(contract, sheet.headings)
    columns = {name: sheet.headings[cell] for name, cell in sorted(cells.items(), key=lambda found: found[1])}
    path = home.table("bronze", contract.name) / f"{delivery.delivery}.parquet"
    try:
        rows = _write_rows(path, contract, delivery, sheet, cells, columns)
        if rows == 0:
            raise Unreadable("文件只有表头，没有数据行。")
    except Unreadable:
        path.unlink(missing_ok=True)
        raise
    seconds = delivery.seconds + time.perf_counter() - started
    complete = replace(delivery, encoding=sheet.encoding, rows=rows, columns=columns, seconds=seconds)
    write_sidecar(home, complete)
    return complete, path


def _write_rows(
    path: Path, contract: Contract, delivery: Delivery, sheet: Sheet, cells: dict[str, int], columns: dict[str, str]
) -> int:
    schema = bronze_schema(contract)
    fixed = {
        "_delivery": delivery.delivery,
        "_department": delivery.department,
        "_received_at": delivery.received_at,
        "_headings": json.dumps(columns, ensure_ascii=False),
    }
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in sheet.batches:
            count = batch.num_rows
            rows += count
            arrays = []
            for field_ in schema:
                if field_.name in cells:
                    arrays.append(unmarked(batch.column(cells[field_.name])))
                elif field_.name in (LINE, RAW, FAULT):
                    arrays.append(batch.column(field_.name))
                elif field_.name in fixed:
                    arrays.append(pa.repeat(pa.scalar(fixed[field_.name], field_.type), count))
                else:
                    arrays.append(pa.nulls(count, field_.type))
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return rows


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

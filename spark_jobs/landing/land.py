"""Landing files flow in; bronze rows, the archive and a verdict for every file flow out."""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from schemas.contract import FeedContract, deliverers, feed_of, landing_folders
from spark_jobs.lake.columns import SYSTEM
from spark_jobs.lake.home import Home, now
from spark_jobs.lake.ledger import (
    LOADED,
    Delivery,
    archive_path,
    forget,
    own_file,
    pending,
    read_ledger,
    record,
    write_sidecar,
)
from spark_jobs.lake.remembered import forgotten, is_forgotten
from spark_jobs.lake.tables import add_files
from spark_jobs.landing.arrivals import Arrival, NotTaken, Seen, Unfinished, as_text, keep, new_arrivals, sweep, take
from spark_jobs.landing.formats import Unreadable
from spark_jobs.landing.heard import INSIDE, Heard
from spark_jobs.landing.reader import Reader, Readers, is_packed
from spark_jobs.receipts import index_path, restore_receipts, write_receipts

# Processes that read, and what a second must have to do: half a second of a core goes by until one is up, in which
# some 40 MB are read. However small a file is, it takes as long as half a MiB.
READERS, WORTH_ANOTHER, FILE_COST = 2, 64 << 20, 512 << 10
# Files archived while earlier ones are read: enough to keep the readers busy, few enough to hear soon of a full disk.
AHEAD = 4


@dataclass
class Landing:
    """What one pass over the landing zone found."""

    accepted: list[Delivery] = field(default_factory=list)
    turned_away: list[Delivery] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """Feeds whose files wait because their contract is missing (remembered.py), with the folder that it was in."""

    @property
    def rows(self) -> int:
        """Rows committed to bronze."""
        return sum(delivery.rows for delivery in self.accepted)

    def count(self, state: str) -> int:
        """How many files ended in that state."""
        return sum(delivery.state == state for delivery in self.turned_away)


def make_landing_zone(home: Home) -> int:
    """Makes a landing folder for every department and feed; returns how many there are."""
    home.create()
    folders = [home.landing / department / folder for department, folder, _ in landing_folders()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return len(folders)


def land(home: Home, meanwhile: Callable[[Home, int], None] | None = None) -> Landing:
    """Takes every new file: archived, then committed to bronze or turned away with a receipt.

    `meanwhile` is called before the first is read, with the bytes of all: what comes after landing may get ready.
    """
    seen = Seen.load(home)
    _restore_lost_receipts(home, seen)
    missing = forgotten(home)
    arrived = [one for one in new_arrivals(home, seen) if not is_forgotten(one.department, one.folder, missing)]
    if not arrived:
        return Landing(missing=missing)
    sweep(home)
    if meanwhile:
        meanwhile(home, sum(arrival.bytes for arrival in arrived))
    with _readers(home, [arrival.bytes for arrival in arrived]) as readers:
        landing = _Pass(home, readers)
        for arrival in arrived:
            try:
                landing.receive(arrival)
                seen.add(arrival)
            except Unfinished:
                continue
        result = landing.finish()
    seen.save()
    return replace(result, missing=missing)


def land_again(home: Home, refused: list[Delivery]) -> Landing:
    """Judges files that were refused once more, from the archive; those that pass now are committed to bronze.

    What came before its contract was recorded under its folder's name, and now gets that of its feed.
    """
    kept = [delivery for delivery in refused if archive_path(home, delivery.delivery).exists()]
    if not kept:
        return Landing()
    with _readers(home, [delivery.bytes for delivery in kept]) as readers:
        landing = _Pass(home, readers)
        for delivery in kept:
            landing.judge(replace(delivery, state="landed", reason="", received_at=landing.moment()))
        result = landing.finish()
    forget(home, [delivery for delivery in kept if _has_got_a_contract(delivery)])
    return result


def _has_got_a_contract(delivery: Delivery) -> bool:
    """Whether it was recorded under its folder's name, and that folder is a feed's by now."""
    contract = _promised(delivery)
    return contract is not None and contract.name != delivery.feed


def _readers(home: Home, sizes: list[int]) -> Readers:
    """As many as files of these sizes are worth."""
    return Readers(home.logs, READERS if sum(max(size, FILE_COST) for size in sizes) > WORTH_ANOTHER else 1)


def _restore_lost_receipts(home: Home, seen: Seen) -> None:
    for department in sorted(map(as_text, seen.departments())):
        if not index_path(home, department).exists():
            restore_receipts(home, department)


class _Pass:
    """One pass: what is known from before, what is being read, and what it has staged so far."""

    def __init__(self, home: Home, readers: Readers) -> None:
        self.home, self.readers = home, readers
        self.earlier = _Earlier.load(home)
        self.reading: deque[tuple[Delivery, Future[Delivery]]] = deque()
        self.staged: dict[str, list[Delivery]] = {}
        self.turned_away: list[Delivery] = []
        self.heard = Heard()

    def moment(self) -> datetime:
        """The time of receipt: later than every one before, also where the clock was set back."""
        self.earlier.last = max(now(), self.earlier.last + timedelta(microseconds=1))
        return self.earlier.last

    def receive(self, arrival: Arrival) -> None:
        """Archives the file and judges it; raises Unfinished if it is still changing."""
        started = time.perf_counter()
        contract = arrival.contract
        delivery = Delivery(
            delivery="",
            department=arrival.department,
            folder=arrival.folder,
            feed=contract.name if contract else arrival.folder,
            file_name=arrival.name,
            bytes=arrival.bytes,
            received_at=self.moment(),
        )
        try:
            digest = take(self.home, arrival)
        except NotTaken as refusal:
            if contract and contract.is_snapshot:
                self.heard.note(delivery)
            self._turn_away(delivery, "refused", str(refusal))
        else:
            self.judge(replace(delivery, delivery=digest, seconds=time.perf_counter() - started))

    def judge(self, delivery: Delivery) -> None:
        """Stages an archived delivery for its bronze table, or turns it away; a verdict that stands is not repeated."""
        if contract := _promised(delivery):
            self._judge(contract, replace(delivery, feed=contract.name), _inner_name(self.home, delivery))
        elif not self.earlier.was_judged(delivery):
            self._turn_away(delivery, "refused", _unknown_folder(delivery))

    def _judge(self, contract: FeedContract, delivery: Delivery, name: str) -> None:
        if any(_depends_on_verdict_of(delivery, other) for other, _ in self.reading):
            self._collect()
        if contract.is_snapshot and not is_packed(name):
            self.heard.note(delivery)
        if self.earlier.was_judged(delivery):
            return
        if first := self.earlier.first.get(delivery.delivery):
            reason = f"内容与此前报送的 {first} 完全相同，不重复入库。如需更正，请修改内容后再报送。"
            self._turn_away(delivery, "duplicate", reason)
            return
        if not is_packed(name):
            self._stage(contract, delivery, name)
            return
        try:
            self._unpack(contract, delivery, name)
        except Unreadable as refusal:
            if contract.is_snapshot:
                self.heard.note(delivery)
            self._turn_away(delivery, "refused", str(refusal))

    def _unpack(self, contract: FeedContract, delivery: Delivery, name: str) -> None:
        """Judges each file of an archive; a .gz is its one file, a .zip gets a verdict of its own."""
        members = self._members(contract, delivery, name)
        for inside, inner_name in members:
            self._judge(contract, inside, inner_name)
        if not name.lower().endswith(".gz"):
            listed = "、".join(inner_name for _, inner_name in members[:10]) + (" 等" if len(members) > 10 else "")
            self._turn_away(delivery, "unpacked", f"包内有 {len(members)} 个文件：{listed}。每个文件各有回执。")

    def _members(self, contract: FeedContract, delivery: Delivery, name: str) -> list[tuple[Delivery, str]]:
        """The files inside an archive with their names, each kept in the archive folder under its own content."""
        into = self.home.archive / ".unpacked.part"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        members = []
        try:
            with self.readers.idle() as reader:
                unpacked = reader.unpack(contract, archive_path(self.home, delivery.delivery), name, into)
            for member in unpacked:
                if member.path.exists():  # the same content twice in one archive lies there once
                    keep(self.home, member.path, member.sha256)
                is_alone = name.lower().endswith(".gz")
                inside = replace(
                    delivery,
                    delivery=member.sha256,
                    file_name=delivery.file_name if is_alone else f"{delivery.file_name}{INSIDE}{member.name}",
                    bytes=member.bytes,
                    received_at=self.moment(),
                )
                members.append((inside, member.name))
        finally:
            shutil.rmtree(into, ignore_errors=True)
        return members

    def _stage(self, contract: FeedContract, delivery: Delivery, name: str) -> None:
        """Has a reader stage the delivery, when one has time."""
        self._collect(AHEAD)
        delivery = replace(delivery, corrects=self.earlier.names.get(_file_key(delivery), ""))
        self.reading.append((delivery, self.readers.submit(partial(_staged, self.home, contract, delivery, name))))

    def _collect(self, left: int = 0) -> None:
        """Waits until no more than so many files are still being read, and takes what became of the others."""
        while len(self.reading) > left:
            delivery, reading = self.reading.popleft()
            try:
                staged = reading.result()
            except Unreadable as refusal:
                self._turn_away(delivery, "refused", str(refusal))
            else:
                self._take(staged)

    def _take(self, staged: Delivery) -> None:
        """Keeps what was staged for its commit; a nil report is settled with its receipt."""
        if not staged.rows:
            self._turn_away(staged, "nil", "文件说明本期没有数据，已作为零报告登记。")
            return
        self.staged.setdefault(staged.feed, []).append(staged)
        self.earlier.add(staged)

    def _turn_away(self, delivery: Delivery, state: str, reason: str) -> None:
        self.turned_away.append(replace(delivery, state=state, reason=reason))

    def finish(self) -> Landing:
        """Commits what was staged, a commit a feed, then writes receipts and the ledger."""
        self._collect()
        staged = {feed: self.heard.staged(self.home, deliveries) for feed, deliveries in self.staged.items()}
        for feed, deliveries in staged.items():
            _commit(self.home, feed, deliveries)
        accepted = [delivery for some in staged.values() for delivery in some]
        turned_away = self.heard.with_parts(self.turned_away)
        write_receipts(self.home, [*turned_away, *accepted])
        record(self.home, [*turned_away, *self.heard.held_before(self.home)])
        return Landing(accepted, turned_away)


def _staged(home: Home, contract: FeedContract, delivery: Delivery, name: str, reader: Reader) -> Delivery:
    """Writes the delivery's rows as the Parquet file that its commit will add, and beside the archive what is known."""
    started = time.perf_counter()
    content = archive_path(home, delivery.delivery)
    read = reader.stage(contract, replace(delivery, file_name=name), content, own_file(home, delivery))
    seconds = delivery.seconds + time.perf_counter() - started
    learned = replace(delivery, encoding=read.encoding, columns=read.columns, remarks=read.remarks, pages=read.pages)
    staged = replace(learned, rows=read.rows, seconds=seconds)
    if staged.rows:
        write_sidecar(home, staged)
    return staged


@dataclass
class _Earlier:
    """Contents that count already, verdicts that stand, the newest delivery of each name, and the last receipt."""

    first: dict[str, str]
    judged: set[tuple[str, ...]]
    names: dict[tuple[str, ...], str]
    last: datetime

    @classmethod
    def load(cls, home: Home) -> _Earlier:
        earlier = cls({}, set(), {}, now() - timedelta(microseconds=1))
        for delivery in read_ledger(home):
            # A file that was refused is judged again when it, or the sum beside it, has changed; the nil report of
            # another month may be the same file.
            if delivery.state not in ("refused", "nil"):
                earlier.judged.add((delivery.delivery, *_file_key(delivery)))
            if delivery.state in (*LOADED, "rejected"):
                earlier.add(delivery)
            if delivery.state == "unpacked":
                earlier.first[delivery.delivery] = _file_name(delivery)
            earlier.last = max(earlier.last, delivery.received_at)
        for delivery in (delivery for waiting in pending(home).values() for delivery in waiting):
            earlier.add(delivery)
        return earlier

    def add(self, delivery: Delivery) -> None:
        """Remembers a delivery whose rows count."""
        self.first.setdefault(delivery.delivery, _file_name(delivery))
        self.judged.add((delivery.delivery, *_file_key(delivery)))
        self.names[_file_key(delivery)] = delivery.delivery
        self.last = max(self.last, delivery.received_at)

    def was_judged(self, delivery: Delivery) -> bool:
        """Whether that content was judged under that name."""
        return (delivery.delivery, *_file_key(delivery)) in self.judged


def _promised(delivery: Delivery) -> FeedContract | None:
    """The contract that the delivery's folder and department promise, if any."""
    contract = feed_of(delivery.department, delivery.folder)
    return contract if contract and delivery.department in deliverers(contract) else None


def _depends_on_verdict_of(delivery: Delivery, other: Delivery) -> bool:
    """Whether what becomes of the other decides about this one: it has the same content, or the same name."""
    return delivery.delivery == other.delivery or _file_key(delivery) == _file_key(other)


def _file_key(delivery: Delivery) -> tuple[str, ...]:
    return delivery.department, delivery.feed, delivery.file_name


def _file_name(delivery: Delivery) -> str:
    return "/".join(_file_key(delivery))


def _inner_name(home: Home, delivery: Delivery) -> str:
    """The name that says the content's format: of a file inside an archive its own, of an unpacked .gz without .gz."""
    name = delivery.file_name.rpartition(INSIDE)[2]
    if name.lower().endswith(".gz"):
        with archive_path(home, delivery.delivery).open("rb") as content:
            return name if content.read(2) == b"\x1f\x8b" else name[:-3]
    return name


def _unknown_folder(delivery: Delivery) -> str:
    own = sorted(folder for department, folder, _ in landing_folders() if department == delivery.department)
    place = "/".join(part for part in (delivery.department, delivery.folder) if part) or "landing"
    if own:
        return f"目录 {place} 没有约定任何数据集。请把文件放入以下目录之一：{'、'.join(own)}。"
    return f"目录 {place} 不属于已登记的报送部门。请放入 landing/<部门简称>/<数据集>/ 目录。"


def _commit(home: Home, feed: str, deliveries: list[Delivery]) -> None:
    """Adds all staged files of a feed to bronze in one commit."""
    files = {own_file(home, delivery): _statistics(delivery) for delivery in deliveries}
    add_files(home.table("bronze", feed), files)


def _statistics(delivery: Delivery) -> str:
    """What lets readers skip the file: whose rows it holds."""
    same = {"_delivery": delivery.delivery, "_department": delivery.department}
    nulls = {field_.name: 0 for field_ in SYSTEM if field_.name != "_page"}
    return json.dumps({"numRecords": delivery.rows, "minValues": same, "maxValues": same, "nullCount": nulls})

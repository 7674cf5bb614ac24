"""The landing zone flows in; the files that are finished and new flow out, and their contents into the archive."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemas.contract import FeedContract, Limits, feed_of
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import archive_path
from spark_jobs.lake.whole import write_whole

UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
MARKERS = (".ready", ".sha256")
CHUNK = 4 << 20
# Seconds a file must have been left alone; an upload that writes at all writes more often (ours).
QUIET = "LAKEWARDEN_QUIET"
NOT_A_FILE = "不是普通文件（是链接、管道或设备），平台不会读取。请上传文件本身。"
SUM = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")

# Size, times of its last change of content and of its inode, and of the sum beside it (0: there is none).
FileState = list[int]


class Unfinished(Exception):
    """A file that is still changing: it is left for the next pass."""


class NotTaken(Exception):
    """A file whose content is not even read; the message is what the department reads."""


@dataclass(frozen=True)
class Arrival:
    """A file of the landing zone: `parts` as the system names them, and what tells one state of it from the next."""

    parts: tuple[str, ...]
    state: FileState
    is_regular: bool

    @property
    def name(self) -> str:
        """The file's name as people read it."""
        return as_text(self.parts[-1])

    @property
    def department(self) -> str:
        """The first folder."""
        return as_text(self.parts[0]) if len(self.parts) > 1 else ""

    @property
    def folder(self) -> str:
        """What lies between department and file."""
        return "/".join(map(as_text, self.parts[1:-1]))

    @property
    def contract(self) -> FeedContract | None:
        """The feed that the folder promises."""
        return feed_of(self.department, self.folder)

    @property
    def bytes(self) -> int:
        """The file's size."""
        return self.state[0]


def as_text(name: str) -> str:
    """A name of the file system as text: bytes that are not UTF-8 are read as GB18030, as Windows uploads them."""
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return raw.decode("utf-8", "backslashreplace")


def new_arrivals(home: Home, seen: Seen) -> list[Arrival]:
    """Finished files that were not looked at as they are now, in the order of their names.

    A file that has just been written is looked at twice, LAKEWARDEN_QUIET seconds apart (default 2).
    """
    quiet = float(os.environ.get(QUIET, "2"))
    arrivals = [arrival for arrival in _files(home) if not seen.has(arrival)]
    young = [arrival for arrival in arrivals if not _is_old(home, arrival, quiet)]
    if not young or quiet == 0:
        return arrivals
    time.sleep(quiet)
    later = {arrival.parts: arrival.state for arrival in _files(home)}
    still = {arrival.parts for arrival in young if later.get(arrival.parts) != arrival.state}
    return [arrival for arrival in arrivals if arrival.parts not in still]


def _is_old(home: Home, arrival: Arrival, quiet: float) -> bool:
    """Whether nobody can still be writing; a time in the future (a clock set back) says nothing."""
    age = time.time() - max(arrival.state[1:3]) / 1e9
    return age > quiet or home.landing.joinpath(*arrival.parts[:-1], arrival.parts[-1] + ".ready").exists()


def _files(home: Home, parts: tuple[str, ...] = ()) -> Iterator[Arrival]:
    """Everything that could be a delivery; markers, hidden and unfinished files are not."""
    try:
        with os.scandir(home.landing.joinpath(*parts)) as listed:
            entries = {entry.name: entry for entry in listed if not entry.name.startswith(".")}
    except FileNotFoundError:
        return
    for name in sorted(entries):
        if entries[name].is_dir(follow_symlinks=False):
            yield from _files(home, (*parts, name))
        elif not name.lower().endswith((*UNFINISHED, *MARKERS)):
            arrival = _arrival(parts, name, entries)
            if arrival and not _awaits_marker(arrival, entries):
                yield arrival


def _arrival(parts: tuple[str, ...], name: str, entries: dict[str, os.DirEntry[str]]) -> Arrival | None:
    try:
        status = entries[name].stat(follow_symlinks=False)
        marker = entries.get(f"{name}.sha256")
        summed = marker.stat(follow_symlinks=False).st_mtime_ns if marker else 0
    except FileNotFoundError:
        return None
    state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, summed]
    return Arrival((*parts, name), state, stat.S_ISREG(status.st_mode))


def _awaits_marker(arrival: Arrival, entries: dict[str, os.DirEntry[str]]) -> bool:
    contract = arrival.contract
    wants = contract is not None and contract.delivery is not None and contract.delivery.marker == "ready"
    return wants and f"{arrival.parts[-1]}.ready" not in entries


@dataclass
class Seen:
    """The files already looked at: a cache that may be lost, the ledger decides."""

    home: Home
    files: dict[str, FileState]

    @classmethod
    def load(cls, home: Home) -> Seen:
        """What earlier passes saw."""
        path = home.state / "landing.json"
        with suppress(OSError, ValueError):
            return cls(home, json.loads(path.read_bytes()))
        return cls(home, {})

    def has(self, arrival: Arrival) -> bool:
        """Whether the file was looked at as it is now."""
        return self.files.get("/".join(arrival.parts)) == arrival.state

    def add(self, arrival: Arrival) -> None:
        """Remembers the file as it is now."""
        self.files["/".join(arrival.parts)] = arrival.state

    def departments(self) -> set[str]:
        """The folders that files have come from."""
        return {name.split("/", 1)[0] for name in self.files if "/" in name}

    def save(self) -> None:
        """Keeps it for the next pass."""
        write_whole(self.home.state / "landing.json", json.dumps(self.files))


def take(home: Home, arrival: Arrival) -> str:
    """Copies the file into the archive while hashing it; returns the SHA-256 of its content.

    Raises Unfinished if it changes meanwhile, NotTaken if it must not or cannot be read.
    """
    if not arrival.is_regular:
        raise NotTaken(NOT_A_FILE)
    delivery = arrival.contract.delivery if arrival.contract else None
    limit = (delivery.limits if delivery else Limits()).bytes
    if arrival.bytes > limit:
        raise NotTaken(f"文件有 {arrival.bytes:,} 字节，超过上限 {limit:,} 字节（limits.bytes）。请拆分后报送。")
    promised = _promised_sum(home, arrival)
    with _opened(home, arrival.parts) as source:
        digest = _copy(home, source, arrival)
    if promised and promised != digest:
        raise NotTaken(
            f"SHA-256 校验不符：校验文件写的是 {promised}，收到的是 {digest}。"
            "文件可能没有传完，请重新上传文件和校验文件。"
        )
    return digest


def _promised_sum(home: Home, arrival: Arrival) -> str | None:
    """The SHA-256 that the file beside it states, in the manner of sha256sum or of BSD."""
    if not arrival.state[3]:
        return None
    with _opened(home, (*arrival.parts[:-1], f"{arrival.parts[-1]}.sha256")) as marker:
        digest = SUM.search(os.read(marker, 4096))
    if not digest:
        raise NotTaken("校验文件（.sha256）里没有 64 位十六进制的 SHA-256。请用 sha256sum 重新生成，或删去校验文件。")
    return digest.group().decode().lower()


class _opened:
    """A regular file of the landing zone by its descriptor: no link on the way is followed, no pipe is waited for."""

    def __init__(self, home: Home, parts: tuple[str, ...]) -> None:
        self.home, self.parts = home, parts

    def __enter__(self) -> int:
        self.file = self._open()
        if not stat.S_ISREG(os.fstat(self.file).st_mode):
            os.close(self.file)
            raise NotTaken(NOT_A_FILE)
        return self.file

    def _open(self) -> int:
        folder = os.open(self.home.landing, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in self.parts[:-1]:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            return os.open(self.parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                raise Unfinished from None
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
                raise NotTaken(NOT_A_FILE) from None
            if error.errno in (errno.EACCES, errno.EPERM):
                raise NotTaken("平台没有读取此文件的权限。请检查上传方式或文件权限后重新上传。") from None
            raise
        finally:
            os.close(folder)

    def __exit__(self, *raised: object) -> None:
        os.close(self.file)


def _copy(home: Home, source: int, arrival: Arrival) -> str:
    temporary = home.archive / f".{os.getpid()}.part"
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as copy:
            while chunk := os.read(source, CHUNK):
                digest.update(chunk)
                copy.write(chunk)
        after = os.fstat(source)
        if [after.st_size, after.st_mtime_ns] != arrival.state[:2]:
            raise Unfinished
        keep(home, temporary, digest.hexdigest())
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest()


def keep(home: Home, content: Path, digest: str) -> None:
    """Moves a content to its place in the archive; what lies there already is the same."""
    kept = archive_path(home, digest)
    kept.parent.mkdir(parents=True, exist_ok=True)
    content.replace(kept)


def sweep(home: Home) -> None:
    """Removes what an interrupted pass left behind in the archive."""
    for left in home.archive.glob(".*.part"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()

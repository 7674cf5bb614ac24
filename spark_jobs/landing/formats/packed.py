"""A packed file flows in; the files inside it flow out, each under the sum of its content.

Names from inside are only ever shown: nothing is written where a packed name says.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import lzma
import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from schemas.contract import Limits
from spark_jobs.landing.formats.sheet import Source, Unreadable, excess, shown

CHUNK = 1 << 20
HARMLESS = 64 << 20
BROKEN = "压缩包已损坏，无法解开。请重新压缩后报送。"
PACKED = (".zip", ".gz")


@dataclass(frozen=True)
class Member:
    """A file that was inside another: the name it is shown by, and where its content lies."""

    name: str
    path: Path
    sha256: str
    bytes: int


def is_packed(name: str) -> bool:
    """Whether a file of that name holds others."""
    return name.lower().endswith(PACKED)


def unpack(source: Source, into: Path) -> list[Member]:
    """Writes what a .zip or .gz holds to `into/<sha256>`; refuses the whole file if any of it is not to be trusted."""
    size = source.path.stat().st_size
    if size > source.limits.bytes:
        raise excess("文件有", size, source.limits.bytes, "字节", "bytes")
    budget = _Budget(source.limits, size, source.beat)
    with source.path.open("rb") as file:
        members = list(_unpacked(file, source.name, into, budget, 1))
    if not members:
        raise Unreadable("压缩包里没有任何文件。请把数据文件放入后重新压缩。")
    return members


@dataclass
class _Budget:
    """What may still be unpacked from one file."""

    limits: Limits
    packed: int
    beat: Callable[[], None]
    unpacked: int = 0

    def spend(self, size: int) -> None:
        """Counts unpacked bytes."""
        self.unpacked += size
        refuse_bomb(self.packed, self.unpacked, self.limits)
        self.beat()


def refuse_bomb(packed: int, unpacked: int, limits: Limits) -> None:
    """Refuses what unpacks to more bytes, or more bytes a byte, than allowed."""
    if unpacked > limits.unpacked_bytes:
        raise excess("压缩文件解开后至少有", unpacked, limits.unpacked_bytes, "字节", "unpacked_bytes")
    if unpacked > HARMLESS and unpacked > limits.ratio * packed:
        raise excess("压缩文件的压缩比至少是", unpacked // max(packed, 1), limits.ratio, "倍", "ratio")


def _unpacked(file: IO[bytes], name: str, into: Path, budget: _Budget, depth: int) -> Iterator[Member]:
    if depth > budget.limits.nesting:
        raise excess("压缩嵌套了", depth, budget.limits.nesting, "层", "nesting")
    with _refusing():
        if name.lower().endswith(".gz"):
            yield from _of_gzip(file, name, into, budget, depth)
        else:
            yield from _of_zip(file, into, budget, depth)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the libraries say of a broken archive, as a refusal."""
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OverflowError):
        raise Unreadable(BROKEN) from None
    except NotImplementedError as error:
        raise Unreadable(f"压缩包用了不支持的压缩方法（{error}）。请用普通的 zip 方式重新压缩。") from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # what bz2 says of broken data, and a seek to a place that is none
            raise Unreadable(BROKEN) from None
        raise


def _of_gzip(file: IO[bytes], name: str, into: Path, budget: _Budget, depth: int) -> Iterator[Member]:
    inner = name[: -len(".gz")]
    if inner.lower().endswith(".zip"):
        raise Unreadable(f"{shown(name, 100)} 里还有压缩包。请解开一层后报送。")
    with gzip.GzipFile(fileobj=file) as opened:
        content = cast(IO[bytes], opened)
        if inner.lower().endswith(".gz"):
            yield from _unpacked(content, inner, into, budget, depth + 1)
        else:
            yield _kept(content, inner, into, budget)


def _of_zip(file: IO[bytes], into: Path, budget: _Budget, depth: int) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        entries = _entries(archive.infolist(), budget)
        for name, entry in entries:
            with archive.open(entry) as content:
                if name.lower().endswith(".gz"):
                    yield from _unpacked(content, name, into, budget, depth + 1)
                else:
                    yield _kept(content, name, into, budget)


def _entries(infos: list[zipfile.ZipInfo], budget: _Budget) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files of an archive by the name they are shown by; refuses the archive for any that is not to be trusted."""
    if len(infos) > budget.limits.members:
        raise excess("压缩包里有", len(infos), budget.limits.members, "个文件", "members")
    refuse_bomb(budget.packed, budget.unpacked + sum(info.file_size for info in infos), budget.limits)
    members: dict[str, tuple[str, zipfile.ZipInfo]] = {}
    for info in infos:
        path = _name(info).replace("\\", "/")
        _refuse_strange(path, info)
        name = path.rsplit("/", 1)[-1]
        if not name or path.startswith("__MACOSX/") or name.startswith(".") or name.lower() == "thumbs.db":
            continue
        name = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in name)
        if name.lower().endswith(".zip"):
            raise Unreadable(f"压缩包里还有压缩包：{shown(name, 100)}。请解开一层后报送。")
        same = unicodedata.normalize("NFC", name).casefold()
        if same in members:
            raise Unreadable(f"压缩包里有两个文件同名：{shown(name, 100)}。请改名后重新压缩。")
        members[same] = name, info
    return list(members.values())


def _refuse_strange(path: str, info: zipfile.ZipInfo) -> None:
    name = shown(path, 100)
    is_drive = len(path) > 1 and path[1] == ":"
    if path.startswith("/") or is_drive or ".." in path.split("/"):
        raise Unreadable(f"压缩包里的文件名指向包外：{name}。请只放入文件本身，重新压缩。")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unreadable(f"压缩包里的 {name} 是链接或设备，不是文件。请放入文件本身，重新压缩。")
    if info.flag_bits & 0x1:
        raise Unreadable(f"压缩包加了密码（{name}），无法解开。请去掉密码后重新报送。")


def _name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: Windows in Chinese writes GB18030 where the format says cp437."""
    name = getattr(info, "orig_filename", info.filename)
    if info.flag_bits & 0x800:
        return str(name)
    raw = str(name).encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return str(name)


def _kept(content: IO[bytes], name: str, into: Path, budget: _Budget) -> Member:
    """Writes one member's content beside the others; its name becomes the sum of what it holds."""
    unfinished = into / ".member.part"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
            while chunk := content.read(CHUNK):
                size += len(chunk)
                budget.spend(len(chunk))
                digest.update(chunk)
                copy.write(chunk)
        path = into / digest.hexdigest()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Member(name, path, digest.hexdigest(), size)

"""An archive flows in; the contents of its files flow out, each under its own hash; no name inside is ever a path."""

from __future__ import annotations

import gzip
import hashlib
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from schemas.contract import Limits
from spark_jobs.formats.sheet import Unreadable, beyond

PACKED = (".zip", ".gz")
CHUNK = 1 << 20
# Below this size nothing that unpacks can do harm, however well it was packed.
HARMLESS = 64 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError, ValueError, RuntimeError)
LEFT_ALONE = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name as people read it, and where its content was put."""

    name: str
    path: Path
    sha256: str
    bytes: int


def is_packed(name: str) -> bool:
    """Whether the name is an archive's."""
    return name.lower().endswith(PACKED)


def unpack(source: Path, name: str, into: Path, limits: Limits, beat: Callable[[], None]) -> list[Member]:
    """Puts the content of every file of an archive into a folder, named by its hash; raises Unreadable."""
    spent = _Budget(limits, source.stat().st_size, beat)
    try:
        if name.lower().endswith(".gz"):
            with gzip.open(source) as content:
                return [_put(content, name[:-3], into, spent, depth=1)]
        return _unzip(source, into, spent)
    except BROKEN as error:
        raise Unreadable(f"压缩包无法打开（{str(error)[:200] or type(error).__name__}）。请重新压缩后报送。") from None


@dataclass
class _Budget:
    """What an archive may still cost."""

    limits: Limits
    packed: int
    beat: Callable[[], None]
    unpacked: int = 0

    def spend(self, size: int) -> None:
        self.unpacked += size
        self.beat()
        if self.unpacked > self.limits.unpacked_bytes:
            raise beyond("压缩包解开后的字节数超过", self.unpacked, self.limits.unpacked_bytes, "unpacked_bytes")
        ratio = self.unpacked / max(self.packed, 1)
        if self.unpacked > HARMLESS and ratio > self.limits.ratio:
            raise beyond("压缩包的压缩倍数超过", ratio, self.limits.ratio, "ratio")


def _unzip(source: Path, into: Path, spent: _Budget) -> list[Member]:
    with zipfile.ZipFile(source) as packed:
        entries = [(entry, _name(entry)) for entry in packed.infolist() if not entry.is_dir()]
        if len(entries) > spent.limits.members:
            raise beyond("压缩包内的文件数为", len(entries), spent.limits.members, "members")
        wanted = [(entry, name) for entry, name in entries if not _is_left_alone(name)]
        _refuse_hostile(wanted)
        if not wanted:
            raise Unreadable("压缩包里没有文件。")
        members = []
        for entry, name in wanted:
            with packed.open(entry) as content:
                members.append(_put(content, _last(name), into, spent, depth=1))
    return members


def _refuse_hostile(entries: list[tuple[zipfile.ZipInfo, str]]) -> None:
    seen: set[str] = set()
    for entry, name in entries:
        shown = _last(name)
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or parts[0].endswith(":"):
            raise Unreadable(f"压缩包内的文件名“{_clean(name)[:200]}”指向包外。请重新压缩后报送。")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Unreadable(f"压缩包内的“{shown}”是链接，不是文件。请放入文件本身。")
        if entry.flag_bits & 1:
            raise Unreadable(f"压缩包内的“{shown}”有密码。请去掉密码后报送。")
        if shown.lower().endswith(".zip"):
            raise Unreadable(f"压缩包里还有压缩包（“{shown}”）。请只压缩一层。")
        same = unicodedata.normalize("NFKC", shown).casefold()
        if same in seen:
            raise Unreadable(f"压缩包内有两个文件都叫“{shown}”。请改名后重新压缩。")
        seen.add(same)


def _name(entry: zipfile.ZipInfo) -> str:
    """The name as its packer wrote it: without the UTF-8 flag, Windows in China writes GB18030."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _is_left_alone(name: str) -> bool:
    last = _last(name).lower()
    return "__MACOSX/" in name or last.startswith(".") or last in LEFT_ALONE


def _last(name: str) -> str:
    return _clean(name.replace("\\", "/").rsplit("/", 1)[-1])


def _clean(name: str) -> str:
    return "".join("_" if unicodedata.category(letter)[0] == "C" else letter for letter in name)


def _put(content: IO[bytes] | gzip.GzipFile, name: str, into: Path, spent: _Budget, depth: int) -> Member:
    """Writes one content, unpacked as often as its name says."""
    if name.lower().endswith(".gz"):
        if depth >= spent.limits.nesting:
            raise beyond("压缩层数超过", depth + 1, spent.limits.nesting, "nesting")
        with gzip.open(content) as inner:
            return _put(inner, name[:-3], into, spent, depth + 1)
    part = into / "content"
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        while chunk := content.read(CHUNK):
            spent.spend(len(chunk))
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    path = into / digest.hexdigest()
    part.replace(path)
    return Member(name, path, digest.hexdigest(), size)

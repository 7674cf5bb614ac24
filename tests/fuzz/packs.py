"""Archives with sound, odd and hostile contents."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
import zlib
from collections.abc import Callable

from tests.fuzz.books import zeros
from tests.fuzz.cases import REFUSED, TAKEN, Case, Draw
from tests.fuzz.text import Text, broken

SLIPS = (
    *("../../../../../../tmp/slip.csv", "/tmp/slip.csv", "..\\..\\..\\slip.csv", "C:\\slip.csv", "a/../../slip.csv"),
    *(
        "./a.csv",
        "a//b.csv",
        "a/\x00b.csv",
        "行\n名.csv",
        "=cmd.csv",
        "<script>.csv",
        "\u202evsc.exe.csv",
        "长" * 80 + ".csv",
    ),
    *("-rf.csv", ".hidden.csv", "con.csv", " .csv", "a/", "x" * 4000 + ".csv", "!", "a!b.csv"),
)
NOT_FILES = {"link": 0o120777, "device": 0o020666, "pipe": 0o010666, "folder": 0o040755, "socket": 0o140777}
Known = dict[str, object]


class Pack:
    """Members on their way into a .zip, each a table of its own."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.first = Text(draw)
        self.members: list[tuple[zipfile.ZipInfo, bytes]] = []

    def add(self, name: str | None = None, content: bytes | None = None) -> zipfile.ZipInfo:
        """Adds a member; its name says how many rows it has, if it is one of ours."""
        place = len(self.members)
        if content is None:
            self.first.rows = [[*row[:-1], f"{place}"] for row in self.first.rows]
            self.first.lay()
            content = self.first.text().encode("utf-8")
        entry = zipfile.ZipInfo(name or f"m{place}_r{len(self.first.rows)}.csv", (2026, 5, 1, 8, 0, 0))
        entry.compress_type = self.draw.random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
        self.members.append((entry, content))
        return entry

    def bytes(self) -> bytes:
        target = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(target, "w", allowZip64=True) as packed:
            warnings.simplefilter("ignore")
            for entry, content in self.members:
                packed.writestr(entry, content)
        return target.getvalue()


def zip_file(draw: Draw) -> Case:
    """A few tables in a .zip, with one thing odd about it."""
    pack = Pack(draw)
    count = draw.some(4)
    for _ in range(count):
        pack.add()
    known: Known = {"members": count, "fate": TAKEN}
    what = draw.random.choice(ZIPS)
    content = what(pack, known)
    return draw.case(f"zip: {what.__name__.replace('_', ' ')}", pack.first.place, ".zip", content, **known)


def sound(pack: Pack, known: Known) -> bytes:
    return pack.bytes()


def in_folders(pack: Pack, known: Known) -> bytes:
    for place, (entry, _) in enumerate(pack.members):
        entry.filename = f"报送/{place}/{entry.filename}"
    return pack.bytes()


def beside_junk(pack: Pack, known: Known) -> bytes:
    known.clear()
    pack.add("__MACOSX/._a.csv", b"\x00")
    pack.add("Thumbs.db", b"\x00")
    pack.add("说明.docx", b"PK")
    pack.add("空.csv", b"")
    return pack.bytes()


def hostile_names(pack: Pack, known: Known) -> bytes:
    known.clear()
    pack.add(pack.draw.random.choice(SLIPS))
    return pack.bytes()


def not_files(pack: Pack, known: Known) -> bytes:
    known.clear()
    kind = pack.draw.random.choice(sorted(NOT_FILES))
    entry = pack.add(f"{kind}.csv", b"/etc/passwd")
    entry.create_system, entry.external_attr = 3, NOT_FILES[kind] << 16
    return pack.bytes()


def encrypted(pack: Pack, known: Known) -> bytes:
    known.clear()
    known["fate"] = REFUSED
    content = bytearray(pack.bytes())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(start)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(start, place + 4)
    return bytes(content)


def packed_in_packs(pack: Pack, known: Known) -> bytes:
    known.clear()
    content = pack.bytes()
    for depth in range(pack.draw.random.choice((1, 2, 30))):
        outer = Pack(pack.draw)
        outer.add(f"{depth}.zip", content)
        content = outer.bytes()
    return content


def many_members(pack: Pack, known: Known) -> bytes:
    """Over the limit of 1,000 files."""
    known.clear()
    known["fate"] = REFUSED
    for number in range(pack.draw.random.choice((1_000, 20_000))):
        entry = zipfile.ZipInfo(f"{number}.csv")
        pack.members.append((entry, b"x"))
    return pack.bytes()


def wrong_sum(pack: Pack, known: Known) -> bytes:
    known.clear()
    known["fate"] = REFUSED
    content = bytearray(pack.bytes())
    for start, sum_ in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        place = content.find(start) + sum_
        content[place : place + 4] = b"\xde\xad\xbe\xef"
    return bytes(content)


def sizes_that_lie(pack: Pack, known: Known) -> bytes:
    known.clear()
    content = bytearray(pack.bytes())
    for start, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.find(start) + size
        content[place : place + 4] = pack.draw.random.choice(
            (b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f", b"\x01\x00\x00\x00")
        )
    return bytes(content)


def names_of_windows(pack: Pack, known: Known) -> bytes:
    """Names in GBK without the flag that says UTF-8."""
    raw = "行政检查".encode("gbk")
    for place, (entry, _) in enumerate(pack.members):
        entry.filename = f"{'Q' * len(raw)}{place}.csv"
    return pack.bytes().replace(b"Q" * len(raw), raw)


def names_twice(pack: Pack, known: Known) -> bytes:
    known.clear()
    pack.add(pack.members[0][0].filename)
    if pack.draw.chance(0.5):
        pack.add("A.CSV")
        pack.add("a.csv")
    return pack.bytes()


def the_same_content_twice(pack: Pack, known: Known) -> bytes:
    known["members"] = len(pack.members) + 1
    pack.add("又一次.csv", pack.members[0][1])
    return pack.bytes()


def broken_zip(pack: Pack, known: Known) -> bytes:
    known.clear()
    return broken(pack.draw, pack.bytes())


def cut_off(pack: Pack, known: Known) -> bytes:
    known.clear()
    known["fate"] = REFUSED
    content = pack.bytes()
    return content[: pack.draw.random.randrange(len(content) - 1)]


def empty(pack: Pack, known: Known) -> bytes:
    known.clear()
    known["fate"] = REFUSED
    pack.members.clear()
    return pack.bytes()


def overlapping(pack: Pack, known: Known) -> bytes:
    """Every entry of the directory points at the same packed bytes."""
    known.clear()
    content = pack.bytes()
    start = content.find(b"PK\x01\x02")
    end = content.rfind(b"PK\x05\x06")
    entry = content[start : content.find(b"PK\x01\x02", start + 4) if content.count(b"PK\x01\x02") > 1 else end]
    count = 500
    directory = entry * count
    tail = bytearray(content[end:])
    tail[8:12] = count.to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    return content[:start] + directory + bytes(tail)


def after_other_bytes(pack: Pack, known: Known) -> bytes:
    known.clear()
    return b"MZ" + pack.draw.random.randbytes(500) + pack.bytes() + b"\x00" * 30


ZIPS: tuple[Callable[[Pack, Known], bytes], ...] = (
    *(sound, sound, in_folders, beside_junk, hostile_names, hostile_names, hostile_names, not_files, not_files),
    *(encrypted, packed_in_packs, many_members, wrong_sum, sizes_that_lie, names_of_windows, names_twice),
    *(the_same_content_twice, broken_zip, cut_off, empty, overlapping, after_other_bytes),
)


def gz_file(draw: Draw) -> Case:
    """A table as .gz: sound, in pieces, cut, with something behind it, or wrapped again and again."""
    table = Text(draw)
    table.lay()
    table.what = []
    text = table.text().encode()
    kind = draw.random.choice(
        ("sound", "sound", "pieces", "cut", "trailing zeros", "trailing junk", "broken", "wrapped")
    )
    content = gzip.compress(text, mtime=0)
    half = len(text) // 2
    match kind:
        case "pieces":
            content = gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0)
        case "cut":
            content = content[: draw.random.randrange(1, len(content))]
        case "trailing zeros":
            content += b"\x00" * 512
        case "trailing junk":
            content += draw.random.randbytes(50)
        case "broken":
            content = broken(draw, content)
        case "wrapped":
            for _ in range(draw.some(20)):
                content = gzip.compress(content, mtime=0)
    table.what = [f"gz {kind}"]
    if kind not in ("sound", "pieces"):
        table.fate, table.is_countable = REFUSED if kind == "cut" else "", False
    return table.case(content, draw.random.choice((".csv.gz", ".csv.GZ", ".csv.gz")))


def gz_bomb(draw: Draw) -> Case:
    """Hundreds of megabytes of spaces in a .gz: a thousand times its size."""
    megabytes = draw.random.choice((200, 1000))
    content = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + zeros(megabytes) + b"\x00" * 8
    return draw.case("gz: a bomb", draw.rows(1).place, ".csv.gz", content, fate=REFUSED)


def zip_bomb(draw: Draw) -> Case:
    """A .zip of a gigabyte of spaces, or of ten that share one packed stream, or of bombs in .gz."""
    pack = Pack(draw)
    pack.add()
    kind = draw.random.choice(("one", "gz"))
    if kind == "gz":
        content = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + zeros(200) + zlib.crc32(b"").to_bytes(4, "little") * 2
        for number in range(5):
            pack.add(f"{number}.csv.gz", content)
    else:
        entry = pack.add("bomb.csv", b" " * 600_000_000)
        entry.compress_type = zipfile.ZIP_DEFLATED
    return draw.case(f"zip: a bomb, {kind}", pack.first.place, ".zip", pack.bytes(), fate=REFUSED)


HEAVY = (gz_bomb, zip_bomb)

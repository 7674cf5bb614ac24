"""Odd names, and things that are no files at all."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from tests.fuzz.cases import REFUSED, TAKEN, Case, Draw
from tests.fuzz.text import Text

# Beside the home: what no landing file may reach.
OUTSIDE = "outside"
SECRET = "canary-7f3a-统一社会信用代码"
NAMES = (
    *(
        "a\nb",
        "a\tb",
        "\x01\x1b[31m",
        "\x7f",
        "a b",
        " ",
        "'",
        '"',
        "<img src=x onerror=alert(1)>",
        "&amp;",
        "a;b",
        "$(id)",
        "`id`",
    ),
    *(
        "\u202egpj",
        "\u200b",
        "e\u0301",
        "é",
        "👩‍👩‍👧",
        "𠀀",
        "%2e%2e%2f",
        "..",
        "...",
        "a..b",
        "~",
        "#",
        "?",
        "*",
        "\\..\\",
        "C:",
    ),
    *("-rf", "--help", "=1+1", "@x", "a.csv.part.csv", "index.html", "a.receipt.json", "a.rejected.csv", "con", "nul"),
)
RAW = (b"\xff\xfe", b"\x80", b"\xb1\xb1\xbe\xa9", b"\xe5\x8c\x97\xff", b"\xed\xa0\x80", b"\xc0\xaf")


def odd_name(draw: Draw) -> Case:
    """A sound table under a name that somebody might trip over."""
    table = Text(draw)
    table.lay()
    case = table.case(table.text().encode(), ".csv")
    mark = case.mark.encode()
    kind = draw.random.choice(("letters", "letters", "letters", "bytes", "long", "long in Chinese"))
    match kind:
        case "letters":
            odd = draw.random.choice(NAMES).encode()
            name = draw.random.choice((odd + mark, mark + odd)) + b".csv"
        case "bytes":
            odd = draw.random.choice(RAW)
            name = draw.random.choice((odd + mark, mark + odd)) + b".csv"
        case "long":
            name = mark + b"x" * (255 - 11) + b".csv"
        case _:
            name = mark + "长".encode() * 81 + b".csv"
    if name.startswith(b"."):
        name = b"x" + name
    return replace(case, name=name, what=f"name: {name[:60]!r}")


def somewhere_else(draw: Draw) -> Case:
    """A sound table in a folder that promises nothing, however deep."""
    table = Text(draw)
    table.lay()
    case = table.case(table.text().encode(), ".csv")
    places = (
        "",
        "nobody",
        "nobody/check_action",
        "scjg",
        "scjg/星座",
        "scjg/enterprise/deeper",
        "scjg/../yjj",
        "scjg\n/x",
    )
    place = draw.random.choice(
        (*places, "/".join(["scjg", *["deep"] * 60]), f"<i onclick=x>{draw.number}", "scjg/ enterprise")
    )
    return replace(case, place=place.replace("..", "__"), fate=REFUSED, what=f"place: {place[:40]!r}")


def with_marker(draw: Draw) -> Case:
    """A sound table with a marker beside it: true, false or senseless."""
    table = Text(draw)
    table.lay()
    content = table.text().encode()
    case = table.case(content, ".csv")
    kind = draw.random.choice(("ready", "right", "wrong", "junk", "link", "folder"))

    def put(path: Path) -> None:
        path.write_bytes(content)
        beside = path.with_name(f"{path.name}.{'ready' if kind == 'ready' else 'sha256'}")
        match kind:
            case "ready":
                beside.write_bytes(draw.random.randbytes(10))
            case "right":
                beside.write_text(f"{sha256(content).hexdigest()}  {path.name}\n")
            case "wrong":
                beside.write_text("0" * 64)
            case "junk":
                beside.write_bytes(draw.random.randbytes(5_000))
            case "link":
                beside.symlink_to("/etc/passwd")
            case _:
                beside.mkdir()

    fate = {"ready": TAKEN, "right": TAKEN, "wrong": REFUSED, "junk": REFUSED}.get(kind, "")
    return replace(case, put=put, fate=fate, what=f"marker: {kind}")


def unfinished(draw: Draw) -> Case:
    """A sound table that says that it is not whole yet: nobody's business."""
    table = Text(draw)
    table.lay()
    case = table.case(table.text().encode(), ".csv")
    start, end = draw.random.choice(
        ((b"", b".part"), (b"", b".tmp"), (b".", b""), (b"", b".PART"), (b"", b".crdownload"))
    )
    return replace(
        case, name=start + case.name + end, fate="", rows=None, verdicts=(0,), what=f"name: {end or start!r}"
    )


def no_file(draw: Draw) -> Case:
    """A link, a pipe, a socket, a device, a folder: refused once or left alone, never read."""
    kind = draw.random.choice(sorted(KINDS))
    place, name = draw.rows(1).place, f"f{draw.number:06d}.csv".encode()
    verdicts = (0,) if kind == "empty folder" else (0, 1)
    return Case(draw.number, f"no file: {kind}", place, name, KINDS[kind], fate=REFUSED, verdicts=verdicts)


def _outside(path: Path) -> Path:
    """The folder beside the home that holds the test's secret."""
    return next(parent for parent in path.parents if (parent / OUTSIDE).is_dir()) / OUTSIDE


def _socket(path: Path) -> None:
    short = Path(f"/proc/self/fd/{os.open(path.parent, os.O_RDONLY)}")  # a socket's path may have 107 letters
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short / path.name))
    os.close(int(short.name))


def _device(path: Path) -> None:
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero never ends
    except PermissionError:
        os.mkfifo(path)


def _unreadable(path: Path) -> None:
    path.write_text("甲\n乙\n")
    path.chmod(0)


KINDS: dict[str, Callable[[Path], None]] = {
    "link to passwd": lambda path: path.symlink_to("/etc/passwd"),
    "link to the secret": lambda path: path.symlink_to(_outside(path) / "secret.csv"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to a folder": lambda path: path.symlink_to(_outside(path), target_is_directory=True),
    "link upwards": lambda path: path.symlink_to("../../.."),
    "link to zeros": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
    "socket": _socket,
    "device": _device,
    "empty folder": Path.mkdir,
    "unreadable": _unreadable,
}


def giant(draw: Draw) -> Case:
    """A sparse file of 10 GiB: beyond the limit of bytes."""

    def put(path: Path) -> None:
        path.touch()
        os.truncate(path, 10 << 30)

    return replace(draw.case("no file: 10 GiB of nothing", draw.rows(1).place, ".csv", b"", fate=REFUSED), put=put)


def sparse(draw: Draw) -> Case:
    """Headings, then 300 MB of NULs that are not on the disk."""
    table = Text(draw)
    table.lay()

    def put(path: Path) -> None:
        path.write_bytes(table.text().encode())
        os.truncate(path, 300 << 20)

    return replace(table.case(b"", ".csv"), put=put, fate="", rows=None, what="no file: 300 MB of NULs")


HEAVY = (giant, sparse)

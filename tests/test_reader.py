"""Files that would take the machine down, and what the process that reads them does about it."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from schemas.contract import FeedContract
from spark_jobs.lake.lean import ROOT
from spark_jobs.lake.ledger import Delivery
from spark_jobs.landing.reader import Member, Reader, Readers, Staged, Unreadable, is_packed
from tests.deadline import wait_for
from tests.files import GOOD, HEAD, USCC, promise, zipped

DELIVERY = Delivery("d" * 64, "scjg", "firm", "scjg_firm", "a.csv", 0, datetime(2026, 11, 23, 8, tzinfo=UTC))
CSV = f"{HEAD}\n{GOOD}\n".encode()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Reader(tmp_path_factory.mktemp("logs")) as made:
        yield made


def stage(reader: Reader, folder: Path, name: str, content: bytes, contract: FeedContract | None = None) -> Staged:
    source = folder / "source"
    source.write_bytes(content)
    return reader.stage(contract or promise(), replace(DELIVERY, file_name=name), source, folder / "bronze.parquet")


def unpack(reader: Reader, folder: Path, name: str, content: bytes, **limits: int) -> list[Member]:
    source, into = folder / "source", folder / "into"
    source.write_bytes(content)
    into.mkdir(exist_ok=True)
    return reader.unpack(promise(limits), source, name, into)


def refused(reader: Reader, folder: Path, name: str, content: bytes, **limits: int) -> str:
    """The refusal; nothing is left beside the file, and the next file is read."""
    (folder / "bronze.parquet").unlink(missing_ok=True)
    with pytest.raises(Unreadable) as refusal:
        (unpack if is_packed(name) else stage)(
            reader, folder, name, content, **limits if is_packed(name) else {"contract": promise(limits)}
        )
    assert not list(folder.rglob("*.part"))
    assert not (folder / "bronze.parquet").exists()
    assert stage(reader, folder, "next.csv", CSV).rows == 1
    (folder / "bronze.parquet").unlink()
    return str(refusal.value)


def test_one_process_reads_file_after_file(reader: Reader, tmp_path: Path) -> None:
    staged = stage(reader, tmp_path, "a.csv", CSV)
    first = reader.pid
    assert staged.rows == 1
    assert (staged.encoding, staged.columns["name"]) == ("utf-8", "企业名称")
    [row] = pq.read_table(tmp_path / "bronze.parquet").to_pylist()
    assert (row["uscc"], row["_delivery"], row["_received_at"]) == (USCC, "d" * 64, DELIVERY.received_at)
    assert json.loads(row["_headings"]) == staged.columns
    assert "没有数据行" in refused(reader, tmp_path, "a.csv", HEAD.encode())
    assert reader.pid == first


def test_the_process_is_up_soon_and_imports_no_engine() -> None:
    code = "import sys, spark_jobs.landing.formats.staging; print([m for m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in ("pyspark", "pysail", "dbt", "great_expectations", "duckdb", "python_calamine", "pandas"):
        assert f"'{name}'" not in found


def test_a_file_that_needs_too_much_memory_is_refused_with_the_limit(reader: Reader, tmp_path: Path) -> None:
    # Parquet writes one text a million times in a few bytes; reading it takes 800 MB.
    buffer = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 8_000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"统一社会信用代码": column}), buffer)
    told = refused(reader, tmp_path, "a.parquet", buffer.getvalue(), memory=100 << 20)
    assert "需要的内存超过上限 104,857,600 字节（limits.memory）" in told


def far_cell() -> bytes:
    """A workbook whose only cell lies in the last row and column: a table of 17 thousand million cells."""
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet += '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook_of(f"{sheet}</sheetData></worksheet>".encode())


def workbook_of(sheet: bytes, shared: bytes = b"") -> bytes:
    """A workbook whose only page, and shared texts, are these parts."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet().write(0, 0, "x")
    parts = {"xl/worksheets/sheet1.xml": sheet} | ({"xl/sharedStrings.xml": shared} if shared else {})
    with zipfile.ZipFile(made) as archive:
        return zipped([(name, parts.get(name) or archive.read(name)) for name in archive.namelist()])


def test_a_sheet_of_a_thousand_million_empty_cells_is_refused_by_its_last_one(reader: Reader, tmp_path: Path) -> None:
    assert "单元格 XFD1048576 里有内容，离其他数据太远" in refused(reader, tmp_path, "a.xlsx", far_cell())


def test_an_xlsx_bomb_is_refused_before_it_is_unpacked(reader: Reader, tmp_path: Path) -> None:
    content = workbook_of(b"<worksheet>" + b" " * (80 << 20))
    assert "压缩比至少是" in refused(reader, tmp_path, "a.xlsx", content)
    assert "limits.unpacked_bytes" in refused(reader, tmp_path, "a.xlsx", content, unpacked_bytes=1 << 20)


def test_xml_entities_are_not_expanded(reader: Reader, tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    shared = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><sst><si><t>&l11;</t></si></sst>'
    sheet = '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>'
    assert refused(reader, tmp_path, "a.xlsx", workbook_of(sheet.encode(), shared.encode()))


def test_a_file_that_makes_no_progress_is_given_up_after_the_limit(reader: Reader, tmp_path: Path) -> None:
    # Fifty thousand merged ranges over all of fifty thousand rows: each row would be filled fifty thousand times.
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="str"><v>统一社会信用代码</v></c></row>' for n in range(1, 50_000))
    merged = '<mergeCell ref="A2:A50000"/>' * 50_000
    sheet = f"<worksheet><sheetData>{rows}</sheetData><mergeCells>{merged}</mergeCells></worksheet>"
    content = workbook_of(sheet.encode())
    started = time.monotonic()
    told = refused(reader, tmp_path, "a.xlsx", content, seconds=1)
    assert "没有进展的时间超过上限 1 秒（limits.seconds）" in told
    assert time.monotonic() - started < 20


def rows_of(count: int) -> bytes:
    return f"{HEAD}\n".encode() + f"{GOOD}\n".encode() * count


def kill_at_work(process: int, kill: int, folder: Path) -> None:
    """Sends the signal as soon as rows are being written."""
    wait_for("rows are being written", lambda: list(folder.rglob("*.part")), pause=0.001)
    os.kill(process, kill)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_is_killed_is_replaced(reader: Reader, tmp_path: Path, kill: int) -> None:
    stage(reader, tmp_path, "a.csv", CSV)
    first = reader.pid
    assert first
    killer = threading.Thread(target=kill_at_work, args=(first, kill, tmp_path))
    killer.start()
    if kill == signal.SIGKILL:  # a stranger's doing, not the file's
        assert stage(reader, tmp_path, "a.csv", rows_of(1_000_000)).rows == 1_000_000
    else:
        with pytest.raises(Unreadable, match="SIGSEGV"):
            stage(reader, tmp_path, "a.csv", rows_of(1_000_000))
    killer.join()
    assert stage(reader, tmp_path, "a.csv", CSV).rows == 1
    assert reader.pid != first


def test_a_process_that_is_killed_before_it_is_up_is_replaced(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        assert reader.pid
        os.kill(first := reader.pid, signal.SIGKILL)
        assert stage(reader, tmp_path, "a.csv", CSV).rows == 1
        assert reader.pid != first


def folder_of(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def test_a_small_file_does_not_wait_for_a_large_one(tmp_path: Path) -> None:
    with Readers(tmp_path, 2) as readers:
        large = readers.submit(lambda r: stage(r, folder_of(tmp_path, "large"), "a.csv", rows_of(3_000_000)))
        small = readers.submit(lambda r: stage(r, folder_of(tmp_path, "small"), "a.csv", CSV))
        assert small.result().rows == 1
        assert not large.done()
        assert large.result().rows == 3_000_000


def test_whoever_gives_up_does_not_wait_for_the_file_that_is_being_read(tmp_path: Path) -> None:
    readers = Readers(tmp_path, 2)
    with readers:
        large = readers.submit(lambda r: stage(r, folder_of(tmp_path, "large"), "a.csv", rows_of(3_000_000)))
        others = [readers.submit(lambda r: stage(r, tmp_path, "a.csv", CSV)) for _ in range(99)]
        wait_for("rows are being written", lambda: list(tmp_path.rglob("*.part")), pause=0.001)
    assert large.exception()
    assert others[-1].cancelled()
    assert not list(tmp_path.rglob("*.part"))


def test_time_in_which_the_process_is_stopped_does_not_count(reader: Reader, tmp_path: Path) -> None:
    stage(reader, tmp_path, "a.csv", CSV)
    assert reader.pid
    os.kill(reader.pid, signal.SIGSTOP)
    threading.Timer(3, os.kill, (reader.pid, signal.SIGCONT)).start()
    assert stage(reader, tmp_path, "a.csv", CSV, promise({"seconds": 2})).rows == 1


def test_the_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(
        "import sys, time\nfrom pathlib import Path\nfrom tests.test_reader import *\n"
        "reader = Reader(Path(sys.argv[1]))\nstage(reader, Path(sys.argv[1]), 'a.csv', CSV)\n"
        "print(reader.pid, flush=True)\ntime.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script, tmp_path], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout
        child = Path(f"/proc/{int(parent.stdout.readline())}")
        assert child.exists()
        parent.kill()
    wait_for("the reader ends with its parent", lambda: not child.exists() or ") Z" in (child / "stat").read_text())


def test_what_is_not_the_files_fault_is_no_refusal(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reader.stage(promise(), DELIVERY, tmp_path / "nothing", tmp_path / "bronze.parquet")
    (tmp_path / "source").write_bytes(CSV)
    with pytest.raises(FileNotFoundError):
        reader.stage(promise(), DELIVERY, tmp_path / "source", tmp_path / "no folder" / "bronze.parquet")
    with pytest.raises(FileNotFoundError):
        reader.unpack(promise(), tmp_path / "nothing", "a.zip", tmp_path)
    (tmp_path / "bronze.parquet.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as full:
        reader.stage(promise(), DELIVERY, tmp_path / "source", tmp_path / "bronze.parquet")
    assert full.value.errno == errno.ENOSPC


# --- archives


def test_members_are_deliveries_of_their_own(reader: Reader, tmp_path: Path) -> None:
    content = zipped(
        [
            ("文件夹/", b""),
            ("文件夹/甲.csv", b"a"),
            ("乙.csv.gz", gzip.compress(b"b") + gzip.compress(b"c")),
            ("__MACOSX/._甲.csv", b"x"),
            ("文件夹/.DS_Store", b"x"),
            ("Thumbs.db", b"x"),
            ("空.csv", b""),
        ]
    )
    found = unpack(reader, tmp_path, "a.zip", content)
    assert [(member.name, member.path.read_bytes(), member.bytes) for member in found] == [
        ("甲.csv", b"a", 1),
        ("乙.csv", b"bc", 2),
        ("空.csv", b"", 0),
    ]
    for member in found:
        assert member.path == tmp_path / "into" / member.sha256
        assert member.path.stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / "into").iterdir())) == 3


def test_a_gz_holds_the_file_of_its_name(reader: Reader, tmp_path: Path) -> None:
    [member] = unpack(reader, tmp_path, "甲.csv.gz", gzip.compress(CSV))
    assert (member.name, member.path.read_bytes()) == ("甲.csv", CSV)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_without_the_mark_of_utf8_are_understood(reader: Reader, tmp_path: Path, encoding: str) -> None:
    content = zipped([("xxxxxxxxxxxx"[: len("企业.csv".encode(encoding))], b"a")])
    name = "企业.csv".encode(encoding)
    content = content.replace(b"x" * len(name), name)
    assert [member.name for member in unpack(reader, tmp_path, "a.zip", content)] == ["企业.csv"]


def test_control_characters_of_a_name_are_not_shown(reader: Reader, tmp_path: Path) -> None:
    [member] = unpack(reader, tmp_path, "a.zip", zipped([("甲\x1b[2J\n\u202e.csv", b"a")]))
    assert member.name == "甲�[2J��.csv"


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def flagged(content: bytes) -> bytes:
    """The archive with its members marked as encrypted."""
    return content.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\1\0").replace(
        b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"
    )


EVIL = {
    "up and out": (zipped([("../../etc/passwd.csv", b"x")]), "指向包外"),
    "from the root": (zipped([("/etc/passwd.csv", b"x")]), "指向包外"),
    "up with backslashes": (zipped([("..\\..\\a.csv", b"x")]), "指向包外"),
    "to a drive": (zipped([("C:\\a.csv", b"x")]), "指向包外"),
    "a link": (zipped([(link("a.csv"), b"/etc/passwd")]), "是链接或设备"),
    "with a password": (flagged(zipped([("a.csv", b"x")])), "加了密码"),
    "an archive in an archive": (zipped([("b.ZIP", zipped([("a.csv", b"x")]))]), "还有压缩包"),
    "the same name in two folders": (zipped([("一/A.csv", b"x"), ("二/a.csv", b"y")]), "两个文件同名"),
    "the same name composed and not": (zipped([("\u00e9.csv", b"x"), ("e\u0301.csv", b"y")]), "两个文件同名"),
    "nothing": (zipped([]), "没有任何文件"),
    "only folders": (zipped([("a/", b"")]), "没有任何文件"),
    "a wrong sum": (zipped([("a.csv", b"hello")], zipfile.ZIP_STORED).replace(b"hello", b"jello"), "已损坏"),
    "cut short": (zipped([("a.csv", os.urandom(9000))])[:5000], "已损坏"),
    "a list before its beginning": (zipped([("a.csv", b"x")])[:-6] + b"\xff\xff\xff\x0f\0\0", "已损坏"),
    "no archive": (b"PK nothing", "已损坏"),
    "an unknown method": (
        zipped([("a.csv", b"x")], zipfile.ZIP_STORED).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x63\0"),
        "压缩方法",
    ),
    "broken inside": (
        zipped([("a.csv", b"hello world " * 99)], zipfile.ZIP_BZIP2).replace(b"1AY&SY", b"1AY&SX"),
        "已损坏",
    ),
    "a gz in it that is none": (zipped([("a.csv.gz", b"hello")]), "已损坏"),
    "a gz in it that is cut": (zipped([("a.csv.gz", gzip.compress(os.urandom(999))[:-9])]), "已损坏"),
    "too deep": (
        zipped([("a.csv.gz.gz", gzip.compress(gzip.compress(b"x")))]),
        "压缩嵌套了 3 层，超过上限 2 层（limits.nesting）",
    ),
}


@pytest.mark.parametrize("name", EVIL)
def test_an_archive_that_cannot_be_trusted_is_refused_whole(reader: Reader, tmp_path: Path, name: str) -> None:
    content, reason = EVIL[name]
    folder = tmp_path / "of" / "its" / "own"
    folder.mkdir(parents=True)
    assert reason in refused(reader, folder, "a.zip", content)
    made = {path for path in tmp_path.rglob("*") if path not in folder.parents} - {folder}
    assert {path.relative_to(folder).parts[0] for path in made} <= {"source", "into"}


@pytest.mark.parametrize(
    "content",
    [gzip.compress(CSV)[:-5], gzip.compress(CSV)[:12], b"\x1f\x8b" + b"x" * 50, b"text", gzip.compress(CSV) + b"junk"],
    ids=["cut", "all but its head cut", "nothing packed", "text", "more behind it"],
)
def test_a_broken_gz_is_refused(reader: Reader, tmp_path: Path, content: bytes) -> None:
    assert "已损坏" in refused(reader, tmp_path, "a.csv.gz", content)


def test_a_zip_in_a_gz_is_refused(reader: Reader, tmp_path: Path) -> None:
    assert "还有压缩包" in refused(reader, tmp_path, "a.zip.gz", gzip.compress(zipped([("a.csv", b"x")])))


ZEROS = bytes(100 << 20)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(ZEROS, 1)),
        ("a.zip", zipped([("a.csv", ZEROS)])),
        ("a.zip", zipped([("a.csv.gz", gzip.compress(ZEROS, 1))])),
        ("a.zip", zipped([("a.csv", ZEROS)], zipfile.ZIP_LZMA)),
    ],
    ids=["gz", "zip", "gz in zip", "lzma"],
)
def test_a_bomb_is_refused_with_its_ratio_or_size(reader: Reader, tmp_path: Path, name: str, content: bytes) -> None:
    assert "（limits.ratio）" in refused(reader, tmp_path, name, content)
    told = refused(reader, tmp_path, name, content, unpacked_bytes=1 << 20)
    assert "超过上限 1,048,576 字节（limits.unpacked_bytes）" in told
    assert sum(path.stat().st_size for path in (tmp_path / "into").iterdir()) == 0


def test_a_zip_that_lies_about_its_size_is_refused_when_it_is_reached(reader: Reader, tmp_path: Path) -> None:
    content = zipped([("a.csv", ZEROS)]).replace((100 << 20).to_bytes(4, "little"), (1 << 20).to_bytes(4, "little"))
    assert refused(reader, tmp_path, "a.zip", content)


def test_too_many_members_are_refused(reader: Reader, tmp_path: Path) -> None:
    content = zipped([(f"{number}.csv", b"x") for number in range(1_200)])
    assert "压缩包里有 1,200 个文件，超过上限 1,000 个文件（limits.members）" in refused(
        reader, tmp_path, "a.zip", content
    )
    assert len(unpack(reader, tmp_path, "a.zip", zipped([(f"{n}.csv", str(n).encode()) for n in range(900)]))) == 900


def test_bzip2_inside_is_fine(reader: Reader, tmp_path: Path) -> None:
    [member] = unpack(reader, tmp_path, "a.zip", zipped([("a.csv", CSV)], zipfile.ZIP_BZIP2))
    assert member.path.read_bytes() == CSV

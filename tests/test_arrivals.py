"""Which files of the landing zone are taken, which are waited for, and which are never opened."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
import zipfile
from pathlib import Path

import pytest

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import pending, read_ledger
from spark_jobs.lake.tables import read
from tests.drops import FIRMS, GOOD, OTHER, drop, receipt, table


def states(home: Home) -> dict[str, str]:
    """State by file name, of what the ledger has and of what waits to be judged."""
    waiting = {one.file_name: one.state for some in pending(home).values() for one in some}
    return waiting | {one.file_name: one.state for one in read_ledger(home)}


def test_a_file_that_grows_is_left_alone_until_it_has_stopped(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_QUIET", "0.6")
    path = drop(home, "长.csv", table(GOOD))
    is_over = threading.Event()

    def write_on() -> None:
        while not is_over.wait(0.1):
            with path.open("a") as file:
                file.write(OTHER + "\n")

    writer = threading.Thread(target=write_on)
    writer.start()
    pipeline.land(home)
    assert states(home) == {}
    is_over.set()
    writer.join()
    pipeline.land(home)
    [[delivery]] = pending(home).values()
    assert delivery.rows == len(path.read_text().splitlines()) - 1


def test_a_ready_marker_says_that_a_young_file_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_QUIET", "30")
    drop(home, "好.csv", table(GOOD))
    drop(home, "好.csv.ready", "")
    started = time.monotonic()
    pipeline.land(home)
    assert time.monotonic() - started < 20
    assert states(home) == {"好.csv": "landed"}


def test_a_time_in_the_future_does_not_keep_a_file_waiting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_QUIET", "0.2")
    path = drop(home, "未来.csv", table(GOOD))
    os.utime(path, (time.time() + 86_400, time.time() + 86_400))
    pipeline.land(home)
    assert states(home) == {"未来.csv": "landed"}


@pytest.mark.parametrize("form", ["{sum}", "{sum}  a.csv\n", "SHA256 (a.csv) = {sum}\n", "\ufeff{sum} *a.csv\r\n"])
def test_a_sum_beside_the_file_is_compared(home: Home, form: str) -> None:
    text = table(GOOD)
    drop(home, "a.csv", text)
    drop(home, "a.csv.sha256", form.format(sum=hashlib.sha256(text.encode()).hexdigest().upper()))
    pipeline.land(home)
    assert states(home) == {"a.csv": "landed"}


def test_a_wrong_sum_refuses_the_file_until_it_is_mended(home: Home) -> None:
    text = table(GOOD)
    drop(home, "a.csv", text)
    drop(home, "a.csv.sha256", "0" * 64)
    pipeline.land(home)
    assert states(home) == {"a.csv": "refused"}
    assert "SHA-256 校验不符" in str(receipt(home, "a.csv")["说明"])
    drop(home, "a.csv.sha256", hashlib.sha256(text.encode()).hexdigest())
    assert pipeline.land(home).changed
    assert list(pending(home)) == ["scjg_enterprise"]


def test_a_sum_file_without_a_sum_refuses_the_file(home: Home) -> None:
    drop(home, "a.csv", table(GOOD))
    drop(home, "a.csv.sha256", "稍后补上")
    pipeline.land(home)
    assert "没有 64 位十六进制" in str(receipt(home, "a.csv")["说明"])


def test_links_pipes_and_sockets_are_refused_and_never_read(home: Home, tmp_path: Path) -> None:
    folder = home.landing / "scjg" / "enterprise"
    secret = tmp_path / "secret.csv"
    secret.write_text(table(GOOD))
    (folder / "link.csv").symlink_to(secret)
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s.csv"))
    (folder / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    pipeline.land(home)
    assert states(home) == dict.fromkeys(("link.csv", "loop.csv", "pipe.csv", "s.csv", "elsewhere"), "refused")
    assert "不是普通文件" in str(receipt(home, "link.csv")["说明"])
    assert hashlib.sha256(secret.read_bytes()).hexdigest() not in {path.name for path in home.archive.rglob("*")}
    assert not pipeline.land(home).figures["refused"]


def test_a_folder_that_becomes_a_link_is_not_followed(home: Home, tmp_path: Path) -> None:
    from spark_jobs.landing.arrivals import Seen, Unfinished, new_arrivals, take

    drop(home, "a.csv", table(GOOD))
    [arrival] = new_arrivals(home, Seen.load(home))
    folder = home.landing / "scjg" / "enterprise"
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved", target_is_directory=True)
    with pytest.raises(Unfinished):
        take(home, arrival)


def test_a_sparse_giant_is_refused_without_being_read(home: Home) -> None:
    path = drop(home, "巨.csv", "")
    os.truncate(path, 10 << 30)
    started = time.monotonic()
    pipeline.land(home)
    assert time.monotonic() - started < 10
    assert "超过上限" in str(receipt(home, "巨.csv")["说明"])


def test_a_name_in_gb18030_is_read_as_windows_wrote_it(home: Home) -> None:
    raw = os.fsencode(home.landing / "scjg" / "enterprise") + b"/" + "数据.csv".encode("gb18030")
    Path(os.fsdecode(raw)).write_text(table(GOOD))
    pipeline.land(home)
    assert states(home) == {"数据.csv": "landed"}


def test_a_corrected_file_names_the_delivery_that_it_corrects(home: Home) -> None:
    drop(home, "周报.csv", table(GOOD))
    pipeline.land(home)
    [[first]] = pending(home).values()
    drop(home, "周报.csv", table(OTHER))
    pipeline.land(home)
    [[_, second]] = pending(home).values()
    assert (first.corrects, second.corrects) == ("", first.delivery)
    assert second.received_at > first.received_at


def test_receipts_keep_their_order_when_the_clock_is_set_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-05-02T00:00:00+08:00")
    drop(home, "a.csv", table(GOOD))
    pipeline.land(home)
    monkeypatch.setenv("LAKEWARDEN_NOW", "2026-05-01T00:00:00+08:00")
    drop(home, "b.csv", table(OTHER))
    pipeline.land(home)
    [[first, second]] = pending(home).values()
    assert (first.file_name, second.file_name) == ("a.csv", "b.csv")


def test_an_archive_of_several_files_is_several_deliveries(home: Home) -> None:
    path = home.landing / "scjg" / "enterprise" / "包.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("一.csv", table(GOOD))
        packed.writestr("内/二.csv", table(OTHER))
        packed.writestr("坏.csv", "甲\n乙\n")
    pipeline.land(home)
    assert states(home) == {
        "包.zip": "unpacked",
        "包.zip!一.csv": "landed",
        "包.zip!二.csv": "landed",
        "包.zip!坏.csv": "refused",
    }
    assert receipt(home, "包.zip")["状态"] == "已拆分"
    assert read(home.table("bronze", "scjg_enterprise")).num_rows == 2


def test_the_same_rows_packed_and_unpacked_count_once(home: Home) -> None:
    import gzip

    drop(home, "a.csv.gz", gzip.compress(table(*FIRMS).encode()))
    pipeline.land(home)
    drop(home, "b.csv", table(*FIRMS))
    pipeline.land(home)
    assert states(home) == {"a.csv.gz": "landed", "b.csv": "duplicate"}

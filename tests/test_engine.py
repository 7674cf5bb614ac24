"""What an engine's own libraries would print stays off the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc import _common as grpc
from pyspark.sql.connect.proto.base_pb2 import ReleaseExecuteResponse

from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home


def test_an_answer_that_cannot_be_read_prints_no_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It did while a disk was full: the release of a result failed, in the background, after everything was told."""
    connect(Home(tmp_path)).stop()
    assert grpc.deserialize(b"\xff", ReleaseExecuteResponse.FromString) is None
    assert caplog.records == []

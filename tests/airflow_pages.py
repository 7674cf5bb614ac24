"""Runs in a process of its own, for it imports Airflow: what its web server answers, as people meet it."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import Any

from spark_jobs.services.airflow_ui.chinese import DEFAULTS, REWRITES, SCRIPTS, InChinese, rewritten

PAGE = b'<html lang="en"><head><script type="module" src="./a.js"></script></head></html>'


async def answered(path: str, accept: bytes, kind: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Headers and body that a server of one page gives behind ours."""
    sent: list[dict[str, Any]] = []

    async def server(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(PAGE))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [(b"accept", accept), (b"accept-encoding", b"gzip")]}
    await InChinese(server)(scope, None, send)  # type: ignore[arg-type]
    return dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent)


def main() -> None:
    """Every word is found in this version's scripts; pages get the defaults, everything else passes."""
    before = "".join(file.read_text("utf-8") for folder in SCRIPTS.values() for file in folder.glob("index-*.js"))
    for pattern in REWRITES:
        assert re.search(pattern, before), f"this version of Airflow says it otherwise: {pattern}"
    assert len(rewritten()) == 2
    [login] = [path for path in rewritten() if path.startswith("/auth/")]
    headers, body = asyncio.run(answered(login, b"*/*", b""))
    assert headers[b"content-encoding"] == b"gzip"
    assert "请输入用户名和密码".encode() in gzip.decompress(body)
    headers, body = asyncio.run(answered("/", b"text/html,*/*", b"text/html; charset=utf-8"))
    assert body == PAGE.replace(b"<script", DEFAULTS + b"<script")
    assert int(headers[b"content-length"]) == len(body)
    for accept, kind in ((b"text/html", b"application/json"), (b"*/*", b"text/html")):
        assert asyncio.run(answered("/", accept, kind))[1] == PAGE


if __name__ == "__main__":
    main()

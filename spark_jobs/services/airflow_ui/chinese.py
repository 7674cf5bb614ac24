"""Airflow's pages flow in; they leave in Chinese and China's time for whoever has chosen nothing else.

Airflow reads this folder as plug-ins (`[core] plugins_folder`). It has the Chinese words itself, but follows the
browser, shows Greenwich's time, has a login page in English only, and paints a part that was never started red.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import airflow
from airflow.plugins_manager import AirflowPlugin

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]

# What a person has chosen before stays chosen.
DEFAULTS = (
    b'<script>localStorage.i18nextLng??="zh-CN";localStorage.timezone??=\'"Asia/Shanghai"\';'
    b'document.documentElement.lang="zh-CN"</script>'
)
FIRST_SCRIPT = b'<script type="module"'
INSTALLED = Path(airflow.__path__[0])
# By the address of the scripts where they lie.
SCRIPTS = {
    "/static/assets/": INSTALLED / "ui" / "dist" / "assets",
    "/auth/static/assets/": INSTALLED / "api_fastapi" / "auth" / "managers" / "simple" / "ui" / "dist" / "assets",
}
REWRITES = {
    # The page of health knows two colours. A part of which no job was ever seen (null), as of the triggerer, which no
    # DAG needs, is none that fails: it is left out.
    r"(let \w=(\w)===`healthy`\?`success`:`failed`)": r"if(\2===null)return null;\1",
    "`Sign into Airflow`": "`登录任务调度`",
    "`Enter your username and password below:`": "`请输入用户名和密码：`",
    "`Username`": "`用户名`",
    "`Password`": "`密码`",
    "`Sign in`": "`登录`",
    "`Simple auth manager enabled`": "`使用简单身份管理`",
    r"`The Simple auth manager is intended for development and testing\.[^`]*`": (
        "`它用于试用和开发；正式使用时，须另以其他方式保护入口，见`"
    ),
    "`the documentation`": "`说明`",
    "`to learn more about simple auth manager.`": "`。`",
}


@cache
def rewritten() -> dict[str, bytes]:
    """The scripts that hold any of it, compressed, by their address."""
    found = {}
    for address, folder in SCRIPTS.items():
        for file in folder.glob("index-*.js"):
            script = before = file.read_text(encoding="utf-8")
            for pattern, text in REWRITES.items():
                script = re.sub(pattern, text, script)
            if script != before:
                found[f"{address}{file.name}"] = gzip.compress(script.encode(), 6)
    return found


class InChinese:
    """Stands before Airflow's web server."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers for a rewritten script, and puts the defaults into a page."""
        accepts = dict(scope.get("headers", ())).get(b"accept", b"") if scope["type"] == "http" else b""
        if scope["type"] == "http" and scope["path"] in rewritten():
            await _answer(rewritten()[scope["path"]], send)
        elif b"text/html" in accepts:
            plain = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _Page(send))
        else:
            await self._app(scope, receive, send)


async def _answer(script: bytes, send: Send) -> None:
    headers = [
        (b"content-type", b"text/javascript"),
        (b"content-encoding", b"gzip"),
        # The name tells Airflow's version, not ours.
        (b"cache-control", b"public, max-age=3600"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": script})


class _Page:
    """Passes an answer on; a page's text once it is complete, with the defaults before its first script."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Scope | None = None
        self._text = b""

    async def __call__(self, message: Scope) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._text += message.get("body", b"")
            if not message.get("more_body"):
                await self._complete(self._start)

    async def _complete(self, start: Scope) -> None:
        text = self._text.replace(FIRST_SCRIPT, DEFAULTS + FIRST_SCRIPT, 1)
        headers = [header for header in start["headers"] if header[0] != b"content-length"]
        await self._send({**start, "headers": [*headers, (b"content-length", b"%d" % len(text))]})
        await self._send({"type": "http.response.body", "body": text})


def _is_page(start: Scope) -> bool:
    kind: bytes = dict(start["headers"]).get(b"content-type", b"")
    return kind.startswith(b"text/html")


class Chinese(AirflowPlugin):  # type: ignore[misc]
    """What Airflow finds here."""

    name = "chinese"
    fastapi_root_middlewares = [{"middleware": InChinese, "name": "Chinese by default"}]  # noqa: RUF012, as Airflow asks

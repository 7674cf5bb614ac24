"""Superset's web application flows in; it leaves with our charts, map, words and drill, and asks nobody elsewhere."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, redirect, request

from dashboards.superset import downloads, drill, scripts, tables, words

DASHBOARDS = Path(__file__).parent.parent
REFUSED = Path(__file__).parent / "refused.html"
REFUSED_AS = ("text/html", "application/json")
REFUSALS = {
    403: ("没有权限", "您的账号不能查看这个页面；需要时请向管理员申请。"),
    404: ("没有这个页面", "地址可能输错了，或者页面已经改名、撤下。"),
    500: ("页面出错了", "系统没有能够完成这次请求，请稍后再试；仍不行时请告诉管理员。"),
}
PLUGINS = {"region_map": "区域地图", "scope": "数据范围"}

blueprint = Blueprint("lakewarden", __name__)
folders = [
    Blueprint(
        f"lakewarden_{name}", __name__, static_folder=str(DASHBOARDS / name), static_url_path=f"/lakewarden/{name}"
    )
    for name in ("plugins", "shapes")
]


def plugins() -> Response:
    """Superset's pages ask here which charts to load, but 6.1 itself no longer answers."""
    found = [
        {"id": number, "name": name, "key": key, "bundle_url": f"/lakewarden/plugins/{key}.js?v={plugin_version()}"}
        for number, (key, name) in enumerate(PLUGINS.items(), 1)
    ]
    return jsonify(count=len(found), result=found)


blueprint.add_url_rule("/dynamic-plugins/api/read", view_func=plugins)


@cache
def plugin_version() -> str:
    """A hash of the plugins and shapes, so that a browser never keeps an old one."""
    files = sorted([*(DASHBOARDS / "plugins").glob("*.js"), *(DASHBOARDS / "shapes").glob("*.geojson")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def answer_language_pack() -> Response | None:
    """Superset gives the pack only to people who are logged in, which leaves the login page in English."""
    if request.path != "/superset/language_pack/zh/":
        return None
    return Response(words.pack("zh"), mimetype="application/json", headers={"Cache-Control": "max-age=3600"})


def refusal_in_chinese(answer: Response) -> Response:
    """What is not there, or went wrong, Superset says in English, and what one may not see in JSON."""
    is_page = "text/html" in request.headers.get("Accept", "")
    if not is_page or answer.mimetype not in REFUSED_AS or answer.status_code not in REFUSALS:
        return answer
    title, sentence = REFUSALS[answer.status_code]
    page = REFUSED.read_text(encoding="utf-8").replace("{title}", title).replace("{sentence}", sentence)
    return Response(page, answer.status_code, mimetype="text/html")


def welcome_with_overview() -> Any:
    """Whoever logs in meets the overview; Superset's own start page stays behind the menu 主页."""
    return redirect("/superset/dashboard/overview/") if request.path == "/superset/welcome/" else None


def install(app: Flask) -> None:
    """Called by Superset with the application it has made."""
    drill.install()
    tables.install()
    words.install(app)
    scripts.rewritten()
    app.before_request(scripts.answer)
    app.before_request(answer_language_pack)
    app.before_request(welcome_with_overview)
    app.after_request(refusal_in_chinese)
    app.after_request(downloads.readable)
    os.register_at_fork(after_in_child=lambda: forget_connections(app))


def forget_connections(app: Flask) -> None:
    """A worker forked from the loaded application must not speak on its parent's database connections."""
    from superset.extensions import db

    with app.app_context():
        db.engine.dispose(close=False)

"""Superset's web application flows in; it leaves with our charts, map, words and drill, and asks nobody elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import superset
from flask import Blueprint, Flask, Response, jsonify, redirect, request

from dashboards.superset import drill

ASSETS = Path(superset.__file__).parent / "static" / "assets"
# Superset's menu holds a picture of its maker's, by which every page tells him the version; a build cannot be told not
# to. The policy in config.py would stop it, but the browser would still ask, and write the refusal into its log.
PIXEL = re.compile(rb"https://[a-z.]*scarf\.sh/[^`\"']*")
NO_PIXEL = b"data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
DASHBOARDS = Path(__file__).parent.parent
SHIPPED = Path(superset.__file__).parent / "translations"
PLUGINS = {"region_map": "区域地图"}

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


@cache
def language_pack(language: str) -> str:
    """The shipped messages, with ours filled in where they are missing or wrong."""
    pack = json.loads((SHIPPED / language / "LC_MESSAGES" / "messages.json").read_text(encoding="utf-8"))
    ours = json.loads((DASHBOARDS / "translations" / f"{language}.json").read_text(encoding="utf-8"))
    pack["locale_data"]["superset"].update({key: [text] for key, text in ours.items()})
    return json.dumps(pack, ensure_ascii=False)


def answer_language_pack() -> Response | None:
    """Superset gives the pack only to people who are logged in, which leaves the login page in English."""
    if request.path != "/superset/language_pack/zh/":
        return None
    return Response(language_pack("zh"), mimetype="application/json", headers={"Cache-Control": "max-age=3600"})


@cache
def scripts_without_pixel() -> dict[str, bytes]:
    """The scripts of Superset's pages that ask for the picture, with an empty one in its place, by their address."""
    files = ((file, file.read_bytes()) for file in ASSETS.glob("*.js"))
    asking = ((file, script) for file, script in files if PIXEL.search(script))
    return {f"/static/assets/{file.name}": PIXEL.sub(NO_PIXEL, script) for file, script in asking}


def answer_script() -> Response | None:
    """Superset's own script, but for the picture."""
    script = scripts_without_pixel().get(request.path)
    if script is None:
        return None
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=31536000"})


def welcome_with_overview() -> Any:
    """Whoever logs in meets the overview; Superset's own start page stays behind the menu 主页."""
    return redirect("/superset/dashboard/overview/") if request.path == "/superset/welcome/" else None


def install(app: Flask) -> None:
    """Called by Superset with the application it has made."""
    drill.install()
    scripts_without_pixel()
    app.before_request(answer_script)
    app.before_request(answer_language_pack)
    app.before_request(welcome_with_overview)
    os.register_at_fork(after_in_child=lambda: forget_connections(app))


def forget_connections(app: Flask) -> None:
    """A worker forked from the loaded application must not speak on its parent's database connections."""
    from superset.extensions import db

    with app.app_context():
        db.engine.dispose(close=False)

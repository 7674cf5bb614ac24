"""Superset's own scripts flow in; they leave asking nobody elsewhere, in Chinese, with what a chart means."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import superset
from flask import Response, request

ASSETS = Path(superset.__file__).parent / "static" / "assets"
# What a build cannot be told, by what stands in its place.
REWRITES = {
    # The menu holds a picture of its maker's, by which every page tells him the version. The policy in config.py would
    # stop it, but the browser would still ask, and write the refusal into its log.
    rb"https://[a-z.]*scarf\.sh/[^`\"']*": "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=",
    # Day.js knows the language as zh-cn; asked for zh, it says "a few seconds ago".
    rb"(\w\.\w\w\.locale\()(\w)\)": r'\1"zh"===\2?"zh-cn":\2)',
    # Words that no list of messages holds: the pages of a table, and what is read out of a figure.
    rb'items_per_page:"/ page",jump_to:"Go to",jump_to_confirm:"confirm",page:"Page",prev_page:"Previous Page",'
    rb'next_page:"Next Page",prev_5:"Previous 5 Pages",next_5:"Next 5 Pages",prev_3:"Previous 3 Pages",'
    rb'next_3:"Next 3 Pages",page_size:"Page Size"': (
        'items_per_page:"条/页",jump_to:"跳至",jump_to_confirm:"确定",page:"页",prev_page:"上一页",next_page:"下一页",'
        'prev_5:"向前5页",next_5:"向后5页",prev_3:"向前3页",next_3:"向后3页",page_size:"每页条数"'
    ),
    rb"`\$\{(\w)\[0\]\}-\$\{\1\[1\]\} of \$\{(\w)\}`": r"`${\1[0]}-${\1[1]}，共 ${\2}`",
    rb"-\$\{(Math\.min\(\(\w\+1\)\*\w,(\w)\))\} of \$\{\2\}": r"-${\1}，共 ${\2}",
    rb"Big number visualization ": "数字图：",
    rb'\?"Yes":"No"\}': '?"是":"否"}',
    rb'label:"Yes",value:!0\},\{label:"No",value:!1': 'label:"是",value:!0},{label:"否",value:!1',
    # A picture is named by its page in ASCII and by the hour in Greenwich.
    rb"`\$\{\w+\(\)\((\w)\)\}-\$\{(\w)\.toISOString\(\)\.replace\(/\[: \]/g,\"-\"\)\}`": (
        r'`${\1}_${new Date(+\2+288e5).toISOString().slice(0,16).replace("T","_").replace(":","")}`'
    ),
    # Before a picture is taken of a chart's copy, it is told what it shows (plugins/picture.js).
    rb"(\w)(\.querySelectorAll\(\"\[data-virtualized\])": (
        r"(globalThis.lakewardenPicture&&globalThis.lakewardenPicture(\1),\1)\2"
    ),
    # A chart's own options for the second of its axes would take the place of all that Superset says of both.
    rb"(\w+)\((\w)\)&&\1\((\w)\)\?(\w)\[(\w)\]=(\w+)\(\3,\2\):\4\[\5\]=\2": (
        r"Array.isArray(\2)&&Array.isArray(\3)?\4[\5]=\3.map((own,n)=>\1(\2[n])?\6(own,\2[n]):own):"
        r"\1(\2)&&\1(\3)?\4[\5]=\6(\3,\2):\4[\5]=\2"
    ),
    # A dashboard asks for the description of a chart under one name and is given it under another.
    rb"(\w)\.description_markdown\b": r"(\1.description_markdown||\1.description_markeddown)",
}


@cache
def rewritten() -> dict[str, bytes]:
    """The scripts that hold any of it, by their address."""
    found = {}
    for file in ASSETS.glob("*.js"):
        script = before = file.read_bytes()
        for pattern, text in REWRITES.items():
            script = re.sub(pattern, text.encode(), script)
        if script != before:
            found[f"/static/assets/{file.name}"] = script
    return found


def answer() -> Response | None:
    """The script as rewritten, where it is one of those."""
    script = rewritten().get(request.path)
    if script is None:
        return None
    # Superset's own address would be kept for a year; the name tells its version, not ours.
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=3600"})

"""A text flows in; whether it was read by a wrong encoding, and is another one, flows out."""

from __future__ import annotations

import re

HAN = "\u4e00-\u9fff"
REPLACEMENT = "\ufffd"
# Latin letters that come in pairs where Chinese was read one byte a sign: æ­¦æ±‰, ÎäººÑ.
BYTE_SIGNS = "\u0080-\u00ff\u0152-\u0192\u02c6\u02dc\u2013-\u2122"
_HAN = re.compile(f"[{HAN}]")
_BYTE_RUN = re.compile(f"[{BYTE_SIGNS}]{{2,}}")


def is_misread(text: str) -> bool:
    """Whether a text is UTF-8 that was read as GBK, or Chinese that was read as an encoding of one byte a sign."""
    as_bytes = (_as_one_byte(run) for run in _BYTE_RUN.findall(text))
    return _is_utf8_as_gbk(text) or any(_is_chinese(data, "utf-8") or _is_chinese(data, "gb2312") for data in as_bytes)


def _is_utf8_as_gbk(text: str) -> bool:
    """Where the end of a character was lost as well, U+FFFD or a question mark stands."""
    try:
        data = text.replace(REPLACEMENT, "").replace("?", "").encode("gb18030")
    except UnicodeEncodeError:
        return False
    return _is_chinese(data, "utf-8")


def _as_one_byte(run: str) -> bytes:
    for codec in ("latin-1", "cp1252"):
        try:
            return run.encode(codec)
        except UnicodeEncodeError:
            continue
    # cp1252 has no sign for five bytes, and programs take Latin-1's for them.
    return b"".join(sign.encode("cp1252", "ignore") or sign.encode("latin-1", "ignore") for sign in run)


def _is_chinese(data: bytes, encoding: str) -> bool:
    """Whether of what is beyond ASCII most is Chinese, and at least two characters are."""
    beyond = [sign for sign in data.decode(encoding, "replace") if ord(sign) > 127]
    chinese = sum(1 for sign in beyond if _HAN.match(sign))
    return chinese >= 2 and chinese * 3 >= 2 * len(beyond)

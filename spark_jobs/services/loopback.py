"""Requests to services on loopback: a path and a body flow in, JSON flows out, never through a proxy."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def request(method: str, url: str, body: object = None, token: str = "", timeout: float = 30.0) -> Any:
    """The answer as JSON; a refusal raises urllib.error.HTTPError."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    wish = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
    with _opener.open(wish, timeout=timeout) as answer:
        return json.loads(answer.read() or b"null")


def answers(url: str, timeout: float = 5.0) -> bool:
    """Whether the address gives a good answer now."""
    try:
        with _opener.open(url, timeout=timeout) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def json_or_none(url: str, timeout: float = 5.0) -> Any:
    """The answer as JSON, or None while nobody answers well."""
    try:
        return request("GET", url, timeout=timeout)
    except (OSError, ValueError):
        return None

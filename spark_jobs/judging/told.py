"""What is said of a delivery as a whole flows in; the reason in its receipt, held or released, flows out."""

from __future__ import annotations

import re
from collections.abc import Iterable

HOLDS, REMINDS = "，整批暂缓入库", "提醒："
HELD_FOR = re.compile(f"(^|；)([^；]*){HOLDS}")


def reason(said: Iterable[tuple[str, bool]]) -> str:
    """Sentences with whether each holds the delivery, as one text."""
    told = [f"{sentence}{HOLDS}" if holds else f"{REMINDS}{sentence}" for sentence, holds in said]
    return "；".join(told) + "。" * bool(told)


def released(held: str) -> str:
    """The reason of a delivery that is held no longer: what held it is a reminder, as when it is judged again."""
    return HELD_FOR.sub(rf"\1{REMINDS}\2", held)

"""A value that a column's code list does not know flows in; what may be meant by it, or what is allowed, flows out."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

from schemas.characters import narrowed
from schemas.contract import Column, FeedContract, code_list
from spark_jobs.lake.codes import code_spellings
from spark_jobs.receipts.filling import choices

UNKNOWN = "不在代码表中"
# Lists of so few choices are told whole; of a longer one only what is likely.
FEW = 12
_ITEM = re.compile(f"“(.*)”{UNKNOWN}")
_LIKE = 0.5


def advice(contract: FeedContract, column: str, what: str, value: str) -> str:
    """What follows the words of a finding: nothing, unless the code list does not know the value."""
    if not what.endswith(UNKNOWN):
        return ""
    found = next((one for one in contract.columns if one.name == column), None)
    if found is None or not found.codes:
        return ""
    item = _ITEM.fullmatch(what)
    likely = _likely(found.codes, narrowed(item[1] if item else value).strip())
    return f"，是否就是“{likely}”？" if likely else allowed(found)


def allowed(column: Column) -> str:
    """The choices of a short list; of a long one where they are told."""
    words = choices(str(column.codes))
    return f"，可填：{'、'.join(words)}" if len(words) <= FEW else "，可填内容见“填报说明”"


@cache
def _likely(codes: str, value: str) -> str | None:
    """The choice that a value is most like, be it by another name of it; none where several are as likely."""
    labels = _labels(codes)
    value = value.upper()
    holding = {label for word, label in labels.items() if len(value) > 1 and len(word) > 1 and value in word}
    if len(holding) == 1:
        return holding.pop()
    if value.isascii():
        return None
    like = get_close_matches(value, labels, 1, _LIKE)
    return labels[like[0]] if like else None


@cache
def _labels(codes: str) -> dict[str, str]:
    """By every name of a code in force its label."""
    label_of = {code.code: code.label for code in code_list(codes) if not code.valid_to}
    spellings = code_spellings(codes)
    return {word: label_of[code] for word, code in spellings.items() if code in label_of and not word.isascii()}

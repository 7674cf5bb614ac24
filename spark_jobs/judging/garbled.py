"""Texts flow in; where characters were lost on the way to us, or read by a wrong encoding, flows out as doubts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.judging.arrays import Mask, all_bytes, chosen, is_true, matches
from spark_jobs.lake.misread import BYTE_SIGNS, HAN, REPLACEMENT, is_misread

# The private area of the first plane, and the two planes that are private as a whole.
PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
# What programs write that have read bytes as text: U+FFFD as GBK, memory that nobody filled, a mark of UTF-8 as GBK.
RUINS = "锟斤|斤拷|烫烫烫|屯屯屯|锘[锟挎]"
ESCAPED = r"&(?:#[0-9]{2,6}|#[xX][0-9A-Fa-f]{2,6}|nbsp|amp|lt|gt|quot);|\\u[0-9a-fA-F]{4}"
# Garbled text comes by columns and files: of more cells than these so many are looked at first.
LOOKED_AT = 20_000


def lost_characters(text: pa.Array, *, is_short: bool) -> list[tuple[str, Mask]]:
    """Every doubt with the texts that it is about; `is_short`: names and the like, where nobody asks a question."""
    data, doubts = all_bytes(text), []
    if (data == 0xEF).any():
        doubts.append(("含有无法辨认的字符（�）", is_true(pc.match_substring(text, REPLACEMENT))))
    if _has_private(text):
        doubts.append(("含有自造字，别处显示不出", matches(text, f"[{PRIVATE}]")))
    if is_short and (data == ord("?")).any():
        several = matches(text, r"\?\?")
        one = matches(text, rf"[{HAN}]\?|\?[{HAN}]") & ~several
        doubts += [("连续的问号可能是丢失的文字", several), ("问号可能是丢失的文字", one)]
    if (data == ord("&")).any() or (data == ord("\\")).any():
        doubts.append(("含有网页或程序的转义符，请重新导出", matches(text, ESCAPED)))
    if len(data) and int(data.max()) > 127:
        doubts += _beyond_ascii(text, is_short=is_short)
    return [(words, mask) for words, mask in doubts if mask.any()]


def _has_private(text: pa.Array) -> bool:
    """By the bytes that the private characters begin with: EE, EF 80 to EF A3, F3 and F4."""
    data = all_bytes(text)
    is_beyond = (data == 0xEE) | (data >= 0xF3)
    return bool(is_beyond.any() or ((data[:-1] == 0xEF) & (data[1:] <= 0xA3)).any())


def _beyond_ascii(text: pa.Array, *, is_short: bool) -> list[tuple[str, Mask]]:
    pattern = _suspect(is_short)
    if len(text) > LOOKED_AT:
        some = text.take(pa.array(np.arange(0, len(text), -(-len(text) // LOOKED_AT))))
        if not matches(some, pattern).any():
            return []
    suspect = matches(text, pattern)
    if not suspect.any():
        return []
    misread = suspect.copy()
    misread[misread] = [is_misread(cell) for cell in chosen(text, suspect)]
    doubts = [
        ("含有“锟斤拷”一类的乱码，原来的文字已丢失", matches(text, RUINS) & ~misread),
        ("是用错编码读出的乱码，请用原来的编码重新导出", misread),
    ]
    if is_short:
        doubts += [
            ("连续的问号可能是丢失的文字", matches(text, "？？")),
            ("含有代替缺字的符号（□、〓等）", matches(text, "[□〓⿰-⿻]")),
        ]
    return doubts


@cache
def _suspect(is_short: bool) -> str:
    """One pattern for all: what would cost as much for each."""
    # E6 AD A6, E6 B1 89 (武汉) in GBK: a sign of E4 to E9 and 80 to BF, then one of 80 to BF and E4 to E9.
    tails, firsts = range(0x80, 0xC0), range(0xE4, 0xEA)
    misread = f"[{_signs(firsts, tails)}][{_signs(tails, firsts)}]"
    return f"{RUINS}|{misread}|[{BYTE_SIGNS}]{{2}}" + ("|？？|[□〓⿰-⿻]" if is_short else "")


def _signs(leads: range, trails: range) -> str:
    """The characters of GBK that begin and end with these bytes."""
    pairs = (bytes((lead, trail)).decode("gbk", "ignore") for lead in leads for trail in trails)
    return "".join(sign for sign in pairs if len(sign) == 1 and sign > "\x7f")

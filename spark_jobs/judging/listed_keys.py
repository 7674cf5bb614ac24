"""Keys of full lists flow in from silver and quarantine; which of them stand, and which a list leaves out, flows out.

The rules are those of base (dbt_project/macros/statements, ADR 5): a row that was not accepted still mentions its key.
Keys are compared by their hashes: 8 bytes of each are kept, however long they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import FileSystemDataset

from schemas.characters import narrowed
from schemas.contract import Column, FeedContract
from spark_jobs.judging.arrays import Mask, is_ascii, is_null, is_true, mended
from spark_jobs.judging.hashes import Hashes, hash_rows
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import dataset, stream

# What stands between the cells of a row that could not be split into them.
BETWEEN_CELLS = "[,;|，；\t\"']+"


@dataclass(frozen=True)
class Listed:
    """A list that came in one file or in several: their identities, and how many of all their rows were rejected."""

    parts: tuple[str, ...]
    rejected: int


@dataclass(frozen=True)
class Keys:
    """Keys: the hash of each, of those of its cells that are plain text together, and of each of these cells.

    The latter only where rejected rows may mention them.
    """

    whole: Hashes
    plain: Hashes
    cells: tuple[Hashes, ...]

    def where(self, mask: Mask) -> Keys:
        """Some of them."""
        cells = tuple(cell[mask] for cell in self.cells)
        return Keys(self.whole[mask], self.plain[mask] if len(self.plain) else self.plain, cells)

    def and_also(self, other: Keys) -> Keys:
        """These and others."""
        cells = tuple(np.concatenate(both) for both in zip(self.cells, other.cells, strict=True))
        return Keys(np.concatenate([self.whole, other.whole]), np.concatenate([self.plain, other.plain]), cells)


class Lists:
    """Reads the keys of a feed's lists; `since`: when the first of them was received."""

    def __init__(self, home: Home, contract: FeedContract, since: datetime) -> None:
        # Opened once, however many lists are looked at.
        self._silver, self._quarantine = (
            dataset(home.table(layer, contract.name)) for layer in ("silver", "quarantine")
        )
        self._told: dict[Listed, tuple[Hashes, Hashes]] = {}
        self._since = since
        self._key = [contract.column(name) for name in contract.key]
        self._plain = [column for column in self._key if _is_plain(column)]

    def withdrawn(self, own: Listed, before: Sequence[Listed]) -> tuple[int, int]:
        """How many keys stand after the lists before (the newest first), and how many of them this one leaves out."""
        standing = self._standing(before, is_looked_at_closely=bool(own.rejected))
        left_out = standing.where(~np.isin(standing.whole, self._stated(own, False).whole))
        lost = len(left_out.whole)
        if lost and own.rejected:
            lost -= int(self._mentions(own, left_out).sum())
        return len(standing.whole), lost

    def _standing(self, lists: Sequence[Listed], is_looked_at_closely: bool) -> Keys:
        """The newest list's keys, and those that an earlier one stated and its rejected rows mention."""
        is_close = is_looked_at_closely or bool(lists[0].rejected)
        standing = self._stated(lists[0], is_close)
        later_lists: list[Listed] = []
        for later, earlier in pairwise(lists):
            if not later.rejected:
                break
            later_lists.append(later)
            kept = self._stated(earlier, is_close)
            kept = kept.where(~np.isin(kept.whole, standing.whole))
            for one in later_lists:
                kept = kept.where(self._mentions(one, kept))
            standing = standing.and_also(kept)
        return standing

    def _stated(self, listed: Listed, is_close: bool) -> Keys:
        """The keys of a list's accepted rows, each once."""
        whole, plain, cells = [], [], []
        for rows in _rows(self._silver, [column.name for column in self._key], listed, self._since):
            values = {column.name: _comparable(column, rows.column(column.name)) for column in self._key}
            whole.append(hash_rows([(value, None) for value in values.values()]))
            if is_close and self._plain:
                plain.append(hash_rows([(values[column.name], None) for column in self._plain]))
                cells.append([hash_rows([(values[column.name], None)]) for column in self._plain])
        found, first = np.unique(_joined(whole), return_index=True)
        if not is_close or not self._plain:
            return Keys(found, _joined([]), ())
        by_column = (_joined([some[place] for some in cells])[first] for place in range(len(self._plain)))
        return Keys(found, _joined(plain)[first], tuple(by_column))

    def _mentions(self, listed: Listed, keys: Keys) -> Mask:
        """Which keys rejected rows of the list mention, whether these were split into cells or not."""
        if not len(keys.plain):
            return np.zeros(len(keys.whole), bool)
        split, words = self._rejected(listed)
        in_text = np.all([np.isin(cell, words) for cell in keys.cells], axis=0)
        mentioned: Mask = np.isin(keys.plain, split) | in_text
        return mentioned

    def _rejected(self, listed: Listed) -> tuple[Hashes, Hashes]:
        """What rejected rows of the list say: the keys of those that were split into cells, the words of the others."""
        if listed in self._told:
            return self._told[listed]
        split, words = [], []
        for rows in _rows(self._quarantine, ["_row"], listed, self._since):
            row = rows.column("_row")
            cells = [_spelled(_cell_of(row, column.name)) for column in self._plain]
            is_whole = ~np.any([is_null(cell) for cell in cells], axis=0)
            split.append(hash_rows([(cell, None) for cell in cells])[is_whole])
            unsplit = _spelled(_cell_of(row, "_row").drop_null())
            told = pc.utf8_trim(pc.list_flatten(pc.split_pattern_regex(unsplit, BETWEEN_CELLS)), " ")
            words.append(hash_rows([(told, None)]))
        self._told[listed] = _joined(split), _joined(words)
        return self._told[listed]


def _rows(table: FileSystemDataset, columns: list[str], listed: Listed, since: datetime) -> Iterator[pa.RecordBatch]:
    chosen = pc.field("_delivery").isin(listed.parts) & (pc.field("_received_at") >= pa.scalar(since))
    for batch in stream(table, columns, chosen):
        if batch.num_rows:
            yield batch


def _cell_of(rows: pa.Array, name: str) -> pa.Array:
    return pc.map_lookup(rows, pa.scalar(name), "first")


def _joined(hashes: Sequence[Hashes]) -> Hashes:
    return np.concatenate([np.zeros(0, np.uint64), *hashes])


def _is_plain(column: Column) -> bool:
    """Whether a cell can be compared with the key as it was delivered."""
    return column.type == "string" and not column.codes and not column.parse


def _comparable(column: Column, values: pa.Array) -> pa.Array:
    return _spelled(values) if _is_plain(column) else values.cast(pa.string())


def _spelled(text: pa.Array) -> pa.Array:
    """As base compares keys: half-width, in capitals, without space around it."""
    if is_ascii(text):
        return pc.utf8_trim(pc.ascii_upper(text), " ")
    strange = ~is_true(pc.string_is_ascii(text)) & ~is_null(text)
    return pc.utf8_trim(pc.utf8_upper(mended(text, strange, narrowed)), " ")

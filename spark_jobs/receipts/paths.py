"""Delivered names flow in; where each receipt lies flows out, on any file system and never the same for two."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import REPLAYED, Delivery, pending, read_ledger

Key = tuple[str, str, str]
UNJUDGED = ("landed", *REPLAYED)
RECEIPT, PAGE, REJECTED = ".receipt.json", ".receipt.html", ".rejected.csv"
# Longest of what follows a stem: `~` and 12 digits, PAGE, `.part`.
ROOM = 255 - 13 - len(PAGE) - len(".part")
UNFIT = re.compile(r'[<>:"/\\|?*]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
TAGGED = re.compile(r"~[0-9a-f]{12}$")


def receipt_stem(file_name: str) -> str:
    """The delivered name as any system can keep it; whatever had to be changed ends in a hash, so none are mistaken."""
    return _fit(file_name, unicodedata.normalize("NFC", file_name))


def _fit(name: str, wished: str) -> str:
    fit = "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") else c for c in wished)
    fit = re.sub(r"^[. ]", "_", UNFIT.sub("_", fit))
    fit = f"_{fit}" if RESERVED.fullmatch(fit) else fit
    if fit == name and not TAGGED.search(fit) and 0 < len(fit.encode()) <= ROOM:
        return fit
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{fit.encode()[: ROOM - 13].decode('utf-8', 'ignore')}~{digest}"


def _folder(name: str) -> str:
    """A folder below receipts; without a dot, so that no file of ours is ever called the same."""
    return _fit(name, unicodedata.normalize("NFC", name).replace(".", "_"))


def index_path(home: Home, department: str) -> Path:
    """The page of a department; the one for files that lie in no department's folder is in the top folder."""
    return home.receipts.joinpath(*filter(None, [department and _folder(department)]), "index.html")


def receipt_path(home: Home, delivery: Delivery, is_newest: bool = True) -> Path:
    """Where the department finds its receipt; an earlier delivery of the same name has its identity in the name."""
    parts = delivery.folder.split("/") if delivery.folder else []
    parts = [_folder(part) for part in parts] if len(parts) <= 3 else [_folder(delivery.folder)]
    tag = "" if is_newest else f"~{delivery.delivery[:12] or 'unread'}"
    return index_path(home, delivery.department).parent.joinpath(
        *parts, f"{receipt_stem(delivery.file_name)}{tag}{RECEIPT}"
    )


def rejected_path(receipt: Path) -> Path:
    """Where the rejected rows of a receipt lie."""
    return receipt.with_name(receipt.name.removesuffix(RECEIPT) + REJECTED)


def page_path(receipt: Path) -> Path:
    """Where the receipt for people lies."""
    return receipt.with_name(receipt.name.removesuffix(RECEIPT) + PAGE)


@dataclass
class Ledger:
    """The deliveries of some departments as the ledger, or a verdict on its way there, has them."""

    departments: list[str]
    deliveries: list[Delivery]
    names: dict[Key, list[Delivery]] = field(default_factory=lambda: defaultdict(list))
    received: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Home, wanted: set[str], changed: Iterable[Delivery] = ()) -> Ledger:
        """Reads ledger and bronze; `changed` are verdicts that the ledger does not have yet."""
        ledger = read_ledger(home, [("department", "in", sorted(wanted))])
        waiting = [delivery for some in pending(home).values() for delivery in some if delivery.department in wanted]
        merged = {_identity(delivery): delivery for delivery in (*ledger, *waiting, *changed)}
        loaded = cls(
            sorted(wanted), sorted(merged.values(), key=lambda delivery: (delivery.received_at, delivery.delivery))
        )
        for delivery in loaded.deliveries:
            if delivery.state != "landed":
                loaded.names[_key(delivery)].append(delivery)
            loaded.received.setdefault(delivery.delivery, delivery.received_at)
        return loaded

    def of(self, department: str) -> list[Delivery]:
        """All of one department, in order of receipt."""
        return [delivery for delivery in self.deliveries if delivery.department == department]

    def is_newest(self, delivery: Delivery) -> bool:
        """Whether no later delivery of the same name was judged."""
        return delivery.state == "landed" or _identity(self.names[_key(delivery)][-1]) == _identity(delivery)

    def superseded_by(self, home: Home, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Earlier deliveries of the same names whose receipts have yet to make room."""
        changing = {_identity(delivery) for delivery in deliveries}
        return [
            earlier
            for key in dict.fromkeys(map(_key, deliveries))
            for earlier in self.names[key][:-1]
            if earlier.state not in UNJUDGED
            and _identity(earlier) not in changing
            and not receipt_path(home, earlier, is_newest=False).exists()
        ]

    def of_same_names(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """These, and all that were judged under the same names: whose entries may read differently now."""
        keys = dict.fromkeys(map(_key, deliveries))
        return [*deliveries, *(delivery for key in keys for delivery in self.names.get(key, ()))]

    def path(self, home: Home, delivery: Delivery) -> Path:
        """Where the delivery's receipt lies."""
        return receipt_path(home, delivery, self.is_newest(delivery))


def _key(delivery: Delivery) -> Key:
    return delivery.department, delivery.folder, delivery.file_name


def _identity(delivery: Delivery) -> tuple[str, ...]:
    return delivery.delivery, *_key(delivery)

"""Files of full feeds that one pass took in flow in; which of them are together one list flows out (ADR 14)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import REPLAY_ALL, Delivery, read_ledger, write_sidecar
from spark_jobs.landing.parts import gaps, lists

# Between an archive's name and the name of the file in it.
INSIDE = "!"
# Stands for a part that nobody could read, or whose number is missing.
LACKING = ""


@dataclass
class Heard:
    """By department, feed and file name, the identity of every file of a full feed: also of those that came before."""

    files: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, delivery: Delivery) -> None:
        """Remembers a file, whatever becomes of it."""
        self.files[delivery.department, delivery.feed][delivery.file_name] = delivery.delivery

    def with_parts(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """The deliveries, each with the identities of all parts of its list, if it is one of several."""
        found = self._parts()
        return [replace(one, parts=found.get(_place(one), one.parts)) for one in deliveries]

    def staged(self, home: Home, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """The same of deliveries that are about to be committed: what is known of them lies beside the archive."""
        known = list(deliveries)
        told = self.with_parts(known)
        for before, after in zip(known, told, strict=True):
            if before != after:
                write_sidecar(home, after)
        return told

    def held_before(self, home: Home) -> list[Delivery]:
        """Held deliveries that were now sent again as parts of another list, marked to be judged as such.

        A content counts once, so that the files themselves are duplicates.
        """
        parts = {part: some for some in self._parts().values() for part in some if part != LACKING}
        if not parts:
            return []
        held = read_ledger(home, [("state", "=", "held"), ("_delivery", "in", sorted(parts))])
        places = {
            (department, feed, name) for (department, feed), files in self.files.items() for name in files.values()
        }
        return [
            replace(one, state=REPLAY_ALL, parts=parts[one.delivery])
            for one in held
            if (one.department, one.feed, one.delivery) in places and one.parts != parts[one.delivery]
        ]

    def _parts(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        found = {}
        for (department, feed), files in self.files.items():
            for file_name, names in lists(files, INSIDE).items():
                lacking = (LACKING,) * gaps(names, INSIDE)
                found[department, feed, file_name] = (*lacking, *sorted(files[name] for name in names))
        return found


def _place(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.department, delivery.feed, delivery.file_name

"""Stages that other processes wish flow in; their reports, and what went wrong, flow out, one stage at a time.

What takes seconds in a fresh process is there already: the engine's session, dbt with the project parsed, Great
Expectations waiting. Everything else is as it would be there: the lake lock, the settings, what is said on stderr.
"""

from __future__ import annotations

import gc
import io
import pickle
import sys
import traceback
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Listener
from queue import Empty, SimpleQueue
from threading import Thread

import psutil

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.sources import sources
from spark_jobs.lake.tables import are_declared_otherwise
from spark_jobs.resident.door import admit, open_door
from spark_jobs.resident.order import Maker, Order, Reported, settings

SECONDS_TO_REST = 3.0
# Sail 0.7.2 keeps some 30 MiB of each run, until its process ends.
ENOUGH_BYTES = 3 << 29


@dataclass(frozen=True)
class Wish:
    """An order, and where its answer goes."""

    connection: Connection
    order: Order

    def has_gone(self) -> bool:
        """Whether nobody waits for it any more."""
        try:
            return self.connection.poll()
        except OSError:
            return True

    def say(self, kind: str, what: object) -> None:
        """Answers; whoever has gone does not hear it, and the stage goes on."""
        with suppress(OSError):
            self.connection.send((kind, what))


class Said(io.TextIOBase):
    """Standard error of a process elsewhere."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish

    def write(self, text: str) -> int:
        """Says it there."""
        self._wish.say("said", text)
        return len(text)


class Worker:
    """The worker of a home; `instead_of`: its engine is as good as that one, or as one that others start themselves."""

    def __init__(self, home: Home, instead_of: str | None) -> None:
        self.home = home
        self.made = Maker.here(home)
        self.remotes = {instead_of, ""} if instead_of else {self.made.remote}
        self.is_busy = self.is_ready = self.has_ended = False
        self.wishes: SimpleQueue[Wish | None] = SimpleQueue()

    def serve(self) -> bool:
        """Does what is wished until it must begin anew (True), or its home is no longer there or another worker's."""
        self._get_ready()
        gc.freeze()  # what was imported is no garbage, and need not be looked at again
        listener, self.door = open_door(self.home)
        with listener:
            Thread(target=self._listen, args=(listener,), daemon=True).start()
            while self.door.is_kept(self.home):
                try:
                    wish = self.wishes.get(timeout=SECONDS_TO_REST)
                except Empty:
                    if not self.is_ready and psutil.Process().memory_info().rss > ENOUGH_BYTES:
                        self.wishes.put(None)
                    else:
                        self._get_ready()
                else:
                    if wish is None or not self._fulfil(wish):
                        self.has_ended = True
                        return True
        return False

    def _get_ready(self) -> None:
        """Has all there that a stage may need; what is wrong with it, the stage will say."""
        if self.is_ready:
            return
        try:
            pipeline.get_ready(self.home)
        except Exception:
            traceback.print_exc()
        self.is_ready = True

    def _listen(self, listener: Listener) -> None:
        while not self.has_ended:
            with suppress(OSError):
                Thread(target=self._receive, args=(listener.accept(),), daemon=True).start()

    def _receive(self, connection: Connection) -> None:
        """Takes an order from who may give it and is made as we are; the others hear nothing, or no."""
        try:
            if not admit(connection, self.door):
                connection.close()
                return
            maker = Maker(**connection.recv())
            may = self._may_wish(maker)
            connection.send(may)
            if may:
                wish = Wish(connection, Order(**connection.recv()))
                if self.is_busy:
                    wish.say("said", self.home.waiting)
                self.wishes.put(wish)
        except (EOFError, OSError, TypeError):
            connection.close()

    def _may_wish(self, maker: Maker) -> bool:
        """Whether a stage means here what it means there; begins anew where it is we who are out of date."""
        if (maker.home, maker.contracts, maker.engine) != (self.made.home, self.made.contracts, self.made.engine):
            return False
        if maker.remote not in self.remotes:
            return False
        is_outdated = sources() != self.made.sources or are_declared_otherwise(self.home)
        if is_outdated:
            self.wishes.put(None)
        return not is_outdated and maker.sources == self.made.sources

    def _fulfil(self, wish: Wish) -> bool:
        """Does a stage; False after a failure, which may have left more behind than we know."""
        if wish.has_gone():
            return True
        order = wish.order
        self.is_busy, self.is_ready = True, False
        with wish.connection, settings(order.settings), redirect_stderr(Said(wish)):
            try:
                report = pipeline.do(self.home, order.stage, order.chosen)
            except Exception as error:
                wish.say("raised", _portable(error))
                return False
            wish.say("done", report)
        self.is_busy = False
        return True


def _portable(error: Exception) -> Exception:
    """The error with its trace, as another process can raise it; one that cannot travel goes by its name and words."""
    trace = "".join(traceback.format_exception(error))
    print(trace, file=sys.__stderr__, flush=True)
    try:
        same = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        same = None
    if type(same) is not type(error) or str(same) != str(error):
        error = Reported(type(error).__name__, str(error))
    error.add_note(trace)
    return error

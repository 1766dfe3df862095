"""Which run the desk shows: the one finished last. A newer one takes its place without a restart."""

from __future__ import annotations

import threading
from contextlib import suppress

from config.errors import EvenhandError
from flows.desk.office import Office
from flows.run import restored, saved_runs


class Shown:
    """The office of one run; with `follow`, of the run finished last, as soon as its files have been read.

    Until then, and where they cannot be read, the former run stays. Looking whether there is a newer one costs one
    stat of a folder.
    """

    def __init__(self, office: Office, *, follow: bool = False) -> None:
        self._office, self._follow = office, follow
        self._notes = saved_runs(office.settings)
        self._seen = self._changed_on()
        self._one = threading.Lock()

    @property
    def office(self) -> Office:
        """What is shown at this moment; a request asks once and stays with it."""
        if self._follow and self._changed_on() != self._seen and self._one.acquire(blocking=False):
            threading.Thread(target=self._renew, name="newer run", daemon=True).start()
        return self._office

    def _changed_on(self) -> int:
        return self._notes.stat().st_mtime_ns if self._notes.is_dir() else 0

    def _renew(self) -> None:
        """Open the newer run's office beside the present one, over the same register, and put it in its place."""
        try:
            self._seen, before = self._changed_on(), self._office
            with suppress(EvenhandError, OSError):  # half there, or gone again: its next change is seen as well
                run = restored(before.settings)
                if (run.run_id, run.work) != (before.run.run_id, before.run.work):
                    newer = Office(before.settings, run, before.store)
                    newer.get_ready()
                    self._office = newer
        finally:
            self._one.release()

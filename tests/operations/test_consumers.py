"""Every process knows who answers events in all others: `Prefer: wait` waits for them."""

from typing import Any, cast

from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.operations.rooms import NAMES, services_of
from milepost.operations.serving.consumers import consumers_of_all
from milepost.web.room import Context
from milepost.web.settings import Settings


def test_each_process_waits_for_the_policies_and_timers_of_all(tmp_path):
    nowhere = cast("Any", None)  # nothing is asked of a database
    context = Context(Transactor(MemoryLog()), Settings(data_dir=tmp_path), nowhere)
    found = {
        name: consumers_of_all(name, services_of(name, context), nowhere).names for name in NAMES
    }
    everybody = found["all"]
    assert {"enrollment", "progress", "credentials", "timer/seat-offers"} <= {*everybody}
    assert all(names == everybody for names in found.values())

"""What `make test-unit` runs can start nothing, not even behind somebody's `except`."""

import asyncio
import subprocess
import sys
from contextlib import suppress

import pytest
from tests.processes import ProcessStarted, processes_refused


def run():
    subprocess.run([sys.executable, "-c", ""], check=False)


def test_a_process_is_refused_to_a_unit_test():
    with pytest.raises(AssertionError), processes_refused(), pytest.raises(ProcessStarted):
        run()


async def start():
    await asyncio.create_subprocess_exec(sys.executable, "-c", "")


async def test_it_fails_even_if_the_refusal_is_caught():
    refused = pytest.raises(AssertionError, match="started a process")
    with refused, processes_refused(), suppress(ProcessStarted):
        await start()

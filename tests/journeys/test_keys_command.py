"""`milepost keys`, beside a school that signs."""

import json
from pathlib import Path

from tests.clients import Running
from tests.operations.desk import Desk


async def test_keys_are_listed_rotated_and_retired(school: Running, tenant: str, tmp_path: Path):
    desk, of_school = Desk(school, tmp_path), ("--tenant", tenant)
    assert "has no key" in await desk.run("keys", "list", *of_school)
    first = (await desk.run("keys", "rotate", *of_school)).split()[0]
    listed = json.loads(await desk.run("keys", "rotate", "--json", *of_school))
    [before, second] = [one["key"] for one in listed["keys"]]
    assert before == first
    assert "retired" in await desk.run("keys", "retire", second, *of_school)
    last = await desk.run("keys", "retire", first, *of_school, code=1)
    assert "Nothing else signs by its algorithm" in last
    asked = ("keys", "retire", first, "--compromised", *of_school)
    assert "[y/N]" in await desk.run(*asked, code=1)
    assert "compromised" in await desk.run(*asked, "--yes")
    nobody = await desk.run("keys", "list", "--issuer", "nobody", *of_school, code=1)
    assert "nobody" in nobody

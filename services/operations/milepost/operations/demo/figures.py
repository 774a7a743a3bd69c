"""A school's figures, asked of the dashboards API as a front end would."""

import asyncio
from collections import Counter
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from milepost.operations.client.front_end import FrontEnd
from milepost.operations.terminal.percent import whole_percent

PAGE = 100
COLUMNS = {
    "enrolled": "enrolled",
    "waiting": "waiting",
    "started": "started",
    "withdrawn": "left",
    "completed": "completed",
    "credentials": "awarded",
}
IDLE_SECONDS = 1.0


class Figures:
    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end

    async def wait_until_idle(self) -> None:
        """Return when policies and read models have come to rest."""
        head = -1
        while True:
            now = await self._read("operations")
            if now["head"] == head and not any(model["lag"] for model in now["models"]):
                return
            head = now["head"]
            await asyncio.sleep(IDLE_SECONDS)

    async def offerings(self) -> Table:
        table = Table(
            title="Offerings",
            caption="rate: completed of started",
            box=SIMPLE_HEAD,
            padding=0,
            show_edge=False,
        )
        table.add_column("offering")
        for name in (*COLUMNS.values(), "rate", "grade"):
            table.add_column(name, justify="right")
        for one in (await self._read("offerings"))["offerings"]:
            counts = [str(one[name]) for name in COLUMNS]
            rates = [one["completed_of_started"], one["mean_grade_of_completed"]]
            table.add_row(one["offering"], *counts, *map(whole_percent, rates))
        return table

    async def credentials(self) -> Table:
        """By achievement, most first."""
        holders = Counter(one["achievement"] for one in await self._all_credentials())
        table = Table("achievement", title="Credentials", box=SIMPLE_HEAD)
        table.add_column("active", justify="right")
        for achievement, count in holders.most_common():
            table.add_row(achievement, str(count))
        return table

    async def log(self) -> Table:
        now = await self._read("operations")
        table = Table("read model", title=f"{now['head']:,} events in the log", box=SIMPLE_HEAD)
        table.add_column("behind", justify="right")
        for model in now["models"]:
            table.add_row(model["name"], str(model["lag"]))
        return table

    async def _all_credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._read(f"credentials?status=active&limit={PAGE}{cursor}")
            found += page["credentials"]
            if not page["next"]:
                return found
            cursor = f"&cursor={page['next']}"

    async def _read(self, path: str) -> Any:
        return await self._front_end.read(f"/dashboards/{path}", subject="someone", role="operator")

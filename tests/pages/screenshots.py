"""`make screenshots`: the pictures of README and documentation, taken of a simulated school."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.browser import chromium, visitor
from tests.clients import Running
from tests.eventually import eventually
from tests.processes import plain_environment, running_up

TARGET = Path(__file__).parents[2] / "docs" / "static" / "screenshots"
SCHOOL = "demo"
CHECKED_SECONDS = 180

# An offering that is under way.
RUNNING = "main tr:has(.badge.good) a[href^='/teach/offerings/']"


class Shot(NamedTuple):
    """`follow`: what is clicked on the page before the picture is taken."""

    name: str
    subject: str
    role: str
    address: str
    follow: str | None = None
    dark: bool = False
    width: int = 1_280
    height: int = 900


SHOTS = (
    Shot("learner", "learner-0001", "learner", "/my"),
    Shot("learner-phone", "learner-0001", "learner", "/my", dark=True, width=390, height=844),
    Shot("instructor", "teacher", "instructor", "/teach", RUNNING, height=960),
    Shot("registrar", "office", "registrar", "/office"),
    Shot("issuer", "issuer", "issuer", "/issue"),
    Shot("operator", "olga", "operator", "/console", dark=True),
)


async def checked(school: Running) -> None:
    """What follows from the log was held against it."""
    async with school.client("operator", tenant=SCHOOL) as client:
        await client.post("/operations/integrity/checks", {})

        async def equal() -> bool:
            found = (await client.get("/operations/integrity")).json()
            return bool(found["verdict"] == "equal")

        await eventually(equal, within=CHECKED_SECONDS)


async def take(school: Running) -> None:
    await checked(school)
    async with chromium() as browser:
        for shot in SHOTS:
            scheme = "dark" if shot.dark else "light"
            async with visitor(
                browser, school.http, width=shot.width, color_scheme=scheme
            ) as window:
                await window.sign_in(SCHOOL, shot.subject, [shot.role])
                await window.open(shot.address)
                await window.page.set_viewport_size({"width": shot.width, "height": shot.height})
                if shot.follow:
                    await window.page.locator(shot.follow).first.click()
                    await window.page.wait_for_load_state()
                await window.page.screenshot(path=TARGET / f"{shot.name}.png")
                print(TARGET / f"{shot.name}.png")


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    running = running_up()
    school = next(running)
    try:
        subprocess.run(
            [*(sys.executable, "-m", "milepost.operations"), "simulate", "--tenant", SCHOOL],
            env={**plain_environment(), "MILEPOST_DATA_DIR": str(school.data_dir)},
            check=True,
        )
        asyncio.run(take(school))
    finally:
        next(running, None)


if __name__ == "__main__":
    main()

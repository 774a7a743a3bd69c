"""What the registrar's pages share: who opens them, and what is drawn around them."""

from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
from litestar.di import NamedDependency

from milepost.pages.shell import Shell

OFFICE: Final = ("registrar",)
SHELL: Final = Shell(Path(__file__).parent)

Pool: TypeAlias = NamedDependency[asyncpg.Pool]

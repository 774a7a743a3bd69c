"""Every module of the house, imported: what derives from a class is then known."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TypeVar

import milepost

T = TypeVar("T")


def import_all() -> None:
    for module in pkgutil.walk_packages(milepost.__path__, "milepost."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def heirs(cls: type[T]) -> Iterator[type[T]]:
    for heir in cls.__subclasses__():
        if heir.__module__.startswith("milepost."):
            yield heir
        yield from heirs(heir)

"""Wiring of feed, nothing else."""

from milepost.web.room import Context, Service


def service(context: Context) -> Service:  # noqa: ARG001 - nothing is needed yet
    return Service(name="feed", routes=())

"""Where the processes of `milepost up` tell their metrics, so that one answer has them all.

Relay and projections listen on loopback alone; the process that serves asks them.
"""

from collections.abc import Mapping

from milepost.operations.local.embedded import free_port

LOOPBACK = "127.0.0.1"
WITHOUT_HTTP = ("relay", "project")


class MetricsPorts:
    """Chosen once, so that a process which is started again is found where it was."""

    def __init__(self) -> None:
        self._ports = {name: free_port(0) for name in WITHOUT_HTTP}

    def of(self, name: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """What is added to the command line and to the environment of this process."""
        if port := self._ports.get(name):
            alone = {"MILEPOST_HOST": LOOPBACK, "MILEPOST_METRICS_PEERS": ""}
            return ("--health-port", str(port)), alone
        peers = (f"{name}=http://{LOOPBACK}:{port}/metrics" for name, port in self._ports.items())
        return (), {"MILEPOST_METRICS_PEERS": ",".join(peers)}

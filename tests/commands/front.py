"""In front of a command that runs elsewhere: `forked.py` says how. Standard library only."""

import json
import os
import signal
import socket
import sys
from types import FrameType

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    _, address, *arguments = sys.argv
    host = socket.socket(socket.AF_UNIX)
    host.connect(address)
    environment = {os.fsdecode(name): os.fsdecode(value) for name, value in os.environb.items()}
    folder = os.getcwd()  # noqa: PTH109 - pathlib is more to load than all of this
    asked = json.dumps([arguments, environment, folder]).encode()

    def pass_on(number: int, _: FrameType | None) -> None:
        host.send(bytes([number]))

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    socket.send_fds(host, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    host.sendall(asked)
    end(int.from_bytes(host.recv(4), "big", signed=True))


def end(code: int) -> None:
    """As the command did; negative: by that signal."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()

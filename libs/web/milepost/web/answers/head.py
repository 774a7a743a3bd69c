"""HEAD, answered as GET and without its body (RFC 9110, 9.3.2): litestar routes GET alone."""

import asyncio
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send


def with_head(allow: str) -> str:
    """An `Allow` of litestar's, in order, with HEAD where there is GET."""
    methods = set(allow.split(", "))
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


class HeadAsGet:
    """Around an application. What would be sent on and on ends with its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked: Any = scope
        if asked.get("method") != "HEAD":
            await self._app(scope, receive, send)
            return
        answer = _HeadersOnly(receive, send)
        asked = {**asked, "method": "GET"}  # the server goes by its own scope
        await self._app(asked, answer.receive, answer.send)


class _HeadersOnly:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._has_come = False
        self._ended = asyncio.Event()

    async def receive(self) -> Any:
        """The request; then, when it is answered, that nobody listens any more."""
        if not self._has_come:
            message = await self._receive()
            self._has_come = not message.get("more_body", False)
            return message
        await self._ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._ended.is_set():
            return
        await self._send(message)
        if message["type"] == "http.response.start":
            self._ended.set()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

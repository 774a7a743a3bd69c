"""What calling others raises."""

from milepost.web.errors import WebError


class OutboundError(WebError):
    """Nothing usable came back; the message says why, without secrets."""


class AddressRefused(OutboundError):
    """The name leads to an address that is not public."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is at {address}, which is not a public address")
        self.host = host
        self.address = address


class HostNotAllowed(OutboundError):
    """The operator has not named the host."""

    def __init__(self, host: str) -> None:
        super().__init__(f"nothing is fetched from {host} here")
        self.host = host


class NotReached(OutboundError):
    """No connection, no answer in time, or none that is HTTP."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} was not reached: {reason}")
        self.host = host
        self.reason = reason


class UrlRefused(OutboundError):
    """Not https, or not a URL that may be called."""


class AnswerTooLarge(OutboundError):
    def __init__(self, host: str, limit_bytes: int) -> None:
        super().__init__(f"{host} answers with more than {limit_bytes} bytes")
        self.host = host
        self.limit_bytes = limit_bytes

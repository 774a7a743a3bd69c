"""Calls to a measured service that are not themselves measured."""

import urllib.error
import urllib.request

import msgspec

from milepost.operations.bench.figures import WentWrong
from milepost.operations.bench.milepost_process import direct
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

TENANT = "bench"


def token(place: Settings) -> str:
    """A registrar's. Makes the issuer's keys, before any process looks for them."""
    issuer = DevelopmentIssuer(
        place.data_dir, issuer=place.token_issuer, audience=place.token_audience
    )
    issuer.ensure_keys()
    return issuer.issue("bench", TENANT, ["registrar"], 3600)


def publish_course(port: int, bearer: str, lessons: int = 0) -> None:
    """Of one lesson, `one`, or of so many, `l-0` and so on."""
    names = [f"l-{number}" for number in range(lessons)] or ["one"]
    course = {"title": "Bench", "lessons": [{"id": name, "title": name} for name in names]}
    _send(port, bearer, "POST", "/enrollment/courses/bench/versions", course)


def open_offering(port: int, bearer: str, offering: str, seats: int | None = None) -> None:
    facts = {"course": "bench", "version": 1, "seats": seats}
    _send(port, bearer, "PUT", f"/enrollment/offerings/{offering}", facts)


def define_achievement(port: int, bearer: str) -> None:
    """For who passes the course."""
    facts = {"name": "Bench", "criteria": {"type": "course_passed", "course": "bench"}}
    _send(port, bearer, "PUT", "/credentials/achievements/bench", facts)


def create_webhook(port: int, bearer: str, url: str) -> None:
    """For all that was and will be published; its endpoint answers the challenge."""
    made = _send(port, bearer, "POST", "/webhooks", {"url": url, "after": 0})
    webhook = msgspec.json.decode(made)["webhook"]
    _send(port, bearer, "POST", f"/webhooks/{webhook}/verify", None)


def get(port: int, bearer: str, path: str) -> bytes:
    return _send(port, bearer, "GET", path, None)


def _send(port: int, bearer: str, method: str, path: str, body: object) -> bytes:
    """Raises `WentWrong` unless all is well."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else msgspec.json.encode(body),
        method=method,
        headers={"authorization": f"Bearer {bearer}", "content-type": "application/json"},
    )
    try:
        with direct.open(request, timeout=10) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise WentWrong(f"{method} {path}: {error.read().decode()}") from error

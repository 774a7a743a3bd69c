"""A credential as a PDF to print and to file: tagged for screen readers where its letters allow.

Made by typst, which an installation may leave out (`milepost[pdf]`).
"""

import asyncio
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from milepost.credentials.public.criteria_words import Clause
from milepost.credentials.public.view import CredentialPage
from milepost.events.runtime.outages import Overloaded
from milepost.pages.locales import Locale
from milepost.web.problems import Problem, RequestFault

TEMPLATE = Path(__file__).with_name("certificate.typ")
AT_ONCE = 2
# More than that would wait longer than anybody does.
MAX_WAITING = 20
# No moment of its own: the same credential is the same file.
TIMESTAMP = datetime(2000, 1, 1, tzinfo=UTC)


class Press:
    """Makes so many PDFs at a time; each takes a core for some 30 ms."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def compiled(self, facts: str, picture: bytes, qr: bytes) -> bytes:
        """Raises `Overloaded`."""
        if self._waiting >= MAX_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(_compiled, facts, picture, qr)
        finally:
            self._waiting -= 1


class PdfNotInstalled(RequestFault):
    """The page can be printed to a PDF by any browser."""

    def problem(self) -> Problem:
        return Problem(
            status=501,
            name="pdf_not_installed",
            title="No PDF here",
            detail="This installation makes no PDFs: print the page, or install milepost[pdf].",
        )


def pdf_installed() -> bool:
    return find_spec("typst") is not None


async def certificate(
    press: Press, page: CredentialPage, locale: Locale, *, picture: bytes, qr: bytes
) -> bytes:
    """The PDF; `picture` is a PNG, `qr` an SVG. Raises `PdfNotInstalled`, `Overloaded`."""
    if not pdf_installed():
        raise PdfNotInstalled
    facts = msgspec.json.encode(_facts(page, locale)).decode()
    return await press.compiled(facts, picture, qr)


def _compiled(facts: str, picture: bytes, qr: bytes) -> bytes:
    import typst  # noqa: PLC0415 - an extra

    with tempfile.TemporaryDirectory(prefix="milepost-pdf-") as name:
        folder = Path(name)
        (folder / "picture.png").write_bytes(picture)
        (folder / "qr.svg").write_bytes(qr)
        (folder / TEMPLATE.name).write_bytes(TEMPLATE.read_bytes())
        options: dict[str, Any] = {
            "root": folder,
            "sys_inputs": {"view": facts},
            "timestamp": int(TIMESTAMP.timestamp()),
        }
        source = folder / TEMPLATE.name
        try:
            made = typst.compile(source, pdf_standards=["ua-1"], **options)
        except typst.TypstError:  # a script that no font here has: readable, though not tagged so
            made = typst.compile(source, **options)
        return bytes(made)


def _facts(page: CredentialPage, locale: Locale) -> Mapping[str, Any]:
    t = locale.text
    facts = [
        (t("issuer"), page.issuer),
        (t("awarded_on"), page.awarded_on),
        (t("valid_from"), page.valid_from),
        (t("valid_until"), page.valid_until if page.status.ends else None),
        (t("status"), page.status.word),
        (t("workload"), page.workload),
        (t("level"), page.level),
        (t("credential_id"), page.credential),
    ]
    evidence = [f"{one.name} · {one.grade}" if one.grade else one.name for one in page.evidence]
    narrative, skills = page.narrative, " · ".join(skill.name for skill in page.skills)
    sections = [
        (t("outcomes"), _clauses(page.outcomes)),
        (t("skills"), _clauses([skills] if skills else [])),
        (t("criteria"), _clauses([narrative]) if narrative else [page.criteria]),
        (t("evidence"), _clauses(evidence)),
    ]
    return {
        "language": locale.language,
        "direction": locale.direction,
        "kind": t("kind"),
        "name": page.name,
        "attested": t("attested_to", holder=page.holder) if page.holder else t("holder_hidden"),
        "picture": t("picture", name=page.name),
        "description": page.description,
        "issuer": page.issuer,
        "facts": [[label, value] for label, value in facts if value],
        "sections": [{"title": title, "clauses": told} for title, told in sections if told],
        "verify_title": t("verify"),
        "verify": t("verify_by_address"),
        "address": page.addresses.page,
        "footer": t("footer"),
    }


def _clauses(lines: Iterable[str]) -> list[Clause]:
    return [Clause(line) for line in lines]

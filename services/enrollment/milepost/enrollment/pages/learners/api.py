"""The registrar's pages of one enrollment and of one learner's personal data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from litestar import Response, Router, get
from litestar.di import NamedDependency

from milepost.enrollment.api.wiring import EnrollmentPath
from milepost.enrollment.pages.learners.person import person_facts
from milepost.enrollment.pages.learners.steps import enrollment_facts
from milepost.enrollment.vault.api import KnownLearner
from milepost.enrollment.vault.store import Vault
from milepost.events.commands.transact import Transactor
from milepost.pages.locales import Locale
from milepost.pages.shell import PageRequest, Shell
from milepost.web.room import Context, PersonalName
from milepost.web.settings import Settings

OFFICE: Final = ("registrar",)
# The codes that a form offers: what is stored is the code.
REASONS: Final[Mapping[str, Sequence[str]]] = {
    "decline": ("not_eligible", "offering_full", "duplicate", "other"),
    "suspend": ("fees_unpaid", "under_review", "misconduct", "illness", "other"),
    "withdraw": ("no_time", "changed_course", "illness", "moved_away", "mistake", "other"),
    "defer": ("no_time", "illness", "rescheduled", "other"),
    "transfer": ("changed_course", "no_time", "illness", "mistake", "other"),
}
SHELL: Final = Shell(Path(__file__).parent)

Names: TypeAlias = NamedDependency[PersonalName | None]


@get("/office/enrollments/{enrollment:str}", roles=OFFICE)
async def get_office_enrollment(
    request: PageRequest,
    enrollment: EnrollmentPath,
    transactor: NamedDependency[Transactor],
    names: Names,
) -> Response[bytes]:
    """How it stands, and a form for each step that is possible from here."""
    tenant, locale = request.user.tenant, SHELL.locale(request)
    one = await enrollment_facts(transactor, tenant, enrollment)
    return SHELL.render(
        request,
        "enrollment.html",
        area="office",
        one=one,
        name=await names(tenant, one.learner) if names is not None else None,
        reason=in_words(one.reason, locale) if one.reason else None,
        reasons={step: _options(codes, locale) for step, codes in REASONS.items()},
        modes=[(mode, locale.text(f"mode.{mode}")) for mode in one.modes if mode != one.mode],
    )


@get("/office/personal-data/{learner:str}", roles=OFFICE)
async def get_personal_data(
    request: PageRequest,
    learner: KnownLearner,
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """Who they are, as long as it is known; export, erasure."""
    one = await person_facts(vault, request.user.tenant, learner)
    return SHELL.render(
        request,
        "person.html",
        area="office",
        one=one,
        days=settings.erasure_days,
    )


def routes(context: Context, vault: Vault) -> Router:
    return SHELL.router(
        (get_office_enrollment, get_personal_data),
        {
            "transactor": context.transactor,
            "names": context.personal_name,
            "vault": vault,
            "settings": context.settings,
        },
    )


def in_words(code: str, locale: Locale) -> str:
    """A code that no catalog knows stands for itself, without its underscores."""
    key = f"reason.{code}"
    return locale.text(key) if locale.knows(key) else code.replace("_", " ")


def _options(codes: Sequence[str], locale: Locale) -> list[tuple[str, str]]:
    return [(one, in_words(one, locale)) for one in codes]

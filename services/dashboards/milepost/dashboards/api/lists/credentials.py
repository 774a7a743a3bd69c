"""The register of credentials, page by page."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    WHOLE_SCHOOL,
    After,
    Call,
    Filter,
    Language,
    Limit,
    asks_as_learner,
    limit_of,
    whose,
)
from milepost.dashboards.api.responses import NOT_YOUR_OWN
from milepost.dashboards.api.views import CredentialsPage
from milepost.dashboards.queries.lists.credentials import (
    CREDENTIALS,
    OWN_CREDENTIALS,
    CredentialsQuery,
    CredentialStatus,
)
from milepost.dashboards.queries.lists.keyset import Order


@get(
    "/credentials",
    summary="The register of credentials",
    answers=list_answers(NOT_YOUR_OWN),
)
async def list_credentials(
    request: Call,
    lists: ListReads,
    *,
    order: Annotated[Order, QueryParameter(description="By the award's position")] = "desc",
    limit: Limit = 50,
    cursor: After = None,
    learner: Filter = None,
    achievement: Filter = None,
    issuer: Filter = None,
    course: Filter = None,
    offering: Filter = None,
    status: Annotated[CredentialStatus | None, QueryParameter()] = None,
    flagged: Annotated[bool | None, QueryParameter()] = None,
    language: Language = None,
    form: Form = None,
) -> Response[CredentialsPage]:
    """`flagged=true`: those that wait for a person's decision, since what they rest on holds no
    longer.

    Roles: registrar, issuer, operator, service, auditor; instructor for what was first earned in
    own offerings, learners for their own: to both of them what is withheld is not there. Learners
    are told that a person awarded it, not who.
    """
    learner = whose(request.user, learner)
    query = CredentialsQuery(
        order=order,
        limit=limit,
        cursor=cursor,
        learner=learner,
        achievement=achievement,
        issuer=issuer,
        course=course,
        offering=offering,
        status=status,
        flagged=flagged,
        language=language,
        out=True if request.user.roles.isdisjoint(WHOLE_SCHOOL) else None,
        instructor=limit_of(request.user, learner),
    )
    listing = OWN_CREDENTIALS if asks_as_learner(request.user, learner) else CREDENTIALS
    return await lists.answer(request, listing, query, CredentialsPage, "credentials", form=form)


HANDLERS = (list_credentials,)

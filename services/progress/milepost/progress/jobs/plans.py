"""The kinds of job that move enrollments to another version of their course.

migrations    what was earned stays, whatever the other version asks for
rule-changes  all is judged anew, as what-if foretold it; what falls is told as a fact
"""

from functools import partial
from typing import Annotated, Final

import msgspec

from milepost.contracts.rules.learning.plan import Plan
from milepost.jobs.kinds import Kind
from milepost.jobs.row_format import RowFormat
from milepost.progress.domain.plan_changes.migration import apply_rule_change, migrate
from milepost.progress.jobs.decide import Decision, RowDecider, RowOf
from milepost.progress.jobs.rows import (
    EXPECTED,
    Code,
    FileRow,
    RowRequest,
    keep,
    keeping,
    needing,
    resolver,
)
from milepost.progress.plan_cache import PlanCache

EXPECTED_OF_PLANS: Final = {
    **EXPECTED,
    "version": "the number of a published version of the course",
    "reason": "a code, as new_edition: lower case letters, digits and _",
}

Version = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class PlanRow(FileRow, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version`: of the course that the enrollment is in."""

    version: Version
    reason: Code


class PlanRequest(RowRequest, frozen=True, kw_only=True):
    version: int
    reason: str


FORMAT: Final[RowFormat[PlanRequest]] = RowFormat(
    row=PlanRow,
    expected=EXPECTED_OF_PLANS,
    needed=needing("version", "reason"),
    resolve=resolver(PlanRequest, EXPECTED_OF_PLANS),
)


def migrations(plans: PlanCache) -> Kind[PlanRequest]:
    async def prepare(request: PlanRequest, row: RowOf, plan: Plan) -> Decision:
        new = await plans.get(row.job.tenant, plan.course, request.version)
        at, reason = row.job.created_at, request.reason
        return partial(migrate, plan_old=plan, plan_new=new, at=at, reason=reason)

    decider = RowDecider(plans, prepare, {"plan_migrated": "migrated"})
    return _kind("migrations", decider)


def rule_changes(plans: PlanCache) -> Kind[PlanRequest]:
    async def prepare(request: PlanRequest, row: RowOf, plan: Plan) -> Decision:
        changed = await plans.get(row.job.tenant, plan.course, request.version)
        at, reason = row.job.created_at, request.reason
        return partial(apply_rule_change, plan_changed=changed, at=at, reason=reason)

    decider = RowDecider(plans, prepare, {"plan_migrated": "changed"})
    return _kind("rule-changes", decider)


def _kind(name: str, decider: RowDecider[PlanRequest]) -> Kind[PlanRequest]:
    return Kind(name=name, rows=FORMAT, decide=decider.page, keep=keep, kept=keeping(PlanRequest))

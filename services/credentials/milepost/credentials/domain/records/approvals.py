"""Who has approved of an award, and when. Pure."""

from datetime import datetime
from typing import TypeAlias

from milepost.contracts.records import ApprovalWithdrawn, AwardApproved

# By achievement, then by person.
Approvals: TypeAlias = dict[str, dict[str, datetime]]


def evolve_approvals(approvals: Approvals, event: AwardApproved | ApprovalWithdrawn) -> None:
    """Changes what it is handed. Who approves anew does so from then on."""
    of_achievement = approvals.setdefault(event.achievement, {})
    if isinstance(event, AwardApproved):
        of_achievement[event.approved_by] = event.occurred_at
    else:
        of_achievement.pop(event.approved_by, None)

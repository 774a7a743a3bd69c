"""That a webhook has ended. These names and fields are the storage format."""

from datetime import datetime
from typing import Literal, TypeAlias

from milepost.events.event import Event

Ending: TypeAlias = Literal["gone", "failing", "operator"]


class WebhookDisabled(Event, frozen=True, kw_only=True, tag="webhook_disabled"):
    """Nothing is delivered to it until somebody enables it again.

    reason         gone: its endpoint answered 410; failing: nothing got through for days;
                   operator: somebody who may has disabled it
    failing_since  when the first of these deliveries failed
    status         HTTP, of the last answer, if there was one
    """

    webhook: str
    reason: Ending
    failing_since: datetime | None = None
    status: int | None = None

"""Several runs of one course that one learner goes through, and what is carried between them.

What is to be carried waits until somebody delivers it: late, twice, or in another order.
"""

from functools import partial
from typing import Any

from tests.progress.given import after, minute

from milepost.contracts.progress import LateWorkArrived, ProgressClosed
from milepost.progress.domain.carry_over import carry_over, handed_over
from milepost.progress.domain.decisions import close, open_progress, report
from milepost.progress.domain.state import PROGRESS


class Runs:
    """Plans are by version; an enrollment `b` is in the offering `run-b`."""

    def __init__(self, *plans):
        self.plans = {plan.version: plan for plan in plans}
        self.events = {}
        self.versions = {}
        self.undelivered = []
        self.elsewhere = set()

    def state(self, enrollment) -> Any:
        return after(PROGRESS.initial(), self.events.get(enrollment, []))

    def plan(self, enrollment):
        return self.plans[self.state(enrollment).opened.version]

    def write(self, enrollment, events):
        events = list(events)
        self.events.setdefault(enrollment, []).extend(events)
        for event in events:
            if isinstance(event, ProgressClosed | LateWorkArrived) and event.continues_as:
                self.undelivered.append((enrollment, event.continues_as, event.occurred_at))
        return events

    def enroll(self, enrollment, at, version=3, course="rust"):
        self.versions[enrollment] = (version, minute(at), course)
        self.write(enrollment, self._open(enrollment)(self.state(enrollment)))

    def _open(self, enrollment):
        version, at, course = self.versions[enrollment]
        return partial(
            open_progress,
            enrollment=enrollment,
            learner="ada",
            offering=f"run-{enrollment}",
            course=course,
            version=version,
            at=at,
        )

    def transfer(self, here, there, at, version=3, *, opens=True):
        """`opens`: before anything is carried; else by what is carried."""
        closing = close(self.state(here), at=minute(at), reason="deferred", continues_as=there)
        self.write(here, closing)
        self.versions[there] = (version, minute(at), "rust")
        if opens:
            self.enroll(there, at, version)

    def do(self, enrollment, *reports):
        told = report(self.state(enrollment), self.plan(enrollment), reports)
        self.write(enrollment, told.events)
        return told.answers

    def handed(self, here, there):
        state = self.state(here)
        plan = self.plans[state.opened.version]
        return handed_over(state, plan, len(self.events[here]), there)

    def bring(self, there, handed, at):
        opening = self._open(there)
        events = carry_over(self.state(there), self.plans, handed, opening=opening, at=at)
        return self.write(there, events)

    def deliver(self):
        """Until nothing waits any more; bounded, for work must not go in circles."""
        brought: list[Any] = []
        for _ in range(100):
            if not self.undelivered:
                return brought
            here, there, at = self.undelivered.pop(0)
            brought += self.bring(there, self.handed(here, there), at)
        raise AssertionError("it goes in circles")

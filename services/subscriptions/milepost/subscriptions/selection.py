"""Reads the log as a subscriber asked for it: what is published, of some types, about something.

What a page has reached is told apart from what was found: a filter that seldom matches still gets
on, and nobody reads the same part twice.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from milepost.events.log import Log, Page, Recorded
from milepost.events.runtime.lru_cache import LruCache
from milepost.subscriptions.domain.facets import Facets, Named, award_in, named_by
from milepost.subscriptions.domain.filters import Filter

# Of enrollments, offerings and credentials, whose facets never change.
KNOWN = 50_000
# Positions that one statement walks through at most: some 50 ms.
SPAN = 50_000


class Selection:
    """Of one process; whoever filters shares what it knows."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known = LruCache[tuple[str, str], Facets](KNOWN)

    async def page(self, tenant: str, after: int, head: int, wanted: Filter, *, limit: int) -> Page:
        """What matches behind `after`, of the next `limit` events of these types."""
        page = await self.read(tenant, after, head, wanted, limit=limit)
        return Page(await self.matching(page.events, wanted), page.reached)

    async def read(self, tenant: str, after: int, head: int, wanted: Filter, *, limit: int) -> Page:
        """What follows `after`, of these types, whatever it is about.

        No further than `SPAN` positions: what is rare is looked for in several pages.
        """
        upto = min(head, after + SPAN)
        if after >= upto:
            return Page((), after)
        events = await self._log.read(tenant, after, limit, wanted.tags, upto)
        reached = events[-1].position if len(events) == limit else upto
        return Page(events, reached)

    async def matching(self, events: Sequence[Recorded], wanted: Filter) -> Sequence[Recorded]:
        """Those of them that were asked for, in order."""
        taken = [event for event in events if wanted.takes(event)]
        if wanted.by_type_alone or not taken:
            return taken
        facets = await self.facets(taken)
        return [event for event, one in zip(taken, facets, strict=True) if wanted.matches(one)]

    async def facets(self, events: Sequence[Recorded]) -> list[Facets]:
        """What each of them is about, whatever has to be read for it."""
        named = list(map(named_by, events))
        found = [self._known_facets(*one) for one in zip(events, named, strict=True)]
        missing = [number for number, facets in enumerate(found) if facets is None]
        read = await asyncio.gather(*(self._facets(events[one], named[one]) for one in missing))
        for number, facets in zip(missing, read, strict=True):
            found[number] = facets
        return cast("list[Facets]", found)

    def _known_facets(self, event: Recorded, named: Named) -> Facets | None:
        """None where something has to be read: nearly all are known, and need no task."""
        facets = named.facets
        for stream in named.look_up:
            first = self._known.get((event.tenant, named.credential or stream))
            if first is None:
                return None
            facets = facets.union(first)
        return facets

    async def _facets(self, event: Recorded, named: Named) -> Facets:
        facets = named.facets
        for stream in named.look_up:
            facets = facets.union(await self._first(event.tenant, stream, named))
        return facets

    async def _first(self, tenant: str, stream: str, named: Named) -> Facets:
        key = tenant, named.credential or stream
        if (known := self._known.get(key)) is not None:
            return known
        events: Sequence[Recorded] = await self._log.read_stream(tenant, stream)
        first = award_in(events, named.credential) if named.credential else next(iter(events), None)
        if first is None:  # nothing says more: the event is about what it names itself
            return named.facets
        return self._known.put(key, named_by(first).facets)

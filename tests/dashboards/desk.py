"""Somebody at a screen, and what happens in the school meanwhile."""

from typing import Any

from tests.dashboards.history import project, record

from milepost.web.auth.development_issuer import DevelopmentIssuer


class Desk:
    def __init__(self, client: Any, issuer: DevelopmentIssuer, tenant: str) -> None:
        self.client = client
        self.issuer = issuer
        self.tenant = tenant

    async def get(
        self, path, *, role="registrar", subject="office", tenant=None, at=None, etag=None, **query
    ):
        token = self.issuer.issue(subject, tenant or self.tenant, [role])
        headers = {"Authorization": f"Bearer {token}"}
        if at is not None:
            headers["Milepost-Position"] = str(at)
        if etag is not None:
            headers["If-None-Match"] = etag
        return await self.client.get(f"/dashboards{path}", headers=headers, params=query)

    async def all_pages(self, path, rows, after=None, **query):
        found: list[Any] = []
        cursor = {} if after is None else {"cursor": after}
        while True:
            answer = (await self.get(path, **query, **cursor)).json()
            found.append(answer[rows])
            if answer["next"] is None:
                return found
            cursor = {"cursor": answer["next"]}


async def happens(pool, tenant, *steps):
    position = await record(pool, tenant, [entry for step in steps for entry in step])
    await project(pool)
    return position

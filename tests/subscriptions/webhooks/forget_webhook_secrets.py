"""A database that tests share holds what others have sealed with keys of their own."""

import asyncpg


async def forget_webhook_secrets(postgres: str) -> None:
    owner = await asyncpg.connect(postgres)
    await owner.execute("truncate webhooks.sealing_key, webhooks.secrets")
    await owner.close()

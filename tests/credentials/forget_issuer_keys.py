"""A database that tests share holds what others have sealed with keys of their own."""

import asyncpg


async def forget_issuer_keys(postgres: str) -> None:
    owner = await asyncpg.connect(postgres)
    await owner.execute(
        "truncate credentials.sealing_key, credentials.issuer_keys, credentials.secrets"
    )
    await owner.close()

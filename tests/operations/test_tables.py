"""Tables of the log and of rooms that have their own are made by one command."""

from pathlib import Path

from milepost.events.store.migrations import migrate, pending
from milepost.events.store.postgres import owner_connection
from milepost.operations.rooms import schemas

HOUSE = Path(__file__).parents[2]


def test_no_room_with_tables_is_forgotten():
    rooms = {path.parent.name for path in HOUSE.glob("services/*/milepost/*/sql")}
    assert {f"milepost.{room}" for room in rooms} == set(schemas())


async def test_a_room_s_files_come_after_the_log_s_and_only_once(postgres):
    async with owner_connection(postgres) as connection:
        assert await migrate(connection, schemas()) == []
        rows = await connection.fetch("select name from public.milepost_migrations order by ctid")
        names = [row["name"] for row in rows]
        assert names.index("0003_read_models.sql") < names.index("enrollment/0001_vault.sql")
        await connection.execute(
            "delete from public.milepost_migrations where name = 'enrollment/0001_vault.sql'"
        )
        assert await pending(connection, schemas()) == ["enrollment/0001_vault.sql"]
        assert await pending(connection) == []

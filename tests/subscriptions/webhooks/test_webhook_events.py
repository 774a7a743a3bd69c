"""Every webhook event that was ever stored can be read, forever. Files are added, not changed."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK

FILES = sorted((Path(__file__).parents[2] / "golden" / "subscriptions").glob("webhook_*.json"))
CODEC = WEBHOOK.codec
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_is_read(file):
    event = CODEC.decode(file.stem, file.read_bytes(), AT)
    assert event.occurred_at == AT
    stored = msgspec.json.decode(file.read_bytes())
    assert CODEC.encode(event)[0] == file.stem
    assert msgspec.json.decode(CODEC.encode(event)[1]) == stored
    assert set(stored) == set(event.__struct_fields__) - {"occurred_at"}


def test_every_event_has_its_file():
    assert set(CODEC.tags) == {file.stem for file in FILES}

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.events.log import Recorded
from milepost.events.metadata import Metadata, metadata_of
from milepost.events.nats.cloudevents import (
    data_of,
    header_lines_of,
    headers_of,
    percent_encoded,
    recorded_from,
    subject_of,
)

AT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def recorded(stream="record-ann", type_="credential_awarded", metadata=b"{}"):
    later = AT + timedelta(days=1)
    return Recorded("north", 7, stream, 3, type_, b'{"a":1}', metadata, AT, later, uuid4())


def test_the_headers_are_those_of_a_cloudevent_in_binary_mode():
    event = recorded()
    assert headers_of(event, "credentials") == {
        "ce-specversion": "1.0",
        "ce-id": str(event.event_id),
        "ce-source": "/milepost/north/credentials",
        "ce-type": "milepost.credential_awarded",
        "ce-time": "2026-03-01T12:30:15.250000Z",
        "ce-subject": "ann",
        "ce-datacontenttype": "application/json",
        "Milepost-Tenant": "north",
        "Milepost-Position": "7",
        "Milepost-Stream": "record-ann",
        "Milepost-Version": "3",
        "Milepost-Recorded-At": "2026-03-02T12:30:15.250000Z",
    }


def test_the_address_of_the_schema_is_told_where_it_is_known():
    event, address = recorded(), "https://milepost.example/schema/events/credential_awarded/1.json"
    assert "ce-dataschema" not in headers_of(event, "credentials")
    headers = headers_of(event, "credentials", address)
    assert headers["ce-dataschema"] == address
    lines = header_lines_of(event, "credentials", address).splitlines()
    assert dict(line.split(": ", 1) for line in lines) == headers


def test_a_later_shape_of_an_event_keeps_its_subject_and_tells_its_type():
    event = recorded(type_="credential_awarded.2")
    assert subject_of(event, "credentials") == "milepost.north.credentials.credential_awarded"
    assert headers_of(event, "credentials")["ce-type"] == "milepost.credential_awarded.2"


def test_correlation_and_trace_travel_and_the_actor_stays_at_home():
    metadata = {"actor": "ann", "correlation": "c 1", "trace": TRACE, "request": "abc"}
    event = recorded(metadata=msgspec.json.encode(metadata))
    headers = headers_of(event, "credentials")
    assert headers["traceparent"] == TRACE
    assert headers["ce-correlationid"] == "c%201"
    assert not {"ann", "abc"} & ({*headers.values()} - {headers["ce-subject"]})
    back = metadata_of(recorded_from(headers, event.data))
    assert (back.correlation, back.trace, back.actor) == ("c 1", TRACE, None)


def test_metadata_is_stored_without_what_it_does_not_say():
    assert Metadata().encode() == b"{}"
    assert json.loads(Metadata(actor="ann", request="abc").encode()) == {
        "actor": "ann",
        "request": "abc",
    }


def test_metadata_of_a_later_version_is_read_by_this_one():
    event = recorded(metadata=b'{"actor":"ann","weather":"fair"}')
    assert metadata_of(event) == Metadata(actor="ann")


@pytest.mark.parametrize(
    ("plain", "encoded"),
    [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),  # the CloudEvents specification's own
        ('"', "%22"),
        ("100%", "100%25"),
        ("a\r\nb", "a%0D%0Ab"),
        ("~!*'();:@&=+$,/?#[]", "~!*'();:@&=+$,/?#[]"),
    ],
)
def test_values_are_percent_encoded_as_cloudevents_asks(plain, encoded):
    assert percent_encoded(plain) == encoded


@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_key_comes_back_as_it_went(key):
    event = recorded(stream=f"record-{key}")
    assert recorded_from(headers_of(event, "credentials"), event.data) == event


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (b'{"a":"b","awarded_by":"ivy"}', b'{"a":"b","awarded_by":"person"}'),
        (b'{"awarded_by": "i\\"vy", "a": 1}', b'{"awarded_by": "person", "a": 1}'),
        (b'{"renewed_by":"ivy"}', b'{"renewed_by":"person"}'),
        (b'{"awarded_by":"policy-1"}', b'{"awarded_by":"person"}'),
        (b'{"awarded_by":"policy"}', b'{"awarded_by":"policy"}'),
        (b'{"reason":"\\"awarded_by\\":\\"ivy\\""}', b'{"reason":"\\"awarded_by\\":\\"ivy\\""}'),
    ],
)
def test_subscribers_hear_that_a_person_awarded_and_not_who(stored, told):
    assert data_of(msgspec.structs.replace(recorded(), data=stored)) == told

"""What every service gets from its process: admission, strict input, problem documents."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from litestar import get
from tests.clients import connection_to

from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.requests.body import BYTES_PER_PART, PARTS_AT_LEAST
from milepost.web.requests.json_body import SEARCHED_BYTES


def problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["type"] == f"urn:milepost:problem:{name}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == response.request.url.path
    return document


ONE = {"lines": [{"score": 0.5}]}
JSON = {"Content-Type": "application/json"}


async def test_a_command_is_answered_with_its_position(client, headers):
    answer = await client.post("/notes/a", json=ONE, headers=headers())
    assert answer.status_code == 201
    assert answer.json() == {"scores": [0.5]}
    assert answer.headers["Milepost-Position"] == "1"


async def test_the_event_remembers_who_and_why(client, headers, log):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    asked = headers(traceparent=trace, **{"X-Request-Id": "r-1"})
    await client.post("/notes/a", json=ONE, headers=asked)
    (event,) = await log.read("north")
    assert json.loads(event.metadata) == {"actor": "ines", "correlation": "r-1", "trace": trace}


async def test_without_a_token_the_answer_says_how_to_send_one(client):
    answer = await client.get("/notes/a")
    problem(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="milepost"'


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "", "\xe9"])
async def test_a_broken_token_is_refused(client, token):
    sent = {"Authorization": f"Bearer {token}".encode("latin-1")}
    answer = await client.get("/notes/a", headers=sent)
    problem(answer, 401, "not_authenticated")


async def test_an_expired_token_is_refused_with_the_reason(client, issuer, log):
    token = issuer.issue("ines", "north", ["instructor"], lifetime_seconds=-60)
    bearer = {"Authorization": f"Bearer {token}"}
    answer = await client.post("/notes/a", json=ONE, headers=bearer)
    assert problem(answer, 401, "not_authenticated")["detail"] == "The token has expired."
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert await log.heads() == {}


async def test_keys_that_cannot_be_read_mean_try_again(settings, headers):
    token = headers()
    (settings.data_dir / "gone").mkdir()
    away = msgspec.structs.replace(settings, token_keys=str(settings.data_dir / "gone"))
    app = create_app([], away, TokenVerifier(away), ready={})

    @get("/private")
    async def private() -> None: ...

    app.register(private)
    async with connection_to(app) as client:
        answer = await client.get("/private", headers=token)
    problem(answer, 503, "unavailable")


async def test_another_tenants_data_does_not_exist(client, headers):
    await client.post("/notes/a", json=ONE, headers=headers(tenant="north"))
    answer = await client.get("/notes/a", headers=headers(tenant="south"))
    assert problem(answer, 404, "unknown_note")["note"] == "a"


async def test_a_missing_role_is_refused_and_named(client, headers, log):
    answer = await client.post("/notes/a", json=ONE, headers=headers(roles=["learner"]))
    document = problem(answer, 403, "role_missing")
    assert document["needed"] == ["instructor", "registrar"]
    assert await log.heads() == {}


async def test_learners_reach_only_what_is_their_own(client, headers):
    await client.post("/notes/lea", json=ONE, headers=headers())
    own = await client.get("/notes/lea", headers=headers("lea", roles=["learner"]))
    assert own.json() == {"scores": [0.5]}
    other = await client.get("/notes/lea", headers=headers("max", roles=["learner"]))
    problem(other, 403, "not_your_own")


async def test_a_refusal_carries_its_facts(client, headers):
    four = {"lines": [{"score": 0}] * 4}
    document = problem(
        await client.post("/notes/a", json=four, headers=headers()), 409, "note_full"
    )
    assert (document["note"], document["lines"]) == ("a", 0)
    assert document["detail"] == "Note full. (note: a, lines: 0)"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"lines": [', "$"),
        (b"", "$"),
        (b"\xff", "$"),
        (b'{"lines": "\xff"}', "$.lines"),
        (b'{"\xff": 1}', "$"),
        (b"2\xe9", "$"),
        (b'{"lines": [{"score": 0}, {"score": "0.5"}]}', "$.lines[1].score"),
        (b'{"lines": [{"score": 1.5}]}', "$.lines[0].score"),
        (b'{"lines": [{"score": 1, "extra": 1}]}', "$.lines[0]"),
        (b'{"lines": [{}]}', "$.lines[0]"),
        (
            b'{"lines": [{"score": 1, "occurred_at": "2026-01-01T00:00:00"}]}',
            "$.lines[0].occurred_at",
        ),
        (b'{"line": []}', "$"),
        (b"[]", "$"),
    ],
)
async def test_bad_input_is_refused_with_the_path_of_the_fault(client, headers, log, body, path):
    asked = headers(**{"Content-Type": "application/json"})
    answer = await client.post("/notes/a", content=body, headers=asked)
    assert problem(answer, 400, "malformed_request")["path"] == path
    assert await log.heads() == {}


async def test_a_value_of_a_closed_set_is_told_the_set(client, headers):
    answer = await client.get("/notes/sorted?order=up", headers=headers())
    (fault,) = problem(answer, 400, "malformed_request")["faults"]
    assert fault["message"].endswith("; allowed: 'asc', 'desc'")


async def test_the_faults_of_a_large_body_are_not_searched(client, headers):
    """That takes ten times as long as decoding, and holds the loop: the first is told."""
    body = json.dumps({"lines": [{"score": "x"}] * 5_000})
    assert SEARCHED_BYTES < len(body) < 100_000
    answer = await client.post("/notes/a", content=body, headers=headers(**JSON))
    told = problem(answer, 400, "malformed_request")
    assert told["path"] == "$.lines[0].score"
    assert "faults" not in told


async def test_a_bad_query_parameter_is_named(client, headers):
    answer = await client.get("/notes/a?limit=many", headers=headers())
    (fault,) = problem(answer, 400, "malformed_request")["faults"]
    assert (fault["key"], fault["source"]) == ("limit", "query")


async def test_another_media_type_is_refused(client, headers):
    answer = await client.post("/notes/a", data={"score": "1"}, headers=headers())
    problem(answer, 415, "unsupported_media_type")


async def test_a_body_beyond_the_limit_is_refused(client, headers, log):
    answer = await client.post("/notes/a", content=b"[" * 200_000, headers=headers())
    assert problem(answer, 413, "body_too_large")["limit_bytes"] == 100_000
    assert await log.heads() == {}


async def test_one_part_larger_than_what_is_accepted_is_refused(client, headers):
    async def large():
        yield b" " * 100_001

    answer = await client.post("/notes/a", content=large(), headers=headers(**JSON))
    problem(answer, 413, "body_too_large")


async def test_a_body_that_comes_byte_by_byte_is_read_only_so_far(client, headers):
    came = 0

    async def crumbs():
        nonlocal came
        for _ in range(90_000):
            came += 1
            yield b" "

    answer = await client.post("/notes/a", content=crumbs(), headers=headers(**JSON))
    assert "too many small parts" in problem(answer, 400, "malformed_request")["detail"]
    allowed = PARTS_AT_LEAST + 100_000 // BYTES_PER_PART
    assert came <= allowed + 2 + PARTS_AT_LEAST


async def test_a_body_in_some_parts_is_put_together(client, headers):
    async def parts():
        for byte in json.dumps(ONE).encode():
            yield bytes([byte])

    answer = await client.post("/notes/a", content=parts(), headers=headers(**JSON))
    assert answer.status_code == 201


async def test_an_unknown_route_is_a_problem_too(client):
    problem(await client.get("/nothing/here"), 404, "unknown_route")


async def test_a_wrong_method_is_told_the_right_ones(client, headers):
    answer = await client.delete("/notes/a", headers=headers())
    assert problem(answer, 405, "method_not_allowed")["allowed"] == [
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
    ]
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_head_is_answered_as_get_without_its_body(client, headers):
    await client.post("/notes/a", json={"lines": [{"score": 0.5}]}, headers=headers())
    for address, asked in (("/notes/a", headers()), ("/notes/a", {}), ("/nowhere", {})):
        whole = await client.get(address, headers=asked)
        head = await client.head(address, headers=asked)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == str(len(whole.content))
        assert head.headers.get("etag") == whole.headers.get("etag")
    refused = await client.head("/notes/a/nothing")
    assert refused.status_code == 404


async def test_a_fault_of_ours_tells_nothing_about_the_inside(client, headers):
    answer = await client.get("/notes/fault/ours", headers=headers())
    problem(answer, 500, "unexpected")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize("kind", ["postgres", "network", "late", "failover", "full"])
async def test_a_server_that_is_away_means_try_again(client, headers, kind):
    answer = await client.get(f"/notes/fault/{kind}", headers=headers())
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "10.0.0.7" not in answer.text


async def test_what_has_not_happened_yet_is_refused(client, headers, log):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"lines": [{"score": 1, "occurred_at": tomorrow}]}
    answer = await client.post("/notes/a", json=body, headers=headers())
    problem(answer, 422, "occurred_in_future")
    assert await log.heads() == {}


async def test_a_clock_that_is_a_little_fast_is_forgiven(client, headers):
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    body = {"lines": [{"score": 1, "occurred_at": soon}]}
    answer = await client.post("/notes/a", json=body, headers=headers())
    assert answer.status_code == 201


async def test_a_repeated_command_is_done_once(client, headers, log):
    keyed = headers(**{"Idempotency-Key": "k 1"})
    first = await client.post("/notes/a", json=ONE, headers=keyed)
    second = await client.post("/notes/a", json=ONE, headers=keyed)
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert first.headers["Milepost-Position"] == second.headers["Milepost-Position"]
    assert await log.heads() == {"north": 1}


async def test_a_key_belongs_to_its_caller_and_its_address(client, headers, log):
    key = {"Idempotency-Key": "k"}
    for path, who in [("/notes/a", "ines"), ("/notes/b", "ines"), ("/notes/a", "otto")]:
        answer = await client.post(path, json=ONE, headers=headers(who, **key))
        assert answer.status_code == 201
    assert await log.heads() == {"north": 3}


async def test_a_key_that_comes_again_with_another_body_is_refused(client, headers, log):
    keyed = headers(**{"Idempotency-Key": "k"})
    await client.post("/notes/a", json=ONE, headers=keyed)
    answer = await client.post("/notes/a", json={"lines": [{"score": 0.7}]}, headers=keyed)
    assert problem(answer, 422, "idempotency_key_reused")["key"] == "k"
    assert await log.heads() == {"north": 1}


async def test_the_log_does_not_tell_a_body_to_who_guesses_it(client, headers, log):
    for key in ("k-1", "k-2"):
        await client.post("/notes/a", json=ONE, headers=headers(**{"Idempotency-Key": key}))
    first, second = [json.loads(event.metadata)["request"] for event in await log.read("north")]
    assert first != second, "the body alone makes its digest"


async def test_without_a_key_every_command_is_new(client, headers, log):
    for _ in range(2):
        await client.post("/notes/a", json=ONE, headers=headers())
    assert await log.heads() == {"north": 2}


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "tab\there"])
async def test_a_key_that_is_no_key_is_refused(client, headers, key):
    keyed = headers() | {"Idempotency-Key": key.encode("latin-1")}
    answer = await client.post("/notes/a", json=ONE, headers=keyed)
    assert problem(answer, 400, "malformed_request")["header"] == "Idempotency-Key"


async def test_a_reader_says_which_position_it_waits_for(client, headers):
    async def position(**given):
        return (await client.get("/notes/position", headers=headers(**given))).json()["position"]

    assert await position() is None
    assert await position(**{"Milepost-Position": "17"}) == 17


@pytest.mark.parametrize("given", ["-1", "1.5", "", "latest", "9" * 30])
async def test_a_position_is_a_number(client, headers, given):
    answer = await client.get("/notes/position", headers=headers(**{"Milepost-Position": given}))
    assert problem(answer, 400, "malformed_request")["header"] == "Milepost-Position"


async def test_openapi_describes_bodies_and_the_token(client):
    document = (await client.get("/schema/openapi.json")).json()
    operation = document["paths"]["/notes/{note}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Lines"}
    assert document["security"] == [{"token": []}]
    assert operation["responses"]["400"]["content"].keys() == {"application/problem+json"}


async def test_openapi_shows_whole_problem_documents(client):
    document = (await client.get("/schema/openapi.json")).json()
    refused = document["paths"]["/notes/{note}"]["post"]["responses"]["409"]
    [example] = refused["content"]["application/problem+json"]["examples"].values()
    assert example["value"] == {
        "type": "urn:milepost:problem:note_full",
        "title": "Note full",
        "status": 409,
        "detail": "Note full. (note: a, lines: 3)",
        "instance": "/notes/a",
        "correlation": example["value"]["correlation"],
        "note": "a",
        "lines": 3,
    }


async def test_openapi_has_every_bound_that_the_decoder_has(client):
    document = (await client.get("/schema/openapi.json")).json()
    line = document["components"]["schemas"]["Line"]
    assert line["additionalProperties"] is False
    assert line["properties"]["score"] == {"type": "number", "minimum": 0, "maximum": 1}
    lines = document["components"]["schemas"]["Lines"]["properties"]["lines"]
    assert lines["items"] == {"$ref": "#/components/schemas/Line"}


async def test_options_tells_all_methods_of_an_address(client, headers):
    answer = await client.options("/notes/a", headers=headers())
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_parameter_that_is_not_known_is_refused(client, headers):
    await client.post("/notes/a", json=ONE, headers=headers())
    answer = await client.get("/notes/a", params={"limit": 1, "limti": 1}, headers=headers())
    assert problem(answer, 400, "malformed_request")["query"] == "limti"

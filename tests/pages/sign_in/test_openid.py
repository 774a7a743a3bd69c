"""Sign-in by an OpenID provider that answers over loopback, and what a false one may try."""

from urllib.parse import parse_qs, urlsplit

import jwt
import msgspec
import pytest
from tests.clients import connection_to
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider, serving

from milepost.operations.local.embedded import free_port
from milepost.operations.sign_in import ended_sessions
from milepost.operations.sign_in.app import service
from milepost.operations.sign_in.ended_sessions import EndedSessions
from milepost.operations.sign_in.provider import METADATA_SECONDS, Provider
from milepost.pages import app as pages
from milepost.web.app import create_app
from milepost.web.auth.session import SessionEnds, Sessions
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import SettingInvalid, Settings

OWN = {"Sec-Fetch-Site": "same-origin"}
FORM = {**OWN, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
async def provider(tmp_path_factory):
    port = free_port(0)
    folder = tmp_path_factory.mktemp("provider")
    made = OpenIdProvider(
        folder, f"http://127.0.0.1:{port}", "http://127.0.0.1:8400/sign-in/callback"
    )
    async with serving(made.app(), port):
        yield made


@pytest.fixture(autouse=True)
def truthful(provider):
    provider.lies, provider.metadata, provider.discovery_status = {}, {}, 200
    provider.claims = {"sub": "ines", "school": "north", "groups": ["teachers", "choir"]}
    provider.asked.clear()


@pytest.fixture(scope="module")
def settings(tmp_path_factory, provider):
    return Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        token_issuer=provider.url,
        token_keys=f"{provider.url}/jwks",
        token_tenant_claim="school",
        token_roles_claim="groups",
        token_role_names="teachers=instructor,desk=registrar",
        sign_in_client_id=CLIENT,
        sign_in_client_secret=SECRET,
    )


@pytest.fixture(scope="module")
def cookie(settings):
    return SessionCookie(settings)


@pytest.fixture(scope="module")
def make_app(settings, pool, cookie):
    def make_app():
        services = [service(settings, pool, cookie), pages.service()]
        return create_app(services, settings, TokenVerifier(settings), ready={}, cookie=cookie)

    return make_app


@pytest.fixture(scope="module")
def app(make_app):
    return make_app()


@pytest.fixture
async def browser_of(app):
    """A browser of its own each time: its cookies are kept."""
    opened = []

    async def browser_of():
        context = connection_to(app, raises=False)
        opened.append(context)
        return await context.__aenter__()

    yield browser_of
    for context in opened:
        await context.__aexit__(None, None, None)


async def leave(browser, back="/teach?week=3"):
    """The query with which it stands at the provider."""
    answer = await browser.get("/sign-in", params={"return": back})
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def way_back(provider, asked):
    there = urlsplit(provider.let_in(asked))
    return f"{there.path}?{there.query}"


async def signed_in(browser, provider, back="/teach?week=3"):
    return await browser.get(way_back(provider, await leave(browser, back)))


async def test_somebody_signs_in_and_is_back_where_they_were(browser_of, provider, cookie):
    browser = await browser_of()
    asked = await leave(browser)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid"
    assert len(asked["nonce"]) >= 20
    answer = await browser.get(way_back(provider, asked))
    assert (answer.status_code, answer.headers["location"]) == (303, "/teach?week=3")
    assert "no-store" in answer.headers["cache-control"]
    caller = cookie.sessions.read(browser.cookies[cookie.name])
    assert (caller.subject, caller.tenant, caller.roles) == ("ines", "north", {"instructor"})
    assert (await browser.get("/")).headers["location"] == "/teach"


async def test_a_planted_session_is_not_carried_on(browser_of, provider, cookie):
    browser = await browser_of()
    planted = cookie.sessions.issue("mallory", "north", ["learner"])
    browser.cookies.set(cookie.name, planted, domain="milepost.local", path="/")
    await signed_in(browser, provider)
    now = cookie.sessions.read(browser.cookies[cookie.name])
    before = cookie.sessions.read(planted)
    assert now.subject == "ines"
    assert {now.session, now.csrf}.isdisjoint({before.session, before.csrf})


async def test_two_tabs_sign_in_at_once(browser_of, provider):
    browser = await browser_of()
    one, other = await leave(browser, "/teach/one"), await leave(browser, "/teach/other")
    assert one["nonce"] != other["nonce"]
    for asked, page in ((other, "/teach/other"), (one, "/teach/one")):
        answer = await browser.get(way_back(provider, asked))
        assert answer.headers["location"] == page


async def test_another_browser_comes_back_with_nothing(browser_of, provider):
    """Neither who was sent somebody's link, nor who stole a code on its way."""
    victim, thief = await browser_of(), await browser_of()
    link = way_back(provider, await leave(thief))
    assert (await victim.get(link)).status_code == 400
    await leave(victim)
    assert (await victim.get(link)).status_code == 400, "its own attempt makes it no better"
    stolen = parse_qs(urlsplit(way_back(provider, await leave(victim))).query)["code"][0]
    own = await leave(thief)
    answer = await thief.get(
        "/sign-in/callback", params={"code": stolen, "state": own["state"], "iss": provider.url}
    )
    assert answer.status_code == 400, "the verifier is another"


async def test_a_code_is_worth_something_once(browser_of, provider):
    browser = await browser_of()
    asked = await leave(browser)
    link = way_back(provider, asked)
    before = dict(browser.cookies)
    assert (await browser.get(link)).status_code == 303
    browser.cookies.update(before)
    assert (await browser.get(link)).status_code == 400


@pytest.mark.parametrize(
    ("lies", "status"),
    [
        ({"nonce": "of-another-sign-in"}, 400),
        ({"nonce": None}, 400),
        ({"iss": "https://another.example"}, 400),
        ({"aud": "another-client"}, 400),
        ({"aud": [CLIENT, "another-client"]}, 400),
        ({"azp": "another-client"}, 400),
        ({"exp": 1}, 400),
        ({"iat": 10**11}, 400),
        ({"alg": "none"}, 400),
        ({"alg": "HS256"}, 400),  # with what the client knows as a secret
        ({"another key": True}, 400),
        ({"school": None}, 403),
        ({"school": "no/school"}, 403),
        ({"sub": "x" * 300}, 403),
        ({"groups": "x " * 2_000}, 403),
    ],
)
async def test_an_id_token_that_is_false_signs_nobody_in(
    browser_of, provider, lies, status, cookie
):
    provider.lies = lies
    browser = await browser_of()
    answer = await signed_in(browser, provider)
    assert answer.status_code == status, answer.text
    assert cookie.name not in browser.cookies
    assert "ID token" not in answer.text, "what was wrong is told to the log alone"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"iss": "https://another.example"}, 400),
        ({"iss": None}, 400),  # it promises to say so
        ({"state": "x"}, 400),
        ({"state": None}, 400),
        ({"code": "made-up"}, 400),
        ({"code": None}, 400),
        ({"code": None, "error": "access_denied"}, 403),
        ({"code": None, "error": "server_error"}, 503),
    ],
)
async def test_an_answer_that_is_false_signs_nobody_in(browser_of, provider, changed, status):
    browser = await browser_of()
    said = parse_qs(urlsplit(way_back(provider, await leave(browser))).query)
    query = {name: one[0] for name, one in said.items()} | changed
    answer = await browser.get(
        "/sign-in/callback", params={name: one for name, one in query.items() if one is not None}
    )
    assert answer.status_code == status
    assert "<h1>" in answer.text


async def test_a_state_ends_after_ten_minutes_and_is_of_this_installation(
    browser_of, provider, cookie
):
    browser = await browser_of()
    asked = await leave(browser)
    claims = jwt.decode(asked["state"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 600
    forged = (
        cookie.sessions.keys.sign("milepost-sign-in", claims, -1),
        cookie.sessions.keys.sign("milepost-session", claims, 600),
        Sessions(Settings(session_key="A" * 43 + "=")).keys.sign("milepost-sign-in", claims, 600),
    )
    for state in forged:
        link = way_back(provider, {**asked, "state": state})
        assert (await browser.get(link)).status_code == 400


async def test_nobody_is_sent_elsewhere_afterwards(browser_of, provider):
    browser = await browser_of()
    for address in ("https://evil.example/", "//evil.example", "/\\evil.example", "/sign-out"):
        answer = await signed_in(browser, provider, address)
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://another.example/token"},
        {"jwks_uri": "ftp://another.example/keys"},
        {"token_endpoint": None},
        {"end_session_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_is_none_is_away(make_app, provider, metadata):
    provider.metadata = metadata
    async with connection_to(make_app(), raises=False) as browser:
        answer = await browser.get("/sign-in")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_a_provider_that_tells_nothing_of_itself_is_away(make_app, provider, status):
    provider.discovery_status = status
    async with connection_to(make_app(), raises=False) as browser:
        assert (await browser.get("/sign-in")).status_code == 503


async def test_what_was_read_of_a_provider_stays_good_while_it_is_away(settings, provider):
    now = 0.0
    reader = Provider(settings, lambda: now)
    read = await reader.metadata()
    for provider.discovery_status in (403, 500):
        now += METADATA_SECONDS
        assert await reader.metadata() == read
    provider.discovery_status, provider.metadata = 200, {"issuer": "https://another.example"}
    now += METADATA_SECONDS
    assert await reader.metadata() == read


async def test_a_client_may_send_its_secret_in_the_form(make_app, provider):
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    async with connection_to(make_app()) as browser:
        assert (await signed_in(browser, provider)).status_code == 303


@pytest.mark.parametrize("issuer", ["http://id.example", "id.example", "file:///etc"])
def test_a_code_is_told_to_nobody_in_the_clear(settings, pool, cookie, issuer):
    clear = msgspec.structs.replace(settings, sign_in_issuer=issuer)
    with pytest.raises(SettingInvalid, match="MILEPOST_SIGN_IN_ISSUER"):
        service(clear, pool, cookie)


async def sign_out(browser, csrf, headers=FORM):
    return await browser.post("/sign-out", content=f"csrf={csrf}", headers=headers)


async def test_who_signs_out_is_out_everywhere(browser_of, provider, cookie, pool, settings):
    browser = await browser_of()
    await signed_in(browser, provider)
    token = browser.cookies[cookie.name]
    csrf = cookie.sessions.read(token).csrf
    assert (await sign_out(browser, "another")).status_code == 403
    assert (await sign_out(browser, csrf, {"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await browser.get("/")).status_code == 303, "still in"
    answer = await sign_out(browser, csrf)
    assert cookie.name not in browser.cookies
    there = urlsplit(answer.headers["refresh"].partition("url=")[2])
    assert parse_qs(there.query)["post_logout_redirect_uri"] == ["http://127.0.0.1:8400/"]
    with pytest.raises(NotAuthenticated):
        cookie.sessions.read(token)
    elsewhere = Sessions(settings)
    assert elsewhere.read(token).subject == "ines"
    await EndedSessions(pool, elsewhere).ask()
    with pytest.raises(NotAuthenticated):
        elsewhere.read(token)
    assert (await sign_out(browser, csrf)).status_code == 303, "once more is no fault"


async def test_all_that_ended_is_known_however_many(pool, settings, monkeypatch):
    monkeypatch.setattr(ended_sessions, "MOST_AT_ONCE", 2)
    sessions = Sessions(settings)
    callers = [sessions.read(sessions.issue("ines", "north", [])) for _ in range(5)]
    for one in callers:
        await EndedSessions(pool, Sessions(settings)).end(SessionEnds(one.session, one.expires_at))
    await EndedSessions(pool, sessions).ask()
    assert all(sessions.has_ended(one) for one in callers)


async def test_what_has_ended_is_not_kept_for_ever(pool, cookie):
    await pool.execute("insert into sessions.ended (id, expires_at) values ('old', 'epoch')")
    token = cookie.sessions.issue("ines", "north", [])
    caller = cookie.sessions.read(token)
    ends = SessionEnds(caller.session, caller.expires_at)
    await EndedSessions(pool, cookie.sessions).end(ends)
    assert await pool.fetchval("select count(*) from sessions.ended where id = 'old'") == 0


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        (["registrar", "learner"], "/office"),
        (["issuer", "learner"], "/issue"),
        (["instructor", "learner"], "/teach"),
        (["operator"], "/console"),
        (["auditor"], "/console"),
        (["learner"], "/my"),
    ],
)
async def test_the_front_page_leads_to_the_home_of_the_strongest_role(
    browser_of, cookie, roles, home
):
    browser = await browser_of()
    headers = {"Cookie": f"{cookie.name}={cookie.sessions.issue('ines', 'north', roles)}"}
    assert (await browser.get("/", headers=headers)).headers["location"] == home


async def test_the_front_page_is_for_everybody_in_their_language(browser_of, cookie):
    browser = await browser_of()
    for language in ("en", "de", "ar"):
        answer = await browser.get("/", headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["content-language"]) == (200, language)
        assert 'href="/sign-in"' in answer.text
    without = {"Cookie": f"{cookie.name}={cookie.sessions.issue('ines', 'north', [])}"}
    assert "no role" in (await browser.get("/", headers=without)).text

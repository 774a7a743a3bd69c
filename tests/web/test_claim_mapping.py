"""Tokens as providers make them: where tenant, learner and roles stand, and what is refused."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from milepost.web.auth.claims import ROLES, ClaimMapping, at, path_of
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import NotAuthenticated
from milepost.web.settings import SettingInvalid, Settings

KEY = rsa.generate_private_key(65537, 2048)
NOW = int(time.time())

# An access token of Keycloak 26 for a client `campus`, with an audience mapper and the school as a
# user attribute; one of Auth0 with an organization, whose Action adds the roles.
KEYCLOAK: dict[str, Any] = {
    "exp": NOW + 86_400,
    "iat": NOW,
    "jti": "onrtac:4c3c9d0e-2b8e-49d2-9f0b-0c8d7d1b2f53",
    "iss": "https://id.school.example/realms/school",
    "aud": ["milepost", "account"],
    "sub": "9f7c3c1e-8a55-4c0e-9d3c-0a1b2c3d4e5f",
    "typ": "Bearer",
    "azp": "campus",
    "sid": "1b8f2d1c-5d44-4b6e-8d55-7f3f6f0a9f10",
    "acr": "1",
    "allowed-origins": ["https://campus.school.example"],
    "realm_access": {"roles": ["default-roles-school", "offline_access", "operator"]},
    "resource_access": {
        "milepost.campus": {"roles": ["student"]},
        "account": {"roles": ["manage-account", "view-profile"]},
    },
    "scope": "openid profile email",
    "school": "north",
    "preferred_username": "ann",
}
AUTH0: dict[str, Any] = {
    "https://school.example/roles": ["Teacher", "Course admin"],
    "iss": "https://school.eu.auth0.com/",
    "sub": "auth0|65f0c7d2a1b2c3d4e5f60718",
    "aud": ["milepost", "https://school.eu.auth0.com/userinfo"],
    "iat": NOW,
    "exp": NOW + 86_400,
    "scope": "openid profile",
    "org_id": "org_kZ5vR2mJ8sQwX1aB",
    "azp": "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
    "permissions": ["operator"],
}
OF_KEYCLOAK = {
    "token_issuer": KEYCLOAK["iss"],
    "token_tenant_claim": "school",
    "token_roles_claim": "/resource_access/milepost.campus/roles",
    "token_role_names": "student=learner, school-staff=registrar, school-staff=issuer",
}
OF_AUTH0 = {
    "token_issuer": AUTH0["iss"],
    "token_tenant_claim": "org_id",
    "token_roles_claim": "https://school.example/roles",
    "token_role_names": "Teacher=instructor, Course admin=registrar",
}


@pytest.fixture
def keys(tmp_path):
    public = {**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "1", "alg": "RS256"}
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public]}))
    return str(path)


async def caller(keys, settings, claims, **changes):
    """Who is calling, with such a token; without the claims that are None."""
    kept = {name: one for name, one in {**claims, **changes}.items() if one is not None}
    token = jwt.encode(kept, KEY, "RS256", {"kid": "1"})
    return await TokenVerifier(Settings(token_keys=keys, **settings)).authenticate(token)


async def test_a_token_of_keycloak(keys):
    ann = await caller(keys, OF_KEYCLOAK, KEYCLOAK)
    assert (ann.tenant, ann.subject) == ("north", KEYCLOAK["sub"])
    assert ann.roles == {"learner"}, "the realm's operator is not ours"
    realm = {**OF_KEYCLOAK, "token_roles_claim": "realm_access.roles"}
    staff = {"roles": ["school-staff", "offline_access"]}
    office = await caller(keys, realm, KEYCLOAK, realm_access=staff)
    assert office.roles == {"registrar", "issuer"}


async def test_a_token_of_auth0(keys):
    ines = await caller(keys, OF_AUTH0, AUTH0)
    assert (ines.tenant, ines.subject) == ("org_kZ5vR2mJ8sQwX1aB", AUTH0["sub"])
    assert ines.roles == {"instructor", "registrar"}


@pytest.mark.parametrize("roles", [None, [], ["Janitor"], ["teacher"], "Teachers", ["operator"]])
async def test_what_is_not_mapped_grants_nothing(keys, roles):
    changes = {"https://school.example/roles": roles}
    assert (await caller(keys, OF_AUTH0, AUTH0, **changes)).roles == set()
    default = {**OF_AUTH0, "token_default_role": "learner"}
    assert (await caller(keys, default, AUTH0, **changes)).roles == {"learner"}


async def test_who_has_a_role_does_not_get_the_default_one(keys):
    ines = await caller(keys, {**OF_AUTH0, "token_default_role": "learner"}, AUTH0)
    assert "learner" not in ines.roles


async def test_roles_may_be_words_in_a_text(keys):
    words = {"https://school.example/roles": "Teacher Janitor"}
    assert (await caller(keys, OF_AUTH0, AUTH0, **words)).roles == {"instructor"}


async def test_a_token_without_a_school_belongs_to_the_default_one(keys):
    with pytest.raises(NotAuthenticated, match="org_id is missing"):
        await caller(keys, OF_AUTH0, AUTH0, org_id=None)
    default = {**OF_AUTH0, "token_default_tenant": "north"}
    assert (await caller(keys, default, AUTH0, org_id=None)).tenant == "north"
    assert (await caller(keys, default, AUTH0)).tenant == "org_kZ5vR2mJ8sQwX1aB"
    for wrong in ("", "no/school", 7, ["north"]):
        with pytest.raises(NotAuthenticated, match="claim is wrong"):
            await caller(keys, default, AUTH0, org_id=wrong)


@pytest.mark.parametrize("roles", [{"Teacher": True}, 7, [7], [["Teacher"]], True])
async def test_roles_of_another_shape_are_refused(keys, roles):
    with pytest.raises(NotAuthenticated, match="claim is wrong"):
        await caller(keys, OF_AUTH0, AUTH0, **{"https://school.example/roles": roles})


@pytest.mark.parametrize("sub", [None, "", 7, "a\nb"])
async def test_a_token_without_a_subject_is_nobodys(keys, sub):
    with pytest.raises(NotAuthenticated, match=r"claim is wrong|Subject must be"):
        await caller(keys, OF_AUTH0, AUTH0, sub=sub)


async def test_a_learner_may_be_another_claim(keys):
    settings = {**OF_KEYCLOAK, "token_subject_claim": "student.number"}
    found = await caller(keys, settings, KEYCLOAK, student={"number": "4711"})
    assert found.subject == "4711"


WRONG = [
    ({"token_roles_claim": "groups"}, "TOKEN_ROLE_NAMES: say what the names in groups mean"),
    ({"token_default_role": "learner"}, "TOKEN_ROLE_NAMES: a default role"),
    ({"token_role_names": "staff"}, "'staff': expected `theirs=ours`"),
    ({"token_role_names": "staff=admin"}, "ours is one of learner, instructor"),
    ({"token_role_names": "=registrar"}, "expected `theirs=ours`"),
    ({"token_role_names": "a=learner,,b=learner"}, "expected `theirs=ours`"),
    ({"token_tenant_claim": "a..b"}, "TOKEN_TENANT_CLAIM='a..b': expected a claim"),
    ({"token_tenant_claim": ".".join("abcdefghi")}, "expected a claim"),
    ({"token_subject_claim": "/"}, "TOKEN_SUBJECT_CLAIM='/': expected a claim"),
    ({"token_subject_claim": " sub"}, "expected a claim"),
    ({"token_subject_claim": "/a~2b"}, "a tilde is ~0"),
]


@pytest.mark.parametrize(("said", "told"), WRONG)
def test_what_makes_no_sense_is_told_at_the_start(keys, said, told):
    with pytest.raises(SettingInvalid) as refused:
        TokenVerifier(Settings(token_issuer="https://id.example", token_keys=keys, **said))
    assert told in str(refused.value)
    assert str(refused.value).startswith("MILEPOST_TOKEN_")


def test_the_development_issuers_tokens_are_not_mapped(tmp_path):
    said = Settings(data_dir=tmp_path, token_tenant_claim="org_id")
    with pytest.raises(SettingInvalid, match="set MILEPOST_TOKEN_ISSUER"):
        TokenVerifier(said)


MAPPED: dict[str, Any] = {
    "token_roles_claim": "groups",
    "token_role_names": "staff=issuer",
}


@given(st.lists(st.text(max_size=20) | st.sampled_from(ROLES), max_size=30))
def test_no_list_of_names_grants_what_was_not_mapped(names):
    mapping = ClaimMapping.of(Settings(token_issuer="x", token_keys="x", **MAPPED))
    read = mapping.read({"sub": "s", "tenant": "t", "exp": 1, "groups": names})
    assert set(read.roles) == {"issuer"} & ({"issuer"} if "staff" in names else set())


def test_a_pointer_reaches_names_with_dots_and_slashes():
    token = {"a.b": {"c/d": {"~": 1}}, "a": {"b": 2}}
    assert at(token, path_of("x", "/a.b/c~1d/~0")) == 1
    assert at(token, path_of("x", "a.b")) == 2
    assert at(token, path_of("x", "a.b.c")) is None

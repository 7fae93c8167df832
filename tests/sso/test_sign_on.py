"""Logging in by a real OpenID Connect provider, through the gateway and the write API."""

from uuid import UUID, uuid4

import jwt as pyjwt

from commands.learner import DeactivateLearner
from tests.commands.system import System as Commands
from tests.sso.conftest import Browser, Json, System
from tests.sso.mock import MockProvider, query_of


def somebody(mock: MockProvider, **more: object) -> str:
    """Somebody the company knows; their subject."""
    name = f"ann-{uuid4().hex[:8]}"
    claims = {
        "preferred_username": name,
        "name": "Ann Able",
        "email": f"{name}@example.com",
        "email_verified": True,
        "department": "Engineering",
    }
    mock.knows(name, **{**claims, **more})
    return name


def logs_in(browser: Browser, mock: MockProvider, subject: str) -> Json:
    return browser.tokens(mock.logs_in(browser.begins("corporate"), subject))


def claims_of(tokens: Json) -> Json:
    return dict(pyjwt.decode(tokens["access_token"], options={"verify_signature": False}))


def test_the_providers_are_listed(browser: Browser) -> None:
    items = browser.http.get("/sso").json()["items"]
    listed = {each["name"]: each for each in items}
    assert set(listed) == {"corporate", "crooked", "strict"}
    assert listed["corporate"] == {
        "name": "corporate",
        "title": "The company",
        "login_url": f"{browser.url}/sso/corporate/login",
    }


def test_the_browser_is_sent_to_the_provider_with_state_nonce_and_pkce(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    url = browser.begins("corporate")
    asked = query_of(url)
    assert url.startswith(f"{mock.issuer}/oauth2/authorize?")
    assert asked["redirect_uri"] == f"{lms.url}/sso/corporate/callback"
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_the_cookie_is_for_this_server_alone(browser: Browser) -> None:
    cookie = browser.http.get("/sso/corporate/login").headers["Set-Cookie"]
    assert cookie.startswith("lms-sso=")
    for part in ("HttpOnly", "Path=/sso", "SameSite=lax", "Max-Age=600"):
        assert part in cookie


def test_who_is_new_gets_an_account(browser: Browser, mock: MockProvider, lms: System) -> None:
    subject = somebody(mock, realm_access={"roles": ["lms trainers", "others"]})
    tokens = logs_in(browser, mock, subject)
    claims = claims_of(tokens)
    assert claims["roles"] == ["instructor"]
    assert tokens["refresh_token"]
    registered = lms.events("learner.registered.v1", claims["sub"])
    assert [each["department"] for each in registered] == ["Engineering"]
    assert lms.events("learner.logged_in.v1", claims["sub"])[0]["method"] == "oidc:corporate"
    links = lms.events("external_identity.linked.v1")
    assert [each["issuer"] for each in links if each["learner_id"] == claims["sub"]] == [
        mock.issuer
    ]


def test_who_comes_again_has_the_same_account_brought_up_to_date(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    subject = somebody(mock, realm_access={"roles": ["LMS Trainers"]})
    first = claims_of(logs_in(browser, mock, subject))
    mock.knows(
        subject,
        name="Ann Baker",
        email=f"{subject}@example.com",
        department="Sales",
        realm_access={"roles": ["LMS Bosses"]},
    )
    again = claims_of(logs_in(browser, mock, subject))
    assert again["sub"] == first["sub"]
    assert again["sid"] != first["sid"]
    assert again["roles"] == ["manager"]
    (updated,) = lms.events("learner.updated.v2", again["sub"])
    assert updated["department"] == "Sales"
    (changed,) = lms.events("learner.roles_changed.v1", again["sub"])
    assert (changed["granted"], changed["revoked"]) == (["manager"], ["instructor"])


def test_who_comes_again_unchanged_changes_nothing(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    subject = somebody(mock)
    learner = claims_of(logs_in(browser, mock, subject))["sub"]
    logs_in(browser, mock, subject)
    kinds = lms.query(
        "SELECT type FROM event_store.events WHERE stream_id = %s ORDER BY version", (learner,)
    )
    logged_in = ("learner.logged_in.v1",)
    assert kinds == [("learner.registered.v1",), logged_in, logged_in]


def test_a_verified_address_links_the_account_that_has_it(
    browser: Browser, mock: MockProvider
) -> None:
    address = f"{uuid4().hex[:8]}@example.com"
    first = somebody(mock, email=address)
    second = somebody(mock, email=address.upper())
    assert (
        claims_of(logs_in(browser, mock, first))["sub"]
        == (claims_of(logs_in(browser, mock, second))["sub"])
    )


def test_an_address_that_isn_t_verified_links_nothing(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    address = f"{uuid4().hex[:8]}@example.com"
    logs_in(browser, mock, somebody(mock, email=address))
    before = len(lms.events("external_identity.linked.v1"))
    for verified in (False, None, "true", 1):
        thief = somebody(mock, email=address, email_verified=verified)
        browser.is_refused(mock.logs_in(browser.begins("corporate"), thief), "no-account", 403)
    assert len(lms.events("external_identity.linked.v1")) == before


def test_who_has_no_address_gets_no_account(browser: Browser, mock: MockProvider) -> None:
    subject = somebody(mock, email=None)
    browser.is_refused(mock.logs_in(browser.begins("corporate"), subject), "no-account", 403)


def test_who_says_no_isn_t_let_in(browser: Browser, mock: MockProvider) -> None:
    browser.is_refused(mock.denies(browser.begins("corporate")))


def test_an_answer_is_good_once(browser: Browser, mock: MockProvider) -> None:
    back = mock.logs_in(browser.begins("corporate"), somebody(mock))
    browser.tokens(back)
    browser.is_refused(back)


def test_a_code_is_good_once(browser: Browser, mock: MockProvider, lms: System) -> None:
    back = mock.logs_in(browser.begins("corporate"), somebody(mock))
    browser.tokens(back)
    state = query_of(browser.begins("corporate"))["state"]
    code = query_of(back)["code"]
    refused = lms.refused("sign-on")
    browser.is_refused(f"{browser.url}/sso/corporate/callback?state={state}&code={code}")
    assert lms.refused("sign-on") == refused + 1, "it is in the audit history"


def test_another_browser_s_answer_is_refused(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    thief = lms.browser()
    back = mock.logs_in(thief.begins("corporate"), somebody(mock))
    browser.is_refused(back)
    browser.begins("corporate")
    browser.is_refused(back)


def test_two_log_ins_of_one_browser_may_end_in_any_order(
    browser: Browser, mock: MockProvider
) -> None:
    subject = somebody(mock)
    backs = [mock.logs_in(browser.begins("corporate"), subject) for _ in range(2)]
    for back in reversed(backs):
        browser.tokens(back)


def test_states_nobody_began_with_are_refused(browser: Browser) -> None:
    browser.begins("corporate")
    for query in (
        "",
        "?state=one-invented",
        "?code=two-invented",
        "?error=a-denial",
        "?state=made-up&code=made-up-too",
    ):
        browser.is_refused(f"{browser.url}/sso/corporate/callback{query}")


def test_a_log_in_that_took_too_long_is_refused(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    back = mock.logs_in(browser.begins("corporate"), somebody(mock))
    lms.query("UPDATE access.sso_logins SET expires_at = now()")
    browser.is_refused(back)


def test_there_is_no_other_provider(browser: Browser) -> None:
    for path in ("/sso/other/login", "/sso/other/callback?state=s&code=c"):
        assert browser.http.get(path).status_code == 404


def test_a_deactivated_account_lets_nobody_in(
    browser: Browser, mock: MockProvider, commands: Commands
) -> None:
    subject = somebody(mock)
    learner = claims_of(logs_in(browser, mock, subject))["sub"]
    commands.dispatch(DeactivateLearner(learner_id=UUID(learner)))
    back = mock.logs_in(browser.begins("corporate"), subject)
    browser.is_refused(back, "learner-inactive", 409)


def test_the_tokens_go_on_and_the_log_out_url_ends_the_provider_s_session_too(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    tokens = logs_in(browser, mock, somebody(mock))
    learner = claims_of(tokens)["sub"]
    refresh = {"refresh_token": tokens["refresh_token"]}
    tokens = browser.http.post("/login/refresh", json=refresh).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = browser.http.post("/sso/logout", headers=bearer)
    assert answer.status_code == 200
    url = answer.json()["logout_url"]
    asked = query_of(url)
    assert url.startswith(f"{mock.issuer}/oauth2/end_session?")
    assert asked["client_id"] == "lms-at-corporate"
    assert asked["post_logout_redirect_uri"] == lms.url
    hint = pyjwt.decode(asked["id_token_hint"], options={"verify_signature": False})
    assert hint["iss"] == mock.issuer
    assert browser.http.get(url).status_code == 200
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert browser.http.post("/login/refresh", json=refresh).status_code == 401
    assert len(lms.events("learner.logged_out.v1", learner)) == 1


def test_nothing_secret_is_kept_or_logged(
    browser: Browser, mock: MockProvider, lms: System
) -> None:
    url = browser.begins("corporate")
    asked = query_of(url)
    back = mock.logs_in(url, somebody(mock))
    tokens = browser.tokens(back)
    kept = lms.everything_kept()
    secrets = [
        asked["state"],
        asked["nonce"],
        query_of(back)["code"],
        *browser.http.cookies.values(),
    ]
    secrets += [str(tokens["access_token"]), tokens["refresh_token"], "the-secret-of-a-client"]
    for secret in secrets:
        assert secret not in kept

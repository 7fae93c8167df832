"""What providers, and those who pretend to be one, must not get away with."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import jwt as pyjwt
import pytest
from joserfc.jwk import RSAKey

from access.actor import SYSTEM
from adapters.oidc import LOGOUT_EVENT
from commands.external_identity import LinkIdentity
from tests.commands.system import Given
from tests.commands.system import System as Commands
from tests.sso.conftest import Browser, Json, System
from tests.sso.crooked import (
    CLIENT_ID,
    CLIENT_SECRET,
    OWN_KEY,
    CrookedProvider,
    elliptic_key,
    new_key,
)
from tests.sso.mock import query_of

NOW = time.time


def about_somebody() -> Json:
    name = f"bob-{uuid4().hex[:8]}"
    return {"preferred_username": name, "name": "Bob", "email": f"{name}@example.com"}


def answer(browser: Browser, provider: CrookedProvider, **claims: object) -> str:
    about = {**about_somebody(), **claims}
    subject = str(about.pop("sub", uuid4()))
    return provider.logs_in(browser.begins("crooked"), subject, **about)


def session_of(tokens: Json) -> Json:
    return dict(pyjwt.decode(tokens["access_token"], options={"verify_signature": False}))


def is_live(browser: Browser, tokens: Json) -> bool:
    refresh = {"refresh_token": tokens["refresh_token"]}
    fresh = browser.http.post("/login/refresh", json=refresh)
    if fresh.is_success:
        tokens.update(fresh.json())
    return fresh.is_success


def eventually_in(browser: Browser, crooked: CrookedProvider) -> None:
    """Logs in when the present keys are known."""
    deadline = time.monotonic() + 20
    while not browser.comes_back(answer(browser, crooked)).is_success:
        assert time.monotonic() < deadline, "the new key isn't learnt"
        time.sleep(0.2)


def registered(lms: System) -> int:
    return len(lms.events("learner.registered.v1"))


def test_an_honest_one_is_believed(browser: Browser, crooked: CrookedProvider) -> None:
    browser.tokens(answer(browser, crooked))


def test_several_audiences_are_fine_when_we_are_the_authorized_party(
    browser: Browser, crooked: CrookedProvider
) -> None:
    browser.tokens(answer(browser, crooked, aud=[CLIENT_ID, "others"], azp=CLIENT_ID))


def test_the_time_of_the_log_in_is_the_provider_s(
    browser: Browser, crooked: CrookedProvider
) -> None:
    an_hour_ago = int(NOW()) - 3600
    tokens = browser.tokens(answer(browser, crooked, auth_time=an_hour_ago))
    assert session_of(tokens)["auth_time"] == an_hour_ago
    assert "auth_time" not in session_of(browser.tokens(answer(browser, crooked)))


def test_who_logs_in_anew_there_has_stepped_up_here(
    browser: Browser, crooked: CrookedProvider
) -> None:
    about = about_somebody()
    before = browser.tokens(answer(browser, crooked, sub="stepper", **about))
    bearer = {"Authorization": f"Bearer {before['access_token']}"}
    begun = browser.http.post("/me/step-up/sign-on", json={}, headers=bearer)
    assert begun.status_code == 200, begun.text
    assert begun.headers["Cache-Control"] == "no-store"
    sent = browser.http.get(begun.json()["login_url"]).headers["Location"]
    asked = query_of(sent)
    assert (asked["prompt"], asked["max_age"]) == ("login", "600")
    stale = crooked.logs_in(sent, "stepper", **about, auth_time=int(NOW()) - 3600)
    browser.is_refused(stale)

    begun = browser.http.post("/me/step-up/sign-on", json={}, headers=bearer)
    sent = browser.http.get(begun.json()["login_url"]).headers["Location"]
    fresh = browser.tokens(crooked.logs_in(sent, "stepper", **about, auth_time=int(NOW())))
    assert "refresh_token" not in fresh
    assert session_of(fresh)["sid"] == session_of(before)["sid"]
    assert session_of(fresh)["auth_time"] >= int(NOW()) - 60


LIES: dict[str, Callable[[], Json]] = {
    "another audience": lambda: {"aud": "somebody-else"},
    "another authorized party": lambda: {"aud": [CLIENT_ID, "other"], "azp": "other"},
    "several audiences and no authorized party": lambda: {"aud": [CLIENT_ID, "other"]},
    "no audience": lambda: {"aud": None},
    "an audience of the wrong type": lambda: {"aud": {"lms": 1}},
    "another issuer": lambda: {"iss": "https://login.evil.example"},
    "the issuer with a slash": lambda: {"iss": "http://127.0.0.1/"},
    "no issuer": lambda: {"iss": None},
    "another nonce": lambda: {"nonce": "of-another-log-in"},
    "no nonce": lambda: {"nonce": None},
    "expired": lambda: {"exp": int(NOW()) - 120},
    "no expiry": lambda: {"exp": None},
    "an expiry that is no time": lambda: {"exp": "tomorrow"},
    "issued long ago": lambda: {"iat": int(NOW()) - 3600},
    "issued in the future": lambda: {"iat": int(NOW()) + 3600},
    "a log-in in the future": lambda: {"auth_time": int(NOW()) + 3600},
    "a log-in at no time": lambda: {"auth_time": "just now"},
    "a log-in before time": lambda: {"auth_time": -1},
    "a log-in at a time that is no number": lambda: {"auth_time": float("nan")},
    "not valid yet": lambda: {"nbf": int(NOW()) + 3600},
    "not a number": lambda: {"iat": float("nan")},
    "no subject": lambda: {"sub": None},
    "an empty subject": lambda: {"sub": ""},
    "a subject of the wrong type": lambda: {"sub": ["x"]},
    "a subject that is too long": lambda: {"sub": "x" * 300},
    "the hash of another access token": lambda: {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_lets_nobody_in_and_creates_nothing(
    browser: Browser, crooked: CrookedProvider, lms: System, lie: str
) -> None:
    before, refused = registered(lms), lms.refused("sign-on")
    crooked.lies = LIES[lie]()
    browser.is_refused(answer(browser, crooked))
    assert registered(lms) == before
    assert lms.refused("sign-on") == refused + 1, "it is in the audit history"


def forged(crooked: CrookedProvider) -> None:
    """The key's id is right, the key is not."""
    crooked.key = RSAKey.generate_key(2048, {"kid": crooked.key.kid})


def by_an_unknown_key(crooked: CrookedProvider) -> None:
    crooked.key = new_key()


def by_the_public_key_as_a_secret(crooked: CrookedProvider) -> None:
    crooked.algorithm = "HS256"


def by_nobody(crooked: CrookedProvider) -> None:
    crooked.algorithm = "none"


FORGERIES = [forged, by_an_unknown_key, by_the_public_key_as_a_secret, by_nobody]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda it: it.__name__)
def test_a_token_that_the_provider_has_not_signed_is_refused(
    browser: Browser, crooked: CrookedProvider, forgery: Callable[[CrookedProvider], None]
) -> None:
    browser.tokens(answer(browser, crooked))
    forgery(crooked)
    browser.is_refused(answer(browser, crooked))


def test_rotated_keys_are_learnt(browser: Browser, crooked: CrookedProvider) -> None:
    """At once, unless keys were asked for a moment ago."""
    for key, algorithm in ((new_key(), "RS256"), (elliptic_key(), "ES256"), (OWN_KEY, "RS256")):
        crooked.key, crooked.published, crooked.algorithm = key, [key], algorithm
        eventually_in(browser, crooked)


def test_made_up_keys_don_t_make_us_ask_again_and_again(
    browser: Browser, crooked: CrookedProvider
) -> None:
    browser.tokens(answer(browser, crooked))
    by_an_unknown_key(crooked)
    crooked.asked_for.clear()
    for _ in range(5):
        browser.is_refused(answer(browser, crooked))
    assert crooked.asked_for.count("/jwks") <= 1


def test_a_stolen_code_is_worth_nothing_in_another_log_in(
    browser: Browser, crooked: CrookedProvider, lms: System
) -> None:
    """PKCE: the code belongs to the verifier of the log-in it was given for."""
    stolen = answer(browser, crooked).partition("code=")[2].partition("&")[0]
    thief = lms.browser()
    own = answer(thief, crooked)
    code = own.partition("code=")[2].partition("&")[0]
    thief.is_refused(own.replace(code, stolen))


def test_another_provider_s_answer_is_refused(browser: Browser, crooked: CrookedProvider) -> None:
    back = answer(browser, crooked)
    browser.is_refused(back.replace("iss=http", "iss=https"))
    browser.is_refused(answer(browser, crooked).replace("/sso/crooked/", "/sso/corporate/"))


def test_a_provider_that_is_down_is_told_as_such(
    browser: Browser, crooked: CrookedProvider
) -> None:
    back = answer(browser, crooked)
    crooked.down = True
    problem = browser.is_refused(back, "provider-unavailable", 503)
    assert CLIENT_SECRET not in str(problem)


def test_without_just_in_time_accounts_only_who_is_linked_gets_in(
    browser: Browser, crooked: CrookedProvider, commands: Commands
) -> None:
    subject = str(uuid4())
    back = crooked.logs_in(browser.begins("strict"), subject, **about_somebody())
    browser.is_refused(back, "no-account", 403)
    person = Given(commands).a_person()
    link = LinkIdentity(
        learner_id=person.id, provider="oidc:strict", issuer=crooked.issuer, subject=subject
    )
    commands.dispatch(link, SYSTEM)
    back = crooked.logs_in(browser.begins("strict"), subject, email=None)
    assert session_of(browser.tokens(back))["sub"] == str(person.id)


def test_strange_claims_do_no_harm(browser: Browser, crooked: CrookedProvider) -> None:
    strange = {"department": ["x"], "groups": {"a": 1}, "name": 5, "preferred_username": "\x00"}
    browser.is_refused(answer(browser, crooked, **strange), "no-account", 403)
    strange |= {"preferred_username": None}
    browser.tokens(answer(browser, crooked, **strange))


class Guest:
    """Somebody logged in, in one session of the provider."""

    def __init__(self, browser: Browser, crooked: CrookedProvider, subject: str | None = None):
        self.subject = subject or str(uuid4())
        self.sid = uuid4().hex
        about = about_somebody()
        self.tokens = browser.tokens(
            answer(browser, crooked, sub=self.subject, sid=self.sid, **about)
        )


def tells(browser: Browser, token: str, provider: str = "crooked") -> int:
    form = {"logout_token": token}
    told = browser.http.post(f"/sso/{provider}/backchannel-logout", data=form)
    assert not token or token not in told.text
    if told.is_success:
        assert told.headers["Cache-Control"] == "no-store"
    return told.status_code


def test_the_provider_ends_one_session(
    browser: Browser, crooked: CrookedProvider, lms: System
) -> None:
    one = Guest(browser, crooked)
    other = Guest(browser, crooked, one.subject)
    assert tells(browser, crooked.logout_token(sid=one.sid)) == 200
    assert not is_live(browser, one.tokens)
    assert is_live(browser, other.tokens)
    learner = session_of(other.tokens)["sub"]
    assert len(lms.events("learner.logged_out.v1", learner)) == 1


def test_the_provider_ends_all_sessions_of_somebody(
    browser: Browser, crooked: CrookedProvider, lms: System
) -> None:
    one = Guest(browser, crooked)
    same = Guest(browser, crooked, one.subject)
    other = Guest(browser, crooked)
    assert tells(browser, crooked.logout_token(sub=one.subject)) == 200
    assert [is_live(browser, each.tokens) for each in (one, same, other)] == [False, False, True]
    reasons = lms.query(
        "SELECT metadata->>'reason' FROM event_store.events"
        " WHERE type = 'learner.logged_out.v1' AND stream_id = %s",
        (UUID(session_of(one.tokens)["sub"]),),
    )
    assert reasons == [("oidc:crooked: back-channel log-out",)] * 2


def test_a_log_out_token_is_good_once(browser: Browser, crooked: CrookedProvider) -> None:
    guest = Guest(browser, crooked)
    token = crooked.logout_token(sub=guest.subject)
    assert [tells(browser, token) for _ in range(2)] == [200, 400]


def test_one_provider_s_log_out_doesn_t_end_another_s_sessions(
    browser: Browser, crooked: CrookedProvider
) -> None:
    guest = Guest(browser, crooked)
    assert tells(browser, crooked.logout_token(sid=guest.sid), "strict") == 200
    assert tells(browser, crooked.logout_token(sid=guest.sid), "corporate") == 400
    assert is_live(browser, guest.tokens)


LOGOUT_LIES: dict[str, Json] = {
    "another audience": {"aud": "somebody-else"},
    "another issuer": {"iss": "https://login.evil.example"},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "no id": {"jti": None},
    "a nonce": {"nonce": "x"},
    "no event": {"events": None},
    "another event": {"events": {"urn:other": {}}},
    "nobody": {"sub": None, "sid": None},
    "a session of the wrong type": {"sid": 5},
}


@pytest.mark.parametrize("lie", LOGOUT_LIES)
def test_a_lie_logs_nobody_out(browser: Browser, crooked: CrookedProvider, lie: str) -> None:
    guest = Guest(browser, crooked)
    crooked.lies = LOGOUT_LIES[lie]
    assert tells(browser, crooked.logout_token(sub=guest.subject)) == 400
    assert is_live(browser, guest.tokens)


def test_what_isn_t_a_log_out_token_logs_nobody_out(
    browser: Browser, crooked: CrookedProvider
) -> None:
    guest = Guest(browser, crooked)
    claims = {"sub": guest.subject, "events": {}, "jti": "1"}
    good = crooked.logout_token(sub=guest.subject)
    for token in ("", "x", "a.b.c", good[:-4] + "AAAA", "é", "x" * 20_000, crooked.token(claims)):
        assert tells(browser, token) == 400
    crooked.header = {"typ": "at+jwt"}
    assert tells(browser, crooked.token({**claims, "events": {LOGOUT_EVENT: {}}})) == 400
    path = "/sso/crooked/backchannel-logout"
    bodies: list[Json] = [{"json": {"logout_token": good}}, {"data": {}}, {"content": good}]
    for body in bodies:
        assert browser.http.post(path, **body).status_code == 400
    twice = {"logout_token": [good, good]}
    assert browser.http.post(path, data=twice).status_code == 400
    assert is_live(browser, guest.tokens)

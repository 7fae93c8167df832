"""Access tokens that prove nothing are in the audit history."""

from functools import partial

import pytest

from access.keys import SigningKeys
from access.tokens import InvalidToken, TokenIssuer
from edge.refused_tokens import CountingVerifier
from tests.commands.doors import AUDIENCE, ISSUER, Doors
from tests.commands.system import System
from write_api.refused_tokens import count_tokens

COUNTED = ("access-token", "invalid-token")


def token_for(doors: Doors, *, issuer: str = ISSUER, audience: str = AUDIENCE) -> str:
    keys: SigningKeys = doors.keys
    made = TokenIssuer(keys, clock=doors.clock.timestamp, issuer=issuer, audience=audience)
    return made.access_token(doors.a_person().logged_in())


def test_what_was_never_good_is_counted_and_what_is_over_is_not(system: System) -> None:
    doors = Doors(system)
    verifier = CountingVerifier(doors.verifier, partial(count_tokens, doors.refusals))
    good = token_for(doors)
    assert verifier.verify(good).id
    before = doors.refused(None).get(COUNTED, 0)
    head, body, _ = good.split(".")
    bad = [
        "x",
        f"{head}.{body}.AAAA",
        token_for(doors, issuer="https://evil.example"),
        token_for(doors, audience="others"),
    ]
    for token in bad:
        with pytest.raises(InvalidToken):
            verifier.verify(token)
    doors.clock.advance(seconds=100_000)
    with pytest.raises(InvalidToken):
        verifier.verify(good)
    assert doors.refused(None)[COUNTED] == before + len(bad)

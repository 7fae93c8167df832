"""A provider that does whatever a test wants: rotates keys, lies in its tokens, ends sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from adapters.oidc import LOGOUT_EVENT
from tests.sso.mock import query_of

Json = dict[str, Any]
CLIENT_ID = "lms"
CLIENT_SECRET = "the-secret-of-a-client"  # looked for in logs


class CrookedProvider:
    """An honest one until told otherwise."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key: Any = OWN_KEY
        self.published: list[Any] = [self.key]
        self.algorithm = "RS256"
        self.header: Json = {}
        self.lies: Json = {}
        self.asked_for: list[str] = []
        self.down = False
        self.metadata: Json = {}
        self._codes: dict[str, Json] = {}

    def logs_in(self, url: str, subject: str, **claims: object) -> str:
        """Somebody agrees: where it sends the browser."""
        asked = query_of(url)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = {
            "challenge": asked["code_challenge"],
            "redirect_uri": asked["redirect_uri"],
            "claims": {"sub": subject, "nonce": asked["nonce"], **claims},
        }
        query = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(query)}"

    def token(self, claims: Json, **header: object) -> str:
        """A token signed by the present key; a lie of None leaves the claim out."""
        now = int(time.time())
        whole = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        whole = {**whole, **claims, **self.lies}
        whole = {name: value for name, value in whole.items() if value is not None}
        kid = {"kid": self.key.kid} if self.key.kid else {}
        header = {"alg": self.algorithm, **kid, **self.header, **header}
        if self.algorithm in {"HS256", "none"}:
            return unproven(header, whole, self.key)
        return jwt.encode(header, whole, self.key, algorithms=[self.algorithm])

    def logout_token(self, **claims: object) -> str:
        """A token for the back channel."""
        about = {"events": {LOGOUT_EVENT: {}}, "jti": secrets.token_hex(8), **claims}
        return self.token(about, typ="logout+jwt")

    def answer(self, path: str, form: Json, authorization: str) -> tuple[int, Json]:
        """What it says over HTTP."""
        self.asked_for.append(path)
        if self.down:
            return 500, {}
        if path == "/.well-known/openid-configuration":
            return 200, {**self._description(), **self.metadata}
        if path == "/jwks":
            keys = KeySet(self.published)
            return 200, dict(keys.as_dict(private=False))
        return self._tokens(form, authorization)

    def _tokens(self, form: Json, authorization: str) -> tuple[int, Json]:
        known = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if (
            known is None
            or known["challenge"] != challenge
            or known["redirect_uri"] != form.get("redirect_uri")
            or authorization != f"Basic {basic}"
        ):
            return 400, {"error": "invalid_grant", "error_description": form.get("code")}
        tokens = {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 60}
        return 200, {**tokens, "id_token": self.token(known["claims"])}

    def _description(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }


def new_key() -> RSAKey:
    """A key with an id."""
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})


def unproven(header: Json, claims: Json, key: Any) -> str:
    """A token that anybody can make: unsigned, or signed with the public key as if it were secret.

    Libraries refuse to make one.
    """
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (header, claims)]
    signed = b".".join(part.rstrip(b"=") for part in parts)
    proof = b""
    if header["alg"] != "none":
        digest = hmac.digest(key.as_pem(private=False), signed, "sha256")
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return (signed + b"." + proof).decode()


def elliptic_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})


OWN_KEY = new_key()
"""What it signs by unless a test says otherwise."""


@contextmanager
def crooked_provider(port: int) -> Iterator[CrookedProvider]:
    """It listens until the block ends."""
    provider = CrookedProvider(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

        def _answer(self, form: Json) -> None:
            authorization = self.headers.get("Authorization", "")
            status, content = provider.answer(self.path, form, authorization)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

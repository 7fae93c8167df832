"""What an OpenID Connect provider says about itself (Discovery 1.0)."""

from urllib.parse import urlsplit

import msgspec


class Metadata(msgspec.Struct, frozen=True):
    """What of it matters here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    def addresses(self) -> list[str]:
        """Everywhere that it wants to be asked."""
        known = (
            self.authorization_endpoint,
            self.token_endpoint,
            self.jwks_uri,
            self.userinfo_endpoint,
            self.end_session_endpoint,
        )
        return [address for address in known if address is not None]


def is_safe(address: str) -> bool:
    """Whether an address is https, or of this machine."""
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return parts.scheme == "https" or (parts.scheme == "http" and local)

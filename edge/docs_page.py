"""`/docs`: Swagger UI on the merged OpenAPI document, with every asset from this server."""

import gzip
import re
from functools import cache
from typing import NamedTuple

from swagger_ui_bundle import swagger_ui_path

PREFIX = "/docs/"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  filter: true,
  validatorUrl: null,
});
"""
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_MEDIA_TYPES = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "favicon-32x32.png": b"image/png",
}


class Asset(NamedTuple):
    """A file of the page: its headers and its bytes, plain and compressed."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    compressed: bytes


@cache
def page(title: str) -> Asset:
    """The page itself."""
    html = _PAGE.format(title=re.sub(r"[<>&]", "", title)).encode()
    headers = [(b"content-security-policy", _POLICY), (b"cache-control", b"no-cache")]
    return _asset(html, b"text/html; charset=utf-8", headers)


@cache
def asset(name: str) -> Asset | None:
    """A file that the page refers to, or None."""
    cached = [(b"cache-control", b"public, max-age=86400")]
    if name == "start.js":
        return _asset(_START, b"text/javascript; charset=utf-8", cached)
    if media_type := _MEDIA_TYPES.get(name):
        return _asset((swagger_ui_path / name).read_bytes(), media_type, cached)
    return None


def _asset(body: bytes, media_type: bytes, headers: list[tuple[bytes, bytes]]) -> Asset:
    common = [
        (b"content-type", media_type),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"accept-encoding"),
    ]
    return Asset([*common, *headers], body, gzip.compress(body, mtime=0))

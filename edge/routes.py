"""Which methods each path has, by the templates of OpenAPI: `/courses/{course_id}`."""

import re
from collections.abc import Iterable, Mapping

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

PARAMETER = re.compile(r"\{[^/{}]*\}")


class Routes:
    """Finds the methods of a path. OPTIONS every path has, and HEAD where there is a GET."""

    def __init__(self, methods: Mapping[str, Iterable[str]]) -> None:
        self._routes = [
            (_pattern(path), _implied(methods[path]))
            # A path without parameters wins over one that has some.
            for path in sorted(methods, key=lambda path: (path.count("{"), path))
        ]

    def methods(self, path: str) -> frozenset[str]:
        """The methods of a path; none when there is no such path."""
        for pattern, methods in self._routes:
            if pattern.fullmatch(path):
                return methods
        return frozenset()

    def allow(self, path: str) -> str:
        """The value of the `Allow` header for a path; empty when there is no such path."""
        return ", ".join(sorted(self.methods(path)))


class OptionsMiddleware:
    """ASGI middleware: answers OPTIONS with every method that the path has.

    Litestar's own answer names only those of the handler that it met first.
    """

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allow = self._routes.allow(scope["path"]) if scope.get("method") == "OPTIONS" else ""
        if not allow:
            await self._app(scope, receive, send)
            return
        headers = [(b"allow", allow.encode())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def routes_of(app: Litestar) -> Routes:
    """The routes of an API."""
    methods: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                methods.setdefault(route.path_format, set()).update(map(str, handler.http_methods))
    return Routes(methods)


def _implied(methods: Iterable[str]) -> frozenset[str]:
    return frozenset(methods) | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


def _pattern(template: str) -> re.Pattern[str]:
    literals = (re.escape(part) for part in PARAMETER.split(template))
    return re.compile("[^/]+".join(literals) + "/?")

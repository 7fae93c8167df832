"""A company's directory, as a client of SCIM."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

MEDIA_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class Scim:
    """Sends what a directory would send, and looks at each answer's form."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self._http = http
        self._token = token

    def sends(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Whatever is answered."""
        answer = self._http.request(
            method,
            f"/scim/v2{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": MEDIA_TYPE,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        if answer.content:
            assert answer.headers["Content-Type"] == MEDIA_TYPE
        return answer

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        """The body of an answer that must be a success."""
        answer = self.sends(method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def refused(
        self, status: int, method: str, path: str, body: Any = None, **headers: str
    ) -> Json:
        """The error of an answer that must have this status."""
        answer = self.sends(method, path, body, **headers)
        assert answer.status_code == status, answer.text
        error: Json = answer.json()
        assert error["schemas"] == [ERROR]
        assert error["status"] == str(status)
        assert error["detail"]
        return error

    def a_user(self, **more: Any) -> Json:
        """Somebody new, as answered."""
        return self.ok("POST", "/Users", a_person(**more))

    def a_group(self, *members: Json, **more: Any) -> Json:
        """A new group of these users, as answered."""
        body = {
            "schemas": [GROUP],
            "displayName": f"Group {uuid4().hex[:8]}",
            "members": [{"value": member["id"]} for member in members],
        }
        return self.ok("POST", "/Groups", body | more)

    def patches(self, path: str, *operations: Json, **headers: str) -> Json:
        """What is answered to a PATCH, or what it led to."""
        self.ok("PATCH", path, {"schemas": [PATCH], "Operations": [*operations]}, **headers)
        return self.ok("GET", path)

    def finds(self, path: str, **query: Any) -> Json:
        """A list response."""
        return self.ok("GET", f"{path}?{httpx.QueryParams(query)}")


def a_person(**more: Any) -> Json:
    """What a directory says of somebody whom nobody has heard of before."""
    name = f"jane-{uuid4().hex[:12]}"
    said = {
        "schemas": [USER, ENTERPRISE],
        "userName": name,
        "externalId": f"X-{name}",
        "name": {"givenName": "Jane", "familyName": "Doe"},
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
        "active": True,
        "title": "Engineer",
        ENTERPRISE: {"department": "Tools", "employeeNumber": "7"},
    }
    return said | more

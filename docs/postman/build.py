"""Makes the Postman collection and its environments of `journey.yaml` and the two scripts.

`python docs/postman/build.py` writes them; with `--check` it only says whether they are up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid5

import yaml

HERE = Path(__file__).parent
Json = dict[str, Any]

NAME = "LMS: one learner's journey"
ABOUT = """\
The whole journey in order, every operation of the API in it. Choose an environment, set `password`
(one for all seeded people; `lms info --secrets` prints it), run the collection: it logs in by
itself. Each run makes a learner and a course of its own. In production run only the folder
"Health and discovery", unless its data may be added to.

Written by `docs/postman/build.py` from `journey.yaml`; change it there.
"""
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ENVIRONMENTS = {
    "local": "http://127.0.0.1:8080",
    "staging": "https://lms.staging.example.com",
    "production": "https://lms.example.com",
}
USERNAMES = {role: role for role in ("admin", "instructor", "manager", "auditor", "analyst")}
MOST_TRIES = 150
PAUSE_MS = 100


def collection(folders: list[Json]) -> Json:
    """The collection, in format v2.1."""
    kept = {
        name for folder in folders for each in folder["requests"] for name in each.get("keep", ())
    }
    return {
        "info": {"_postman_id": _id(NAME), "name": NAME, "description": ABOUT, "schema": SCHEMA},
        "item": [_folder(folder) for folder in folders],
        "event": [
            _event("prerequest", (HERE / "before.js").read_text()),
            _event("test", (HERE / "after.js").read_text()),
        ],
        "variable": [{"key": name, "value": ""} for name in sorted(kept | {"position", "run"})],
    }


def environment(name: str, base_url: str) -> Json:
    """One environment; the password isn't in it."""
    values = [
        {"key": "base_url", "value": base_url, "type": "default", "enabled": True},
        {"key": "password", "value": "", "type": "secret", "enabled": True},
    ]
    values += [
        {"key": f"{role}_username", "value": username, "type": "default", "enabled": True}
        for role, username in USERNAMES.items()
    ]
    return {
        "id": _id(name),
        "name": f"LMS {name}",
        "values": values,
        "_postman_variable_scope": "environment",
    }


def _folder(folder: Json) -> Json:
    return {
        "name": folder["folder"],
        "description": folder["about"],
        "item": [_item(request) for request in folder["requests"]],
    }


def _item(request: Json) -> Json:
    events = [_event("test", _test(request))]
    if (steps := request.get("totp")) is not None:
        script = f"const steps = {steps};\n{(HERE / 'totp.js').read_text()}"
        events.insert(0, _event("prerequest", script))
    if before := request.get("before"):
        events.insert(0, _event("prerequest", before))
    return {"name": request["name"], "event": events, "request": _request(request)}


def _request(request: Json) -> Json:
    method, _, target = request["send"].partition(" ")
    made: Json = {"method": method, "header": [], "url": _url(target), "auth": {"type": "noauth"}}
    if role := request.get("as"):
        token = {"key": "token", "value": f"{{{{{role}_token}}}}", "type": "string"}
        made["auth"] = {"type": "bearer", "bearer": [token]}
    if "csv" in request:
        made["header"] = [{"key": "Content-Type", "value": "text/csv"}]
        made["body"] = {"mode": "raw", "raw": request["csv"]}
    if "body" in request:
        text = json.dumps(request["body"], indent=2, ensure_ascii=False)
        made["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    if "form" in request:
        fields = [{"key": name, "value": value} for name, value in request["form"].items()]
        made["body"] = {"mode": "urlencoded", "urlencoded": fields}
    return made


def _url(target: str) -> Json:
    path, _, query = target.partition("?")
    made: Json = {
        "raw": f"{{{{base_url}}}}{target}",
        "host": ["{{base_url}}"],
        "path": path.strip("/").split("/"),
    }
    if query:
        made["query"] = [{"key": name, "value": value} for name, value in parse_qsl(query)]
    return made


def _test(request: Json) -> str:
    status = request["expect"]
    lines = [
        "const v = name => pm.variables.get(name);",
        "const isJson = /json/.test(pm.response.headers.get('Content-Type') || '');",
        "const body = isJson ? pm.response.json() : {};",
    ]
    tests = [f"pm.test('it answers {status}', () => pm.response.to.have.status({status}));"]
    if status == 201 and "/scim/" not in request["send"]:
        tests += [
            "pm.test('it says where what was created is, and its version', () => {",
            "  const header = name => pm.response.headers.get(name);",
            "  pm.expect(header('Location').endsWith(`/${body.id}`)).to.equal(true);",
            "  pm.expect(header('ETag')).to.equal(`\"${body.version}\"`);",
            "  pm.expect(header('Lms-Position')).to.equal(String(body.position));",
            "});",
        ]
    tests += [
        f"pm.test({json.dumps(sentence)}, () => pm.expect({expression}).to.equal(true));"
        for sentence, expression in request.get("check", {}).items()
    ]
    tests += [
        f"pm.collectionVariables.set('{name}', {expression});"
        for name, expression in request.get("keep", {}).items()
    ]
    if condition := request.get("until"):
        return "\n".join(
            [*lines, *_waiting(f"pm.response.code === {status} && ({condition})", tests)]
        )
    return "\n".join([*lines, *tests])


def _waiting(condition: str, then: list[str]) -> list[str]:
    return [
        "const tries = Number(v('tries') || 0);",
        f"if (!({condition}) && tries < {MOST_TRIES}) {{",
        "  pm.collectionVariables.set('tries', tries + 1);",
        "  pm.execution.setNextRequest(pm.info.requestName);",
        f"  setTimeout(() => {{}}, {PAUSE_MS});",
        "} else {",
        "  pm.collectionVariables.unset('tries');",
        *(f"  {line}" for line in then),
        "}",
    ]


def _event(listen: str, script: str) -> Json:
    return {
        "listen": listen,
        "script": {"type": "text/javascript", "exec": script.strip().splitlines()},
    }


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://lms.example/postman/{name}"))


def files() -> dict[Path, str]:
    """What there is to write."""
    folders = yaml.safe_load((HERE / "journey.yaml").read_text())
    made = {HERE / "lms.postman_collection.json": collection(folders)}
    for name, base_url in ENVIRONMENTS.items():
        file = HERE / "environments" / f"{name}.postman_environment.json"
        made[file] = environment(name, base_url)
    return {
        file: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for file, content in made.items()
    }


def main() -> int:
    """Writes the files, or checks them."""
    if "--check" not in sys.argv:
        for file, text in files().items():
            file.write_text(text)
        return 0
    stale = [
        file for file, text in files().items() if not file.exists() or file.read_text() != text
    ]
    for file in stale:
        sys.stderr.write(f"{file} isn't what build.py makes: run it.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

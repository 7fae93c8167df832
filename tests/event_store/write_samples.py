"""Writes the samples of events that have none yet: `python -m tests.event_store.write_samples`.

Needs `DATABASE_URL` of a scratch database that was migrated.
"""

import base64
import os

import msgspec
import psycopg

from event_store.application import Log
from event_store.mapper import sealing_context
from tests.event_store import samples


def main() -> None:
    url = os.environ["DATABASE_URL"]
    with Log(url, samples.MASTER_KEY) as log, psycopg.connect(url, autocommit=True) as owner:
        _restore_key(owner)
        for event_type in samples.missing(samples.TYPES):
            fields = samples.plausible(event_type)
            for name, clear in event_type.personal.items():
                plain = msgspec.json.encode("Jane Roe" if "str" in str(clear) else None)
                if clear not in (str, str | None):
                    plain = msgspec.json.encode({"11111111-1111-4111-8111-111111111112": "Good."})
                context = sealing_context(samples.PERSON, name)
                fields[name] = log.keys.seal(samples.PERSON, plain, context)
            samples.path_of(event_type.name).write_bytes(msgspec.json.encode(fields) + b"\n")
        _keep_key(owner)


def _restore_key(owner: psycopg.Connection[tuple[bytes]]) -> None:
    if samples.WRAPPED_KEY.exists():
        owner.execute(
            "INSERT INTO event_store.personal_keys (person_id, wrapped_key) VALUES (%s, %s)"
            " ON CONFLICT DO NOTHING",
            (samples.PERSON, base64.b64decode(samples.WRAPPED_KEY.read_text())),
        )


def _keep_key(owner: psycopg.Connection[tuple[bytes]]) -> None:
    row = owner.execute(
        "SELECT wrapped_key FROM event_store.personal_keys WHERE person_id = %s", (samples.PERSON,)
    ).fetchone()
    if row and not samples.WRAPPED_KEY.exists():
        samples.WRAPPED_KEY.write_text(base64.b64encode(row[0]).decode() + "\n")


if __name__ == "__main__":
    main()

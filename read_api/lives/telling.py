"""Sentences about what happened: an event in the words of the table, a change in those of its
field."""

from typing import Final
from uuid import UUID

from event_store.record import Metadata
from read_api.lives.changes import Change, Path, Way
from read_api.lives.field_names import plain_name
from read_api.lives.names import Names
from read_api.lives.saying import Facts, say
from read_api.lives.table import words_of
from read_api.lives.words import AUTOMATIC, Words

NOBODY: Final = "the system"


def sentence(type: str, facts: Facts, metadata: Metadata, names: Names) -> str:
    """What happened, by whom, on whose behalf and why."""
    words = words_of(type)
    was_known = getattr(facts.value("before"), words.again_when or "nothing").is_something
    text = words.again if words.again and was_known else words.text
    told = text.format_map(facts)
    parts = (_by(words, facts, metadata, names), _behalf(metadata, names), _because(metadata))
    return f"{told[:1].upper()}{told[1:]}{''.join(parts)}."


def change_text(change: Change, stream_type: str, names: Names) -> str:
    """One change: `Grade in percent: changed from 40 to 55`."""
    is_part = change.path[-1].way in (Way.INDEX, Way.MEMBER) and (
        change.before is None or change.after is None
    )
    label = field_label(change.path[:-1] if is_part else change.path, stream_type, names)
    label = label[:1].upper() + label[1:]
    before, after = say(change.before, names), say(change.after, names)
    if change.before is None:
        return f"{label}: {after} added" if is_part else f"{label}: {after}"
    if change.after is None:
        return f"{label}: {before} removed"
    return f"{label}: changed from {before} to {after}"


def field_label(path: Path, stream_type: str, names: Names) -> str:
    """The field in plain English: `lessons of module “Ownership”, no. 2, title`."""
    first, *others = path
    label = plain_name(first.to, stream_type)
    for way, to in others:
        if way is Way.KEY:
            label += f" {say(to, names)}"
        elif way is Way.INDEX:
            label += f", no. {to + 1}"
        elif way is Way.NAME:
            label += f", {plain_name(to)}"
    return label


def _by(words: Words, facts: Facts, metadata: Metadata, names: Names) -> str:
    if metadata.imported:
        return ", as imported history says"
    if words.machine and facts.value(words.machine) == AUTOMATIC:
        return ", automatically"
    actor = metadata.actor
    if words.doer is not None and actor == facts.value(words.doer):
        return ""
    if words.doer is not None and not words.is_passive:
        return (
            ", recorded automatically" if actor is None else f", recorded by {_who(actor, names)}"
        )
    if actor is None:
        return ", automatically" if metadata.causation else f" by {NOBODY}"
    return f" by {_who(actor, names)}"


def _behalf(metadata: Metadata, names: Names) -> str:
    person = metadata.on_behalf_of
    if person is None or person == metadata.actor:
        return ""
    return f" on behalf of {_who(person, names)}"


def _because(metadata: Metadata) -> str:
    reason = (metadata.reason or "").strip().rstrip(".")
    return f", because “{reason}”" if reason else ""


def _who(person: UUID, names: Names) -> str:
    return str(names[person]) if person in names else f"somebody unknown ({person})"

"""The one table of words, by the topic of an event: `course.published` for `course.published.v1`.

A new type of event gets its words here, in the part that it belongs to.
"""

from collections.abc import Mapping
from typing import Final

from read_api.lives.keeping_words import KEEPING
from read_api.lives.learning_words import ASSESSMENTS, COURSES, ENROLMENTS, VOICES
from read_api.lives.people_words import ACCOUNTS, DOORS, TOGETHER
from read_api.lives.words import Weight, Words, step

WORDS: Final[Mapping[str, Words]] = {
    **COURSES,
    **ENROLMENTS,
    **ASSESSMENTS,
    **VOICES,
    **ACCOUNTS,
    **DOORS,
    **TOGETHER,
    **KEEPING,
}


def topic_of(type: str) -> str:
    """The name of a type of event without its version."""
    return type.rpartition(".v")[0] or type


def words_of(type: str) -> Words:
    """The words of a type of event; those of one that has none are made of its name."""
    topic = topic_of(type)
    known = WORDS.get(topic)
    return known or step(topic.replace(".", " ").replace("_", " ").capitalize())


def is_key(type: str) -> bool:
    """Whether an event of this type is told wherever its stream had a part."""
    return words_of(type).weight is Weight.KEY

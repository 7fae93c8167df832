"""What somebody can do, and how well."""

from domain import text
from domain.errors import Conflict, Invalid, NotFound
from domain.identity import canonical

LEVELS = range(1, 6)
"""1 novice, 2 advanced beginner, 3 competent, 4 proficient, 5 expert (Dreyfus and Dreyfus)."""
MAX_SKILLS = 200


class SkillNotFound(NotFound):
    code = "skill-not-found"


class TooManySkills(Conflict):
    code = "too-many-skills"


def skill_name(name: str) -> str:
    """Raises `Invalid` for a name that is none."""
    return text.required(name, "skill", 100)


def skill_key(name: str) -> str:
    """Equal for two spellings of one skill's name: `SQL`, `sql`."""
    return canonical(name)


def skill_level(level: int) -> int:
    """Raises `Invalid` for a level outside the scale."""
    if level not in LEVELS:
        raise Invalid("level must be from 1 (novice) to 5 (expert).", field="level")
    return level

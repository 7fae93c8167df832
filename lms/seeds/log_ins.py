"""Who can log in to a seeded system."""

from lms.seeds.people import PEOPLE
from lms.settings import Settings


def log_ins(settings: Settings) -> dict[str, str]:
    """Each seeded user name with the role, and the password that they were registered with."""
    roles = {person.username: str(person.role) for person in PEOPLE}
    return {**roles, "password": settings.data_folder().secrets().seed_password}

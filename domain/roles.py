"""The roles a person can hold."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    MANAGER = "manager"
    EMPLOYEE = "employee"
    AUDITOR = "auditor"
    ANALYST = "analyst"
    SYSTEM = "system"
    """The policies' own role; never granted to a person."""

"""The roles a person can hold."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    MANAGER = "manager"
    EMPLOYEE = "employee"
    AUDITOR = "auditor"
    ANALYST = "analyst"
    DEPARTMENT_ADMIN = "department_admin"
    """Looks after the accounts of some departments, which are granted together with it."""
    SYSTEM = "system"
    """The policies' own role; never granted to a person."""

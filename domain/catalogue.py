"""Every kind of stream there is. A new aggregate is added here."""

from domain.aggregate import Aggregate
from domain.course import Course
from domain.learner import Learner
from domain.unique_name import UniqueName

AGGREGATES: tuple[type[Aggregate], ...] = (
    Course,
    Learner,
    UniqueName,
)

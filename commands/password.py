"""Setting a password, whoever does it and why."""

from access.challenges import forget_challenges_statement
from access.external_identities import LOGS_IN_ELSEWHERE
from access.mail_queue import MailKind, wanted_statement
from access.resets import forget_links_statement
from commands.work import Work
from domain.errors import Conflict
from domain.learner import Learner


class NoPasswordHere(Conflict):
    """Somebody else checks who this person is, and may stop doing so at any time."""

    code = "no-password-here"


def must_have_password(work: Work, learner: Learner) -> None:
    """Raises `NoPasswordHere` for who only gets in by single sign-on or the directory."""
    if work.says(LOGS_IN_ELSEWHERE, {"id": learner.id}):
        raise NoPasswordHere("This person logs in elsewhere, and has no password here.")


def save_password(work: Work, learner: Learner, password: str) -> None:
    """Saves it with the events; no mailed link and no half of a log-in is good from then on.

    Raises `access.passwords.UnacceptablePassword`: weak, made of the learner's own names, or used
    before.
    """
    hashed = work.passwords.hash(password, learner.known_as, learner_id=learner.id)
    for statement in work.passwords.save_statements(learner.id, hashed, work.now):
        work.execute_too(*statement)
    work.execute_too(*forget_links_statement(learner.id))
    work.execute_too(*forget_challenges_statement(learner.id))


def tell_of_change(work: Work, learner: Learner) -> None:
    """The owner is told by mail: it may not have been them."""
    kind = MailKind.PASSWORD_CHANGED
    work.execute_too(*wanted_statement(work.new_id(), learner.id, kind, work.now))

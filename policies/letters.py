"""The words of mail about one's account."""

from datetime import timedelta
from uuid import UUID

from adapters.mail import Mail
from domain.learner import Learner


class Letters:
    """`reset_page` is where a link leads; behind it come # and the token, which a browser keeps to
    itself."""

    def __init__(self, reset_page: str) -> None:
        self._reset_page = reset_page

    def password_reset(self, id: UUID, learner: Learner, token: str, good_for: timedelta) -> Mail:
        minutes = round(good_for.total_seconds() / 60)
        return _to(
            learner,
            id,
            "Choose a new password",
            f"somebody, we hope it was you, asked for a new password for your account"
            f" {learner.username}.\n\nChoose one here, within {minutes} minutes and once:\n\n"
            f"{self._reset_page}#{token}\n\n"
            "If it wasn't you, there is nothing to do: your password stays as it is.",
        )

    def password_changed(self, id: UUID, learner: Learner) -> Mail:
        return _to(
            learner,
            id,
            "Your password was changed",
            f"the password of your account {learner.username} has just been changed.\n\n"
            "If it wasn't you, ask for a new one at once and tell your administrator:\n\n"
            f"{self._reset_page}",
        )


def _to(learner: Learner, id: UUID, subject: str, text: str) -> Mail:
    return Mail(
        id=id,
        to_name=learner.full_name,
        to_address=learner.email,
        subject=subject,
        text=f"Hello {learner.full_name},\n\n{text}\n",
        learner_id=learner.id,
    )

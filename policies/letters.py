"""The words of mail to people, in one's language: see `wording/<language>.json`."""

from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from adapters.mail import Mail
from domain.learner import Learner
from domain.wording import Wording

WORDING: Final = Wording.read(Path(__file__).parent / "wording")


class Letters:
    """`reset_page` is where a link leads; behind it come # and the token, which a browser keeps to
    itself."""

    def __init__(self, reset_page: str) -> None:
        self._reset_page = reset_page

    def password_reset(self, id: UUID, learner: Learner, token: str, good_for: timedelta) -> Mail:
        minutes = round(good_for.total_seconds() / 60)
        link = f"{self._reset_page}#{token}"
        return _letter(id, learner, "password_reset", link=link, minutes=str(minutes))

    def password_changed(self, id: UUID, learner: Learner) -> Mail:
        return _letter(id, learner, "password_changed", link=self._reset_page)

    def survey_invitation(self, id: UUID, learner: Learner, title: str) -> Mail:
        return _letter(id, learner, "survey_invitation", survey_title=title)


def _letter(id: UUID, learner: Learner, kind: str, **params: str) -> Mail:
    def worded(key: str, **more: str) -> str:
        text = WORDING.text(key, {"username": learner.username, **params, **more}, learner.language)
        assert text is not None, key
        return text

    return Mail(
        id=id,
        to_name=learner.full_name,
        to_address=learner.email,
        subject=worded(f"{kind}.subject"),
        text=worded("letter", name=learner.full_name, text=worded(f"{kind}.text")),
        learner_id=learner.id,
    )

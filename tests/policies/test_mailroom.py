"""From "I have forgotten my password" to the mail, and from its link to a new password."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.mail_queue import MailQueue
from access.passwords import FormerPassword, WeakPassword
from access.refusals import Refusals
from access.resets import InvalidResetLink, Resets
from access.sessions import Sessions
from access.throttle import RESETS_PER_ADDRESS, RESETS_PER_NAME, Throttle
from adapters.mail import Mail, MailFailed
from commands.consent import (
    DescribeConsentPurpose,
    GiveConsent,
    NewPurposeText,
    WithdrawConsent,
)
from commands.context import Context
from commands.external_identity import LinkIdentity
from commands.forgotten_password import ForgottenPasswords, TooManyWishes
from commands.learner import ChangePassword, DeactivateLearner, UpdateLearner
from commands.password import NoPasswordHere
from commands.password_reset import RequestPasswordReset
from commands.survey_invitation import InviteToSurvey
from domain.consent_purpose import OPTIONAL_MAIL
from domain.learner import Learner
from domain.password_reset import PasswordReset
from policies.equipment import Equipment
from policies.letters import Letters
from policies.mailroom import Mailroom
from policies.refusals import RefusalTeller
from tests.commands.system import ADMIN, MASTER_KEY, Given, Person, System
from tests.policies.equipped import counts, query

NEW = "a pelican on a staple"
ADDRESS = "192.0.2.9"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Postbox:
    """A mailer that keeps what it gets, or fails."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.failure: MailFailed | None = None

    def send(self, mail: Mail) -> None:
        if self.failure:
            raise self.failure
        self.mails.append(mail)

    @property
    def token(self) -> str:
        """Of the last link."""
        found = re.search(r"https://lms\.example/reset#(\S+)", self.mails[-1].text)
        assert found
        return found[1]


class Office:
    """Both ends of the mail on one database."""

    def __init__(self, system: System, pool: ConnectionPool[Any], clock: Clock) -> None:
        self.clock, self.post, self.system = clock, Postbox(), system
        self.refusals = Refusals(pool, MASTER_KEY, clock=clock)
        self.resets = Resets(pool, clock=clock)
        self.queue = MailQueue(pool, clock=clock)
        self.sessions = Sessions(pool, clock=clock)
        self.throttle = Throttle(pool, MASTER_KEY, clock=clock)
        self.forgotten = ForgottenPasswords(
            system.log,
            system.dispatcher,
            self.resets,
            self.refusals,
            asking=Throttle(
                pool,
                bytes(32),
                per_account=RESETS_PER_NAME,
                per_address=RESETS_PER_ADDRESS,
                clock=clock,
            ),
            guessing=self.throttle,
        )
        self.mailroom = Mailroom(
            system.log,
            system.dispatcher,
            pool,
            self.resets,
            self.queue,
            self.refusals,
            self.post,
            Letters("https://lms.example/reset"),
            clock=clock,
        )
        self.teller = RefusalTeller(self.refusals, system.dispatcher, clock=clock)

    def context(self) -> Context:
        return Context(
            actor=Actor(id=None, roles=frozenset()),
            now=self.clock(),
            correlation_id=uuid4(),
            command_id=uuid4(),
            source_address=ADDRESS,
        )

    def ask(self, name: str) -> Context:
        context = self.context()
        self.forgotten.ask(name, context)
        return context

    def work(self) -> None:
        while self.mailroom.grant_wishes() or self.mailroom.deliver():
            pass

    def choose(self, token: str, password: str = NEW) -> None:
        self.forgotten.choose(token, password, self.context())

    def learner(self, person: Person) -> Learner:
        learner = self.system.log.find_latest(Learner, person.id)
        assert learner is not None
        return learner

    def knows(self, person: Person, password: str) -> bool:
        return self.system.dispatcher._passwords.verify(person.id, password)

    def pass_time(self, **time: float) -> None:
        self.clock.now += timedelta(**time)


@pytest.fixture
def office(system: System, equipment: Equipment) -> Office:
    return Office(system, equipment.pool, Clock())


def resets_of(office: Office) -> list[str]:
    with office.mailroom._pool.connection() as connection:
        rows = connection.execute(
            "SELECT type FROM event_store.events WHERE stream_type = 'password_reset'"
            " ORDER BY position"
        ).fetchall()
    return [row[0].split(".")[1] for row in rows]


@pytest.mark.parametrize("by", ["username", "email"])
def test_a_link_is_mailed_and_sets_a_password_once(
    office: Office, a_learner: Person, by: str
) -> None:
    learner = office.learner(a_learner)
    asked = office.ask(f" {getattr(learner, by).upper()} ")
    office.work()
    (mail,) = office.post.mails
    assert (mail.to_address, mail.to_name) == (learner.email, learner.full_name)
    assert "30 minutes" in mail.text
    session = office.sessions.start(a_learner.id)
    office.choose(office.post.token)
    assert office.knows(a_learner, NEW)
    assert not office.sessions.is_live(session.session_id)
    with pytest.raises(InvalidResetLink):
        office.choose(office.post.token, "another pelican staple")
    assert resets_of(office) == ["requested", "mailed", "used"]
    with office.mailroom._pool.connection() as connection:
        rows = connection.execute(
            "SELECT metadata->>'correlation_id', metadata->>'actor', metadata->>'causation'"
            " FROM event_store.events WHERE stream_type = 'password_reset' ORDER BY position"
        ).fetchall()
    assert [row[0] == str(asked.correlation_id) for row in rows] == [True, True, False]
    assert [row[1] for row in rows] == [None, None, str(a_learner.id)]
    assert [row[2] is not None for row in rows] == [False, True, False]


def test_the_owner_is_told_that_the_password_was_changed(office: Office, a_learner: Person) -> None:
    office.ask(office.learner(a_learner).email)
    office.work()
    office.choose(office.post.token)
    office.work()
    assert [mail.subject for mail in office.post.mails] == [
        "Choose a new password",
        "Your password was changed",
    ]
    assert NEW not in office.post.mails[-1].text


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("de-CH", "Wählen Sie ein neues Passwort", "30 Minuten"),
        ("fr", "Choisissez un nouveau mot de passe", "30 minutes"),
        ("ja", "Choose a new password", "30 minutes"),
    ],
)
def test_people_are_written_to_in_their_language(
    office: Office, a_learner: Person, language: str, subject: str, said: str
) -> None:
    office.system.dispatch(UpdateLearner(learner_id=a_learner.id, language=language))
    learner = office.learner(a_learner)
    office.ask(learner.email)
    office.work()
    (mail,) = office.post.mails
    assert mail.subject == subject
    for each in (said, learner.username, learner.full_name):
        assert each in mail.text
    office.choose(office.post.token)


def test_for_a_name_that_nobody_has_the_same_is_written_and_nothing_follows(
    office: Office, a_learner: Person, equipment: Equipment
) -> None:
    office.ask("nobody@example.com")
    office.ask(office.learner(a_learner).email)
    rows = query(equipment, "SELECT w::text FROM access.reset_wishes w")
    assert len(rows) == 2
    assert not any("@" in row[0] or ADDRESS in row[0] for row in rows)
    before = counts(equipment)
    office.work()
    assert len(office.post.mails) == 1
    assert counts(equipment) == before | {
        "password_reset.requested.v1": 1,
        "password_reset.mailed.v1": 1,
    }
    assert query(equipment, "SELECT FROM access.reset_wishes") == []


def test_a_link_is_good_for_half_an_hour(office: Office, a_learner: Person) -> None:
    office.ask(office.learner(a_learner).email)
    office.work()
    office.pass_time(minutes=30)
    with pytest.raises(InvalidResetLink):
        office.choose(office.post.token)
    assert not office.knows(a_learner, NEW)
    assert office.resets.forget_expired() == 0
    office.pass_time(seconds=1)
    assert office.resets.forget_expired() == 1


def test_a_password_that_is_refused_leaves_the_link_good(office: Office, a_learner: Person) -> None:
    learner = office.learner(a_learner)
    office.system.dispatch(ChangePassword(learner_id=a_learner.id, password=NEW))
    office.ask(learner.email)
    office.work()
    token = office.post.token if "reset#" in office.post.mails[-1].text else ""
    token = token or re.findall(r"reset#(\S+)", office.post.mails[0].text)[0]
    for password, error in (
        ("password", WeakPassword),
        (learner.username, WeakPassword),
        (NEW, FormerPassword),
    ):
        with pytest.raises(error):
            office.choose(token, password)
    office.choose(token, "another pelican staple")


def test_a_changed_password_and_a_used_link_make_all_other_links_worthless(
    office: Office, a_learner: Person
) -> None:
    tokens = []
    for _ in range(3):
        office.ask(office.learner(a_learner).email)
        office.work()
        tokens.append(office.post.token)
    office.choose(tokens[1])
    for token in tokens:
        with pytest.raises(InvalidResetLink):
            office.choose(token, "another pelican staple")


def test_of_two_who_come_with_one_link_at_the_same_time_one_gets_in(
    office: Office, a_learner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.ask(office.learner(a_learner).email)
    office.work()
    link = office.resets.find(office.post.token)
    office.choose(office.post.token)
    # The other one found the link before it was used.
    monkeypatch.setattr(office.resets, "find", lambda _: link)
    with pytest.raises(InvalidResetLink):
        office.choose(office.post.token, "another pelican staple")
    assert office.knows(a_learner, NEW)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 100_000, "../../etc/passwd"])
def test_what_is_no_token_leads_nowhere(office: Office, token: str) -> None:
    with pytest.raises(InvalidResetLink):
        office.choose(token)


def test_nobody_is_drowned_in_mail(office: Office, a_learner: Person) -> None:
    learner = office.learner(a_learner)
    for _ in range(3):
        office.ask(learner.email)
    with pytest.raises(TooManyWishes) as error:
        office.ask(learner.email)
    assert error.value.retry_after == 1
    assert learner.email not in str(error.value)
    for name in (learner.username, learner.username.upper()):
        office.ask(name)
    office.work()
    assert len(office.post.mails) == 3


def test_a_deactivated_person_gets_no_mail(office: Office, a_learner: Person) -> None:
    office.ask(office.learner(a_learner).email)
    office.mailroom.grant_wishes()
    office.system.dispatch(DeactivateLearner(learner_id=a_learner.id))
    office.ask(office.learner(a_learner).email)
    office.work()
    assert office.post.mails == []
    assert resets_of(office) == ["requested", "abandoned"]


def test_a_deactivated_person_can_not_use_a_link(office: Office, a_learner: Person) -> None:
    office.ask(office.learner(a_learner).email)
    office.work()
    office.system.dispatch(DeactivateLearner(learner_id=a_learner.id))
    with pytest.raises(InvalidResetLink):
        office.choose(office.post.token)


def elsewhere(office: Office, person: Person) -> None:
    """An identity provider vouches for them from now on."""
    office.system.dispatch(
        LinkIdentity(
            learner_id=person.id, provider="oidc:it", issuer="https://it", subject=uuid4().hex
        )
    )


def test_who_gets_in_elsewhere_only_gets_no_password_here(
    office: Office, a_learner: Person
) -> None:
    office.system.dispatch(RequestPasswordReset(learner_id=a_learner.id))
    office.work()
    token = office.post.token
    elsewhere(office, a_learner)
    with pytest.raises(InvalidResetLink):
        office.choose(token)
    mails = len(office.post.mails)
    office.ask(office.learner(a_learner).email)
    office.work()
    assert len(office.post.mails) == mails
    told = [(it.reason, it.number) for it in office.refusals.untold(10_000)]
    assert ("no-password", 2) in told
    for command in (
        RequestPasswordReset(learner_id=a_learner.id),
        ChangePassword(learner_id=a_learner.id, password=NEW),
    ):
        office.system.when(command).refuses(NoPasswordHere)


def test_who_has_a_password_beside_may_forget_it(office: Office, a_learner: Person) -> None:
    office.system.dispatch(ChangePassword(learner_id=a_learner.id, password="something of 7 words"))
    elsewhere(office, a_learner)
    office.ask(office.learner(a_learner).email)
    office.work()
    office.choose(office.post.token)
    assert office.knows(a_learner, NEW)


def test_an_administrator_sends_a_link_to_who_has_no_password_yet(
    office: Office, a_learner: Person
) -> None:
    office.system.dispatch(RequestPasswordReset(learner_id=a_learner.id))
    office.work()
    office.choose(office.post.token)
    assert office.knows(a_learner, NEW)


def test_who_has_consented_to_such_mail_is_written_to_about_surveys(
    office: Office, given: Given, a_learner: Person
) -> None:
    def invite() -> int:
        """Invites to another survey; how many mails there are then."""
        survey = given.an_open_survey(ADMIN)
        invitation = InviteToSurvey(survey_id=survey, learner_id=a_learner.id)
        office.system.dispatch(invitation, ADMIN)
        office.work()
        return len(office.post.mails)

    agree = GiveConsent(purpose=OPTIONAL_MAIL, text_version=1)
    texts = {"en": NewPurposeText(title="Mail", text="May we write?")}
    assert invite() == 0, "nobody is asked yet, so nobody is written to"
    office.system.dispatch(DescribeConsentPurpose(code=OPTIONAL_MAIL, texts=texts))
    assert invite() == 0
    office.system.dispatch(agree, a_learner.actor)
    assert invite() == 1
    assert "How was it?" in office.post.mails[0].subject
    office.system.dispatch(WithdrawConsent(purpose=OPTIONAL_MAIL), a_learner.actor)
    assert invite() == 1


def test_whoever_withdraws_while_mail_waits_does_not_get_it(
    office: Office, given: Given, a_learner: Person
) -> None:
    texts = {"en": NewPurposeText(title="Mail", text="May we write?")}
    office.system.dispatch(DescribeConsentPurpose(code=OPTIONAL_MAIL, texts=texts))
    agree = GiveConsent(purpose=OPTIONAL_MAIL, text_version=1)
    office.system.dispatch(agree, a_learner.actor)
    survey = given.an_open_survey(ADMIN)
    invitation = InviteToSurvey(survey_id=survey, learner_id=a_learner.id)
    office.system.dispatch(invitation, ADMIN)
    office.system.dispatch(WithdrawConsent(purpose=OPTIONAL_MAIL), a_learner.actor)
    office.work()
    assert office.post.mails == []
    assert not office.mailroom.deliver()


def test_while_the_server_is_down_mail_waits_ever_longer_and_each_try_has_its_own_link(
    office: Office, a_learner: Person
) -> None:
    office.post.failure = MailFailed("OSError")
    office.ask(office.learner(a_learner).email)
    office.work()
    office.pass_time(seconds=4)
    assert not office.mailroom.deliver()
    office.pass_time(seconds=1)
    assert office.mailroom.deliver()
    office.pass_time(seconds=9)
    assert not office.mailroom.deliver()
    office.pass_time(seconds=1)
    office.post.failure = None
    office.work()
    office.choose(office.post.token)
    assert resets_of(office) == ["requested", "mailed", "used"]


@pytest.mark.parametrize("for_ever", [True, False])
def test_a_mail_that_nobody_will_take_is_given_up_and_said_so(
    office: Office, a_learner: Person, for_ever: bool
) -> None:
    office.post.failure = MailFailed("recipient refused: 550", for_ever=for_ever)
    office.ask(office.learner(a_learner).email)
    office.work()
    office.pass_time(hours=25)
    office.work()
    assert resets_of(office) == ["requested", "abandoned"]
    office.post.failure = None
    office.work()
    assert office.post.mails == []


def test_two_at_work_send_one_mail(office: Office, a_learner: Person) -> None:
    office.ask(office.learner(a_learner).email)
    office.mailroom.grant_wishes()
    assert office.queue.take() is not None
    assert office.queue.take() is None
    office.pass_time(minutes=2)
    office.work()
    assert len(office.post.mails) == 1


def test_a_wish_is_granted_once_though_its_granter_died(
    office: Office, a_learner: Person, equipment: Equipment
) -> None:
    office.ask(office.learner(a_learner).email)
    (wish,) = office.resets.wishes(10)
    office.mailroom._grant(wish)
    office.work()
    assert len(office.post.mails) == 1
    assert counts(equipment)["password_reset.requested.v1"] == 1


def test_refusals_get_into_the_log_without_a_secret_or_a_name(
    office: Office, a_learner: Person, database: Any, equipment: Equipment
) -> None:
    email = office.learner(a_learner).email
    for _ in range(5):
        with pytest.raises(InvalidResetLink):
            office.choose("a-guessed-token")
    for _ in range(3):
        office.ask("nobody-at-all")
    with pytest.raises(TooManyWishes):
        office.ask("nobody-at-all")
    office.refusals.count(
        *msgspec.convert(("log-in", "wrong-password"), tuple[Any, Any]),
        learner_id=a_learner.id,
        address=ADDRESS,
    )
    assert office.teller.tell() == 3
    assert office.teller.tell() == 0
    found = counts(equipment)
    assert (found["refused_access.noticed.v1"], found["refused_access.counted.v1"]) == (2, 3)
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT data::text || metadata::text FROM event_store.events"
            " WHERE stream_type = 'refused_access'"
        ).fetchall()
    text = "".join(row[0] for row in rows)
    for secret in ("a-guessed-token", "nobody-at-all", email, ADDRESS):
        assert secret not in text
    assert '"number":5' in text.replace(" ", "")
    assert str(a_learner.id) in text
    assert office.refusals.name("nobody-at-all") in text


def test_links_stand_nowhere(
    office: Office, a_learner: Person, database: Any, given: Given
) -> None:
    office.ask(office.learner(a_learner).email)
    office.work()
    token = office.post.token
    with psycopg.connect(database.owner_url) as owner:
        tables = owner.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            rows = owner.execute(f"SELECT t::text FROM {table} t").fetchall()
            assert not any(token in row[0] for row in rows), table
    assert PasswordReset.STREAM_TYPE == "password_reset"

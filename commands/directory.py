"""People of an LDAP directory: their log-ins, and keeping their accounts like it says."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol
from uuid import UUID

import msgspec

from access.actor import SYSTEM
from access.external_identities import ExternalIdentities, KnownIdentity
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.learner import DeactivateLearner, ReactivateLearner
from commands.vouched import AccountPolicy, NoAccount, Vouched, VouchedAccounts
from domain.errors import Conflict
from domain.identity import external_identity_id
from domain.learner import Learner
from event_store.application import Log

logger = logging.getLogger(__name__)

PROVIDER = "ldap"
"""As the log calls the directory."""
ISSUER = "ldap"
"""With an entry's id it names an identity for ever, wherever the directory moves."""
FEW = 5
"""As many may leave at once whatever share of all they are."""
LEFT = "left the directory"


class DirectoryUnavailable(Exception):
    """The directory can't be asked just now."""

    code = "directory-unavailable"
    detail = "The company's directory doesn't answer; try again."


class PeopleDirectory(Protocol):
    """The directory. All raise `DirectoryUnavailable`."""

    def authenticate(self, name: str, password: str) -> Vouched | None:
        """Whose name and password it is."""

    def pretend(self, name: str) -> None:
        """Takes as long as `authenticate` for a name that nobody has; asks for no password."""

    def people(self) -> Iterable[Vouched]:
        """Everybody."""


class DirectoryReport(msgspec.Struct, kw_only=True):
    """What a sync has changed or, when it is dry, would change. People are told by account."""

    dry_run: bool
    people: int = 0
    opened: int = 0
    unchanged: int = 0
    changed: dict[UUID, list[str]] = {}
    deactivated: list[UUID] = []
    reactivated: list[UUID] = []
    refused: dict[str, int] = {}
    withheld: int = 0
    """Who would have been deactivated, were they not too many at once."""


class DirectoryAccounts:
    """Log-ins by the directory's passwords."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        identities: ExternalIdentities,
        directory: PeopleDirectory,
        policy: AccountPolicy,
    ) -> None:
        self._identities = identities
        self._directory = directory
        self._policy = policy
        self._accounts = VouchedAccounts(log, dispatcher)

    def proves(
        self, name: str, password: str, owner: UUID | None, context: Context
    ) -> Learner | None:
        """Whose account it is by the directory's word; None: nobody's.

        `owner` has that name here. The password of somebody whom the directory doesn't vouch for
        is not sent to it. Raises `DirectoryUnavailable`.
        """
        vouched_for = self._identities.vouches_for(PROVIDER, owner)
        if owner is not None and not vouched_for:
            self._directory.pretend(name)
            return None
        person = self._directory.authenticate(name, password)
        if person is None:
            return None
        try:
            learner = self._accounts.admit(person, self._policy, context)
        except NoAccount as error:
            logger.warning("ldap: %s", error.detail)
            return None
        return learner if owner in {None, learner.id} else None

    def proves_anew(self, learner: Learner, password: str, context: Context) -> bool:
        """Whether it is the directory's password of somebody it vouches for.

        Their name here may not be the one there, their address is. Raises `DirectoryUnavailable`.
        """
        if not self._identities.vouches_for(PROVIDER, learner.id):
            return False
        names = dict.fromkeys((learner.username, learner.email))
        return any(self.proves(name, password, learner.id, context) for name in names)


class DirectorySync:
    """Brings all accounts up to date with the directory."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        identities: ExternalIdentities,
        directory: PeopleDirectory,
        policy: AccountPolicy,
        *,
        context: Callable[[], Context],
        most_leaving: float = 0.1,
    ) -> None:
        """`most_leaving` is the share of the directory's accounts that may go in one sync."""
        self._log = log
        self._dispatcher = dispatcher
        self._identities = identities
        self._directory = directory
        self._policy = policy
        self._accounts = VouchedAccounts(log, dispatcher)
        self._context = context
        self._most_leaving = most_leaving

    def run(self, *, dry_run: bool, however_many: bool = False) -> DirectoryReport:
        """Does it once; repeating it changes nothing more.

        Everybody is read before anything is changed. `however_many` may be deactivated then.
        Raises `DirectoryUnavailable`.
        """
        people = {
            external_identity_id(each.issuer, each.subject): each
            for each in self._directory.people()
        }
        report = DirectoryReport(dry_run=dry_run, people=len(people))
        known = {each.identity_id: each for each in self._identities.of(PROVIDER)}
        for identity_id, person in people.items():
            self._follow(person, known.get(identity_id), report)
        self._part(
            [each for each in known.values() if each.identity_id not in people],
            len(known),
            report,
            however_many,
        )
        return report

    def _follow(
        self, person: Vouched, known: KnownIdentity | None, report: DirectoryReport
    ) -> None:
        learner = self._log.find_latest(Learner, known.learner_id) if known else None
        if learner is None or known is None:
            self._admit(person, report)
            return
        if not learner.active:
            if known.left_at is None:
                # Somebody here has deactivated them: not the directory's to undo.
                report.unchanged += 1
                return
            report.reactivated.append(learner.id)
            if report.dry_run:
                return
            self._send(ReactivateLearner(learner_id=learner.id))
        if known.left_at is not None and not report.dry_run:
            self._identities.mark_left(known.identity_id, None)
        changed = sorted(self._accounts.differences(learner, person, self._policy))
        if changed and not report.dry_run:
            changed = self._accounts.follow(learner, person, self._policy, self._context())
        if changed:
            report.changed[learner.id] = changed
        else:
            report.unchanged += 1

    def _admit(self, person: Vouched, report: DirectoryReport) -> None:
        refusal = self._accounts.obstacle(person, self._policy) if report.dry_run else None
        try:
            if not report.dry_run:
                self._accounts.admit(person, self._policy, self._context())
        except NoAccount as error:
            refusal = error.detail
        if refusal is None:
            report.opened += 1
        else:
            report.refused[refusal] = report.refused.get(refusal, 0) + 1

    def _part(
        self,
        gone: list[KnownIdentity],
        of: int,
        report: DirectoryReport,
        however_many: bool,
    ) -> None:
        """Deactivates who has left, unless so many have that the directory must be mistaken."""
        leaving = [each for each in gone if self._is_active(each.learner_id)]
        if len(leaving) > max(FEW, of * self._most_leaving) and not however_many:
            report.withheld = len(leaving)
            logger.error("ldap: %d of %d accounts would be deactivated: none is", len(leaving), of)
            return
        for each in leaving:
            report.deactivated.append(each.learner_id)
            if not report.dry_run:
                # Marked first: cut off between the two, the next sync does both again.
                self._identities.mark_left(each.identity_id, self._context().now)
                self._deactivate(each.learner_id, report)

    def _deactivate(self, learner_id: UUID, report: DirectoryReport) -> None:
        try:
            self._send(DeactivateLearner(learner_id=learner_id, reason=LEFT))
        except Conflict as refusal:
            # The last administrator stays one; so does everybody whom somebody else deactivates.
            report.deactivated.remove(learner_id)
            report.refused[refusal.detail] = report.refused.get(refusal.detail, 0) + 1

    def _is_active(self, learner_id: UUID) -> bool:
        learner = self._log.find_latest(Learner, learner_id)
        return learner is not None and learner.active

    def _send(self, command: DeactivateLearner | ReactivateLearner) -> None:
        context = msgspec.structs.replace(self._context(), actor=SYSTEM, reason=PROVIDER)
        self._dispatcher.dispatch(command, context)

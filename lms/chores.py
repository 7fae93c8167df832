"""The chores of the policies' process, put together."""

import logging
from datetime import UTC, datetime, timedelta

from access.challenges import Challenges
from access.housekeeping import Housekeeping, keys_kept_for
from access.mail_queue import MailQueue
from access.refusals import Refusals
from access.resets import Resets
from access.sessions import Sessions
from access.throttle import Throttle
from adapters.mail import FolderMailer, InvalidMailSettings, Mailer, SmtpMailer
from commands.importing.reports import forget_reports
from lms.composition import CommandSide
from lms.retention import Retention
from lms.scrubbing import TOMBSTONES, Scrubbing
from lms.settings import Settings, SettingsError
from policies.chores import Chore
from policies.letters import Letters
from policies.mailroom import Mailroom
from policies.refusals import RefusalTeller

logger = logging.getLogger(__name__)

OUTBOX = "outbox"
MAIL_SECONDS = 0.5
TELLING_SECONDS = 5.0
SWEEPING_SECONDS = 600.0
SCRUBBING_SECONDS = 5.0
RETENTION_SECONDS = 3_600.0


def chores(settings: Settings, side: CommandSide) -> list[Chore]:
    """Everything that is done again and again. Raises SettingsError."""
    refusals = Refusals(side.pool, side.keys.hashing)
    resets = Resets(side.pool, good_for=timedelta(minutes=settings.password_reset_minutes))
    sender = mailer(settings)
    letters = Letters(settings.password_reset_url)
    queue = MailQueue(side.pool)
    mailroom = Mailroom(
        side.log, side.dispatcher, side.pool, resets, queue, refusals, sender, letters
    )
    teller = RefusalTeller(refusals, side.dispatcher)
    housekeeping = Housekeeping(
        Sessions(side.pool),
        Challenges(side.pool),
        Throttle(side.pool, side.keys.hashing),
        refusals,
        resets,
        side.signing_keys,
        keys_kept=keys_kept_for(settings.access_token_minutes * 60),
    )

    scrubbing = Scrubbing(
        side.pool,
        side.dispatcher,
        settings.project_database_url,
        settings.data_dir / TOMBSTONES,
        sender.forget if isinstance(sender, FolderMailer) else lambda _: None,
    )

    retention = Retention(settings.read_database_url, side.dispatcher)

    def sweep() -> bool:
        swept = housekeeping.sweep()
        if settings.import_report_days:
            kept = timedelta(days=settings.import_report_days)
            swept["import reports"] = forget_reports(side.pool, datetime.now(UTC) - kept)
        logger.info("housekeeping: %s", swept)
        return False

    return [
        Chore("granting wishes", MAIL_SECONDS, mailroom.grant_wishes),
        Chore("mail", MAIL_SECONDS, mailroom.deliver),
        Chore("telling of refusals", TELLING_SECONDS, lambda: teller.tell() < 0),
        Chore("scrubbing", SCRUBBING_SECONDS, scrubbing.act),
        Chore("retention", RETENTION_SECONDS, lambda: retention.run() is None),
        Chore("housekeeping", SWEEPING_SECONDS, sweep),
    ]


def mailer(settings: Settings) -> Mailer:
    """By SMTP or, without a server, into a folder. Raises SettingsError."""
    try:
        if settings.smtp_url:
            return SmtpMailer(settings.smtp_url, settings.mail_from)
        outbox = settings.data_folder().folder(OUTBOX)
        logger.warning("No LMS_SMTP_URL: mail goes into %s", outbox)
        return FolderMailer(outbox, settings.mail_from)
    except (InvalidMailSettings, OSError) as error:
        raise SettingsError([f"LMS_SMTP_URL, LMS_MAIL_FROM: {error}"]) from error

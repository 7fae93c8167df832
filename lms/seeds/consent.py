"""What people are asked to consent to in a new system."""

from typing import Final

from access.actor import Actor
from commands.consent import DescribeConsentPurpose, NewPurposeText
from domain.consent_purpose import OPTIONAL_MAIL, TESTIMONIAL_PUBLICATION
from lms.seeds.steps import Steps

PURPOSES: Final = {
    TESTIMONIAL_PUBLICATION: {
        "en": NewPurposeText(
            title="Your name beside your testimonials",
            text="Everybody who looks at a course may see who wrote the testimonials that you"
            " don't send anonymously. Without your consent they are shown without your name.",
        ),
        "de": NewPurposeText(
            title="Ihr Name bei Ihren Empfehlungen",
            text="Alle, die einen Kurs ansehen, dürfen sehen, wer die Empfehlungen geschrieben hat,"
            " die Sie nicht anonym senden. Ohne Ihre Einwilligung erscheinen sie ohne Ihren Namen.",
        ),
    },
    OPTIONAL_MAIL: {
        "en": NewPurposeText(
            title="Mail that isn't necessary",
            text="We may write to you about more than your account, such as surveys that you are"
            " invited to.",
        ),
        "de": NewPurposeText(
            title="Nicht notwendige E-Mails",
            text="Wir dürfen Ihnen über mehr als Ihr Konto schreiben, etwa über Umfragen, zu denen"
            " Sie eingeladen sind.",
        ),
    },
}


def describe_purposes(steps: Steps, admin: Actor) -> None:
    for code, texts in PURPOSES.items():
        steps.take(f"consent/{code}", DescribeConsentPurpose(code=code, texts=texts), admin)

"""What notifications say, by text key and language."""

from collections.abc import Mapping

ENGLISH = {
    "enrollment.created": "You are enrolled in “{course_title}”.",
    "enrollment.completed": "You have completed “{course_title}”. Well done!",
    "assessment.passed": "You have passed “{assessment_title}” with {score} %.",
    "assessment.failed": "“{assessment_title}” isn't passed yet: you have {score} %.",
    "certificate.issued": "Your certificate for “{course_title}” is ready.",
    "certificate.revoked": "Your certificate for “{course_title}” was revoked.",
    "survey.invited": "Please tell us what you think: “{survey_title}”.",
    "testimonial.approved": "What you wrote about “{course_title}” is shown to everyone now.",
    "testimonial.rejected": "What you wrote about “{course_title}” won't be shown.",
}
CATALOGUE: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


class _Params(dict[str, str]):
    """What a message needs and wasn't given shows as an ellipsis."""

    def __missing__(self, _: str) -> str:
        return "…"


def render(text_key: str, params: Mapping[str, str], language: str | None) -> str:
    """The text in a language (a BCP 47 tag such as `pt-BR`), or in English where there is none.

    A key that no catalogue has becomes words: better than nothing, and nothing breaks.
    """
    for tag in _fallbacks(language):
        template = CATALOGUE.get(tag, {}).get(text_key)
        if template is not None:
            return template.format_map(_Params(params))
    words = text_key.replace(".", " ").replace("_", " ").capitalize()
    told = ", ".join(value for value in params.values() if value)
    return f"{words}: {told}" if told else words


def _fallbacks(language: str | None) -> list[str]:
    """`pt-BR` is looked for as itself, then as `pt`, then in English."""
    tag = language or ""
    return [tag, tag.partition("-")[0], "en"]

"""Paths that hold a secret, as they may be shown: in answers, logs and traces."""

import re

_SECRET = re.compile(r"(?<=/password-reset/)[^/?]+")


def shown(path: str) -> str:
    """The path with `***` where a secret stood."""
    return _SECRET.sub("***", path)

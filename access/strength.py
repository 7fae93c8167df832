"""Whether a password is hard enough to guess, by zxcvbn: for this person, who has names too."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from zxcvbn_rs_py import zxcvbn

SHORTEST = 8
"""NIST SP 800-63B: the least for a password that a second factor may join."""
LONGEST = 256
JUDGED = 32
"""Characters that are looked at: zxcvbn takes seconds for the worst that someone could send it,
and a password whose first 32 characters are hard to guess doesn't get easier by its rest."""
GUESSES_LOG10 = (0.0, 3.0, 6.0, 8.0, 10.0)
"""zxcvbn's scores 0 to 4: so many guesses are needed, as a power of ten."""
OWN_WORDS_LOG10 = 3.0
"""What all of one's own names in a password are worth together: zxcvbn takes any three words with
something between them for strong, a name, a name and a name too."""

_SHORTEST_WORD = 3
_NOT_IN_WORDS = re.compile(r"[\W_\d]+")


class UnacceptablePassword(ValueError):
    """The password can't be accepted; `detail` says why, `field` where it stood."""

    code = "unacceptable-password"
    field = "password"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class WeakPassword(UnacceptablePassword):
    """It would be guessed."""

    code = "weak-password"


def check_strength(password: str, score: int = 3, about: Iterable[str] = ()) -> None:
    """Refuse what is guessed first; `about` is what others know of the person: names, address.

    Raises:
        WeakPassword: shorter than 8 or longer than 256 characters, or it takes fewer guesses than
            zxcvbn's `score` (0 to 4) asks for.
    """
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.")
    if len(normal) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.")
    text, words = _sendable(normal[:JUDGED]), list(_words(about))
    judged = zxcvbn(text, words)
    guesses = min(
        judged.guesses_log10, OWN_WORDS_LOG10 + zxcvbn(_without(words, text)).guesses_log10
    )
    if guesses < GUESSES_LOG10[score]:
        raise WeakPassword(_why(judged.feedback.warning if judged.feedback else None))


def _why(warning: object | None) -> str:
    reason = f" {warning}" if warning else ""
    return (
        f"This password is too easy to guess.{reason} Take some more words that don't belong"
        " together, and nothing of your own names."
    )


def _words(about: Iterable[str]) -> Iterator[str]:
    """Each text, and each word in it: zxcvbn finds a word in a password, not a part of one."""
    for text in about:
        normal = _sendable(unicodedata.normalize("NFKC", text)).strip()
        yield normal
        yield normal.partition("@")[0]
        yield from (word for word in _NOT_IN_WORDS.split(normal) if len(word) >= _SHORTEST_WORD)


def _without(words: Iterable[str], password: str) -> str:
    """What is left of the password without one's own words."""
    left = password.casefold()
    for word in sorted({word.casefold() for word in words}, key=len, reverse=True):
        if len(word) >= _SHORTEST_WORD:
            left = left.replace(word, "")
    return left


def _sendable(text: str) -> str:
    """Half a surrogate pair isn't text; whoever types one gets no more for it."""
    return text.encode(errors="replace").decode()

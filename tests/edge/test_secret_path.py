import pytest

from edge.secret_path import shown


@pytest.mark.parametrize(
    ("path", "as_shown"),
    [
        ("/password-reset/a-token", "/password-reset/***"),
        ("/password-reset/a-token/more", "/password-reset/***/more"),
        ("/password-reset/a-token?x=1", "/password-reset/***?x=1"),
        ("/password-reset/", "/password-reset/"),
        ("/password-reset", "/password-reset"),
        ("/courses/a-course", "/courses/a-course"),
    ],
)
def test_the_token_of_a_link_is_not_shown(path: str, as_shown: str) -> None:
    assert shown(path) == as_shown

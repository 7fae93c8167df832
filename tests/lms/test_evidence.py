"""The page of evidence names tests and pages that there are."""

import ast
import re

import pytest

from lms.settings import PROJECT

DOCS = PROJECT / "docs"
PAGE = (DOCS / "compliance.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/\S+?)::(\w+)`", PAGE)))
LINKS = sorted(set(re.findall(r"\]\(([\w.-]+\.md)\)", PAGE)))


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[name for _, name in TESTS])
def test_a_test_that_is_named_is_one(file: str, name: str) -> None:
    module = ast.parse((PROJECT / file).read_text())
    assert name in {each.name for each in module.body if isinstance(each, ast.FunctionDef)}


def test_every_file_that_is_named_is_named_with_a_test() -> None:
    assert len(TESTS) > 40
    assert set(re.findall(r"`(tests/\S+\.py)", PAGE)) == {
        *(file for file, _ in TESTS),
        "tests/lms/test_evidence.py",
    }


@pytest.mark.parametrize("link", LINKS)
def test_a_page_that_is_named_is_there(link: str) -> None:
    assert (DOCS / link).is_file()

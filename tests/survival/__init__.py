import pytest

pytest.register_assert_rewrite("tests.survival.afterwards", "tests.survival.people")

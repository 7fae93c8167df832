"""What a directory is asked, where no server for tests can be asked it.

OpenLDAP doesn't know Active Directory's matching rule for nested groups: what is sent is looked at
here, what a server answers to it isn't.
"""

import pytest
from ldap3.operation.search import parse_filter

from adapters.directory import IN_CHAIN, Groups

ODD = [
    "cn=ann,dc=example",
    "cn=a*)(member=*,dc=example",
    "cn=o\\2c (x),dc=example",
    "cn=\x00,dc=example",
    "cn=ü,dc=example",
]


def parsed(text: str) -> str:
    """The filter as the library would send it; raises for a malformed one."""
    found = parse_filter(
        text, None, auto_escape=False, auto_encode=True, validator=None, check_names=False
    )
    return repr(found)


def test_active_directory_looks_into_groups_by_itself() -> None:
    groups = Groups(base_dn="dc=example", filter="(objectClass=group)", nested="chain")
    asked = groups.filter_for("cn=ann,dc=example")
    assert asked == f"(&(objectClass=group)(member:{IN_CHAIN}:=cn=ann,dc=example))"
    assert "MATCH_EXTENSIBLE" in parsed(asked) or IN_CHAIN in parsed(asked)


@pytest.mark.parametrize("nested", ["walk", "no"])
def test_all_others_are_asked_for_the_direct_groups(nested: str) -> None:
    groups = Groups(base_dn="dc=example", nested=nested)  # type: ignore[arg-type]
    assert groups.filter_for("cn=ann") == "(&(objectClass=groupOfNames)(member=cn=ann))"


@pytest.mark.parametrize("nested", ["walk", "chain"])
@pytest.mark.parametrize("dn", ODD)
def test_a_dn_is_only_text(nested: str, dn: str) -> None:
    groups = Groups(base_dn="dc=example", nested=nested)  # type: ignore[arg-type]
    asked = groups.filter_for(dn)
    assert asked.count("(") == 3, "the parts of the filter itself, and no others"
    assert asked.count(")") == 3
    assert "*" not in asked
    assert "\x00" not in asked
    parsed(asked)

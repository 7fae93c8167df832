"""The SCIM community's own tests, against the running system."""

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.journey.lms import Person
from tests.servers.stack import Stack


@pytest.mark.slow
def test_the_tester_finds_nothing_to_complain_of(stack: Stack, admin: Person) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}
    with httpx2.Client(base_url=f"{stack.url}/scim/v2", headers=headers, timeout=30) as http:
        results = check_server(SyncSCIMClient(http))

    bad = [
        f"{result.title}: {result.reason}"
        for result in results
        if result.status not in {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
    ]
    assert not bad, "\n".join(bad)
    assert len(results) > 70

"""The SCIM community's own tests, against a running system.

They look for what they have just created on the first page of everybody, so they need a system
where everybody fits on one page: one that no other test fills.
"""

from collections.abc import Iterator

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.journey.lms import Lms
from tests.servers.folder import server_folder
from tests.servers.stack import DEADLINE, Stack


@pytest.fixture
def quiet_system() -> Iterator[Stack]:
    """A system of this test alone, with nobody in it but the seeded people."""
    with server_folder() as folder:
        system = Stack(folder)
        system.start(DEADLINE)
        yield system
        system.stop(grace=60)


@pytest.mark.slow
def test_the_tester_finds_nothing_to_complain_of(quiet_system: Stack) -> None:
    lms = Lms(quiet_system.url)
    token = lms.tokens("admin", quiet_system.password)["access_token"]
    lms.http.close()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{quiet_system.url}/scim/v2", headers=headers, timeout=30) as http:
        results = check_server(SyncSCIMClient(http))

    bad = [
        f"{result.title}: {result.reason}"
        for result in results
        if result.status not in {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
    ]
    assert not bad, "\n".join(bad)
    assert len(results) > 70

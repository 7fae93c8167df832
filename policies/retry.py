"""Another try at parked events."""

import logging
from collections.abc import Iterable

import msgspec

from policies.equipment import Equipment
from policies.parked import Parked, park, parked_events, release
from policies.policy import Policy
from policies.reactor import OUT_OF_REACH, Reactor

logger = logging.getLogger(__name__)


class Retried(msgspec.Struct, frozen=True):
    done: int
    still_parked: int


def retry(policies: Iterable[Policy], equipment: Equipment, reactor: Reactor) -> Retried:
    """Reacts to what is parked for these policies. Raises one of `OUT_OF_REACH`."""
    outcomes = [
        _retry(policy, parked, equipment, reactor)
        for policy in policies
        for parked in parked_events(equipment.pool, policy.name)
    ]
    return Retried(done=sum(outcomes), still_parked=len(outcomes) - sum(outcomes))


def _retry(policy: Policy, parked: Parked, equipment: Equipment, reactor: Reactor) -> bool:
    (record,) = equipment.log.read(parked.position - 1, 1, upto=parked.position)
    try:
        reactor.react(policy, record)
    except OUT_OF_REACH:
        raise
    except Exception as error:
        logger.exception("%s is still parked at %d", parked.type, parked.position)
        park(policy.name, record, error, equipment.pool)
        return False
    release(policy.name, parked.position, equipment.pool)
    return True

"""Copies for inspectors, put together."""

from adapters.inspection_pdf import TypstInspectionPrinter
from event_store.keys import PersonalKeys
from lms.composition import Pool
from lms.settings import Settings
from read_api.history import Historian
from read_api.inspecting.copying import Inspections
from read_api.inspecting.signature import Signer

SYSTEM = "LMS"


def inspections(
    settings: Settings, pool: Pool, personal: PersonalKeys, historian: Historian
) -> Inspections:
    """What makes them; `pool` reads as `lms_read`."""
    return Inspections(
        pool,
        historian,
        TypstInspectionPrinter(),
        Signer(personal.wrapping.hashing),
        system=SYSTEM,
        url=settings.public_url,
    )

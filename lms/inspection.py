"""Copies for inspectors, put together."""

from adapters.inspection_pdf import TypstInspectionPrinter
from lms.composition import Pool
from lms.settings import Settings
from read_api.history import Historian
from read_api.inspecting.copying import Inspections
from read_api.inspecting.signature import Signer

SYSTEM = "LMS"


def inspections(settings: Settings, pool: Pool, historian: Historian) -> Inspections:
    """What makes them; `pool` reads as `lms_read`."""
    return Inspections(
        pool,
        historian,
        TypstInspectionPrinter(),
        Signer(settings.master_key),
        system=SYSTEM,
        url=settings.public_url,
    )

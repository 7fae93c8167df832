"""Every policy there is. A new one is added here."""

from policies.certificates import Certificates
from policies.completion import Completion
from policies.group_roles import GroupRoles
from policies.notifications import Notifications
from policies.policy import Policy
from policies.surveys import Surveys

POLICIES: tuple[Policy, ...] = (
    Completion(),
    Certificates(),
    Surveys(),
    Notifications(),
    GroupRoles(),
)

"""The words of accounts, roles, log-ins, departments, groups and programs."""

from collections.abc import Mapping
from typing import Final

from read_api.lives.words import Words, step

ACCOUNTS: Final[Mapping[str, Words]] = {
    "learner.registered": Words("Account of {full_name:plain} registered as {roles}"),
    "learner.updated": step("Profile of {full_name:plain} changed"),
    "learner.roles_changed": step(
        "Roles of {full_name:plain} changed from {before.roles} to {roles}"
    ),
    "learner.skill_assessed": step("Skill {skill} of {full_name:plain} assessed at level {level}"),
    "learner.skill_removed": step("Skill {skill} of {full_name:plain} removed"),
    "learner.deactivated": step("Account of {full_name:plain} deactivated"),
    "learner.reactivated": step("Account of {full_name:plain} reactivated"),
    "learner.provisioned": step(
        "Profile of {full_name:plain} changed as the company's directory says"
    ),
    "learner.deprovisioned": step("{full_name:plain} left the company's directory"),
    "learner.logged_in": step("{full_name:plain} logged in ({method:plain})", doer="self"),
    "learner.logged_out": step("{full_name:plain} logged out", doer="self"),
    "learner.password_changed": step("Password of {full_name:plain} changed"),
    "learner.stepped_up": step(
        "{full_name:plain} proved once more who they are, by {factors}", doer="self"
    ),
    "learner.session_ended": step("A session of {full_name:plain} ended"),
    "learner.sessions_ended": step("Sessions of {full_name:plain} ended"),
    "reporting_lines.opened": step("Order of changes of managers begun"),
    "reporting_lines.changed": step("{manager_id} made manager of {learner_id}"),
    "unique_name.claimed": step("{kind:words} taken for {owner_id}"),
    "unique_name.released": step("{kind:words} given up by {before.owner_id}"),
    "unique_name.reclaimed": step("{kind:words} taken again, for {owner_id}"),
    "user_import.started": Words("Import of {rows} people begun{dry_run:, as a trial|}"),
    "user_import.finished": Words(
        "Import finished: {created} created, {updated} updated, {unchanged} unchanged,"
        " {refused} refused",
        keeps=("created", "updated", "unchanged", "refused"),
    ),
    "user_import.failed": Words("Import failed"),
}

DOORS: Final[Mapping[str, Words]] = {
    "external_identity.linked": step(
        "Log-in by {provider:plain} linked to the account of {learner_id}", keeps=("issuer",)
    ),
    "external_identity.relinked": step(
        "Log-in by {provider:plain} linked again, to the account of {learner_id}"
    ),
    "external_identity.unlinked": step(
        "Log-in by {provider:plain} unlinked from the account of {before.learner_id}"
    ),
    "key_ring.opened": step("Ring of the keys that sign access tokens begun"),
    "key_ring.rotated": Words("Key that signs access tokens replaced by {kid:plain}"),
    "password_reset.requested": step("Link to a new password asked for, for {learner_id}"),
    "password_reset.mailed": step("Link to a new password mailed to {learner_id}"),
    "password_reset.abandoned": step("Link to a new password not mailed to {learner_id}"),
    "password_reset.used": step(
        "{learner_id} set a new password with the link mailed to them", doer="learner_id"
    ),
    "refused_access.noticed": step("First refusal of the day to {learner_id:|somebody unknown}"),
    "refused_access.counted": step(
        "{number} refusals to {learner_id:|somebody unknown} of {act:plain}, last for {why:plain}"
    ),
    "second_factor.opened": step("Second factor of {learner_id} prepared"),
    "second_factor.enrolment_started": step("Set-up of a second factor for {learner_id} begun"),
    "second_factor.confirmed": step("Second factor of {learner_id} switched on"),
    "second_factor.recovery_codes_replaced": step("Recovery codes of {learner_id} replaced"),
    "second_factor.recovery_code_used": step(
        "{learner_id} used a recovery code; {left} are left", doer="learner_id"
    ),
    "second_factor.disabled": step("Second factor of {learner_id} switched off"),
    "second_factor.reset": step("Second factor of {learner_id} reset"),
    "service_account.created": Words(
        "Service account {name} created as {roles}", keeps=("description", "created_by")
    ),
    "service_account.access_changed": step("What service account {name} may do changed"),
    "service_account.secret_issued": step("Secret issued for service account {name}"),
    "service_account.secret_revoked": step("Secret of service account {name} revoked"),
    "service_account.disabled": step("Service account {name} disabled"),
    "service_account.enabled": step("Service account {name} enabled"),
}

TOGETHER: Final[Mapping[str, Words]] = {
    "group.created": Words("Group {display_name} created"),
    "group.renamed": step("Group {before.display_name} renamed to {display_name}"),
    "group.external_id_changed": step("Group {display_name} given another id in the directory"),
    "group.members_added": step("{event.members} added to group {display_name}"),
    "group.members_removed": step("{event.members} removed from group {display_name}"),
    "group.roles_mapped": step("Members of group {display_name} made {roles}"),
    "group.deleted": step("Group {display_name} deleted"),
    "group_grants.opened": step("List of the roles that groups give to {learner_id} begun"),
    "group_grants.changed": step("{learner_id} given {roles} by group {group_id}"),
    "organization.founded": step("Tree of departments begun"),
    "organization.department_added": step("Department {name} added"),
    "organization.department_renamed": step("Department renamed to {name}"),
    "organization.department_moved": step("Department {department_id} moved below {parent_id}"),
    "organization.department_removed": step("Department {department_id} removed"),
}

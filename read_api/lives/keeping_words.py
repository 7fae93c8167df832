"""The words of what is kept, read, agreed to, erased and let go."""

from collections.abc import Mapping
from typing import Final

from read_api.lives.words import Words, step

KEEPING: Final[Mapping[str, Words]] = {
    "audit_read.recorded": step(
        "{reader_id:|}{operator:|} read the audit trail ({query:plain})",
        doer="reader_id",
        keeps=("filters", "about", "count", "first", "last", "operator"),
    ),
    "consent_purpose.described": Words("People to be asked for consent: {code:words}"),
    "consent_purpose.revised": Words(
        "Consent to {code:words} to be asked for in wording {text_version}"
    ),
    "consent_purpose.retired": Words("Consent to {code:words} asked for no more"),
    "consent.given": Words(
        "{learner_id} consented to {purpose:words}, in wording {text_version}",
        doer="learner_id",
        keeps=("language",),
    ),
    "consent.renewed": Words(
        "{learner_id} consented anew to {purpose:words}, in wording {text_version}",
        doer="learner_id",
        keeps=("language",),
    ),
    "consent.withdrawn": Words(
        "{learner_id} withdrew their consent to {purpose:words}", doer="learner_id"
    ),
    "learner.data_exported": step(
        "Copy of all that is kept about {full_name:plain} given to {exported_by}"
    ),
    "key_ring.master_key_rotated": Words(
        "Keys of {persons} people wrapped anew, by the wrapping key {key_id:plain}",
        keeps=("master_key_id", "former_key_ids", "former_master_key_ids", "secrets"),
    ),
    "key_ring.revoked": Words("Key {kid:plain} that signed access tokens taken back"),
    "key_ring.wrapping_keys_destroyed": Words("Wrapping keys {key_ids} destroyed"),
    "learner.erased": Words("{full_name:plain} erased, on the ground of {legal_basis:words}"),
    "erasure.requested": Words(
        "Erasure of {learner_id} asked for, on the ground of {legal_basis:words}"
    ),
    "erasure.approved": step("Erasure of {learner_id} approved"),
    "erasure.refused": Words("Erasure of {learner_id} refused: {ground:words}"),
    "erasure.carried_out": Words("Erasure of {learner_id} carried out: their key is destroyed"),
    "erasure.scrubbed": step(
        "Views and stores scrubbed after the erasure of {learner_id}", keeps=("places",)
    ),
    "retention_policies.opened": step("List of retention policies begun"),
    "retention_policies.policy_set": Words(
        "Records of kind {kind:words} to be kept for {days} days, on the ground of {basis:plain}"
    ),
    "retention_policies.policy_removed": Words(
        "Retention policy for records of kind {kind:words} removed"
    ),
    "expired_record.expired": Words(
        "Record of kind {kind:words} about {learner_id} expired",
        keeps=("record_id", "course_id", "ended_at"),
    ),
    "legal_holds.opened": step("List of legal holds begun"),
    "legal_holds.placed": Words("Legal hold placed on {subject_id}"),
    "legal_holds.released": Words("Legal hold on {subject_id} released"),
}

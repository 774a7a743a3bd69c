"""Why Milepost refuses. Generated from the OpenAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from milepost_client.errors import Problem
from milepost_client.open_literal import OpenLiteral
from milepost_client.structs import DefinitionFault, Fault, RulesAchievementHeld, RulesCoursePassed


class AlreadyCanceled(Problem):
    enrollment: str
    reason: str | None


class AlreadyCompleted(Problem):
    enrollment: str


class AlreadyDeclined(Problem):
    enrollment: str
    reason: str | None


class AlreadyEnded(Problem):
    job: str
    state: OpenLiteral["canceled", "done", "failed", "queued", "running"]


class AlreadyEndorsed(Problem):
    achievement: str
    issuer: str
    endorsement: str


class AlreadyEnrolled(Problem):
    enrollment: str


class AlreadyErased(Problem):
    learner: str
    erased_at: datetime


class AlreadyExpired(Problem):
    enrollment: str
    expired_at: datetime


class AlreadyHeld(Problem):
    achievement: str
    credential: str


class AlreadyPublished(Problem):
    course: str
    version: int


class AlreadyRetired(Problem):
    course: str


class AlreadyRevoked(Problem):
    credential: str
    reason: str
    revoked_at: datetime


class AlreadySuspended(Problem):
    credential: str | None
    reason: str | None
    suspended_at: datetime | None
    enrollment: str | None


class AlreadyTransferred(Problem):
    enrollment: str
    to: str


class AlreadyWithdrawn(Problem):
    enrollment: str
    withdrawn_at: datetime


class ApprovalNotAsked(Problem):
    achievement: str


class ApprovalPending(Problem):
    enrollment: str


class ArrayTooLong(Problem):
    limit_bytes: int


class BeyondTheLog(Problem):
    awaited: int
    head: int


class BodyTooLarge(Problem):
    limit_bytes: int


class BodyTooSlow(Problem):
    pass


class CircularCriteria(Problem):
    path: Sequence[str]


class CommandTooLarge(Problem):
    size_bytes: int
    limit_bytes: int


class CourseDiffers(Problem):
    course: str
    faults: Sequence[Fault]


class CredentialEnded(Problem):
    credential: str
    ended_as: str


class CredentialWithheld(Problem):
    credential: str
    embargo_until: datetime | None


class CrossSiteRequest(Problem):
    pass


class CursorUnknown(Problem):
    sort: str
    order: OpenLiteral["asc", "desc"]


class DefinitionInvalid(Problem):
    achievement: str
    faults: Sequence[DefinitionFault]


class EndpointRefused(Problem):
    url: str
    reason: str


class EndpointSilent(Problem):
    webhook: str
    reason: str


class EventTooLarge(Problem):
    event: str
    size_bytes: int
    limit_bytes: int


class EventsNotSubscribed(Problem):
    subscriber: str
    events: Sequence[str]


class FileEmpty(Problem):
    pass


class FileUnreadable(Problem):
    row: int
    path: str
    reason: str


class FilterTooBroad(Problem):
    filter: str


class GenerationMissing(Problem):
    model: str
    needed: str


class GroupAlreadyArchived(Problem):
    group: str
    archived_at: datetime


class GroupAlreadyExists(Problem):
    group: str


class HeaderInvalid(Problem):
    unknown: Sequence[str]
    missing: Sequence[str]
    repeated: Sequence[str]
    columns: Sequence[str]


class IdempotencyKeyReused(Problem):
    key: str


class ImageRefused(Problem):
    because: str


class ImpossibleCriteria(Problem):
    n: int
    criteria: int


class InvitationAlreadyUsed(Problem):
    invitation: str


class InvitationExpired(Problem):
    invitation: str
    expired_at: datetime


class InvitationInvalid(Problem):
    offering: str


class InvitationRequired(Problem):
    offering: str


class LastKey(Problem):
    issuer: str
    key: str


class LinkEndsBefore(Problem):
    ends: datetime
    now: datetime


class ListTooLong(Problem):
    pass


class MalformedRequest(Problem):
    path: str | None
    field: str | None
    header: str | None
    query: str | None
    faults: Sequence[Mapping[str, Any]] | None


class MayNotBackdate(Problem):
    occurred_at: datetime
    earliest: datetime


class ModeDiffers(Problem):
    enrollment: str
    mode: OpenLiteral["audit", "verified"]
    wanted: OpenLiteral["audit", "verified"]


class ModeNotOffered(Problem):
    offering: str
    mode: OpenLiteral["audit", "verified"]
    offered: Sequence[OpenLiteral["audit", "verified"]]


class ModelJobEnded(Problem):
    job: str
    state: OpenLiteral["canceled", "done", "failed", "queued", "running"]


class NeverExpires(Problem):
    credential: str


class NoDeadlineResetLeft(Problem):
    deadline_resets: int


class NotALaterRun(Problem):
    offering: str
    to: str


class NotApproved(Problem):
    achievement: str


class NotAuthenticated(Problem):
    pass


class NotConfirmed(Problem):
    expected: str


class NotEnrolled(Problem):
    enrollment: str | None
    entered_at: datetime | None
    enrolled_at: datetime | None
    closed_at: datetime | None
    continues_as: str | None


class NotFlagged(Problem):
    credential: str


class NotHeld(Problem):
    learner: str
    credential: str


class NotOpenYet(Problem):
    enrollment: str


class NotParked(Problem):
    id: int


class NotRecognized(Problem):
    verdict: str
    checks: Sequence[str]


class NotShareable(Problem):
    credential: str
    state: str


class NotSuspended(Problem):
    credential: str


class NotVisibleYet(Problem):
    awaited: int
    position: int


class NotWaived(Problem):
    lesson: str


class NotWithheld(Problem):
    credential: str


class NotYetAwarded(Problem):
    credential: str
    awarded_at: datetime


class NotYourOwn(Problem):
    learner: str
    needed: Sequence[str]


class OccurredInFuture(Problem):
    occurred_at: datetime
    latest: datetime


class OfferExpired(Problem):
    enrollment: str
    expired_at: datetime | None


class OfferingAlreadyCanceled(Problem):
    offering: str
    reason: str


class OfferingAlreadyClosed(Problem):
    offering: str
    closed_at: datetime


class OfferingAlreadyOpen(Problem):
    offering: str


class OfferingEnded(Problem):
    offering: str
    ended_at: datetime


class OfferingFull(Problem):
    offering: str
    seats: int


class OfferingInvalid(Problem):
    offering: str
    faults: Sequence[Fault]


class OversizedCriteria(Problem):
    max_conditions: int
    max_depth: int


class OwnAward(Problem):
    achievement: str


class OwnEndorsement(Problem):
    achievement: str
    issuer: str


class ParallelLimitReached(Problem):
    learner: str
    limit: int
    enrollments: Sequence[str]


class ParkedSettled(Problem):
    parked: int
    state: str


class ParquetNotInstalled(Problem):
    pass


class PdfNotInstalled(Problem):
    pass


class PlanInvalid(Problem):
    course: str
    faults: Sequence[Fault]


class PositionNotConfirmed(Problem):
    expected: int


class PrerequisitesMissing(Problem):
    offering: str
    missing: Sequence[RulesCoursePassed | RulesAchievementHeld]


class ProgramAlreadyRetired(Problem):
    program: str


class ProgramCircular(Problem):
    path: Sequence[str]


class ProgramInvalid(Problem):
    program: str
    faults: Sequence[Fault]


class QuotesNotClosed(Problem):
    row: int


class ReasonMissing(Problem):
    pass


class RebuildOfOthers(Problem):
    model: str


class RedeliveryAhead(Problem):
    position: int
    head: int


class RepublishUnderWay(Problem):
    subscriber: str
    republication: str


class RetiredAchievement(Problem):
    achievement: str


class RetiredIssuer(Problem):
    issuer: str


class RoleMissing(Problem):
    needed: Sequence[str]


class SameOffering(Problem):
    offering: str


class SeatOnOffer(Problem):
    enrollment: str
    expires: datetime


class SecretsLocked(Problem):
    pass


class SharedInstallation(Problem):
    action: OpenLiteral["build", "compare", "drop", "rebuild", "rollback", "switch"]


class SinceInFuture(Problem):
    since: datetime
    now: datetime


class SortTooBroad(Problem):
    sort: str


class StartAhead(Problem):
    start: int
    head: int


class StepOutOfOrder(Problem):
    credential: str
    changed_at: datetime


class StillWaiting(Problem):
    enrollment: str


class TooManyEndorsements(Problem):
    achievement: str
    most: int


class TooManyImages(Problem):
    most: int


class TooManyInstructors(Problem):
    offering: str
    most: int


class TooManyJobs(Problem):
    limit: int


class TooManyLinks(Problem):
    credential: str
    most: int


class TooManyModelJobs(Problem):
    limit: int


class TooManyRedeliveries(Problem):
    limit: int


class TooManyRequests(Problem):
    quota: str
    per_second: int


class TooManyRows(Problem):
    limit: int


class TooManySecrets(Problem):
    limit: int
    until: datetime


class TooManyStaff(Problem):
    group: str
    most: int


class TooManyStreams(Problem):
    limit: int


class TooManyWebhooks(Problem):
    limit: int


class Unavailable(Problem):
    pass


class Unexpected(Problem):
    pass


class UnknownAchievement(Problem):
    achievement: str


class UnknownAchievementVersion(Problem):
    achievement: str
    version: int
    latest: int


class UnknownAttempt(Problem):
    lesson: str
    attempt: int


class UnknownCourse(Problem):
    course: str


class UnknownCourseVersion(Problem):
    course: str
    version: int | None
    latest: int


class UnknownCriteria(Problem):
    achievements: Sequence[str]


class UnknownDelivery(Problem):
    delivery: str


class UnknownEndorsement(Problem):
    achievement: str
    endorsement: str


class UnknownEnrollment(Problem):
    enrollment: str


class UnknownEventNames(Problem):
    unknown: Sequence[str]
    allowed: Sequence[str]


class UnknownGroup(Problem):
    group: str


class UnknownImage(Problem):
    image: str


class UnknownInvitation(Problem):
    invitation: str


class UnknownIssuer(Problem):
    issuer: str


class UnknownJob(Problem):
    job: str


class UnknownKey(Problem):
    issuer: str
    key: str


class UnknownLearner(Problem):
    learner: str
    erased_at: datetime | None


class UnknownLesson(Problem):
    lesson: str


class UnknownMember(Problem):
    group: str
    learner: str


class UnknownModelJob(Problem):
    job: str


class UnknownOffering(Problem):
    offering: str


class UnknownPlan(Problem):
    course: str
    version: int


class UnknownProgram(Problem):
    program: str


class UnknownProgramVersion(Problem):
    program: str
    version: int
    latest: int


class UnknownReadModel(Problem):
    model: str
    known: Sequence[str]


class UnknownRoute(Problem):
    pass


class UnknownSubscriber(Problem):
    subscriber: str


class UnknownWebhook(Problem):
    webhook: str


class UnsupportedMediaType(Problem):
    pass


class VaultLocked(Problem):
    pass


class WaitsBehind(Problem):
    id: int
    first: int


class WebhookIsDisabled(Problem):
    webhook: str
    reason: str


class WebhookNotVerified(Problem):
    webhook: str


class WebhookUrlChanged(Problem):
    webhook: str


class WindowClosed(Problem):
    offering: str
    closed_at: datetime


class WindowNotOpen(Problem):
    offering: str
    opens_at: datetime


BY_TYPE: Final[Mapping[str, type[Problem]]] = {
    "urn:milepost:problem:already_canceled": AlreadyCanceled,
    "urn:milepost:problem:already_completed": AlreadyCompleted,
    "urn:milepost:problem:already_declined": AlreadyDeclined,
    "urn:milepost:problem:already_ended": AlreadyEnded,
    "urn:milepost:problem:already_endorsed": AlreadyEndorsed,
    "urn:milepost:problem:already_enrolled": AlreadyEnrolled,
    "urn:milepost:problem:already_erased": AlreadyErased,
    "urn:milepost:problem:already_expired": AlreadyExpired,
    "urn:milepost:problem:already_held": AlreadyHeld,
    "urn:milepost:problem:already_published": AlreadyPublished,
    "urn:milepost:problem:already_retired": AlreadyRetired,
    "urn:milepost:problem:already_revoked": AlreadyRevoked,
    "urn:milepost:problem:already_suspended": AlreadySuspended,
    "urn:milepost:problem:already_transferred": AlreadyTransferred,
    "urn:milepost:problem:already_withdrawn": AlreadyWithdrawn,
    "urn:milepost:problem:approval_not_asked": ApprovalNotAsked,
    "urn:milepost:problem:approval_pending": ApprovalPending,
    "urn:milepost:problem:array_too_long": ArrayTooLong,
    "urn:milepost:problem:beyond_the_log": BeyondTheLog,
    "urn:milepost:problem:body_too_large": BodyTooLarge,
    "urn:milepost:problem:body_too_slow": BodyTooSlow,
    "urn:milepost:problem:circular_criteria": CircularCriteria,
    "urn:milepost:problem:command_too_large": CommandTooLarge,
    "urn:milepost:problem:course_differs": CourseDiffers,
    "urn:milepost:problem:credential_ended": CredentialEnded,
    "urn:milepost:problem:credential_withheld": CredentialWithheld,
    "urn:milepost:problem:cross_site_request": CrossSiteRequest,
    "urn:milepost:problem:cursor_unknown": CursorUnknown,
    "urn:milepost:problem:definition_invalid": DefinitionInvalid,
    "urn:milepost:problem:endpoint_refused": EndpointRefused,
    "urn:milepost:problem:endpoint_silent": EndpointSilent,
    "urn:milepost:problem:event_too_large": EventTooLarge,
    "urn:milepost:problem:events_not_subscribed": EventsNotSubscribed,
    "urn:milepost:problem:file_empty": FileEmpty,
    "urn:milepost:problem:file_unreadable": FileUnreadable,
    "urn:milepost:problem:filter_too_broad": FilterTooBroad,
    "urn:milepost:problem:generation_missing": GenerationMissing,
    "urn:milepost:problem:group_already_archived": GroupAlreadyArchived,
    "urn:milepost:problem:group_already_exists": GroupAlreadyExists,
    "urn:milepost:problem:header_invalid": HeaderInvalid,
    "urn:milepost:problem:idempotency_key_reused": IdempotencyKeyReused,
    "urn:milepost:problem:image_refused": ImageRefused,
    "urn:milepost:problem:impossible_criteria": ImpossibleCriteria,
    "urn:milepost:problem:invitation_already_used": InvitationAlreadyUsed,
    "urn:milepost:problem:invitation_expired": InvitationExpired,
    "urn:milepost:problem:invitation_invalid": InvitationInvalid,
    "urn:milepost:problem:invitation_required": InvitationRequired,
    "urn:milepost:problem:last_key": LastKey,
    "urn:milepost:problem:link_ends_before": LinkEndsBefore,
    "urn:milepost:problem:list_too_long": ListTooLong,
    "urn:milepost:problem:malformed_request": MalformedRequest,
    "urn:milepost:problem:may_not_backdate": MayNotBackdate,
    "urn:milepost:problem:mode_differs": ModeDiffers,
    "urn:milepost:problem:mode_not_offered": ModeNotOffered,
    "urn:milepost:problem:model_job_ended": ModelJobEnded,
    "urn:milepost:problem:never_expires": NeverExpires,
    "urn:milepost:problem:no_deadline_reset_left": NoDeadlineResetLeft,
    "urn:milepost:problem:not_a_later_run": NotALaterRun,
    "urn:milepost:problem:not_approved": NotApproved,
    "urn:milepost:problem:not_authenticated": NotAuthenticated,
    "urn:milepost:problem:not_confirmed": NotConfirmed,
    "urn:milepost:problem:not_enrolled": NotEnrolled,
    "urn:milepost:problem:not_flagged": NotFlagged,
    "urn:milepost:problem:not_held": NotHeld,
    "urn:milepost:problem:not_open_yet": NotOpenYet,
    "urn:milepost:problem:not_parked": NotParked,
    "urn:milepost:problem:not_recognized": NotRecognized,
    "urn:milepost:problem:not_shareable": NotShareable,
    "urn:milepost:problem:not_suspended": NotSuspended,
    "urn:milepost:problem:not_visible_yet": NotVisibleYet,
    "urn:milepost:problem:not_waived": NotWaived,
    "urn:milepost:problem:not_withheld": NotWithheld,
    "urn:milepost:problem:not_yet_awarded": NotYetAwarded,
    "urn:milepost:problem:not_your_own": NotYourOwn,
    "urn:milepost:problem:occurred_in_future": OccurredInFuture,
    "urn:milepost:problem:offer_expired": OfferExpired,
    "urn:milepost:problem:offering_already_canceled": OfferingAlreadyCanceled,
    "urn:milepost:problem:offering_already_closed": OfferingAlreadyClosed,
    "urn:milepost:problem:offering_already_open": OfferingAlreadyOpen,
    "urn:milepost:problem:offering_ended": OfferingEnded,
    "urn:milepost:problem:offering_full": OfferingFull,
    "urn:milepost:problem:offering_invalid": OfferingInvalid,
    "urn:milepost:problem:oversized_criteria": OversizedCriteria,
    "urn:milepost:problem:own_award": OwnAward,
    "urn:milepost:problem:own_endorsement": OwnEndorsement,
    "urn:milepost:problem:parallel_limit_reached": ParallelLimitReached,
    "urn:milepost:problem:parked_settled": ParkedSettled,
    "urn:milepost:problem:parquet_not_installed": ParquetNotInstalled,
    "urn:milepost:problem:pdf_not_installed": PdfNotInstalled,
    "urn:milepost:problem:plan_invalid": PlanInvalid,
    "urn:milepost:problem:position_not_confirmed": PositionNotConfirmed,
    "urn:milepost:problem:prerequisites_missing": PrerequisitesMissing,
    "urn:milepost:problem:program_already_retired": ProgramAlreadyRetired,
    "urn:milepost:problem:program_circular": ProgramCircular,
    "urn:milepost:problem:program_invalid": ProgramInvalid,
    "urn:milepost:problem:quotes_not_closed": QuotesNotClosed,
    "urn:milepost:problem:reason_missing": ReasonMissing,
    "urn:milepost:problem:rebuild_of_others": RebuildOfOthers,
    "urn:milepost:problem:redelivery_ahead": RedeliveryAhead,
    "urn:milepost:problem:republish_under_way": RepublishUnderWay,
    "urn:milepost:problem:retired_achievement": RetiredAchievement,
    "urn:milepost:problem:retired_issuer": RetiredIssuer,
    "urn:milepost:problem:role_missing": RoleMissing,
    "urn:milepost:problem:same_offering": SameOffering,
    "urn:milepost:problem:seat_on_offer": SeatOnOffer,
    "urn:milepost:problem:secrets_locked": SecretsLocked,
    "urn:milepost:problem:shared_installation": SharedInstallation,
    "urn:milepost:problem:since_in_future": SinceInFuture,
    "urn:milepost:problem:sort_too_broad": SortTooBroad,
    "urn:milepost:problem:start_ahead": StartAhead,
    "urn:milepost:problem:step_out_of_order": StepOutOfOrder,
    "urn:milepost:problem:still_waiting": StillWaiting,
    "urn:milepost:problem:too_many_endorsements": TooManyEndorsements,
    "urn:milepost:problem:too_many_images": TooManyImages,
    "urn:milepost:problem:too_many_instructors": TooManyInstructors,
    "urn:milepost:problem:too_many_jobs": TooManyJobs,
    "urn:milepost:problem:too_many_links": TooManyLinks,
    "urn:milepost:problem:too_many_model_jobs": TooManyModelJobs,
    "urn:milepost:problem:too_many_redeliveries": TooManyRedeliveries,
    "urn:milepost:problem:too_many_requests": TooManyRequests,
    "urn:milepost:problem:too_many_rows": TooManyRows,
    "urn:milepost:problem:too_many_secrets": TooManySecrets,
    "urn:milepost:problem:too_many_staff": TooManyStaff,
    "urn:milepost:problem:too_many_streams": TooManyStreams,
    "urn:milepost:problem:too_many_webhooks": TooManyWebhooks,
    "urn:milepost:problem:unavailable": Unavailable,
    "urn:milepost:problem:unexpected": Unexpected,
    "urn:milepost:problem:unknown_achievement": UnknownAchievement,
    "urn:milepost:problem:unknown_achievement_version": UnknownAchievementVersion,
    "urn:milepost:problem:unknown_attempt": UnknownAttempt,
    "urn:milepost:problem:unknown_course": UnknownCourse,
    "urn:milepost:problem:unknown_course_version": UnknownCourseVersion,
    "urn:milepost:problem:unknown_criteria": UnknownCriteria,
    "urn:milepost:problem:unknown_delivery": UnknownDelivery,
    "urn:milepost:problem:unknown_endorsement": UnknownEndorsement,
    "urn:milepost:problem:unknown_enrollment": UnknownEnrollment,
    "urn:milepost:problem:unknown_event_names": UnknownEventNames,
    "urn:milepost:problem:unknown_group": UnknownGroup,
    "urn:milepost:problem:unknown_image": UnknownImage,
    "urn:milepost:problem:unknown_invitation": UnknownInvitation,
    "urn:milepost:problem:unknown_issuer": UnknownIssuer,
    "urn:milepost:problem:unknown_job": UnknownJob,
    "urn:milepost:problem:unknown_key": UnknownKey,
    "urn:milepost:problem:unknown_learner": UnknownLearner,
    "urn:milepost:problem:unknown_lesson": UnknownLesson,
    "urn:milepost:problem:unknown_member": UnknownMember,
    "urn:milepost:problem:unknown_model_job": UnknownModelJob,
    "urn:milepost:problem:unknown_offering": UnknownOffering,
    "urn:milepost:problem:unknown_plan": UnknownPlan,
    "urn:milepost:problem:unknown_program": UnknownProgram,
    "urn:milepost:problem:unknown_program_version": UnknownProgramVersion,
    "urn:milepost:problem:unknown_read_model": UnknownReadModel,
    "urn:milepost:problem:unknown_route": UnknownRoute,
    "urn:milepost:problem:unknown_subscriber": UnknownSubscriber,
    "urn:milepost:problem:unknown_webhook": UnknownWebhook,
    "urn:milepost:problem:unsupported_media_type": UnsupportedMediaType,
    "urn:milepost:problem:vault_locked": VaultLocked,
    "urn:milepost:problem:waits_behind": WaitsBehind,
    "urn:milepost:problem:webhook_is_disabled": WebhookIsDisabled,
    "urn:milepost:problem:webhook_not_verified": WebhookNotVerified,
    "urn:milepost:problem:webhook_url_changed": WebhookUrlChanged,
    "urn:milepost:problem:window_closed": WindowClosed,
    "urn:milepost:problem:window_not_open": WindowNotOpen,
}

"""One method an operation. Generated from the OpenAPI document: change nothing here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from milepost_client.open_literal import OpenLiteral
from milepost_client.paging import rows
from milepost_client.structs import (
    AchievementDefinition,
    AchievementLine,
    AchievementsPage,
    AchievementVersions,
    AchievementView,
    ActivityBody,
    Approval,
    ApprovalsView,
    AskImpact,
    AskWhatIf,
    AtRiskPage,
    Backlog,
    CatalogSearchPage,
    ChangeOffering,
    Compromise,
    CourseFile,
    CourseRunsBody,
    CoursesPage,
    CourseStanding,
    CourseVersion,
    CredentialListed,
    CredentialsCredentialView,
    CredentialsPage,
    CredentialsProgramView,
    DashboardsCourseView,
    DashboardsProgramView,
    DaysPage,
    DeadlineReset,
    DefinedAchievement,
    DefinedProgram,
    DefineProgram,
    DefinitionsView,
    DeliveriesView,
    DeliveryDetailView,
    DeliveryView,
    DescribeGroup,
    DiffView,
    DraftCourse,
    Endorsing,
    Enroll,
    EnrollmentBody,
    EnrollmentCourseView,
    EnrollmentListed,
    EnrollmentOfferingView,
    EnrollmentProgramView,
    EnrollmentsPage,
    EnrollmentStateView,
    EnrollmentView,
    ErasureView,
    EuropeanView,
    Evaluation,
    EvaluationView,
    GoOn,
    GradebookBody,
    GroupListed,
    GroupMember,
    GroupPage,
    GroupRiskPage,
    GroupsPage,
    GroupView,
    HandAward,
    HomeBody,
    ImageView,
    Impact,
    Imported,
    InMode,
    InstructorsView,
    InstructorView,
    IntegrityView,
    InvitationStanding,
    InvitationView,
    Invite,
    IssuerFiguresPage,
    IssuerProfile,
    IssuersFiguresPage,
    IssuersView,
    IssuerView,
    JobPage,
    JobStatus,
    JobStatuses,
    JobView,
    Judgement,
    LearnerPage,
    LearnerSkillsPage,
    LearnerView,
    LessonAttempts,
    LessonsBody,
    LiftingFlag,
    Me,
    MemberPage,
    Members,
    MembersPage,
    MembersView,
    MigratedPlan,
    MigratePlan,
    MigrationPreview,
    ModelJobsView,
    ModelJobView,
    Move,
    MovedTogether,
    MoveTogether,
    NamedLearner,
    NewCheck,
    NewModelJob,
    NewRedelivery,
    NewWebhook,
    NewWebhookView,
    OfferingListed,
    OfferingPage,
    OfferingsLooked,
    OfferingsPage,
    OpenedOffering,
    OpenOffering,
    OperationsPage,
    Overview,
    OverviewsLooked,
    ParkedDetailView,
    ParkedListView,
    PastOffering,
    PastOfferingPage,
    PastOfferingsPage,
    PreviewView,
    ProgramLearner,
    ProgramLearnersPage,
    ProgramPage,
    ProgramProgress,
    ProgramsPage,
    ProgramsView,
    ProgramVersion,
    PublishCourse,
    PublishedVersion,
    PutLearner,
    Reasoned,
    ReasonedStep,
    Recognition,
    RecordsLooked,
    RecordView,
    RedeliveriesView,
    RedeliveryView,
    Report,
    ReportLearning,
    ReportResults,
    Republish,
    RepublishView,
    ResultLine,
    ResultRow,
    RetireProgram,
    Retry,
    RevisedScore,
    Revoked,
    RevokedView,
    Revoking,
    RotateSecret,
    Rotation,
    RunsPage,
    RunView,
    ScoresBody,
    SecretsView,
    Share,
    SharedView,
    SharingView,
    SkillListed,
    SkillsPage,
    Skip,
    StaffView,
    StandingView,
    Step,
    SubscribersView,
    SubscriberView,
    SupersededView,
    ToVerify,
    Validated,
    VersionsView,
    Waiver,
    WebhookChanges,
    WebhookDetail,
    WebhooksView,
    WebhookView,
    WhatIf,
    When,
    Withdrawal,
    Withdrawing,
)
from milepost_client.transport import Transport, in_path


class Operations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def accept_credential(
        self, learner: str, credential: str, body: Step, *, idempotency_key: str | None = None
    ) -> CredentialsCredentialView:
        """Accept a credential

        Safe to repeat.

        The learner themselves, or service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/accept",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def accept_enrollment(
        self, enrollment: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Accept the seat that is offered

        Before the offer expires: then it is passed on.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/accept",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def add_group_members(
        self, group: str, body: Members, *, idempotency_key: str | None = None
    ) -> MembersView:
        """Add members to a group

        Up to 1,000 learners, a result each; they need not be enrolled anywhere. Safe to repeat.
        """
        return await self._transport.call(
            MembersView,
            "POST",
            f"/enrollment/groups/{in_path(group)}/members",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def approve_award(
        self, learner: str, achievement: str, body: Approval, *, idempotency_key: str | None = None
    ) -> ApprovalsView:
        """Approve of an award

        In the caller's name, once. It is awarded as soon as nothing else is missing.

        Criteria say whether one person is enough or it takes two. Roles: issuer, registrar,
        operator.
        """
        return await self._transport.call(
            ApprovalsView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/achievements/{in_path(achievement)}/approve",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def approve_enrollment(
        self, enrollment: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Approve a request

        Into a seat, else to the end of the waitlist.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/approve",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def archive_group(
        self, group: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> GroupView:
        """Archive a group

        Its staff see it no longer, with their next request, and nothing of it changes any more;
        the registrar still sees it. Repeating it does nothing.
        """
        return await self._transport.call(
            GroupView,
            "POST",
            f"/enrollment/groups/{in_path(group)}/archive",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def ask_impact(self, achievement: str, body: AskImpact) -> Impact:
        """Who would gain and who would lose by a definition

        From the log, with the reasons; nothing is written. Who loses keeps what they hold until a
        person decides. Who gains is awarded it by themselves from now on, and for what they have
        done before by `evaluate` or a job of `awards` that names no reason.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            Impact, "POST", f"/credentials/achievements/{in_path(achievement)}/impact", body=body
        )

    async def ask_what_if(self, body: AskWhatIf) -> WhatIf:
        """What a changed rule would mean

        Who would gain or lose completion, whose grade would change, which credentials follow.

        It judges what has happened anew, says which events decide, and writes nothing.
        Transferred enrollments count where they went on.
        """
        return await self._transport.call(WhatIf, "POST", "/progress/what-if", body=body)

    async def assign_group_staff(
        self, group: str, subject: str, *, idempotency_key: str | None = None
    ) -> StaffView:
        """Assign a group's staff

        Whoever has this subject sees the group and how its members stand, and no other group; no
        role is needed for it. Repeating it does nothing.
        """
        return await self._transport.call(
            StaffView,
            "PUT",
            f"/enrollment/groups/{in_path(group)}/staff/{in_path(subject)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def assign_instructor(
        self, offering: str, subject: str, *, idempotency_key: str | None = None
    ) -> InstructorView:
        """Assign an instructor

        Who has the role `instructor` sees, scores and reports on the offerings that they are
        assigned to, and no others; another role does not depend on it. Repeating it does nothing.
        """
        return await self._transport.call(
            InstructorView,
            "PUT",
            f"/enrollment/offerings/{in_path(offering)}/instructors/{in_path(subject)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def award_credential(
        self, learner: str, body: HandAward, *, idempotency_key: str | None = None
    ) -> CredentialsCredentialView:
        """Award by hand

        Whether or not the criteria hold; what rests on it is awarded with it.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def cancel_credential_job(self, job: str) -> JobStatus:
        """Cancel a job of credentials

        It ends within a second or two. What it has done stays, and its results tell it. Repeating
        it does nothing.
        """
        return await self._transport.call(
            JobStatus, "POST", f"/credentials/jobs/{in_path(job)}/cancel"
        )

    async def cancel_job(self, job: str) -> JobView:
        """Cancel a bulk job

        It ends within a second or two. What it has done stays, and its results tell it. Repeating
        it does nothing.
        """
        return await self._transport.call(
            JobView, "POST", f"/enrollment/jobs/{in_path(job)}/cancel"
        )

    async def cancel_model_job(
        self, job: str, *, idempotency_key: str | None = None
    ) -> ModelJobView:
        """Cancel a job on a read model

        It ends within a second or two. What was built stays: another rebuild goes on from there,
        `drop` gives it up. Roles: operator.
        """
        return await self._transport.call(
            ModelJobView,
            "POST",
            f"/operations/jobs/{in_path(job)}/cancel",
            headers=self._transport.keyed(idempotency_key),
        )

    async def cancel_offering(
        self, offering: str, body: Reasoned, *, idempotency_key: str | None = None
    ) -> EnrollmentOfferingView:
        """Cancel an offering

        It does not take place: whoever is in, waits or has asked is canceled for the same reason,
        a moment later. Who has completed stays so. Repeating it does nothing.
        """
        return await self._transport.call(
            EnrollmentOfferingView,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/cancel",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def cancel_progress_job(self, job: str) -> JobStatus:
        """Cancel a job of progress

        It ends within a second or two. What it has done stays, and its results tell it. Repeating
        it does nothing.
        """
        return await self._transport.call(
            JobStatus, "POST", f"/progress/jobs/{in_path(job)}/cancel"
        )

    async def cancel_republish(
        self, subscriber: str, *, idempotency_key: str | None = None
    ) -> SubscriberView:
        """Cancel what is published again

        It ends within a page. Repeating it does nothing.
        """
        return await self._transport.call(
            SubscriberView,
            "DELETE",
            f"/subscribers/{in_path(subscriber)}/republish",
            headers=self._transport.keyed(idempotency_key),
        )

    async def change_enrollment_mode(
        self, enrollment: str, body: InMode, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Change the mode

        Between audit and verified.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/mode",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def change_group(
        self, group: str, body: DescribeGroup, *, idempotency_key: str | None = None
    ) -> GroupView:
        """Change a group

        Its name, kind and courses, as they are from now on.
        """
        return await self._transport.call(
            GroupView,
            "POST",
            f"/enrollment/groups/{in_path(group)}/change",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def change_offering(
        self, offering: str, body: ChangeOffering, *, idempotency_key: str | None = None
    ) -> EnrollmentOfferingView:
        """Change an offering

        Seats that are added go to those who wait; fewer seats evict nobody: they are not given
        again. A cap neither comes nor goes.
        """
        return await self._transport.call(
            EnrollmentOfferingView,
            "PATCH",
            f"/enrollment/offerings/{in_path(offering)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def change_webhook(
        self, webhook: str, body: WebhookChanges, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Change a webhook

        What waits already is delivered to the new address, once that is verified; what matched
        before is delivered though it would match no longer.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "PATCH",
            f"/webhooks/{in_path(webhook)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def check_integrity(
        self, body: NewCheck, *, idempotency_key: str | None = None
    ) -> IntegrityView:
        """Look again whether all agrees with the log

        In the background, at its pace; asked twice, it is one look. Roles: operator.
        """
        return await self._transport.call(
            IntegrityView,
            "POST",
            "/operations/integrity/checks",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def close_offering(
        self, offering: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> EnrollmentOfferingView:
        """Close an offering

        Nobody is taken in any more, and no freed seat is passed on; who is in goes on. Repeating
        it does nothing.
        """
        return await self._transport.call(
            EnrollmentOfferingView,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/close",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def course_schema(self) -> Mapping[str, Any]:
        """The JSON Schema of a course file

        Draft 2020-12. Needs no token.
        """
        return await self._transport.call(dict, "GET", "/enrollment/schemas/course.json")

    async def create_group(
        self, group: str, body: DescribeGroup, *, idempotency_key: str | None = None
    ) -> GroupView:
        """Create a group

        A cohort, a company's contract, a class. 200 instead of 201 when it is there with these
        facts; with other facts it stays as it is.
        """
        return await self._transport.call(
            GroupView,
            "PUT",
            f"/enrollment/groups/{in_path(group)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def create_webhook(
        self, body: NewWebhook, *, idempotency_key: str | None = None
    ) -> NewWebhookView:
        """Create a webhook

        Nothing is delivered before its endpoint is verified: `POST /webhooks/{webhook}/verify`.
        Then all that was published since now comes, or, with `after` or `since`, since then.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            NewWebhookView,
            "POST",
            "/webhooks",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def decline_credential(
        self, learner: str, credential: str, body: Step, *, idempotency_key: str | None = None
    ) -> CredentialsCredentialView:
        """Decline a credential

        For good: nobody is shown it, and only a person awards the achievement again.

        The learner themselves, or service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/decline",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def decline_enrollment(
        self, enrollment: str, body: Reasoned, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Decline a request

        For a reason.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/decline",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def defer_enrollment(
        self, enrollment: str, body: Move, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Defer to a later run

        A transfer to a run of the same course that starts later.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/defer",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def delete_webhook(
        self, webhook: str, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Delete a webhook

        Nothing more is delivered, and its secrets are gone. Repeating it does nothing.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "DELETE",
            f"/webhooks/{in_path(webhook)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def diff_course_versions(
        self, course: str, version: int, *, from_: int | None = None
    ) -> DiffView:
        """What a version changed

        Lessons, skills and prerequisites that were added, removed, moved or changed, field by
        field, and what changed about the course. Between the version `from`, else the one before,
        and this one, which may be the older; facts leave out what is usual.
        """
        return await self._transport.call(
            DiffView,
            "GET",
            f"/enrollment/courses/{in_path(course)}/versions/{in_path(version)}/diff",
            query={"from": from_},
        )

    async def disable_webhook(
        self, webhook: str, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Disable a webhook

        Nothing is delivered until it is enabled again. That is published: `webhook_disabled`.

        Roles: operator.
        """
        return await self._transport.call(
            WebhookView,
            "POST",
            f"/webhooks/{in_path(webhook)}/disable",
            headers=self._transport.keyed(idempotency_key),
        )

    async def draft_course(
        self, course: str, body: DraftCourse, *, idempotency_key: str | None = None
    ) -> CourseVersion:
        """Draft a course

        Names a course to be. Repeating it does nothing; once it is published, its title is that
        of the latest version.
        """
        return await self._transport.call(
            CourseVersion,
            "PUT",
            f"/enrollment/courses/{in_path(course)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def enable_webhook(
        self, webhook: str, body: GoOn, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Enable a webhook that was disabled

        From where it stopped, or, with `skip`, from now. Repeating it does nothing.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "POST",
            f"/webhooks/{in_path(webhook)}/enable",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def endorse_achievement(
        self, achievement: str, body: Endorsing, *, idempotency_key: str | None = None
    ) -> AchievementView:
        """Endorse an achievement

        An issuer of the school that does not award it itself vouches for it, once. It is signed
        with that issuer's key, and stands in every badge as long as it is not withdrawn.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            AchievementView,
            "POST",
            f"/credentials/achievements/{in_path(achievement)}/endorsements",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def enroll_learner(
        self, offering: str, body: Enroll, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Enroll a learner

        Takes a seat, else the last place in the waitlist, or asks for approval. 200 instead of
        201 for who is in, waits or has asked already, 409 if that is in another mode than asked
        for. Who withdrew may come back; who was suspended then, by the registrar alone.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/enrollments",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def erase_learner(
        self, learner: str, *, idempotency_key: str | None = None
    ) -> ErasureView:
        """Erase a learner's personal data

        For good: nobody reads them from now on. What old rows and backups still hold, sealed, is
        opened by no key that exists within `MILEPOST_ERASURE_DAYS`. Enrollments and credentials
        stay, under the learner's id alone. Repeating it does nothing.
        """
        return await self._transport.call(
            ErasureView,
            "POST",
            f"/enrollment/learners/{in_path(learner)}/erase",
            headers=self._transport.keyed(idempotency_key),
        )

    async def erase_named_learner(
        self, body: NamedLearner, *, idempotency_key: str | None = None
    ) -> ErasureView:
        """Erase a learner's personal data, named in the body

        The same, for ids from before that have a slash: no path can hold one.
        """
        return await self._transport.call(
            ErasureView,
            "POST",
            "/enrollment/erasures",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def evaluate_learners(
        self, achievement: str, body: Evaluation, *, idempotency_key: str | None = None
    ) -> EvaluationView:
        """Award to those who have earned it already

        For an achievement that was defined, or made easier, after learners had passed: a result
        for each of up to 1,000 learners, with the conditions that do not hold yet. Safe to
        repeat.

        Criteria on lessons, modes, hours and skills are judged by the courses that the learners'
        records know, also where nobody had asked for that when it happened.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            EvaluationView,
            "POST",
            f"/credentials/achievements/{in_path(achievement)}/evaluate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def export_course(self, course: str) -> CourseFile:
        """Export a course

        Title, all versions in order and whether it is retired, as one JSON file that can be
        imported elsewhere; GET /enrollment/schemas/course.json describes it.
        """
        return await self._transport.call(
            CourseFile, "GET", f"/enrollment/courses/{in_path(course)}/export"
        )

    async def export_learner(self, learner: str) -> bytes:
        """Export everything about a learner

        A ZIP archive: about.json tells what is in it.
        """
        return await self._transport.call(
            bytes, "GET", f"/enrollment/learners/{in_path(learner)}/export"
        )

    async def export_named_learner(self, body: NamedLearner) -> bytes:
        """Export everything about a learner, named in the body

        The same, for ids from before that have a slash: no path can hold one.
        """
        return await self._transport.call(bytes, "POST", "/enrollment/exports", body=body)

    async def get_achievement(self, achievement: str) -> AchievementView:
        """An achievement as it is defined now

        Any role.
        """
        return await self._transport.call(
            AchievementView, "GET", f"/credentials/achievements/{in_path(achievement)}"
        )

    async def get_achievement_standing(self, learner: str, achievement: str) -> StandingView:
        """Why, or why not yet

        Which conditions hold, since which event, and which do not yet hold.

        The learner themselves, or issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            StandingView,
            "GET",
            f"/credentials/learners/{in_path(learner)}/achievements/{in_path(achievement)}",
        )

    async def get_achievement_version(self, achievement: str, version: int) -> AchievementView:
        """An achievement as it was defined

        Credentials keep the version by which they were awarded.

        Any role.
        """
        return await self._transport.call(
            AchievementView,
            "GET",
            f"/credentials/achievements/{in_path(achievement)}/versions/{in_path(version)}",
        )

    async def get_award_approvals(self, learner: str, achievement: str) -> ApprovalsView:
        """Who has approved of an award

        Roles: issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            ApprovalsView,
            "GET",
            f"/credentials/learners/{in_path(learner)}/achievements/{in_path(achievement)}/approvals",
        )

    async def get_backlog(self, webhook: str) -> Backlog:
        """Read how far a webhook is behind

        What waits, since when, and what never arrived.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(Backlog, "GET", f"/webhooks/{in_path(webhook)}/backlog")

    async def get_course_runs(self, course: str, *, language: str | None = None) -> CourseRunsBody:
        """A course's runs side by side

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            CourseRunsBody,
            "GET",
            f"/dashboards/courses/{in_path(course)}/runs",
            query={"language": language},
        )

    async def get_credential_document(
        self,
        learner: str,
        credential: str,
        *,
        format: OpenLiteral["json", "jwt", "vc+jwt", "png", "svg", "pdf"] | None = None,
    ) -> bytes:
        """A credential as a file

        Whether or not others may see it. What is withheld or was declined, only who issues.

        The learner themselves, or issuer, registrar, operator, service.
        """
        return await self._transport.call(
            bytes,
            "GET",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/document",
            query={"format": format},
        )

    async def get_credential_job(self, job: str) -> JobStatus:
        """Read how far a job of credentials is

        Sends an ETag, answers If-None-Match.
        """
        return await self._transport.call(JobStatus, "GET", f"/credentials/jobs/{in_path(job)}")

    def get_credential_job_results(
        self,
        job: str,
        *,
        refused: bool | None = None,
        follow: bool | None = None,
        after: int | None = None,
    ) -> AsyncIterator[ResultLine]:
        """Read what came of each row

        A line of NDJSON for each row that is done, in their order: the row's number, what it came
        to, and the problem if it was refused. `follow`: stay until the job has ended, up to ten
        minutes; `after` goes on behind a row.
        """
        return self._transport.lines(
            ResultLine,
            f"/credentials/jobs/{in_path(job)}/results",
            query={"refused": refused, "follow": follow, "after": after},
        )

    async def get_credential_shares(self, learner: str, credential: str) -> SharingView:
        """Who may see a credential's page

        The learner themselves, or issuer, registrar, operator, service.
        """
        return await self._transport.call(
            SharingView,
            "GET",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/shares",
        )

    async def get_delivery(self, webhook: str, delivery: str) -> DeliveryDetailView:
        """Read how a delivery went

        What is sent, and each request with its response, the last one first.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(
            DeliveryDetailView,
            "GET",
            f"/webhooks/{in_path(webhook)}/deliveries/{in_path(delivery)}",
        )

    async def get_enrollment(self, enrollment: str) -> EnrollmentView:
        """Read an enrollment

        Its state and everything that happened to it. Another's does not exist for a learner,
        another offering's not for an instructor.
        """
        return await self._transport.call(
            EnrollmentView, "GET", f"/enrollment/enrollments/{in_path(enrollment)}"
        )

    async def get_enrollment_page(
        self, enrollment: str, *, language: str | None = None
    ) -> EnrollmentBody:
        """One enrollment: its lessons, what is done, due, next and locked

        The learner themselves; registrar, issuer, operator, service, auditor; instructor for own
        offerings. For others there is none.
        """
        return await self._transport.call(
            EnrollmentBody,
            "GET",
            f"/dashboards/enrollments/{in_path(enrollment)}",
            query={"language": language},
        )

    async def get_european_report(self, achievement: str) -> EuropeanView:
        """What is missing for a European micro-credential

        Every element of the Council Recommendation of 16 June 2022, Annex I, as the achievement
        is defined now: given, missing, or said by each credential.

        Any role.
        """
        return await self._transport.call(
            EuropeanView, "GET", f"/credentials/achievements/{in_path(achievement)}/european"
        )

    async def get_gradebook(
        self,
        offering: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        language: str | None = None,
    ) -> GradebookBody:
        """Learners and their scores, page by page

        Of who has a seat, or had one, in the order of their ids.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            GradebookBody,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/gradebook",
            query={"limit": limit, "cursor": cursor, "language": language},
        )

    async def get_gradebook_file(
        self,
        offering: str,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        language: str | None = None,
    ) -> bytes:
        """Learners and their scores, page by page

        Of who has a seat, or had one, in the order of their ids.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/gradebook",
            query={"language": language, "format": format},
        )

    async def get_group(self, group: str, *, language: str | None = None) -> GroupPage:
        """A group's members, and how far they have come

        Its staff, whatever their roles, by what the log says now; roles: registrar, operator,
        service, auditor.
        """
        return await self._transport.call(
            GroupPage, "GET", f"/dashboards/groups/{in_path(group)}", query={"language": language}
        )

    async def get_group_at_risk(self, group: str, *, language: str | None = None) -> GroupRiskPage:
        """Which members of a group are at risk

        For whom the group is; in the courses that it shows, and without the reasons.
        """
        return await self._transport.call(
            GroupRiskPage,
            "GET",
            f"/dashboards/groups/{in_path(group)}/at-risk",
            query={"language": language},
        )

    async def get_group_member(
        self, group: str, learner: str, *, language: str | None = None
    ) -> MemberPage:
        """A member's enrollments and credentials, as a group's staff are told

        For whom the group is; in the courses that it shows. No grade, no score, no reason.
        """
        return await self._transport.call(
            MemberPage,
            "GET",
            f"/dashboards/groups/{in_path(group)}/members/{in_path(learner)}",
            query={"language": language},
        )

    async def get_integrity(self) -> IntegrityView:
        """Read whether all that follows from the log agrees with it

        As it was found last, in the background: the log with its chain, the read models with the
        log, awards with what was earned, the stream in NATS with what was published. Roles:
        operator, issuer, registrar, auditor.
        """
        return await self._transport.call(IntegrityView, "GET", "/operations/integrity")

    async def get_invitation(self, invitation: str) -> InvitationStanding:
        """Read an invitation

        Whether it was used, by which enrollment, or revoked; never its code.
        """
        return await self._transport.call(
            InvitationStanding, "GET", f"/enrollment/invitations/{in_path(invitation)}"
        )

    async def get_issuer(self, issuer: str) -> IssuerView:
        """An issuer and its keys

        Any role.
        """
        return await self._transport.call(
            IssuerView, "GET", f"/credentials/issuers/{in_path(issuer)}"
        )

    async def get_issuer_figures(
        self, issuer: str, *, weeks: int | None = None, language: str | None = None
    ) -> IssuerFiguresPage:
        """An issuer's credentials, counted

        Awarded, accepted, ending soon, expired, suspended, revoked: now, and by week.

        Roles: issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            IssuerFiguresPage,
            "GET",
            f"/dashboards/issuers/{in_path(issuer)}",
            query={"weeks": weeks, "language": language},
        )

    async def get_job(self, job: str) -> JobView:
        """Read how far a bulk job is

        Sends an ETag, answers If-None-Match.
        """
        return await self._transport.call(JobView, "GET", f"/enrollment/jobs/{in_path(job)}")

    def get_job_results(
        self,
        job: str,
        *,
        refused: bool | None = None,
        follow: bool | None = None,
        after: int | None = None,
    ) -> AsyncIterator[ResultRow]:
        """Read what came of each row

        A line of NDJSON for each row that is done, in their order: the row's number, what it came
        to, and the problem if it was refused. `follow`: stay until the job has ended, up to ten
        minutes; `after` goes on behind a row.
        """
        return self._transport.lines(
            ResultRow,
            f"/enrollment/jobs/{in_path(job)}/results",
            query={"refused": refused, "follow": follow, "after": after},
        )

    async def get_learner(self, learner: str) -> LearnerView:
        """Read who a learner is

        Nothing is known of who has been erased.
        """
        return await self._transport.call(
            LearnerView, "GET", f"/enrollment/learners/{in_path(learner)}"
        )

    async def get_learner_home(self, learner: str, *, language: str | None = None) -> HomeBody:
        """A learner's home: courses, what is next, credentials, milestones

        Empty for a learner of whom nothing has happened. The learner themselves; registrar,
        issuer, operator, service, auditor. What is overdue, and next, changes with time: so does
        the ETag.
        """
        return await self._transport.call(
            HomeBody,
            "GET",
            f"/dashboards/learners/{in_path(learner)}/home",
            query={"language": language},
        )

    async def get_learner_overview(self, learner: str) -> LearnerPage:
        """A learner's enrollments and credentials

        Empty for a learner of whom nothing has happened. The learner themselves, or staff;
        instructors are shown what is of own offerings.
        """
        return await self._transport.call(
            LearnerPage, "GET", f"/dashboards/learners/{in_path(learner)}"
        )

    async def get_learner_record(self, learner: str) -> RecordView:
        """All that a learner has passed and earned

        Empty for a learner who has not completed anything.

        The learner themselves, or issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            RecordView, "GET", f"/credentials/learners/{in_path(learner)}/record"
        )

    async def get_learner_skills(self, learner: str) -> LearnerSkillsPage:
        """A learner's skills, with levels

        The learner themselves, who alone are told the grade behind a level. Roles: registrar,
        issuer, operator, service, auditor.
        """
        return await self._transport.call(
            LearnerSkillsPage, "GET", f"/dashboards/learners/{in_path(learner)}/skills"
        )

    async def get_me(self, *, language: str | None = None) -> Me:
        """Who I am, and what is my own

        Any role; both lists are empty for who is no learner.
        """
        return await self._transport.call(Me, "GET", "/me", query={"language": language})

    async def get_model_job(self, job: str) -> ModelJobView:
        """Read how far a job on a read model is

        Roles: operator, auditor.
        """
        return await self._transport.call(ModelJobView, "GET", f"/operations/jobs/{in_path(job)}")

    async def get_offering(self, offering: str) -> EnrollmentOfferingView:
        """Read an offering

        Its facts, seats taken and how many wait.
        """
        return await self._transport.call(
            EnrollmentOfferingView, "GET", f"/enrollment/offerings/{in_path(offering)}"
        )

    async def get_offering_activity(self, offering: str) -> ActivityBody:
        """Who was active in 7 days, and how long completing takes

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            ActivityBody, "GET", f"/dashboards/offerings/{in_path(offering)}/activity"
        )

    async def get_offering_days(
        self, offering: str, *, since: str | None = None, until: str | None = None
    ) -> DaysPage:
        """An offering day by day

        Days by when things happened, from `since` to `until`; the last 1,000 of them.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            DaysPage,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/days",
            query={"since": since, "until": until},
        )

    async def get_offering_lessons(
        self, offering: str, *, language: str | None = None
    ) -> LessonsBody:
        """An offering's lessons: who began, who has done them

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            LessonsBody,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/lessons",
            query={"language": language},
        )

    async def get_offering_overview(self, offering: str) -> OfferingPage:
        """An offering's funnel

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            OfferingPage, "GET", f"/dashboards/offerings/{in_path(offering)}"
        )

    async def get_offering_scores(
        self, offering: str, *, language: str | None = None
    ) -> ScoresBody:
        """How scores are spread, lesson by lesson

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            ScoresBody,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/scores",
            query={"language": language},
        )

    async def get_operations(self) -> OperationsPage:
        """The log's head, and how far the read models are behind it

        Roles: operator, service, auditor.
        """
        return await self._transport.call(OperationsPage, "GET", "/dashboards/operations")

    async def get_parked(self, parked: int) -> ParkedDetailView:
        """Read a parked event

        Its error, and what was decided about it. Roles: operator, auditor.
        """
        return await self._transport.call(
            ParkedDetailView, "GET", f"/operations/parked/{in_path(parked)}"
        )

    async def get_past_offering(
        self,
        offering: str,
        *,
        as_of: str | None = None,
        happened_by: str | None = None,
        language: str | None = None,
    ) -> PastOfferingPage:
        """An offering as of a past day

        One of `as_of`, what had been recorded by the end of that day, and `happened_by`, what had
        happened by then, as it is known by now.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            PastOfferingPage,
            "GET",
            f"/dashboards/past/offerings/{in_path(offering)}",
            query={"as_of": as_of, "happened_by": happened_by, "language": language},
        )

    async def get_program_funnel(self, program: str, *, language: str | None = None) -> ProgramPage:
        """How far learners have come towards a program

        Roles: registrar, issuer, operator, service, auditor.
        """
        return await self._transport.call(
            ProgramPage,
            "GET",
            f"/dashboards/programs/{in_path(program)}",
            query={"language": language},
        )

    async def get_program_progress(self, learner: str, program: str) -> CredentialsProgramView:
        """How far a learner is towards a program, and what is beneath it

        Which achievements are held, and how far those are that are not.

        The learner themselves, or issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            CredentialsProgramView,
            "GET",
            f"/credentials/learners/{in_path(learner)}/programs/{in_path(program)}",
        )

    async def get_progress(self, enrollment: str) -> Overview:
        """How an enrollment stands

        What is done, due, next and why, locked by what, still needed, and how long it may take.

        Some of it changes with time alone, and with what others need: so does the ETag.
        """
        return await self._transport.call(
            Overview, "GET", f"/progress/enrollments/{in_path(enrollment)}"
        )

    async def get_progress_job(self, job: str) -> JobStatus:
        """Read how far a job of progress is

        Sends an ETag, answers If-None-Match.
        """
        return await self._transport.call(JobStatus, "GET", f"/progress/jobs/{in_path(job)}")

    def get_progress_job_results(
        self,
        job: str,
        *,
        refused: bool | None = None,
        follow: bool | None = None,
        after: int | None = None,
    ) -> AsyncIterator[ResultLine]:
        """Read what came of each row

        A line of NDJSON for each row that is done, in their order: the row's number, what it came
        to, and the problem if it was refused. `follow`: stay until the job has ended, up to ten
        minutes; `after` goes on behind a row.
        """
        return self._transport.lines(
            ResultLine,
            f"/progress/jobs/{in_path(job)}/results",
            query={"refused": refused, "follow": follow, "after": after},
        )

    async def get_school_days(
        self, *, since: str | None = None, until: str | None = None
    ) -> DaysPage:
        """The school day by day

        Days by when things happened, from `since` to `until`; the last 1,000 of them.

        Roles: registrar, issuer, operator, service, auditor.
        """
        return await self._transport.call(
            DaysPage, "GET", "/dashboards/days", query={"since": since, "until": until}
        )

    async def get_webhook(self, webhook: str) -> WebhookDetail:
        """A webhook

        What it asks for, and how far it is behind.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(WebhookDetail, "GET", f"/webhooks/{in_path(webhook)}")

    async def get_webhook_secret(self, webhook: str) -> SecretsView:
        """The secrets of a webhook

        What signatures are checked with, while secrets overlap several.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            SecretsView, "GET", f"/webhooks/{in_path(webhook)}/secret"
        )

    async def hide_credential(
        self, learner: str, credential: str, *, idempotency_key: str | None = None
    ) -> SharingView:
        """Hide a credential

        The page and every link are gone, whatever the achievement says. Repeating it does
        nothing.

        The learner themselves, or issuer, registrar, operator, service.
        """
        return await self._transport.call(
            SharingView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/hide",
            headers=self._transport.keyed(idempotency_key),
        )

    async def import_course(
        self, course: str, body: CourseFile, *, idempotency_key: str | None = None
    ) -> Imported:
        """Import a course

        Publishes what the file has beyond the course, with the times that it tells: all of it or
        nothing. 200 instead of 201 when all is here already. Faults are told all at once: those
        of the file, else where the course differs here.
        """
        return await self._transport.call(
            Imported,
            "POST",
            f"/enrollment/courses/{in_path(course)}/import",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def invite_learner(
        self, offering: str, body: Invite, *, idempotency_key: str | None = None
    ) -> InvitationView:
        """Invite to an offering

        Good for one enrollment until it expires, for who has the code and the address. A repeated
        request is told no code.
        """
        return await self._transport.call(
            InvitationView,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/invitations",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def lift_credential_flag(
        self,
        learner: str,
        credential: str,
        body: LiftingFlag,
        *,
        idempotency_key: str | None = None,
    ) -> CredentialsCredentialView:
        """Let a flagged credential stand

        It is flagged anew only when what it rests on holds again and falls again, or when the
        completion of the course is revoked. What was flagged on its account stands with it.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/flag/lift",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def list_achievement_versions(self, achievement: str) -> AchievementVersions:
        """List the versions of an achievement

        All of them, the first one first.

        Any role.
        """
        return await self._transport.call(
            AchievementVersions, "GET", f"/credentials/achievements/{in_path(achievement)}/versions"
        )

    async def list_achievements(
        self, *, after: str | None = None, limit: int | None = None
    ) -> AchievementsPage:
        """List the achievements

        Each as it is defined now, retired ones too.

        Any role.
        """
        return await self._transport.call(
            AchievementsPage,
            "GET",
            "/credentials/achievements",
            query={"after": after, "limit": limit},
        )

    def all_achievements(self, *, limit: int | None = None) -> AsyncIterator[AchievementLine]:
        """`list_achievements`, page by page to the end."""
        return rows(
            lambda cursor: self.list_achievements(after=cursor, limit=limit),
            lambda page: page.achievements,
        )

    async def list_at_risk(
        self,
        offering: str,
        *,
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        happened_by: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AtRiskPage:
        """Who is at risk in an offering, and why

        Everybody who has a reason, those with the most of them first; `at_risk`: one of them is
        more than that something is due soon. `happened_by`: as it had happened by the end of that
        day.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            AtRiskPage,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/at-risk",
            query={"risk": risk, "happened_by": happened_by, "limit": limit, "cursor": cursor},
        )

    def all_at_risk(
        self,
        offering: str,
        *,
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        happened_by: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Judgement]:
        """`list_at_risk`, page by page to the end."""
        return rows(
            lambda cursor: self.list_at_risk(
                offering, risk=risk, happened_by=happened_by, limit=limit, cursor=cursor
            ),
            lambda page: page.learners,
        )

    async def list_at_risk_file(
        self,
        offering: str,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        happened_by: str | None = None,
    ) -> bytes:
        """Who is at risk in an offering, and why

        Everybody who has a reason, those with the most of them first; `at_risk`: one of them is
        more than that something is due soon. `happened_by`: as it had happened by the end of that
        day.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            f"/dashboards/offerings/{in_path(offering)}/at-risk",
            query={"risk": risk, "happened_by": happened_by, "format": format},
        )

    async def list_catalog_offerings(
        self,
        *,
        sort: OpenLiteral["offering", "opened_at", "starts", "ends"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        course: str | None = None,
        state: OpenLiteral["announced", "open", "running", "ended", "closed", "canceled"]
        | None = None,
        pace: OpenLiteral["self_paced", "cohort"] | None = None,
        has_free_seats: bool | None = None,
        starts_from: str | None = None,
        starts_before: str | None = None,
        ends_from: str | None = None,
        ends_before: str | None = None,
        language: str | None = None,
    ) -> RunsPage:
        """List offerings to enroll in

        Any role. Times are from the one, up to but without the other.
        """
        return await self._transport.call(
            RunsPage,
            "GET",
            "/dashboards/catalog/offerings",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "course": course,
                "state": state,
                "pace": pace,
                "has_free_seats": has_free_seats,
                "starts_from": starts_from,
                "starts_before": starts_before,
                "ends_from": ends_from,
                "ends_before": ends_before,
                "language": language,
            },
        )

    def all_catalog_offerings(
        self,
        *,
        sort: OpenLiteral["offering", "opened_at", "starts", "ends"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        course: str | None = None,
        state: OpenLiteral["announced", "open", "running", "ended", "closed", "canceled"]
        | None = None,
        pace: OpenLiteral["self_paced", "cohort"] | None = None,
        has_free_seats: bool | None = None,
        starts_from: str | None = None,
        starts_before: str | None = None,
        ends_from: str | None = None,
        ends_before: str | None = None,
        language: str | None = None,
    ) -> AsyncIterator[RunView]:
        """`list_catalog_offerings`, page by page to the end."""
        return rows(
            lambda cursor: self.list_catalog_offerings(
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                course=course,
                state=state,
                pace=pace,
                has_free_seats=has_free_seats,
                starts_from=starts_from,
                starts_before=starts_before,
                ends_from=ends_from,
                ends_before=ends_before,
                language=language,
            ),
            lambda page: page.offerings,
        )

    async def list_catalog_offerings_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["offering", "opened_at", "starts", "ends"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        course: str | None = None,
        state: OpenLiteral["announced", "open", "running", "ended", "closed", "canceled"]
        | None = None,
        pace: OpenLiteral["self_paced", "cohort"] | None = None,
        has_free_seats: bool | None = None,
        starts_from: str | None = None,
        starts_before: str | None = None,
        ends_from: str | None = None,
        ends_before: str | None = None,
        language: str | None = None,
    ) -> bytes:
        """List offerings to enroll in

        Any role. Times are from the one, up to but without the other.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/catalog/offerings",
            query={
                "sort": sort,
                "order": order,
                "course": course,
                "state": state,
                "pace": pace,
                "has_free_seats": has_free_seats,
                "starts_from": starts_from,
                "starts_before": starts_before,
                "ends_from": ends_from,
                "ends_before": ends_before,
                "language": language,
                "format": format,
            },
        )

    async def list_course_versions(
        self, course: str, *, language: str | None = None
    ) -> VersionsView:
        """List the versions of a course

        All of them, the first one first; none while it is a draft. With `language`, titles are in
        it where there is one.
        """
        return await self._transport.call(
            VersionsView,
            "GET",
            f"/enrollment/courses/{in_path(course)}/versions",
            query={"language": language},
        )

    async def list_courses(
        self,
        *,
        sort: OpenLiteral["course", "title", "published_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        state: OpenLiteral["draft", "published", "retired"] | None = None,
        taught_in: str | None = None,
        language: str | None = None,
    ) -> CoursesPage:
        """List courses

        Any role.
        """
        return await self._transport.call(
            CoursesPage,
            "GET",
            "/dashboards/catalog/courses",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "state": state,
                "taught_in": taught_in,
                "language": language,
            },
        )

    def all_courses(
        self,
        *,
        sort: OpenLiteral["course", "title", "published_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        state: OpenLiteral["draft", "published", "retired"] | None = None,
        taught_in: str | None = None,
        language: str | None = None,
    ) -> AsyncIterator[DashboardsCourseView]:
        """`list_courses`, page by page to the end."""
        return rows(
            lambda cursor: self.list_courses(
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                state=state,
                taught_in=taught_in,
                language=language,
            ),
            lambda page: page.courses,
        )

    async def list_courses_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["course", "title", "published_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        state: OpenLiteral["draft", "published", "retired"] | None = None,
        taught_in: str | None = None,
        language: str | None = None,
    ) -> bytes:
        """List courses

        Any role.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/catalog/courses",
            query={
                "sort": sort,
                "order": order,
                "state": state,
                "taught_in": taught_in,
                "language": language,
                "format": format,
            },
        )

    async def list_credential_jobs(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> JobStatuses:
        """List jobs of credentials

        The newest first. They are kept for 30 days after their end.
        """
        return await self._transport.call(
            JobStatuses, "GET", "/credentials/jobs", query={"cursor": cursor, "limit": limit}
        )

    def all_credential_jobs(self, *, limit: int | None = None) -> AsyncIterator[JobStatus]:
        """`list_credential_jobs`, page by page to the end."""
        return rows(
            lambda cursor: self.list_credential_jobs(cursor=cursor, limit=limit),
            lambda page: page.jobs,
        )

    async def list_credentials(
        self,
        *,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        learner: str | None = None,
        achievement: str | None = None,
        issuer: str | None = None,
        course: str | None = None,
        offering: str | None = None,
        status: OpenLiteral[
            "withheld", "active", "suspended", "expired", "declined", "superseded", "revoked"
        ]
        | None = None,
        flagged: bool | None = None,
        language: str | None = None,
    ) -> CredentialsPage:
        """The register of credentials

        `flagged=true`: those that wait for a person's decision, since what they rest on holds no
        longer.

        Roles: registrar, issuer, operator, service, auditor; instructor for what was first earned
        in own offerings, learners for their own: to both of them what is withheld is not there.
        Learners are told that a person awarded it, not who.
        """
        return await self._transport.call(
            CredentialsPage,
            "GET",
            "/dashboards/credentials",
            query={
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "learner": learner,
                "achievement": achievement,
                "issuer": issuer,
                "course": course,
                "offering": offering,
                "status": status,
                "flagged": flagged,
                "language": language,
            },
        )

    def all_credentials(
        self,
        *,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        learner: str | None = None,
        achievement: str | None = None,
        issuer: str | None = None,
        course: str | None = None,
        offering: str | None = None,
        status: OpenLiteral[
            "withheld", "active", "suspended", "expired", "declined", "superseded", "revoked"
        ]
        | None = None,
        flagged: bool | None = None,
        language: str | None = None,
    ) -> AsyncIterator[CredentialListed]:
        """`list_credentials`, page by page to the end."""
        return rows(
            lambda cursor: self.list_credentials(
                order=order,
                limit=limit,
                cursor=cursor,
                learner=learner,
                achievement=achievement,
                issuer=issuer,
                course=course,
                offering=offering,
                status=status,
                flagged=flagged,
                language=language,
            ),
            lambda page: page.credentials,
        )

    async def list_credentials_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        order: OpenLiteral["asc", "desc"] | None = None,
        learner: str | None = None,
        achievement: str | None = None,
        issuer: str | None = None,
        course: str | None = None,
        offering: str | None = None,
        status: OpenLiteral[
            "withheld", "active", "suspended", "expired", "declined", "superseded", "revoked"
        ]
        | None = None,
        flagged: bool | None = None,
        language: str | None = None,
    ) -> bytes:
        """The register of credentials

        `flagged=true`: those that wait for a person's decision, since what they rest on holds no
        longer.

        Roles: registrar, issuer, operator, service, auditor; instructor for what was first earned
        in own offerings, learners for their own: to both of them what is withheld is not there.
        Learners are told that a person awarded it, not who.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/credentials",
            query={
                "order": order,
                "learner": learner,
                "achievement": achievement,
                "issuer": issuer,
                "course": course,
                "offering": offering,
                "status": status,
                "flagged": flagged,
                "language": language,
                "format": format,
            },
        )

    async def list_deliveries(
        self,
        webhook: str,
        *,
        state: OpenLiteral["waiting", "delivered", "parked", "failed"] | None = None,
        event: str | None = None,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> DeliveriesView:
        """List what is delivered to a webhook

        The newest first: what waits, what arrived, and what was given up. They are kept for 30
        days, unless the operator says otherwise.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(
            DeliveriesView,
            "GET",
            f"/webhooks/{in_path(webhook)}/deliveries",
            query={
                "state": state,
                "event": event,
                "since": since,
                "cursor": cursor,
                "limit": limit,
            },
        )

    def all_deliveries(
        self,
        webhook: str,
        *,
        state: OpenLiteral["waiting", "delivered", "parked", "failed"] | None = None,
        event: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[DeliveryView]:
        """`list_deliveries`, page by page to the end."""
        return rows(
            lambda cursor: self.list_deliveries(
                webhook, state=state, event=event, since=since, cursor=cursor, limit=limit
            ),
            lambda page: page.deliveries,
        )

    async def list_enrollments(
        self,
        *,
        sort: OpenLiteral["entered_at", "waitlisted_at", "learner", "last_activity"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        offering: str | None = None,
        learner: str | None = None,
        course: str | None = None,
        state: OpenLiteral[
            "requested",
            "pending_approval",
            "waitlisted",
            "offered",
            "enrolled",
            "active",
            "suspended",
            "completed",
            "declined",
            "withdrawn",
            "expired",
            "transferred",
            "canceled",
        ]
        | None = None,
        mode: OpenLiteral["audit", "verified"] | None = None,
        since: str | None = None,
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        stage: OpenLiteral[
            "enrolled", "started", "reached_25", "reached_50", "reached_75", "completed", "awarded"
        ]
        | None = None,
        departure: OpenLiteral["withdrawn", "transferred", "deferred", "expired", "canceled"]
        | None = None,
        current: bool | None = None,
        active: bool | None = None,
        began: bool | None = None,
        lesson: str | None = None,
        lesson_state: OpenLiteral["started", "done", "dropped", "scored"] | None = None,
        score_bucket: int | None = None,
        language: str | None = None,
    ) -> EnrollmentsPage:
        """List enrollments

        `since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`,
        so is `waitlisted_at`, a waitlist's order; `risk` is for an `offering`.

        Those behind a figure: `stage` for the funnel, `departure` for who is gone, `current` for
        who is in, `active` for the last 7 days, `began` for who did anything, `lesson` with
        `lesson_state` or `score_bucket`, of an `offering`, for a lesson.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings,
        learners for their own, but not by `risk` or `stage=awarded`.
        """
        return await self._transport.call(
            EnrollmentsPage,
            "GET",
            "/dashboards/enrollments",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "offering": offering,
                "learner": learner,
                "course": course,
                "state": state,
                "mode": mode,
                "since": since,
                "risk": risk,
                "stage": stage,
                "departure": departure,
                "current": current,
                "active": active,
                "began": began,
                "lesson": lesson,
                "lesson_state": lesson_state,
                "score_bucket": score_bucket,
                "language": language,
            },
        )

    def all_enrollments(
        self,
        *,
        sort: OpenLiteral["entered_at", "waitlisted_at", "learner", "last_activity"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        offering: str | None = None,
        learner: str | None = None,
        course: str | None = None,
        state: OpenLiteral[
            "requested",
            "pending_approval",
            "waitlisted",
            "offered",
            "enrolled",
            "active",
            "suspended",
            "completed",
            "declined",
            "withdrawn",
            "expired",
            "transferred",
            "canceled",
        ]
        | None = None,
        mode: OpenLiteral["audit", "verified"] | None = None,
        since: str | None = None,
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        stage: OpenLiteral[
            "enrolled", "started", "reached_25", "reached_50", "reached_75", "completed", "awarded"
        ]
        | None = None,
        departure: OpenLiteral["withdrawn", "transferred", "deferred", "expired", "canceled"]
        | None = None,
        current: bool | None = None,
        active: bool | None = None,
        began: bool | None = None,
        lesson: str | None = None,
        lesson_state: OpenLiteral["started", "done", "dropped", "scored"] | None = None,
        score_bucket: int | None = None,
        language: str | None = None,
    ) -> AsyncIterator[EnrollmentListed]:
        """`list_enrollments`, page by page to the end."""
        return rows(
            lambda cursor: self.list_enrollments(
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                offering=offering,
                learner=learner,
                course=course,
                state=state,
                mode=mode,
                since=since,
                risk=risk,
                stage=stage,
                departure=departure,
                current=current,
                active=active,
                began=began,
                lesson=lesson,
                lesson_state=lesson_state,
                score_bucket=score_bucket,
                language=language,
            ),
            lambda page: page.enrollments,
        )

    async def list_enrollments_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["entered_at", "waitlisted_at", "learner", "last_activity"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        offering: str | None = None,
        learner: str | None = None,
        course: str | None = None,
        state: OpenLiteral[
            "requested",
            "pending_approval",
            "waitlisted",
            "offered",
            "enrolled",
            "active",
            "suspended",
            "completed",
            "declined",
            "withdrawn",
            "expired",
            "transferred",
            "canceled",
        ]
        | None = None,
        mode: OpenLiteral["audit", "verified"] | None = None,
        since: str | None = None,
        risk: OpenLiteral[
            "any", "inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon"
        ]
        | None = None,
        stage: OpenLiteral[
            "enrolled", "started", "reached_25", "reached_50", "reached_75", "completed", "awarded"
        ]
        | None = None,
        departure: OpenLiteral["withdrawn", "transferred", "deferred", "expired", "canceled"]
        | None = None,
        current: bool | None = None,
        active: bool | None = None,
        began: bool | None = None,
        lesson: str | None = None,
        lesson_state: OpenLiteral["started", "done", "dropped", "scored"] | None = None,
        score_bucket: int | None = None,
        language: str | None = None,
    ) -> bytes:
        """List enrollments

        `since`: entered then or later. `sort=last_activity` is for an `offering` or a `learner`,
        so is `waitlisted_at`, a waitlist's order; `risk` is for an `offering`.

        Those behind a figure: `stage` for the funnel, `departure` for who is gone, `current` for
        who is in, `active` for the last 7 days, `began` for who did anything, `lesson` with
        `lesson_state` or `score_bucket`, of an `offering`, for a lesson.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings,
        learners for their own, but not by `risk` or `stage=awarded`.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/enrollments",
            query={
                "sort": sort,
                "order": order,
                "offering": offering,
                "learner": learner,
                "course": course,
                "state": state,
                "mode": mode,
                "since": since,
                "risk": risk,
                "stage": stage,
                "departure": departure,
                "current": current,
                "active": active,
                "began": began,
                "lesson": lesson,
                "lesson_state": lesson_state,
                "score_bucket": score_bucket,
                "language": language,
                "format": format,
            },
        )

    async def list_group_members(
        self,
        group: str,
        *,
        sort: OpenLiteral["learner", "added_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        stage: OpenLiteral[
            "enrolled",
            "not_enrolled",
            "started",
            "not_started",
            "completed",
            "not_completed",
            "holds",
        ]
        | None = None,
        course: str | None = None,
    ) -> MembersPage:
        """The members behind each of a group's figures

        For whom the group is. `stage`: the members whom that figure counts, in `course` if it is
        asked for. Empty for a group that was created a moment ago.
        """
        return await self._transport.call(
            MembersPage,
            "GET",
            f"/dashboards/groups/{in_path(group)}/members",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "stage": stage,
                "course": course,
            },
        )

    def all_group_members(
        self,
        group: str,
        *,
        sort: OpenLiteral["learner", "added_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        stage: OpenLiteral[
            "enrolled",
            "not_enrolled",
            "started",
            "not_started",
            "completed",
            "not_completed",
            "holds",
        ]
        | None = None,
        course: str | None = None,
    ) -> AsyncIterator[GroupMember]:
        """`list_group_members`, page by page to the end."""
        return rows(
            lambda cursor: self.list_group_members(
                group,
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                stage=stage,
                course=course,
            ),
            lambda page: page.members,
        )

    async def list_group_members_file(
        self,
        group: str,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["learner", "added_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        stage: OpenLiteral[
            "enrolled",
            "not_enrolled",
            "started",
            "not_started",
            "completed",
            "not_completed",
            "holds",
        ]
        | None = None,
        course: str | None = None,
    ) -> bytes:
        """The members behind each of a group's figures

        For whom the group is. `stage`: the members whom that figure counts, in `course` if it is
        asked for. Empty for a group that was created a moment ago.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            f"/dashboards/groups/{in_path(group)}/members",
            query={
                "sort": sort,
                "order": order,
                "stage": stage,
                "course": course,
                "format": format,
            },
        )

    async def list_groups(
        self,
        *,
        sort: OpenLiteral["group", "name", "members", "created_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        status: OpenLiteral["open", "archived"] | None = None,
        kind: OpenLiteral["cohort", "contract", "school_class"] | None = None,
        learner: str | None = None,
    ) -> GroupsPage:
        """List groups

        Any role: those that the caller is staff of. Roles: registrar, operator, service, auditor:
        all. `learner`: the groups that they are in; learners ask for their own.
        """
        return await self._transport.call(
            GroupsPage,
            "GET",
            "/dashboards/groups",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "status": status,
                "kind": kind,
                "learner": learner,
            },
        )

    def all_groups(
        self,
        *,
        sort: OpenLiteral["group", "name", "members", "created_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        status: OpenLiteral["open", "archived"] | None = None,
        kind: OpenLiteral["cohort", "contract", "school_class"] | None = None,
        learner: str | None = None,
    ) -> AsyncIterator[GroupListed]:
        """`list_groups`, page by page to the end."""
        return rows(
            lambda cursor: self.list_groups(
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                status=status,
                kind=kind,
                learner=learner,
            ),
            lambda page: page.groups,
        )

    async def list_groups_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["group", "name", "members", "created_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        status: OpenLiteral["open", "archived"] | None = None,
        kind: OpenLiteral["cohort", "contract", "school_class"] | None = None,
        learner: str | None = None,
    ) -> bytes:
        """List groups

        Any role: those that the caller is staff of. Roles: registrar, operator, service, auditor:
        all. `learner`: the groups that they are in; learners ask for their own.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/groups",
            query={
                "sort": sort,
                "order": order,
                "status": status,
                "kind": kind,
                "learner": learner,
                "format": format,
            },
        )

    async def list_instructors(self, offering: str) -> InstructorsView:
        """List an offering's instructors

        For the instructors of the offering; to others of that role it is unknown.
        """
        return await self._transport.call(
            InstructorsView, "GET", f"/enrollment/offerings/{in_path(offering)}/instructors"
        )

    async def list_issuer_figures(self) -> IssuersFiguresPage:
        """The issuers, with their awards

        Those that are defined or have awarded, by code, 500 at most.

        Roles: issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(IssuersFiguresPage, "GET", "/dashboards/issuers")

    async def list_issuers(self) -> IssuersView:
        """The school's issuers

        By code; retired ones too. Any role.
        """
        return await self._transport.call(IssuersView, "GET", "/credentials/issuers")

    async def list_jobs(self, *, cursor: str | None = None, limit: int | None = None) -> JobPage:
        """List bulk jobs

        The newest first. They are kept for 30 days after their end.
        """
        return await self._transport.call(
            JobPage, "GET", "/enrollment/jobs", query={"cursor": cursor, "limit": limit}
        )

    def all_jobs(self, *, limit: int | None = None) -> AsyncIterator[JobView]:
        """`list_jobs`, page by page to the end."""
        return rows(
            lambda cursor: self.list_jobs(cursor=cursor, limit=limit), lambda page: page.jobs
        )

    async def list_lesson_attempts(self, enrollment: str, lesson: str) -> LessonAttempts:
        """The attempts at a lesson

        Each with its score as given, as revised and as judged, and why it counts or does not.

        Staff are told who revised and waived; learners see that it was done, and the reason.
        """
        return await self._transport.call(
            LessonAttempts,
            "GET",
            f"/progress/enrollments/{in_path(enrollment)}/lessons/{in_path(lesson)}/attempts",
        )

    async def list_model_jobs(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> ModelJobsView:
        """List jobs on read models

        The newest first. They are kept for 30 days after their end. Roles: operator, auditor.
        """
        return await self._transport.call(
            ModelJobsView, "GET", "/operations/jobs", query={"cursor": cursor, "limit": limit}
        )

    def all_model_jobs(self, *, limit: int | None = None) -> AsyncIterator[ModelJobView]:
        """`list_model_jobs`, page by page to the end."""
        return rows(
            lambda cursor: self.list_model_jobs(cursor=cursor, limit=limit), lambda page: page.jobs
        )

    async def list_offerings(
        self,
        *,
        sort: OpenLiteral["offering", "enrolled", "started", "completed", "withdrawn"]
        | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> OfferingsPage:
        """Offerings, with their funnels

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            OfferingsPage,
            "GET",
            "/dashboards/offerings",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "course": course,
                "language": language,
            },
        )

    def all_offerings(
        self,
        *,
        sort: OpenLiteral["offering", "enrolled", "started", "completed", "withdrawn"]
        | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> AsyncIterator[OfferingListed]:
        """`list_offerings`, page by page to the end."""
        return rows(
            lambda cursor: self.list_offerings(
                sort=sort, order=order, limit=limit, cursor=cursor, course=course, language=language
            ),
            lambda page: page.offerings,
        )

    async def list_offerings_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["offering", "enrolled", "started", "completed", "withdrawn"]
        | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> bytes:
        """Offerings, with their funnels

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/offerings",
            query={
                "sort": sort,
                "order": order,
                "course": course,
                "language": language,
                "format": format,
            },
        )

    async def list_parked(
        self, *, consumer: str | None = None, settled: bool | None = None, limit: int | None = None
    ) -> ParkedListView:
        """List parked events

        What failed in a policy, a read model, a timer or the relay, and what waits behind it; of
        this school. Roles: operator, auditor.
        """
        return await self._transport.call(
            ParkedListView,
            "GET",
            "/operations/parked",
            query={"consumer": consumer, "settled": settled, "limit": limit},
        )

    async def list_past_offerings(
        self,
        *,
        as_of: str | None = None,
        happened_by: str | None = None,
        sort: OpenLiteral["offering"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> PastOfferingsPage:
        """List offerings as of a past day

        One of `as_of`, what had been recorded by the end of that day, and `happened_by`, what had
        happened by then, as it is known by now. Of an imported school the first knows nothing of
        the days before the import.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.
        """
        return await self._transport.call(
            PastOfferingsPage,
            "GET",
            "/dashboards/past/offerings",
            query={
                "as_of": as_of,
                "happened_by": happened_by,
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "course": course,
                "language": language,
            },
        )

    def all_past_offerings(
        self,
        *,
        as_of: str | None = None,
        happened_by: str | None = None,
        sort: OpenLiteral["offering"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> AsyncIterator[PastOffering]:
        """`list_past_offerings`, page by page to the end."""
        return rows(
            lambda cursor: self.list_past_offerings(
                as_of=as_of,
                happened_by=happened_by,
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                course=course,
                language=language,
            ),
            lambda page: page.offerings,
        )

    async def list_past_offerings_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        as_of: str | None = None,
        happened_by: str | None = None,
        sort: OpenLiteral["offering"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        course: str | None = None,
        language: str | None = None,
    ) -> bytes:
        """List offerings as of a past day

        One of `as_of`, what had been recorded by the end of that day, and `happened_by`, what had
        happened by then, as it is known by now. Of an imported school the first knows nothing of
        the days before the import.

        Roles: registrar, issuer, operator, service, auditor; instructor for own offerings.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/past/offerings",
            query={
                "as_of": as_of,
                "happened_by": happened_by,
                "sort": sort,
                "order": order,
                "course": course,
                "language": language,
                "format": format,
            },
        )

    async def list_program_learners(
        self,
        program: str,
        *,
        sort: OpenLiteral["learner", "held"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        held: int | None = None,
    ) -> ProgramLearnersPage:
        """The learners behind each step of a program

        `held`: exactly so many of its achievements. Empty for a program that is not there. Roles:
        registrar, issuer, operator, service, auditor.
        """
        return await self._transport.call(
            ProgramLearnersPage,
            "GET",
            f"/dashboards/programs/{in_path(program)}/learners",
            query={"sort": sort, "order": order, "limit": limit, "cursor": cursor, "held": held},
        )

    def all_program_learners(
        self,
        program: str,
        *,
        sort: OpenLiteral["learner", "held"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        held: int | None = None,
    ) -> AsyncIterator[ProgramLearner]:
        """`list_program_learners`, page by page to the end."""
        return rows(
            lambda cursor: self.list_program_learners(
                program, sort=sort, order=order, limit=limit, cursor=cursor, held=held
            ),
            lambda page: page.learners,
        )

    async def list_program_learners_file(
        self,
        program: str,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["learner", "held"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        held: int | None = None,
    ) -> bytes:
        """The learners behind each step of a program

        `held`: exactly so many of its achievements. Empty for a program that is not there. Roles:
        registrar, issuer, operator, service, auditor.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            f"/dashboards/programs/{in_path(program)}/learners",
            query={"sort": sort, "order": order, "held": held, "format": format},
        )

    async def list_program_progress(
        self, learner: str, *, after: str | None = None, limit: int | None = None
    ) -> ProgramsView:
        """How far a learner is towards each program

        Programs that are retired are left out, unless the learner holds something of them.

        The learner themselves, or issuer, registrar, operator, service, auditor.
        """
        return await self._transport.call(
            ProgramsView,
            "GET",
            f"/credentials/learners/{in_path(learner)}/programs",
            query={"after": after, "limit": limit},
        )

    def all_program_progress(
        self, learner: str, *, limit: int | None = None
    ) -> AsyncIterator[ProgramProgress]:
        """`list_program_progress`, page by page to the end."""
        return rows(
            lambda cursor: self.list_program_progress(learner, after=cursor, limit=limit),
            lambda page: page.programs,
        )

    async def list_program_versions(
        self, program: str, *, language: str | None = None
    ) -> DefinitionsView:
        """List the versions of a program

        All of them, the first one first. With `language`, titles are in it where there is one.
        """
        return await self._transport.call(
            DefinitionsView,
            "GET",
            f"/enrollment/programs/{in_path(program)}/versions",
            query={"language": language},
        )

    async def list_programs(
        self,
        *,
        sort: OpenLiteral["program", "title", "defined_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        status: OpenLiteral["defined", "retired"] | None = None,
        achievement: str | None = None,
        language: str | None = None,
    ) -> ProgramsPage:
        """List programs

        Any role. `achievement`: programs of which it is a part.
        """
        return await self._transport.call(
            ProgramsPage,
            "GET",
            "/dashboards/catalog/programs",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "status": status,
                "achievement": achievement,
                "language": language,
            },
        )

    def all_programs(
        self,
        *,
        sort: OpenLiteral["program", "title", "defined_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        status: OpenLiteral["defined", "retired"] | None = None,
        achievement: str | None = None,
        language: str | None = None,
    ) -> AsyncIterator[DashboardsProgramView]:
        """`list_programs`, page by page to the end."""
        return rows(
            lambda cursor: self.list_programs(
                sort=sort,
                order=order,
                limit=limit,
                cursor=cursor,
                status=status,
                achievement=achievement,
                language=language,
            ),
            lambda page: page.programs,
        )

    async def list_programs_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["program", "title", "defined_at"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        status: OpenLiteral["defined", "retired"] | None = None,
        achievement: str | None = None,
        language: str | None = None,
    ) -> bytes:
        """List programs

        Any role. `achievement`: programs of which it is a part.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/catalog/programs",
            query={
                "sort": sort,
                "order": order,
                "status": status,
                "achievement": achievement,
                "language": language,
                "format": format,
            },
        )

    async def list_progress_jobs(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> JobStatuses:
        """List jobs of progress

        The newest first. They are kept for 30 days after their end.
        """
        return await self._transport.call(
            JobStatuses, "GET", "/progress/jobs", query={"cursor": cursor, "limit": limit}
        )

    def all_progress_jobs(self, *, limit: int | None = None) -> AsyncIterator[JobStatus]:
        """`list_progress_jobs`, page by page to the end."""
        return rows(
            lambda cursor: self.list_progress_jobs(cursor=cursor, limit=limit),
            lambda page: page.jobs,
        )

    async def list_redeliveries(self, webhook: str) -> RedeliveriesView:
        """List what is delivered again

        The newest 100, and how far each is.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(
            RedeliveriesView, "GET", f"/webhooks/{in_path(webhook)}/redeliveries"
        )

    async def list_skills(
        self,
        *,
        sort: OpenLiteral["name", "skill"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        framework: str | None = None,
    ) -> SkillsPage:
        """Skills held and in progress

        `framework`: ESCO, CASE, CTDL, O*NET or another's name. Roles: registrar, issuer,
        operator, service, auditor.
        """
        return await self._transport.call(
            SkillsPage,
            "GET",
            "/dashboards/skills",
            query={
                "sort": sort,
                "order": order,
                "limit": limit,
                "cursor": cursor,
                "framework": framework,
            },
        )

    def all_skills(
        self,
        *,
        sort: OpenLiteral["name", "skill"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        limit: int | None = None,
        framework: str | None = None,
    ) -> AsyncIterator[SkillListed]:
        """`list_skills`, page by page to the end."""
        return rows(
            lambda cursor: self.list_skills(
                sort=sort, order=order, limit=limit, cursor=cursor, framework=framework
            ),
            lambda page: page.skills,
        )

    async def list_skills_file(
        self,
        *,
        format: OpenLiteral["csv", "csv_with_bom", "parquet"],
        sort: OpenLiteral["name", "skill"] | None = None,
        order: OpenLiteral["asc", "desc"] | None = None,
        framework: str | None = None,
    ) -> bytes:
        """Skills held and in progress

        `framework`: ESCO, CASE, CTDL, O*NET or another's name. Roles: registrar, issuer,
        operator, service, auditor.

        The whole list, as a file of this format.
        """
        return await self._transport.call(
            bytes,
            "GET",
            "/dashboards/skills",
            query={"sort": sort, "order": order, "framework": framework, "format": format},
        )

    async def list_subscribers(self) -> SubscribersView:
        """List subscribers on NATS

        A `service` sees those that it owns, others all of the school.
        """
        return await self._transport.call(SubscribersView, "GET", "/subscribers")

    async def list_webhooks(self) -> WebhooksView:
        """The webhooks

        All of the school, the oldest first; to a `service` those that it created.

        Roles: service, registrar, issuer, operator, auditor.
        """
        return await self._transport.call(WebhooksView, "GET", "/webhooks")

    async def look_up_offerings(self, *, offering: Sequence[str] | None = None) -> OfferingsLooked:
        """Read many offerings

        Each as `GET /enrollment/offerings/{offering}` would answer it; one that is not there is a
        `problem`, and hinders no other. `GET /dashboards/catalog/offerings` lists them.
        """
        return await self._transport.call(
            OfferingsLooked, "GET", "/enrollment/offerings", query={"offering": offering}
        )

    async def look_up_progress(self, *, enrollment: Sequence[str] | None = None) -> OverviewsLooked:
        """How many enrollments stand

        Each as `GET /progress/enrollments/{enrollment}` would answer it; one that is refused is a
        `problem`, and hinders no other.
        """
        return await self._transport.call(
            OverviewsLooked, "GET", "/progress/enrollments", query={"enrollment": enrollment}
        )

    async def look_up_records(self, *, learner: Sequence[str] | None = None) -> RecordsLooked:
        """All that many learners have passed and earned

        Each as `GET /credentials/learners/{learner}/record` would answer it; one that is refused
        is a `problem`, and hinders no other.
        """
        return await self._transport.call(
            RecordsLooked, "GET", "/credentials/learners", query={"learner": learner}
        )

    async def migrate_plan(
        self, enrollment: str, body: MigratePlan, *, idempotency_key: str | None = None
    ) -> MigratedPlan:
        """Migrate to another version

        Judges the enrollment by another version of its course, a newer or an older one.

        What was earned stays: lessons that were done, attempts, scores, and a completed course.
        """
        return await self._transport.call(
            MigratedPlan,
            "POST",
            f"/progress/enrollments/{in_path(enrollment)}/plan/migrate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def pause_webhook(
        self, webhook: str, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Pause a webhook

        Nothing is delivered until it is resumed. Repeating it does nothing.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "POST",
            f"/webhooks/{in_path(webhook)}/pause",
            headers=self._transport.keyed(idempotency_key),
        )

    async def preview_enrollment(self, offering: str, body: Enroll) -> PreviewView:
        """Ask whether a learner could enroll

        Decides as enrolling would, and does nothing. Not possible: everything that stands in the
        way, as the problem that it would be answered with, and what would change it.
        """
        return await self._transport.call(
            PreviewView,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/enrollments/preview",
            body=body,
        )

    async def preview_migration(self, enrollment: str, *, version: int) -> MigrationPreview:
        """What another version would change

        Lesson by lesson, with grade and completion before and after. Nothing is written.
        """
        return await self._transport.call(
            MigrationPreview,
            "GET",
            f"/progress/enrollments/{in_path(enrollment)}/plan/preview",
            query={"version": version},
        )

    async def publish_course(
        self, course: str, body: PublishCourse, *, idempotency_key: str | None = None
    ) -> PublishedVersion:
        """Publish the next version of a course

        A version never changes once published; 200 instead of 201 when the plan equals the latest
        version. What makes no sense is told all at once, with its paths; `warnings` says what
        makes sense and is hardly meant, as a plan that every score passes, and which courses and
        achievements of its prerequisites are not there.
        """
        return await self._transport.call(
            PublishedVersion,
            "POST",
            f"/enrollment/courses/{in_path(course)}/versions",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def publish_program(
        self, program: str, body: DefineProgram, *, idempotency_key: str | None = None
    ) -> DefinedProgram:
        """Define the next version of a program

        A version never changes once defined; 200 instead of 201 when the definition equals the
        latest version. What makes no sense is told all at once, with its paths; what would ask
        for itself, by way of achievements and other programs, is refused with the path;
        `warnings` says which achievements are not there.
        """
        return await self._transport.call(
            DefinedProgram,
            "POST",
            f"/enrollment/programs/{in_path(program)}/versions",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def put_achievement(
        self, achievement: str, body: AchievementDefinition, *, idempotency_key: str | None = None
    ) -> DefinedAchievement:
        """Define an achievement

        Its next version, or none if nothing changed. Credentials keep the version they were
        awarded by. Criteria may name courses freely, and achievements that are defined;
        `warnings` says which courses are not there, or not any more.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            DefinedAchievement,
            "PUT",
            f"/credentials/achievements/{in_path(achievement)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def put_issuer(
        self, issuer: str, body: IssuerProfile, *, idempotency_key: str | None = None
    ) -> IssuerView:
        """Define an issuer

        Who awards credentials: name, address, country, logo. Badges that were awarded keep the
        profile of then.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            IssuerView,
            "PUT",
            f"/credentials/issuers/{in_path(issuer)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def put_learner(self, learner: str, body: PutLearner) -> LearnerView:
        """Say who a learner is

        Encrypted before it is stored, and in no event. 201 for the first time.
        """
        return await self._transport.call(
            LearnerView, "PUT", f"/enrollment/learners/{in_path(learner)}", body=body
        )

    async def put_offering(
        self, offering: str, body: OpenOffering, *, idempotency_key: str | None = None
    ) -> OpenedOffering:
        """Open an offering

        One run of a published course version. Enrolling is possible in [window_opens,
        window_closes), or until it ends. 200 instead of 201 when it is open with these facts;
        with other facts it stays as it is. `offering_invalid` has all faults.
        """
        return await self._transport.call(
            OpenedOffering,
            "PUT",
            f"/enrollment/offerings/{in_path(offering)}",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def read_course(
        self, course: str, *, version: int | None = None, language: str | None = None
    ) -> EnrollmentCourseView:
        """Read a course

        The newest plan, or that of `version`. With `language`, titles are in the one of their
        languages that it asks for (de-CH finds de; RFC 4647, lookup), else in the plan's own;
        Content-Language says which they are in.
        """
        return await self._transport.call(
            EnrollmentCourseView,
            "GET",
            f"/enrollment/courses/{in_path(course)}",
            query={"version": version, "language": language},
        )

    async def read_group(self, group: str) -> GroupView:
        """Read a group

        Its facts and its staff. Members: `GET /dashboards/groups/{group}/members`.
        """
        return await self._transport.call(GroupView, "GET", f"/enrollment/groups/{in_path(group)}")

    async def read_program(
        self, program: str, *, version: int | None = None, language: str | None = None
    ) -> EnrollmentProgramView:
        """Read a program

        The newest definition, or that of `version`. With `language`, titles are in the one of
        their languages that it asks for (de-CH finds de; RFC 4647, lookup), else in the program's
        own; Content-Language says which the definition's is in.
        """
        return await self._transport.call(
            EnrollmentProgramView,
            "GET",
            f"/enrollment/programs/{in_path(program)}",
            query={"version": version, "language": language},
        )

    async def read_subscriber(self, subscriber: str) -> SubscriberView:
        """Read a subscriber on NATS

        With its consumer's lag, and how far what it asked to have again is.
        """
        return await self._transport.call(
            SubscriberView, "GET", f"/subscribers/{in_path(subscriber)}"
        )

    async def recognize_credential(
        self, learner: str, body: Recognition, *, idempotency_key: str | None = None
    ) -> CredentialsCredentialView:
        """Award by a credential from elsewhere

        Prior learning: the credential is verified, noted with its source, and is the evidence of
        the award, which ends no later. Its issuer must be known here (`MILEPOST_VERIFY_TRUSTED`).

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/recognitions",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def redeliver(
        self, webhook: str, body: NewRedelivery, *, idempotency_key: str | None = None
    ) -> RedeliveryView:
        """Deliver again

        One delivery, or whatever the webhook asks for of a part of the log; of that only what was
        given up, with `failed_only`. In the order of the log, each under the id it had: a
        receiver tells by that what it has already. What waits anyhow is not doubled.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            RedeliveryView,
            "POST",
            f"/webhooks/{in_path(webhook)}/redeliveries",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def reinstate_credential(
        self,
        learner: str,
        credential: str,
        body: ReasonedStep,
        *,
        idempotency_key: str | None = None,
    ) -> CredentialsCredentialView:
        """Reinstate a suspended credential

        It counts as held again, and what waited for it is awarded.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/reinstate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def reinstate_enrollment(
        self, enrollment: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Reinstate

        Ends a suspension.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/reinstate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def release_credential(
        self, learner: str, credential: str, body: Step, *, idempotency_key: str | None = None
    ) -> CredentialsCredentialView:
        """Release what is withheld

        From then on the learner sees and holds it. Not before the end of an embargo.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/release",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def remove_group_members(
        self, group: str, body: Members, *, idempotency_key: str | None = None
    ) -> MembersView:
        """Remove members from a group

        Up to 1,000 learners, a result each. What they have done and earned stays theirs; the
        group's staff see it no longer. Safe to repeat.
        """
        return await self._transport.call(
            MembersView,
            "POST",
            f"/enrollment/groups/{in_path(group)}/members/remove",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def remove_group_staff(
        self, group: str, subject: str, *, idempotency_key: str | None = None
    ) -> StaffView:
        """Remove one of a group's staff

        Out with their next request. Repeating it does nothing.
        """
        return await self._transport.call(
            StaffView,
            "DELETE",
            f"/enrollment/groups/{in_path(group)}/staff/{in_path(subject)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def remove_instructor(
        self, offering: str, subject: str, *, idempotency_key: str | None = None
    ) -> InstructorView:
        """Remove an instructor

        Out with their next request; lists follow a moment later. What they have scored stays.
        Repeating it does nothing.
        """
        return await self._transport.call(
            InstructorView,
            "DELETE",
            f"/enrollment/offerings/{in_path(offering)}/instructors/{in_path(subject)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def renew_credential(
        self,
        learner: str,
        credential: str,
        body: ReasonedStep,
        *,
        idempotency_key: str | None = None,
    ) -> CredentialsCredentialView:
        """Renew a credential

        The same credential is valid anew, by a person's decision: before its end or after it. Its
        validity is added to what is left.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/renew",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def report_learning(
        self, enrollment: str, body: ReportLearning, *, idempotency_key: str | None = None
    ) -> ReportResults:
        """Report what was learnt

        Merges reports of one enrollment. One that is refused, or cannot be read, does not hinder
        the others: it has a result of its own.

        Of a player that reports every few seconds they are held for a moment, and written as one:
        `buffered`.

        Learners report what happened within the course's offline allowance; scores of exams and
        assignments, and their completion, come from staff. A clock may be off by five minutes.
        """
        return await self._transport.call(
            ReportResults,
            "POST",
            f"/progress/enrollments/{in_path(enrollment)}/reports",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def republish_part(
        self, subscriber: str, body: Republish, *, idempotency_key: str | None = None
    ) -> RepublishView:
        """Publish a part again for a subscriber

        To the subject `republish.<school>.<name>`, which its second consumer reads; from a
        position or a time to what is newest now. One at a time.
        """
        return await self._transport.call(
            RepublishView,
            "POST",
            f"/subscribers/{in_path(subscriber)}/republish",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def reset_own_deadlines(
        self,
        enrollment: str,
        body: DeadlineReset | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> CourseStanding:
        """Reset the deadlines

        Due days count from now on, also for what was handed in late.

        Learners may as often as the course allows, and spend none where nothing was missed. Staff
        give a reason, and may always.
        """
        return await self._transport.call(
            CourseStanding,
            "POST",
            f"/progress/enrollments/{in_path(enrollment)}/deadlines/reset",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def resume_webhook(
        self, webhook: str, body: GoOn, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Resume a webhook

        From where it stopped, or, with `skip`, from now. Repeating it does nothing.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "POST",
            f"/webhooks/{in_path(webhook)}/resume",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def retire_achievement(
        self, achievement: str, *, idempotency_key: str | None = None
    ) -> AchievementView:
        """Retire an achievement

        It is not awarded or defined any more; credentials already held stay.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            AchievementView,
            "POST",
            f"/credentials/achievements/{in_path(achievement)}/retire",
            headers=self._transport.keyed(idempotency_key),
        )

    async def retire_course(
        self, course: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> CourseVersion:
        """Retire a course

        No further version, no further offering; what runs goes on. Repeating it does nothing.
        """
        return await self._transport.call(
            CourseVersion,
            "POST",
            f"/enrollment/courses/{in_path(course)}/retire",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def retire_issuer(self, issuer: str, *, idempotency_key: str | None = None) -> IssuerView:
        """Retire an issuer

        No achievement names it from then on; what it signed stays readable. `default` stays.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            IssuerView,
            "POST",
            f"/credentials/issuers/{in_path(issuer)}/retire",
            headers=self._transport.keyed(idempotency_key),
        )

    async def retire_issuer_key(
        self, issuer: str, key: str, body: Compromise, *, idempotency_key: str | None = None
    ) -> IssuerView:
        """Retire a key

        It signs nothing more: what it had signed is signed by the present key when next asked
        for. It stays published, unless it is compromised.

        Roles: operator, service.
        """
        return await self._transport.call(
            IssuerView,
            "POST",
            f"/credentials/issuers/{in_path(issuer)}/keys/{in_path(key)}/retire",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def retire_program(
        self, program: str, body: RetireProgram | None = None, *, idempotency_key: str | None = None
    ) -> ProgramVersion:
        """Retire a program

        No further version; what was earned towards it stays. Repeating it does nothing, also for
        another reason.
        """
        return await self._transport.call(
            ProgramVersion,
            "POST",
            f"/enrollment/programs/{in_path(program)}/retire",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def retry_parked(
        self, parked: int, body: Retry, *, idempotency_key: str | None = None
    ) -> ParkedDetailView:
        """Try a parked event again

        And if it succeeds, what waits behind it. Its consumer hears this within a second. Roles:
        operator.
        """
        return await self._transport.call(
            ParkedDetailView,
            "POST",
            f"/operations/parked/{in_path(parked)}/retry",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def revise_attempt_score(
        self,
        enrollment: str,
        lesson: str,
        attempt: int,
        body: RevisedScore,
        *,
        idempotency_key: str | None = None,
    ) -> CourseStanding:
        """Revise a score

        Gives one attempt another score. Its history stays: see the lesson's attempts.
        """
        return await self._transport.call(
            CourseStanding,
            "POST",
            f"/progress/enrollments/{in_path(enrollment)}/lessons/{in_path(lesson)}/attempts/{in_path(attempt)}/score",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def revoke_credential(
        self, learner: str, credential: str, body: Revoking, *, idempotency_key: str | None = None
    ) -> RevokedView:
        """Revoke a credential

        The same evidence will not earn it again by itself; better results or a person may.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            RevokedView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/revoke",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def revoke_invitation(
        self, invitation: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> Revoked:
        """Revoke an invitation

        Repeating it does nothing.
        """
        return await self._transport.call(
            Revoked,
            "POST",
            f"/enrollment/invitations/{in_path(invitation)}/revoke",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def rotate_issuer_key(
        self, issuer: str, body: Rotation, *, idempotency_key: str | None = None
    ) -> IssuerView:
        """Sign by a new key from now on

        Old keys stay published, and sign what was awarded in their time, until they are retired.

        Roles: operator, service.
        """
        return await self._transport.call(
            IssuerView,
            "POST",
            f"/credentials/issuers/{in_path(issuer)}/keys/rotate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def rotate_webhook_secret(
        self, webhook: str, body: RotateSecret, *, idempotency_key: str | None = None
    ) -> SecretsView:
        """Rotate a webhook's secret

        From now on a new secret signs, and for a day, or as long as is said, the old one as well.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            SecretsView,
            "POST",
            f"/webhooks/{in_path(webhook)}/secret/rotate",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def search_in_catalog(
        self,
        *,
        q: str,
        kind: OpenLiteral["course", "offering", "program", "achievement", "skill"] | None = None,
        limit: int | None = None,
        language: str | None = None,
    ) -> CatalogSearchPage:
        """Search the catalog

        Published courses, offerings that are not over, programs, achievements and skills that
        have all the words, in any language. Any role.
        """
        return await self._transport.call(
            CatalogSearchPage,
            "GET",
            "/dashboards/catalog/search",
            query={"q": q, "kind": kind, "limit": limit, "language": language},
        )

    async def send_test(
        self, webhook: str, *, idempotency_key: str | None = None
    ) -> DeliveryDetailView:
        """Send a test message

        At once, also while it is paused, and only once: the answer says what the endpoint
        answered. Signed like any other; its type is `milepost.webhook.test`, its id ends with
        `_test`, and its `data` says `"test": true`.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            DeliveryDetailView,
            "POST",
            f"/webhooks/{in_path(webhook)}/test",
            headers=self._transport.keyed(idempotency_key),
        )

    async def share_credential(
        self, learner: str, credential: str, body: Share, *, idempotency_key: str | None = None
    ) -> SharedView:
        """Show a credential to others

        To everybody, or to who has the link that the answer tells. A link's secret is told once:
        a repeated request is told none.

        The learner themselves, or service.
        """
        return await self._transport.call(
            SharedView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/shares",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def skip_parked(
        self, parked: int, body: Skip, *, idempotency_key: str | None = None
    ) -> ParkedDetailView:
        """Leave a parked event out for good

        What waits behind it goes on, and whatever is built anew leaves it out, too. Mend the
        cause and retry, where that can be. Roles: operator.
        """
        return await self._transport.call(
            ParkedDetailView,
            "POST",
            f"/operations/parked/{in_path(parked)}/skip",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def start_credential_job(
        self,
        body: bytes,
        *,
        content_type: OpenLiteral["application/x-ndjson", "text/csv", "application/json"],
        kind: OpenLiteral["awards", "revocations", "renewals", "supersessions"],
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> JobStatus:
        """Award, revoke or renew many

        Up to 100,000 rows about a `learner`, as NDJSON, CSV with a header, or a JSON array of up
        to 1 MiB. `awards`: `achievement`, and a `reason` where a person awards; without one the
        criteria decide, over all that ever happened: a definition is applied to history.
        `revocations`, `renewals`, `supersessions` (by the present version): `reason`, and an
        `achievement`, whose latest credential is meant, or a `credential`. Each row is decided as
        the single request would be, and has a result of its own. `dry_run`: only say what would
        come of them. The same Idempotency-Key is the same job; the same file again changes
        nothing.
        """
        return await self._transport.call(
            JobStatus,
            "POST",
            "/credentials/jobs",
            query={"kind": kind, "dry_run": dry_run},
            body=body,
            content_type=content_type,
            headers=self._transport.keyed(idempotency_key),
        )

    async def start_job(
        self,
        body: bytes,
        *,
        content_type: OpenLiteral["application/x-ndjson", "text/csv", "application/json"],
        offering: str | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Enroll many

        Up to 100,000 rows of `learner`, `offering` (unless given for all of them), `mode` and
        `occurred_at`, as NDJSON, CSV with a header, or a JSON array of up to 1 MiB. Each is
        decided as a single enrollment by the registrar would be, and has a result of its own.
        `dry_run`: only say what would come of them. The same Idempotency-Key is the same job.
        """
        return await self._transport.call(
            JobView,
            "POST",
            "/enrollment/jobs",
            query={"offering": offering, "dry_run": dry_run},
            body=body,
            content_type=content_type,
            headers=self._transport.keyed(idempotency_key),
        )

    async def start_model_job(
        self, body: NewModelJob, *, idempotency_key: str | None = None
    ) -> ModelJobView:
        """Rebuild, compare or switch a read model

        `rebuild`: build a new generation beside the one that is shown, compare the two, let it
        take over if they are identical, or its version is newer. `build`: the same, and only say
        what the comparison finds. `compare`: what was built, else what was shown before, with
        what is shown. `switch`: let what was built take over. `rollback`: let what was shown
        before take over again. `drop`: give up what was built. The last three want `confirm`.
        Where other schools use the installation, it is about the rows of this one, and `rollback`
        is refused. Readers see one generation or the other, never an earlier position. `milepost
        project` does it, one job at a time. Roles: operator.
        """
        return await self._transport.call(
            ModelJobView,
            "POST",
            "/operations/jobs",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def start_progress_job(
        self,
        body: bytes,
        *,
        content_type: OpenLiteral["application/x-ndjson", "text/csv", "application/json"],
        kind: OpenLiteral["scores", "waivers", "migrations", "rule-changes"],
        offering: str | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> JobStatus:
        """Score, waive or migrate many

        Up to 100,000 rows about an `enrollment`, or a `learner` in an `offering` (unless given
        for all of them), as NDJSON, CSV with a header, or a JSON array of up to 1 MiB. `scores`:
        `lesson` and a `score`, or `raw` of `maximum`; a first one is reported, another one
        revises the `attempt`, the latest unless one is named, and says a `reason`. `waivers`:
        `lesson` and `reason`; `withdraw` takes it back. `migrations` and `rule-changes`: another
        `version` of the course and `reason`; migrated, what was earned stays, changed, all is
        judged anew. Instructors score and waive, in their own offerings. Each row is decided as
        the single request would be, and has a result of its own. `dry_run`: only say what would
        come of them. The same Idempotency-Key is the same job; the same file again changes
        nothing.
        """
        return await self._transport.call(
            JobStatus,
            "POST",
            "/progress/jobs",
            query={"kind": kind, "offering": offering, "dry_run": dry_run},
            body=body,
            content_type=content_type,
            headers=self._transport.keyed(idempotency_key),
        )

    async def supersede_credential(
        self,
        learner: str,
        credential: str,
        body: ReasonedStep,
        *,
        idempotency_key: str | None = None,
    ) -> SupersededView:
        """Let a new credential stand for one

        By the achievement as it is defined now: after a change of its name, say. Evidence and
        validity stay; each names the other.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            SupersededView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/supersede",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def suspend_credential(
        self,
        learner: str,
        credential: str,
        body: ReasonedStep,
        *,
        idempotency_key: str | None = None,
    ) -> CredentialsCredentialView:
        """Suspend a credential

        It does not count as held until it is reinstated.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            CredentialsCredentialView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/suspend",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def suspend_enrollment(
        self, enrollment: str, body: Reasoned, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Suspend

        Learning is interrupted; the seat stays.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/suspend",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def transfer_enrollment(
        self, enrollment: str, body: Move, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Transfer to another offering

        Answers the enrollment that goes on there. Who has a seat gets a seat; window, approval
        and invitation do not count. Both ends are written or neither; what is refused may be what
        the enrollment is, here or there.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/transfer",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def transfer_learners(
        self, offering: str, body: MoveTogether, *, idempotency_key: str | None = None
    ) -> MovedTogether:
        """Transfer many

        Those named, or everybody, in the order in which they came; a result each. Each moves
        whole or stays whole. With an Idempotency-Key nobody is moved twice.
        """
        return await self._transport.call(
            MovedTogether,
            "POST",
            f"/enrollment/offerings/{in_path(offering)}/transfers",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def turn_down_enrollment(
        self, enrollment: str, body: When | None = None, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Turn the seat that is offered down

        It is offered to the next who waits.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/turn-down",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def upload_image(
        self, body: bytes, *, content_type: OpenLiteral["image/png", "image/jpeg"]
    ) -> ImageView:
        """Upload a picture

        For an achievement, or an issuer's logo: at most 2 MiB, 6,000,000 pixels and 4,096 a side,
        at least 64. Kept is a PNG of its pixels alone, at most 640 wide and high; a school has
        500 at most. Safe to repeat: the same picture is the same `image`.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            ImageView, "POST", "/credentials/images", body=body, content_type=content_type
        )

    async def validate_course_import(self, course: str, body: CourseFile) -> Imported:
        """Validate a course file

        Decides as importing would, is refused as that would be, and writes nothing.
        """
        return await self._transport.call(
            Imported, "POST", f"/enrollment/courses/{in_path(course)}/import/validate", body=body
        )

    async def validate_plan(self, course: str, body: PublishCourse) -> Validated:
        """Validate a plan

        Decides as publishing would, is refused as that would be, with every fault and its path,
        and writes nothing. Says what would change against the latest version.
        """
        return await self._transport.call(
            Validated, "POST", f"/enrollment/courses/{in_path(course)}/versions/validate", body=body
        )

    async def verify_credential(self, body: ToVerify) -> Report:
        """Verify a credential

        A report, check by check, with one verdict: `valid`, `not_valid` or `undecided`.

        Also what holds no credential has a report. An issuer that nobody here knows is
        `undecided`, not forged. Nothing is fetched but from hosts that the operator has named.

        Roles: all.
        """
        return await self._transport.call(Report, "POST", "/credentials/verify", body=body)

    async def verify_file(
        self,
        body: bytes,
        *,
        content_type: OpenLiteral[
            "image/png",
            "image/svg+xml",
            "application/vc",
            "application/ld+json",
            "application/json",
            "application/vc+jwt",
            "application/jwt",
            "application/octet-stream",
        ],
    ) -> Report:
        """Verify a credential in a file

        The report of `POST /credentials/verify`, of the body as it is.

        Roles: all.
        """
        return await self._transport.call(
            Report, "POST", "/credentials/verify/file", body=body, content_type=content_type
        )

    async def verify_webhook(
        self, webhook: str, *, idempotency_key: str | None = None
    ) -> WebhookView:
        """Verify a webhook's endpoint

        Sends a signed message of the type `milepost.webhook.verification` there. The endpoint has
        to answer within 10 seconds, with a status of 2xx and the `challenge` that is in its
        `data`: as the body, as `{"challenge": …}`, or in the header `Webhook-Challenge`.
        Redirects are not followed. What is verified already is not asked again.

        Roles: service, registrar, issuer, operator.
        """
        return await self._transport.call(
            WebhookView,
            "POST",
            f"/webhooks/{in_path(webhook)}/verify",
            headers=self._transport.keyed(idempotency_key),
        )

    async def waive_lesson(
        self, enrollment: str, body: Waiver, *, idempotency_key: str | None = None
    ) -> CourseStanding:
        """Waive a lesson

        Excuses the learner: the lesson counts as done, and is left out of the grade.
        """
        return await self._transport.call(
            CourseStanding,
            "POST",
            f"/progress/enrollments/{in_path(enrollment)}/waivers",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def withdraw_award_approval(
        self,
        learner: str,
        achievement: str,
        body: Withdrawal,
        *,
        idempotency_key: str | None = None,
    ) -> ApprovalsView:
        """Take an approval back

        The caller's own, before the award: afterwards there is a credential to revoke.

        Roles: issuer, registrar, operator.
        """
        return await self._transport.call(
            ApprovalsView,
            "POST",
            f"/credentials/learners/{in_path(learner)}/achievements/{in_path(achievement)}/approval/withdraw",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def withdraw_credential_link(
        self, learner: str, credential: str, link: str, *, idempotency_key: str | None = None
    ) -> SharingView:
        """Take a link back

        It opens nothing from now on. Repeating it does nothing.

        The learner themselves, or issuer, registrar, operator, service.
        """
        return await self._transport.call(
            SharingView,
            "DELETE",
            f"/credentials/learners/{in_path(learner)}/credentials/{in_path(credential)}/shares/{in_path(link)}",
            headers=self._transport.keyed(idempotency_key),
        )

    async def withdraw_endorsement(
        self,
        achievement: str,
        endorsement: str,
        body: Withdrawing,
        *,
        idempotency_key: str | None = None,
    ) -> AchievementView:
        """Withdraw an endorsement

        Badges stand without it from now on, and its address answers 404.

        Roles: issuer, registrar, operator, service.
        """
        return await self._transport.call(
            AchievementView,
            "POST",
            f"/credentials/achievements/{in_path(achievement)}/endorsements/{in_path(endorsement)}/withdraw",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def withdraw_enrollment(
        self, enrollment: str, body: Reasoned, *, idempotency_key: str | None = None
    ) -> EnrollmentStateView:
        """Withdraw

        Leaves the offering or its waitlist; a freed seat goes to the first who waits. Nobody
        leaves before they came.
        """
        return await self._transport.call(
            EnrollmentStateView,
            "POST",
            f"/enrollment/enrollments/{in_path(enrollment)}/withdraw",
            body=body,
            headers=self._transport.keyed(idempotency_key),
        )

    async def withdraw_lesson_waiver(
        self, enrollment: str, lesson: str, *, reason: str, idempotency_key: str | None = None
    ) -> CourseStanding:
        """Withdraw a waiver

        The lesson is demanded again. What is completed stays; the grade may change.
        """
        return await self._transport.call(
            CourseStanding,
            "DELETE",
            f"/progress/enrollments/{in_path(enrollment)}/waivers/{in_path(lesson)}",
            query={"reason": reason},
            headers=self._transport.keyed(idempotency_key),
        )

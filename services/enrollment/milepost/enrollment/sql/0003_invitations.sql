-- For the invitation that an enrollment came by (an export): only its use names the enrollment.
create index invitations_by_enrollment on log.events (tenant, (data ->> 'enrollment'))
    where version > 1 and stream >= 'invitation-' and stream < 'invitation.';

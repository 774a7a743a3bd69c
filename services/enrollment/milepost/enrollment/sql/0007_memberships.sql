-- For the groups that a learner is or was in (an export): the first event of each membership names both.
create index memberships_by_learner on log.events (tenant, (data ->> 'learner'))
    where version = 1 and stream >= 'membership-' and stream < 'membership.';

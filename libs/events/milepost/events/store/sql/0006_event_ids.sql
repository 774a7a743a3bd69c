-- An event's id is given once: subscribers tell by it what they have had. On a large log this takes
-- a while, and appends wait for it.
create unique index events_by_id on log.events (tenant, event_id);

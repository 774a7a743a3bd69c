-- What will follow from an event, and when. A row goes when its timer has gone off, or was parked.

create table consumer.timers (
    tenant text collate "C" not null,
    timer text collate "C" not null,
    position bigint not null,
    due_at timestamptz not null,
    primary key (tenant, timer, position)
);

-- For what is due, in that order, and for when the next will be.
create index timers_due on consumer.timers (timer, due_at, tenant, position);

grant select, insert, update, delete on consumer.timers to milepost_service;

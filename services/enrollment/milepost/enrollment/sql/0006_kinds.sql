-- Jobs of several kinds in one room. Who was there before enrolls, and so does a process of before.
alter table bulk.jobs add column kind text not null default 'enrollment',
    -- Whoever sent it teaches: rows of offerings that are not theirs are unknown to it.
    add column own_only boolean not null default false;

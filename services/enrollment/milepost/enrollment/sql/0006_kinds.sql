-- Jobs of several kinds in one room. Who was there before enrolls, and so does a process of before.
alter table bulk.jobs add column kind text not null default 'enrollment';

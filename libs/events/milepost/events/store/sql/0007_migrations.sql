-- For `milepost doctor`, which looks with a process's login whether any are missing.
grant select on public.milepost_migrations to milepost_service;

-- The vault and the bulk jobs are enrollment's alone: no other room's login reads them. Whoever acted
-- as the services' role before may act as this one as well, so that an installation with one login
-- goes on as it was.
do $$
declare
    v_member name;
begin
    if not exists (select from pg_roles where rolname = 'milepost_enrollment') then
        create role milepost_enrollment nologin;
        grant milepost_service to milepost_enrollment;
        for v_member in
            select m.rolname from pg_auth_members a
              join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
             where g.rolname = 'milepost_service'
               and m.rolname not in ('milepost_enrollment', current_user)
        loop
            execute format('grant milepost_enrollment to %I', v_member);
        end loop;
    end if;
    if not pg_has_role(current_user, 'milepost_enrollment', 'set') then
        execute format('grant milepost_enrollment to %I', current_user);
    end if;
exception when duplicate_object or unique_violation then
    null; -- another database of the same cluster is being migrated at this moment
end $$;

revoke all on all tables in schema vault, bulk from milepost_service;
revoke all on schema vault, bulk from milepost_service;
grant usage on schema vault, bulk to milepost_enrollment;
grant select, insert, update, delete on vault.master_keys to milepost_enrollment;
grant select, insert, update on vault.learners to milepost_enrollment;
grant select, insert, update, delete on bulk.jobs to milepost_enrollment;
grant select, insert, delete on bulk.rows, bulk.results to milepost_enrollment;

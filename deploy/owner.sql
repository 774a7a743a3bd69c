-- The Postgres image runs this once, when it has made the database: the owner is no superuser.
\set password `cat /run/secrets/owner.password`
create role milepost login createrole password :'password';
alter database milepost owner to milepost;

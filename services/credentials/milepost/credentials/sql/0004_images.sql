-- Pictures of achievements and logos of issuers: PNGs that were made here of what was uploaded, by
-- their SHA-256. Badges name them for good: none is changed or deleted.
create table credentials.images (
    tenant text collate "C" not null,
    digest text collate "C" not null check (digest ~ '^[0-9a-f]{64}$'),
    png bytea not null check (octet_length(png) <= 2097152),
    uploaded_at timestamptz not null default now(),
    primary key (tenant, digest)
);

grant select, insert on credentials.images to milepost_service;

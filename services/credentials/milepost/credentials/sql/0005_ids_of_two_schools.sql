-- Ids of before the school was a part of them can be the same at two schools: both are kept.
alter table credentials.public_credential
    drop constraint public_credential_pkey,
    add primary key (credential, tenant);

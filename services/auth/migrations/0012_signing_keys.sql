-- Keys that sign access tokens. The private half is sealed with the key-encryption key.
create table signing_keys (
    kid text not null,
    private_key bytea not null,
    public_key bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint signing_keys_pkey primary key (kid)
);

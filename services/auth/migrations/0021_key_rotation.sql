-- A key is published some time before it signs, so that everybody knows it by then.
alter table signing_keys add column signs_from timestamptz not null default clock_timestamp();

-- On which device a session began, so that a change of the password can forget all the others. Sessions that began before this
-- was kept have none, nor have those of apps.
alter table sessions add column device_hash bytea;

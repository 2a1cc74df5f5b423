-- Since when somebody has this handle, as far as was heard: a handle that was given up and given to another is that other's,
-- whichever account is the older.
alter table profiles add column handle_at timestamptz not null default now();

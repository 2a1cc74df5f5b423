-- The living sessions of one account, which every sign-in counts: they are few, however many have ended within a day.
create index sessions_living on sessions (account_id) where ended_at is null;

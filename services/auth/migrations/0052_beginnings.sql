-- What an account has begun of late is counted at each beginning, however much of it has ended since.
create index sessions_begun on sessions (account_id, created_at);

-- What tells one session from another in its owner's list. Of the user agent only a summary is kept, such as "Firefox on Linux".
alter table sessions
    add column name text,
    add column user_agent text,
    alter column expires_at set default clock_timestamp() + interval '90 days',
    add constraint sessions_name_check check (char_length(name) between 1 and 100);

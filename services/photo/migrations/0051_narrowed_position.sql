-- How far social had told when something was narrowed, and when that was noted: see 0043_severed_position.sql.
alter table narrowed add column position bigint, add column position_at timestamptz;

-- The last day, in UTC, of which others were told that somebody wrote something that everybody may see: so it is told once a day.
alter table profiles add column told_posting date;

-- Apps are looked through for those that have stayed away for long.
create index apps_used_at on apps (used_at);

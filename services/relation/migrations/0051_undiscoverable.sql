-- Who has told social that they do not want to be found. Kept by its facts, in a table of its own: facts come in any order of
-- people, and rows of `people` are locked in the order of ids.
create table undiscoverable (
    account bigint not null,
    constraint undiscoverable_pkey primary key (account)
);

-- May the candidate be suggested to the viewer now? Asked when suggestions are made and again when they are read, of every one: so
-- it is planned once in each connection (see 0040_planned_once.sql).
create or replace function may_suggest(viewer bigint, candidate bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return candidate <> viewer
        and exists (select from people where id = candidate and suggestible and seen_at > now() - interval '90 days')
        and not exists (select from undiscoverable where account = candidate)
        and not is_hidden(candidate)
        and not exists (select from follows where actor = viewer and target = candidate)
        and not exists (select from follow_requests where actor = viewer and target = candidate)
        and not exists (select from friendships where low = least(viewer, candidate) and high = greatest(viewer, candidate))
        and not exists (select from blocks where actor = viewer and target = candidate)
        and not exists (select from blocks where actor = candidate and target = viewer)
        and not exists (select from mutes where actor = viewer and target = candidate and (until is null or until > now()))
        and not exists (select from dismissals where owner = viewer and suggested = candidate);
end
$$;

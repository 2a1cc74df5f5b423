-- On which day somebody last wrote something that everybody may see, in UTC. Kept by the facts of social, in a table of its own, as
-- `undiscoverable` is: facts come in any order of people, and rows of `people` are locked in the order of ids.
create table postings (
    account bigint not null,
    day date not null,
    constraint postings_pkey primary key (account)
);

-- May the candidate be suggested to the viewer now? As before; but whoever writes is here too, though they never ask relation for
-- anything.
create or replace function may_suggest(viewer bigint, candidate bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return candidate <> viewer
        and exists (
            select from people where id = candidate and suggestible and (
                seen_at > now() - interval '90 days'
                or (select day from postings where account = candidate) > (now() at time zone 'UTC')::date - 90
            )
        )
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

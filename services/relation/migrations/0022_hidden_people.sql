-- Who counts for nobody, or not for the viewer: who is hidden from everybody, whom the viewer blocks and who blocks the viewer.
create function uncounted_for(viewer bigint) returns table (account bigint)
language sql stable parallel safe as $$
    select severed.account from severed_from(viewer) severed
    union
    select hidden_accounts.account from hidden_accounts where state <> 'erased'
$$;

-- May the candidate be suggested to the viewer now? Asked when suggestions are made and again when they are read.
create or replace function may_suggest(viewer bigint, candidate bigint) returns boolean
language sql stable parallel safe as $$
    select candidate <> viewer
        and exists (select from people where id = candidate and suggestible and seen_at > now() - interval '90 days')
        and not is_hidden(candidate)
        and not exists (select from follows where actor = viewer and target = candidate)
        and not exists (select from follow_requests where actor = viewer and target = candidate)
        and not exists (select from friendships where low = least(viewer, candidate) and high = greatest(viewer, candidate))
        and not exists (select from blocks where actor = viewer and target = candidate)
        and not exists (select from blocks where actor = candidate and target = viewer)
        and not exists (select from mutes where actor = viewer and target = candidate and (until is null or until > now()))
        and not exists (select from dismissals where owner = viewer and suggested = candidate)
$$;

-- An erasure finds what is between the account and others from either side.
create index mutes_of_target on mutes (target);
create index notes_of_target on notes (target);
create index dismissals_of_suggested on dismissals (suggested);
create index suggestions_of_suggested on suggestions (suggested);

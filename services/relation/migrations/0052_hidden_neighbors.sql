-- Who is hidden near whom, so that counts leave them out at the cost of those who are near, however many are hidden. It may name
-- too many, never too few: whoever reads it asks again who is hidden, and what there is between the two.
create table hidden_neighbors (
    person bigint not null,
    hidden bigint not null,
    constraint hidden_neighbors_pkey primary key (person, hidden)
);

create index hidden_neighbors_hidden on hidden_neighbors (hidden);

-- Of whom it is not noted yet near whom they are, or no longer. src/hidden.rs does so in batches, so that somebody is hidden as
-- quickly however many are near; until then, they are asked for by name.
create table hidden_counts_owed (
    account bigint not null,
    -- Noted up to this place of their lists. What comes later notes itself.
    passed bigint not null default 0,
    constraint hidden_counts_owed_pkey primary key (account)
);

create function owe_counts() returns trigger language plpgsql as $$
begin
    insert into hidden_counts_owed (account) values (coalesce(new.account, old.account))
    on conflict (account) do update set passed = 0;
    return null;
end
$$;

-- Whoever is erased has nobody near when they are: src/erasure.rs sees to it.
create trigger hidden_accounts_counts after insert or delete on hidden_accounts for each row execute function owe_counts();

insert into hidden_counts_owed (account) select account from hidden_accounts where state <> 'erased';

-- Notes who of two is hidden, since there is something new between them.
create function note_hidden(one bigint, other bigint) returns void language plpgsql as $$
begin
    insert into hidden_neighbors (person, hidden)
    select person, hidden from (values (one, other), (other, one)) near (person, hidden) where is_hidden(hidden)
    on conflict do nothing;
end
$$;

create function note_hidden_of_follow() returns trigger language plpgsql as $$
begin
    perform note_hidden(new.actor, new.target);
    return null;
end
$$;

create trigger follows_hidden after insert on follows for each row when (not new.withheld) execute function note_hidden_of_follow();

create function note_hidden_of_friendship() returns trigger language plpgsql as $$
begin
    perform note_hidden(new.low, new.high);
    return null;
end
$$;

create trigger friendships_hidden after insert or update on friendships
for each row when (new.low_asks and new.high_asks) execute function note_hidden_of_friendship();

-- Who of those on somebody's lists counts for nobody, or not for the viewer: who is hidden from everybody, whom the viewer blocks
-- and who blocks the viewer. Some of them may be on no list.
create function uncounted_for(of_person bigint, viewer bigint) returns table (account bigint)
language sql stable parallel safe as $$
    select severed.account from severed_from(viewer) severed
    union
    select near.hidden from hidden_neighbors near where near.person = of_person and is_hidden(near.hidden)
    union
    select owed.account from hidden_counts_owed owed where is_hidden(owed.account)
$$;

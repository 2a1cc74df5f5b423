-- The tags of public photos whose owners are hidden, each with how many of an owner's photos have it: taken out of the tags that are
-- suggested. An owner has some hundreds at the most, so they are there as soon as the owner is hidden.
create table hidden_tags (
    account bigint not null,
    tag text collate "C" not null,
    photos bigint not null,
    constraint hidden_tags_pkey primary key (tag, account),
    constraint hidden_tags_photos_counted check (photos > 0)
);

create index hidden_tags_account on hidden_tags (account);

create function hide_tags(of_account bigint) returns void language sql as $$
    insert into hidden_tags (account, tag, photos)
    select of_account, tag, count(*) from photos cross join unnest(tags) as tag
    where owner = 'account:' || of_account and visibility = 'public' and left_at is null
    group by tag
$$;

-- What becomes of the photos of somebody hidden: one may still be deleted, and while they are erased all of them are.
create function keep_hidden_tags() returns trigger language plpgsql as $$
declare
    of_account constant bigint := substr(old.owner, length('account:') + 1)::bigint;
begin
    if not is_hidden(of_account) then
        return null;
    end if;
    if old.visibility = 'public' and old.left_at is null then
        delete from hidden_tags where account = of_account and tag = any (old.tags) and photos = 1;
        update hidden_tags set photos = photos - 1 where account = of_account and tag = any (old.tags);
    end if;
    if tg_op = 'UPDATE' and new.visibility = 'public' and new.left_at is null then
        insert into hidden_tags (account, tag, photos) select of_account, tag, 1 from unnest(new.tags) as tag
        on conflict on constraint hidden_tags_pkey do update set photos = hidden_tags.photos + 1;
    end if;
    return null;
end
$$;

create trigger photos_hidden_tags after delete or update of tags, visibility, left_at on photos
    for each row execute function keep_hidden_tags();

-- Accounts with uses that count and should not, or the other way round. src/hidden_uses.rs puts them right bit by bit, so that
-- somebody is hidden as quickly whatever they show.
create table hidden_uses_owed (
    account bigint not null,
    constraint hidden_uses_owed_pkey primary key (account)
);

create function follow_hidden_account() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform hide_tags(new.account);
    else
        delete from hidden_tags where account = old.account;
    end if;
    insert into hidden_uses_owed (account) values (coalesce(new.account, old.account)) on conflict do nothing;
    return null;
end
$$;

create trigger hidden_accounts_counts after insert or delete on hidden_accounts for each row execute function follow_hidden_account();

select hide_tags(account) from hidden_accounts where state <> 'erased';
insert into hidden_uses_owed (account) select account from hidden_accounts where state <> 'erased';

-- Answers and reactions of those who are hidden, to be taken out of counts as they are read. By post, so that a read costs as
-- much as a post has of them, however many people are hidden.
create table hidden_answers (
    comment bigint not null,
    parent bigint not null,
    author bigint not null,
    constraint hidden_answers_pkey primary key (comment),
    constraint hidden_answers_comment_fkey foreign key (comment) references posts (id) on delete cascade
);

create index hidden_answers_parent on hidden_answers (parent, author);
create index hidden_answers_author on hidden_answers (author);

create table hidden_reactions (
    post bigint not null,
    account bigint not null,
    emoji text not null,
    constraint hidden_reactions_pkey primary key (post, account, emoji),
    constraint hidden_reactions_reaction_fkey foreign key (post, account, emoji) references reactions (post, account, emoji)
        on delete cascade
);

create index hidden_reactions_account on hidden_reactions (account);

-- For whom the two are behind. Where the account is hidden, they are to be filled with what is its, and else emptied of it:
-- src/hidden.rs does so in batches, so that somebody is hidden as quickly whatever they have said.
create table hidden_counts_owed (
    account bigint not null,
    -- Filled with comments and with reactions up to these ids. Who is hidden makes no more, so this is all that there will be.
    comments bigint not null default 0,
    reactions bigint not null default 0,
    constraint hidden_counts_owed_pkey primary key (account)
);

create function owe_counts() returns trigger language plpgsql as $$
begin
    insert into hidden_counts_owed (account) values (coalesce(new.account, old.account))
    on conflict (account) do update set comments = 0, reactions = 0;
    return null;
end
$$;

create trigger hidden_accounts_counts after insert or delete on hidden_accounts for each row execute function owe_counts();

-- Batches go by id.
create index posts_comments_in_order on posts (author, id) where root is not null;
drop index posts_comments_of_author;
alter index posts_comments_in_order rename to posts_comments_of_author;
create index reactions_in_order on reactions (account, id);
drop index reactions_account;
alter index reactions_in_order rename to reactions_account;

-- How many people stand behind a notification, as its reader may know: up to a thousand. Zero: it is not to be shown.
create or replace function people_behind(told notifications) returns bigint
language sql stable parallel safe as $$
    select case
        when exists (select from notification_mutes m where m.account = (told).account and m.kind = (told).kind) then 0
        when (told).post is not null and not exists (
            select from posts p where p.id = (told).post and visible((told).account, p)
        ) then 0
        else (
            select count(*) from (
                select from notification_actors a
                where a.notification = (told).number and not is_hidden(a.actor)
                    and a.actor not in (select s.account from silenced((told).account) s)
                limit 1000
            ) people
        )
    end
$$;

-- Tells somebody, in the transaction of what happened; false if there is nothing to tell them, or nobody
-- to tell any more.
create or replace function tell(reader bigint, of_kind text, of_actor bigint, of_post bigint, of_emoji text) returns boolean
language plpgsql as $$
declare
    told bigint;
    place bigint;
begin
    if reader is null or reader = of_actor or severed(reader, of_actor) or notifications_muted(reader, of_actor)
        or exists (select from hidden_accounts h where h.account = reader and h.state <> 'hidden')
        or exists (select from notification_mutes m where m.account = reader and m.kind = of_kind)
        or of_post is not null and not exists (select from posts p where p.id = of_post and visible(reader, p))
    then
        return false;
    end if;
    if of_kind in ('reaction', 'follow') then
        update notifications set id = next_id('notifications')
        where number = (
            select n.number from notifications n
            where n.account = reader and n.kind = of_kind and n.post is not distinct from of_post
                and n.id > coalesce((select m.read_up_to from notification_marks m where m.account = reader), 0)
            order by n.id desc limit 1
        )
        returning number into told;
    end if;
    if told is null then
        insert into notifications (account, kind, post) values (reader, of_kind, of_post) returning number, id into told, place;
        -- Now and then, so that nobody keeps many more than a thousand.
        if place & 31 = 0 then
            delete from notifications where number = any(array(
                select n.number from notifications n where n.account = reader order by n.id desc offset 1000 for update skip locked
            ));
        end if;
    end if;
    insert into notification_actors (notification, actor, emoji) values (told, of_actor, of_emoji)
    on conflict (notification, actor) do update set emoji = excluded.emoji, id = excluded.id;
    insert into stream_events (kind, account, notification) values ('notification', reader, told);
    return true;
end
$$;

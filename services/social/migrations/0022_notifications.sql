-- What somebody is told. Reactions to one post, and follows, are one notification while it is unread.
create table notifications (
    number bigint generated always as identity,
    -- A place in the list: that of the newest that belongs to it.
    id bigint not null default next_id('notifications'),
    account bigint not null,
    kind text not null,
    -- What was reacted to; or what mentions somebody, or answers them.
    post bigint,
    constraint notifications_pkey primary key (number),
    constraint notifications_id_key unique (account, id),
    constraint notifications_post_fkey foreign key (post) references posts (id) on delete cascade,
    constraint notifications_kind_check check (kind in (
        'follow', 'follow_request', 'follow_accepted', 'friend_request', 'friend', 'match', 'mention', 'reply', 'reaction'
    ))
);

create index notifications_post on notifications (post) where post is not null;

create table notification_actors (
    notification bigint not null,
    actor bigint not null,
    -- The last one, of a reaction.
    emoji text,
    id bigint not null default next_id('notification_actors'),
    constraint notification_actors_pkey primary key (notification, actor),
    constraint notification_actors_notification_fkey foreign key (notification) references notifications (number) on delete cascade
);

create index notification_actors_newest on notification_actors (notification, id desc);

-- How far somebody has read.
create table notification_marks (
    account bigint not null,
    read_up_to bigint not null,
    constraint notification_marks_pkey primary key (account)
);

-- Kinds that somebody has switched off: they are neither kept nor shown.
create table notification_mutes (
    account bigint not null,
    kind text not null,
    constraint notification_mutes_pkey primary key (account, kind)
);

-- Whose doings a reader is told nothing of.
create function silenced(reader bigint) returns table (account bigint)
language sql stable parallel safe as $$
    select severed.account from severed_from(reader) severed
    union
    select target from relations
    where actor = reader and mutes and mutes_notifications and (mutes_until is null or mutes_until > now())
$$;

-- How many people stand behind a notification, as its reader may know: up to a thousand. Zero: it is not to be shown.
create function people_behind(told notifications) returns bigint
language sql stable parallel safe as $$
    select case
        when exists (select from notification_mutes m where m.account = (told).account and m.kind = (told).kind) then 0
        when (told).post is not null and not exists (
            select from posts p where p.id = (told).post and visible((told).account, p)
        ) then 0
        else (
            select count(*) from (
                select from notification_actors a
                where a.notification = (told).number
                    and a.actor not in (select s.account from silenced((told).account) s)
                limit 1000
            ) people
        )
    end
$$;

-- Tells somebody, in the transaction of what happened; false if there is nothing to tell them.
create function tell(reader bigint, of_kind text, of_actor bigint, of_post bigint, of_emoji text) returns boolean
language plpgsql as $$
declare
    told bigint;
    place bigint;
begin
    if reader is null or reader = of_actor or severed(reader, of_actor) or notifications_muted(reader, of_actor)
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

create function tell_of_answer() returns trigger language plpgsql as $$
begin
    perform tell((select author from posts where id = new.parent), 'reply', new.author, new.id, null);
    return null;
end
$$;

create trigger posts_tell after insert on posts for each row when (new.parent is not null) execute function tell_of_answer();

-- Who is answered is told so, and not of the mention too. An edit that mentions somebody new tells them.
create function tell_of_mention() returns trigger language plpgsql as $$
begin
    if not exists (select from notifications n where n.post = new.post and n.account = new.account and n.kind in ('reply', 'mention')) then
        perform tell(new.account, 'mention', (select author from posts where id = new.post), new.post, null);
    end if;
    return null;
end
$$;

create trigger mentions_tell after insert on mentions for each row execute function tell_of_mention();

create function tell_of_reaction() returns trigger language plpgsql as $$
begin
    perform tell((select author from posts where id = new.post), 'reaction', new.account, new.post, new.emoji);
    return null;
end
$$;

create trigger reactions_tell after insert on reactions for each row execute function tell_of_reaction();

-- A reaction that is taken back was never told.
create function untell_reaction() returns trigger language plpgsql as $$
begin
    if not exists (select from reactions r where r.post = old.post and r.account = old.account) then
        delete from notification_actors a using notifications n
        where n.post = old.post and n.kind = 'reaction' and a.notification = n.number and a.actor = old.account;
        delete from notifications n
        where n.post = old.post and n.kind = 'reaction'
            and not exists (select from notification_actors a where a.notification = n.number);
    end if;
    return null;
end
$$;

create trigger reactions_untell after delete on reactions for each row execute function untell_reaction();

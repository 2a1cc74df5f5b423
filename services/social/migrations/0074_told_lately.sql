-- Of what somebody was told within a day: who does the same again, having taken it back or not, is behind the same notification again,
-- which does not move, and no stream tells it. So whoever follows and unfollows all day tells once. Not of posts that answer or mention:
-- each is another. src/store/notifications.rs forgets what is older.
create table told_lately (
    account bigint not null,
    kind text not null,
    -- What was reacted to; 0, where it is about no post.
    post bigint not null,
    actor bigint not null,
    told_at timestamptz not null default now(),
    -- By its number. It may be gone.
    notification bigint,
    constraint told_lately_pkey primary key (account, kind, post, actor)
);

create index told_lately_actor on told_lately (actor);
create index told_lately_told_at on told_lately (told_at);
create index told_lately_notification on told_lately (notification);

-- Deletes those of some notifications behind which nobody stands, nor would who does again what was told lately; false if there is none.
create function forget_empty(numbers bigint[]) returns boolean
language plpgsql as $$
begin
    -- Locked before it is looked who stands behind them: whoever tells meanwhile holds them, or finds them gone.
    perform n.number from notifications n where n.number = any(numbers) order by n.number for update;
    delete from notifications n where n.number = any(numbers)
        and not exists (select from notification_actors a where a.notification = n.number)
        and not exists (select from told_lately t where t.notification = n.number);
    return found;
end
$$;

-- Tells somebody, in the transaction of what happened; false if there is nothing new to tell them, or nobody to tell any more.
create or replace function tell(reader bigint, of_kind text, of_actor bigint, of_post bigint, of_emoji text) returns boolean
language plpgsql as $$
declare
    told bigint;
    place bigint;
    earlier bigint;
begin
    if reader is null or reader = of_actor or severed(reader, of_actor) or notifications_muted(reader, of_actor)
        or exists (select from hidden_accounts h where h.account = reader and h.state <> 'hidden')
        or exists (select from notification_mutes m where m.account = reader and m.kind = of_kind)
        or of_post is not null and not exists (select from posts p where p.id = of_post and visible(reader, p))
    then
        return false;
    end if;
    if of_kind not in ('mention', 'reply') then
        insert into told_lately as lately (account, kind, post, actor) values (reader, of_kind, coalesce(of_post, 0), of_actor)
        on conflict (account, kind, post, actor) do update set told_at = now() where lately.told_at < now() - interval '1 day'
        returning lately.notification into earlier;
        if not found then
            -- Held, so that it is not deleted meanwhile.
            insert into notification_actors (notification, actor, emoji)
            select n.number, of_actor, of_emoji from told_lately t join notifications n on n.number = t.notification
            where t.account = reader and t.kind = of_kind and t.post = coalesce(of_post, 0) and t.actor = of_actor
            for key share of n
            on conflict (notification, actor) do update set emoji = excluded.emoji;
            return false;
        end if;
        -- What was told of it on another day may have been taken back since.
        if earlier is not null then
            update told_lately t set notification = null
            where t.account = reader and t.kind = of_kind and t.post = coalesce(of_post, 0) and t.actor = of_actor;
            perform forget_empty(array[earlier]);
        end if;
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
    if of_kind not in ('mention', 'reply') then
        update told_lately t set notification = told
        where t.account = reader and t.kind = of_kind and t.post = coalesce(of_post, 0) and t.actor = of_actor;
    end if;
    insert into stream_events (kind, account, notification) values ('notification', reader, told);
    return true;
end
$$;

-- Takes somebody from behind notifications; false if they stood behind none. One behind which nobody stands is shown to nobody: it
-- stays for whoever does the same again within a day, and is forgotten after that.
create function step_back(behind bigint[], of_actor bigint) returns boolean
language plpgsql as $$
declare
    stood boolean;
begin
    -- The notification before who stands behind it, as whoever tells does.
    perform n.number from notifications n where n.number = any(behind) order by n.number for update;
    delete from notification_actors a where a.notification = any(behind) and a.actor = of_actor;
    stood := found;
    perform forget_empty(behind);
    return stood;
end
$$;

-- A reaction that is taken back was never told.
create or replace function untell_reaction() returns trigger language plpgsql as $$
begin
    if not exists (select from reactions r where r.post = old.post and r.account = old.account) then
        perform step_back(array(
            select n.number from notifications n join notification_actors a on a.notification = n.number
            where n.post = old.post and n.kind = 'reaction' and a.actor = old.account
        ), old.account);
    end if;
    return null;
end
$$;

-- Takes back what somebody was told that holds no more; false if they were told nothing of it.
create function untell(reader bigint, of_kind text, of_actor bigint) returns boolean
language plpgsql as $$
begin
    return step_back(array(
        select n.number from notifications n join notification_actors a on a.notification = n.number
        where n.account = reader and n.kind = of_kind and a.actor = of_actor
    ), of_actor);
end
$$;

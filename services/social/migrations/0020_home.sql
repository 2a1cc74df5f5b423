-- Home timelines: what was delivered to whom. Everything here is a hint, and `at_home` is the truth: src/home.rs has the
-- drawing. No foreign keys: an entry whose post is gone shows nothing, and leaves the ring as others do.

-- One row for each reader. Its lock is held by whoever delivers to that reader, so that `arrived` counts what is committed.
create table home_readers (
    account bigint not null,
    -- What was delivered so far; each entry has its number.
    arrived bigint not null default 0,
    -- The highest number among what has left the ring.
    trimmed bigint not null default 0,
    -- The ring holds everything that is newer than this post; the rest is read from the tables.
    floor bigint not null default 0,
    -- The newest post of those that were looked for, not delivered.
    pulled bigint not null default 0,
    -- Whom the reader follows or may see has changed: the next read builds the ring anew.
    stale boolean not null default true,
    -- Within a day. Nothing is delivered to who has not read for thirty.
    read_at timestamptz not null default clock_timestamp(),
    constraint home_readers_pkey primary key (account)
) with (fillfactor = 50);

create table home_entries (
    reader bigint not null,
    post bigint not null,
    -- Zero for what was put in its place in the past and is no news.
    arrived bigint not null,
    constraint home_entries_pkey primary key (reader, post)
);

create index home_entries_arrived on home_entries (reader, arrived);

-- Posts on their way. Fair: who has had fewer batches comes first.
create table home_deliveries (
    post bigint not null,
    author bigint not null,
    -- Delivered to every follower up to this one.
    passed bigint not null default 0,
    batches int not null default 0,
    -- Delivered before, and now for others than then.
    again boolean not null default false,
    constraint home_deliveries_pkey primary key (post)
);

create index home_deliveries_next on home_deliveries (batches, post);

-- Whose posts are looked for by their readers, because they have too many followers to deliver to; for good. Posts up to
-- `since` are still delivered: it lies in the future when the row is made, so that every read of a later post knows of it.
create table home_pulled (
    author bigint not null,
    since bigint not null,
    constraint home_pulled_pkey primary key (author)
);

create index relations_followers on relations (target, actor) where follows;

create function deliver_home() returns trigger language plpgsql as $$
begin
    insert into home_deliveries (post, author, again) values (new.id, new.author, tg_op = 'UPDATE')
    on conflict (post) do update set passed = 0, again = true;
    return null;
end
$$;

create trigger posts_deliver_home after insert on posts
    for each row when (new.root is null) execute function deliver_home();

create trigger posts_deliver_home_again after update of visibility on posts
    for each row when (new.root is null and new.visibility <> old.visibility) execute function deliver_home();

-- Of a direct post: an edit may mention somebody new, who may be a follower.
create function deliver_home_to_mentioned() returns trigger language plpgsql as $$
begin
    insert into home_deliveries (post, author, again)
    select p.id, p.author, true from posts p where p.id = new.post and p.root is null and p.visibility = 'direct'
    on conflict (post) do update set passed = 0;
    return null;
end
$$;

create trigger mentions_deliver_home after insert on mentions for each row execute function deliver_home_to_mentioned();

-- Is a post worth keeping for a follower? It only saves room: whoever reads asks `at_home`.
create function for_follower(visibility text, is_friend boolean, is_mentioned boolean) returns boolean
language sql immutable parallel safe as $$
    select case visibility when 'friends' then is_friend when 'direct' then is_mentioned else true end
$$;

-- Does a post belong into somebody's home timeline? The one place that says so, for pages and for streams.
create function at_home(reader bigint, of_post posts) returns boolean
language sql stable parallel safe as $$
    select (of_post).root is null
        and (
            (of_post).author = reader
            or exists (select from relations where follows and actor = reader and target = (of_post).author)
            or (of_post).visibility = 'public' and exists (
                select from post_tags join followed_tags on followed_tags.tag = post_tags.tag
                where post_tags.post_id = (of_post).id and followed_tags.account = reader
            )
        )
        and not muted(reader, (of_post).author)
        and visible(reader, of_post)
$$;

-- Who follows a tag finds its posts of the past too.
create function home_is_stale() returns trigger language plpgsql as $$
begin
    update home_readers set stale = true where account = new.account;
    return null;
end
$$;

create trigger followed_tags_home after insert on followed_tags for each row execute function home_is_stale();

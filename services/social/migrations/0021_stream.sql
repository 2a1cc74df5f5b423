-- What streams tell, for as long as a connection may take to come back. A row says to whom as far as it was known when it
-- happened; who may see is asked when it is sent. Positions are given to committed rows only, as in the outbox.
create table stream_events (
    id bigint generated always as identity,
    position bigint,
    kind text not null,
    -- Of a post or a deletion.
    post bigint,
    author bigint,
    -- Of a deletion: for whom the post was.
    visibility text,
    mentioned bigint[],
    tags text[],
    -- Of a notification: whose, and which.
    account bigint,
    notification bigint,
    created_at timestamptz not null default clock_timestamp(),
    constraint stream_events_pkey primary key (id),
    constraint stream_events_position_key unique (position),
    constraint stream_events_kind_check check (kind in ('post', 'delete', 'notification'))
);

create index stream_events_unsequenced on stream_events (id) where position is null;

create sequence stream_positions;

create function stream_post() returns trigger language plpgsql as $$
begin
    insert into stream_events (kind, post, author) values ('post', new.id, new.author);
    return null;
end
$$;

create trigger posts_stream after insert on posts for each row when (new.root is null) execute function stream_post();

-- Runs before: who was mentioned, and with which tags, is gone afterwards.
create function stream_deletion() returns trigger language plpgsql as $$
begin
    insert into stream_events (kind, post, author, visibility, mentioned, tags)
    values (
        'delete', old.id, old.author, old.visibility,
        array(select account from mentions where post = old.id),
        array(select tag from post_tags where post_id = old.id)
    );
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end
$$;

create trigger posts_stream_deletion before delete on posts
    for each row when (old.root is null) execute function stream_deletion();

-- For those who do not see it any more, it is deleted; the others are told nothing.
create trigger posts_stream_narrowing before update of visibility on posts
    for each row when (old.root is null and old.visibility <> new.visibility) execute function stream_deletion();

-- Streams tell of edits too: of what a post says and shows, and of for whom it is. Like a new one, it is told to those whose home
-- it is at when it is told, which may be since the edit.
alter table stream_events
    drop constraint stream_events_kind_check,
    add constraint stream_events_kind_check check (kind in ('post', 'edit', 'delete', 'notification'));

-- Has this transaction told that of the post already? What is told of an edit is read when it is sent, so once is enough; and a
-- deletion says for whom the post was when the transaction began.
create function stream_says(of_kind text, of_post bigint) returns boolean
language sql volatile as $$
    select exists (
        select from stream_events e
        where e.position is null and e.kind = of_kind and e.post = of_post and e.xmin = pg_current_xact_id()::xid
    )
$$;

create function stream_edit() returns trigger language plpgsql as $$
begin
    if not stream_says('edit', new.id) then
        insert into stream_events (kind, post, author) values ('edit', new.id, new.author);
    end if;
    return null;
end
$$;

create trigger posts_stream_edit after update of edited_at, visibility on posts
    for each row when (
        new.root is null and not new.tombstone
        and (new.edited_at is distinct from old.edited_at or new.visibility <> old.visibility)
    ) execute function stream_edit();

-- A direct post is gone for whom an edit mentions no more. Not if it has become direct just now: for whom it was is told already.
create function stream_unmentioned() returns trigger language plpgsql as $$
begin
    insert into stream_events (kind, post, author, visibility, mentioned, tags)
    select 'delete', p.id, p.author, p.visibility, array_agg(gone.account), array(select tag from post_tags where post_id = p.id)
    from gone join posts p on p.id = gone.post
    where p.root is null and p.visibility = 'direct' and not stream_says('delete', p.id)
    group by p.id;
    return null;
end
$$;

create trigger mentions_stream after delete on mentions
    referencing old table as gone for each statement execute function stream_unmentioned();

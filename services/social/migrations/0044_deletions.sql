-- Posts and comments that are deleted and of which more hangs than goes at once: src/deletions.rs takes it away bit by bit. From
-- here on nobody sees them, nor what hangs below a root.
create table deletions (
    post bigint not null,
    constraint deletions_pkey primary key (post),
    constraint deletions_post_fkey foreign key (post) references posts (id) on delete cascade
);

-- May the viewer see this post or comment? The one place where a post meets the rule of who may see: a comment is for who
-- sees its root, and neither of its author and the viewer blocks the other; and nobody sees what is being deleted.
create or replace function visible(viewer bigint, of_post posts) returns boolean
language sql stable parallel safe as $$
    select may_see(
            viewer,
            coalesce((of_post).root_author, (of_post).author),
            (of_post).visibility,
            (of_post).visibility = 'direct' and exists (
                select from mentions
                where mentions.post = coalesce((of_post).root, (of_post).id) and mentions.account = viewer
            )
        )
        and ((of_post).root is null or not severed(viewer, (of_post).author))
        and not exists (select from deletions d where d.post in ((of_post).id, (of_post).root))
$$;

-- For streams it is deleted at once, and when it is gone they are told nothing more.
create function stream_deleted(of_post posts) returns void language sql as $$
    insert into stream_events (kind, post, author, visibility, mentioned, tags)
    values (
        'delete', (of_post).id, (of_post).author, (of_post).visibility,
        array(select m.account from mentions m where m.post = (of_post).id),
        array(select t.tag from post_tags t where t.post_id = (of_post).id)
    )
$$;

create function stream_deletion_begun() returns trigger language plpgsql as $$
begin
    perform stream_deleted(p) from posts p where p.id = new.post and p.root is null;
    return null;
end
$$;

create trigger deletions_stream after insert on deletions for each row execute function stream_deletion_begun();

create function stream_deletion_done() returns trigger language plpgsql as $$
begin
    if not exists (select from deletions d where d.post = old.id) then
        perform stream_deleted(old);
    end if;
    return old;
end
$$;

create or replace trigger posts_stream_deletion before delete on posts
    for each row when (old.root is null) execute function stream_deletion_done();

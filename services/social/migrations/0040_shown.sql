-- Photo is told what shows the photos of others, so that their owners see it. What begins or changes is told by the code that
-- does it; what is gone is told from here, since it also goes with its thread or with its author.
create function tell_shown_no_more(source text, author bigint) returns void language sql as $$
    insert into outbox (fact)
    values (jsonb_build_object('kind', 'photos.shown', 'source', source, 'author', author::text, 'photos', '[]'::jsonb))
$$;

create function post_shows_no_more() returns trigger language plpgsql as $$
begin
    if exists (select from post_photos join photos on photos.id = photo where post = old.id and owner <> old.author) then
        perform tell_shown_no_more('post:' || old.id, old.author);
    end if;
    return old;
end
$$;

-- Before: the rows that say what it shows go with it.
create trigger posts_show_no_more before delete on posts for each row execute function post_shows_no_more();

create function profile_shows_no_more() returns trigger language plpgsql as $$
begin
    if exists (select from photos where id in (old.picture, old.header) and owner <> old.id) then
        perform tell_shown_no_more('profile:' || old.id, old.id);
    end if;
    return old;
end
$$;

create trigger profiles_show_no_more before delete on profiles for each row execute function profile_shows_no_more();

-- What others have taken back is in no post of theirs, not even hidden: if it is published again, it does not come back.
delete from post_photos using posts, photos
where posts.id = post and photos.id = photo and photos.visibility = 'private' and photos.owner <> posts.author;

-- What is shown already was never told.
insert into outbox (fact)
select jsonb_build_object(
    'kind', 'photos.shown', 'source', 'post:' || posts.id, 'author', author::text, 'photos', jsonb_agg(photo::text order by position))
from posts join post_photos on post = posts.id join photos on photos.id = photo
where owner <> author
group by posts.id
union all
select jsonb_build_object(
    'kind', 'photos.shown', 'source', 'profile:' || profiles.id, 'author', profiles.id::text, 'photos', jsonb_agg(photos.id::text))
from profiles join photos on photos.id = any (array[picture, header])
where owner <> profiles.id
group by profiles.id;

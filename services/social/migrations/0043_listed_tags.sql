-- Since when lists of its tags have a post, as an id: anew when it is shown to all again, or gets the tag by an edit, so that home
-- timelines find what has become news though its own id is old. Null for comments and for what is not public: then a list of a tag
-- does not look at them, however many there are.
--
-- From here on it is kept; of posts that were there before, 0048_listed_before.sql says it. Whoever writes locks posts before their
-- tags, and so does this.
lock table posts in share row exclusive mode;
alter table post_tags add column listed bigint;

create index post_tags_in_order on post_tags (tag, post_id desc) where listed is not null;
create index post_tags_news on post_tags (tag, listed desc) where listed is not null;

create function list_tag() returns trigger language plpgsql as $$
begin
    if exists (select from posts p where p.id = new.post_id and p.root is null and p.visibility = 'public') then
        new.listed := next_id('post_tags');
    end if;
    return new;
end
$$;

create trigger post_tags_listed before insert on post_tags for each row execute function list_tag();

create function list_tags_of_post() returns trigger language plpgsql as $$
begin
    update post_tags set listed = case new.visibility when 'public' then next_id('post_tags') end where post_id = new.id;
    return null;
end
$$;

create trigger posts_list_tags after update of visibility on posts
    for each row when (new.root is null and new.visibility <> old.visibility and 'public' in (old.visibility, new.visibility))
    execute function list_tags_of_post();

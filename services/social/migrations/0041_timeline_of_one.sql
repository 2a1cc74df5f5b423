-- A person's timeline is read by visibility: each one that is for the reader, so that what is not costs nothing, however much of
-- it there is. Of direct posts it is asked who mentions the reader: a mention says by whom it is.
create index posts_of_author_by_visibility on posts (author, visibility, id desc) where root is null and not tombstone;

alter table mentions add column author bigint;
update mentions set author = posts.author from posts where posts.id = mentions.post;

create function keep_mentioning_author() returns trigger language plpgsql as $$
begin
    select p.author into new.author from posts p where p.id = new.post;
    return new;
end
$$;

create trigger mentions_author before insert on mentions for each row execute function keep_mentioning_author();

alter table mentions alter column author set not null;
create index mentions_of_author on mentions (account, author, post desc);

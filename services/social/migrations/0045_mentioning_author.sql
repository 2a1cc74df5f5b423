-- A mention says by whom it is, so that of direct posts it can be asked who mentions the reader. From here on each one that is made
-- does; those that were there before are given their authors by what follows. It is parted by the locks, so that none is held while
-- many rows are changed, nor while another is waited for.
alter table mentions add column author bigint;

create function keep_mentioning_author() returns trigger language plpgsql as $$
begin
    select p.author into new.author from posts p where p.id = new.post;
    return new;
end
$$;

create trigger mentions_author before insert on mentions for each row execute function keep_mentioning_author();

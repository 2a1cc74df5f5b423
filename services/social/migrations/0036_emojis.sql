-- Custom emoji: pictures with a name between colons, in reactions and in texts.
create table custom_emojis (
    emoji text not null,
    -- A public photo. Null when it was made private or deleted: the emoji is off until it has another.
    photo bigint,
    -- Under which heading it is offered; empty for none.
    category text not null,
    -- An administrator has switched it off.
    disabled boolean not null default false,
    constraint custom_emojis_pkey primary key (emoji),
    constraint custom_emojis_photo_fkey foreign key (photo) references photos (id) on delete set null,
    constraint custom_emojis_emoji_check check (emoji ~ '^:[a-z0-9_]{2,30}:$')
);

create index custom_emojis_photo on custom_emojis (photo) where photo is not null;

-- The key of the picture of a custom emoji; null for one that is off. Whoever may have one of Unicode asks `like ':%'` first:
-- that is cheap, and a function is not.
create function emoji_key(of_emoji text) returns text
language sql stable parallel safe as $$
    select photos.key from custom_emojis join photos on photos.id = custom_emojis.photo
    where custom_emojis.emoji = of_emoji and not custom_emojis.disabled
$$;

-- The custom emoji that a post names, as far as there were such when it was written: so no read has to look for them.
alter table posts add column emojis text[] not null default '{}';

create function keep_emojis() returns trigger language plpgsql as $$
declare
    written text := new.content_warning || ' ' || new.text;
begin
    new.emojis := '{}';
    if position(':' in written) > 0 then
        new.emojis := array(
            select e.emoji from custom_emojis e
            where not e.disabled and e.photo is not null and e.emoji in (
                select lower(named[1]) from regexp_matches(written, ':[A-Za-z0-9_]{2,30}:', 'g') named
            )
            order by e.emoji limit 50
        );
    end if;
    return new;
end
$$;

create trigger posts_emojis before insert or update of text, content_warning on posts
    for each row execute function keep_emojis();

alter table moderation_acts
    -- Which custom emoji it is about.
    add column emoji text,
    drop constraint moderation_acts_kind_check,
    add constraint moderation_acts_kind_check check (kind in ('dismissed', 'handled', 'removed', 'emoji_set', 'emoji_disabled'));

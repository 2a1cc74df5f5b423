-- Planned once in each connection (see 0070_planned_once.sql); what they say is as before.

-- May the viewer see this post or comment? The one place where a post meets the rule of who may see: a comment is for who
-- sees its root, and neither of its author and the viewer blocks the other; and nobody sees what is being deleted.
create or replace function visible(viewer bigint, of_post posts) returns boolean
language plpgsql stable parallel safe as $$
begin
    return may_see(
            viewer,
            coalesce((of_post).root_author, (of_post).author),
            (of_post).visibility,
            (of_post).visibility = 'direct' and exists (
                select from mentions
                where mentions.post = coalesce((of_post).root, (of_post).id) and mentions.account = viewer
            )
        )
        and ((of_post).root is null or not severed(viewer, (of_post).author))
        and not exists (select from deletions d where d.post in ((of_post).id, (of_post).root));
end
$$;

-- Does a post belong into somebody's home timeline? The one place that says so, for pages and for streams.
create or replace function at_home(reader bigint, of_post posts) returns boolean
language plpgsql stable parallel safe as $$
begin
    return (of_post).root is null
        and (
            (of_post).author = reader
            or coalesce((select follows from relations where actor = reader and target = (of_post).author), false)
            or (of_post).visibility = 'public' and exists (
                select from post_tags join followed_tags on followed_tags.tag = post_tags.tag
                where post_tags.post_id = (of_post).id and followed_tags.account = reader
            )
        )
        and not muted(reader, (of_post).author)
        and visible(reader, of_post);
end
$$;

-- May a search show this post to them? What is not for every list is found by who follows its author, and so is what an
-- author has written who does not want to be found.
create or replace function findable(viewer bigint, of_post posts) returns boolean
language plpgsql stable parallel safe as $$
begin
    return visible(viewer, of_post) and (
        (of_post).visibility not in ('public', 'unlisted')
        or (of_post).author = viewer
        or coalesce((select follows from relations where actor = viewer and target = (of_post).author), false)
        or (of_post).visibility = 'public' and exists (select from profiles where profiles.id = (of_post).author and discoverable)
    );
end
$$;

-- How many people stand behind a notification, as its reader may know: up to a thousand. Zero: it is not to be shown.
create or replace function people_behind(told notifications) returns bigint
language plpgsql stable parallel safe as $$
begin
    return case
        when exists (select from notification_mutes m where m.account = (told).account and m.kind = (told).kind) then 0
        when (told).post is not null and not exists (
            select from posts p where p.id = (told).post and visible((told).account, p)
        ) then 0
        else (
            select count(*) from (
                select from notification_actors a
                where a.notification = (told).number and not is_hidden(a.actor)
                    and a.actor not in (select s.account from silenced((told).account) s)
                limit 1000
            ) people
        )
    end;
end
$$;

-- The key of the picture of a custom emoji; null for one that is off.
create or replace function emoji_key(of_emoji text) returns text
language plpgsql stable parallel safe as $$
begin
    return (
        select photos.key from custom_emojis join photos on photos.id = custom_emojis.photo
        where custom_emojis.emoji = of_emoji and not custom_emojis.disabled and not is_hidden(photos.owner)
    );
end
$$;

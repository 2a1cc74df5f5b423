-- The key of a picture that somebody has chosen for themselves; null without one, and while its owner is hidden, whose photos have no
-- bytes then. The one place that says so, for profiles and for names beside all else. Planned once in each connection (see
-- 0070_planned_once.sql).
create function picture_key(of_photo bigint) returns text
language plpgsql stable strict parallel safe as $$
begin
    return (select photos.key from photos where photos.id = of_photo and not is_hidden(photos.owner));
end
$$;

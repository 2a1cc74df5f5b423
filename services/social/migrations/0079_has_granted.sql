-- Does a post or comment show a private photo, or did it before an edit? Whoever saw it may hold grants for that.
create function has_granted(of_post bigint) returns boolean
language plpgsql stable parallel safe as $$
begin
    return exists (
        select from (
            select s.photo from post_photos s where s.post = of_post union all select r.photo from revision_photos r where r.post = of_post
        ) shown join photos on photos.id = shown.photo
        where photos.visibility = 'private'
    );
end
$$;

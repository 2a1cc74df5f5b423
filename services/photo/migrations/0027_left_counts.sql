-- What one has left to those who show it counts for its owner, who can still take it, until it is gone. Until now it counted for
-- nobody. Whoever adds or removes a photo meanwhile waits, or is waited for.
select from usage where owner in (select owner from photos where left_at is not null) for update;

update usage set photos = counted.photos, bytes = counted.bytes
from (
    select owner, sum(photos)::bigint as photos, sum(size)::bigint as bytes
    from (
        select owner, count(*) as photos, max(original_size + large_size + small_size + thumb_size) as size
        from photos join blobs on sha256 = blob
        where owner in (select owner from photos where left_at is not null)
        group by owner, blob
    ) pictures
    group by owner
) counted
where usage.owner = counted.owner;

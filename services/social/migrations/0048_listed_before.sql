-- The tags of posts that were there before 0043_listed_tags.sql. It locks rows only: whoever writes goes on.
update post_tags set listed = post_id from posts
where posts.id = post_id and listed is null and posts.root is null and posts.visibility = 'public';

-- A post that was narrowed meanwhile has been seen as it was before.
update post_tags set listed = null from posts where posts.id = post_id and listed = post_id and posts.visibility <> 'public';

-- no-transaction
-- The words of posts that were there before 0076_searchable.sql, where it reads them otherwise. It locks rows of words only, and
-- commits each batch: whoever edits one of these posts waits for that batch, and everybody else goes on. What is interrupted begins
-- anew, and finds nothing wrong in doing again what was done.
do $$
declare
    passed bigint := 0;
    batch bigint[];
begin
    loop
        batch := array(
            select p.id from posts p
            where p.id > passed and searchable(p.content_warning || ' ' || p.text) <> plain(p.content_warning || ' ' || p.text)
            order by p.id limit 1000
        );
        exit when cardinality(batch) = 0;
        -- The next statement sees what whoever had the lock has written, and whoever waits for it writes over what is made here.
        perform w.post from post_words w where w.post = any(batch) order by w.post for update;
        update post_words w set words = words_of(p.content_warning || ' ' || p.text, p.language)
        from posts p where p.id = w.post and w.post = any(batch);
        passed := batch[cardinality(batch)];
        commit;
    end loop;
end
$$;

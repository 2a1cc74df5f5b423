-- What PostgreSQL's parser of text takes for more than words, it keeps as one piece or drops: `<b>` is a tag, and all that follows
-- `<script>` is one; `&foo;` is an entity; `Berlin/Hamburg` and `~foo` are files, `example.com/berlin` is an address, `end.Begin` a
-- host, and of `2031-05-17` the last word is -17. Here every word stands alone. A tag needs `<`, an entity `&`, a file or the path
-- of an address `/` or `~`, an account of mail `@`, a host, a file or a number in parts `.`, and a number below zero `-` or `+`; the
-- backslash would act as one in what is sought.
create function searchable(written text) returns text
language sql immutable parallel safe as $$
    select regexp_replace(plain(written), '[<&/~@\\]|\.(?=\S)|[-+](?=\d)', ' ', 'g')
$$;

-- The words of a text, as they were written and as their language brings them to their stems.
create function words_of(written text, of_language text) returns tsvector
language plpgsql immutable parallel safe as $$
declare
    apart text := searchable(written);
begin
    return to_tsvector('simple', apart) || to_tsvector(search_configuration(of_language), apart);
end
$$;

create or replace function keep_words() returns trigger language plpgsql as $$
begin
    insert into post_words (post, words) values (new.id, words_of(new.content_warning || ' ' || new.text, new.language))
    on conflict (post) do update set words = excluded.words;
    return null;
end
$$;

-- What was typed is read as what was written is: where that parts it, its words must follow each other.
create or replace function sought(typed text[], of_language text) returns tsquery
language sql stable parallel safe as $$
    select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & '))
        || to_tsquery(search_configuration(of_language), string_agg(quote_literal(word), ' & '))
    from (select searchable(word) as word from unnest(typed) word) apart
$$;

-- Both are trusted: an owner of the database may create them.
create extension if not exists pg_trgm with schema extensions;
create extension if not exists unaccent with schema extensions;

-- Text as it is compared: without accents and case. Scripts that do not part their words (Japanese, Chinese, Thai, Lao,
-- Khmer, Burmese) become one word a character, and what is sought in them a phrase. The dictionary is named, which makes
-- this immutable as long as its rules are.
create function plain(written text) returns text
language sql immutable parallel safe as $$
    select regexp_replace(
        lower(extensions.unaccent('extensions.unaccent'::regdictionary, written)),
        '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])', ' \1 ', 'g'
    )
$$;

-- How words of a language (the primary subtag of BCP 47) are brought to their stems; `simple` where PostgreSQL cannot.
create function search_configuration(of_language text) returns regconfig
language sql immutable parallel safe as $$
    select (case of_language
        when 'ar' then 'arabic' when 'hy' then 'armenian' when 'eu' then 'basque' when 'ca' then 'catalan' when 'da' then 'danish'
        when 'nl' then 'dutch' when 'en' then 'english' when 'fi' then 'finnish' when 'fr' then 'french' when 'de' then 'german'
        when 'el' then 'greek' when 'hi' then 'hindi' when 'hu' then 'hungarian' when 'id' then 'indonesian' when 'ga' then 'irish'
        when 'it' then 'italian' when 'lt' then 'lithuanian' when 'ne' then 'nepali' when 'no' then 'norwegian'
        when 'nb' then 'norwegian' when 'nn' then 'norwegian' when 'pt' then 'portuguese' when 'ro' then 'romanian'
        when 'ru' then 'russian' when 'sr' then 'serbian' when 'es' then 'spanish' when 'sv' then 'swedish' when 'ta' then 'tamil'
        when 'tr' then 'turkish' when 'yi' then 'yiddish'
        else 'simple'
    end)::regconfig
$$;

-- A post's words, as they were written and as their language brings them to their stems. Beside the posts and not in them:
-- lists read posts, and need none of this.
create table post_words (
    post bigint not null,
    words tsvector not null,
    constraint post_words_pkey primary key (post),
    constraint post_words_post_fkey foreign key (post) references posts (id) on delete cascade
);

create index post_words_words on post_words using gin (words);

create function keep_words() returns trigger language plpgsql as $$
declare
    written text := plain(new.content_warning || ' ' || new.text);
begin
    insert into post_words (post, words)
    values (new.id, to_tsvector('simple', written) || to_tsvector(search_configuration(new.language), written))
    on conflict (post) do update set words = excluded.words;
    return null;
end
$$;

create trigger posts_words after insert or update of text, content_warning, language on posts
    for each row execute function keep_words();

-- What finds posts that hold every word, or one that begins like it; or, in a language, its stem. Quoted, so that nothing
-- that was typed can act as an operator.
create function sought(typed text[], of_language text) returns tsquery
language sql stable parallel safe as $$
    select to_tsquery('simple', string_agg(quote_literal(plain(word)) || ':*', ' & '))
        || to_tsquery(search_configuration(of_language), string_agg(quote_literal(plain(word)), ' & '))
    from unnest(typed) word
$$;

-- May a search show this post to them? What is not for every list is found by who follows its author, and so is what an
-- author has written who does not want to be found.
create function findable(viewer bigint, of_post posts) returns boolean
language sql stable parallel safe as $$
    select visible(viewer, of_post) and (
        (of_post).visibility not in ('public', 'unlisted')
        or (of_post).author = viewer
        or exists (select from relations where follows and actor = viewer and target = (of_post).author)
        or (of_post).visibility = 'public' and exists (select from profiles where profiles.id = (of_post).author and discoverable)
    )
$$;

-- Text as a pattern of `like` that means itself.
create function as_pattern(written text) returns text
language sql immutable parallel safe as $$
    select regexp_replace(written, '([\\%_])', '\\\1', 'g')
$$;

create index profiles_handle_like on profiles using gin (handle gin_trgm_ops) where discoverable;
create index profiles_display_name_like on profiles using gin (plain(display_name) gin_trgm_ops) where discoverable;

-- Every tag that was ever used. Whether somebody may know of it is asked when it is found.
create table tags (
    tag text not null,
    constraint tags_pkey primary key (tag)
);

create index tags_like on tags using gin (tag gin_trgm_ops);

create function keep_tag() returns trigger language plpgsql as $$
begin
    insert into tags (tag) values (new.tag) on conflict do nothing;
    return null;
end
$$;

create trigger post_tags_known after insert on post_tags for each row execute function keep_tag();

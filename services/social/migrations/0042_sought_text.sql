-- Some characters become a backslash without their accents (U+FF3C, U+FE68, U+2216), which would act as one: it parts words, as the
-- one that is typed does.
create or replace function sought(typed text[], of_language text) returns tsquery
language sql stable parallel safe as $$
    select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & '))
        || to_tsquery(search_configuration(of_language), string_agg(quote_literal(word), ' & '))
    from (select replace(plain(word), '\', ' ') as word from unnest(typed) word) plainly
$$;

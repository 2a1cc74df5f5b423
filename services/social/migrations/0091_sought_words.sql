-- Of some words nothing is left without their accents: U+0345 is a letter to Unicode, and `unaccent` takes it away. PostgreSQL refuses
-- an empty word; here it says nothing of what is sought. Where all words are such, this is null, which no post holds.
create or replace function sought(typed text[], of_language text) returns tsquery
language sql stable parallel safe as $$
    select to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & '))
        || to_tsquery(search_configuration(of_language), string_agg(quote_literal(word), ' & '))
    from (select searchable(word) as word from unnest(typed) word) apart
    where word <> ''
$$;

-- However many words and tags there are, few of them are looked at: those that may be meant by a short word with an error in it by their
-- first letter and their length, and tags to suggest by how often they are used, those of most photos first.
--
-- How often, as the digits of the number, and not the number: this hardly ever changes, and as long as no column that an index has
-- does, PostgreSQL changes a count in place. The table is written anew once; who uploads a public photo meanwhile waits for seconds.
alter table terms add column digits int not null generated always as (char_length(photos::text)) stored;

create index terms_often on terms (digits, term) where kind = 'tag';
create index terms_alike on terms ((left(term, 1)), (char_length(term))) where kind = 'word';

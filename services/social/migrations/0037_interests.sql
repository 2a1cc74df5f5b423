-- By which ids facts name tags: a fact carries no text of people.
create table tag_ids (
    tag text not null,
    id bigint not null default next_id('tag_ids'),
    constraint tag_ids_pkey primary key (tag),
    constraint tag_ids_id_key unique (id)
);

-- What people follow already is told, too.
insert into tag_ids (tag) select distinct tag from followed_tags;
insert into outbox (fact)
select jsonb_build_object('kind', 'interest.changed', 'account', account::text, 'tag', tag_ids.id::text, 'follows', true)
from followed_tags join tag_ids using (tag);

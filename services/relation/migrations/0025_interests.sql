-- Which tags people follow, by the ids that social gives them. Kept by the facts of social.
create table interests (
    account bigint not null,
    tag bigint not null,
    -- The order in which they were heard of.
    id bigint not null default next_id('interests'),
    constraint interests_pkey primary key (account, tag)
);

create index interests_of_account on interests (account, id desc) include (tag);
create index interests_of_tag on interests (tag, id desc) include (account);

alter table suggestions add column shared_tags int not null default 0;

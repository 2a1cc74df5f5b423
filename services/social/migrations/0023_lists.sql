-- Lists of people that somebody follows; nobody else learns of them.
create table lists (
    id bigint not null default next_id('lists'),
    owner bigint not null,
    title text not null,
    constraint lists_pkey primary key (id),
    constraint lists_owner_fkey foreign key (owner) references profiles (id) on delete cascade
);

create index lists_of_owner on lists (owner, id desc);

create table list_members (
    list bigint not null,
    account bigint not null,
    -- A place among the members.
    id bigint not null default next_id('list_members'),
    constraint list_members_pkey primary key (list, account),
    constraint list_members_list_fkey foreign key (list) references lists (id) on delete cascade,
    constraint list_members_account_fkey foreign key (account) references profiles (id) on delete cascade
);

create index list_members_newest on list_members (list, id desc);
create index list_members_account on list_members (account);

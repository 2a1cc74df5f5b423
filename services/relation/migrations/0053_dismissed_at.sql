-- The order in which somebody has dismissed others: of many, the oldest are forgotten.
alter table dismissals add column id bigint not null default next_id('dismissals');
create index dismissals_of_owner on dismissals (owner, id desc);

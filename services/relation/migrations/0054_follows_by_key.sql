-- What is between two people is looked up by the two, and a list is read from its beginning, however many somebody has. A plan is
-- made once for everybody, and by the average of so many who have little it may read everybody with whom somebody has something:
-- 150 ms for how one stands to a hundred people, with 5,000 friends. A file for each table: none is locked while another is waited
-- for.

-- All that a lookup asks for, by both.
create unique index follows_by_pair on follows (actor, target) include (withheld);

-- The planner is to take everybody for somebody who has a hundred.
alter table follows alter column actor set (n_distinct = -0.01), alter column target set (n_distinct = -0.01);
analyze follows;

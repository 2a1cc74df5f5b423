-- An upload straight to the store that was refused or ended keeps its row for as long as its address can be written to, so that
-- what comes again is counted among those under way, and deleted with the row.
alter table uploads add column ended_at timestamptz;

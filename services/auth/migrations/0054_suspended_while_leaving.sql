-- Whoever leaves may be suspended besides: otherwise leaving would be a way past a suspension, and back a few days later. The
-- reason is what says so; if they stay, they are `Suspended` for it.
alter table accounts
    drop constraint accounts_suspended_reason_check,
    add constraint accounts_suspended_reason_check
        check (state = 'Leaving' or (state = 'Suspended') = (suspended_reason is not null));

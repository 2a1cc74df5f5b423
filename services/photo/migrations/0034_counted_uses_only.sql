-- What was found by it is found by photo_uses_account_counted. Apart from the build of that: dropping an index waits for
-- all readers, and one that is about to write would wait for the build.
drop index photo_uses_account;

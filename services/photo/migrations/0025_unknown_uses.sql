-- Uses of which it never became known in what: nothing came of them, and they are forgotten after a day.
create index photo_uses_unknown on photo_uses (created_at) where source like 'account:%';

-- Those from before social told what shows a photo: it tells now, and has a day for it.
update photo_uses set created_at = clock_timestamp() where source like 'account:%';

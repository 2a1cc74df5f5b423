-- Asked when social tells that something shows a photo that was left as a copy by then. Apart from the column: photos can be read while
-- it is built.
create index photos_left_of on photos (left_of) where left_of is not null;

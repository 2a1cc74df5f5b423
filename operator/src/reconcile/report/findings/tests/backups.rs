use super::*;
use crate::backups::SCHEDULED_LABEL;

#[test]
fn a_time_of_the_schedule_passes_while_the_backup_before_is_still_made() {
    let mut resource = full();
    resource.metadata.creation_timestamp = Some(Time(Timestamp::from_second(1_699_000_000).unwrap()));
    let (mut cluster, mut platform, mut outcome) = applied(resource, Progress::Migrated, true);
    let slot = platform.backup.as_ref().unwrap().slot.map(Time);
    assert!(slot.is_some() && outcome.resources.scheduled.is_some());

    let mut before = crate::example::backup();
    before.metadata.labels = Some([(SCHEDULED_LABEL.to_owned(), "true".to_owned())].into());
    cluster.backups = vec![Arc::new(before)];
    platform = validate(&cluster).unwrap();
    outcome.resources.scheduled = build(&platform, &FixedGenerator).scheduled;
    assert!(outcome.resources.scheduled.is_none());
    let over = status(&cluster, View::Applied(&platform, &outcome)).backups.unwrap().last_scheduled_at;
    assert_eq!(over, slot);
}

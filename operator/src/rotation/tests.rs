use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn facts(wanted: Option<&str>, settled_since: Option<Timestamp>, now: i64) -> Facts<'_> {
    Facts { wanted, idle_is_empty: true, settled_since, overlap: Duration::from_secs(60), now: at(now) }
}

fn go(step: Step) -> Rotation {
    match step {
        Step::Go(rotation) => rotation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rotation_goes_through_its_phases_and_ends_in_the_other_slot() {
    let before = Rotation::default();
    let introduced = go(before.next(&facts(Some("1"), Some(at(0)), 0)));
    assert_eq!((introduced.active, introduced.phase), (Slot::A, Phase::Introduced));
    assert_eq!(introduced.live().collect::<Vec<_>>(), Slot::ALL);

    let switched = go(introduced.next(&facts(Some("1"), Some(at(10)), 10)));
    assert_eq!((switched.active, switched.phase), (Slot::B, Phase::Switched));
    assert_eq!(switched.next(&facts(Some("1"), Some(at(20)), 30)), Step::Wait(at(80)));

    let settled = go(switched.next(&facts(Some("1"), Some(at(20)), 80)));
    assert_eq!(settled, Rotation { active: Slot::B, phase: Phase::Settled, request: "1".into() });
    assert_eq!(settled.live().collect::<Vec<_>>(), [Slot::B]);
    assert_eq!(settled.next(&facts(Some("1"), Some(at(90)), 90)), Step::Stay);
    assert_eq!(go(settled.next(&facts(Some("2"), Some(at(90)), 90))).active, Slot::B);
}

#[test]
fn nothing_goes_on_before_every_pod_has_followed() {
    for phase in [Phase::Introduced, Phase::Switched] {
        let rotation = Rotation { phase, ..Rotation::default() };
        assert_eq!(rotation.next(&facts(Some("1"), None, 1_000_000)), Step::Stay, "{phase:?}");
    }
}

#[test]
fn old_values_are_never_taken_for_new_ones() {
    let left_over = Facts { idle_is_empty: false, ..facts(Some("1"), Some(at(0)), 0) };
    assert_eq!(Rotation::default().next(&left_over), Step::Stay);
}

#[test]
fn who_asks_for_nothing_gets_nothing() {
    assert_eq!(Rotation::default().next(&facts(None, Some(at(0)), 0)), Step::Stay);
    let once = Rotation { request: "1".into(), ..Rotation::default() };
    assert_eq!(once.next(&facts(None, Some(at(0)), 0)), Step::Stay);
}

#[test]
fn another_request_in_the_middle_is_done_after_this_one() {
    let introduced = Rotation { phase: Phase::Introduced, request: "1".into(), ..Rotation::default() };
    let mut rotation = introduced;
    let mut steps = Vec::new();
    while let Step::Go(next) = rotation.next(&facts(Some("2"), Some(at(0)), 1_000)) {
        steps.push((next.phase, next.request.clone()));
        rotation = next;
    }
    let told: Vec<_> = steps.iter().map(|(phase, request)| (*phase, request.as_str())).collect();
    let then = [(Phase::Switched, "1"), (Phase::Settled, "1"), (Phase::Introduced, "2"), (Phase::Switched, "2"), (Phase::Settled, "2")];
    assert_eq!(told, then);
    assert_eq!(rotation.active, Slot::A);
}

#[test]
fn what_is_written_is_read_again() {
    for phase in [Phase::Settled, Phase::Introduced, Phase::Switched] {
        let rotation = Rotation { active: Slot::B, phase, request: "2026-11".into() };
        let values = rotation.values().map(|(key, value)| (key.to_owned(), value)).into();
        assert_eq!(Rotation::read(&values), Some(rotation));
    }
    assert_eq!(Rotation::read(&BTreeMap::new()), None);
}

#[test]
fn the_first_slot_has_the_names_that_were_there_before_there_were_two() {
    assert_eq!(Slot::A.secret(Service::Auth, "key"), "auth-key");
    assert_eq!(Slot::B.secret(Service::Auth, "key"), "auth-key-b");
}

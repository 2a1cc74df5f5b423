//! When backups are due: a cron expression of five fields, in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// How far to look for a day that fits: 29 February may be eight years away.
const DAYS: u32 = 8 * 366 + 1;

/// The minutes at which something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The numbers that a field allows, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether it was `*`.
    any: bool,
}

impl Schedule {
    /// Reads five fields: `*`, a number, a range, a list of these, and a step such as `*/6`.
    ///
    /// # Errors
    ///
    /// What is wrong, as the end of a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err("it needs five fields: minute, hour, day of the month, month and day of the week".to_owned());
        };
        let mut weekdays = Field::parse("day of the week", weekdays, 0, 7)?;
        // Both 0 and 7 are Sunday.
        weekdays.bits |= (weekdays.bits >> 7) & 1;
        let schedule = Self {
            minutes: Field::parse("minute", minutes, 0, 59)?,
            hours: Field::parse("hour", hours, 0, 23)?,
            days: Field::parse("day of the month", days, 1, 31)?,
            months: Field::parse("month", months, 1, 12)?,
            weekdays,
        };
        match schedule.after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err("no day of the year is like that".to_owned()),
        }
    }

    /// The latest time at `now` or before it.
    pub fn before(&self, now: Timestamp) -> Option<Timestamp> {
        let today = TimeZone::UTC.to_datetime(now);
        let mut date = today.date();
        let mut until = minute(today.time());
        for _ in 0..DAYS {
            if self.allows(date)
                && let Some(minute) = self.minutes_of_a_day().filter(|minute| *minute <= until).last()
            {
                return at(date, minute);
            }
            date = date.yesterday().ok()?;
            until = u16::MAX;
        }
        None
    }

    /// The first time after `now`.
    pub fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let today = TimeZone::UTC.to_datetime(now);
        let mut date = today.date();
        let mut from = minute(today.time()) + 1;
        for _ in 0..DAYS {
            if self.allows(date)
                && let Some(minute) = self.minutes_of_a_day().find(|minute| *minute >= from)
            {
                return at(date, minute);
            }
            date = date.tomorrow().ok()?;
            from = 0;
        }
        None
    }

    fn minutes_of_a_day(&self) -> impl Iterator<Item = u16> {
        let (hours, minutes) = (self.hours, self.minutes);
        (0..24 * 60).filter(move |minute| hours.has(minute / 60) && minutes.has(minute % 60))
    }

    /// Cron's rule: of day and weekday one is enough, where both are said.
    fn allows(&self, date: Date) -> bool {
        let number = |number: i8| u16::try_from(number).unwrap_or_default();
        let day = self.days.has(number(date.day()));
        let weekday = self.weekdays.has(number(date.weekday().to_sunday_zero_offset()));
        let fits = if self.days.any || self.weekdays.any { day && weekday } else { day || weekday };
        fits && self.months.has(number(date.month()))
    }
}

fn minute(time: Time) -> u16 {
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).unwrap_or_default()
}

fn at(date: Date, minute: u16) -> Option<Timestamp> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    TimeZone::UTC.to_timestamp(date.at(hour, minute, 0, 0)).ok()
}

impl Field {
    fn parse(name: &str, text: &str, least: u16, most: u16) -> Result<Self, String> {
        let mut bits = 0;
        for part in text.split(',') {
            let wrong = || format!("its {name} is {part:?}: write *, a number from {least} to {most}, a range, or a step such as */2");
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or_else(wrong)?),
                None => (part, 1),
            };
            let number = |text: &str| text.parse::<u16>().ok().filter(|number| (least..=most).contains(number)).ok_or_else(wrong);
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (least, most),
                Some((first, last)) => (number(first)?, number(last)?),
                // With a step, a number is where it begins.
                None if part != range => (number(range)?, most),
                None => (number(range)?, number(range)?),
            };
            if first > last {
                return Err(wrong());
            }
            bits |= (first..=last).step_by(step).fold(0, |bits, number| bits | (1_u64 << number));
        }
        Ok(Self { bits, any: text == "*" })
    }

    fn has(self, number: u16) -> bool {
        (self.bits >> number) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn around(schedule: &str, now: &str) -> (String, String) {
        let schedule = Schedule::parse(schedule).unwrap();
        (schedule.before(time(now)).unwrap().to_string(), schedule.after(time(now)).unwrap().to_string())
    }

    fn pair(before: &str, after: &str) -> (String, String) {
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn every_night_is_every_night() {
        let night = around("0 2 * * *", "2026-11-29T17:00:30Z");
        assert_eq!(night, pair("2026-11-29T02:00:00Z", "2026-11-30T02:00:00Z"));
        // At the minute itself it is due.
        let night = around("0 2 * * *", "2026-11-29T02:00:00Z");
        assert_eq!(night, pair("2026-11-29T02:00:00Z", "2026-11-30T02:00:00Z"));
        let night = around("0 2 * * *", "2027-01-01T01:59:59Z");
        assert_eq!(night, pair("2026-12-31T02:00:00Z", "2027-01-01T02:00:00Z"));
    }

    #[test]
    fn ranges_lists_and_steps_are_understood() {
        assert_eq!(around("*/20 8-10,22 * * *", "2026-11-29T10:41:00Z"), pair("2026-11-29T10:40:00Z", "2026-11-29T22:00:00Z"));
        assert_eq!(around("5/30 * * * *", "2026-11-29T10:06:00Z"), pair("2026-11-29T10:05:00Z", "2026-11-29T10:35:00Z"));
        // The first of the month, and Sundays by either number; 29 November 2026 is one.
        for sunday in ["0 0 1 * 0", "0 0 1 * 7"] {
            assert_eq!(around(sunday, "2026-11-29T12:00:00Z"), pair("2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z"));
        }
        assert_eq!(around("0 0 29 2 *", "2026-11-29T12:00:00Z"), pair("2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"));
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for wrong in ["", "daily", "0 2 * *", "60 2 * * *", "0 2 * * mon", "0 5-3 * * *", "*/0 * * * *", "0 0 31 2 *"] {
            assert!(Schedule::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Schedule::parse("0 25 * * *").unwrap_err().contains("its hour is \"25\""));
    }
}

//! Lists of people as CSV, in the columns of Mastodon and one more: an address is a handle, which may pass to somebody
//! else, so the id of the account is written beside it and is what counts when it is read. A mute has a further one for its end.

use std::fmt::Write;

use contracts::AccountId;
use jiff::Timestamp;
use serving::{Problem, Result};

use crate::store::counts::MOST_FOLLOWED;
use crate::store::exports::Exported;

/// Lines that a list may have: those of the longest that can be taken along.
pub(crate) const MOST_LINES: usize = MOST_FOLLOWED as usize;
/// Bytes that it may have: enough for so many of the longest handles and ids, and for mutes, which are fewer, with ends.
pub(crate) const MOST_BYTES: usize = 512 * 1024;

const ADDRESS: &str = "Account address";
const NOTIFICATIONS: &str = "Hide notifications";
const ID: &str = "Account id";
const UNTIL: &str = "Until";

/// One line that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Which, counted from 1.
    pub(crate) number: usize,
    /// A handle, perhaps with `@` before it or a server behind it.
    pub(crate) address: String,
    pub(crate) id: Option<AccountId>,
    /// Yes, unless it says no.
    pub(crate) notifications: bool,
    /// When a mute ends, as it is written: empty for never. `None` where nothing is said of it.
    pub(crate) until: Option<String>,
}

/// Writes a list. Handles and ids hold nothing that would have to be quoted.
pub(crate) fn write(people: &[Exported], as_mutes: bool) -> String {
    let mut text = match as_mutes {
        true => format!("{ADDRESS},{NOTIFICATIONS},{ID},{UNTIL}\n"),
        false => format!("{ADDRESS},{ID}\n"),
    };
    for Exported { id, handle, notifications, until } in people {
        let handle = handle.as_deref().unwrap_or_default();
        let until = until.and_then(|second| Timestamp::from_second(second).ok());
        let written = match as_mutes {
            true => writeln!(text, "{handle},{notifications},{id},{}", until.map(|until| until.to_string()).unwrap_or_default()),
            false => writeln!(text, "{handle},{id}"),
        };
        written.expect("a string takes any text");
    }
    text
}

/// Reads a list of ours or of Mastodon. Without a header, as Mastodon writes blocks, the first column is the address.
pub(crate) fn read(text: &str) -> Result<Vec<Line>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut columns = Columns { address: 0, id: None, notifications: None, until: None };
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fields = fields(line);
        if index == 0 && fields.iter().any(|field| field.eq_ignore_ascii_case(ADDRESS)) {
            columns = Columns::of(&fields);
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        if lines.len() == MOST_LINES {
            return Err(Problem::unprocessable(format!("Send {MOST_LINES} lines at the most; split what is longer.")));
        }
        let said = |column: Option<usize>| column.and_then(|column| fields.get(column)).map(|field| field.trim());
        let field = |column| said(column).unwrap_or_default();
        lines.push(Line {
            number: index + 1,
            address: field(Some(columns.address)).to_owned(),
            id: field(columns.id).parse().ok(),
            notifications: !field(columns.notifications).eq_ignore_ascii_case("false"),
            until: said(columns.until).map(str::to_owned),
        });
    }
    Ok(lines)
}

/// Where what is.
struct Columns {
    address: usize,
    id: Option<usize>,
    notifications: Option<usize>,
    until: Option<usize>,
}

impl Columns {
    fn of(header: &[String]) -> Self {
        let find = |name: &str| header.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
        Self { address: find(ADDRESS).unwrap_or(0), id: find(ID), notifications: find(NOTIFICATIONS), until: find(UNTIL) }
    }
}

/// The fields of a line (RFC 4180). No address holds a line break, so a quoted one that does is two lines, both refused.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(character),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::mutes;

    fn line(number: usize, address: &str, id: Option<i64>, notifications: bool) -> Line {
        Line { number, address: address.to_owned(), id: id.map(AccountId), notifications, until: None }
    }

    fn until(text: &str, line: Line) -> Line {
        Line { until: Some(text.to_owned()), ..line }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let people = [
            Exported { id: AccountId(7), handle: Some("ada".to_owned()), notifications: false, until: Some(32_503_679_999) },
            Exported { id: AccountId(8), handle: None, notifications: true, until: None },
        ];
        let plain = [line(2, "ada", Some(7), true), line(3, "", Some(8), true)];
        assert_eq!(read(&write(&people, false)).unwrap(), plain);
        let mutes = [until("2999-12-31T23:59:59Z", line(2, "ada", Some(7), false)), until("", line(3, "", Some(8), true))];
        assert_eq!(read(&write(&people, true)).unwrap(), mutes);
    }

    #[test]
    fn what_mastodon_writes_is_read() {
        let following = "Account address,Show boosts,Notify on new posts,Languages\nada@example.org,true,false,\"de, en\"\n";
        assert_eq!(read(following).unwrap(), [line(2, "ada@example.org", None, true)]);
        let mutes = "\u{feff}Account address,Hide notifications\r\n\"ada\",FALSE\r\n\r\nbob,true\r\n";
        assert_eq!(read(mutes).unwrap(), [line(2, "ada", None, false), line(4, "bob", None, true)]);
        assert_eq!(read("ada\nbob@example.org\n").unwrap(), [line(1, "ada", None, true), line(2, "bob@example.org", None, true)]);
    }

    #[test]
    fn a_line_that_ends_early_says_nothing_of_the_end_of_a_mute() {
        assert_eq!(
            read("Account address,Until\nada\nbob,\n").unwrap(),
            [line(2, "ada", None, true), until("", line(3, "bob", None, true))]
        );
    }

    #[test]
    fn the_longest_list_that_can_be_taken_along_can_be_brought_back() {
        let list = |lines: usize, until: Option<i64>| -> Vec<Exported> {
            let handle = "a".repeat(30);
            (0..lines).map(|_| Exported { id: AccountId(i64::MAX), handle: Some(handle.clone()), notifications: false, until }).collect()
        };
        let most_mutes = usize::try_from(mutes::MOST).unwrap();
        for (lines, text) in
            [(MOST_LINES, write(&list(MOST_LINES, None), false)), (most_mutes, write(&list(most_mutes, Some(32_503_679_999)), true))]
        {
            assert!(text.len() <= MOST_BYTES, "{lines} lines have {} bytes", text.len());
            assert_eq!(read(&text).unwrap().len(), lines);
        }
    }

    #[test]
    fn what_is_too_long_is_refused_as_a_whole() {
        assert_eq!(read(&"ada\n".repeat(MOST_LINES)).unwrap().len(), MOST_LINES);
        assert!(read(&"ada\n".repeat(MOST_LINES + 1)).is_err());
    }
}

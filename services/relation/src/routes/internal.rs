//! What auth asks, when somebody takes a copy of all that is theirs.

use axum::extract::State;
use contracts::export::{ExportFile, ExportPage, ExportRequest, Place};
use contracts::{AccountId, Service};
use identity::Caller;
use serde_json::json;
use serving::{Json, Problem, Result};

use crate::store::lists::List;
use crate::store::{exports, people};
use crate::{Relation, State as Inner, csv};

/// Rows of one page.
const ROWS: i64 = 500;
/// Notes of one page: each may have 2,000 characters.
const NOTES: i64 = 100;
/// Each becomes a folder of CSV; after them come likes, then notes.
const LISTS: [List; 10] = [
    List::Following,
    List::Followers,
    List::Friends,
    List::FollowRequests,
    List::SentFollowRequests,
    List::FriendRequests,
    List::SentFriendRequests,
    List::Matches,
    List::Blocks,
    List::Mutes,
];
const LIKES: usize = LISTS.len();
const NOTED: usize = LIKES + 1;

/// Some of one part.
struct Read {
    file: ExportFile,
    rows: i64,
    /// The last of them.
    last: Option<i64>,
}

/// A page of all that relation keeps of somebody.
pub(crate) async fn export(
    State(Relation(relation)): State<Relation>,
    Caller(caller): Caller,
    Json(ExportRequest { account, after }): Json<ExportRequest>,
) -> Result<Json<ExportPage>> {
    if caller != Service::Auth {
        return Err(Problem::forbidden("Only auth asks for all that is somebody's."));
    }
    let mut files = Vec::new();
    let mut place = match after {
        Some(after) => after.parse::<Place>().map_err(|wrong| Problem::invalid("after", wrong.to_string()))?,
        None => {
            let people::Settings { approves_followers, suggestible } = people::settings(&relation.pool, account).await?;
            let contents = json!({"approves_followers": approves_followers, "suggestible": suggestible});
            files.push(ExportFile::Json { name: "settings.json".to_owned(), contents });
            let contents = exports::activity(&relation.pool, account).await?;
            files.push(ExportFile::Json { name: "activity.json".to_owned(), contents });
            Place::begin(0)
        }
    };
    let mut room = ROWS;
    while place.part <= NOTED && room > 0 {
        let most = if place.part == NOTED { room.min(NOTES) } else { room };
        let Read { file, rows, last } = read(&relation, account, place, most).await?;
        if rows > 0 {
            files.push(file);
        }
        room -= rows;
        place = match last {
            Some(last) if rows == most => Place { after: last, files: place.files + 1, ..place },
            _ => Place::begin(place.part + 1),
        };
        // Notes are long: one file of them ends a page.
        if place.part == NOTED && rows > 0 {
            break;
        }
    }
    let after = (place.part <= NOTED).then(|| place.to_string());
    Ok(Json(ExportPage { files, after }))
}

/// The rows after a place, up to `most`, as a file.
async fn read(relation: &Inner, account: AccountId, place: Place, most: i64) -> Result<Read> {
    let Place { part, after, files } = place;
    let number = files + 1;
    let count = |rows: usize| i64::try_from(rows).map_err(Problem::internal);
    if part == NOTED {
        let notes = exports::notes(&relation.pool, account, after, most).await?;
        let (rows, last) = (count(notes.len())?, notes.last().map(|note| note.target.0));
        let contents = notes.into_iter().map(|note| json!({"id": note.target, "text": note.text})).collect();
        return Ok(Read { file: ExportFile::Json { name: format!("notes/{number:04}.json"), contents }, rows, last });
    }
    let (name, (people, last)) = match LISTS.get(part) {
        Some(list) => (list.name(), exports::page(&relation.pool, *list, account, after, most).await?),
        None => ("likes", exports::likes(&relation.pool, account, after, most).await?),
    };
    let contents = csv::write(&people, LISTS.get(part) == Some(&List::Mutes));
    Ok(Read { file: ExportFile::Text { name: format!("{name}/{number:04}.csv"), contents }, rows: count(people.len())?, last })
}

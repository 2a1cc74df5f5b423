//! Facts: what one service tells the others through its outbox, after it became true.
//!
//! A fact carries ids and the state that holds now, and never a difference, so that applying one twice changes nothing. It
//! carries no text of people, but for what is said of a photo beside which it is shown: that is taken out of what was told
//! when the photo's owner is erased, and is not kept of what cannot be applied.

use serde::{Deserialize, Serialize};

use crate::id::TagId;
use crate::photo::PhotoState;
use crate::{AccountId, PhotoId, PostId, Service};

/// Everything that is told. The tag is the name used in metrics, spans and the table of parked facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Fact {
    /// Told by relation.
    #[serde(rename = "relation.changed")]
    RelationChanged(RelationChanged),
    /// Told by relation.
    #[serde(rename = "relation.happened")]
    RelationHappened(RelationHappened),
    /// Told by relation.
    #[serde(rename = "relation.ended")]
    RelationEnded(RelationEnded),
    /// Told by photo.
    #[serde(rename = "photo.changed")]
    PhotoChanged(PhotoChanged),
    /// Told by social.
    #[serde(rename = "post.narrowed")]
    PostNarrowed(PostNarrowed),
    /// Told by social.
    #[serde(rename = "photos.shown")]
    PhotosShown(PhotosShown),
    /// Told by social.
    #[serde(rename = "interest.changed")]
    InterestChanged(InterestChanged),
    /// Told by social.
    #[serde(rename = "profile.changed")]
    ProfileChanged(ProfileChanged),
    /// Told by social.
    #[serde(rename = "account.posted")]
    AccountPosted(AccountPosted),
    /// Told by auth.
    #[serde(rename = "account.changed")]
    AccountChanged(AccountChanged),
    /// Told by auth.
    #[serde(rename = "account.erased")]
    AccountErased(AccountErased),
    /// Told by every other service, to auth.
    #[serde(rename = "account.forgotten")]
    AccountForgotten(AccountForgotten),
    /// A kind that this version does not know, told by a newer one. Never told, and never applied: consumers pass it by. So
    /// a kind that must not be missed is heard a release before it is told.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl Fact {
    /// The tag, for labels.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RelationChanged(_) => "relation.changed",
            Self::RelationHappened(_) => "relation.happened",
            Self::RelationEnded(_) => "relation.ended",
            Self::PhotoChanged(_) => "photo.changed",
            Self::PostNarrowed(_) => "post.narrowed",
            Self::PhotosShown(_) => "photos.shown",
            Self::InterestChanged(_) => "interest.changed",
            Self::ProfileChanged(_) => "profile.changed",
            Self::AccountPosted(_) => "account.posted",
            Self::AccountChanged(_) => "account.changed",
            Self::AccountErased(_) => "account.erased",
            Self::AccountForgotten(_) => "account.forgotten",
            Self::Unknown => "unknown",
        }
    }
}

/// How one person stands to another, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationChanged {
    /// Who follows, blocks or mutes.
    pub actor: AccountId,
    /// Whom.
    pub target: AccountId,
    /// The actor follows the target.
    pub follows: bool,
    /// The actor blocks the target.
    pub blocks: bool,
    /// The two are friends; the fact of the other direction says the same.
    #[serde(default)]
    pub friends: bool,
    /// The actor mutes the target.
    #[serde(default)]
    pub mutes: bool,
    /// When the mute ends, in Unix seconds; `None` while there is no mute and for one without an end. Nothing is told when
    /// it is over.
    #[serde(default)]
    pub mutes_until: Option<i64>,
    /// The mute holds for notifications too.
    #[serde(default)]
    pub mutes_notifications: bool,
    /// One of the two now sees less of the other than before.
    pub severed: bool,
}

impl RelationChanged {
    /// Nothing is between the two; for `RelationChanged { follows: true, ..RelationChanged::nothing(actor, target) }`.
    pub const fn nothing(actor: AccountId, target: AccountId) -> Self {
        Self {
            actor,
            target,
            follows: false,
            blocks: false,
            friends: false,
            mutes: false,
            mutes_until: None,
            mutes_notifications: false,
            severed: false,
        }
    }
}

/// Something that a person may be notified of. State is told by [`RelationChanged`]; this is told once, when it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationHappened {
    /// What.
    pub event: RelationEvent,
    /// Who did it.
    pub actor: AccountId,
    /// Who is told.
    pub target: AccountId,
}

/// Something that the target was told of by [`RelationHappened`] holds no more: a request was taken back or refused, or a match is
/// over, which is told once for each of the two. That other things end is seen in [`RelationChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationEnded {
    /// What.
    pub event: RelationEvent,
    /// Who had done it.
    pub actor: AccountId,
    /// Who was told.
    pub target: AccountId,
}

/// What happens between two people. The actor did it, the target is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationEvent {
    /// The actor follows the target now, without having had to ask.
    Followed,
    /// The actor asks to follow the target.
    FollowRequested,
    /// The actor lets the target follow.
    FollowAccepted,
    /// The actor asks the target to be friends.
    FriendRequested,
    /// The actor agreed to be the target's friend.
    Befriended,
    /// The two like each other. Told once for each of the two, as the target; a like that is not mutual is never told.
    Matched,
}

/// A photo changed its state or is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoChanged {
    /// Which.
    pub photo: PhotoId,
    /// Whose.
    pub owner: AccountId,
    /// What holds now; `None` when it is deleted.
    pub state: Option<PhotoState>,
    /// Its owner has taken it back, and left this one to those who show it: they show this one now. It comes with the state, so that
    /// a version that does not know it takes the photo from everybody, and shows nobody what is private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Box<LeftPhoto>>,
}

/// The public copy of a photo that its owner has left to those who show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftPhoto {
    /// Which.
    pub photo: PhotoId,
    /// What holds of it.
    pub state: PhotoState,
}

/// A post is deleted, or shown to fewer than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostNarrowed {
    /// Which.
    pub post: PostId,
    /// Whose.
    pub author: AccountId,
}

/// Something shows these photos of others now, and no others of theirs: a post that was made, changed or deleted, or a profile
/// with other pictures. So the owners of the photos see who uses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotosShown {
    /// What shows them, such as `post:17` or `profile:5`.
    pub source: String,
    /// Whose it is.
    pub author: AccountId,
    /// All that it shows and that is not the author's own.
    pub photos: Vec<PhotoId>,
    /// Everybody may see it: so the owners of the photos learn which it is. Of anything else they learn only of what kind it is.
    #[serde(default)]
    pub open: bool,
}

/// Somebody follows a tag, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestChanged {
    /// Who.
    pub account: AccountId,
    /// Which.
    pub tag: TagId,
    /// They follow it.
    pub follows: bool,
}

/// Somebody wants to be found and suggested to others, or no longer. Whoever has never said so does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// Who.
    pub account: AccountId,
    /// They do.
    pub discoverable: bool,
}

/// Somebody has written something that everybody may see. Told once a day: no more than the day is anybody's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPosted {
    /// Who.
    pub account: AccountId,
    /// The last day on which they did, in UTC, counted from 1970-01-01.
    pub day: i32,
}

/// An account is hidden from everybody, or is restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChanged {
    /// Which.
    pub account: AccountId,
    /// What holds now.
    pub state: AccountState,
}

/// An account is erased for good: forget everything of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountErased {
    /// Which.
    pub account: AccountId,
}

/// A service has nothing of an erased account any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountForgotten {
    /// Which.
    pub account: AccountId,
    /// Who says so.
    pub service: Service,
}

/// What an account is to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AccountState {
    /// Somebody.
    Active,
    /// Nobody sees what is theirs, until it is restored: an administrator suspended it, or its owner asked to erase it and
    /// may still change their mind.
    Hidden,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_a_newer_version_is_unknown_and_no_error() {
        let told = r#"{"kind": "comet.passed", "comet": {"name": "1P"}, "actor": "1"}"#;
        assert_eq!(serde_json::from_str::<Fact>(told).unwrap(), Fact::Unknown);
        assert!(serde_json::to_string(&Fact::Unknown).is_err(), "nobody tells what nobody knows");
    }

    #[test]
    fn what_an_older_version_told_of_a_relation_is_still_understood() {
        let told = r#"{"kind": "relation.changed", "actor": "1", "target": "2", "follows": true, "blocks": false, "severed": false}"#;
        let expected = RelationChanged { follows: true, ..RelationChanged::nothing(AccountId(1), AccountId(2)) };
        assert_eq!(serde_json::from_str::<Fact>(told).unwrap(), Fact::RelationChanged(expected));
    }

    #[test]
    fn what_an_older_version_told_of_a_photo_is_still_understood() {
        let told = r#"{"kind": "photo.changed", "photo": "1", "owner": "2", "state": null}"#;
        let expected = PhotoChanged { photo: PhotoId(1), owner: AccountId(2), state: None, left: None };
        assert_eq!(serde_json::from_str::<Fact>(told).unwrap(), Fact::PhotoChanged(expected.clone()));
        let told = serde_json::to_value(Fact::PhotoChanged(expected)).unwrap();
        assert_eq!(told.get("left"), None, "{told}");
    }

    /// Social's database tells it by itself when a post or a profile is gone.
    #[test]
    fn what_is_shown_is_told_in_ids() {
        let told = r#"{"kind": "photos.shown", "source": "post:17", "author": "5", "photos": ["1", "2"]}"#;
        let photos = vec![PhotoId(1), PhotoId(2)];
        let expected = PhotosShown { source: "post:17".to_owned(), author: AccountId(5), photos, open: false };
        assert_eq!(serde_json::from_str::<Fact>(told).unwrap(), Fact::PhotosShown(expected));
    }

    /// Social's database tells it by itself of the time before there was this fact.
    #[test]
    fn a_day_is_told_as_a_number() {
        let told = r#"{"kind": "account.posted", "account": "5", "day": 20000}"#;
        let expected = AccountPosted { account: AccountId(5), day: 20_000 };
        assert_eq!(serde_json::from_str::<Fact>(told).unwrap(), Fact::AccountPosted(expected));
    }

    #[test]
    fn what_happened_is_told_in_snake_case() {
        let happened = RelationHappened { event: RelationEvent::FollowRequested, actor: AccountId(1), target: AccountId(2) };
        let told = serde_json::to_value(Fact::RelationHappened(happened)).unwrap();
        let expected = serde_json::json!({"kind": "relation.happened", "event": "follow_requested", "actor": "1", "target": "2"});
        assert_eq!(told, expected);
    }
}

//! A small vocabulary: enough for timelines that read like somebody's and for hashtags that meet.

use super::random::Random;

const FIRST: &[&str] = &[
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Dorothy",
    "Edsger",
    "Emmy",
    "Grace",
    "Hedy",
    "Ivan",
    "Joan",
    "Katherine",
    "Leslie",
    "Margaret",
    "Niklaus",
    "Radia",
    "Sofya",
    "Tim",
    "Vint",
    "Whitfield",
    "Yukihiro",
    "Zhang",
];
const LAST: &[&str] = &[
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Pine", "Reed", "Rowan", "Spruce",
    "Willow", "Yew",
];
const OPENINGS: &[&str] = &[
    "Walked along the river before the first lecture.",
    "The library kept its lights on all night again.",
    "Fresh bread, and nobody to share it with yet.",
    "Found an old map of the campus in a drawer.",
    "Three pages of notes and one good question.",
    "The rain stopped exactly when the bus came.",
    "Learned a new chord; the neighbors have opinions.",
    "Somebody left a chessboard on the lawn, mid-game.",
    "Wrote the proof twice. The second one is shorter.",
    "The telescope was free, and so was the sky.",
];
const THOUGHTS: &[&str] = &[
    "Who is coming along tomorrow?",
    "I would do it again.",
    "There is a lesson in it, I am told.",
    "Pictures to follow.",
    "Recommendations welcome.",
    "That is all for today.",
    "Ask me how it went next week.",
    "No further comment.",
];
const HASHTAGS: &[&str] = &["#campus", "#baking", "#astronomy", "#music", "#thesis", "#rain", "#chess", "#coffee", "#running", "#books"];
const REPLIES: &[&str] = &[
    "I was there too!",
    "Save me a seat next time.",
    "This made my day.",
    "Tell me more.",
    "Same here, but later.",
    "I have a photograph of that somewhere.",
    "Are you sure it was a Tuesday?",
    "Lovely.",
];

/// The reactions that people use, each one emoji.
pub const REACTIONS: &[&str] = &["👍", "❤️", "😂", "🎉", "😮"];

/// A display name. 22 and 17 have no divisor in common, so that the first 374 people differ.
pub fn name(ordinal: usize) -> String {
    format!("{} {}", FIRST[ordinal % FIRST.len()], LAST[ordinal % LAST.len()])
}

/// A post's text, with one hashtag or two.
pub fn post(random: &mut Random) -> String {
    let mut text = format!("{} {} {}", random.pick(OPENINGS), random.pick(THOUGHTS), random.pick(HASHTAGS));
    if random.once_in(3) {
        text = format!("{text} {}", random.pick(HASHTAGS));
    }
    text
}

/// A comment's text.
pub fn comment(random: &mut Random) -> &'static str {
    random.pick::<&str>(REPLIES)
}

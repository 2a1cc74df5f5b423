//! Reactions, bookmarks and pins; and what is read of what one was told.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::histories::World;

impl World {
    /// Reacts or bookmarks, or takes it back.
    pub(super) async fn touch(&mut self, who: usize, post: usize, what: &str, put: bool) -> Result<(), String> {
        self.model.touched = Some(post);
        let method = if put { Method::PUT } else { Method::DELETE };
        self.past.push(format!("{who} does {method} {what} at {post}"));
        let (status, _) = self.ask(who, method, &format!("{}/{what}", self.path(post)), None).await;
        // One takes back one's own, whatever one sees.
        if !self.done(status, StatusCode::NO_CONTENT, !put || self.model.sees(Some(who), post))? {
            return Ok(());
        }
        let touched = &mut self.model.posts[post];
        match (what, put) {
            ("bookmark", true) => {
                touched.bookmarked.insert(who);
            }
            ("bookmark", false) => {
                touched.bookmarked.remove(&who);
            }
            (_, true) => {
                let author = touched.author;
                if touched.reacted.insert(who) {
                    self.model.tell(author, "reaction", who, post);
                }
            }
            (_, false) => {
                touched.reacted.remove(&who);
                self.model.untell(post, who);
            }
        }
        Ok(())
    }

    pub(super) async fn pin(&mut self, post: usize) -> Result<(), String> {
        if self.is_away(post) {
            return Ok(());
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        let pinned = self.model.posts.iter().filter(|post| post.pinned && !post.deleted && post.author == author).count();
        if pinned >= 5 {
            return Ok(());
        }
        self.past.push(format!("{author} pins {post}"));
        let (status, _) = self.ask(author, Method::PUT, &format!("{}/pin", self.path(post)), None).await;
        if self.done(status, StatusCode::NO_CONTENT, !self.model.posts[post].deleted)? {
            self.model.posts[post].pinned = true;
        }
        Ok(())
    }

    /// Reads all that one was told.
    pub(super) async fn read_notices(&mut self, who: usize) {
        self.past.push(format!("{who} reads their notifications"));
        let up_to = json!({"up_to": i64::MAX.to_string()});
        let (status, _) = self.ask(who, Method::PUT, "/v1/notifications/read", Some(up_to)).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        for notice in self.model.notices.iter_mut().filter(|notice| notice.reader == who) {
            notice.read = true;
        }
    }
}

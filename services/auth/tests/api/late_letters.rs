//! Letters with a link to a new password that leave late, or twice.

use reqwest::StatusCode;

use crate::emails::over_smtp;
use crate::passwords::{ADDRESS, NEW, ask, change, reset};
use crate::smtp_server::{Port, SmtpServer};
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually};

/// Ada has asked for a link, and the mail server is down: the port on which it would be.
async fn waiting_for_a_letter() -> (TestAuth, Tokens, Port) {
    let server = SmtpServer::start();
    let flags = over_smtp(server.port());
    let port = server.stop().await;
    let auth = TestAuth::with(&flags.each_ref().map(String::as_str)).await;
    let ada = auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    assert_eq!(answer(ask(&auth, ADDRESS)).await.0, StatusCode::ACCEPTED);
    eventually("it cannot be sent", async || auth.count("jobs where error is not null").await == 1).await;
    (auth, ada, port)
}

/// The codes in the letters that came.
fn codes(server: &SmtpServer) -> Vec<String> {
    let letters = server.received();
    let lines = letters.iter().flat_map(|letter| letter.data.lines());
    lines.filter(|line| line.starts_with("splk_")).map(|line| line.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_letter_that_is_written_twice_does_not_bring_a_used_link_back() {
    let (auth, _, port) = waiting_for_a_letter().await;
    auth.sql("create table kept as select kind, payload from jobs").await;
    let server = SmtpServer::start_on(port);
    auth.sql("update jobs set run_at = now()").await;
    eventually("the letter has come", async || codes(&server).len() == 1).await;
    let token = codes(&server).remove(0);
    assert_eq!(answer(reset(&auth, &token, NEW)).await.0, StatusCode::OK);

    // As if who sent it had died before it was noted; and not in the second in which she asked.
    auth.sql("update security_events set created_at = created_at + interval '2 seconds' where kind = 'PasswordReset'").await;
    auth.sql("insert into jobs (kind, payload) select kind, payload from kept").await;
    eventually("nothing is owed", async || auth.count("jobs").await == 0).await;
    assert_eq!(codes(&server).len(), 1, "the password was changed since then");
    auth.sql("delete from security_events").await;
    auth.sql("insert into jobs (kind, payload) select kind, payload from kept").await;
    eventually("the letter has come again", async || codes(&server).len() == 2).await;
    assert_eq!(codes(&server), [&*token, &*token]);
    assert_eq!(answer(reset(&auth, &token, "yet another password of hers")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_that_was_asked_for_before_a_change_of_the_password_does_not_leave_after_it() {
    let (auth, ada, port) = waiting_for_a_letter().await;
    assert_eq!(answer(change(&auth, &ada, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    // Not in the second in which she asked.
    auth.sql("update security_events set created_at = created_at + interval '2 seconds' where kind = 'PasswordChanged'").await;
    let server = SmtpServer::start_on(port);
    auth.sql("update jobs set run_at = now()").await;
    eventually("nothing is owed", async || auth.count("jobs").await == 0).await;
    let received = server.received();
    assert!(received.len() == 1 && received[0].data.contains("Subject: Your password was changed"), "of the change she is told");
    assert_eq!(codes(&server), [""; 0]);
}

//! Codes that are right, where something else is wrong.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::passwords::ask;
use crate::second_factor::with_app;
use crate::support::{PASSWORD, TestAuth, answer};

/// Long enough with a second factor only.
const SHORT: &str = "kjw7 pqz";
const EMAIL: &str = "/v1/accounts/me/email";
const TOTP: &str = "/v1/accounts/me/totp";

#[tokio::test]
async fn a_right_code_is_not_counted_where_something_else_is_wrong() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, _, codes) = with_app(&auth).await;
    let change = json!({"current": PASSWORD, "password": SHORT, "code": codes[1]});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&change)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(ask(&auth, "nobody@example.org")).await.0, StatusCode::ACCEPTED);
    auth.sql("update attempts set count = 30 where kind = 'MailFrom'").await;

    let proof = |code: &str, email: Option<&str>| {
        let mut proof = json!({"password": SHORT, "code": code});
        if let Some(email) = email {
            proof["email"] = Value::from(email);
        }
        proof
    };
    for (method, path, email, status) in [
        (Method::PUT, EMAIL, Some("not an address"), StatusCode::UNPROCESSABLE_ENTITY),
        (Method::PUT, EMAIL, Some("ada@example.org"), StatusCode::TOO_MANY_REQUESTS),
        (Method::POST, TOTP, None, StatusCode::CONFLICT),
        (Method::DELETE, TOTP, None, StatusCode::CONFLICT),
        (Method::DELETE, "/v1/accounts/me/passkeys/1", None, StatusCode::NOT_FOUND),
    ] {
        let (answered, problem) = answer(auth.of(&ada, method, path).json(&proof(&codes[0], email))).await;
        assert_eq!(answered, status, "{path}: {problem}");
        assert_eq!(auth.count("attempts where kind in ('PasswordOfSession', 'CodeOfSession') and count > 0").await, 0, "{path}");
    }
    assert_eq!(auth.count("recovery_codes").await, 9, "nor is it used up");

    let wrong = auth.of(&ada, Method::DELETE, TOTP).json(&proof("0000-0000-0000-0000", None));
    assert_eq!(answer(wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(auth.count("attempts where kind = 'CodeOfSession' and count = 1").await, 1);
}

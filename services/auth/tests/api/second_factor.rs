use identity::unix_now;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use totp_rs::{Builder, Secret};

use crate::authenticator::Authenticator;
use crate::letters::Letters;
use crate::passkeys;
use crate::provider::{App, Browser};
use crate::sessions::{everything_stored, hex};
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

const TOTP: &str = "/v1/accounts/me/totp";
const RECOVERY_CODES: &str = "/v1/accounts/me/recovery-codes";

/// An authenticator app.
pub struct Phone {
    secret: String,
}

impl Phone {
    /// What it shows in so many steps of time.
    pub fn code(&self, steps: i64) -> String {
        let totp = Builder::new().with_secret(Secret::try_from_base32(&self.secret).unwrap()).build().unwrap();
        totp.generate(unix_now().saturating_add_signed(30 * steps)).to_string()
    }
}

/// Begins to use an app.
async fn offered(auth: &TestAuth, who: &Tokens) -> Phone {
    let (status, offer) = answer(auth.of(who, Method::POST, TOTP).json(&json!({"password": PASSWORD}))).await;
    assert_eq!(status, StatusCode::CREATED, "{offer}");
    let secret = offer["secret"].as_str().unwrap().to_owned();
    let url = offer["url"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/platform.test:ada?") && url.contains(&secret), "{url}");
    Phone { secret }
}

fn confirm(auth: &TestAuth, who: &Tokens, code: &str) -> RequestBuilder {
    auth.of(who, Method::PUT, TOTP).json(&json!({"code": code}))
}

fn remove(auth: &TestAuth, who: &Tokens, password: &str, code: &str) -> RequestBuilder {
    auth.of(who, Method::DELETE, TOTP).json(&json!({"password": password, "code": code}))
}

/// Somebody with an app, and their recovery codes.
pub async fn with_app(auth: &TestAuth) -> (Tokens, Phone, Vec<String>) {
    let ada = auth.somebody("ada").await;
    let phone = offered(auth, &ada).await;
    let (status, body) = answer(confirm(auth, &ada, &phone.code(0))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    (ada, phone, serde_json::from_value(body["recovery_codes"].clone()).unwrap())
}

/// What the right password is answered with.
async fn challenged(auth: &TestAuth) -> Value {
    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::UNAUTHORIZED, "second-factor-required"), "{problem}");
    problem
}

fn second(auth: &TestAuth, challenge: &Value, shown: Value) -> RequestBuilder {
    let mut body = json!({"challenge": challenge["challenge"]});
    body.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
    auth.request(Method::POST, "/v1/sessions/second-factor").json(&body)
}

/// Signs in with both.
pub async fn both(auth: &TestAuth, shown: Value) -> (StatusCode, Value) {
    let challenge = challenged(auth).await;
    answer(second(auth, &challenge, shown)).await
}

#[tokio::test]
async fn an_app_is_asked_for_once_it_has_shown_a_code() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let first = offered(&auth, &ada).await;
    auth.session("ada").await;
    let phone = offered(&auth, &ada).await;
    for code in [first.code(0).as_str(), "000000x", "", &phone.code(5)] {
        let (status, problem) = answer(confirm(&auth, &ada, code)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("code")));
    }
    let (status, body) = answer(confirm(&auth, &ada, &phone.code(0))).await;
    assert_eq!((status, body["recovery_codes"].as_array().unwrap().len()), (StatusCode::OK, 10));
    let has = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/second-factor")).await.1;
    assert_eq!(has, json!({"on": true, "totp": true, "passkeys": 0, "recovery_codes": 10}));
    for (request, slug) in [
        (confirm(&auth, &ada, &phone.code(1)), "totp-not-begun"),
        (auth.of(&ada, Method::POST, TOTP).json(&json!({"password": PASSWORD, "code": phone.code(1)})), "totp-on"),
    ] {
        let (status, problem) = answer(request).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, slug));
    }

    let problem = challenged(&auth).await;
    assert_eq!((&problem["status"], &problem["methods"]), (&json!(401), &json!(["code", "recovery_code"])));
    let (status, body) = answer(second(&auth, &problem, json!({"code": phone.code(1)}))).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    auth.until_known(body["access_token"].as_str().unwrap()).await;
    // A session that was there goes on.
    auth.refreshed(&ada.refresh_token).await;
}

#[tokio::test]
async fn a_wrong_password_says_nothing_of_a_second_factor() {
    let auth = TestAuth::spawn().await;
    with_app(&auth).await;
    let wrong = answer(auth.sign_in("ada", "not the password, not at all")).await;
    assert_eq!((wrong.0, kind(&wrong.1)), (StatusCode::UNAUTHORIZED, "unauthorized"));
    assert_eq!(answer(auth.sign_in("nobody", PASSWORD)).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_so_are_all_before_it() {
    let auth = TestAuth::spawn().await;
    let (_, phone, _) = with_app(&auth).await;
    let codes = [phone.code(1), phone.code(0), phone.code(-1)];
    let mut trying = JoinSet::new();
    for _ in 0..4 {
        let request = second(&auth, &challenged(&auth).await, json!({"code": codes[0]}));
        trying.spawn(async move { answer(request).await.0 });
    }
    let answers = trying.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::CREATED).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count(), 3, "{answers:?}");
    for code in codes {
        assert_eq!(both(&auth, json!({"code": code})).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    // However it is typed.
    let typed = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(both(&auth, json!({"recovery_code": typed})).await.0, StatusCode::CREATED);
    for code in [codes[0].as_str(), "0000-0000-0000-0000", ""] {
        assert_eq!(both(&auth, json!({"recovery_code": code})).await.0, StatusCode::UNAUTHORIZED, "{code}");
    }
    let left = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/second-factor")).await.1;
    assert_eq!(left["recovery_codes"], 9);

    let anew = |password: &str| auth.of(&ada, Method::POST, RECOVERY_CODES).json(&json!({"password": password, "code": codes[2]}));
    assert_eq!(answer(anew("not my password, not at all")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, body) = answer(anew(PASSWORD)).await;
    assert_eq!((status, body["recovery_codes"].as_array().unwrap().len()), (StatusCode::CREATED, 10));
    assert_eq!(both(&auth, json!({"recovery_code": codes[1]})).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(both(&auth, json!({"recovery_code": body["recovery_codes"][0]})).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_challenge_is_good_once_for_five_tries_and_five_minutes() {
    let auth = TestAuth::spawn().await;
    let (_, phone, codes) = with_app(&auth).await;
    let over = async |challenge: &Value, code: &str| {
        let (status, problem) = answer(second(&auth, challenge, json!({"recovery_code": code}))).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "challenge-over"));
    };
    let tried = challenged(&auth).await;
    for _ in 0..5 {
        assert_eq!(answer(second(&auth, &tried, json!({"code": "000000x"}))).await.0, StatusCode::UNAUTHORIZED);
    }
    over(&tried, &codes[0]).await;

    let old = challenged(&auth).await;
    auth.sql("update sign_in_challenges set expires_at = now()").await;
    over(&old, &codes[0]).await;

    let used = challenged(&auth).await;
    assert_eq!(answer(second(&auth, &used, json!({"code": phone.code(1)}))).await.0, StatusCode::CREATED);
    over(&used, &codes[0]).await;
    over(&json!({"challenge": "spsf_made_up"}), &codes[0]).await;
    assert_eq!(both(&auth, json!({"recovery_code": codes[0]})).await.0, StatusCode::CREATED, "none of these has used it up");
}

#[tokio::test]
async fn a_challenge_of_an_old_password_is_worth_nothing() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    let challenge = challenged(&auth).await;
    let change = json!({"current": PASSWORD, "password": "quite another password", "code": codes[1]});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&change)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(second(&auth, &challenge, json!({"recovery_code": codes[0]}))).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn one_way_at_a_time_is_shown() {
    let auth = TestAuth::spawn().await;
    let (_, phone, codes) = with_app(&auth).await;
    let challenge = challenged(&auth).await;
    for shown in [json!({}), json!({"code": phone.code(1), "recovery_code": codes[0]}), json!({"pin": "1234"})] {
        assert_eq!(answer(second(&auth, &challenge, shown.clone())).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{shown}");
    }
    assert_eq!(answer(second(&auth, &challenge, json!({"code": phone.code(1)}))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn guesses_at_codes_end_and_do_not_shut_the_known_device_out() {
    let auth = TestAuth::spawn().await;
    let (ada, phone, codes) = with_app(&auth).await;
    assert_eq!(both(&auth, json!({"code": "000000x"})).await.0, StatusCode::UNAUTHORIZED);
    auth.sql("update attempts set count = 20 where kind = 'SecondFactor' and count = 1").await;
    for shown in
        [json!({"code": phone.code(1)}), json!({"recovery_code": codes[0]}), json!({"code": phone.code(1), "device": "spdv_made_up"})]
    {
        let response = second(&auth, &challenged(&auth).await, shown).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(response.headers().contains_key("retry-after"));
    }
    let (status, body) = both(&auth, json!({"code": phone.code(1), "device": ada.device})).await;
    assert_eq!((status, &body["device"]), (StatusCode::CREATED, &json!(ada.device)));
}

#[tokio::test]
async fn the_last_factor_goes_with_a_code_and_a_long_password_only() {
    let auth = TestAuth::spawn().await;
    let (ada, phone, codes) = with_app(&auth).await;
    let change = |current: &str, password: &str, code: &str| {
        let body = json!({"current": current, "password": password, "code": code});
        auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&body)
    };
    assert_eq!(answer(change(PASSWORD, "kjw7 pq", &codes[1])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let changed = answer(change(PASSWORD, "kjw7 pqz", &codes[1])).await.0;
    assert_eq!(changed, StatusCode::NO_CONTENT, "8 are enough with a second factor");

    assert_eq!(answer(remove(&auth, &ada, PASSWORD, &phone.code(1))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer(remove(&auth, &ada, "kjw7 pqz", "000000x")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, problem) = answer(remove(&auth, &ada, "kjw7 pqz", &codes[0])).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "password-too-short"));
    assert_eq!(answer(auth.of(&ada, Method::GET, "/v1/accounts/me/second-factor")).await.1["recovery_codes"], 9, "it was not used up");

    assert_eq!(answer(change("kjw7 pqz", PASSWORD, &codes[2])).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(remove(&auth, &ada, PASSWORD, &phone.code(1))).await.0, StatusCode::NO_CONTENT);
    auth.session("ada").await;
    assert_eq!((auth.count("totp").await, auth.count("recovery_codes").await), (0, 0));
    assert_eq!(answer(remove(&auth, &ada, PASSWORD, &phone.code(1))).await.0, StatusCode::NOT_FOUND);
    let plain = json!({"current": PASSWORD, "password": "kjw7 pqz"});
    let changed = auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&plain);
    assert_eq!(answer(changed).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let anew = auth.of(&ada, Method::POST, RECOVERY_CODES).json(&json!({"password": PASSWORD}));
    assert_eq!(kind(&answer(anew).await.1), "no-second-factor");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_factors_that_go_at_once_the_second_to_go_asks_for_a_long_password() {
    let auth = TestAuth::spawn().await;
    let (ada, phone, codes) = with_app(&auth).await;
    let proof = json!({"password": PASSWORD, "code": codes[0]});
    let passkey = passkeys::add_with(&auth, &ada, &mut Authenticator::new(), proof).await;
    let change = json!({"current": PASSWORD, "password": "kjw7 pqz", "code": codes[2]});
    assert_eq!(answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&change)).await.0, StatusCode::NO_CONTENT);
    let path = format!("/v1/accounts/me/passkeys/{}", passkey["id"].as_str().unwrap());
    let app = remove(&auth, &ada, "kjw7 pqz", &phone.code(1));
    let key = auth.of(&ada, Method::DELETE, &path).json(&json!({"password": "kjw7 pqz", "code": codes[1]}));
    let (app, key) = tokio::join!(answer(app), answer(key));
    let mut answers = [app.0, key.0];
    answers.sort();
    assert_eq!(answers, [StatusCode::NO_CONTENT, StatusCode::CONFLICT]);
    assert_eq!(auth.count("totp").await + auth.count("passkeys").await, 1);
}

#[tokio::test]
async fn a_new_password_by_mail_leaves_the_second_factor_on() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (_, _, codes) = with_app(&auth).await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    answer(auth.request(Method::POST, "/v1/accounts/password-resets").json(&json!({"email": "ada@example.org"}))).await;
    let token = letters.token("ada@example.org", "Choose a new password").await;
    let reset = auth.request(Method::PUT, &format!("/v1/accounts/password-resets/{token}")).json(&json!({"password": "kjw7 pqz"}));
    assert_eq!(answer(reset).await.0, StatusCode::OK);
    let (status, problem) = answer(auth.sign_in("ada", "kjw7 pqz")).await;
    assert_eq!((status, kind(&problem)), (StatusCode::UNAUTHORIZED, "second-factor-required"));
    assert_eq!(answer(second(&auth, &problem, json!({"recovery_code": codes[0]}))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn what_changes_is_written_down_and_told_by_mail() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    let phone = offered(&auth, &ada).await;
    let (_, body) = answer(confirm(&auth, &ada, &phone.code(0))).await;
    both(&auth, json!({"code": "000000x"})).await;
    both(&auth, json!({"recovery_code": body["recovery_codes"][0]})).await;
    let (mut key, proof) = (Authenticator::new(), json!({"password": PASSWORD, "code": body["recovery_codes"][1]}));
    passkeys::add_with(&auth, &ada, &mut key, proof).await;
    let proof = json!({"password": PASSWORD, "passkey": key.get(&passkeys::sign_in_options(&auth).await)});
    answer(auth.of(&ada, Method::POST, RECOVERY_CODES).json(&proof)).await;
    assert_eq!(answer(remove(&auth, &ada, PASSWORD, &phone.code(1))).await.0, StatusCode::NO_CONTENT);

    let (_, events) = answer(auth.of(&ada, Method::GET, "/v1/accounts/me/security-events")).await;
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    let removed = ["TotpRemoved", "RecoveryCodesMade", "PasskeyAdded", "RecoveryCodeUsed"];
    assert_eq!(kinds[..4], removed);
    assert_eq!(kinds[4..8], ["SignedIn", "RecoveryCodeUsed", "SecondFactorFailed", "TotpAdded"]);
    assert_eq!(events["items"][4]["details"]["second_factor"], "recovery_code");
    for subject in [
        "An authenticator app was added",
        "A recovery code was used",
        "A passkey was added",
        "You have new recovery codes",
        "Your authenticator app was removed",
    ] {
        let line = format!("Subject: {subject}\r\n");
        eventually(subject, async || letters.to("ada@example.org").iter().any(|letter| letter.contains(&line))).await;
    }
}

#[tokio::test]
async fn what_a_second_factor_is_made_of_is_stored_sealed_or_hashed() {
    let auth = TestAuth::spawn().await;
    let (_, phone, codes) = with_app(&auth).await;
    let challenge = challenged(&auth).await;
    let bytes = Secret::try_from_base32(&phone.secret).unwrap();
    let challenge = challenge["challenge"].as_str().unwrap();
    let mut secrets = vec![phone.secret.clone(), hex(phone.secret.as_bytes()), hex(bytes.as_bytes())];
    secrets.extend([challenge.to_owned(), hex(challenge.as_bytes())]);
    for code in codes {
        let plain = code.replace('-', "");
        secrets.extend([hex(plain.as_bytes()), hex(code.as_bytes()), plain, code]);
    }
    let stored = everything_stored(&auth).await;
    assert!(stored.contains("TotpAdded"), "this test looks in the wrong place");
    for secret in secrets {
        assert!(!stored.contains(&secret), "{secret} is stored in the clear");
    }
    // What is sealed for one account is of no use in the row of another.
    auth.somebody("eve").await;
    auth.sql("update totp set account_id = (select id from accounts where handle = 'eve')").await;
    let (_, problem) = answer(auth.sign_in("eve", PASSWORD)).await;
    let moved = second(&auth, &problem, json!({"code": phone.code(1)}));
    assert_eq!(answer(moved).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_page_asks_for_a_code_and_runs_nothing() {
    let auth = TestAuth::spawn().await;
    let (_, phone, codes) = with_app(&auth).await;
    let app = App::with_scope(&auth, "accounts:read").await;
    let path = app.authorize(&[]);
    for code in [phone.code(1), codes[0].clone()] {
        let mut browser = Browser::new(&auth);
        let page = browser.answer(&path, &[("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.body.contains("One more step"), page.body.contains("<script")), (StatusCode::OK, true, false));
        assert!(page.header("content-security-policy").contains("form-action 'self' https://app.test;"));
        assert!(!browser.cookies.contains_key("__Host-session"), "half is not enough");
        let (csrf, challenge) = (page.csrf(), page.challenge());
        let with = |code| [("csrf", csrf.as_str()), ("action", "second_factor"), ("challenge", challenge.as_str()), ("code", code)];
        let forged = browser.post(&path, &[("csrf", "guessed"), ("action", "second_factor"), ("challenge", challenge.as_str())], &[]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let wrong = browser.post(&path, &with("000 000x"), &[]).await;
        assert_eq!((wrong.status, wrong.challenge()), (StatusCode::UNAUTHORIZED, challenge.clone()));
        assert!(wrong.body.contains("role=\"alert\""));
        let right = browser.post(&path, &with(&code), &[]).await;
        assert!(right.location().starts_with("/oauth/authorize?"), "{}", right.location());
        assert!(browser.cookies.contains_key("__Host-session"));
        assert!(browser.get(&path).await.body.contains("An app"));
        let again = browser.post(&path, &with(&code), &[]).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN, "the form was of the browser before somebody signed in");
    }

    let mut browser = Browser::new(&auth);
    let page = browser.answer(&path, &[("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)]).await;
    auth.sql("update sign_in_challenges set expires_at = now()").await;
    let (csrf, challenge) = (page.csrf(), page.challenge());
    let late = [("csrf", csrf.as_str()), ("action", "second_factor"), ("challenge", challenge.as_str()), ("code", codes[1].as_str())];
    let late = browser.post(&path, &late, &[]).await;
    assert!(late.body.contains("type=\"password\"") && late.body.contains("role=\"alert\""), "{}", late.body);
}

#[tokio::test]
async fn an_app_that_asks_for_passwords_does_not_get_past_the_second_factor() {
    let auth = TestAuth::with(&["--oauth-password-grant"]).await;
    with_app(&auth).await;
    let registration = json!({"client_name": "Old", "grant_types": ["password"], "scope": "accounts:read"});
    let app = App::register(&auth, registration).await;
    let before = auth.count("sessions").await;
    let fields = [("grant_type", "password"), ("username", "ada"), ("password", PASSWORD)];
    let (status, body) = answer(app.post(&auth, "/oauth/token", &fields)).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    assert_eq!(auth.count("sessions").await, before);
}

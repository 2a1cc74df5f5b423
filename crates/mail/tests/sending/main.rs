//! Letters into a folder, and to a server that speaks SMTP.

mod server;

use mail::{Address, InvalidMailConfig, Letter, MailConfig, Mailer, Paragraph, SendError, SmtpTls};

use server::SmtpServer;

/// Longer than a line that is broken.
const LINK: &str = "https://platform.test/password-resets/splk_0123456789abcdef0123456789abcdef0123456789a";

fn letter() -> Letter {
    let paragraphs = vec![Paragraph::Text("Open this:".to_owned()), Paragraph::Link(LINK.to_owned())];
    Letter { subject: "Hello".to_owned(), paragraphs }
}

fn ada() -> Address {
    Address::parse("ada@example.org").expect("an address")
}

fn over_smtp(port: u16) -> Mailer {
    let config = MailConfig {
        smtp_host: Some("127.0.0.1".to_owned()),
        smtp_port: Some(port),
        smtp_tls: SmtpTls::None,
        mail_from: Some("Our platform <no-reply@platform.test>".to_owned()),
        ..MailConfig::default()
    };
    Mailer::new(&config).expect("settings that work").expect("a way")
}

#[tokio::test]
async fn a_letter_arrives_over_smtp_with_its_id() {
    let server = SmtpServer::start();
    over_smtp(server.port()).send("00ff", &ada(), &letter()).await.expect("sent");
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].from.as_str(), received[0].to.as_str()), ("no-reply@platform.test", "ada@example.org"));
    for expected in [
        "Message-ID: <00ff@platform.test>",
        "Subject: Hello",
        "To: ada@example.org",
        "Auto-Submitted: auto-generated",
        &format!("\r\n{LINK}\r\n"),
        "multipart/alternative",
        "text/html",
    ] {
        assert!(received[0].data.contains(expected), "{expected} is not in {}", received[0].data);
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_another_try_and_one_that_refuses_is_none() {
    let server = SmtpServer::start();
    let mailer = over_smtp(server.port());
    server.answer_recipients_with("550 5.1.1 <ada@example.org> is nobody");
    assert!(matches!(mailer.send("01", &ada(), &letter()).await, Err(SendError::Refused(550))));
    server.answer_recipients_with("451 4.3.0 try again");
    let later = mailer.send("01", &ada(), &letter()).await.expect_err("not taken");
    assert!(matches!(later, SendError::NotNow(_)), "{later}");
    assert!(server.received().is_empty());

    let port = server.stop().await;
    let down = mailer.send("01", &ada(), &letter()).await.expect_err("nobody listens");
    assert!(matches!(down, SendError::NotNow(_)), "{down}");
    let server = SmtpServer::start_on(port);
    mailer.send("01", &ada(), &letter()).await.expect("it is back");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn what_went_wrong_does_not_name_the_address() {
    let server = SmtpServer::start();
    for refusal in ["550 5.1.1 <ada@example.org> is nobody", "451 <ada@example.org> is busy"] {
        server.answer_recipients_with(refusal);
        let error = over_smtp(server.port()).send("02", &ada(), &letter()).await.expect_err("not taken");
        assert!(!format!("{error} {error:?}").contains("ada"), "{error:?}");
    }
}

#[tokio::test]
async fn a_letter_in_a_folder_is_one_file_however_often_it_is_sent() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("mail");
    let config = MailConfig { mail_folder: Some(folder.clone()), ..MailConfig::default() };
    let mailer = Mailer::new(&config).expect("settings that work").expect("a way");
    for _ in 0..2 {
        mailer.send("00ff", &ada(), &letter()).await.expect("written");
    }
    let files: Vec<_> = std::fs::read_dir(&folder).expect("the folder").map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(files, ["00ff.eml"]);
    let text = std::fs::read_to_string(folder.join("00ff.eml")).expect("a letter");
    assert!(text.contains("Message-ID: <00ff@localhost>") && text.contains(LINK), "{text}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&folder).expect("the folder").permissions());
    assert_eq!(mode & 0o777, 0o700, "others could read it");
}

#[test]
fn settings_that_do_not_fit_together_are_refused() {
    let host = || Some("smtp.example.org".to_owned());
    let from = || Some("no-reply@example.org".to_owned());
    let none = MailConfig::default();
    assert!(Mailer::new(&none).expect("nothing is asked for").is_none() && !none.is_set());
    let both = MailConfig { smtp_host: host(), mail_folder: Some("/tmp".into()), ..MailConfig::default() };
    assert!(matches!(Mailer::new(&both), Err(InvalidMailConfig::TwoWays)));
    let nobody = MailConfig { smtp_host: host(), ..MailConfig::default() };
    assert!(matches!(Mailer::new(&nobody), Err(InvalidMailConfig::From)));
    let half = MailConfig { smtp_host: host(), mail_from: from(), smtp_username: host(), ..MailConfig::default() };
    assert!(matches!(Mailer::new(&half), Err(InvalidMailConfig::Credentials)));
    assert!(!format!("{:?}", MailConfig { smtp_password: Some("secret".to_owned()), ..MailConfig::default() }).contains("secret"));
}

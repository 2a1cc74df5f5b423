//! What a person reads after starting `all`.

use std::net::SocketAddr;
use std::path::Path;

pub(crate) fn text(url: &str, public: SocketAddr, private: SocketAddr, folder: &Path, letters: Option<&Path>) -> String {
    let letters = match letters {
        Some(folder) => format!("It sends no mail: letters are kept in {} (SMTP_HOST sends them).", folder.display()),
        None => "Letters are sent by mail.".to_owned(),
    };
    format!(
        r#"
  The platform is {url}, listening at http://{public}
  Everything it keeps is in {folder}; Ctrl-C stops it, and it goes on where it was.
  {letters}
  Probes and metrics are at http://{private} (/livez /readyz /metrics).

  Try it:

    curl -s {url}/v1/accounts -H 'content-type: application/json' \
      -d '{{"handle":"ada","password":"a few words are easy"}}'

    TOKEN=$(curl -s {url}/v1/sessions -H 'content-type: application/json' \
      -d '{{"handle":"ada","password":"a few words are easy"}}' | sed 's/.*"access_token":"\([^"]*\).*/\1/')

    curl -s {url}/v1/posts -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
      -d '{{"text":"Hello, world"}}'

    curl -s {url}/v1/timelines/public

  Make her an administrator: social-platform admin grant ada --data {folder}
  Fill it with people: social-platform seed --url {url}
"#,
        folder = folder.display(),
    )
}

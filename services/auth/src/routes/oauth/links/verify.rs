//! Proving an address.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serving::Query;
use utoipa::ToSchema;

use super::super::browser::Visit;
use super::super::html::Stop;
use super::{Ending, pages};
use crate::Auth;
use crate::routes::emails;
use crate::source::Source;
use crate::store::links::Purpose;

/// "Yes, it is mine."
#[derive(Deserialize, ToSchema)]
pub(crate) struct AddressForm {
    /// Proves that the form is ours.
    csrf: String,
}

/// The page behind the link in a letter that asks whether an address is somebody's. Opening it changes nothing.
#[utoipa::path(get, path = "/oauth/links/verify", tag = "oauth", params(Ending), responses(
    (status = 200, description = "A page that asks", body = String, content_type = "text/html"),
    (status = 404, description = "A page: the link is not good, or not any more", body = String, content_type = "text/html"),
))]
pub(crate) async fn show(
    State(Auth(auth)): State<Auth>,
    headers: HeaderMap,
    Query(Ending { code }): Query<Ending>,
) -> Result<Response, Stop> {
    let account = super::owner(&auth, &code, Purpose::EmailVerification).await?;
    let visit = Visit::read(&auth, &headers).await?;
    Ok(pages::verify(&auth, &visit, &code, &account.handle)?)
}

/// Prove the address. Each link is good once.
#[utoipa::path(post, path = "/oauth/links/verify", tag = "oauth", params(Ending),
    request_body(content = AddressForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: it is proved", body = String, content_type = "text/html"),
        (status = 403, description = "A page: the form is not ours, or stale", body = String, content_type = "text/html"),
        (status = 404, description = "A page: the link is not good, or not any more", body = String, content_type = "text/html"),
        (status = 409, description = "A page: the address belongs to another account", body = String, content_type = "text/html"),
    ))]
pub(crate) async fn submit(
    State(Auth(auth)): State<Auth>,
    source: Source,
    headers: HeaderMap,
    Query(Ending { code }): Query<Ending>,
    form: Result<Form<AddressForm>, FormRejection>,
) -> Result<Response, Stop> {
    let Form(AddressForm { csrf }) = form.map_err(|_| super::stale())?;
    let visit = Visit::read(&auth, &headers).await?;
    super::check(&auth, &headers, &visit, &csrf)?;
    emails::prove(&auth, &code, &source).await.map_err(|problem| super::stopped(problem, Purpose::EmailVerification))?;
    Ok(pages::done("Thank you", "The address is proved: letters about your account go there from now on. You can close this page.")?)
}

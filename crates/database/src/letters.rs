use sqlx::PgConnection;

/// Why a database does not do for what people write.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// It is new, and only ASCII has letters there.
    #[error(
        "the database takes only ASCII for letters (its LC_CTYPE is {ctype:?}), so nobody would be found by a name in Greek or Cyrillic: \
         make it anew, with: create database … template template0 lc_ctype 'C.UTF-8'"
    )]
    OnlyAscii {
        /// Its LC_CTYPE.
        ctype: String,
    },
    /// It could not be asked.
    #[error("failed to ask the database which letters it knows")]
    Database(#[from] sqlx::Error),
}

/// Refuses a new database that knows no letters but those of ASCII: searches compare in small letters and by parts of words, and
/// which are letters is a property of a database, for good. One that is in use already is told of and works on, as far as it does.
pub async fn check_letters(owner: &mut PgConnection) -> Result<(), LettersError> {
    let (knows, is_new, ctype): (bool, bool, String) = sqlx::query_as(
        "select lower('Σ') = 'σ', to_regclass('social._sqlx_migrations') is null, datctype::text
         from pg_database where datname = current_database()",
    )
    .fetch_one(owner)
    .await?;
    match (knows, is_new) {
        (true, _) => Ok(()),
        (false, true) => Err(LettersError::OnlyAscii { ctype }),
        (false, false) => {
            tracing::warn!(
                ctype,
                "the database takes only ASCII for letters: searches tell capital letters of other scripts from small ones"
            );
            Ok(())
        }
    }
}

//! The executable: `social-platform <role>`.

mod admin;
mod all;
mod backup;
mod dev_s3;
mod ending;
mod migrate;
mod openapi;
mod role;
mod seed;
mod services;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use telemetry::Telemetry;
use tracing::dispatcher::get_default;
use tracing::subscriber::NoSubscriber;

// The static image is linked with musl, whose allocator is slow under threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of the stack of each of the runtime's threads, of which only what is used takes memory. Two megabytes, as Rust has it, are
/// enough where the compiler optimizes; where it does not, each step of a future keeps a copy of it there.
const STACK: usize = 8 << 20;

/// Any failure that ends the program; it is printed with its causes.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A social platform: accounts, posts, photos and relations, as services or as one process.
#[derive(Parser)]
#[command(name = "social-platform", version)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Everything in one process, with a PostgreSQL and an S3 store of its own.
    All(all::AllConfig),
    /// Accounts, sign-in and tokens.
    Auth(role::AuthRole),
    /// Profiles, posts, comments, reactions and timelines.
    Social(role::SocialRole),
    /// Photos and their bytes.
    Photo(role::PhotoRole),
    /// Who follows and who blocks whom.
    Relation(role::RelationRole),
    /// Make the schemas and roles, and bring the tables up to date.
    Migrate(migrate::MigrateConfig),
    /// Back up the database and the photos of a platform together, and verify what was kept.
    Backup(backup::BackupConfig),
    /// Fill the empty database and the bucket of a new platform from a backup.
    Restore(backup::RestoreConfig),
    /// Copy this program and the authorities that it trusts into a folder, for a pod whose image is another's.
    Install(backup::InstallConfig),
    /// Make somebody an administrator, or no more.
    Admin(admin::AdminConfig),
    /// An S3 store on disk, for development.
    DevS3(dev_s3::DevS3Config),
    /// Fill a platform with people, posts and photos through its public API.
    Seed(seed::SeedConfig),
    /// Print a service's OpenAPI document.
    Openapi(openapi::OpenapiConfig),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
        Ok(runtime) => runtime.block_on(run(arguments.role)),
        Err(error) => {
            eprintln!("social-platform: failed to start its threads: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(role: Role) -> ExitCode {
    let outcome = match role {
        Role::All(config) => all::run(config).await,
        Role::Auth(config) => role::auth(config).await,
        Role::Social(config) => role::social(config).await,
        Role::Photo(config) => role::photo(config).await,
        Role::Relation(config) => role::relation(config).await,
        Role::Migrate(config) => migrate::run(config).await,
        Role::Backup(config) => backup::back_up(config).await,
        Role::Restore(config) => backup::restore(config).await,
        Role::Install(config) => backup::install(&config),
        Role::Admin(config) => admin::run(config).await,
        Role::DevS3(config) => dev_s3::run(config).await,
        Role::Seed(config) => seed::run(config).await.map_err(Failure::from),
        Role::Openapi(config) => openapi::run(&config),
    };
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    // Whoever has a log has said it there.
    if get_default(|log| log.is::<NoSubscriber>()) {
        eprintln!("social-platform: {}", with_causes(&*failure));
    }
    ExitCode::FAILURE
}

/// Does the work of a program that has a log. Whatever ends it is said there, and what is not yet sent is sent.
async fn logged(telemetry: Telemetry, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let outcome = work.await;
    if let Err(failure) = &outcome {
        telemetry.report(&with_causes(&**failure));
    }
    telemetry.shutdown();
    outcome
}

/// An error and what caused it, in one line.
fn with_causes(failure: &(dyn std::error::Error + 'static)) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}

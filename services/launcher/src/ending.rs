//! What ends a program that serves.

use futures::future::select_all;
use tokio::task::{JoinError, JoinSet};

use crate::Failure;

/// Resolves when the program is to stop: because somebody asks it to or, with the reason, because one of its loops
/// panicked. What that loop kept true nobody keeps true from then on, and gauges stay at their last good values:
/// whoever runs the program has to start it anew.
pub(crate) async fn ending<'a>(loops: impl IntoIterator<Item = &'a mut JoinSet<()>>) -> Result<(), Failure> {
    let panics = loops.into_iter().map(|loops| Box::pin(panic_among(loops)));
    tokio::select! {
        asked = serving::termination() => {
            if let Err(error) = asked {
                tracing::error!(%error, "failed to wait for signals; stopping");
            }
            Ok(())
        }
        (error, ..) = select_all(panics) => {
            tracing::error!("a background loop panicked; stopping");
            Err(format!("a background loop panicked: {error}").into())
        }
    }
}

/// A loop that ends well had nothing to do here, as one that fetches what this process has itself.
async fn panic_among(loops: &mut JoinSet<()>) -> JoinError {
    loop {
        match loops.join_next().await {
            Some(Err(error)) if error.is_panic() => return error,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_panics_ends_the_program_and_one_that_ends_does_not() {
        let (mut first, mut second) = (JoinSet::new(), JoinSet::new());
        first.spawn(async {});
        second.spawn(async {});
        second.spawn(std::future::pending());
        second.spawn(async { panic!("out of luck") });
        let failure = ending([&mut first, &mut second]).await.expect_err("a loop panicked");
        assert!(failure.to_string().contains("out of luck"), "{failure}");
    }
}

//! What one service tells the others, exactly once each.
//!
//! ```text
//!  producer                                              consumer
//!  ┌ transaction ────────────────┐                       ┌ transaction ──────────────────────────┐
//!  │ the effect                  │   sequencer           │ read  position > cursor               │
//!  │ publish → outbox (no place) │──► position 41, 42 ──►│ apply them, up to a hundred together  │
//!  └─────────────────────────────┘    NOTIFY             │ cursor := 42  (in the teller's schema)│
//!                                                        └───────────────────────────────────────┘
//! ```
//!
//! A cursor on ids or on transaction numbers would lose a transaction that began early and committed late. So places are
//! given to committed rows only, by one sequencer at a time, and the cursor counts places.
//!
//! Because the cursor moves with the effect, [`Outbox::passed`] knows when every consumer has applied a fact: what
//! narrows who may see something is answered only then.

mod backlog;
mod consumer;
mod cursor;
mod failures;
mod outbox;
mod told;

pub use consumer::{Apply, Consumer};
pub use failures::forget;
pub use outbox::{FactId, Outbox, channel, publish};

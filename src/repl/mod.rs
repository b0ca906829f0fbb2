//! Replication as far as it is about bytes: what was written, as numbered bytes of one stream, and how a replica asks for
//! those that it has not.
//!
//! ```text
//!   replica                                    primary
//!   PING                                  ->
//!                                         <-   +PONG
//!   AUTH, REPLCONF listening-port, capa   ->
//!                                         <-   +OK +OK +OK
//!   PSYNC id offset                       ->       are id and offset of our history, and in the backlog?
//!                                         <-   yes: +CONTINUE id, then the stream from offset on
//!                                              no:  +FULLRESYNC id offset, a snapshot, then the stream behind it
//!   REPLCONF ACK offset, every second     ->
//! ```
//!
//! - `history`: ids and offsets; `backlog`: the end of the stream;
//! - `handshake`: the replica's side up to the answer to PSYNC; `payload`: the snapshot as it arrives;
//! - `speech`: what the bytes mean for somebody who looks at them on their way.
pub mod backlog;
pub mod handshake;
pub mod history;
pub mod payload;
pub mod speech;

pub use backlog::Backlog;
pub use handshake::{Handshake, Step};
pub use history::History;
pub use payload::Payload;
pub use speech::Speech;

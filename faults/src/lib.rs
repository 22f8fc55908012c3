//! What hostile peers and short resources do to the servers, and what became of every request.
//!
//! A [`Fault`] is injected into a [`Subject`], a server of its own each time. It ends with
//! [`Figures`]: every request that was sent was answered byte by byte, refused aloud (the connection
//! ended before the first byte of its answer), or withdrawn by the client itself. A request that is
//! none of these is lost, and an answer cut short is worse; either fails the run.
//!
//! | module | what it is |
//! |---|---|
//! | `subject` | the servers, and starting one |
//! | `client` | a connection that counts what it sends and gets |
//! | `network` | a network of its own, whose link can be cut |
//! | `watch` | what a server holds and does, seen from outside |
//! | `faults` | the faults, a subject a file |
//! | `figures` | the counts |
//! | `table` | the table, and its place in a document |
#![forbid(unsafe_code)]

mod client;
mod faults;
mod figures;
mod network;
mod subject;
mod table;
mod watch;

pub use faults::{FAULTS, Fault, GUEST_FAULTS};
pub use figures::Figures;
pub use subject::{Kind, SUBJECTS, Scale, Stand, Subject};
pub use table::{Row, replace_part};

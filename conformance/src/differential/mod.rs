//! The same generated inputs for several servers: what each answers, and why two may differ.
//!
//! [`inputs`] changes valid requests, each in one place, by a seed. [`Reply`] is what a server made of
//! one. Servers that speak through one parser must give the same bytes; against another server the
//! statuses are compared, and [`Differences`] has the reason for every difference there may be.

mod differences;
mod generate;
mod reply;

pub use differences::{Difference, Differences};
pub use generate::{Input, inputs};
pub use reply::Reply;

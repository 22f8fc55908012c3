//! Which kernels the study's servers work on, found out by booting them.
//!
//! A guest is a kernel of Debian's archive under QEMU whose only process is the program `guest`: it
//! tries every arm and every restriction, prints a [`Line`] for each, and ends. The program `kernels`
//! reads what the guests printed, judges it, and prints the table. Emulated processors say nothing
//! about speed: no time is taken anywhere.
//!
//! | module | what it is |
//! |---|---|
//! | `line` | what a guest prints, and reading it out of its console |
//! | `outcome` | what came of a check, and when a refusal is a good one |
//! | `judge` | what all guests together must have shown |
//! | `table` | the tables, as text for people and documents |
//! | `section` | the generated part of a document |
#![forbid(unsafe_code)]

mod judge;
mod line;
mod outcome;
mod section;
mod table;

pub use judge::{Boot, complaints, read_boots};
pub use line::{Line, read_lines};
pub use outcome::{Outcome, judge_refusal};
pub use section::replace_section;
pub use table::{document, plain};

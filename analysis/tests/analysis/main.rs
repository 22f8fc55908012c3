//! Behaviour of the whole: synthetic runs in, sentences, tables, figures and refusals out.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set up its data must fail"
)]

mod attribution;
mod command_line;
mod derivation;
mod disturbed;
mod features;
mod gates;
mod golden;
mod hundredfold;
mod loads;
mod objections;
mod outputs;
mod paper;
mod pooling;
mod profile;
mod refusals;
mod runs;
mod scale;
mod splicing;
mod structure;
mod support;
mod versions;
mod words;

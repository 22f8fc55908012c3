//! Turns a run's raw records into tables, figures, verdicts and a report.
//!
//! One direction, a module a step:
//!
//! | module | does |
//! |---|---|
//! | [`load`] | reads a results folder strictly; refuses what is not whole and consistent |
//! | [`frame`] | derives, aggregates and pairs with polars; nothing else knows of polars |
//! | [`gates`], [`bottleneck`] | which measurements may be believed, and what limited a cell |
//! | [`stats`] | the crate `statistics`: estimates, intervals, p-values, Holm: pure functions |
//! | [`pooling`] | refuses repeats that are none |
//! | [`model`] | a run as cells, paired comparisons and a noise floor |
//! | [`experiments`] | what each experiment asks, and which of several runs gives the answer |
//! | [`claims`] | the card's statements and ours as data, verdicts by one table, sentences |
//! | [`compare`] | two runs beside each other |
//! | [`profile`] | where sampled servers spend their time |
//! | [`tables`], [`figures`] | what is shown |
//! | [`report`] | Markdown, HTML, JSON, and the generated sections of the README and docs/features.md |
//!
//! Invariants: analysis never measures (no clock, no network, no randomness but the recorded
//! seed's); the same input gives the same bytes; nothing under `results/` is written; every number
//! and every verdict word is computed.
#![forbid(unsafe_code)]

pub mod assess;
pub mod bottleneck;
pub mod claims;
pub mod commands;
pub mod compare;
pub mod experiments;
pub mod figures;
pub mod folders;
pub mod frame;
pub mod gates;
pub mod load;
pub mod metric;
pub mod model;
pub mod pooling;
pub mod profile;
pub mod published;
pub mod report;
pub mod tables;
pub mod text;

pub use statistics as stats;

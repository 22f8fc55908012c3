//! `method.json`: the method's constants, for documents that tell them.

use serde::Serialize;

use crate::gates::{ACHIEVED_RATE_LIMIT, FOREIGN_CPU_LIMIT, STEAL_LIMIT};
use crate::stats::{ALPHA, EQUIVALENCE_MARGIN, MIN_BLOCKS};

#[derive(Serialize)]
struct Method {
    confidence: f64,
    equivalence_margin: f64,
    min_blocks: usize,
    achieved_rate_limit: f64,
    foreign_cpu_limit: f64,
    steal_limit: f64,
}

pub(super) fn json() -> Result<String, serde_json::Error> {
    let method = Method {
        confidence: 1.0 - ALPHA,
        equivalence_margin: EQUIVALENCE_MARGIN,
        min_blocks: MIN_BLOCKS,
        achieved_rate_limit: ACHIEVED_RATE_LIMIT,
        foreign_cpu_limit: FOREIGN_CPU_LIMIT,
        steal_limit: STEAL_LIMIT,
    };
    Ok(serde_json::to_string_pretty(&method)? + "\n")
}

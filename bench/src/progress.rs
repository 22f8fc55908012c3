//! What the user sees while it runs, on standard error: a line a cell, and the time left.

use std::io::{self, IsTerminal};
use std::thread::available_parallelism;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use records::{Measurement, Plan};

use crate::runner::Observer;
use crate::schedule::Cell;

/// Shows a run.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    total: usize,
    server_cpus: u32,
    client_cpus: u32,
}

impl Progress {
    /// For a run of `total` cells, of which `left` are still to be measured.
    pub fn new(plan: &Plan, total: usize, left: usize) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(left as u64), target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}, {eta} left: {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let machine = available_parallelism().map_or(1, usize::from);
        let processors = |cpus: &[u32], threads: u32| {
            let most = if cpus.is_empty() { machine } else { cpus.len() };
            threads.min(u32::try_from(most).unwrap_or(u32::MAX))
        };
        Self {
            bar,
            total,
            server_cpus: processors(&plan.server_cpus, plan.workers),
            client_cpus: processors(&plan.client_cpus, plan.client_threads),
        }
    }

    /// A line that stays, above the bar where there is one.
    pub fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn figures(&self, row: &Measurement) -> Option<String> {
        let window_us = row.window_us.filter(|us| *us > 0)?;
        let requests = row.requests.filter(|requests| *requests > 0)?;
        let server_us = row.server_cpu_user_us? + row.server_cpu_system_us?;
        let busy = |us: u64, cpus: u32| us * 100 / (window_us * u64::from(cpus));
        Some(format!(
            "{:>8} requests/s {:>7.2} CPU us/request, busy: server {:>3} %, client {:>3} %",
            requests * 1_000_000 / window_us,
            server_us as f64 / requests as f64,
            busy(server_us, self.server_cpus),
            busy(row.client_cpu_us?, self.client_cpus),
        ))
    }
}

impl Observer for Progress {
    fn begins(&mut self, cell: &Cell) {
        self.bar.set_message(name(cell));
        self.bar.tick();
    }

    fn recorded(&mut self, cell: &Cell, row: &Measurement) {
        let outcome = if row.error.is_empty() {
            self.figures(row).unwrap_or_else(|| "no answer".to_owned())
        } else {
            format!("failed: {}", row.error)
        };
        let number = cell.sequence + 1;
        self.say(&format!(
            "[{number:>3}/{}] {:<40} {outcome}",
            self.total,
            name(cell)
        ));
        self.bar.inc(1);
    }
}

fn name(cell: &Cell) -> String {
    let load = &cell.load;
    let or_nothing = |is: bool, text: String| if is { text } else { String::new() };
    let optional = |prefix: &str, number: Option<u32>| {
        number.map_or_else(String::new, |number| format!(" {prefix}{number}"))
    };
    [
        format!("{} {}", cell.arm.name, load.connections),
        or_nothing(
            load.idle_connections > 0,
            format!("+{}", load.idle_connections),
        ),
        or_nothing(load.pipeline > 1, format!(" x{}", load.pipeline)),
        optional("/", load.requests_per_connection),
        optional("body ", load.body_bytes),
        optional("workers ", load.workers),
        optional("nofile ", load.client_nofile),
        load.offered_rate_per_s
            .map_or_else(String::new, |rate| format!(" @{rate}/s")),
    ]
    .concat()
}

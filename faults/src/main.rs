//! `faults`: injects the faults into the servers, and prints what became of every request.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use faults::{FAULTS, Fault, Figures, Row, SUBJECTS, Scale, Stand, replace_part};

/// Does to the servers what hostile peers and short resources do.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The faults to inject [default: all]
    faults: Vec<String>,

    /// The folder of the servers [default: that of this program]
    #[arg(long, value_name = "DIR")]
    subjects: Option<PathBuf>,

    /// Connections that `churn` opens and closes at each server
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(40..))]
    connections: u64,

    /// Open and close a million of them
    #[arg(long, conflicts_with_all = ["connections", "document"])]
    full: bool,

    /// How long `soak` takes
    #[arg(long, value_name = "S", default_value_t = 60)]
    soak_s: u64,

    /// Write the table into this file, between the marks `<!-- faults:begin -->` and
    /// `<!-- faults:end -->`
    #[arg(long, value_name = "FILE", conflicts_with = "faults")]
    document: Option<PathBuf>,

    /// Compare that part rather than write it
    #[arg(long, requires = "document", conflicts_with = "faults")]
    check: bool,
}

fn main() -> ExitCode {
    match Args::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Args {
    fn run(&self) -> Result<()> {
        let faults = self.chosen()?;
        let folder = self.folder()?;
        let soak = Duration::from_secs(self.soak_s);
        let connections = if self.full {
            1_000_000
        } else {
            self.connections
        };
        let scale = Scale { connections, soak };
        let mut rows = Vec::new();
        for fault in faults {
            rows.push(match fault.obstacle() {
                None => inject(fault, &folder, scale)?,
                Some(obstacle) => {
                    println!("{}: not run: {obstacle}", fault.name);
                    Row::not_run(fault)
                }
            });
        }
        match &self.document {
            Some(file) => settle(file, &rows, self.check),
            None => Ok(()),
        }
    }

    fn chosen(&self) -> Result<Vec<&'static Fault>> {
        if self.faults.is_empty() {
            return Ok(FAULTS.iter().collect());
        }
        let find = |name: &String| {
            let known = || {
                let names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
                format!("there is no fault {name}; there are {}", names.join(", "))
            };
            let found = FAULTS.iter().find(|fault| fault.name == name);
            found.with_context(known)
        };
        self.faults.iter().map(find).collect()
    }

    fn folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.subjects {
            return Ok(folder.clone());
        }
        let own = env::current_exe().context("cannot find this program; add --subjects")?;
        let folder = own.parent().context("this program is in no folder")?;
        Ok(folder.to_owned())
    }
}

/// Injects one fault into every server that it applies to.
fn inject(fault: &'static Fault, folder: &Path, scale: Scale) -> Result<Row> {
    let applies = SUBJECTS.iter().filter(|subject| fault.applies(subject));
    let stands = applies.map(|subject| Stand::new(folder, subject, scale));
    let stands: Vec<Stand> = stands.collect::<Result<_>>()?;
    let all: Box<dyn Iterator<Item = Result<Figures>>> = if fault.at_once {
        Box::new(inject_at_once(fault, &stands).into_iter())
    } else {
        Box::new(stands.iter().map(|stand| fault.inject(stand)))
    };
    let mut row = Row::not_run(fault);
    for (stand, figures) in stands.iter().zip(all) {
        let (figures, name) = (figures?, stand.subject.name);
        println!(
            "{} {name}: {} connections, {} requests sent, {} answered, {} refused aloud, {} withdrawn",
            fault.name,
            figures.connections,
            figures.sent,
            figures.answered,
            figures.refused,
            figures.withdrawn
        );
        row.servers.push(name);
        row.figures += figures;
    }
    Ok(row)
}

fn inject_at_once(fault: &'static Fault, stands: &[Stand]) -> Vec<Result<Figures>> {
    thread::scope(|scope| {
        let injected: Vec<_> = (stands.iter())
            .map(|stand| scope.spawn(|| fault.inject(stand)))
            .collect();
        let ended = injected.into_iter().map(ScopedJoinHandle::join);
        let panicked = |_| Err(anyhow!("a thread panicked"));
        ended.map(|ended| ended.unwrap_or_else(panicked)).collect()
    })
}

fn settle(file: &Path, rows: &[Row], check: bool) -> Result<()> {
    let name = file.display();
    let found = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let wanted = replace_part(&found, rows).with_context(|| format!("in {name}"))?;
    if check {
        ensure!(
            found == wanted,
            "{name} says something else than this run; write it anew by the same command without --check"
        );
        return Ok(());
    }
    fs::write(file, wanted).with_context(|| format!("cannot write {name}"))
}

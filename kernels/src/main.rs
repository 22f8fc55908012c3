//! `kernels`: judges what the guests printed.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use kernels::{complaints, document, plain, read_boots, replace_section};

/// Judges the consoles of the guests that were booted, and prints the table.
#[derive(Parser)]
struct Args {
    /// The folder of the consoles, a file KERNEL-ARCHITECTURE.log each
    logs: PathBuf,

    /// The kernels, in the order of the table
    #[arg(long, value_delimiter = ',', required = true)]
    kernels: Vec<String>,

    /// The architectures
    #[arg(long, value_delimiter = ',', required = true)]
    architectures: Vec<String>,

    /// The document whose generated part must show the same
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    /// Write that part anew rather than compare it
    #[arg(long, requires = "document")]
    write: bool,
}

fn main() -> ExitCode {
    match Args::parse().run() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("kernels: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Args {
    fn run(&self) -> Result<ExitCode> {
        let kernels: Vec<&str> = self.kernels.iter().map(String::as_str).collect();
        let architectures = self.architectures.iter().map(String::as_str);
        let architectures: Vec<&str> = architectures.collect();
        let boots = read_boots(&self.logs, &kernels, &architectures)?;
        io::stdout().write_all(plain(&boots).as_bytes())?;
        let mut complaints = complaints(&boots);
        if complaints.is_empty()
            && let Some(complaint) = self.settle_document(&document(&boots))?
        {
            complaints.push(complaint);
        }
        for complaint in &complaints {
            eprintln!("kernels: {complaint}");
        }
        Ok(ExitCode::from(u8::from(!complaints.is_empty())))
    }

    /// Writes or compares the document's part; returns what is wrong with it.
    fn settle_document(&self, section: &str) -> Result<Option<String>> {
        let Some(file) = &self.document else {
            return Ok(None);
        };
        let name = file.display();
        let found = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.write => String::new(),
            found => found.with_context(|| format!("cannot read {name}"))?,
        };
        let wanted = replace_section(&found, section)?;
        if self.write {
            fs::write(file, wanted).with_context(|| format!("cannot write {name}"))?;
            return Ok(None);
        }
        Ok((found != wanted).then(|| {
            format!("{name} shows another outcome; write it anew with `./study kernels --write`")
        }))
    }
}

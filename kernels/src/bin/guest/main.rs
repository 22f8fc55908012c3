//! `guest`: the only process of a booted kernel. It tries everything, prints what came of it, and ends.
//!
//! | module | what it is |
//! |---|---|
//! | `boot` | what a first process has to do before anything else works |
//! | `arms` | every arm, by `bench verify` |
//! | `attempt` | one server under one restriction |
//! | `machine` | what is done to the machine while it serves: its files and its clock |
//! | `restrictions` | what is tried: users, sysctls, seccomp filters, limits |
#![forbid(unsafe_code)]

mod arms;
mod attempt;
mod boot;
mod machine;
mod restrictions;

use std::env::consts::ARCH;

use anyhow::{Result, ensure};
use kernels::{Line, Outcome};
use nix::sys::reboot::{RebootMode, reboot};

fn main() {
    // Anywhere else it would mount over what is there, and end by a reboot.
    if std::process::id() != 1 {
        eprintln!("guest: it is the first process of a guest, and nothing else");
        std::process::exit(2);
    }
    if let Err(error) = run() {
        eprintln!("guest: {error:#}");
    }
    // Under QEMU's -no-reboot this is the end; what returns from it has failed.
    let Err(error) = reboot(RebootMode::RB_AUTOBOOT);
    eprintln!("guest: cannot reboot: {error}");
}

fn run() -> Result<()> {
    boot::prepare()?;
    let release = server_kit::kernel_release();
    Line::Started {
        release: release.clone(),
        architecture: ARCH.to_owned(),
    }
    .print()?;
    let mut checks = 0;
    let mut print = |name: &str, arm: bool, outcome: Outcome| {
        checks += 1;
        let name = name.to_owned();
        Line::Checked { name, arm, outcome }.print()
    };
    let names = arms::names()?;
    ensure!(!names.is_empty(), "there is no arm");
    let mut tried = Vec::new();
    for name in names {
        let outcome = arms::verify(&name, &release);
        tried.push((name.clone(), outcome.clone()));
        print(&name, true, outcome)?;
    }
    for check in restrictions::all() {
        let outcome = check.run(&release);
        print(&check.name, false, outcome)?;
    }
    for (fault, subject) in machine::all() {
        let name = format!("`{}` at `{}`", fault.name, subject.name);
        print(&name, false, machine::inject(fault, subject, &tried))?;
    }
    Line::Ended { checks }.print()
}

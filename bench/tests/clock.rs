//! A clock of the day that is set in the midst of a run.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::checks::check_row;
use support::real::{bench, children, run, start, wait_for};
use support::rows;

/// Stands before the C library's: an hour is added once the file of that name is there.
const SHIM: &str = r#"
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead(void) {
    const char *name = getenv("CLOCK_IS_SET");
    return name && access(name, F_OK) == 0 ? HOURS * 3600 : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = syscall(SYS_gettimeofday, now, zone);
    if (!failed) now->tv_sec += ahead();
    return failed;
}

time_t time(time_t *place) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
"#;

/// Builds the shim, where there is a compiler.
fn shim(directory: &Path, hours: i32) -> Option<PathBuf> {
    let source = directory.join("clock.c");
    let library = directory.join("clock.so");
    fs::write(&source, SHIM.replace("HOURS", &format!("({hours})"))).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]);
    let Ok(output) = compiler.arg(&library).arg(&source).output() else {
        eprintln!("SKIPPED: there is no cc");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(library)
}

#[test]
fn a_clock_that_is_set_costs_the_row_that_it_was_set_in() {
    for hours in [1, -1] {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let Some(shim) = shim(here, hours) else {
            return;
        };
        let set = here.join("set");
        let options = [
            "run", "smoke", "--seed", "3", "--blocks", "2", "--out", "run",
        ];
        let mut command = bench(here, &options);
        command.env("LD_PRELOAD", &shim).env("CLOCK_IS_SET", &set);
        let process = start(&mut command);
        let folder = here.join("run");
        let of_wrk = |pid: &i32| {
            let stat = procfs::process::Process::new(*pid).and_then(|process| process.stat());
            stat.is_ok_and(|stat| stat.comm == "wrk")
        };
        wait_for("the window after the second row", || {
            let text = fs::read_to_string(folder.join(records::MEASUREMENTS_FILE));
            let rows = text.map_or(0, |text| text.lines().count().saturating_sub(1));
            rows == 2 && children(process.id()).iter().any(of_wrk)
        });
        fs::write(&set, "").unwrap();
        let ended = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
        let rows = rows(&folder);
        assert_eq!(rows.len(), 8, "{said}");
        let mut in_error = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            if row.error.contains("the clock of the load generator's") {
                in_error.push(number);
                continue;
            }
            check_row(row);
            assert!(row.window_us.unwrap() < 60_000_000, "{row:?}");
        }
        // The third, or a later one where this test was not run in time.
        assert!(in_error.len() == 1 && in_error[0] >= 2, "{in_error:?}");
        let first = rows[0].started_unix_ms.cast_signed();
        let last = rows[7].started_unix_ms.cast_signed();
        let hour = 3_600_000 * i64::from(hours);
        assert!((last - first - hour).abs() < 600_000, "{first} {last}");
        let (resumed, _, said) = run(&mut bench(here, &["run", "smoke", "--resume", "run"]));
        assert!(resumed.status.success(), "{said}");
    }
}

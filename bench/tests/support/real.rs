//! The real programs: `bench` itself and the servers beside it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use procfs::process::all_processes;

/// The directory of the servers.
pub fn subjects() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_bench")).parent().unwrap();
    let directory = env::var_os("KIO_SUBJECTS").map_or_else(|| beside.to_owned(), PathBuf::from);
    for program in ["kio-rs", "tokio-baseline", "flood"] {
        assert!(
            directory.join(program).exists(),
            "{program} is not in {}: build it with `cargo build -p kio-rs -p tokio-baseline -p flood`, or name \
             its directory in KIO_SUBJECTS",
            directory.display()
        );
    }
    directory
}

/// `bench` with the real servers, in `directory`.
pub fn bench(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command
        .args(arguments)
        .current_dir(directory)
        .env("KIO_SUBJECTS", subjects())
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> (Output, String, String) {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, stdout, stderr)
}

/// Starts it with its output piped.
pub fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The processes that `pid` has started.
pub fn children(pid: u32) -> Vec<i32> {
    let parent = pid.cast_signed();
    let stats = all_processes()
        .unwrap()
        .flatten()
        .filter_map(|p| p.stat().ok());
    let children = stats.filter(|stat| stat.ppid == parent && stat.state != 'Z');
    children.map(|stat| stat.pid).collect()
}

/// Whether a process runs.
pub fn runs(pid: i32) -> bool {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// The smallest run of both arms at both loads.
pub const SMOKE: [&str; 6] = ["run", "smoke", "--blocks", "1", "--seed", "3"];

/// What Ctrl-C does to a process.
pub fn interrupt(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
}

/// Waits for something that happens for certain, if the program is right.
pub fn wait_for(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happened() {
        assert!(Instant::now() < deadline, "{what} never happened");
        sleep(Duration::from_millis(5));
    }
}

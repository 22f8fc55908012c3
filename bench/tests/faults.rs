//! Load generators and servers that fail within a window, and a link that vanishes: rows that say so,
//! and nothing that stays.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bench::subjects::find_command;
use records::Measurement;
use support::checks::check_row;
use support::experiment::HEAD;
use support::real::{bench, run, runs, subjects, wait_for};
use support::rows;
use support::sshd::namespaces_are_allowed;

/// Faults by the connections of the load that has them: what a wrk that fails so does, and what its row
/// must say. `$WRK` is the real one, `$SERVER` the server's process.
const FAULTS: [(u32, &str, &str); 8] = [
    (11, "kill -9 $$", "signal: 9"),
    (12, "echo Segmentation fault", "wrk"),
    (13, "$WRK \"$@\" | sed 's/[0-9]/x/g'", "not readable"),
    (14, "$WRK \"$@\" | head -c 60", "wrk"),
    (15, "$WRK \"$@\"; exit 3", "exit status: 3"),
    (
        16,
        "kill -9 $SERVER; exec $WRK \"$@\"",
        "it ended with signal: 9",
    ),
    // It is gone when the load is over and has yet to be reported.
    (
        17,
        "out=$($WRK \"$@\"); kill -9 $SERVER; echo \"$out\"",
        "it ended with signal: 9",
    ),
    (18, "echo $$ >hung; exec sleep 1000", "wrk"),
];
/// The connections of the load that has none.
const SOUND: u32 = 19;

/// Puts a wrk into `directory` that fails by `faults`, and gives the `PATH` with it.
fn failing_wrk(directory: &Path, faults: &[(u32, &str)]) -> String {
    let real = find_command(Path::new("wrk")).unwrap();
    let server = directory.join("server");
    let cases: String = (faults.iter())
        .map(|(connections, does)| {
            let here = does.replace(">hung", &format!(">{}/hung", directory.display()));
            format!("*' -c{connections} '*) {here} ;;\n")
        })
        .collect();
    let script = format!(
        "#!/bin/sh\nWRK={}\nSERVER=$(cat {} 2>/dev/null)\ncase \" $* \" in\n{cases}*) exec $WRK \"$@\" ;;\nesac\n",
        real.display(),
        server.display()
    );
    let path = directory.join("bin");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("wrk"), script).unwrap();
    fs::set_permissions(path.join("wrk"), fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", path.display(), env::var("PATH").unwrap())
}

/// A server that leaves the number of its process in the file `server`.
fn arms(directory: &Path) -> PathBuf {
    let text = format!(
        "[[arm]]\nname = 'mine'\ncommand = 'sh'\nreports = true\nargs = ['-c', '''echo $$ >{}/server\n\
         exec {}/kio-rs --listen {{listen}} --workers {{workers}} --driver epoll''']\n",
        directory.display(),
        subjects().display()
    );
    let file = directory.join("arms.toml");
    fs::write(&file, text).unwrap();
    file
}

fn process_of(file: &Path) -> i32 {
    fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

fn write_experiment(directory: &Path, head: &str, connections: impl Iterator<Item = u32>) {
    let loads: String = connections
        .map(|connections| format!("[[load]]\nconnections = {connections}\n"))
        .collect();
    let text = format!("{head}arms = ['mine']\n{loads}");
    fs::write(directory.join("faults.toml"), text).unwrap();
}

fn row(rows: &[Measurement], connections: u32) -> &Measurement {
    let of_load = |row: &&Measurement| row.connections == connections;
    rows.iter().find(of_load).unwrap()
}

#[test]
fn a_load_generator_or_a_server_that_fails_is_a_row_with_its_error() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let faults = FAULTS.map(|(connections, does, _)| (connections, does));
    let path = failing_wrk(here, &faults);
    let file = arms(here);
    let loads = FAULTS.iter().map(|(connections, ..)| *connections);
    write_experiment(here, HEAD, loads.chain([SOUND]));
    let arguments = ["run", "faults.toml", "--out", "run", "--seed", "5"];
    let arms_file = ["--arms-file", file.to_str().unwrap()];
    let arguments = [&arguments[..], &arms_file].concat();
    let (ended, _, said) = run(bench(here, &arguments).env("PATH", path));
    assert!(ended.status.success(), "{said}");

    let rows = rows(&here.join("run"));
    assert_eq!(rows.len(), FAULTS.len() + 1);
    let wrong: Vec<String> = (FAULTS.iter())
        .map(|(connections, does, says)| (does, says, &row(&rows, *connections).error))
        .filter(|(_, says, error)| !error.contains(**says))
        .map(|(does, says, error)| format!("{does}: {error:?} has no {says:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_row(row(&rows, SOUND));
    for process in ["server", "hung"] {
        let process = process_of(&here.join(process));
        wait_for("the end of what was started", || !runs(process));
    }
}

#[test]
fn a_link_that_vanishes_is_told_and_costs_no_row() {
    if !namespaces_are_allowed() {
        return eprintln!(
            "skipped: the kernel refuses network namespaces, or `ip` is missing (needs root, iproute2)"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    // Only in a namespace of its own.
    let own = fs::read_link("/proc/self/ns/net").unwrap();
    let cut = format!(
        "here=$(readlink /proc/self/ns/net); [ -n \"$here\" ] && [ \"$here\" != '{}' ] || exit 9\n\
         for device in $(ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' | grep -v '^lo$')\n\
         do ip link delete $device; done\n\
         exec $WRK \"$@\"",
        own.display()
    );
    let path = failing_wrk(here, &[(12, &cut)]);
    let file = arms(here);
    let head = HEAD.replace("placement = \"shared\"\n", "");
    // In one block each load comes once, in an order by the seed: the cut is not the first here.
    write_experiment(here, &head, [11, 12, 13].into_iter());
    let arguments = [
        "run",
        "faults.toml",
        "--out",
        "run",
        "--seed",
        "5",
        "--host",
        "netns",
    ];
    let arms_file = ["--arms-file", file.to_str().unwrap()];
    let (ended, _, said) =
        run(bench(here, &[&arguments[..], &arms_file].concat()).env("PATH", path));
    assert!(ended.status.success(), "{said}");
    let rows = rows(&here.join("run"));
    assert_eq!(rows.len(), 3);
    let cut = rows.iter().position(|row| row.connections == 12).unwrap();
    assert_eq!(
        cut, 1,
        "another seed, so that a row is before the cut and one after it"
    );
    check_row(&rows[0]);
    assert!(rows[1].error.contains("unreachable"), "{:?}", rows[1].error);
    // There is nothing left to listen on.
    assert!(
        rows[2].error.contains("can be listened on"),
        "{:?}",
        rows[2].error
    );
    let process = process_of(&here.join("server"));
    wait_for("the end of the server", || !runs(process));
}

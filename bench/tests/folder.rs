//! The results folder: what a kill or a full disk leaves there, what it is resumed with, and who may write.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::fs;

use bench::interrupt::Interrupt;
use bench::results::Folder;
use bench::runner::{self, Ended};
use bench::schedule::schedule;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use records::{LOAD_FILE, MEASUREMENTS_FILE, Plan, SERIES_FILE};
use support::mock::{Mock, Run, Silent, append};
use support::{cells, environment, loads, plan, rows, series};

#[test]
fn what_a_kill_tore_is_removed_aloud_and_measured_again() {
    let unbroken = Run::new(1);
    unbroken.start(&mut Mock::default());
    let row = fs::read_to_string(unbroken.file(MEASUREMENTS_FILE)).unwrap();
    let row = row.lines().last().unwrap().as_bytes();
    let line = fs::read_to_string(unbroken.file(LOAD_FILE)).unwrap();
    let line = line.lines().last().unwrap().as_bytes();
    let whole_line = [line, b"\n"].concat();
    let readings = fs::read_to_string(unbroken.file(SERIES_FILE)).unwrap();
    let readings = readings.lines().last().unwrap().as_bytes();
    let whole_readings = [readings, b"\n"].concat();
    let half = line.len() / 2;
    // In the order of the three writes: within each of them, and between them.
    let kills: [([&[u8]; 3], usize); 6] = [
        ([&readings[..half], b"", b""], 1),
        ([&whole_readings, b"", b""], 1),
        ([&whole_readings, &line[..half], b""], 2),
        ([&whole_readings, &whole_line, b""], 2),
        ([&whole_readings, &whole_line, &row[..1]], 3),
        ([&whole_readings, &whole_line, row], 3),
    ];
    for ([series_tail, load_tail, row_tail], removals) in kills {
        let run = Run::new(1);
        let mut first = Mock {
            interrupted_in: Some(3),
            ..Mock::default()
        };
        run.start(&mut first);
        append(&run.file(SERIES_FILE), series_tail);
        append(&run.file(LOAD_FILE), load_tail);
        append(&run.file(MEASUREMENTS_FILE), row_tail);
        let folder = Folder::resume(&run.path, &run.plan, &environment()).unwrap();
        assert_eq!(folder.removed.len(), removals, "{:?}", folder.removed);
        let mut second = Mock::default();
        assert_eq!(run.go_on(folder, &mut second), Ended::Complete);
        assert_eq!(second.calls, schedule(&run.plan)[3..]);
        assert_eq!(cells(&run.path), cells(&unbroken.path));
        assert_eq!((loads(&run.path).len(), series(&run.path).len()), (4, 4));
    }
}

#[test]
fn a_torn_header_is_written_again() {
    let run = Run::new(1);
    run.start(&mut Mock {
        interrupted_in: Some(0),
        ..Mock::default()
    });
    fs::write(run.file(MEASUREMENTS_FILE), "block,sequ").unwrap();
    assert_eq!(run.resume(&mut Mock::default()), Ended::Complete);
    assert_eq!(rows(&run.path).len(), 4);
}

#[test]
fn another_plan_binary_or_machine_is_refused_by_its_difference() {
    let run = Run::new(1);
    run.start(&mut Mock::default());
    let refused = |plan: &Plan, environment: &records::Environment, part: &str| {
        let error = Folder::resume(&run.path, plan, environment).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(part), "{message}");
    };
    refused(&plan(1, 12), &environment(), "`seed` was 11 and is now 12");
    refused(&plan(2, 11), &environment(), "`blocks`");
    let mut other = environment();
    other.server.kernel_release = "1.0".to_owned();
    refused(&run.plan, &other, "server.kernel_release was ");

    let subject = |sha256: &str| records::SubjectFile {
        sha256: sha256.to_owned(),
        bytes: 1,
        compilers: Vec::new(),
    };
    let mut measured = environment();
    measured.subjects.insert("kio-rs".to_owned(), subject("aa"));
    let text = serde_json::to_string(&measured).unwrap();
    fs::write(run.file(records::ENVIRONMENT_FILE), text).unwrap();
    let mut rebuilt = environment();
    rebuilt.subjects.insert("kio-rs".to_owned(), subject("bb"));
    refused(&run.plan, &rebuilt, "subject `kio-rs` is another binary");
}

#[test]
fn damage_that_no_kill_explains_is_refused() {
    let refused = |damage: fn(&Run), part: &str| {
        let run = Run::new(1);
        run.start(&mut Mock::default());
        damage(&run);
        let error = Folder::resume(&run.path, &run.plan, &environment()).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(part), "{message}");
    };
    let twice = |run: &Run| {
        let text = fs::read_to_string(run.file(MEASUREMENTS_FILE)).unwrap();
        let last = text.lines().last().unwrap();
        append(&run.file(MEASUREMENTS_FILE), format!("{last}\n").as_bytes());
    };
    refused(twice, "two entries of block 0");
    refused(
        |run| append(&run.file(MEASUREMENTS_FILE), b"0,x\n"),
        "line: 6",
    );
    refused(|run| append(&run.file(LOAD_FILE), b"{}\n"), "load.jsonl:5");
    let lines = |run: &Run| append(&run.file(SERIES_FILE), b"{}\n");
    refused(lines, "series.jsonl:5");
    refused(
        |run| fs::write(run.file(MEASUREMENTS_FILE), "block,arm\n").unwrap(),
        "another version",
    );
    refused(
        |run| fs::remove_file(run.file(records::EXPERIMENT_FILE)).unwrap(),
        "experiment.toml",
    );
}

#[test]
fn a_folder_with_anything_in_it_is_not_taken() {
    let run = Run::new(1);
    run.start(&mut Mock::default());
    let again = Folder::create(Some(&run.path), "", &run.plan, &environment());
    let message = again.unwrap_err().to_string();
    assert!(
        message.contains("not empty") && message.contains("--resume"),
        "{message}"
    );
}

#[test]
fn a_folder_has_one_writer_at_a_time() {
    let run = Run::new(1);
    let refused = || {
        let error = Folder::resume(&run.path, &run.plan, &environment()).unwrap_err();
        let message = error.to_string();
        let expected = format!(
            "another `bench run` is writing to {}; wait for it or end it",
            run.path.display()
        );
        assert_eq!(message, expected);
    };
    let new = Folder::create(Some(&run.path), "", &run.plan, &environment()).unwrap();
    refused();
    drop(new);
    let resumed = Folder::resume(&run.path, &run.plan, &environment()).unwrap();
    refused();
    drop(resumed);
    assert_eq!(run.resume(&mut Mock::default()), Ended::Complete);
}

#[test]
fn a_full_disk_stops_the_run_with_whole_rows_that_resume() {
    let directory = tempfile::tempdir().unwrap();
    let size = |kib: u32| format!("size={kib}k");
    let disk = directory.path();
    let tmpfs = |flags, size: String| {
        mount(
            Some("tmpfs"),
            disk,
            Some("tmpfs"),
            flags,
            Some(size.as_str()),
        )
    };
    if let Err(error) = tmpfs(MsFlags::empty(), size(32)) {
        eprintln!("SKIPPED: a small disk cannot be mounted ({error}); this test needs root");
        return;
    }
    let path = disk.join("run");
    let plan = plan(100, 1);
    let mut folder = Folder::create(Some(&path), "", &plan, &environment()).unwrap();
    let all = schedule(&plan);
    let (mut mock, interrupt) = (Mock::default(), Interrupt::default());
    let ended = runner::run(
        &all,
        &mut mock,
        &mut folder.recorder,
        &mut Silent,
        &interrupt,
    );
    let message = format!("{:#}", ended.unwrap_err());
    let kept = cells(&path).len();
    drop(folder);

    tmpfs(MsFlags::MS_REMOUNT, size(4096)).unwrap();
    let mut folder = Folder::resume(&path, &plan, &environment()).unwrap();
    let removed = folder.removed.clone();
    let left = runner::remaining(schedule(&plan), &folder.done);
    let ended = runner::run(
        &left,
        &mut mock,
        &mut folder.recorder,
        &mut Silent,
        &interrupt,
    );
    let complete = (ended.unwrap(), cells(&path).len(), loads(&path).len());
    // At once, although the folder still has files open.
    umount2(disk, MntFlags::MNT_DETACH).unwrap();

    assert!(message.contains("the disk is full"), "{message}");
    assert!(kept > 0 && kept < all.len(), "{kept} rows fitted");
    assert!(removed.is_empty(), "a row was torn: {removed:?}");
    assert_eq!(complete, (Ended::Complete, 400, 400));
}

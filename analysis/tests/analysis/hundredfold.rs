//! A hundred times the blocks of the largest committed run.
//!
//! Slow and large, so it is run by name: `cargo test -p analysis --test analysis -- --ignored hundred`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use records::{
    CALIBRATION_FILE, END_FILE, ENVIRONMENT_FILE, EXPERIMENT_FILE, End, LOAD_FILE, LoadRecord,
    MEASUREMENTS_FILE, Plan, SERIES_FILE, SeriesRecord,
};

const TIMES: u32 = 100;
const MOST_KIB: u64 = 1 << 20;
const MOST_TIME: Duration = Duration::from_secs(30);

/// The longest of the runs beside the program.
fn longest() -> PathBuf {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let folders = fs::read_dir(results).unwrap().map(|entry| entry.unwrap());
    let rows =
        |run: &PathBuf| fs::metadata(run.join(MEASUREMENTS_FILE)).map_or(0, |file| file.len());
    folders.map(|entry| entry.path()).max_by_key(rows).unwrap()
}

/// The lines of a file after its block numbers, by cell and block.
type Cells = BTreeMap<String, BTreeMap<u32, String>>;

/// Writes lines of all blocks `TIMES` times over. A cell's block stands each time beside other blocks of
/// other cells, so that pairs, and with them ratios, are not the same a hundred times.
fn write_lines(cells: &Cells, blocks: u32, out: &mut impl std::io::Write, begin: &str) {
    for again in 0..TIMES {
        for block in 0..blocks {
            for (place, lines) in cells.values().enumerate() {
                let shift = again * (1 + place as u32 % 7);
                if let Some(line) = lines.get(&((block + shift) % blocks)) {
                    let number = again * blocks + block;
                    writeln!(out, "{begin}{number},{line}").unwrap();
                }
            }
        }
    }
}

fn multiplied_json(file: &Path, out: &Path, blocks: u32, cell_of: impl Fn(&str) -> (u32, String)) {
    let mut cells = Cells::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        let (block, cell) = cell_of(line);
        let (_, rest) = line.split_once(',').unwrap();
        cells
            .entry(cell)
            .or_default()
            .insert(block, rest.to_owned());
    }
    let mut out = BufWriter::new(File::create(out).unwrap());
    write_lines(&cells, blocks, &mut out, "{\"block\":");
}

fn multiplied_rows(file: &Path, out: &Path, blocks: u32) {
    let text = fs::read_to_string(file).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut cells = Cells::new();
    for (line, row) in rows
        .lines()
        .zip(csv::Reader::from_path(file).unwrap().deserialize())
    {
        let row: records::Measurement = row.unwrap();
        let cell = format!("{} {:?}", row.arm, row.load_point());
        let (_, rest) = line.split_once(',').unwrap();
        cells
            .entry(cell)
            .or_default()
            .insert(row.block, rest.to_owned());
    }
    let mut out = BufWriter::new(File::create(out).unwrap());
    writeln!(out, "{header}").unwrap();
    write_lines(&cells, blocks, &mut out, "");
}

/// Writes a run with `TIMES` times the blocks of a committed one.
fn multiplied(run: &Path, out: &Path) {
    fs::create_dir_all(out).unwrap();
    for name in [CALIBRATION_FILE, ENVIRONMENT_FILE] {
        if run.join(name).is_file() {
            fs::copy(run.join(name), out.join(name)).unwrap();
        }
    }
    let mut end: End =
        serde_json::from_str(&fs::read_to_string(run.join(END_FILE)).unwrap()).unwrap();
    let blocks = end.blocks;
    end.blocks *= TIMES;
    fs::write(out.join(END_FILE), serde_json::to_string(&end).unwrap()).unwrap();
    let text = fs::read_to_string(run.join(EXPERIMENT_FILE)).unwrap();
    let mut plan: Plan = toml::from_str(&text).unwrap();
    plan.blocks *= TIMES;
    fs::write(out.join(EXPERIMENT_FILE), toml::to_string(&plan).unwrap()).unwrap();
    multiplied_rows(
        &run.join(MEASUREMENTS_FILE),
        &out.join(MEASUREMENTS_FILE),
        blocks,
    );
    multiplied_json(&run.join(LOAD_FILE), &out.join(LOAD_FILE), blocks, |line| {
        let record: LoadRecord = serde_json::from_str(line).unwrap();
        (record.block, format!("{} {:?}", record.arm, record.load))
    });
    multiplied_json(
        &run.join(SERIES_FILE),
        &out.join(SERIES_FILE),
        blocks,
        |line| {
            let record: SeriesRecord = serde_json::from_str(line).unwrap();
            (record.block, format!("{} {:?}", record.arm, record.load))
        },
    );
}

/// Runs a command to its end: how long that took, and the most memory it held.
fn measured(command: &mut Command) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most_kib = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        most_kib = most_kib.max(kib.unwrap_or(0));
        sleep(Duration::from_millis(20));
    };
    assert!(ended.success());
    (start.elapsed(), most_kib)
}

#[test]
#[ignore = "writes gigabytes and takes minutes"]
fn a_hundred_times_the_longest_run_is_analysed_in_a_gibibyte_and_half_a_minute() {
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let run = root.path().join("run");
    multiplied(&longest(), &run);
    let mut report = Command::new(env!("CARGO_BIN_EXE_analysis"));
    report.arg("report").arg(&run);
    let (took, most_kib) = measured(report.arg("--out").arg(root.path().join("report")));
    println!("{took:.1?}, {most_kib} KiB");
    assert!(most_kib > 0 && most_kib < MOST_KIB, "{most_kib} KiB");
    assert!(took < MOST_TIME, "{took:.1?}");
}

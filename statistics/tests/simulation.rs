//! The properties that every verdict rests on, each on thousands of experiments of known truth.
#![allow(clippy::unwrap_used, reason = "a test may")]

use statistics::simulate::{self, BLOCKS, Noise, RUNS};

fn within(what: &str, share: f64, low: f64, high: f64) {
    eprintln!("{what}: {share}");
    assert!((low..=high).contains(&share), "{what}: {share}");
}

#[test]
fn the_interval_of_a_ratio_covers_the_truth() {
    for noise in Noise::ALL {
        for blocks in BLOCKS {
            let what = format!("{}, {blocks} blocks", noise.name());
            within(&what, simulate::coverage(noise, blocks), 0.93, 0.97);
        }
    }
}

#[test]
fn the_interval_of_a_level_covers_the_truth() {
    for noise in Noise::ALL {
        for blocks in BLOCKS {
            let what = format!("{}, {blocks} blocks", noise.name());
            within(
                &what,
                simulate::coverage_of_level(noise, blocks),
                0.93,
                0.97,
            );
        }
    }
}

#[test]
fn an_arm_and_its_repeat_are_hardly_ever_told_apart() {
    for noise in Noise::ALL {
        for blocks in BLOCKS {
            let [_, called] = simulate::alarms(noise, blocks, 0.0);
            within(
                &format!("{}, {blocks} blocks", noise.name()),
                called,
                0.0,
                0.05,
            );
        }
    }
}

#[test]
fn the_control_holds_back_what_is_off_in_all_blocks_alike() {
    for noise in Noise::ALL {
        let [alone, with_control] = simulate::alarms(noise, 20, 0.03);
        within(noise.name(), with_control, 0.0, 0.6 * alone);
    }
}

#[test]
fn one_error_rate_for_a_family() {
    for noise in [Noise::LogNormal, Noise::HeavyTails, Noise::Modes] {
        let [plain, by_holm] = simulate::alarms_of_a_family(noise, 12, 10);
        within(noise.name(), by_holm, 0.0, 0.05);
        within(noise.name(), plain, 0.2, 1.0);
    }
}

#[test]
fn stopping_when_it_is_sharp_keeps_the_coverage() {
    for noise in Noise::ALL {
        for ratios in [1, 6] {
            let [covered, _] = simulate::coverage_when_sharp(noise, ratios);
            within(
                &format!("{}, {ratios} ratios", noise.name()),
                covered,
                0.93,
                0.97,
            );
        }
    }
    let [_, early] = simulate::coverage_when_sharp(Noise::LogNormal, 1);
    within("runs that ended early", early, 0.5, 1.0);
}

#[test]
fn the_interval_over_several_runs_covers_the_truth() {
    for noise in [Noise::LogNormal, Noise::Modes] {
        for runs in RUNS {
            let what = format!("{}, {runs} runs", noise.name());
            within(&what, simulate::coverage_of_runs(noise, runs), 0.93, 0.97);
        }
    }
    let three = simulate::coverage_of_runs_by_bootstrap(Noise::LogNormal, 3);
    within("bootstrap of three runs", three, 0.0, 0.93);
}

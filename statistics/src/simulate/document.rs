//! The simulations' numbers as Markdown.

use super::{
    BLOCKS, EXPERIMENTS, Noise, RUNS, alarms, alarms_of_a_family, coverage, coverage_of_level,
    coverage_of_runs, coverage_of_runs_by_bootstrap, coverage_when_sharp,
};

/// Spread of what an arm is off by in all blocks alike, where a table is about that.
const BIAS: f64 = 0.03;
/// Claims of the family, and blocks, of the table about families.
const FAMILY: (usize, usize) = (10, 12);

/// All tables, each with a sentence that says what it shows.
pub fn markdown() -> String {
    let by_blocks = |of: fn(Noise, usize) -> f64| {
        table(&BLOCKS.map(|blocks| format!("{blocks} blocks")), |noise| {
            BLOCKS.map(|blocks| of(noise, blocks)).to_vec()
        })
    };
    let sections = [
        (
            format!(
                "Percent of {EXPERIMENTS} experiments whose 95 % interval of a ratio held the true one:"
            ),
            by_blocks(coverage),
        ),
        (
            "The same of one arm's median:".to_owned(),
            by_blocks(coverage_of_level),
        ),
        (
            "Percent in which an arm was told from its exact repeat, by interval and control:".to_owned(),
            by_blocks(|noise, blocks| alarms(noise, blocks, 0.0)[1]),
        ),
        (
            format!(
                "The same of 20 blocks where each arm is off by {} % of its own (standard deviation) in all \
                 of them, which no interval over blocks can know:",
                BIAS * 100.0
            ),
            table(&["interval alone", "and control"], |noise| alarms(noise, 20, BIAS).to_vec()),
        ),
        (
            format!(
                "Percent of families of {} claims without a difference, beside half as many with one, \
                 in which any was called after {} blocks:",
                FAMILY.0, FAMILY.1
            ),
            table(&["each for itself", "by Holm"], |noise| {
                alarms_of_a_family(noise, FAMILY.1, FAMILY.0).to_vec()
            }),
        ),
        (
            "Percent of runs whose interval held the truth although they ended when one ratio, or each of \
             six, was sharp to 3 %, and percent that ended so before their fortieth block:"
                .to_owned(),
            table(&["one ratio", "ended", "six ratios", "ended"], |noise| {
                [1, 6].map(|ratios| coverage_when_sharp(noise, ratios)).concat()
            }),
        ),
        (
            "Percent of intervals over several runs that held the truth, each run off by 3 % of its own; \
             last a hierarchical bootstrap of three runs:"
                .to_owned(),
            table(
                &[
                    RUNS.map(|runs| format!("{runs} runs")).to_vec(),
                    vec!["3 runs, bootstrap".to_owned()],
                ]
                .concat(),
                |noise| {
                    let mut shares = RUNS.map(|runs| coverage_of_runs(noise, runs)).to_vec();
                    shares.push(coverage_of_runs_by_bootstrap(noise, 3));
                    shares
                },
            ),
        ),
    ];
    let texts = sections.map(|(text, table)| format!("{text}\n\n{table}"));
    texts.join("\n")
}

/// A line a noise.
fn table(titles: &[impl AsRef<str>], of: impl Fn(Noise) -> Vec<f64>) -> String {
    let titles: Vec<&str> = titles.iter().map(AsRef::as_ref).collect();
    let mut text = format!(
        "| Noise | {} |\n| --- |{}\n",
        titles.join(" | "),
        " ---: |".repeat(titles.len())
    );
    for noise in Noise::ALL {
        let shares: Vec<String> = of(noise)
            .into_iter()
            .map(|share| format!("{:.1}", share * 100.0))
            .collect();
        text += &format!("| {} | {} |\n", noise.name(), shares.join(" | "));
    }
    text
}

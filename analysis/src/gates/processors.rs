//! Foreign load and steal on the processors that server and load generator used.

use records::Measurement;

use super::Setting;
use crate::load::listed;

/// The largest share of either side's processors that other programs used; none where the run did not
/// pin its sides, or the readings by processor are not there.
pub(super) fn foreign(row: &Measurement, setting: &Setting<'_>) -> Option<f64> {
    let server = row.server_cpu_user_us? + row.server_cpu_system_us?;
    let client_list = if row.client_host_cpu_busy_us.is_some() {
        &row.client_host_cpu_busy_by_cpu_us
    } else {
        &row.host_cpu_busy_by_cpu_us
    };
    let plan = setting.plan;
    let sides = [
        (&row.host_cpu_busy_by_cpu_us, &plan.server_cpus, server),
        (client_list, &plan.client_cpus, row.client_cpu_us?),
    ];
    let shares = sides.into_iter().map(|(list, cpus, own)| {
        let busy: u64 = of(list, cpus)?.iter().sum();
        let time = row.window_us.filter(|us| *us > 0)? * cpus.len() as u64;
        Some(busy.saturating_sub(own) as f64 / time as f64)
    });
    shares.flatten().reduce(f64::max)
}

/// The largest share of a used processor's time that the hypervisor gave to others.
pub(super) fn steal(row: &Measurement, setting: &Setting<'_>) -> Option<f64> {
    let plan = setting.plan;
    let mut cpus = plan.server_cpus.clone();
    if row.client_host_cpu_busy_us.is_none() {
        cpus.extend(&plan.client_cpus);
    }
    let window = row.window_us.filter(|us| *us > 0)?;
    let most = of(&row.host_cpu_steal_by_cpu_us, &cpus)?
        .into_iter()
        .max()?;
    Some(most as f64 / window as f64)
}

/// The readings of these processors; none without processors or readings of them all.
fn of(list: &str, cpus: &[u32]) -> Option<Vec<u64>> {
    let all = listed(list)?;
    let readings: Option<Vec<u64>> = cpus
        .iter()
        .map(|cpu| all.get(*cpu as usize).copied())
        .collect();
    readings.filter(|readings| !readings.is_empty())
}

//! Reads the folder of a profile.

use std::path::Path;

use records::{ENVIRONMENT_FILE, EXPERIMENT_FILE, Environment, PROFILE_FILE, Plan, ProfileRecord};

use super::{Fault, LoadError, files, folder_name};

/// The folder of a profile, read and checked.
#[derive(Debug)]
pub struct ProfileRun {
    /// The folder's name.
    pub name: String,
    /// What was to be sampled.
    pub plan: Plan,
    /// Where.
    pub environment: Environment,
    /// The records, in the order in which they were made.
    pub records: Vec<ProfileRecord>,
}

/// Reads and checks a profile's folder. An interrupted one has fewer records, and is taken as it is.
pub fn load_profile(dir: &Path) -> Result<ProfileRun, LoadError> {
    let plan: Plan = files::read_toml(&dir.join(EXPERIMENT_FILE))?;
    let environment: Environment = files::read_json(&dir.join(ENVIRONMENT_FILE), &plan)?;
    let file = dir.join(PROFILE_FILE);
    let mut records: Vec<ProfileRecord> = Vec::new();
    for (line, text) in (1..).zip(files::read_lines(&file)?.lines()) {
        let refuse = |fault| Err(LoadError::at(&file, line, fault));
        let record: ProfileRecord = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(fault) => return refuse(Fault::Malformed(fault.to_string())),
        };
        let counted: u64 = record.stacks.iter().map(|stack| stack.samples).sum();
        if record.error.is_empty() && counted != record.samples {
            let fault = format!(
                "{counted} samples in stacks, field samples is {}",
                record.samples
            );
            return refuse(Fault::Malformed(fault));
        }
        let known = plan.arms.iter().any(|arm| arm.name == record.arm);
        if !known || !plan.load_points.contains(&record.load) {
            return refuse(Fault::NotInPlan(format!(
                "the arm {:?} at its load",
                record.arm
            )));
        }
        let key = |other: &&ProfileRecord| {
            (other.block, &other.arm, &other.load) == (record.block, &record.arm, &record.load)
        };
        if let Some(first) = records.iter().position(|other| key(&other)) {
            let cell = format!("{} in block {}", record.arm, record.block);
            let first_line = first as u64 + 1;
            return refuse(Fault::Duplicate { cell, first_line });
        }
        records.push(record);
    }
    Ok(ProfileRun {
        name: folder_name(dir),
        plan,
        environment,
        records,
    })
}

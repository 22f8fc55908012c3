//! From a results folder to everything a report says.

use std::path::Path;

use crate::claims::{self, Claims, Headline};
use crate::frame::FrameError;
use crate::load::{Completeness, LoadError, load_counting};
use crate::model::{Judged, Study};
use crate::profile::Profile;
use crate::published::Published;

/// Why a run could not be assessed.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The results folder was refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The run could not be summarised.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The card's figures, which are part of this program, could not be read.
    #[error("results/published is damaged: {0}; restore it from version control and build again")]
    Published(#[from] csv::Error),
}

/// A run, what is claimed about it, and the answer.
#[derive(Debug)]
pub struct Assessment {
    /// The run's numbers.
    pub study: Study,
    /// The verdicts.
    pub claims: Claims,
    /// The answer in a few sentences.
    pub headline: Vec<Headline>,
    /// The card's figures.
    pub published: Published,
    /// Where the time of servers goes: profiles that the report has beside the run.
    pub profiles: Vec<Profile>,
}

/// Loads a results folder strictly and judges every claim.
pub fn assess(dir: &Path, completeness: Completeness) -> Result<Assessment, AssessError> {
    let mut judged = None;
    let run = load_counting(dir, completeness, |run| {
        let found = judged.insert(Judged::new(run)?);
        Ok::<_, AssessError>(found.left_out.clone())
    })?;
    let Some(judged) = judged else {
        unreachable!("it is asked before a run is read whole");
    };
    let published = Published::read()?;
    let all = claims::all(&run.plan, &published);
    let pairs = claims::pairs(&run.plan, &all);
    let study = Study::new(run, judged, &pairs)?;
    let claims = claims::judge_all(&study, &all);
    let headline = claims::headline(&study, &claims);
    Ok(Assessment {
        study,
        claims,
        headline,
        published,
        profiles: Vec::new(),
    })
}

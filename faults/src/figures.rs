//! What became of every request.

use std::ops::AddAssign;

use anyhow::{Result, ensure};

/// Counts of one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Connections opened.
    pub connections: u64,
    /// Requests sent, be it in part.
    pub sent: u64,
    /// Requests whose whole answer came.
    pub answered: u64,
    /// Requests whose connection the server ended before the first byte of their answer.
    pub refused: u64,
    /// Requests that their client gave up by a reset.
    pub withdrawn: u64,
}

impl Figures {
    /// Checks that every request is accounted for.
    ///
    /// # Errors
    /// When one was lost, or counted twice.
    pub fn check(&self) -> Result<()> {
        let known = self.answered + self.refused + self.withdrawn;
        ensure!(
            self.sent == known,
            "{} requests were sent and {known} are accounted for: {self:?}",
            self.sent
        );
        Ok(())
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.connections += other.connections;
        self.sent += other.sent;
        self.answered += other.answered;
        self.refused += other.refused;
        self.withdrawn += other.withdrawn;
    }
}

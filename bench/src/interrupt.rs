//! Ctrl-C: noticed between and within measurements, so that children end and rows stay.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit status after Ctrl-C.
pub const EXIT_STATUS: u8 = 130;

/// Set once the user wants the run to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The error of a step that ended because of an [`Interrupt`].
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

impl Interrupt {
    /// Set by SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once; its children then
    /// end with it.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let status = i32::from(EXIT_STATUS);
            // Registered first, so that it sees the flag as the signals before this one left it.
            flag::register_conditional_shutdown(signal, status, Arc::clone(&interrupt.0))?;
            flag::register(signal, Arc::clone(&interrupt.0))?;
        }
        Ok(interrupt)
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Ends a step when it is set.
    ///
    /// # Errors
    /// [`Interrupted`] when it is.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_set() {
            return Err(Interrupted);
        }
        Ok(())
    }
}

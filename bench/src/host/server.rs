//! A running server, wherever it runs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::local_server::{Facts, LocalServer, ServerSeries};
use super::remote::RemoteServer;
use super::sample::{Moment, Sample};

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub enum Server {
    /// On this machine.
    Here(LocalServer),
    /// On another one.
    There(RemoteServer),
}

impl Server {
    /// What is known of it.
    pub fn facts(&self) -> &Facts {
        match self {
            Self::Here(server) => server.facts(),
            Self::There(server) => server.facts(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.facts().address
    }

    /// Its version by its start line; empty when it does not report.
    pub fn version(&self) -> &str {
        let start = self.facts().start.as_ref();
        start.map_or("", |start| &start.version)
    }

    /// The words of its start line that tell its configuration; nothing when it does not report.
    pub fn start_words(&self) -> Option<Vec<String>> {
        let start = self.facts().start.as_ref()?;
        let configuration = start.configuration();
        let words = configuration.split_whitespace().map(str::to_owned);
        Some(words.chain([start.server.clone()]).collect())
    }

    /// Its effective configuration; empty when it does not report.
    pub fn configuration(&self) -> String {
        let start = self.facts().start.as_ref();
        start.map_or_else(String::new, server_kit::StartLine::configuration)
    }

    /// All that it and its machine have used until now.
    ///
    /// # Errors
    /// When it has ended, or does not report though it should, or cannot be reached.
    pub fn sample(&mut self, moment: Moment) -> Result<Sample> {
        match self {
            Self::Here(server) => server.sample(moment),
            Self::There(server) => server.sample(moment),
        }
    }

    /// Begins to take readings at every step.
    ///
    /// # Errors
    /// When they cannot be taken, or it cannot be reached.
    pub fn watch(&mut self, step: Duration) -> Result<()> {
        match self {
            Self::Here(server) => server.watch(step),
            Self::There(server) => server.watch(step),
        }
    }

    /// Ends the readings, and returns them; nothing when none were begun.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn series(&mut self) -> Result<ServerSeries> {
        match self {
            Self::Here(server) => Ok(server.series()),
            Self::There(server) => server.series(),
        }
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or reports and ends otherwise than with a stop line and status 0.
    pub fn stop(self) -> Result<()> {
        match self {
            Self::Here(server) => server.stop(),
            Self::There(server) => server.stop(),
        }
    }

    /// The error, with how the server ended, if it has, and what it wrote on standard error.
    pub fn explain(&mut self, error: anyhow::Error) -> anyhow::Error {
        match self {
            Self::Here(server) => server.explain(error),
            Self::There(server) => server.explain(error),
        }
    }
}

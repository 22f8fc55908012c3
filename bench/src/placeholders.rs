//! `{listen}` and its like in an arm's arguments and environment.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use server_kit::Cpus;

const NAMES: [&str; 5] = ["listen", "address", "port", "workers", "cpus"];

/// What the placeholders stand for.
#[derive(Clone, Debug)]
pub struct Placeholders {
    values: [String; NAMES.len()],
}

impl Placeholders {
    /// For a server on `listen` with `workers` workers on `cpus`; no processors is `none`.
    pub fn new(listen: SocketAddr, workers: u32, cpus: &[u32]) -> Self {
        let (address, port) = (listen.ip().to_string(), listen.port().to_string());
        Self::from_text(listen.to_string(), address, port, workers, cpus)
    }

    /// As [`Self::new`] where the port is not chosen yet: the word `PORT` stands for it.
    pub fn with_port_open(address: &str, workers: u32, cpus: &[u32]) -> Self {
        let listen = format!("{address}:PORT");
        Self::from_text(listen, address.to_owned(), "PORT".to_owned(), workers, cpus)
    }

    fn from_text(
        listen: String,
        address: String,
        port: String,
        workers: u32,
        cpus: &[u32],
    ) -> Self {
        let cpus = Cpus(cpus.iter().map(|cpu| *cpu as usize).collect());
        Self {
            values: [listen, address, port, workers.to_string(), cpus.to_string()],
        }
    }

    /// The text with every placeholder replaced.
    pub fn expand(&self, text: &str) -> String {
        let mut expanded = text.to_owned();
        for (name, value) in NAMES.iter().zip(&self.values) {
            expanded = expanded.replace(&format!("{{{name}}}"), value);
        }
        expanded
    }

    /// Every text with every placeholder replaced.
    pub fn expand_all(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.expand(text)).collect()
    }
}

/// Refuses a placeholder that does not exist. Braces around anything but a word are left alone, so
/// that an argument may hold JSON.
pub fn check(text: &str) -> Result<()> {
    for part in text.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_word && !NAMES.contains(&name) {
            bail!(
                "no placeholder is called {{{name}}}; there are {{{}}}",
                NAMES.join("}, {")
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_expanded() {
        let values = Placeholders::new("127.0.0.1:8080".parse().unwrap(), 2, &[0, 3]);
        assert_eq!(
            values.expand("{listen} {address} {port} {workers} {cpus} {cpus}"),
            "127.0.0.1:8080 127.0.0.1 8080 2 0,3 0,3"
        );
        assert_eq!(values.expand("plain {} {\"a\":1}"), "plain {} {\"a\":1}");
    }

    #[test]
    fn no_processors_are_none_and_an_open_port_is_a_word() {
        let values = Placeholders::with_port_open("127.0.0.1", 2, &[]);
        assert_eq!(
            values.expand("{listen} {port} {cpus}"),
            "127.0.0.1:PORT PORT none"
        );
    }

    #[test]
    fn an_unknown_placeholder_is_refused() {
        assert!(check("--port={port} {\"a\":{}}").is_ok());
        let message = check("{host}").unwrap_err().to_string();
        assert!(
            message.contains("{host}") && message.contains("{workers}"),
            "{message}"
        );
    }
}

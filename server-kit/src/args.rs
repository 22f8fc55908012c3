//! The flags that both servers take.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::thread::available_parallelism;

use clap::Args;

use crate::balance::Balance;

/// Flags common to both servers.
#[derive(Args, Clone, Debug)]
pub struct CommonArgs {
    /// Address and port to listen on; port 0 picks a free one, named on the start line
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Worker threads [default: one a processor in --cpus, or one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub workers: Option<u32>,

    /// Processors to pin the workers to, in turn: a list such as 0,2-3, or none
    #[arg(long, value_name = "LIST|none", default_value = "none")]
    pub cpus: Cpus,

    /// Which of the workers' listeners gets a new connection, where each has one
    #[arg(long, value_enum, default_value_t = Balance::Auto)]
    pub balance: Balance,

    /// Answer once a read without looking at the request, as the published servers did
    #[arg(long)]
    pub no_parse: bool,

    /// Length of the answer's body, `Hello, World!` over and over [default: 13, once]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub body_bytes: Option<u32>,
}

impl CommonArgs {
    /// The number of workers: as asked, else one a listed processor, else one a processor.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            Some(workers) => workers as usize,
            None if !self.cpus.0.is_empty() => self.cpus.0.len(),
            None => available_parallelism().map_or(1, usize::from),
        }
    }

    /// What the start line says of a body that is not the usual one.
    pub fn body_feature(&self) -> Option<String> {
        self.body_bytes.map(|bytes| format!("body-bytes={bytes}"))
    }

    /// The processor of a worker, when workers are pinned: the list is gone round in turn.
    pub fn cpu_of(&self, worker: usize) -> Option<usize> {
        let cpus = &self.cpus.0;
        (!cpus.is_empty()).then(|| cpus[worker % cpus.len()])
    }
}

/// A list of processors; empty for `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpus(pub Vec<usize>);

impl FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        let mut cpus = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |digits: &str| {
                digits.parse::<usize>().map_err(|_| {
                    format!(
                        "`{part}` is not a processor or a range; give a list such as 0,2-3, or none"
                    )
                })
            };
            let (first, last) = (number(first)?, number(last)?);
            if first > last || last > 4095 {
                return Err(format!(
                    "`{part}` is not a range of processors (0 to 4095, lowest first)"
                ));
            }
            cpus.extend(first..=last);
        }
        Ok(Self(cpus))
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let list: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&list.join(","))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn nobody_else_is_served_unless_asked_for() {
        #[derive(Parser)]
        struct Server {
            #[command(flatten)]
            common: CommonArgs,
        }
        let server = Server::parse_from(["server"]);
        assert!(server.common.listen.ip().is_loopback());
    }

    #[test]
    fn lists_and_ranges_are_read() {
        assert_eq!("0,2-4".parse(), Ok(Cpus(vec![0, 2, 3, 4])));
        assert_eq!("none".parse(), Ok(Cpus(vec![])));
        assert_eq!(Cpus(vec![0, 2]).to_string().parse(), Ok(Cpus(vec![0, 2])));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "a", "3-1", "0,,1", "0-99999"] {
            assert!(text.parse::<Cpus>().is_err(), "{text:?} was taken");
        }
    }
}

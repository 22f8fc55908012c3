//! Many connections at once.

use std::net::SocketAddr;

use server_kit::raise_open_file_limit;

use super::{GET, HELLO};
use crate::client::Client;
use crate::failure::Failure;

const CONNECTIONS: usize = 2000;

/// Files of this process besides the connections; a guess on the high side.
const OTHER_FILES: u64 = 64;

/// The older connection has asked before, so that the server waits for its next request.
pub(crate) fn close_while_another_waits(server: SocketAddr) -> Result<(), Failure> {
    let mut waits = Client::connect(server)?;
    waits.exchange(GET, HELLO)?;
    for _ in 0..3 {
        let mut ends = Client::connect(server)?;
        ends.exchange(GET, HELLO)?;
        ends.finish()?;
    }
    waits.exchange(GET, HELLO)?;
    waits.finish()
}

/// Two rounds: the second shows that all connections of the first are still open.
pub(crate) fn connections_2000(server: SocketAddr) -> Result<(), Failure> {
    let limit = raise_open_file_limit().map_err(|error| Failure::Limit(format!("{error:#}")))?;
    let needed = CONNECTIONS as u64 + OTHER_FILES;
    if limit < needed {
        return Err(Failure::OpenFiles { needed, limit });
    }
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(server)?);
    }
    for _ in 0..2 {
        for client in &mut clients {
            client.send(GET);
        }
        for client in &clients {
            client.receive(HELLO)?;
        }
    }
    for client in &clients {
        client.finish()?;
    }
    Ok(())
}

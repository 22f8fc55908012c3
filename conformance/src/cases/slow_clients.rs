//! Clients that read slowly, or not until they have sent all.

use std::net::SocketAddr;
use std::thread;

use super::{GET, HELLO};
use crate::client::Client;
use crate::failure::Failure;

/// Several times what fits into the socket buffers of a client with a small window.
const REQUESTS: usize = 4000;

/// The server must write in parts, and lose none.
pub(crate) fn byte_by_byte_reader(server: SocketAddr) -> Result<(), Failure> {
    let mut client = Client::connect_with_small_buffers(server)?;
    client.exchange_reading_bytes(&GET.repeat(REQUESTS), &HELLO.repeat(REQUESTS))?;
    client.finish()
}

const FLOODERS: usize = 2;

/// Twice what socket buffers hold where the study's settings are in effect, and so much that a server
/// which keeps it shows.
const FLOOD_BYTES: usize = 64 << 20;

/// Each client sends until the server takes no more, and only then reads: the server must stop reading
/// while its answers are not read, and answer each request in the end.
pub(crate) fn flood_unread(server: SocketAddr) -> Result<(), Failure> {
    let requests = GET.repeat(FLOOD_BYTES / GET.len());
    thread::scope(|scope| {
        let flooders: Vec<_> = (0..FLOODERS)
            .map(|_| scope.spawn(|| flood(server, &requests)))
            .collect();
        flooders
            .into_iter()
            .try_for_each(|flooder| match flooder.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })
}

fn flood(server: SocketAddr, requests: &[u8]) -> Result<(), Failure> {
    let mut client = Client::connect_with_small_buffers(server)?;
    let sent = client.send_until_full(requests)?;
    // The request that was cut is completed, and no other is sent.
    let begun = sent.div_ceil(GET.len());
    client.exchange(&requests[sent..begun * GET.len()], &HELLO.repeat(begun))?;
    client.finish()
}

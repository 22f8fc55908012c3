//! Peers that reset the connection.

use anyhow::Result;

use crate::client::{Client, REQUEST};
use crate::figures::Figures;
use crate::subject::Stand;
use crate::watch::{Paused, ensure_files, files_when_empty, stop, wait_until};

const RESETS: u64 = 20;

const BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnot 9";

/// When a peer resets its connection.
#[derive(Clone, Copy, Debug)]
enum State {
    BeforeAccept,
    BeforeRequest,
    InHead,
    InBody,
    BeforeAnswer,
    AfterAnswer,
}

const STATES: [State; 6] = [
    State::BeforeAccept,
    State::BeforeRequest,
    State::InHead,
    State::InBody,
    State::BeforeAnswer,
    State::AfterAnswer,
];

pub(super) fn in_every_state(stand: &Stand) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut server = stand.start(&[])?;
    let address = server.start.address;
    let files = files_when_empty(&mut server, &mut figures)?;
    let mut neighbour = Client::connect(address, &mut figures)?;
    neighbour.ask(&mut figures)?;
    for state in STATES {
        for _ in 0..RESETS {
            let before = wait_until(&mut server, "alone", |counts| {
                counts.accepts - counts.closes == 1
            })?;
            if matches!(state, State::BeforeAccept) {
                let _paused = Paused::new(&server)?;
                Client::connect(address, &mut figures)?.reset()?;
            } else {
                let mut client = Client::connect(address, &mut figures)?;
                wait_until(&mut server, "accepted", |counts| {
                    counts.accepts > before.accepts
                })?;
                reset_in(state, &mut client, &server, &mut figures)?;
                client.reset()?;
            }
            neighbour.ask(&mut figures)?;
        }
    }
    wait_until(&mut server, "alone", |counts| {
        counts.accepts - counts.closes == 1
    })?;
    neighbour.close()?;
    ensure_files(server.start.pid, files)?;
    stop(server)?;
    Ok(figures)
}

fn reset_in(
    state: State,
    client: &mut Client,
    server: &conformance::server::Server,
    figures: &mut Figures,
) -> Result<()> {
    match state {
        State::BeforeAccept | State::BeforeRequest => return Ok(()),
        State::AfterAnswer => return client.ask(figures),
        State::InHead => client.send_part(&REQUEST[..10], figures),
        State::InBody => client.send_part(BODY, figures),
        State::BeforeAnswer => {
            let _paused = Paused::new(server)?;
            client.send(figures);
        }
    }
    figures.withdrawn += 1;
    Ok(())
}

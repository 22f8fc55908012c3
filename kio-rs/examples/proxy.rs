//! Carries TCP connections to another address: `proxy UPSTREAM [ADDR:PORT]`, until its standard
//! input ends.

use std::error::Error;
use std::net::{self, Shutdown, SocketAddr};
use std::time::Duration;
use std::{env, io};

use kio_rs::{
    Config, RecvHalf, Runtime, SendHalf, TcpListener, TcpStream, is_stopping, sleep, spawn_local,
    timeout,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Before accepting again: with too many files open it fails until one closes, and would spin.
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> Result<(), Box<dyn Error>> {
    let upstream: SocketAddr = env::args().nth(1).ok_or("name the upstream")?.parse()?;
    let address = env::args().nth(2);
    let socket = net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:7001"))?;
    println!("listening on {}", socket.local_addr()?);

    let runtime = Runtime::start(&Config::default(), 1, move |_worker, _counters| {
        let socket = socket.try_clone();
        async move {
            let mut listener = socket.and_then(TcpListener::from_std).expect("it listens");
            while !is_stopping() {
                match listener.accept().await {
                    Ok(client) => spawn_local(async move {
                        if let Err(error) = carry(client, upstream).await {
                            eprintln!("{upstream}: {error}");
                        }
                    }),
                    Err(_) => sleep(PAUSE).await,
                }
            }
        }
    })?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(runtime.stop()?)
}

async fn carry(client: TcpStream, upstream: SocketAddr) -> io::Result<()> {
    let server = timeout(PATIENCE, TcpStream::connect(upstream)).await;
    let server = server.map_err(io::Error::other)??;
    server.set_nodelay(true)?;
    let (client_recv, client_send) = client.into_split();
    let (server_recv, server_send) = server.into_split();
    // Either direction may end before the other; the connections close with the last.
    spawn_local(async { _ = copy(server_recv, client_send).await });
    copy(client_recv, server_send).await
}

/// Copies until one side ends, and passes the end on.
async fn copy(mut from: RecvHalf, mut to: SendHalf) -> io::Result<()> {
    match copy_all(&mut from, &mut to).await {
        Ok(()) => to.shutdown(Shutdown::Write).await,
        Err(error) => {
            // One of the peers is gone, and the other would never hear of it: the task that copies the
            // other way keeps both connections open. What it receives from ends with this, so it ends too.
            _ = to.shutdown(Shutdown::Both).await;
            Err(error)
        }
    }
}

async fn copy_all(from: &mut RecvHalf, to: &mut SendHalf) -> io::Result<()> {
    loop {
        let bytes = from.recv().await?.to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        to.send_all(bytes).await?;
    }
}

//! Carries TCP connections to another address: `proxy UPSTREAM [ADDR:PORT]`, until its standard
//! input ends.

use std::error::Error;
use std::net::{self, Shutdown, SocketAddr};
use std::time::Duration;
use std::{env, io};

use kio_rs::{
    Config, RecvHalf, Runtime, SendHalf, TcpListener, TcpStream, is_stopping, spawn_local, timeout,
};

const PATIENCE: Duration = Duration::from_secs(10);

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
                if let Ok(client) = listener.accept().await {
                    spawn_local(async move {
                        if let Err(error) = carry(client, upstream).await {
                            eprintln!("{upstream}: {error}");
                        }
                    });
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
    loop {
        let bytes = from.recv().await?.to_vec();
        if bytes.is_empty() {
            return to.shutdown(Shutdown::Write).await;
        }
        to.send_all(bytes).await?;
    }
}

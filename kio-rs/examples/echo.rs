//! Sends back what it receives: `echo [ADDR:PORT]`, until its standard input ends.

use std::error::Error;
use std::net;
use std::time::Duration;

use kio_rs::{Config, Runtime, TcpListener, TcpStream, is_stopping, sleep, spawn_local};

/// Before accepting again: with too many files open it fails until one closes, and would spin.
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let socket = net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:7000"))?;
    println!("listening on {}", socket.local_addr()?);

    // Both workers accept on the same socket. A server that wants more gives each its own, with
    // SO_REUSEPORT.
    let runtime = Runtime::start(&Config::default(), 2, move |worker, _counters| {
        let socket = socket.try_clone();
        async move {
            match socket.and_then(TcpListener::from_std) {
                Ok(listener) => accept(listener).await,
                Err(error) => eprintln!("worker {worker} cannot listen: {error}"),
            }
        }
    })?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(runtime.stop()?)
}

async fn accept(mut listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok(stream) => spawn_local(async {
                if let Err(error) = echo(stream).await {
                    eprintln!("a connection ended early: {error}");
                }
            }),
            Err(_) if is_stopping() => return,
            Err(error) => {
                eprintln!("accepting: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    loop {
        // The chunk is a buffer that the worker's connections share: copied, it goes back at once.
        let bytes = stream.recv().await?.to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        stream.send_all(bytes).await?;
    }
}

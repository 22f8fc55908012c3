//! Answers HTTP requests with "Hello, World!": `hello [ADDR:PORT]`, until its standard input ends.

use std::error::Error;
use std::time::Duration;
use std::{io, net};

use hello_http::{Connection, Mode};
use kio_rs::{Config, Deadlines, Runtime, TcpListener, TcpStream, is_stopping, sleep, spawn_local};

/// Before accepting again: with too many files open it fails until one closes, and would spin.
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let socket = net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080"))?;
    println!("listening on {}", socket.local_addr()?);

    let config = Config {
        max_connections: Some(1000),
        ..Config::default()
    };
    let runtime = Runtime::start(&config, 1, move |_worker, _counters| {
        let socket = socket.try_clone();
        async move {
            if let Err(error) = accept(socket).await {
                eprintln!("cannot accept: {error}");
            }
        }
    })?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(runtime.stop()?)
}

async fn accept(socket: io::Result<net::TcpListener>) -> io::Result<()> {
    let mut listener = TcpListener::from_std(socket?)?;
    let seconds = Deadlines::start(Duration::from_secs(1))?;
    while !is_stopping() {
        match listener.accept().await {
            Ok(stream) => spawn_local(serve(stream, seconds.clone())),
            Err(_) => sleep(PAUSE).await,
        }
    }
    Ok(())
}

/// Ends with the peer, with an error, or after a minute in which nothing came.
async fn serve(mut stream: TcpStream, seconds: Deadlines) {
    let mut http = Connection::new(Mode::Parse);
    let idle = seconds.deadline();
    loop {
        idle.set(60);
        let batch = match idle.limit(stream.recv()).await {
            Ok(Ok(bytes)) if !bytes.is_empty() => http.feed(&bytes),
            _ => return,
        };
        if stream.send_all(batch.bytes).await.is_err() || batch.close {
            return;
        }
    }
}

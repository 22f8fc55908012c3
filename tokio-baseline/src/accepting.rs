//! Accepts connections.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::connection::{self, Handling};
use crate::worker;

/// After a failed accept. The usual failure is that no more files can be opened, which lasts until
/// a connection closes: trying again at once would only burn a processor.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the task is aborted; each connection becomes a task of its own.
pub(crate) async fn accept(listener: TcpListener, handling: Handling) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            worker::count(|counters| counters.accepts.add(1));
            pause = FIRST_PAUSE;
            tokio::spawn(connection::serve(stream, handling));
        } else {
            worker::count(|counters| counters.errors.add(1));
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpStream};

    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn accepted_sockets_inherit_tcp_nodelay() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = server_kit::listener(any, false).unwrap();
            let listener = TcpListener::from_std(socket.into()).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, _) = listener.accept().await.unwrap();
            assert!(
                !client.nodelay().unwrap(),
                "not the default of every socket"
            );
            assert!(accepted.nodelay().unwrap());
        });
    }
}

//! The end of a socket.

use std::rc::Rc;

use crate::driver::{Driver, Socket};

/// Closes a socket when it is dropped: by the last half of its connection, or by the last of the
/// operations that the connection left behind. The kernel may yet have to begin one of those (a
/// shutdown, which it leaves to a thread of its own), and would find another socket under the same
/// number.
pub(super) struct Closer {
    driver: Rc<Driver>,
    socket: Socket,
    accepted: bool,
}

impl Closer {
    /// Of a connection that was accepted: it holds one of the worker's places until it is closed.
    pub(super) fn accepted(driver: &Rc<Driver>, socket: Socket) -> Self {
        driver.places().take();
        driver.counters().accepts.add(1);
        Self {
            driver: Rc::clone(driver),
            socket,
            accepted: true,
        }
    }

    /// Of a connection that this side makes.
    pub(super) fn made(driver: &Rc<Driver>, socket: Socket) -> Self {
        Self {
            driver: Rc::clone(driver),
            socket,
            accepted: false,
        }
    }
}

impl Drop for Closer {
    fn drop(&mut self) {
        self.driver.close(self.socket);
        if self.accepted {
            self.driver.counters().closes.add(1);
            // After the close is queued, so that the kernel meets it before the accept for which
            // this makes room.
            self.driver.places().give_back();
        }
    }
}

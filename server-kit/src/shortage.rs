//! What the kernel refuses for a moment only.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::Duration;

/// Tries and the pauses between them: half a second in all, in which the kernel gives up some of its
/// cache of files, and after which a limit is the likelier cause.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// Makes a ring, and tries again while memory is short. The kernel takes a ring's pages in one go and does
/// not wait for any: where its cache of files has filled the memory, a large ring now and then gets too
/// few of them (Linux 6.18), although far more could be had.
///
/// # Errors
/// What `make` says: at last, when that is that memory is short; else at once.
pub fn while_memory_is_short<T>(mut make: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..TRIES {
        match make() {
            Err(error) if error.kind() == ErrorKind::OutOfMemory => thread::sleep(PAUSE),
            made => return made,
        }
    }
    make()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shortage_of_memory_is_waited_for_and_not_for_ever() {
        let tried = |errors: &[ErrorKind]| {
            let mut tries = 0;
            let made = while_memory_is_short(|| {
                tries += 1;
                errors
                    .get(tries - 1)
                    .map_or(Ok(()), |kind| Err((*kind).into()))
            });
            (tries, made.map_err(|error| error.kind()))
        };
        let short = ErrorKind::OutOfMemory;
        assert_eq!(tried(&[]), (1, Ok(())));
        assert_eq!(tried(&[short, short]), (3, Ok(())));
        let other = ErrorKind::InvalidInput;
        assert_eq!(tried(&[short, other]), (2, Err(other)));
        assert_eq!(tried(&[short; 100]), (TRIES as usize, Err(short)));
    }
}

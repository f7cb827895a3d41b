//! System calls that may take arbitrarily long, for callers that block: on a thread of their own, and
//! waited for no longer than the time limit. A call that is no longer waited for ends by itself.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

/// Returns the result of `call`, if it ends within the limit.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name("cache-connect".to_owned())
        .spawn(move || {
            // Perhaps nobody is waiting any more.
            let _ = sender.send(call());
        })?;
    let came = receiver.recv_timeout(limit);
    came.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Returns the addresses of a host. A name server that does not answer blocks its caller for many seconds.
pub(crate) fn resolve(host: &str, port: u16, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let host = host.to_owned();
    within(limit, move || {
        Ok((host.as_str(), port).to_socket_addrs()?.collect())
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::{resolve, within};

    #[test]
    fn what_takes_too_long_is_not_waited_for() {
        let (end, wait) = channel::<()>();
        let hangs = within(Duration::from_millis(10), move || {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(hangs.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(end);
        assert_eq!(within(Duration::from_secs(10), || Ok(7)).unwrap(), 7);
        let no_time = resolve("127.0.0.1", 7, Duration::ZERO).unwrap();
        assert_eq!(no_time[0].to_string(), "127.0.0.1:7");
        let named = resolve("localhost", 7, Duration::from_secs(10)).unwrap();
        assert!(named.iter().all(|address| address.port() == 7), "{named:?}");
    }
}

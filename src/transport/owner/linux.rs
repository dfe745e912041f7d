//! Linux lists its listening sockets with their owners in /proc/net.

use std::fs;

/// The owner of a listening socket can be told.
pub const CAN_TELL: bool = true;

/// State LISTEN, as the kernel writes it.
const LISTEN: &str = "0A";

/// The user who listens on this port, if it is neither us nor root. What /proc does not show is nobody's.
pub(super) fn stranger(port: u16) -> Option<u32> {
    // SAFETY: no preconditions.
    let us = unsafe { libc::geteuid() };
    let owners: Vec<u32> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, port))
        .collect();
    if owners.iter().any(|owner| *owner == us || *owner == 0) { None } else { owners.first().copied() }
}

/// The owners of the listening sockets on this port: columns 2 (address:port in hexadecimal), 4 (state) and 8 (uid).
fn listeners(table: &str, port: u16) -> Vec<u32> {
    let on_port = format!(":{port:04X}");
    let lines = table.lines().skip(1);
    let of_line = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let (local, state) = (columns.nth(1)?, columns.nth(1)?);
        let owner = columns.nth(3)?;
        (local.ends_with(&on_port) && state == LISTEN).then(|| owner.parse().ok())?
    };
    lines.filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_found_by_their_port_and_state() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:193F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0\n   \
             1: 0100007F:193F 0100007F:AE4D 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0\n   \
             2: 00000000:1940 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 3 1 0\n";
        assert_eq!(listeners(table, 6463), [1000]);
        assert_eq!(listeners(table, 6464), [65534]);
        assert!(listeners(table, 6465).is_empty());
        assert!(listeners("garbage\n: :\n", 0).is_empty());
    }

    #[test]
    fn a_port_of_our_own_is_no_strangers() {
        let ours = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        assert_eq!(stranger(ours.local_addr().expect("an address").port()), None);
    }
}
